/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - why a condition is false of one unit. */
#include "index/column.h"
#include "index/match.h"
#include "index/query.h"
#include "lib/digest.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

/* Reasons that one explanation names. */
#define REASONS_MAX ((size_t)64)

/* One unit, where it is in the index. */
struct unit_place {
	struct segment *segment;
	const struct block *block;
	struct mask only; /* its bit */
	size_t at;
};

static bool
find_in_segment(
    struct segment *segment, uint64_t seq, struct unit_place *ret_place)
{
	for (size_t b = 0; b < segment->blocks_count; b++) {
		const struct block *block = &segment->blocks[b];

		if (seq < block->seq_min || seq > block->seq_max)
			continue;
		for (size_t u = 0; u < block->count; u++) {
			uint8_t bytes[8];

			if (segment_read(segment, block, block_seq_at(block, u),
				sizeof(bytes), bytes) != ERR_OK)
				return false;
			if (block_u64(bytes) != seq)
				continue;
			*ret_place = (struct unit_place){
			    .segment = segment,
			    .block = block,
			    .at = u,
			};
			ret_place->only.w[u / 64] = (uint64_t)1 << (u % 64);
			return true;
		}
	}
	return false;
}

static bool
find_unit(struct index *index, uint64_t seq, struct unit_place *ret_place)
{
	for (size_t i = 0; i < index->segments_count; i++) {
		if (ranges_has(&index->segments[i]->units, seq) &&
		    find_in_segment(index->segments[i], seq, ret_place))
			return true;
	}
	return false;
}

/* Whether that node of the plan may be true of the unit. */
static bool
may_be(struct matcher *matcher, const struct plan *plan, uint32_t node,
    const struct unit_place *place)
{
	struct plan part = *plan;
	struct mask m;

	part.root = node;
	m = match_block(
	    matcher, &part, place->segment, place->block, &place->only);
	return !mask_is_empty(&m);
}

static json_t *
hex_json(const uint8_t *p, size_t len)
{
	char hex[2 * COND_RUN_MAX + 1];

	hex_encode(hex, p, len);
	return json_string(hex);
}

/* The bytes as people read them; what is not printable is a dot. */
static json_t *
text_json(const uint8_t *p, size_t len)
{
	char text[COND_RUN_MAX + 1];

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '.');
	text[len] = '\0';
	return json_string(text);
}

static json_t *
explain_run(const struct plan_node *node, const struct unit_place *place)
{
	bool is_wide = (node->flags & COND_WIDE) != 0;
	size_t absent = 0;

	for (size_t i = 0; i + GRAM_BYTES <= node->len; i++) {
		struct mask m = match_gram(place->segment, place->block,
		    gram_hash(node->p + i, is_wide), &place->only);

		if (mask_is_empty(&m)) {
			absent = i;
			break;
		}
	}
	return json_pack("{s:o,s:o,s:b,s:o}", "run",
	    hex_json(node->p, node->len), "text", text_json(node->p, node->len),
	    "wide", is_wide, "absent", hex_json(node->p + absent, GRAM_BYTES));
}

static uint64_t
size_of(const struct unit_place *place)
{
	uint8_t bytes[8];

	if (segment_read(place->segment, place->block,
		block_size_at(place->block, place->at), sizeof(bytes),
		bytes) != ERR_OK)
		return 0;
	return block_u64(bytes);
}

static json_t *
explain_leaf(const struct plan_node *node, const struct unit_place *place)
{
	switch (node->op) {
	case COND_RUN:
		return explain_run(node, place);
	case COND_SIZE:
		return json_pack("{s:I,s:o,s:o}", "size",
		    (json_int_t)size_of(place), "min",
		    json_integer((json_int_t)node->min), "max",
		    node->max > INT64_MAX
			? json_null()
			: json_integer((json_int_t)node->max));
	case COND_HEAD:
		return json_pack("{s:o,s:o,s:i}", "head",
		    hex_json(node->p, node->len), "mask",
		    hex_json(node->p + node->len, node->len), "offset",
		    (int)node->offset);
	default:
		return json_pack("{s:s}", "never", "no unit can match");
	}
}

/* False operands of a false operation; of AND one is reason enough. */
static void
push_operands(struct matcher *matcher, const struct plan *plan,
    const struct plan_node *node, const struct unit_place *place,
    uint32_t *stack, size_t *count)
{
	for (uint32_t i = 0; i < node->count; i++) {
		uint32_t operand = plan->operands[node->from + i];

		if (may_be(matcher, plan, operand, place))
			continue;
		stack[(*count)++] = operand;
		if (node->op == COND_AND)
			return;
	}
}

static json_t *
explain(struct matcher *matcher, const struct plan *plan,
    const struct unit_place *place)
{
	/* Each node is pushed once at most. */
	auto_free uint32_t *stack = xcalloc(plan->nodes_count, sizeof(*stack));
	json_t *because = json_array();
	size_t count = 0;

	stack[count++] = plan->root;
	while (count > 0 && json_array_size(because) < REASONS_MAX) {
		const struct plan_node *node = &plan->nodes[stack[--count]];

		if (node->op == COND_AND || node->op == COND_OR ||
		    node->op == COND_MIN)
			push_operands(
			    matcher, plan, node, place, stack, &count);
		else
			(void)json_array_append_new(
			    because, explain_leaf(node, place));
	}
	return because;
}

static json_t *
describe(const struct plan *plan, const struct unit_place *place)
{
	struct matcher *matcher = matcher_new();
	bool is_candidate = may_be(matcher, plan, plan->root, place);
	json_t *json = json_pack("{s:b,s:b,s:I}", "indexed", true, "candidate",
	    is_candidate, "size", (json_int_t)size_of(place));

	if (!is_candidate)
		(void)json_object_set_new(
		    json, "because", explain(matcher, plan, place));
	matcher_free(matcher);
	return json;
}

int
query_explain(struct index *index, const uint8_t *cond, size_t len,
    uint64_t seq, json_t **ret_json)
{
	struct unit_place place;
	struct plan plan;
	json_t *json = NULL;

	if (plan_make(cond, len, &plan) != ERR_OK)
		return ERR_FORMAT;
	if (ranges_has(&index->gone, seq))
		json = json_pack(
		    "{s:b,s:b,s:b}", "indexed", 0, "candidate", 0, "gone", 1);
	else if (find_unit(index, seq, &place) && place.block->class != 0)
		json = describe(&plan, &place);
	/* What was read counts only where all of it was right. */
	for (size_t i = 0; i < index->segments_count && json != NULL; i++) {
		if (index->segments[i]->is_bad) {
			json_decref(take_ptr(json));
			index_drop_bad(index);
		}
	}
	if (json == NULL)
		json = json_pack("{s:b,s:b}", "indexed", 0, "candidate", 1);
	plan_release(&plan);
	*ret_json = json;
	return ERR_OK;
}
