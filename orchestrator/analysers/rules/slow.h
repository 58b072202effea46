/* SPDX-License-Identifier: Apache-2.0 */
/* slow.h - the rules that take long, and the strings that make them. */
#ifndef RULES_SLOW_H
#define RULES_SLOW_H

#include "analysers/rules/try.h"

/*
 * Measures rules that were compiled together.  Where they take longer than
 * LIMIT_RULE_SLOW_MS, the slow ones are found by halving, and named with their
 * time and their slowest string.  They stay, and are scanned with apart from
 * the others; set aside is what takes longer than rule_us_max, or seconds for
 * a few KiB.
 */
void slow_find(
    struct try *try, YR_RULES *compiled, const size_t *rules, size_t count);

#endif
