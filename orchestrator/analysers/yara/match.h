/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - a rule that matched, as a MATCH record. */
#ifndef YARA_MATCH_H
#define YARA_MATCH_H

#include "analysers/yara/unitrules.h"

/* Bytes that are shown of each place where a string was found. */
#define MATCH_DATA_BYTES_MAX 64
/* Places shown for one string, and for all strings of one rule. */
#define MATCH_PLACES_PER_STRING 10
#define MATCH_PLACES_PER_RULE	60
/* Meta entries of one rule, and bytes of each. */
#define MATCH_META_MAX	     64
#define MATCH_META_BYTES_MAX ((size_t)1024)
/* The score of a rule whose meta has none. */
#define MATCH_SCORE_DEFAULT 50

/*
 * The body of the record.  unit: what the rule is of a set of units (its
 * namespace, closure and text are told), or NULL.  New reference.
 */
json_t *match_record(
    YR_SCAN_CONTEXT *context, YR_RULE *rule, const struct unit_rule *unit);
/*
 * ATT&CK technique numbers in a text: "T1059.001, t1027" gives both, upper
 * case.  Appended to list, each once.
 */
void match_add_techniques(json_t *list, const char *text);

#endif
