/* SPDX-License-Identifier: Apache-2.0 */
/* form.c - monotone formulas. */
#include "rules/form.h"

#include "lib/own.h"
#include "lib/xalloc.h"

/* Overlap of the pieces of a long run: no gram of it is lost. */
#define OVERLAP (COND_RUN_MIN - 1)
/* Operands that are compared with each other to find equal ones. */
#define COMPARED_MAX ((size_t)64)
/* Pieces of one long run. */
#define PIECES_MAX 4
/* An operand that comes first where not all fit. */
#define SMALL_BYTES 256
/* How short the runs of a formula that is too large may get. */
static const uint8_t slim_lengths[] = {24, 12, 8, 6, 4};

form_id
form_add(struct form *form, const struct form_node *node)
{
	if (form->count == FORM_NODES_MAX)
		return FORM_TRUE;
	if (form->count == form->capacity) {
		form->capacity = form->capacity * 2 + 64;
		form->nodes = xreallocarray(
		    form->nodes, form->capacity, sizeof(*form->nodes));
	}
	form->nodes[form->count] = *node;
	return (form_id)form->count++;
}

uint32_t
form_add_bytes(struct form *form, const void *p, size_t len)
{
	size_t at = form->bytes_len;

	if (len > form->bytes_size - at) {
		form->bytes_size = (form->bytes_size + len) * 2;
		form->bytes = xrealloc(form->bytes, form->bytes_size);
	}
	if (len > 0)
		memcpy(form->bytes + at, p, len);
	form->bytes_len += len;
	return (uint32_t)at;
}

static void
add_constants(struct form *form)
{
	struct form_node node = {
	    .op = COND_TRUE, .class = FORM_ANYTHING, .bytes = 1, .ops = 1};

	(void)form_add(form, &node);
	node.op = COND_FALSE;
	node.class = FORM_RUNS;
	(void)form_add(form, &node);
}

void
form_init(struct form *form)
{
	*form = (struct form){0};
	add_constants(form);
}

void
form_release(struct form *form)
{
	free(form->nodes);
	free(form->bytes);
	free(form->kids);
	*form = (struct form){0};
}

void
form_reset(struct form *form)
{
	form->count = 0;
	form->bytes_len = 0;
	form->kids_len = 0;
	add_constants(form);
}

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static form_id
one_run(struct form *form, const uint8_t *p, size_t len, bool is_wide)
{
	uint8_t folded[COND_RUN_MAX];
	struct form_node node = {
	    .op = COND_RUN,
	    .flags = is_wide ? COND_WIDE : 0,
	    .class = FORM_RUNS,
	    .len = (uint32_t)len,
	    .bytes = (uint32_t)len + 3,
	    .ops = 1,
	};

	for (size_t i = 0; i < len; i++)
		folded[i] = fold(p[i]);
	node.data = form_add_bytes(form, folded, len);
	return form_add(form, &node);
}

form_id
form_run(struct form *form, const uint8_t *p, size_t len, bool is_wide)
{
	form_id all = FORM_TRUE;

	for (int i = 0; i < PIECES_MAX && len >= COND_RUN_MIN; i++) {
		size_t piece = len < COND_RUN_MAX ? len : COND_RUN_MAX;

		all = form_and2(form, all, one_run(form, p, piece, is_wide));
		if (piece == len)
			break;
		p += piece - OVERLAP;
		len -= piece - OVERLAP;
	}
	return all;
}

form_id
form_span(struct form *form, const uint8_t set[FORM_SET_BYTES], uint32_t count,
    bool is_wide)
{
	struct form_node node = {
	    .op = FORM_SPAN,
	    .flags = is_wide ? COND_WIDE : 0,
	    .class = FORM_ANYTHING,
	    .len = count,
	    .bytes = 1,
	    .ops = 1,
	};

	if (!form->has_spans)
		return FORM_TRUE;
	node.data = form_add_bytes(form, set, FORM_SET_BYTES);
	return form_add(form, &node);
}

form_id
form_size(struct form *form, uint64_t min, uint64_t max)
{
	struct form_node node = {
	    .op = COND_SIZE,
	    .class = FORM_HEADER,
	    .bytes = 17,
	    .ops = 1,
	    .min = min,
	    .max = max,
	};

	if (min > max)
		return FORM_FALSE;
	if (min == 0 && max == UINT64_MAX)
		return FORM_TRUE;
	return form_add(form, &node);
}

form_id
form_head(struct form *form, size_t offset, const uint8_t *p,
    const uint8_t *mask, size_t len)
{
	uint8_t both[2 * COND_HEAD_MAX];
	struct form_node node = {
	    .op = COND_HEAD, .class = FORM_HEADER, .ops = 1};

	if (offset >= COND_HEAD_MAX)
		return FORM_TRUE;
	if (len > COND_HEAD_MAX - offset)
		len = COND_HEAD_MAX - offset;
	while (len > 0 && mask[len - 1] == 0)
		len--;
	for (; len > 0 && mask[0] == 0; len--) {
		p++;
		mask++;
		offset++;
	}
	if (len == 0)
		return FORM_TRUE;
	for (size_t i = 0; i < len; i++)
		both[i] = p[i] & mask[i];
	memcpy(both + len, mask, len);
	node.offset = (uint8_t)offset;
	node.len = (uint32_t)len;
	node.bytes = 3 + 2 * (uint32_t)len;
	node.data = form_add_bytes(form, both, 2 * len);
	return form_add(form, &node);
}

static bool
is_same(const struct form *form, form_id a, form_id b)
{
	const struct form_node *x = &form->nodes[a];
	const struct form_node *y = &form->nodes[b];
	size_t len = x->op == COND_HEAD ? 2 * (size_t)x->len : x->len;

	if (a == b)
		return true;
	if (x->op != y->op || x->len != y->len || x->flags != y->flags ||
	    x->offset != y->offset || x->min != y->min || x->max != y->max)
		return false;
	if (x->op != COND_RUN && x->op != COND_HEAD && x->op != COND_SIZE)
		return false;
	return x->op == COND_SIZE ||
	       memcmp(form->bytes + x->data, form->bytes + y->data, len) == 0;
}

/* Operands as they come together for one new node. */
struct operands {
	form_id *ids;
	size_t count;
	size_t capacity;
};

static void
take(struct form *form, struct operands *operands, form_id id, bool is_once)
{
	for (size_t i = 0; is_once && i < operands->count && i < COMPARED_MAX;
	     i++) {
		if (is_same(form, operands->ids[i], id))
			return;
	}
	if (operands->count == operands->capacity) {
		operands->capacity = operands->capacity * 2 + 16;
		operands->ids = xreallocarray(
		    operands->ids, operands->capacity, sizeof(*operands->ids));
	}
	operands->ids[operands->count++] = id;
}

static uint32_t
total(
    const struct form *form, const struct operands *operands, uint32_t *ret_ops)
{
	/* Chunks of long lists need operations of their own. */
	uint64_t bytes = 8 + 3 * (operands->count / 64);
	uint64_t ops = 1 + operands->count / 64;

	for (size_t i = 0; i < operands->count; i++) {
		bytes += form->nodes[operands->ids[i]].bytes;
		ops += form->nodes[operands->ids[i]].ops;
	}
	*ret_ops = ops > UINT32_MAX ? UINT32_MAX : (uint32_t)ops;
	return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}

static bool
fits(uint32_t bytes, uint32_t ops)
{
	return bytes <= FORM_BYTES_MAX && ops <= FORM_OPS_MAX;
}

static bool
fit_all(const struct form *form, const struct operands *operands)
{
	uint32_t ops;
	uint32_t bytes = total(form, operands, &ops);

	return fits(bytes, ops);
}

/*
 * Only as many operands as fit, small ones first: what is left follows from
 * the whole.
 */
static void
drop_some(struct form *form, struct operands *operands)
{
	struct operands kept = {0};
	uint32_t bytes = 0;
	uint32_t ops = 0;

	if (fit_all(form, operands))
		return;
	for (int is_large = 0; is_large < 2; is_large++) {
		for (size_t i = 0; i < operands->count; i++) {
			const struct form_node *node =
			    &form->nodes[operands->ids[i]];

			if ((node->bytes > SMALL_BYTES) != (is_large == 1) ||
			    !fits(bytes + node->bytes + SMALL_BYTES,
				ops + node->ops + SMALL_BYTES))
				continue;
			bytes += node->bytes + 1;
			ops += node->ops + 1;
			take(form, &kept, operands->ids[i], false);
		}
	}
	free(operands->ids);
	*operands = kept;
}

/* A weaker form of an operand: one run, of at most len bytes. */
static form_id
slim(struct form *form, form_id id, size_t len)
{
	const struct form_node *node = &form->nodes[id];
	form_id best = id;

	if (node->op == COND_AND) {
		for (uint32_t i = 0; i < node->len; i++) {
			form_id kid = form->kids[node->data + i];
			const struct form_node *k = &form->nodes[kid];

			if (best == id || k->class > form->nodes[best].class ||
			    (k->op == COND_RUN &&
				k->len > form->nodes[best].len))
				best = kid;
		}
		node = &form->nodes[best];
	}
	if (node->op == COND_RUN && node->len > len) {
		struct form_node shorter = *node;

		shorter.bytes = (uint32_t)len + 3;
		shorter.len = (uint32_t)len;
		best = form_add(form, &shorter);
	}
	return best;
}

/* Makes all operands weaker until they fit; false where they never do. */
static bool
slim_all(struct form *form, struct operands *operands)
{
	for (size_t level = 0; level < sizeof(slim_lengths); level++) {
		if (fit_all(form, operands))
			return true;
		for (size_t i = 0; i < operands->count; i++)
			operands->ids[i] =
			    slim(form, operands->ids[i], slim_lengths[level]);
	}
	return fit_all(form, operands);
}

static uint8_t
class_among(const struct form *form, const struct operands *operands,
    uint8_t op, size_t least)
{
	size_t counts[FORM_RUNS + 1] = {0};

	for (size_t i = 0; i < operands->count; i++)
		counts[form->nodes[operands->ids[i]].class]++;
	if (op == COND_AND)
		least = operands->count;
	/* At worst it is the weakest ones that are true; the best of those
	 * still has to be. */
	for (uint8_t class = FORM_ANYTHING; class < FORM_RUNS; class ++) {
		if (counts[class] >= least)
			return class;
		least -= counts[class];
	}
	return FORM_RUNS;
}

static form_id
make(struct form *form, struct operands *operands, uint8_t op, size_t least)
{
	struct form_node node = {.op = op, .least = (uint32_t)least};

	node.class = class_among(form, operands, op, least);
	node.bytes = total(form, operands, &node.ops);
	node.len = (uint32_t)operands->count;
	if (form->kids_size - form->kids_len < operands->count) {
		form->kids_size = (form->kids_size + operands->count) * 2;
		form->kids = xreallocarray(
		    form->kids, form->kids_size, sizeof(*form->kids));
	}
	node.data = (uint32_t)form->kids_len;
	memcpy(form->kids + form->kids_len, operands->ids,
	    operands->count * sizeof(*operands->ids));
	form->kids_len += operands->count;
	return form_add(form, &node);
}

/* The operands of a list, those of equal operations in it spliced in. */
static bool
gather(struct form *form, struct operands *operands, const form_id *ids,
    size_t count, uint8_t op)
{
	const form_id neutral = op == COND_AND ? FORM_TRUE : FORM_FALSE;
	const form_id strong = op == COND_AND ? FORM_FALSE : FORM_TRUE;

	for (size_t i = 0; i < count; i++) {
		const struct form_node *node = &form->nodes[ids[i]];

		if (ids[i] == strong)
			return false;
		if (ids[i] == neutral)
			continue;
		if (node->op != op) {
			take(form, operands, ids[i], true);
			continue;
		}
		for (uint32_t k = 0; k < node->len; k++)
			take(form, operands, form->kids[node->data + k], true);
	}
	return true;
}

form_id
form_and(struct form *form, const form_id *ids, size_t count)
{
	struct operands operands = {0};
	form_id id = FORM_TRUE;

	if (!gather(form, &operands, ids, count, COND_AND)) {
		id = FORM_FALSE;
	} else if (operands.count > 0) {
		drop_some(form, &operands);
		id = operands.count == 0   ? FORM_TRUE
		     : operands.count == 1 ? operands.ids[0]
					   : make(form, &operands, COND_AND, 0);
	}
	free(operands.ids);
	return id;
}

form_id
form_or(struct form *form, const form_id *ids, size_t count)
{
	struct operands operands = {0};
	form_id id = FORM_FALSE;

	if (!gather(form, &operands, ids, count, COND_OR))
		id = FORM_TRUE;
	else if (operands.count == 1)
		id = operands.ids[0];
	else if (operands.count > 1)
		id = slim_all(form, &operands)
			 ? make(form, &operands, COND_OR, 1)
			 : FORM_TRUE;
	free(operands.ids);
	return id;
}

form_id
form_min(struct form *form, const form_id *ids, size_t count, uint64_t least)
{
	struct operands operands = {0};
	form_id id = FORM_TRUE;

	for (size_t i = 0; i < count && least > 0; i++) {
		if (ids[i] == FORM_TRUE)
			least--;
		else if (ids[i] != FORM_FALSE)
			take(form, &operands, ids[i], false);
	}
	if (least == 0)
		id = FORM_TRUE;
	else if (least > operands.count)
		id = FORM_FALSE;
	else if (least == 1)
		id = form_or(form, operands.ids, operands.count);
	else if (least == operands.count)
		id = form_and(form, operands.ids, operands.count);
	else if (operands.count > COND_STACK_MAX / 2)
		/* Cannot be cut into chunks: one of them is what is left. */
		id = form_or(form, operands.ids, operands.count);
	else if (slim_all(form, &operands))
		id = make(form, &operands, COND_MIN, least);
	free(operands.ids);
	return id;
}

form_id
form_and2(struct form *form, form_id a, form_id b)
{
	const form_id ids[] = {a, b};

	return form_and(form, ids, 2);
}

form_id
form_or2(struct form *form, form_id a, form_id b)
{
	const form_id ids[] = {a, b};

	return form_or(form, ids, 2);
}

enum form_class
form_class_of(const struct form *form, form_id id)
{
	return form->nodes[id].class;
}
