/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan_find.h - which units a re-scan looks at, with which of its rules.
 *
 * The index says for each rule which units it can match.  Rules have levels:
 * on the first are those that nearly anything can match, on the last those that
 * hardly anything can.  A unit is scanned once, with all rules up to the level
 * of its rarest candidate: what most units meet is a small set, and the large
 * ones are for the few units that need them.  So one pass serves all rules.
 */
#ifndef SCHED_RESCAN_FIND_H
#define SCHED_RESCAN_FIND_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIND_LEVELS 8u

struct find {
	/* By unit, 1 to last: its level, 0 = nothing can match it; NULL = all
	 * of everything. */
	uint8_t *units;
	int64_t last;
	int64_t candidates;
	/* By rule, in the order of its set: the level; 0 = it matches nothing. */
	uint8_t *rules;
	size_t rule_count;
	/* How many rules the set of a level has, those of lower levels
	 * included; 0 = there is none, since no unit needs it. */
	size_t set_rules[FIND_LEVELS + 1];
};

void find_release(struct find *find);
/*
 * Takes an answer of the index (fd is taken) about so many rules and the units
 * up to last.  ERR_FORMAT: it is none; find is as before.
 */
int must_check find_take(
    struct find *find, int fd, size_t rule_count, int64_t last);
/* Without an index: every unit, one set of all rules. */
void find_everything(struct find *find, size_t rule_count, int64_t last);
/* The next candidate from there on, up to last; 0 = none. */
int64_t find_next(const struct find *find, int64_t from);
/* The level of a candidate; its set is there. */
unsigned int find_level(const struct find *find, int64_t unit);
/*
 * The rules up to a level as a set of their own: fd is the whole set
 * (borrowed), *ret_fd sealed memory.
 */
int must_check find_split(
    const struct find *find, int fd, unsigned int level, int *ret_fd);

#endif
