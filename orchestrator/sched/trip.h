/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trip.h - one child that analyses several items of a pack, one after another.
 */
#ifndef SCHED_TRIP_H
#define SCHED_TRIP_H

#include "sched/pack.h"

/*
 * Starts a child for all items that are ready for this analyser, in the pack
 * whose turn it is.  False when there are none, or no child can be had now.
 */
bool trip_start(struct sched *sched, struct worker *worker);
/* Reads on, where the item's findings had to wait. */
void trip_resume(struct triage *t);
/* The triage does not wait for its item any more. */
void trip_leave(struct triage *t);

#endif
