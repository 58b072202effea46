/* SPDX-License-Identifier: Apache-2.0 */
/*
 * triage.h - one job that an analyser works on: its input, its child, what
 * the child writes, and the verdict about the attempt.
 */
#ifndef SCHED_TRIAGE_H
#define SCHED_TRIAGE_H

#include "sched/job.h"

/* Takes on a job that was just leased. */
void triage_begin(struct job *job);
/* Moves on whatever waits for a place; a place or an analyser has come. */
void triage_pump(struct sched *sched);

#endif
