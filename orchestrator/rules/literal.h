/* SPDX-License-Identifier: Apache-2.0 */
/* literal.h - what a match of one string of a rule says about the file. */
#ifndef RULES_LITERAL_H
#define RULES_LITERAL_H

#include "rules/rule.h"
#include "rules/strand.h"

/* Implied by "the string matches somewhere"; all kinds and modifiers. */
form_id literal_form(struct strand *strand, struct form *form, const char *text,
    const struct rule_string *string);
/* Implied by "it matches at this offset", beside literal_form(). */
form_id literal_head(struct form *form, const char *text,
    const struct rule_string *string, uint64_t offset);

#endif
