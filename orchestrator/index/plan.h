/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - a condition (lib/cond.h) as a tree that is quick to evaluate.
 *
 * Operands are in the order of what is likely to end the work early.
 */
#ifndef INDEX_PLAN_H
#define INDEX_PLAN_H

#include "lib/cond.h"

struct plan_node {
	enum cond_op op;
	uint8_t flags;
	uint8_t offset;	   /* HEAD */
	uint8_t len;	   /* RUN, HEAD */
	const uint8_t *p;  /* RUN, HEAD: borrowed from the condition */
	uint64_t min, max; /* SIZE */
	uint32_t least;	   /* MIN */
	uint32_t from;	   /* AND, OR, MIN: in operands; RUN: in grams */
	uint32_t count;	   /* of operands, or of grams */
};

struct plan {
	struct plan_node *nodes;
	size_t nodes_count;
	uint32_t *operands; /* places of nodes */
	size_t operands_count;
	uint32_t *grams; /* hashes */
	size_t grams_count;
	uint32_t root;
	size_t depth; /* of operations inside operations, at least 1 */
};

/* p is borrowed while the plan lives.  ERR_FORMAT: it is no condition. */
int must_check plan_make(const uint8_t *p, size_t len, struct plan *ret_plan);
void plan_release(struct plan *plan);

#endif
