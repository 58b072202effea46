/* SPDX-License-Identifier: Apache-2.0 */
/* form_write.c - formulas as the bytes of lib/cond.h, and back into one. */
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "rules/form.h"

/* Operands that wait on the evaluator's stack before they are joined. */
#define CHUNK 64
/* Operations inside each other. */
#define DEPTH_MAX 256

struct level {
	form_id id;
	uint32_t next;	  /* operand to write */
	uint32_t waiting; /* operands on the stack */
};

static void
put_leaf(
    const struct form *form, const struct form_node *node, struct wire_out *out)
{
	/* There are no bytes at all where nothing has any. */
	const uint8_t *p =
	    form->bytes == NULL ? NULL : form->bytes + node->data;

	switch (node->op) {
	case FORM_EMBED:
		wire_put_raw(out, p, node->len);
		return;
	case FORM_SPAN:
		wire_put_u8(out, COND_TRUE);
		return;
	case COND_RUN:
		wire_put_u8(out, COND_RUN);
		wire_put_u8(out, node->flags);
		wire_put_u8(out, (uint8_t)node->len);
		wire_put_raw(out, p, node->len);
		return;
	case COND_HEAD:
		wire_put_u8(out, COND_HEAD);
		wire_put_u8(out, node->offset);
		wire_put_u8(out, (uint8_t)node->len);
		wire_put_raw(out, p, 2 * (size_t)node->len);
		return;
	case COND_SIZE:
		wire_put_u8(out, COND_SIZE);
		wire_put_u64(out, node->min);
		wire_put_u64(out, node->max);
		return;
	default:
		wire_put_u8(out, node->op);
	}
}

static bool
is_leaf(const struct form_node *node)
{
	return node->op != COND_AND && node->op != COND_OR &&
	       node->op != COND_MIN;
}

static void
put_join(const struct form_node *node, uint32_t count, struct wire_out *out)
{
	wire_put_u8(out, node->op);
	wire_put_u16(out, (uint16_t)count);
	if (node->op == COND_MIN)
		wire_put_u16(out, (uint16_t)node->least);
}

/* Writes operand by operand; false where they stand too deep. */
static bool
put_all(const struct form *form, form_id id, struct wire_out *out)
{
	struct level levels[DEPTH_MAX] = {{.id = id}};
	size_t depth = 1;

	while (depth > 0) {
		struct level *level = &levels[depth - 1];
		const struct form_node *node = &form->nodes[level->id];

		if (is_leaf(node)) {
			put_leaf(form, node, out);
		} else if (level->next < node->len) {
			/* AND and OR may be joined in between. */
			if (level->waiting == CHUNK && node->op != COND_MIN) {
				put_join(node, CHUNK, out);
				level->waiting = 1;
			}
			if (depth == DEPTH_MAX)
				return false;
			level->waiting++;
			levels[depth++] = (struct level){
			    .id = form->kids[node->data + level->next++]};
			continue;
		} else {
			put_join(node, level->waiting, out);
		}
		depth--;
	}
	return true;
}

size_t
form_write(const struct form *form, form_id id, uint8_t dst[COND_BYTES_MAX])
{
	static const uint8_t always[] = {COND_VERSION, COND_TRUE};
	struct wire_out out;
	size_t len;

	wire_out_init(&out, COND_BYTES_MAX);
	wire_put_u8(&out, COND_VERSION);
	if (!put_all(form, id, &out) || out.is_failed ||
	    cond_check(out.buf, out.len) != ERR_OK) {
		wire_out_reset(&out);
		wire_put_raw(&out, always, sizeof(always));
	}
	len = out.len;
	memcpy(dst, out.buf, len);
	wire_out_release(&out);
	return len;
}

/* What a condition leaves of a store, by evaluating it over classes. */
static uint8_t
class_of_bytes(const uint8_t *p, size_t len, uint32_t *ret_ops)
{
	uint8_t stack[COND_STACK_MAX + 1];
	struct cond_step step;
	size_t depth = 0;
	size_t at = 0;

	while (cond_next(p, len, &at, &step) == ERR_OK) {
		size_t counts[FORM_RUNS + 1] = {0};
		size_t least = step.op == COND_AND  ? step.count
			       : step.op == COND_OR ? 1
						    : step.least;
		uint8_t class = FORM_ANYTHING;

		(*ret_ops)++;
		for (size_t i = 0; i < step.count; i++)
			counts[stack[--depth]]++;
		if (step.count == 0)
			class = step.op == COND_TRUE ? FORM_ANYTHING
				: step.op == COND_SIZE || step.op == COND_HEAD
				    ? FORM_HEADER
				    : FORM_RUNS;
		for (; step.count > 0 && class < FORM_RUNS &&
		       counts[class] < least;
		     class ++)
			least -= counts[class];
		stack[depth++] = class;
	}
	return stack[0];
}

form_id
form_embed(struct form *form, const uint8_t *p, size_t len)
{
	struct form_node node = {.op = FORM_EMBED};

	if (cond_check(p, len) != ERR_OK || form->count == FORM_NODES_MAX)
		return FORM_TRUE;
	if (len == 2 && p[1] == COND_TRUE)
		return FORM_TRUE;
	if (len == 2 && p[1] == COND_FALSE)
		return FORM_FALSE;
	node.class = class_of_bytes(p, len, &node.ops);
	node.len = (uint32_t)len - 1;
	node.bytes = (uint32_t)len - 1;
	node.data = form_add_bytes(form, p + 1, len - 1);
	return form_add(form, &node);
}
