/* SPDX-License-Identifier: Apache-2.0 */
/* agree.h - whether libyara sees the strings of a rule as they were read. */
#ifndef RULES_AGREE_H
#define RULES_AGREE_H

#include "analysers/yara/compile.h"
#include "rules/rule.h"

/*
 * Names, order, kinds, modifiers, and the bytes of those without wildcards.
 * False: nothing that was concluded from the rule's text may be believed.
 */
bool agree(const struct rule *rule, YR_RULE *seen);

#endif
