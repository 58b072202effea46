/* SPDX-License-Identifier: Apache-2.0 */
/* expr_build.h - the stacks of expr.c, and what reduces them. */
#ifndef RULES_EXPR_BUILD_H
#define RULES_EXPR_BUILD_H

#include "rules/expr.h"
#include "rules/lexer.h"

enum build_kind {
	/* operators */
	BUILD_PREFIX,
	BUILD_BINARY,
	/* marks: what a bracket opened */
	BUILD_GROUP,
	BUILD_ARGUMENTS,
	BUILD_INDEX,
	BUILD_READ,
	BUILD_WITHIN,	/* $a in (..), #a in (..), .. of .. in (..) */
	BUILD_FOR,	/* "for", before it is known of which kind */
	BUILD_OVER,	/* "for .. i in", before the colon */
	BUILD_ITERATOR, /* its bracket */
	BUILD_BODY	/* the body's bracket */
};

struct build_entry {
	uint8_t kind;
	uint8_t precedence;
	uint8_t op; /* enum expr_op of the node to make */
	uint8_t detail;
	bool is_range;
	uint32_t items, item_count;
	struct span name;
	size_t base; /* operands below the mark */
};

struct build {
	struct expr *expr;
	const struct rule *rule;
	uint32_t *sorted; /* the rule's strings by name */
	struct lexer lexer;
	struct token token;
	uint32_t *operands;
	size_t operand_count, operand_capacity;
	struct build_entry entries[EXPR_DEPTH_MAX];
	size_t entry_count;
	int err;
};

/* Not understood. */
void build_fail(struct build *build, int err);
/* A new node as operand. */
struct expr_node *build_operand(struct build *build, enum expr_op op);
/* The topmost operand, or NULL. */
struct expr_node *build_top(struct build *build);
void build_push(struct build *build, const struct build_entry *entry);
/* The topmost entry, or NULL. */
struct build_entry *build_entry_top(struct build *build);
/* Makes nodes of the operators above that bind at least so strongly. */
void build_reduce(struct build *build, unsigned int precedence);
/* Makes one node of the mark on top and its operands. */
void build_close(struct build *build);
/* Takes the n topmost operands as kids of a new node, which becomes one. */
struct expr_node *build_node(struct build *build, enum expr_op op, size_t n);

/* A string's number by its name, sigil left out; EXPR_NONE = no such one. */
uint32_t build_string(const struct build *build, struct span name);
/* Behind "of": the set; false where it is none. */
bool build_set(struct build *build, uint32_t *ret_items, uint32_t *ret_count);

#endif
