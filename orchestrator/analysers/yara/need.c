/* SPDX-License-Identifier: Apache-2.0 */
/* need.c - what a rule's condition proves about the first bytes. */
#include "analysers/yara/need.h"

#include "rules/hex.h"
#include "rules/lexer.h"

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

/* Words of a condition that asks for strings and the file's size alone. */
static bool
is_plain_word(const char *text, const struct token *token)
{
	static const char *const words[] = {"and", "or", "not", "any", "all",
	    "none", "of", "them", "for", "in", "at", "filesize", "true",
	    "false"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (token_is(text, token, words[i]))
			return true;
	}
	return false;
}

/* Whether all of its strings are spans, and it asks for nothing else. */
static bool
is_local(const struct rule *rule)
{
	struct lexer lexer;
	struct token token;

	if (rule->is_odd || rule->string_count == 0)
		return false;
	for (size_t i = 0; i < rule->string_count; i++) {
		const struct rule_string *string = &rule->strings[i];

		if (string->is_odd || string->kind != STRING_REGEX ||
		    !regex_is_span(rule->text + string->value.start,
			string->value.end - string->value.start))
			return false;
	}
	lexer_init(&lexer, rule->text, rule->condition.end);
	lexer.at = rule->condition.start;
	while ((token = lexer_next(&lexer)).kind != TOKEN_END) {
		if ((token.kind == TOKEN_WORD &&
			!is_plain_word(rule->text, &token)) ||
		    token.kind == TOKEN_TEXT || token.kind == TOKEN_REGEX)
			return false;
	}
	return true;
}

/* All of its strings, whatever its condition says of them. */
static struct guard *
places_of(struct derive *derive, const struct rule *rule)
{
	form_id id = FORM_FALSE;

	for (size_t i = 0; i < rule->string_count; i++)
		id = form_or2(
		    &derive->form, id, derive_string(derive, (uint32_t)i));
	return guard_new(&derive->form, id);
}

struct rule_look
look_at_rule(struct derive *derive, const struct rule *rule)
{
	uint8_t cond[COND_BYTES_MAX];
	form_id id = derive_rule(derive, rule);
	size_t len = form_write(&derive->form, id, cond);
	struct rule_look look = {.guard = guard_new(&derive->form, id)};

	if (look.guard != NULL && is_local(rule))
		look.places = places_of(derive, rule);
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		if (!can_be_without(cond, len, &firsts[i])) {
			look.need = firsts[i].need;
			break;
		}
	}
	return look;
}
