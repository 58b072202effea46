/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_find.c - which units a re-scan looks at. */
#include "sched/rescan_find.h"

#include "lib/candidates.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#include <string.h>

/* A rule whose candidates are more than this part of all is one of many. */
#define MANY_PART ((uint64_t)8)

void
find_release(struct find *find)
{
	free(find->groups);
	free(find->rules);
	*find = (struct find){.groups = NULL};
}

void
find_everything(struct find *find, size_t rule_count, int64_t last)
{
	find_release(find);
	find->last = last;
	find->candidates = last;
	find->rule_count = rule_count;
	find->rules = xcalloc(rule_count + 1, 1);
	memset(find->rules, FIND_FEW, rule_count);
	find->group_rules[0] = rule_count;
}

/* Decides the group of each rule. */
static void
group_rules(struct find *find, const struct candidates *answer)
{
	uint64_t missing = candidates_unindexed(answer);
	uint64_t many = (uint64_t)find->last / MANY_PART;

	for (size_t i = 0; i < find->rule_count; i++) {
		uint64_t total = candidates_total(answer, i);
		bool is_many = total > many && total + missing > many;

		find->rules[i] = is_many ? FIND_MANY : FIND_FEW;
		find->group_rules[is_many]++;
	}
}

static void
mark(struct find *find, const struct candidates *answer, size_t rule)
{
	struct candidates_iter iter;
	uint64_t first, count;

	candidates_begin(answer, rule, &iter);
	while (candidates_next(&iter, &first, &count)) {
		for (uint64_t u = first;
		     u < first + count && u <= (uint64_t)find->last; u++)
			find->groups[u] |= find->rules[rule];
	}
}

int
find_take(struct find *find, int fd, size_t rule_count, int64_t last)
{
	struct candidates answer;
	int err = candidates_open(fd, rule_count, &answer);

	if (err != ERR_OK)
		return err;
	find_everything(find, rule_count, last);
	memset(find->group_rules, 0, sizeof(find->group_rules));
	find->groups = xcalloc((size_t)last + 1, 1);
	group_rules(find, &answer);
	for (size_t i = 0; i < rule_count; i++)
		mark(find, &answer, i);
	candidates_release(&answer);
	find->candidates = 0;
	for (int64_t u = 1; u <= last; u++)
		find->candidates += find->groups[u] != 0;
	return ERR_OK;
}

int64_t
find_next(const struct find *find, int64_t from)
{
	if (find->groups == NULL)
		return from <= find->last ? from : 0;
	for (int64_t u = from; u <= find->last; u++) {
		if (find->groups[u] != 0)
			return u;
	}
	return 0;
}

unsigned int
find_groups(const struct find *find, int64_t unit)
{
	return find->groups == NULL ? FIND_FEW : find->groups[unit];
}

int
find_split(const struct find *find, int fd, enum find_group group, int *ret_fd)
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
		if (at < find->rule_count && find->rules[at] == group)
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
