/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_find.c - which units a re-scan looks at. */
#include "sched/rescan_find.h"

#include "lib/candidates.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#include <string.h>

/* The candidates of a level are this many times those of the next. */
#define LEVEL_PART ((uint64_t)3)
/* A smaller set is worth its while where it has so many of the rules of the
 * next larger one at most, in percent. */
#define SET_PERCENT ((size_t)75)

void
find_release(struct find *find)
{
	free(find->units);
	free(find->rules);
	*find = (struct find){.units = NULL};
}

void
find_everything(struct find *find, size_t rule_count, int64_t last)
{
	find_release(find);
	find->last = last;
	find->candidates = last;
	find->rule_count = rule_count;
	find->rules = xcalloc(rule_count + 1, 1);
	memset(find->rules, FIND_LEVELS, rule_count);
	find->set_rules[FIND_LEVELS] = rule_count;
}

static unsigned int
level_of(const struct find *find, uint64_t total, uint64_t missing)
{
	uint64_t part = (uint64_t)find->last / LEVEL_PART;
	unsigned int level = 1;

	if (total == 0 && missing == 0)
		return 0;
	for (; level < FIND_LEVELS && total <= part; level++)
		part /= LEVEL_PART;
	return level;
}

static void
mark(struct find *find, const struct candidates *answer, size_t rule)
{
	struct candidates_iter iter;
	uint64_t first, count;

	candidates_begin(answer, rule, &iter);
	while (candidates_next(&iter, &first, &count)) {
		for (uint64_t u = first;
		     u < first + count && u <= (uint64_t)find->last; u++) {
			if (find->units[u] < find->rules[rule])
				find->units[u] = find->rules[rule];
		}
	}
}

/* Levels whose sets would not differ by much become one. */
static void
merge_levels(struct find *find)
{
	size_t counts[FIND_LEVELS + 1] = {0};
	size_t needed[FIND_LEVELS + 1] = {0};
	uint8_t sets[FIND_LEVELS + 1] = {[FIND_LEVELS] = FIND_LEVELS};

	for (size_t i = 0; i < find->rule_count; i++)
		counts[find->rules[i]]++;
	for (unsigned int level = 2; level <= FIND_LEVELS; level++)
		counts[level] += counts[level - 1];
	for (unsigned int level = FIND_LEVELS - 1; level > 0; level--) {
		uint8_t above = sets[level + 1];

		sets[level] = counts[level] * 100 > counts[above] * SET_PERCENT
				  ? above
				  : (uint8_t)level;
	}
	for (int64_t u = 1; u <= find->last; u++) {
		find->units[u] = sets[find->units[u]];
		needed[find->units[u]]++;
	}
	find->candidates = find->last - (int64_t)needed[0];
	for (unsigned int level = 1; level <= FIND_LEVELS; level++)
		find->set_rules[level] = needed[level] == 0 ? 0 : counts[level];
}

int
find_take(struct find *find, int fd, size_t rule_count, int64_t last)
{
	struct candidates answer;
	int err = candidates_open(fd, rule_count, &answer);

	if (err != ERR_OK)
		return err;
	find_everything(find, rule_count, last);
	find->units = xcalloc((size_t)last + 1, 1);
	for (size_t i = 0; i < rule_count; i++) {
		find->rules[i] =
		    (uint8_t)level_of(find, candidates_total(&answer, i),
			candidates_unindexed(&answer));
		mark(find, &answer, i);
	}
	candidates_release(&answer);
	merge_levels(find);
	return ERR_OK;
}

int64_t
find_next(const struct find *find, int64_t from)
{
	if (find->units == NULL)
		return from <= find->last ? from : 0;
	for (int64_t u = from; u <= find->last; u++) {
		if (find->units[u] != 0)
			return u;
	}
	return 0;
}

unsigned int
find_level(const struct find *find, int64_t unit)
{
	return find->units == NULL ? FIND_LEVELS : find->units[unit];
}

int
find_split(const struct find *find, int fd, unsigned int level, int *ret_fd)
{
	struct unitset_out out;
	struct unitset set;
	struct unit unit;
	size_t at = 0;
	int err = unitset_open(&set, fd);

	if (err != ERR_OK)
		return err;
	unitset_out_init(&out);
	while ((err = unitset_next(&set, &unit)) == ERR_OK) {
		if (at < find->rule_count && find->rules[at] != 0 &&
		    find->rules[at] <= level)
			err = unitset_add(&out, &unit);
		at++;
		if (err != ERR_OK)
			break;
	}
	if (err == ERR_NOT_FOUND)
		err = unitset_seal(&out, ret_fd);
	unitset_out_release(&out);
	unitset_release(&set);
	return err;
}
