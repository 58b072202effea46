/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - conditions for the eyes of rule writers. */
#ifndef RULES_EXPLAIN_H
#define RULES_EXPLAIN_H

#include "rules/closure.h"

/* Bytes of a text, about; the rest is cut and says so. */
#define EXPLAIN_BYTES_MAX ((size_t)3000)

/*
 * A condition that cond_check() takes, as ("abcd" and wide "efgh") or size
 * 1..100.  The caller frees.
 */
char *explain_condition(const uint8_t *p, size_t len);
/*
 * One sentence about what a re-scan with the rule costs: "needs ...", "only
 * first bytes or the size are needed: ...", "may match anything, because ...".
 * The caller frees.
 */
char *explain_rule(const struct closures *closures, size_t rule,
    const uint8_t *cond, size_t len, enum form_class class);
/* "runs", "header" or "anything". */
const char *explain_class(enum form_class class);

#endif
