/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c - bounded sums by name. */
#include "sched/tally.h"

#include <stdio.h>
#include <string.h>

static uint64_t
add(struct tally_table *table, const char *name, uint64_t n)
{
	struct tally_sum *sum;

	for (unsigned int i = 0; i < table->count; i++) {
		sum = &table->sums[i];
		if (strcmp(sum->name, name) != 0)
			continue;
		if (__builtin_add_overflow(sum->sum, n, &sum->sum))
			sum->sum = UINT64_MAX;
		return sum->sum;
	}
	if (n == 0)
		return 0;
	sum = &table->sums[table->next];
	table->next = (table->next + 1) % TALLY_NAMES;
	if (table->count < TALLY_NAMES)
		table->count++;
	(void)snprintf(sum->name, sizeof(sum->name), "%s", name);
	sum->sum = n;
	return n;
}

uint64_t
tally_bytes(struct tally *tally, const char *submission, uint64_t n)
{
	return add(&tally->bytes, submission, n);
}

uint64_t
tally_runs(struct tally *tally, const char *submission, uint64_t n)
{
	return add(&tally->runs, submission, n);
}

uint64_t
tally_releases(struct tally *tally, const char *job)
{
	return add(&tally->releases, job, 1);
}
