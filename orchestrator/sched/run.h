/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - one detonation: its sample, its outputs, and how it ended.
 *
 * loep-vm gets the sample and one write pipe per output, straight from the
 * vault; what a guest sends never passes through here.
 */
#ifndef SCHED_RUN_H
#define SCHED_RUN_H

#include "sched/job.h"

/* Takes on a job of kind "detonate" that was just leased. */
void run_begin(struct job *job);
/* How many more detonations may be leased now. */
size_t run_places(const struct sched *sched);
/* What loep-vm says of the run with this request id. */
void run_progress(
    struct sched *sched, uint32_t request, const char *phase, uint8_t percent);
void run_ended(struct sched *sched, uint32_t request, enum run_outcome outcome,
    const char *reason, const char *environment);
/* loep-vm is gone, and with it all its runs. */
void run_lose_all(struct sched *sched);

#endif
