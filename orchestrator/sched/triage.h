/* SPDX-License-Identifier: Apache-2.0 */
/*
 * triage.h - one job that an analyser works on: its input, its child, what
 * the child writes, and the verdict about the attempt.
 */
#ifndef SCHED_TRIAGE_H
#define SCHED_TRIAGE_H

#include "sched/job.h"

struct triage;

/* Takes on a job that was just leased. */
void triage_begin(struct job *job);
/*
 * Moves on whatever waits for a place, at the end of this turn of the loop; a
 * place or an analyser has come.
 */
void triage_pump(struct sched *sched);
/* The same where what came is for packs alone, or a place for anybody. */
void triage_pump_packs(struct sched *sched);
/* The job's triage, or NULL where it is no analyser's work. */
struct triage *triage_of(const struct job *job);
/* Its child is through with it; t->end says how.  t may be gone afterwards. */
void triage_ended(struct triage *t);

#endif
