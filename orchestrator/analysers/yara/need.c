/* SPDX-License-Identifier: Apache-2.0 */
/* need.c - what a rule's condition proves about the first bytes. */
#include "analysers/yara/need.h"

#include <string.h>

static const struct first {
	const char *bytes;
	size_t len;
	enum rule_need need;
} firsts[] = {
    {"MZ", 2, NEED_MZ},
    {"\x7f"
     "ELF",
	4, NEED_ELF},
};

/* Whether the step asks for all of these first bytes. */
static bool
asks_for(const struct cond_step *step, const struct first *first)
{
	static const uint8_t mask[] = {0xff, 0xff, 0xff, 0xff};

	return step->op == COND_HEAD && step->offset == 0 &&
	       step->len >= first->len &&
	       memcmp(step->p, first->bytes, first->len) == 0 &&
	       memcmp(step->p + step->len, mask, first->len) == 0;
}

/* Whether the condition can be true of a file that begins otherwise. */
static bool
can_be_without(const uint8_t *cond, size_t len, const struct first *first)
{
	bool stack[COND_STACK_MAX + 1];
	struct cond_step step;
	size_t depth = 0;
	size_t at = 0;

	while (cond_next(cond, len, &at, &step) == ERR_OK) {
		size_t least = step.op == COND_AND  ? step.count
			       : step.op == COND_OR ? 1
						    : step.least;
		size_t can = 0;

		for (size_t i = 0; i < step.count; i++)
			can += stack[--depth];
		stack[depth++] = step.count > 0 ? can >= least
						: step.op != COND_FALSE &&
						      !asks_for(&step, first);
	}
	return stack[0];
}

enum rule_need
need_of(struct derive *derive, const struct rule *rule)
{
	uint8_t cond[COND_BYTES_MAX];
	form_id id = derive_rule(derive, rule);
	size_t len = form_write(&derive->form, id, cond);

	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		if (!can_be_without(cond, len, &firsts[i]))
			return firsts[i].need;
	}
	return NEED_ANY;
}
