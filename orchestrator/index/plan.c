/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - a condition as a tree that is quick to evaluate. */
#include "index/plan.h"

#include "index/column.h"
#include "lib/xalloc.h"

#include <string.h>

/* What plan_make() knows of an operand beside its node. */
struct entry {
	uint32_t node;
	uint32_t depth;
};

void
plan_release(struct plan *plan)
{
	free(plan->nodes);
	free(plan->operands);
	free(plan->grams);
	*plan = (struct plan){0};
}

/*
 * Grams in an order in which few are enough: those that share no byte with
 * the one before tell the most.
 */
static void
add_grams(struct plan *plan, struct plan_node *node)
{
	size_t count = node->len - GRAM_BYTES + 1;

	node->from = (uint32_t)plan->grams_count;
	node->count = (uint32_t)count;
	for (size_t start = 0; start < GRAM_BYTES; start++) {
		for (size_t i = start; i < count; i += GRAM_BYTES)
			plan->grams[plan->grams_count++] = gram_hash(
			    node->p + i, (node->flags & COND_WIDE) != 0);
	}
}

/* The less, the sooner. */
static int
cost(const struct plan_node *node)
{
	switch (node->op) {
	case COND_TRUE:
	case COND_FALSE:
		return 0;
	case COND_RUN:
		return 128 - node->len;
	case COND_HEAD:
		return 1000;
	case COND_SIZE:
		return 2000;
	default:
		return 256;
	}
}

/* Stable, and mostly sorted or short. */
static void
sort_operands(const struct plan *plan, uint32_t *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t node = list[i];
		int c = cost(&plan->nodes[node]);
		size_t at = i;

		for (; at > 0 && cost(&plan->nodes[list[at - 1]]) > c; at--)
			list[at] = list[at - 1];
		list[at] = node;
	}
}

/* An operation over the topmost of the stack; what is one operand is it. */
static void
add_operation(struct plan *plan, struct plan_node *node, struct entry *stack,
    size_t *count)
{
	struct entry *args = stack + *count - node->count;
	uint32_t depth = 0;

	if (node->count == 1) {
		/* It stays where it is. */
		plan->nodes_count--;
		return;
	}
	node->from = (uint32_t)plan->operands_count;
	for (size_t i = 0; i < node->count; i++) {
		plan->operands[plan->operands_count++] = args[i].node;
		if (args[i].depth > depth)
			depth = args[i].depth;
	}
	sort_operands(plan, plan->operands + node->from, node->count);
	*count -= node->count;
	stack[(*count)++] = (struct entry){
	    .node = (uint32_t)(node - plan->nodes),
	    .depth = depth + 1,
	};
}

static void
add_step(struct plan *plan, const struct cond_step *step, struct entry *stack,
    size_t *count)
{
	struct plan_node *node = &plan->nodes[plan->nodes_count++];

	*node = (struct plan_node){
	    .op = step->op,
	    .flags = step->flags,
	    .offset = step->offset,
	    .len = step->len,
	    .p = step->p,
	    .min = step->min,
	    .max = step->max,
	    .least = step->least,
	    .count = step->count,
	};
	if (step->op == COND_MIN && step->least == 1)
		node->op = COND_OR;
	else if (step->op == COND_MIN && step->least == step->count)
		node->op = COND_AND;
	if (step->op == COND_RUN)
		add_grams(plan, node);
	if (step->op == COND_AND || step->op == COND_OR || step->op == COND_MIN)
		add_operation(plan, node, stack, count);
	else
		stack[(*count)++] = (struct entry){
		    .node = (uint32_t)(plan->nodes_count - 1),
		};
}

int
plan_make(const uint8_t *p, size_t len, struct plan *ret_plan)
{
	struct entry stack[COND_STACK_MAX];
	struct plan plan = {0};
	struct cond_step step;
	size_t ops = 0, operands = 0, grams = 0, count = 0;

	if (cond_check(p, len) != ERR_OK)
		return ERR_FORMAT;
	for (size_t at = 0; cond_next(p, len, &at, &step) == ERR_OK; ops++) {
		operands += step.count;
		if (step.op == COND_RUN)
			grams += step.len;
	}
	plan.nodes = xcalloc(ops, sizeof(*plan.nodes));
	plan.operands = xcalloc(operands, sizeof(*plan.operands));
	plan.grams = xcalloc(grams, sizeof(*plan.grams));
	for (size_t at = 0; cond_next(p, len, &at, &step) == ERR_OK;)
		add_step(&plan, &step, stack, &count);
	plan.root = stack[0].node;
	plan.depth = stack[0].depth + 1;
	*ret_plan = plan;
	return ERR_OK;
}
