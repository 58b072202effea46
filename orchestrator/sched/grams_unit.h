/* SPDX-License-Identifier: Apache-2.0 */
/* grams_unit.h - the columns of some units, and what grams.c does with them. */
#ifndef SCHED_GRAMS_UNIT_H
#define SCHED_GRAMS_UNIT_H

#include "sched/grams.h"

/* Opens units that wait, and has the columns of those made. */
void grams_unit_begin(struct grams *grams);
/* Stops what goes on, if anything does. */
void grams_unit_drop(struct grams *grams);

/* --- grams.c --- */

/* Goes on with what waits in the round. */
void grams_next(struct grams *grams);
/* The unit becomes one that is always a candidate. */
void grams_give_up_unit(
    struct grams *grams, struct grams_unit *unit, const char *why);
/* Nothing to do with a unit: ends the round, and waits a while. */
void grams_trouble(struct grams *grams, const char *what, const char *why);
/* True while live work waits for what this would take. */
bool grams_must_yield(const struct grams *grams);

#endif
