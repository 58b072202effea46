/* SPDX-License-Identifier: Apache-2.0 */
/* fair.c - fair share of work between organisations. */
#include "store/fair.h"

#include "lib/xalloc.h"

#include <string.h>

#define ORG_BYTES 40

struct share {
	char org[ORG_BYTES];
	uint64_t time; /* virtual; where its next work starts */
};

/* Organisations are few: a list that is searched is enough. */
struct fair {
	uint64_t now; /* the virtual time of the work given last */
	size_t count;
	size_t size;
	struct share *shares;
};

struct fair *
fair_new(void)
{
	return xcalloc(1, sizeof(struct fair));
}

void
fair_free(struct fair *fair)
{
	if (fair == NULL)
		return;
	free(fair->shares);
	free(fair);
}

static struct share *
find(struct fair *fair, const char *org)
{
	for (size_t i = 0; i < fair->count; i++) {
		if (strcmp(fair->shares[i].org, org) == 0)
			return &fair->shares[i];
	}
	return NULL;
}

static uint64_t
start_of(struct fair *fair, const char *org)
{
	const struct share *share = find(fair, org);

	if (share == NULL || share->time < fair->now)
		return fair->now;
	return share->time;
}

size_t
fair_pick(struct fair *fair, const char *const *orgs, size_t count)
{
	uint64_t best_start = start_of(fair, orgs[0]);
	size_t best = 0;

	for (size_t i = 1; i < count; i++) {
		uint64_t start = start_of(fair, orgs[i]);

		if (start < best_start) {
			best_start = start;
			best = i;
		}
	}
	return best;
}

void
fair_charge(struct fair *fair, const char *org, uint64_t cost)
{
	uint64_t start = start_of(fair, org);
	struct share *share = find(fair, org);

	if (share == NULL) {
		if (fair->count == fair->size) {
			fair->size = fair->size ? 2 * fair->size : 16;
			fair->shares = xreallocarray(
			    fair->shares, fair->size, sizeof(*fair->shares));
		}
		share = &fair->shares[fair->count++];
		(void)snprintf(share->org, sizeof(share->org), "%s", org);
	}
	share->time = start + cost;
	fair->now = start;
}
