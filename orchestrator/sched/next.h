/* SPDX-License-Identifier: Apache-2.0 */
/* next.h - what a type deserves next; the table is next.def. */
#ifndef SCHED_NEXT_H
#define SCHED_NEXT_H

#include "sched/sift.h"

/*
 * True while it is too early to say whether there is a VM for this: the pool
 * has not reported yet, but may still do so.
 */
bool next_must_wait(const struct job *job, const struct sift *sift);
/*
 * The jobs that follow (JOB_DONE's next), an array; new reference.  What is
 * not done although its type deserves it becomes a LIMIT finding of sift.
 */
json_t *next_jobs(struct job *job, struct sift *sift);

#endif
