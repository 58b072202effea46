/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - a rule's condition as a tree.
 *
 * The grammar is that of libyara 4.2 (its grammar.y), read by precedence with
 * stacks of its own, so that no input makes it recurse.  What a tree says is
 * right only for conditions that libyara takes as well; those that are not
 * understood have none.
 */
#ifndef RULES_EXPR_H
#define RULES_EXPR_H

#include "lib/err.h"
#include "rules/rule.h"

#define EXPR_NODES_MAX ((size_t)200000)
#define EXPR_DEPTH_MAX ((size_t)2000)
#define EXPR_ITEMS_MAX ((size_t)100000)
/* No node; no string, or the one that a loop stands at. */
#define EXPR_NONE UINT32_MAX

enum expr_op {
	EXPR_UNKNOWN, /* texts, regular expressions, real numbers */
	EXPR_TRUE,
	EXPR_FALSE,
	EXPR_NUMBER, /* value */
	EXPR_STRING, /* $a: string */
	EXPR_COUNT,  /* #a, also "in" a range */
	EXPR_PLACE,  /* @a, @a[i] */
	EXPR_LENGTH, /* !a, !a[i] */
	EXPR_AT,     /* kids: string, where; or a range, for "in" */
	EXPR_FILESIZE,
	EXPR_ENTRYPOINT,
	EXPR_READ, /* uint16(kid): name */
	EXPR_NAME, /* name, and member behind the first dot */
	EXPR_ALL,
	EXPR_ANY,
	EXPR_NOTHING, /* none */
	EXPR_NOT,
	EXPR_DEFINED,
	EXPR_AND, /* any number of kids */
	EXPR_OR,
	EXPR_COMPARE,	/* detail: enum expr_compare */
	EXPR_TEXT_TEST, /* contains, matches ... */
	EXPR_ADD,
	EXPR_MATH,  /* any other operator on numbers */
	EXPR_RANGE, /* (a..b) */
	EXPR_LIST,  /* (a, b, c) */
	EXPR_OF,    /* kid: how many; items */
	EXPR_PERCENT_OF,
	EXPR_FOR_OF, /* kids: how many, body; items */
	EXPR_FOR_IN  /* kids: how many, over what, body */
};

enum expr_compare {
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE
};

struct expr_node {
	uint8_t op;
	uint8_t detail;
	bool is_call;
	uint32_t first, last, next; /* kids and the next one beside it */
	uint32_t string;
	uint32_t items, item_count;
	int64_t value;
	struct span name, member;
};

/* One thing of a set: a string of the rule, or rules by name. */
struct expr_item {
	uint32_t string; /* EXPR_NONE: rules */
	struct span name;
	bool is_prefix; /* name* */
};

struct expr {
	struct expr_node *nodes;
	size_t count, capacity;
	struct expr_item *items;
	size_t item_count, item_capacity;
	struct span *variables; /* of loops: names that are no rules */
	size_t variable_count, variable_capacity;
	uint32_t root;
};

/*
 * Reads the condition of a rule; expr_release() in any case.  ERR_FORMAT when
 * it is not understood, ERR_LIMIT when it is too large.
 */
int must_check expr_parse(struct expr *expr, const struct rule *rule);
void expr_release(struct expr *expr);
/* Whether a loop of the condition has a variable of this name. */
bool expr_is_variable(
    const struct expr *expr, const char *text, struct span name);

#endif
