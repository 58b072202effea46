/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan_find.h - which units a re-scan looks at, with which of its rules.
 *
 * The index says for each rule which units it can match.  Rules that can match
 * only few units are one group, those that nearly anything can match another:
 * the few units of the former are scanned with many rules, the many units of
 * the latter with few.  So one pass serves all rules, and no unit is scanned
 * with what cannot match most of it.
 */
#ifndef SCHED_RESCAN_FIND_H
#define SCHED_RESCAN_FIND_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIND_GROUPS ((size_t)2)

enum find_group {
	FIND_FEW = 1, /* bits of a unit's groups */
	FIND_MANY = 2
};

struct find {
	/* By unit, 1 to last: bits of its groups; NULL = all of everything. */
	uint8_t *groups;
	int64_t last;
	int64_t candidates;
	/* By rule, in the order of its set: the group. */
	uint8_t *rules;
	size_t rule_count;
	size_t group_rules[FIND_GROUPS]; /* how many rules each has */
};

void find_release(struct find *find);
/*
 * Takes an answer of the index (fd is taken) about so many rules and the units
 * up to last.  ERR_FORMAT: it is none; find is as before.
 */
int must_check find_take(
    struct find *find, int fd, size_t rule_count, int64_t last);
/* Without an index: every unit, one group. */
void find_everything(struct find *find, size_t rule_count, int64_t last);
/* The next candidate from there on, up to last; 0 = none. */
int64_t find_next(const struct find *find, int64_t from);
/* The bits of a unit's groups. */
unsigned int find_groups(const struct find *find, int64_t unit);
/*
 * The rules of one group as a set of their own: fd is the whole set (borrowed),
 * *ret_fd sealed memory.
 */
int must_check find_split(
    const struct find *find, int fd, enum find_group group, int *ret_fd);

#endif
