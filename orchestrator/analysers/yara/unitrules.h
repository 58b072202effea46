/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unitrules.h - rules that came as compile units (lib/unitset.h).
 *
 * A unit that brings other rules along (those that it names, global rules) is
 * compiled in a namespace of its own, so that they act on nothing but itself;
 * a match counts only for the rule that the unit is about.  Units that are one
 * plain rule share namespaces, as long as their names differ: each import of a
 * module costs a tree of objects for every namespace.
 */
#ifndef YARA_UNITRULES_H
#define YARA_UNITRULES_H

#include "analysers/yara/compile.h"
#include "analysers/yara/rulefile.h"
#include "lib/digest.h"
#include "lib/json.h"

/* Units that are named when they are set aside. */
#define UNITRULES_ASIDE_SHOWN_MAX ((size_t)100)

struct unit_rule {
	char *namespace_name; /* where the rule stands */
	char *name;
	char *text; /* of the unit; NULL once all is compiled */
	size_t text_len;
	char closure[SHA256_HEX_BYTES];
	char text_digest[SHA256_HEX_BYTES];
	unsigned int flags; /* enum unit_flag */
	enum rule_need need;
	struct guard *guard;  /* need.h; NULL = none */
	struct guard *places; /* of plain units only */
	bool is_plain;	      /* the text is one rule, and that is not global */
	size_t place;	      /* of plain ones: how many before have its name */
	bool is_aside;
};

struct unit_rules {
	struct unit_rule *list; /* in the order of the set */
	size_t count;
	const struct unit_rule **plain; /* by name, then place */
	size_t plain_count;
	size_t aside_count;
	bool has_entry_point; /* a text may hold that keyword */
	json_t *set_aside; /* {"rule", "namespace", "why"} of the first ones */
};

/*
 * Reads the slow units (UNIT_SLOW) of the set from sealed memory, or all
 * others; fd stays the caller's.  ERR_FORMAT when it is none.  Compiles
 * nothing yet.
 */
int must_check unitrules_read(
    int fd, bool is_slow, struct unit_rules **ret_rules);
/* The same without texts, of a set that was compiled before: need, is_plain
 * and is_aside are to be filled in, then unitrules_place() called. */
int must_check unitrules_list(
    int fd, bool is_slow, struct unit_rules **ret_rules);
/* Gives plain units of one name different places. */
void unitrules_place(struct unit_rules *rules);
void unitrules_free(struct unit_rules *rules);
/* Moves the units with the guard and the places of the first one to a list of
 * their own, or (is_all) all that there are; before anything is compiled. */
struct unit_rules *unitrules_take(struct unit_rules *rules, bool is_all);
/*
 * Adds those units that can match files with this need (NEED_ANY: all that
 * may match any file) to the compiler.  ERR_FORMAT: one does not compile, and
 * the compiler is lost.  *ret_count counts what was added.
 */
int must_check unitrules_compile(const struct unit_rules *rules,
    enum rule_need need, struct compile *compile, size_t *ret_count);
/* Compiles each by itself and sets aside by name what does not. */
void unitrules_sift(struct unit_rules *rules);
/* Forgets the texts. */
void unitrules_shrink(struct unit_rules *rules);
/* The unit that brought the rule along, be it its subject or not. */
const struct unit_rule *unitrules_around(
    const struct unit_rules *rules, const YR_RULE *rule);
/* The unit that the rule is the subject of; NULL where it only serves one. */
const struct unit_rule *unitrules_of(
    const struct unit_rules *rules, const YR_RULE *rule);

#endif
