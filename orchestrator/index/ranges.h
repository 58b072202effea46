/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.h - a set of unit numbers, as rising ranges that do not touch. */
#ifndef INDEX_RANGES_H
#define INDEX_RANGES_H

#include "lib/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t first;
	uint64_t count;
};

struct ranges {
	struct range *list; /* owned */
	size_t count;
	size_t size;
};

void ranges_release(struct ranges *r);
OWN_RELEASE(ranges)
void ranges_clear(struct ranges *r);
/* Adds first to first + count - 1, which does not overflow. */
void ranges_add(struct ranges *r, uint64_t first, uint64_t count);
void ranges_add_all(struct ranges *r, const struct ranges *more);
bool ranges_has(const struct ranges *r, uint64_t seq);
/* How many numbers there are. */
uint64_t ranges_total(const struct ranges *r);
/* How many are in both. */
uint64_t ranges_common(const struct ranges *a, const struct ranges *b);
/* What r lacks of first to last, both included; at most count_max ranges. */
void ranges_gaps(const struct ranges *r, uint64_t first, uint64_t last,
    size_t count_max, struct ranges *ret_gaps);

#endif
