/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - how much one archive may unpack.
 *
 * A member may take what the whole archive is worth (ratio times its size,
 * but at least a floor), and all members together twice that: so a bomb is
 * cut, and what lies beside it is still read.
 */
#ifndef ARCHIVE_BUDGET_H
#define ARCHIVE_BUDGET_H

#include "lib/err.h"
#include "lib/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Headers that are looked at for each child that may be made. */
#define BUDGET_MEMBERS_PER_CHILD 10

struct budget {
	uint64_t children_max;
	uint64_t members_max;
	uint64_t member_bytes_max;
	uint64_t bytes_max;
	uint64_t depth_max;
	uint64_t deadline_ms; /* CLOCK_MONOTONIC */
	uint64_t children;
	uint64_t members;
	uint64_t bytes;
};

/*
 * From the bounds of lib/limits.h, or tighter ones in the context's "limits"
 * (children, ratio, bytes, seconds, depth), for an archive of this size.
 */
void budget_init(struct budget *budget, const json_t *limits, uint64_t size,
    uint64_t now_ms);
/*
 * How many of the len bytes that come next a member may still have, that has
 * member_bytes already; less than len means that a bound was met, and
 * *ret_limit then is its name.
 */
uint64_t budget_grant(const struct budget *budget, uint64_t member_bytes,
    uint64_t len, const char **ret_limit);
/* True once all members together are at their bound. */
bool budget_is_spent(const struct budget *budget);

#endif
