/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h - a rule's meta section and tags, as JSON. */
#ifndef RULES_META_H
#define RULES_META_H

#include "lib/json.h"
#include "rules/rule.h"

/* Entries, bytes of one text, and of all. */
#define META_ENTRIES_MAX 64
#define META_TEXT_MAX	 ((size_t)1000)
#define META_BYTES_MAX	 ((size_t)6000)

/*
 * {name: value}: texts, integers, truths; a name that comes twice has a list.
 * Texts are cut, and entries beyond the bounds left out: *ret_cut.  New
 * reference.
 */
json_t *meta_json(const struct rule *rule, bool *ret_cut);
/* New reference. */
json_t *meta_tags(const struct rule *rule);

#endif
