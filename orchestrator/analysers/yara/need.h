/* SPDX-License-Identifier: Apache-2.0 */
/* need.h - what a rule's condition proves about the first bytes of a file. */
#ifndef YARA_NEED_H
#define YARA_NEED_H

#include "analysers/yara/rulefile.h"
#include "rules/derive.h"

/*
 * What the first bytes of a file must be for the rule to match, as it follows
 * from its condition (rules/derive.h); NEED_ANY wherever that is not proven.
 */
enum rule_need need_of(struct derive *derive, const struct rule *rule);

#endif
