/* SPDX-License-Identifier: Apache-2.0 */
/* put.h - what is known of each rule, as RULE records. */
#ifndef RULES_PUT_H
#define RULES_PUT_H

#include "analysers/rules/sample.h"
#include "analysers/rules/try.h"
#include "lib/record.h"

/*
 * One RULE record with, where the rule is not set aside, its compile unit as
 * DATA frames and CHILD_END.
 */
void put_rule(struct record_out *out, struct try *try, struct samples *samples,
    size_t rule);
/* What is wrong with files or lines of the bundle: ERROR records. */
void put_notes(struct record_out *out, const struct bundle *bundle);

#endif
