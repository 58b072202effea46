/* SPDX-License-Identifier: Apache-2.0 */
/* need.h - what a rule's condition proves about the files it can match. */
#ifndef YARA_NEED_H
#define YARA_NEED_H

#include "analysers/yara/rulefile.h"
#include "rules/lexer.h"

struct tokens {
	struct token *list;
	size_t count;
	size_t capacity;
};

void tokens_add(struct tokens *tokens, const struct token *token);
void tokens_release(struct tokens *tokens);
/*
 * What is a conjunct of the whole condition and fixes the first bytes: without
 * them "A and B" is false or undefined, whatever the rest says (YARA manual,
 * "Conditions").  NEED_ANY wherever that is not plain to see.
 */
enum rule_need need_of(const char *text, const struct tokens *condition);
/* Marks the units of file whose names the condition uses, "name*" too. */
void need_mark_references(
    struct rule_file *file, const struct tokens *condition);

#endif
