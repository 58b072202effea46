/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.c - a set of unit numbers, as rising ranges that do not touch. */
#include "index/ranges.h"

#include "lib/xalloc.h"

#include <string.h>

void
ranges_release(struct ranges *r)
{
	free(r->list);
	*r = (struct ranges){0};
}

void
ranges_clear(struct ranges *r)
{
	r->count = 0;
}

/* The place of the first range that ends at seq or behind it. */
static size_t
find(const struct ranges *r, uint64_t seq)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->list[mid].first + (r->list[mid].count - 1) < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
insert(struct ranges *r, size_t at, struct range range)
{
	if (r->count == r->size) {
		r->size = r->size == 0 ? 16 : 2 * r->size;
		r->list = xreallocarray(r->list, r->size, sizeof(*r->list));
	}
	memmove(
	    r->list + at + 1, r->list + at, (r->count - at) * sizeof(*r->list));
	r->list[at] = range;
	r->count++;
}

void
ranges_add(struct ranges *r, uint64_t first, uint64_t count)
{
	uint64_t end = first + count; /* the number behind the last */
	size_t at, n = 0;

	if (count == 0)
		return;
	/* From the range that touches the new one to the last that does. */
	at = find(r, first == 0 ? 0 : first - 1);
	while (at + n < r->count && r->list[at + n].first <= end) {
		const struct range *old = &r->list[at + n];

		if (old->first < first)
			first = old->first;
		if (old->first + old->count > end)
			end = old->first + old->count;
		n++;
	}
	if (n == 0) {
		insert(r, at, (struct range){first, end - first});
		return;
	}
	r->list[at] = (struct range){first, end - first};
	memmove(r->list + at + 1, r->list + at + n,
	    (r->count - at - n) * sizeof(*r->list));
	r->count -= n - 1;
}

void
ranges_add_all(struct ranges *r, const struct ranges *more)
{
	for (size_t i = 0; i < more->count; i++)
		ranges_add(r, more->list[i].first, more->list[i].count);
}

bool
ranges_has(const struct ranges *r, uint64_t seq)
{
	size_t at = find(r, seq);

	return at < r->count && r->list[at].first <= seq;
}

uint64_t
ranges_total(const struct ranges *r)
{
	uint64_t total = 0;

	for (size_t i = 0; i < r->count; i++)
		total += r->list[i].count;
	return total;
}

uint64_t
ranges_common(const struct ranges *a, const struct ranges *b)
{
	uint64_t total = 0;
	size_t i = 0, j = 0;

	while (i < a->count && j < b->count) {
		const struct range *x = &a->list[i], *y = &b->list[j];
		uint64_t first = x->first > y->first ? x->first : y->first;
		uint64_t x_end = x->first + x->count;
		uint64_t y_end = y->first + y->count;
		uint64_t end = x_end < y_end ? x_end : y_end;

		if (end > first)
			total += end - first;
		if (x_end <= y_end)
			i++;
		else
			j++;
	}
	return total;
}

void
ranges_gaps(const struct ranges *r, uint64_t first, uint64_t last,
    size_t count_max, struct ranges *ret_gaps)
{
	size_t at = find(r, first);

	ranges_clear(ret_gaps);
	while (first <= last && ret_gaps->count < count_max) {
		uint64_t end = last + 1;

		if (at < r->count && r->list[at].first < end)
			end = r->list[at].first;
		if (end > first)
			ranges_add(ret_gaps, first, end - first);
		if (at == r->count || end == last + 1)
			return;
		first = r->list[at].first + r->list[at].count;
		at++;
	}
}
