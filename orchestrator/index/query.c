/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - which units can match. */
#include "index/query.h"

#include "index/match.h"
#include "lib/candidates.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

/* More found units than this are sorted by a bitmap. */
#define SORT_MAX ((size_t)2048)

/* Blocks that memory is asked for before they are needed. */
#define FETCH_AHEAD ((size_t)4)

/* The numbers of the units of a block, read once for all conditions. */
struct numbers {
	uint64_t *seqs; /* NULL until they are needed */
};

struct query {
	struct index *index;
	uint64_t last;
	struct matcher *matcher;
	struct numbers **numbers; /* by segment and block */
	/* What was found for the condition. */
	uint64_t *found;
	size_t found_count;
	size_t found_size;
	uint64_t *bitmap; /* last + 1 bits, all zero between uses */
	bool is_bad;	  /* a segment is damaged: begin again */
};

static void
query_init(struct query *q, struct index *index, uint64_t last)
{
	*q = (struct query){
	    .index = index,
	    .last = last,
	    .matcher = matcher_new(),
	    .numbers = xcalloc(index->segments_count, sizeof(*q->numbers)),
	};
	for (size_t i = 0; i < index->segments_count; i++)
		q->numbers[i] = xcalloc(
		    index->segments[i]->blocks_count, sizeof(**q->numbers));
}

static void
query_release(struct query *q)
{
	for (size_t i = 0; i < q->index->segments_count; i++) {
		for (size_t b = 0; b < q->index->segments[i]->blocks_count; b++)
			free(q->numbers[i][b].seqs);
		free(q->numbers[i]);
	}
	free(q->numbers);
	free(q->found);
	free(q->bitmap);
	matcher_free(q->matcher);
}

static const uint64_t *
numbers_of(struct query *q, size_t segment, size_t at)
{
	struct segment *s = q->index->segments[segment];
	const struct block *block = &s->blocks[at];
	struct numbers *numbers = &q->numbers[segment][at];
	uint8_t line[LINE_BYTES];

	if (numbers->seqs != NULL)
		return numbers->seqs;
	numbers->seqs = xcalloc(block->width, sizeof(*numbers->seqs));
	for (size_t i = 0; i < block->count; i++) {
		if (i % 8 == 0)
			(void)!segment_read(s, block, block_seq_at(block, i),
			    sizeof(line), line);
		numbers->seqs[i] = block_u64(line + 8 * (i % 8));
	}
	return numbers->seqs;
}

static void
note_found(struct query *q, uint64_t seq)
{
	if (seq == 0 || seq > q->last || ranges_has(&q->index->gone, seq))
		return;
	if (q->found_count == q->found_size) {
		q->found_size = q->found_size == 0 ? 256 : 2 * q->found_size;
		q->found =
		    xreallocarray(q->found, q->found_size, sizeof(*q->found));
	}
	q->found[q->found_count++] = seq;
}

static void
find_in_block(
    struct query *q, const struct plan *plan, size_t segment, size_t at)
{
	struct segment *s = q->index->segments[segment];
	const struct block *block = &s->blocks[at];
	struct mask m = mask_first(block->count);
	const uint64_t *seqs;

	/* Class 0 holds what is a candidate whatever is asked. */
	if (block->class != 0)
		m = match_block(q->matcher, plan, s, block, &m);
	if (mask_is_empty(&m))
		return;
	seqs = numbers_of(q, segment, at);
	for (size_t w = 0; w < MASK_WORDS; w++) {
		for (uint64_t left = m.w[w]; left != 0; left &= left - 1)
			note_found(
			    q, seqs[64 * w + (size_t)__builtin_ctzll(left)]);
	}
}

/* --- sorting --- */

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
put_sorted(struct query *q, struct candidates_list *list)
{
	if (q->found_count == 0)
		return;
	qsort(q->found, q->found_count, sizeof(*q->found), by_number);
	for (size_t i = 0; i < q->found_count; i++)
		candidates_list_add(list, q->found[i], 1);
}

static void
put_by_bitmap(struct query *q, struct candidates_list *list)
{
	size_t words = (size_t)(q->last / 64 + 1);

	if (q->bitmap == NULL)
		q->bitmap = xcalloc(words, sizeof(*q->bitmap));
	for (size_t i = 0; i < q->found_count; i++)
		q->bitmap[q->found[i] / 64] |= (uint64_t)1
					       << (q->found[i] % 64);
	for (size_t w = 0; w < words; w++) {
		for (uint64_t left = q->bitmap[w]; left != 0; left &= left - 1)
			candidates_list_add(
			    list, 64 * w + (uint64_t)__builtin_ctzll(left), 1);
		q->bitmap[w] = 0;
	}
}

static void
put_found(struct query *q, struct candidates_list *list)
{
	/* The bitmap is worth its length where much was found. */
	if (q->found_count <= SORT_MAX || q->last / 64 > q->found_count)
		put_sorted(q, list);
	else
		put_by_bitmap(q, list);
	q->found_count = 0;
}

/* --- the whole --- */

/* All that are held, without looking at any. */
static void
put_all(struct query *q, struct candidates_list *list)
{
	const struct ranges *units = &q->index->units;

	for (size_t i = 0; i < units->count; i++) {
		AUTO(ranges) kept = {0};
		uint64_t first = units->list[i].first;
		uint64_t last = first + units->list[i].count - 1;

		ranges_gaps(&q->index->gone, first,
		    last < q->last ? last : q->last, SIZE_MAX, &kept);
		for (size_t k = 0; k < kept.count; k++)
			candidates_list_add(
			    list, kept.list[k].first, kept.list[k].count);
	}
}

static void
answer_one(
    struct query *q, const struct plan *plan, struct candidates_list *list)
{
	if (plan->nodes[plan->root].op == COND_TRUE) {
		put_all(q, list);
		return;
	}
	for (size_t s = 0; s < q->index->segments_count; s++) {
		struct segment *segment = q->index->segments[s];

		for (size_t b = 0; b < segment->blocks_count; b++) {
			if (b + FETCH_AHEAD < segment->blocks_count)
				match_fetch(plan, segment,
				    &segment->blocks[b + FETCH_AHEAD]);
			if (segment->blocks[b].seq_min <= q->last)
				find_in_block(q, plan, s, b);
		}
		q->is_bad |= segment->is_bad;
	}
	put_found(q, list);
}

static void
put_missing(struct query *q, struct candidates_list *list)
{
	AUTO(ranges) known = {0};
	AUTO(ranges) gaps = {0};

	ranges_add_all(&known, &q->index->units);
	ranges_add_all(&known, &q->index->gone);
	ranges_gaps(&known, 1, q->last, SIZE_MAX, &gaps);
	for (size_t i = 0; i < gaps.count; i++)
		candidates_list_add(
		    list, gaps.list[i].first, gaps.list[i].count);
}

static int
answer_all(struct query *q, struct wire_in *in, struct candidates_list *lists,
    size_t count)
{
	put_missing(q, &lists[0]);
	for (size_t i = 0; i < count && !q->is_bad; i++) {
		struct plan plan;
		const uint8_t *cond;
		size_t len;

		if (candidates_ask_next(in, &cond, &len) != ERR_OK ||
		    plan_make(cond, len, &plan) != ERR_OK)
			return ERR_FORMAT;
		answer_one(q, &plan, &lists[i + 1]);
		plan_release(&plan);
	}
	if (q->is_bad)
		return ERR_AGAIN;
	return wire_in_is_done(in) ? ERR_OK : ERR_FORMAT;
}

static int
try_answer(struct index *index, const uint8_t *p, size_t len, uint64_t last,
    int *ret_fd)
{
	struct candidates_list *lists;
	struct wire_in in;
	struct query q;
	uint32_t count;
	int err = candidates_ask_open(&in, p, len, &count);

	if (err != ERR_OK)
		return err;
	lists = xcalloc((size_t)count + 1, sizeof(*lists));
	for (size_t i = 0; i <= count; i++)
		candidates_list_init(&lists[i]);
	query_init(&q, index, last);
	err = answer_all(&q, &in, lists, count);
	query_release(&q);
	if (err == ERR_OK)
		err = candidates_seal(lists, (size_t)count + 1, ret_fd);
	for (size_t i = 0; i <= count; i++)
		candidates_list_release(&lists[i]);
	free(lists);
	return err;
}

int
query_answer(struct index *index, const uint8_t *p, size_t len, uint64_t last,
    int *ret_fd)
{
	int err;

	if (last > INT64_MAX)
		return ERR_FORMAT;
	/* Each time round there is a damaged segment less. */
	while ((err = try_answer(index, p, len, last, ret_fd)) == ERR_AGAIN)
		index_drop_bad(index);
	return err;
}
