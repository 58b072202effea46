/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends.h - the ends of many jobs in one call (JOBS_DONE), each with the
 * findings that were not sent yet.
 *
 * The items of a pack end one right after another: a call, a transaction and
 * an answer for each would cost more than their analysis.
 */
#ifndef SCHED_ENDS_H
#define SCHED_ENDS_H

#include "sched/sched.h"

/* What JOB_DONE says, ready to be sent; borrowed. */
struct ends_words {
	const char *outcome;
	bool is_final;
	const char *reason;
	const char *engine;
	const char *result; /* JSON */
	const char *next;   /* JSON */
	const struct wire_out *records;
};

void ends_init(struct sched *sched);
/*
 * Adds a job that is in JOB_ENDING; job_left() is called once the store has
 * answered.  False where it is too large for that.
 */
bool must_check ends_add(struct job *job, const struct ends_words *words);
/* Sends what has gathered; otherwise that happens at the end of the turn. */
void ends_flush(struct sched *sched);

#endif
