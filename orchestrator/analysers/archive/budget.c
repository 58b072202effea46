/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - how much one archive may unpack. */
#include "analysers/archive/budget.h"

#include "lib/limits.h"

/* The part of the run's time after which no further member is started. */
#define TIME_PART_PERCENT 75

/* The context may tighten a bound, never widen it. */
static uint64_t
limit(const json_t *limits, const char *name, uint64_t most)
{
	json_int_t n = json_member_int(limits, name, -1);

	return n >= 0 && (uint64_t)n < most ? (uint64_t)n : most;
}

void
budget_init(
    struct budget *budget, const json_t *limits, uint64_t size, uint64_t now_ms)
{
	uint64_t ratio = limit(limits, "ratio", LIMIT_EXPANSION_RATIO);
	uint64_t bytes = limit(limits, "bytes", LIMIT_SUBMISSION_BYTES);
	uint64_t seconds = limit(limits, "seconds", LIMIT_ANALYSER_SECONDS);
	uint64_t member;

	if (__builtin_mul_overflow(size, ratio, &member))
		member = UINT64_MAX / 2;
	if (member < LIMIT_EXPANSION_FLOOR_BYTES)
		member = LIMIT_EXPANSION_FLOOR_BYTES;
	if (member > bytes)
		member = bytes;
	*budget = (struct budget){
	    .children_max = limit(limits, "children", LIMIT_CHILDREN),
	    .member_bytes_max = member,
	    .bytes_max = member > bytes / 2 ? bytes : 2 * member,
	    .depth_max = limit(limits, "depth", LIMIT_DEPTH),
	    .deadline_ms = now_ms + seconds * 10 * TIME_PART_PERCENT,
	};
	budget->members_max = BUDGET_MEMBERS_PER_CHILD * budget->children_max;
}

uint64_t
budget_grant(const struct budget *budget, uint64_t member_bytes, uint64_t len,
    const char **ret_limit)
{
	uint64_t all = budget->bytes_max - budget->bytes;
	uint64_t one = member_bytes < budget->member_bytes_max
			   ? budget->member_bytes_max - member_bytes
			   : 0;

	if (all < len && all <= one) {
		*ret_limit = "expansion_all";
		return all;
	}
	if (one < len) {
		*ret_limit = "expansion";
		return one;
	}
	return len;
}

bool
budget_is_spent(const struct budget *budget)
{
	return budget->bytes >= budget->bytes_max;
}
