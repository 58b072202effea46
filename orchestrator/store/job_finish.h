/* SPDX-License-Identifier: Apache-2.0 */
/* job_finish.h - an attempt becomes the outcome of its job. */
#ifndef STORE_JOB_FINISH_H
#define STORE_JOB_FINISH_H

#include "lib/json.h"
#include "store/job.h"

struct job_outcome {
	const char *state; /* done, partial, failed, cancelled */
	const char *reason;
	const char *engine;
	const char *result; /* JSON object, or NULL */
	const json_t *next; /* array, or NULL */
};

/*
 * Inside the unit that runs: shows what the attempt made, takes its facts
 * over, queues what follows, and makes a report of a report's files.  A next
 * that is malformed or names a foreign artefact is ERR_FORMAT.
 */
int must_check job_finish(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome);

#endif
