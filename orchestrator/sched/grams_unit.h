/* SPDX-License-Identifier: Apache-2.0 */
/* grams_unit.h - the column of one unit, and what grams.c does with it. */
#ifndef SCHED_GRAMS_UNIT_H
#define SCHED_GRAMS_UNIT_H

#include "sched/grams.h"

/* Opens the unit, has its column made, and adds it to the batch. */
void grams_unit_begin(struct grams *grams, const struct grams_unit *unit);
/* Stops what goes on, if anything does. */
void grams_unit_drop(struct grams *grams);

/* --- grams.c --- */

/* Goes on with the next unit of the round. */
void grams_next(struct grams *grams);
/* The unit that is worked on becomes one that is always a candidate. */
void grams_give_up_unit(struct grams *grams, const char *why);
/* Nothing to do with the unit: ends the round, and waits a while. */
void grams_trouble(struct grams *grams, const char *what, const char *why);
/* True while live work waits for what this would take. */
bool grams_must_yield(const struct grams *grams);

#endif
