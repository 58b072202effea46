/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - which units of a block a condition may be true of. */
#include "index/match.h"

#include "index/column.h"
#include "lib/xalloc.h"

#include <string.h>

/* Counters of MIN, one bit of each unit's in a mask: up to COND_STACK_MAX. */
#define PLANES 11
/* So many rows leave few units that lack a gram of theirs. */
#define GRAMS_AT_ONCE ((size_t)6)

/* An operation that is being evaluated. */
struct frame {
	const struct plan_node *node;
	uint32_t next;	  /* operand */
	struct mask care; /* units that are still open */
	struct mask result;
	struct mask *planes; /* of MIN; PLANES of them */
};

struct matcher {
	struct frame *frames;
	struct mask (*planes)[PLANES];
	size_t size;
};

/* Where a plan is evaluated. */
struct place {
	const struct plan *plan;
	struct segment *segment;
	const struct block *block;
};

struct matcher *
matcher_new(void)
{
	return xcalloc(1, sizeof(struct matcher));
}

void
matcher_free(struct matcher *matcher)
{
	if (matcher == NULL)
		return;
	free(matcher->frames);
	free(matcher->planes);
	free(matcher);
}

struct mask
mask_first(size_t count)
{
	struct mask m = {0};

	for (size_t i = 0; i < MASK_WORDS && count > 0; i++) {
		size_t n = count < 64 ? count : 64;

		m.w[i] = n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
		count -= n;
	}
	return m;
}

static void
mask_and(struct mask *m, const struct mask *other)
{
	for (size_t i = 0; i < MASK_WORDS; i++)
		m->w[i] &= other->w[i];
}

static void
mask_and_not(struct mask *m, const struct mask *other)
{
	for (size_t i = 0; i < MASK_WORDS; i++)
		m->w[i] &= ~other->w[i];
}

static void
mask_or(struct mask *m, const struct mask *other)
{
	for (size_t i = 0; i < MASK_WORDS; i++)
		m->w[i] |= other->w[i];
}

static void
to_host(struct mask *m)
{
	(void)m;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (size_t i = 0; i < MASK_WORDS; i++)
		m->w[i] = __builtin_bswap64(m->w[i]);
#endif
}

/* The row of bits at that place of the block. */
static struct mask
read_row(struct segment *segment, const struct block *block, size_t at)
{
	struct mask m = {0};

	/* A failure leaves zeros and the segment bad: nothing counts then. */
	(void)!segment_read(segment, block, at, block->width / 8, m.w);
	to_host(&m);
	return m;
}

/* --- leaves --- */

struct mask
match_gram(struct segment *segment, const struct block *block, uint32_t hash,
    const struct mask *care)
{
	size_t row = hash >> (GRAM_BITS - block->class);
	struct mask m = read_row(segment, block, block_row_at(block, row));

	mask_and(&m, care);
	return m;
}

/* Leaves in m the units that have all of these grams. */
static void
keep_grams(const struct place *at, const uint32_t *hashes, size_t count,
    struct mask *m)
{
	const struct block *block = at->block;
	size_t width = block->width / 8;
	uint8_t rows[GRAMS_AT_ONCE * LINE_BYTES];
	size_t places[GRAMS_AT_ONCE];

	for (size_t i = 0; i < count; i++)
		places[i] = block_row_at(
		    block, hashes[i] >> (GRAM_BITS - block->class));
	/* A failure leaves zeros and the segment bad: nothing counts then. */
	(void)!segment_read_many(
	    at->segment, block, places, count, width, rows);
	for (size_t i = 0; i < count; i++) {
		struct mask row = {0};

		memcpy(row.w, rows + i * width, width);
		to_host(&row);
		mask_and(m, &row);
	}
}

static struct mask
match_run(const struct place *at, const struct plan_node *node,
    const struct mask *care)
{
	const uint32_t *hashes = at->plan->grams + node->from;
	struct mask m = *care;

	for (uint32_t i = 0; i < node->count && !mask_is_empty(&m);) {
		size_t n = node->count - i;

		n = n < GRAMS_AT_ONCE ? n : GRAMS_AT_ONCE;
		keep_grams(at, hashes + i, n, &m);
		i += (uint32_t)n;
	}
	return m;
}

/* Sizes as the directory knows them: no unit, each unit, or some. */
enum sizes {
	SIZES_NONE,
	SIZES_ALL,
	SIZES_SOME
};

static enum sizes
look_at_sizes(const struct block *block, uint64_t min, uint64_t max)
{
	if (block->size_max < min || block->size_min > max)
		return SIZES_NONE;
	if (block->size_min >= min && block->size_max <= max)
		return SIZES_ALL;
	return SIZES_SOME;
}

static struct mask
match_size(
    const struct place *at, uint64_t min, uint64_t max, const struct mask *care)
{
	const struct block *block = at->block;
	struct mask m = *care;

	switch (look_at_sizes(block, min, max)) {
	case SIZES_NONE:
		return (struct mask){0};
	case SIZES_ALL:
		return m;
	case SIZES_SOME:
		break;
	}
	for (size_t w = 0; w < MASK_WORDS; w++) {
		for (uint64_t left = m.w[w]; left != 0; left &= left - 1) {
			size_t bit = (size_t)__builtin_ctzll(left);
			uint8_t bytes[8];
			uint64_t size;

			(void)!segment_read(at->segment, block,
			    block_size_at(block, 64 * w + bit), sizeof(bytes),
			    bytes);
			size = block_u64(bytes);
			if (size < min || size > max)
				m.w[w] &= ~((uint64_t)1 << bit);
		}
	}
	return m;
}

static struct mask
match_head(const struct place *at, const struct plan_node *node,
    const struct mask *care)
{
	struct mask m = *care;

	for (size_t i = 0; i < node->len; i++) {
		unsigned int value = node->p[i];
		unsigned int wanted = node->p[node->len + i];

		for (size_t b = 0; b < 8; b++) {
			struct mask row;

			if ((wanted >> b & 1) == 0)
				continue;
			if (mask_is_empty(&m))
				return m;
			row = read_row(at->segment, at->block,
			    block_head_at(
				at->block, 8 * (node->offset + i) + b));
			if ((value >> b & 1) != 0)
				mask_and(&m, &row);
			else
				mask_and_not(&m, &row);
		}
	}
	/* What ends before has zeros there, which are none of its bytes. */
	return match_size(
	    at, (uint64_t)node->offset + node->len, UINT64_MAX, &m);
}

static struct mask
leaf(const struct place *at, const struct plan_node *node,
    const struct mask *care)
{
	switch (node->op) {
	case COND_TRUE:
		return *care;
	case COND_RUN:
		return match_run(at, node, care);
	case COND_SIZE:
		return match_size(at, node->min, node->max, care);
	case COND_HEAD:
		return match_head(at, node, care);
	default:
		return (struct mask){0};
	}
}

struct mask
match_leaf(const struct plan *plan, const struct plan_node *node,
    struct segment *segment, const struct block *block, const struct mask *care)
{
	const struct place at = {
	    .plan = plan,
	    .segment = segment,
	    .block = block,
	};

	return leaf(&at, node, care);
}

/* --- operations --- */

static bool
is_operation(const struct plan_node *node)
{
	return node->op == COND_AND || node->op == COND_OR ||
	       node->op == COND_MIN;
}

/* True when sizes alone, as the directory knows them, make an AND false. */
static bool
is_too_small_or_large(const struct place *at, const struct plan_node *node)
{
	const struct plan *plan = at->plan;

	/* Sizes are the last operands. */
	for (uint32_t i = node->count; i > 0; i--) {
		const struct plan_node *operand =
		    &plan->nodes[plan->operands[node->from + i - 1]];

		if (operand->op != COND_SIZE)
			return false;
		if (look_at_sizes(at->block, operand->min, operand->max) ==
		    SIZES_NONE)
			return true;
	}
	return false;
}

/* The leaf that is evaluated first. */
static const struct plan_node *
first_leaf(const struct plan *plan)
{
	const struct plan_node *node = &plan->nodes[plan->root];

	while (is_operation(node))
		node = &plan->nodes[plan->operands[node->from]];
	return node;
}

void
match_fetch(const struct plan *plan, const struct segment *segment,
    const struct block *block)
{
	const struct plan_node *node = first_leaf(plan);

	if (node->op != COND_RUN || block->class == 0)
		return;
	for (uint32_t i = 0; i < node->count && i < GRAMS_AT_ONCE; i++) {
		uint32_t hash = plan->grams[node->from + i];

		segment_fetch(segment, block,
		    block_row_at(block, hash >> (GRAM_BITS - block->class)));
	}
}

static void
begin(struct matcher *matcher, size_t depth, const struct place *at,
    const struct plan_node *node, const struct mask *care)
{
	struct frame *frame = &matcher->frames[depth];

	frame->node = node;
	frame->next = 0;
	frame->care = *care;
	frame->result = (struct mask){0};
	frame->planes = matcher->planes[depth];
	if (node->op == COND_MIN)
		memset(frame->planes, 0, sizeof(matcher->planes[depth]));
	if (node->op == COND_AND && is_too_small_or_large(at, node))
		frame->care = (struct mask){0};
}

/* Counts one more for the units of m; those that have enough are settled. */
static void
count_min(struct frame *frame, const struct mask *m)
{
	struct mask carry = *m;
	struct mask enough = *m;
	/* Exactly `least` is reached, as each is settled when it gets there. */
	uint32_t least = frame->node->least;

	for (size_t p = 0; p < PLANES; p++) {
		struct mask *plane = &frame->planes[p];

		for (size_t i = 0; i < MASK_WORDS; i++) {
			uint64_t old = plane->w[i];

			plane->w[i] = old ^ carry.w[i];
			carry.w[i] &= old;
			enough.w[i] &=
			    (least >> p & 1) != 0 ? plane->w[i] : ~plane->w[i];
		}
	}
	mask_or(&frame->result, &enough);
	mask_and_not(&frame->care, &enough);
}

/* Takes what an operand gave. */
static void
deliver(struct frame *frame, const struct mask *m)
{
	switch (frame->node->op) {
	case COND_AND:
		frame->care = *m;
		break;
	case COND_OR:
		mask_or(&frame->result, m);
		mask_and_not(&frame->care, m);
		break;
	default:
		count_min(frame, m);
	}
}

static bool
is_over(const struct frame *frame)
{
	return frame->next == frame->node->count || mask_is_empty(&frame->care);
}

static struct mask
result(const struct frame *frame)
{
	return frame->node->op == COND_AND ? frame->care : frame->result;
}

struct mask
match_block(struct matcher *matcher, const struct plan *plan,
    struct segment *segment, const struct block *block, const struct mask *care)
{
	const struct place at = {
	    .plan = plan,
	    .segment = segment,
	    .block = block,
	};
	const struct plan_node *root = &plan->nodes[plan->root];
	size_t depth = 0;

	if (!is_operation(root))
		return leaf(&at, root, care);
	if (matcher->size < plan->depth) {
		matcher->size = plan->depth;
		matcher->frames = xreallocarray(
		    matcher->frames, matcher->size, sizeof(*matcher->frames));
		matcher->planes = xreallocarray(
		    matcher->planes, matcher->size, sizeof(*matcher->planes));
	}
	begin(matcher, 0, &at, root, care);
	for (;;) {
		struct frame *frame = &matcher->frames[depth];
		const struct plan_node *operand;
		struct mask m;

		if (is_over(frame)) {
			m = result(frame);
			if (depth == 0)
				return m;
			depth--;
			deliver(&matcher->frames[depth], &m);
			continue;
		}
		operand = &plan->nodes[plan->operands[frame->node->from +
						      frame->next++]];
		if (is_operation(operand)) {
			depth++;
			begin(matcher, depth, &at, operand, &frame->care);
			continue;
		}
		m = leaf(&at, operand, &frame->care);
		deliver(frame, &m);
	}
}
