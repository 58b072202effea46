/* SPDX-License-Identifier: Apache-2.0 */
/* expr.c - a rule's condition as a tree. */
#include "rules/expr.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/expr_build.h"
#include "rules/number.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* How strongly operators bind (grammar.y of libyara 4.2). */
enum precedence {
	BIND_OR = 1,
	BIND_AND,
	BIND_NOT,
	BIND_EQUAL,
	BIND_LESS,
	BIND_BIT_OR,
	BIND_BIT_XOR,
	BIND_BIT_AND,
	BIND_SHIFT,
	BIND_ADD,
	BIND_MULTIPLY,
	BIND_UNARY
};

static const struct operation {
	const char *text;
	uint8_t precedence;
	uint8_t op;
	uint8_t detail;
} operators[] = {
    {"or", BIND_OR, EXPR_OR, 0},
    {"and", BIND_AND, EXPR_AND, 0},
    {"==", BIND_EQUAL, EXPR_COMPARE, EXPR_EQ},
    {"!=", BIND_EQUAL, EXPR_COMPARE, EXPR_NE},
    {"contains", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"icontains", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"startswith", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"istartswith", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"endswith", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"iendswith", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"iequals", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"matches", BIND_EQUAL, EXPR_TEXT_TEST, 0},
    {"<", BIND_LESS, EXPR_COMPARE, EXPR_LT},
    {"<=", BIND_LESS, EXPR_COMPARE, EXPR_LE},
    {">", BIND_LESS, EXPR_COMPARE, EXPR_GT},
    {">=", BIND_LESS, EXPR_COMPARE, EXPR_GE},
    {"at", BIND_LESS, EXPR_AT, 0},
    {"|", BIND_BIT_OR, EXPR_MATH, '|'},
    {"^", BIND_BIT_XOR, EXPR_MATH, '^'},
    {"&", BIND_BIT_AND, EXPR_MATH, '&'},
    {"<<", BIND_SHIFT, EXPR_MATH, '<'},
    {">>", BIND_SHIFT, EXPR_MATH, '>'},
    {"+", BIND_ADD, EXPR_ADD, '+'},
    {"-", BIND_ADD, EXPR_MATH, '-'},
    {"*", BIND_MULTIPLY, EXPR_MATH, '*'},
    {"\\", BIND_MULTIPLY, EXPR_MATH, '\\'},
    {"%", BIND_MULTIPLY, EXPR_MATH, '%'},
};

static const struct {
	const char *text;
	uint8_t op;
} words[] = {
    {"true", EXPR_TRUE},
    {"false", EXPR_FALSE},
    {"filesize", EXPR_FILESIZE},
    {"entrypoint", EXPR_ENTRYPOINT},
    {"all", EXPR_ALL},
    {"any", EXPR_ANY},
    {"none", EXPR_NOTHING},
};

static const char *const reads[] = {"uint8", "uint16", "uint32", "int8",
    "int16", "int32", "uint8be", "uint16be", "uint32be", "int8be", "int16be",
    "int32be"};

static bool
is(const struct build *build, const char *word)
{
	return token_is(build->rule->text, &build->token, word);
}

static void
advance(struct build *build)
{
	build->token = lexer_next(&build->lexer);
}

static bool
skip(struct build *build, const char *word)
{
	if (!is(build, word))
		return false;
	advance(build);
	return true;
}

static struct span
span_of(const struct token *token)
{
	return (struct span){token->start, token->end};
}

static void
mark(struct build *build, enum build_kind kind)
{
	build_push(build, &(struct build_entry){.kind = (uint8_t)kind});
}

static void
prefix(struct build *build, enum expr_op op, unsigned int precedence)
{
	build_push(build,
	    &(struct build_entry){.kind = BUILD_PREFIX,
		.precedence = (uint8_t)precedence,
		.op = (uint8_t)op,
		.detail = (uint8_t)build->rule->text[build->token.start]});
	advance(build);
}

/* $a #a @a !a, with or without a name. */
static void
read_string(struct build *build)
{
	struct span name = {build->token.start + 1, build->token.end};
	uint32_t string = EXPR_NONE;
	enum expr_op op;

	switch (build->rule->text[build->token.start]) {
	case '#':
		op = EXPR_COUNT;
		break;
	case '@':
		op = EXPR_PLACE;
		break;
	case '!':
		op = EXPR_LENGTH;
		break;
	default:
		op = EXPR_STRING;
	}
	if (name.start < name.end) {
		string = build_string(build, name);
		if (string == EXPR_NONE)
			build_fail(build, ERR_FORMAT);
	}
	build_operand(build, op)->string = string;
	advance(build);
}

/* An operand or what stands before one; true when it is complete. */
static bool
read_word(struct build *build)
{
	if (is(build, "not") || is(build, "defined")) {
		prefix(build, is(build, "not") ? EXPR_NOT : EXPR_DEFINED,
		    BIND_NOT);
		return false;
	}
	if (is(build, "for")) {
		advance(build);
		mark(build, BUILD_FOR);
		return false;
	}
	for (size_t i = 0; i < COUNT(reads); i++) {
		if (is(build, reads[i])) {
			struct build_entry entry = {
			    .kind = BUILD_READ, .name = span_of(&build->token)};

			advance(build);
			if (!skip(build, "("))
				build_fail(build, ERR_FORMAT);
			build_push(build, &entry);
			return false;
		}
	}
	for (size_t i = 0; i < COUNT(words); i++) {
		if (is(build, words[i].text)) {
			(void)build_operand(build, words[i].op);
			advance(build);
			return true;
		}
	}
	build_operand(build, EXPR_NAME)->name = span_of(&build->token);
	advance(build);
	return true;
}

/* True when an operand is complete. */
static bool
read_operand(struct build *build)
{
	struct token token = build->token;
	int64_t value;

	switch (token.kind) {
	case TOKEN_VAR:
		read_string(build);
		return true;
	case TOKEN_NUMBER:
		if (number_of(build->rule->text, &token, &value))
			build_operand(build, EXPR_NUMBER)->value = value;
		else
			(void)build_operand(build, EXPR_UNKNOWN);
		advance(build);
		return true;
	case TOKEN_TEXT:
	case TOKEN_REGEX:
		(void)build_operand(build, EXPR_UNKNOWN);
		advance(build);
		return true;
	case TOKEN_WORD:
		return read_word(build);
	default:
		if (is(build, "-") || is(build, "~")) {
			prefix(build, EXPR_MATH, BIND_UNARY);
		} else {
			if (!skip(build, "("))
				build_fail(build, ERR_FORMAT);
			mark(build, BUILD_GROUP);
		}
		return false;
	}
}

/* "of": a set, or the head of a loop over one; true when complete. */
static bool
read_of(struct build *build, bool is_percent)
{
	struct build_entry *top;
	uint32_t items, count;
	struct expr_node *node;

	advance(build);
	build_reduce(build, BIND_BIT_OR);
	if (!build_set(build, &items, &count)) {
		build_fail(build, ERR_FORMAT);
		return true;
	}
	top = build_entry_top(build);
	if (top != NULL && top->kind == BUILD_FOR) {
		if (is_percent || !skip(build, ":") || !skip(build, "("))
			build_fail(build, ERR_FORMAT);
		*top = (struct build_entry){.kind = BUILD_BODY,
		    .op = EXPR_FOR_OF,
		    .items = items,
		    .item_count = count,
		    .base = build->operand_count};
		return false;
	}
	node = build_node(build, is_percent ? EXPR_PERCENT_OF : EXPR_OF, 1);
	node->items = items;
	node->item_count = count;
	return true;
}

static void
add_variable(struct build *build)
{
	struct expr *expr = build->expr;

	if (build->token.kind != TOKEN_WORD)
		build_fail(build, ERR_FORMAT);
	if (expr->variable_count == expr->variable_capacity) {
		expr->variable_capacity = expr->variable_capacity * 2 + 4;
		expr->variables = xreallocarray(expr->variables,
		    expr->variable_capacity, sizeof(*expr->variables));
	}
	expr->variables[expr->variable_count++] = span_of(&build->token);
	advance(build);
}

/* "i, j in" behind how many. */
static void
read_variables(struct build *build)
{
	struct build_entry *top;

	build_reduce(build, BIND_BIT_OR);
	top = build_entry_top(build);
	if (top == NULL || top->kind != BUILD_FOR) {
		build_fail(build, ERR_FORMAT);
		return;
	}
	do {
		add_variable(build);
	} while (build->err == ERR_OK && skip(build, ","));
	if (!skip(build, "in"))
		build_fail(build, ERR_FORMAT);
	top->kind = BUILD_OVER;
	if (skip(build, "("))
		mark(build, BUILD_ITERATOR);
}

/* The colon before a loop's body. */
static void
read_colon(struct build *build)
{
	struct build_entry *top;

	advance(build);
	build_reduce(build, BIND_OR);
	top = build_entry_top(build);
	if (top == NULL || top->kind != BUILD_OVER || !skip(build, "(")) {
		build_fail(build, ERR_FORMAT);
		return;
	}
	*top = (struct build_entry){.kind = BUILD_BODY,
	    .op = EXPR_FOR_IN,
	    .base = build->operand_count};
}

/* "," and ".." within brackets. */
static void
read_separator(struct build *build)
{
	bool is_range = is(build, "..");
	struct build_entry *top;

	advance(build);
	build_reduce(build, BIND_OR);
	top = build_entry_top(build);
	if (top == NULL ||
	    (top->kind != BUILD_ARGUMENTS && top->kind != BUILD_WITHIN &&
		top->kind != BUILD_ITERATOR))
		build_fail(build, ERR_FORMAT);
	else
		top->is_range |= is_range;
}

static void
read_close(struct build *build)
{
	bool is_index = is(build, "]");
	struct build_entry *top;

	advance(build);
	build_reduce(build, BIND_OR);
	top = build_entry_top(build);
	if (top == NULL || (top->kind == BUILD_INDEX) != is_index)
		build_fail(build, ERR_FORMAT);
	else
		build_close(build);
}

/* ".name", "[i]", "(...)" behind an operand; true when it is complete. */
static bool
read_suffix(struct build *build)
{
	struct expr_node *top = build_top(build);

	if (skip(build, ".")) {
		if (top->op != EXPR_NAME || build->token.kind != TOKEN_WORD)
			build_fail(build, ERR_FORMAT);
		if (top->member.end == 0)
			top->member = span_of(&build->token);
		advance(build);
		return true;
	}
	if (skip(build, "[")) {
		mark(build, BUILD_INDEX);
		return false;
	}
	advance(build);
	if (top->op != EXPR_NAME)
		build_fail(build, ERR_FORMAT);
	top->is_call = true;
	if (skip(build, ")"))
		return true;
	mark(build, BUILD_ARGUMENTS);
	return false;
}

static void
read_binary(struct build *build)
{
	const struct operation *found = NULL;

	for (size_t i = 0; i < COUNT(operators); i++) {
		if (is(build, operators[i].text))
			found = &operators[i];
	}
	if (found == NULL) {
		build_fail(build, ERR_FORMAT);
		return;
	}
	advance(build);
	build_reduce(build, found->precedence);
	build_push(build, &(struct build_entry){.kind = BUILD_BINARY,
			      .precedence = found->precedence,
			      .op = found->op,
			      .detail = found->detail});
}

/* "% of", which is no remainder. */
static bool
is_percent(const struct build *build)
{
	struct lexer ahead = build->lexer;
	struct token token;

	if (!is(build, "%"))
		return false;
	token = lexer_next(&ahead);
	return token_is(build->rule->text, &token, "of");
}

/* What stands behind an operand; true when an operand is complete again. */
static bool
read_operator(struct build *build)
{
	if (is(build, ".") || is(build, "[") || is(build, "("))
		return read_suffix(build);
	if (is(build, ")") || is(build, "]")) {
		read_close(build);
		return true;
	}
	if (is(build, ",") || is(build, "..")) {
		read_separator(build);
		return false;
	}
	if (is(build, ":")) {
		read_colon(build);
		return false;
	}
	if (is_percent(build)) {
		advance(build);
		return read_of(build, true);
	}
	if (is(build, "of"))
		return read_of(build, false);
	if (is(build, "in")) {
		advance(build);
		if (!skip(build, "("))
			build_fail(build, ERR_FORMAT);
		mark(build, BUILD_WITHIN);
		return false;
	}
	if (build->token.kind == TOKEN_WORD && build->entry_count > 0) {
		bool is_known = false;

		for (size_t i = 0; i < COUNT(operators); i++)
			is_known |= is(build, operators[i].text);
		if (!is_known) {
			read_variables(build);
			return false;
		}
	}
	read_binary(build);
	return false;
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct rule *rule = arg;
	struct span x = rule->strings[*(const uint32_t *)a].name;
	struct span y = rule->strings[*(const uint32_t *)b].name;
	size_t x_len = x.end - x.start;
	size_t y_len = y.end - y.start;
	int order = memcmp(rule->text + x.start, rule->text + y.start,
	    x_len < y_len ? x_len : y_len);

	if (order != 0)
		return order;
	return x_len < y_len ? -1 : x_len > y_len;
}

static void
read_all(struct build *build)
{
	bool is_complete = false;

	while (build->err == ERR_OK && build->token.kind != TOKEN_END)
		is_complete =
		    is_complete ? read_operator(build) : read_operand(build);
	build_reduce(build, BIND_OR);
	if (!is_complete || build->entry_count != 0 ||
	    build->operand_count != 1)
		build_fail(build, ERR_FORMAT);
	if (build->err == ERR_OK)
		build->expr->root = build->operands[0];
}

int
expr_parse(struct expr *expr, const struct rule *rule)
{
	struct build *build = xcalloc(1, sizeof(*build));
	int err;

	*expr = (struct expr){0};
	build->expr = expr;
	build->rule = rule;
	build->sorted = xcalloc(rule->string_count + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < rule->string_count; i++)
		build->sorted[i] = i;
	qsort_r(build->sorted, rule->string_count, sizeof(uint32_t), by_name,
	    (void *)(uintptr_t)rule);
	lexer_init(&build->lexer, rule->text, rule->condition.end);
	build->lexer.at = rule->condition.start;
	advance(build);
	read_all(build);
	err = build->err;
	free(build->sorted);
	free(build->operands);
	free(build);
	return err;
}

void
expr_release(struct expr *expr)
{
	free(expr->nodes);
	free(expr->items);
	free(expr->variables);
	*expr = (struct expr){0};
}

bool
expr_is_variable(const struct expr *expr, const char *text, struct span name)
{
	for (size_t i = 0; i < expr->variable_count; i++) {
		struct span own = expr->variables[i];

		if (own.end - own.start == name.end - name.start &&
		    memcmp(text + own.start, text + name.start,
			name.end - name.start) == 0)
			return true;
	}
	return false;
}
