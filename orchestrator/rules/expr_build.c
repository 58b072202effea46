/* SPDX-License-Identifier: Apache-2.0 */
/* expr_build.c - the stacks of a condition being read. */
#include "rules/expr_build.h"

#include "lib/own.h"
#include "lib/xalloc.h"

void
build_fail(struct build *build, int err)
{
	if (build->err == ERR_OK)
		build->err = err;
}

static uint32_t
new_node(struct build *build, enum expr_op op)
{
	struct expr *expr = build->expr;

	if (expr->count == EXPR_NODES_MAX) {
		build_fail(build, ERR_LIMIT);
		return 0;
	}
	if (expr->count == expr->capacity) {
		expr->capacity = expr->capacity * 2 + 64;
		expr->nodes = xreallocarray(
		    expr->nodes, expr->capacity, sizeof(*expr->nodes));
	}
	expr->nodes[expr->count] = (struct expr_node){
	    .op = (uint8_t)op,
	    .first = EXPR_NONE,
	    .last = EXPR_NONE,
	    .next = EXPR_NONE,
	    .string = EXPR_NONE,
	};
	return (uint32_t)expr->count++;
}

static void
push_operand(struct build *build, uint32_t node)
{
	if (build->operand_count == build->operand_capacity) {
		build->operand_capacity = build->operand_capacity * 2 + 64;
		build->operands = xreallocarray(build->operands,
		    build->operand_capacity, sizeof(*build->operands));
	}
	build->operands[build->operand_count++] = node;
}

struct expr_node *
build_operand(struct build *build, enum expr_op op)
{
	uint32_t node = new_node(build, op);

	push_operand(build, node);
	return &build->expr->nodes[node];
}

struct expr_node *
build_top(struct build *build)
{
	if (build->operand_count == 0)
		return NULL;
	return &build->expr->nodes[build->operands[build->operand_count - 1]];
}

void
build_push(struct build *build, const struct build_entry *entry)
{
	if (build->entry_count == EXPR_DEPTH_MAX) {
		build_fail(build, ERR_LIMIT);
		return;
	}
	build->entries[build->entry_count] = *entry;
	build->entries[build->entry_count++].base = build->operand_count;
}

struct build_entry *
build_entry_top(struct build *build)
{
	return build->entry_count == 0
		   ? NULL
		   : &build->entries[build->entry_count - 1];
}

static void
add_kid(struct expr *expr, uint32_t parent, uint32_t kid)
{
	struct expr_node *node = &expr->nodes[parent];

	if (node->first == EXPR_NONE)
		node->first = kid;
	else
		expr->nodes[node->last].next = kid;
	node->last = kid;
}

struct expr_node *
build_node(struct build *build, enum expr_op op, size_t n)
{
	uint32_t node = new_node(build, op);
	size_t first;

	if (n > build->operand_count) {
		build_fail(build, ERR_FORMAT);
		n = build->operand_count;
	}
	first = build->operand_count - n;
	for (size_t i = first; build->err == ERR_OK && i < first + n; i++)
		add_kid(build->expr, node, build->operands[i]);
	build->operand_count = first;
	push_operand(build, node);
	return &build->expr->nodes[node];
}

/* "a and b and c" is one node: chains may be long. */
static void
join(struct build *build, enum expr_op op)
{
	size_t n = build->operand_count;
	struct expr_node *left;
	uint32_t right;

	if (n < 2) {
		build_fail(build, ERR_FORMAT);
		return;
	}
	left = &build->expr->nodes[build->operands[n - 2]];
	right = build->operands[n - 1];
	if (left->op != op) {
		(void)build_node(build, op, 2);
		return;
	}
	add_kid(build->expr, build->operands[n - 2], right);
	build->operand_count--;
}

/* Numbers that are known become one. */
static bool
fold(char mark, int64_t a, int64_t b, int64_t *ret)
{
	switch (mark) {
	case '+':
		return !__builtin_add_overflow(a, b, ret);
	case '-':
		return !__builtin_sub_overflow(a, b, ret);
	case '*':
		return !__builtin_mul_overflow(a, b, ret);
	case '\\':
		if (b <= 0)
			return false;
		*ret = a / b;
		return true;
	default:
		return false;
	}
}

static void
reduce_math(struct build *build, const struct build_entry *entry)
{
	struct expr_node *node = build_node(build, entry->op, 2);
	const struct expr_node *a, *b;
	int64_t value;

	if (build->err != ERR_OK)
		return;
	a = &build->expr->nodes[node->first];
	b = &build->expr->nodes[node->last];
	if (a->op == EXPR_NUMBER && b->op == EXPR_NUMBER &&
	    fold((char)entry->detail, a->value, b->value, &value)) {
		node->op = EXPR_NUMBER;
		node->value = value;
		node->first = node->last = EXPR_NONE;
	}
}

static void
reduce_prefix(struct build *build, const struct build_entry *entry)
{
	struct expr_node *top = build_top(build);
	int64_t value;

	if (entry->op == EXPR_MATH && entry->detail == '-' && top != NULL &&
	    top->op == EXPR_NUMBER &&
	    !__builtin_sub_overflow((int64_t)0, top->value, &value))
		top->value = value;
	else
		(void)build_node(build, entry->op, 1);
}

static void
reduce_one(struct build *build)
{
	struct build_entry entry = build->entries[--build->entry_count];

	if (entry.kind == BUILD_PREFIX) {
		reduce_prefix(build, &entry);
	} else if (entry.op == EXPR_AND || entry.op == EXPR_OR) {
		join(build, entry.op);
	} else if (entry.op == EXPR_ADD || entry.op == EXPR_MATH) {
		reduce_math(build, &entry);
	} else {
		struct expr_node *node = build_node(build, entry.op, 2);

		node->detail = entry.detail;
	}
}

void
build_reduce(struct build *build, unsigned int precedence)
{
	while (build->err == ERR_OK && build->entry_count > 0) {
		const struct build_entry *top = build_entry_top(build);

		if (top->kind > BUILD_BINARY || top->precedence < precedence)
			return;
		reduce_one(build);
	}
}

static void
close_body(struct build *build, const struct build_entry *entry)
{
	size_t kids = entry->op == EXPR_FOR_OF ? 2 : 3;
	struct expr_node *node = build_node(build, entry->op, kids);

	node->items = entry->items;
	node->item_count = entry->item_count;
}

/* "$a in (low..high)" is "$a at" one of a range; false where it is no such
 * thing, and the range is left out. */
static bool
close_within(struct build *build, const struct build_entry *entry, size_t n)
{
	uint32_t front;

	if (!entry->is_range || n != 2 || entry->base == 0)
		return false;
	front = build->operands[entry->base - 1];
	if (build->expr->nodes[front].op != EXPR_STRING)
		return false;
	(void)build_node(build, EXPR_RANGE, 2);
	(void)build_node(build, EXPR_AT, 2);
	return true;
}

void
build_close(struct build *build)
{
	struct build_entry entry = build->entries[--build->entry_count];
	size_t n = build->operand_count - entry.base;

	switch (entry.kind) {
	case BUILD_GROUP:
		if (n != 1)
			build_fail(build, ERR_FORMAT);
		return;
	case BUILD_WITHIN:
		if (close_within(build, &entry, n))
			return;
		build->operand_count = entry.base;
		return;
	case BUILD_ARGUMENTS:
	case BUILD_INDEX:
		/* What stands in front of the bracket is the operand. */
		build->operand_count = entry.base;
		return;
	case BUILD_READ:
		if (n != 1)
			build_fail(build, ERR_FORMAT);
		build_node(build, EXPR_READ, 1)->name = entry.name;
		return;
	case BUILD_ITERATOR:
		(void)build_node(
		    build, entry.is_range ? EXPR_RANGE : EXPR_LIST, n);
		return;
	case BUILD_BODY:
		if (n != 1)
			build_fail(build, ERR_FORMAT);
		close_body(build, &entry);
		return;
	default:
		build_fail(build, ERR_FORMAT);
	}
}

/* Compares the names behind their sigils. */
static int
compare_names(const struct build *build, uint32_t string, struct span name)
{
	const char *text = build->rule->text;
	struct span own = build->rule->strings[string].name;
	size_t own_len = own.end - own.start - 1;
	size_t len = name.end - name.start;
	int order = memcmp(text + own.start + 1, text + name.start,
	    own_len < len ? own_len : len);

	if (order != 0)
		return order;
	return own_len < len ? -1 : own_len > len;
}

uint32_t
build_string(const struct build *build, struct span name)
{
	size_t low = 0, high = build->rule->string_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_names(build, build->sorted[middle], name);

		if (order == 0)
			return build->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return EXPR_NONE;
}

static void
add_item(struct build *build, const struct expr_item *item)
{
	struct expr *expr = build->expr;

	if (expr->item_count == EXPR_ITEMS_MAX) {
		build_fail(build, ERR_LIMIT);
		return;
	}
	if (expr->item_count == expr->item_capacity) {
		expr->item_capacity = expr->item_capacity * 2 + 32;
		expr->items = xreallocarray(
		    expr->items, expr->item_capacity, sizeof(*expr->items));
	}
	expr->items[expr->item_count++] = *item;
}

/* All strings whose names begin so, or are so. */
static void
add_strings(struct build *build, struct span name, bool is_prefix)
{
	const struct rule *rule = build->rule;
	size_t len = name.end - name.start;
	bool is_found = false;

	for (uint32_t i = 0; build->err == ERR_OK && i < rule->string_count;
	     i++) {
		struct span own = rule->strings[i].name;
		size_t own_len = own.end - own.start;

		if (own_len < len || (!is_prefix && own_len != len) ||
		    memcmp(rule->text + own.start, rule->text + name.start,
			len) != 0)
			continue;
		add_item(build, &(struct expr_item){.string = i});
		is_found = true;
	}
	if (!is_found)
		build_fail(build, ERR_FORMAT);
}

static bool
skip(struct build *build, const char *mark)
{
	if (!token_is(build->rule->text, &build->token, mark))
		return false;
	build->token = lexer_next(&build->lexer);
	return true;
}

static bool
add_member(struct build *build)
{
	struct token token = build->token;
	struct span name = {token.start, token.end};
	bool is_prefix;

	if (token.kind != TOKEN_WORD &&
	    (token.kind != TOKEN_VAR || build->rule->text[token.start] != '$'))
		return false;
	build->token = lexer_next(&build->lexer);
	is_prefix = skip(build, "*");
	if (token.kind == TOKEN_VAR)
		add_strings(build, name, is_prefix);
	else
		add_item(build, &(struct expr_item){.string = EXPR_NONE,
				    .name = name,
				    .is_prefix = is_prefix});
	return true;
}

bool
build_set(struct build *build, uint32_t *ret_items, uint32_t *ret_count)
{
	*ret_items = (uint32_t)build->expr->item_count;
	if (skip(build, "them")) {
		for (uint32_t i = 0; i < build->rule->string_count; i++)
			add_item(build, &(struct expr_item){.string = i});
	} else {
		if (!skip(build, "("))
			return false;
		do {
			if (!add_member(build))
				return false;
		} while (build->err == ERR_OK && skip(build, ","));
		if (!skip(build, ")"))
			return false;
	}
	*ret_count = (uint32_t)build->expr->item_count - *ret_items;
	return true;
}
