/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluate.h - the meaning of lib/cond.h, over a file's bytes: the plainest
 * evaluator, that others are compared with.
 */
#ifndef TESTS_RULES_EVALUATE_H
#define TESTS_RULES_EVALUATE_H

#include "lib/cond.h"

#include <stdbool.h>
#include <string.h>

static inline uint8_t
evaluate_fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline bool
evaluate_run_at(
    const struct cond_step *step, const uint8_t *p, size_t len, size_t at)
{
	size_t stride = step->flags & COND_WIDE ? 2 : 1;

	for (size_t i = 0; i < step->len; i++) {
		size_t place = at + i * stride;

		if (place >= len || evaluate_fold(p[place]) != step->p[i])
			return false;
		/* The NUL behind the last one may be missing. */
		if (stride == 2 && i + 1 < step->len &&
		    (place + 1 >= len || p[place + 1] != 0))
			return false;
	}
	return true;
}

static inline bool
evaluate_leaf(const struct cond_step *step, const uint8_t *p, size_t len)
{
	switch (step->op) {
	case COND_TRUE:
		return true;
	case COND_RUN:
		for (size_t at = 0; at < len; at++) {
			if (evaluate_run_at(step, p, len, at))
				return true;
		}
		return false;
	case COND_SIZE:
		return len >= step->min && len <= step->max;
	case COND_HEAD:
		if (len < (size_t)step->offset + step->len)
			return false;
		for (size_t i = 0; i < step->len; i++) {
			if ((p[step->offset + i] & step->p[step->len + i]) !=
			    step->p[i])
				return false;
		}
		return true;
	default:
		return false;
	}
}

/* cond_check() has taken it. */
static inline bool
evaluate(const uint8_t *cond, size_t cond_len, const uint8_t *p, size_t len)
{
	bool stack[COND_STACK_MAX + 1];
	struct cond_step step;
	size_t depth = 0;
	size_t at = 0;

	while (cond_next(cond, cond_len, &at, &step) == ERR_OK) {
		size_t least = step.op == COND_AND  ? step.count
			       : step.op == COND_OR ? 1
						    : step.least;
		size_t found = 0;

		for (size_t i = 0; i < step.count; i++)
			found += stack[--depth];
		stack[depth++] = step.count > 0 ? found >= least
						: evaluate_leaf(&step, p, len);
	}
	return stack[0];
}

#endif
