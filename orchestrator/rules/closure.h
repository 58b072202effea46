/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closure.h - a rule with everything that its meaning depends on: its digest,
 * its compile unit, its condition for the index.
 *
 * The digest is over the engine, and of the rule, of each rule that it names
 * (and those name) and of each global rule of its namespace: name, modifiers,
 * and the tokens of strings and condition.  Not over layout, comments, meta,
 * tags, or the order of rules that have nothing to do with each other.
 */
#ifndef RULES_CLOSURE_H
#define RULES_CLOSURE_H

#include "lib/digest.h"
#include "rules/bundle.h"
#include "rules/derive.h"

/* Rules of one compile unit. */
#define CLOSURE_RULES_MAX ((size_t)2000)
/* Looks at names behind "name*", in all. */
#define CLOSURE_LOOKS_MAX ((size_t)50000000)
/* Text of all compile units. */
#define CLOSURE_TEXT_MAX (320 * MIB)

struct closure {
	uint8_t core[SHA256_BYTES]; /* without engine and globals */
	uint8_t digest[SHA256_BYTES];
	uint32_t *refs; /* rules that it names, rising */
	size_t ref_count;
	unsigned int modules;	/* of the whole unit, 1 << enum rule_module */
	unsigned int externals; /* of the whole unit, 1 << place in the list */
	uint8_t *cond;		/* what its own condition implies */
	size_t cond_len;
	size_t unit_bytes;  /* of the rules of its unit */
	char *reason;	    /* why it is set aside; NULL = it is not */
	unsigned int notes; /* enum derive_note */
	uint32_t short_string;
	bool has_set;	 /* names rules by "name*" */
	bool is_counted; /* its unit's text is in text_bytes */
};

struct closures {
	struct bundle *bundle;
	const char *engine;
	const char *const *externals;
	size_t external_count;
	struct closure *list; /* by rule */
	struct derive derive;
	size_t looks;
	size_t text_bytes;
	uint32_t *stamps; /* by rule: the last walk that met it */
	uint32_t stamp;
	bool is_without_globals; /* units are made as if there were none */
};

/* engine and externals (names) stay the caller's. */
struct closures *closures_new(struct bundle *bundle, const char *engine,
    const char *const *externals, size_t external_count);
void closures_free(struct closures *closures);
/*
 * Finds what a rule names and what its own condition implies.  Rules are
 * linked in their order; again whenever one that they may name was set aside.
 */
void closures_link(struct closures *closures, size_t rule);
/*
 * After all that belongs to it is linked: digest, modules, externals of the
 * whole.  Sets the rule aside where it is too large.
 */
void closures_seal(struct closures *closures, size_t rule);
/* Sets a rule aside; the first reason stays. */
void closures_reject(
    struct closures *closures, size_t rule, const char *reason);
/* What was read of the rule is not believed: its condition becomes TRUE. */
void closures_doubt(struct closures *closures, size_t rule);
/*
 * The text that compiles by itself, with NUL (the caller frees), and the line
 * in it where the rule begins.  NULL when it is too large.
 */
char *closures_unit(
    struct closures *closures, size_t rule, size_t *ret_len, size_t *ret_line);
/*
 * The rules of the unit in their order, the rule itself included; how many,
 * at most CLOSURE_RULES_MAX + 1 (then it is too large).
 */
size_t closures_members(struct closures *closures, size_t rule,
    uint32_t ret_members[CLOSURE_RULES_MAX + 1]);
/*
 * What the rule's matching implies: its condition and those of the globals.
 * derive->notes of the closure are the rule's own.  Returns the length; the
 * class of what is left of a store goes to *ret_class.
 */
size_t closures_condition(struct closures *closures, size_t rule,
    uint8_t dst[COND_BYTES_MAX], enum form_class *ret_class);

#endif
