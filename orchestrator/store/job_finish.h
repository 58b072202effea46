/* SPDX-License-Identifier: Apache-2.0 */
/* job_finish.h - an attempt becomes the outcome of its job. */
#ifndef STORE_JOB_FINISH_H
#define STORE_JOB_FINISH_H

#include "lib/json.h"
#include "store/facts.h"
#include "store/job.h"

struct job_outcome {
	const char *state; /* done, partial, failed, cancelled */
	const char *reason;
	const char *engine;
	const char *result; /* JSON object, or NULL */
	const json_t *next; /* array, or NULL */
	/* The attempt's facts, where they are at hand; NULL = to be read. */
	const struct facts *facts;
	/* None of its findings has a score. */
	bool is_scoreless;
	/* It holds until the job was done with the rules that came meanwhile. */
	bool is_held;
};

/*
 * Inside the unit that runs: shows what the attempt made, takes its facts
 * over, queues what follows, and makes a report of a report's files.  A next
 * that is malformed or names a foreign artefact is ERR_FORMAT.
 */
int must_check job_finish(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome);

/* Custody of a run's copy of its artefact, once the run is over. */
int must_check job_copy_gone(struct store *store, const struct attempt *a);
/*
 * The same without job_finish_case(), which must follow once for each case that
 * jobs of a unit were finished in.
 */
int must_check job_finish_one(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome);
int must_check job_finish_case(
    struct store *store, const char *case_id, bool is_changed);
/* False for what tells of a case and does not change it: its report. */
bool job_changes_case(const struct attempt *a);

#endif
