/* SPDX-License-Identifier: Apache-2.0 */
/* slow.h - the rules that take too long, and the strings that make them. */
#ifndef RULES_SLOW_H
#define RULES_SLOW_H

#include "analysers/rules/try.h"

/*
 * Measures rules that were compiled together.  Where they take longer than
 * one may, the slow ones are found by halving, and set aside with their time
 * and their slowest string.
 */
void slow_find(
    struct try *try, YR_RULES *compiled, const size_t *rules, size_t count);

#endif
