/* SPDX-License-Identifier: Apache-2.0 */
/* need.h - what a rule's condition proves about the first bytes of a file. */
#ifndef YARA_NEED_H
#define YARA_NEED_H

#include "analysers/yara/rulefile.h"
#include "rules/derive.h"
#include "rules/guard.h"

/* What is known of a rule before a file is scanned for it. */
struct rule_look {
	enum rule_need need;
	struct guard *guard; /* NULL = none */
	/* Where its strings can be, and nothing else of a file than these
	 * places and its size counts for it; NULL = all of the file does. */
	struct guard *places;
};

/*
 * As it follows from the rule's condition (rules/derive.h): NEED_ANY and NULL
 * wherever nothing is proven.  The guards are the caller's.
 */
struct rule_look look_at_rule(struct derive *derive, const struct rule *rule);

#endif
