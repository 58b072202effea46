/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - the rules, imports and includes of one file of YARA rules.
 *
 * Never fails: what is no rule is passed over up to the next one, and a rule
 * that is not understood is marked as odd.  libyara has the last word.
 */
#ifndef RULES_PARSE_H
#define RULES_PARSE_H

#include "rules/lexer.h"
#include "rules/rule.h"

enum parse_item {
	PARSE_END,
	PARSE_RULE,
	PARSE_IMPORT,
	PARSE_INCLUDE
};

struct parse {
	struct lexer lexer;
	struct token token; /* the next one */
	size_t last_end;    /* of the one before */
	struct span name;   /* of an import or include, without quotes */
	size_t name_line;
};

void parse_init(struct parse *parse, const char *text, size_t len);
/*
 * The next item; a rule goes to *ret_rule (file and namespace are left to the
 * caller), which owns what it holds: rule_release().
 */
enum parse_item parse_next(struct parse *parse, struct rule *ret_rule);

#endif
