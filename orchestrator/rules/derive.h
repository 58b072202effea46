/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive.h - from a condition's tree to the formula that it implies.
 *
 * Two questions are asked of a part of a condition: what follows from its
 * being true, and what from its not being true (false or undefined: libyara
 * collapses both under "and" and "or").  Whatever is not proven here is TRUE.
 */
#ifndef RULES_DERIVE_H
#define RULES_DERIVE_H

#include "rules/expr.h"
#include "rules/form.h"
#include "rules/strand.h"

/* Parts looked at for one rule, loops unrolled. */
#define DERIVE_STEPS_MAX ((size_t)200000)

/* Why a condition may be true of anything: what nothing follows from. */
enum derive_note {
	NOTE_STRING = 1,    /* a string without a run of COND_RUN_MIN bytes */
	NOTE_NOT = 2,	    /* something must not be there */
	NOTE_COUNT = 4,	    /* a count that may be 0 */
	NOTE_MODULE = 8,    /* a module's value */
	NOTE_EXTERNAL = 16, /* a name that the index does not know */
	NOTE_LOOP = 32,	    /* how often is not known */
	NOTE_VALUE = 64,    /* a computed value */
	NOTE_RULE = 128,    /* a rule that may be true of anything */
	NOTE_LARGE = 256,   /* a bound was met */
	NOTE_SYNTAX = 512   /* not understood */
};

/*
 * The conditions of rules that a rule may name, as formulas in ids (as many
 * as there are, at most ids_max); how many.
 */
typedef size_t derive_rules_fn(void *arg, struct form *form,
    const struct expr_item *item, form_id *ids, size_t ids_max);

struct derive {
	struct form form;
	struct strand strand;
	const struct rule *rule;
	const struct expr *expr;
	derive_rules_fn *rules;
	void *arg;
	form_id *strings; /* by string; UINT32_MAX = not made yet */
	size_t steps;
	unsigned int notes;
	uint32_t short_string; /* one that the note is about */
};

void derive_init(struct derive *derive);
void derive_release(struct derive *derive);
/*
 * What follows from the rule's condition; lives in derive->form until the
 * next call.  derive->rules, arg are set by the caller.
 */
form_id derive_rule(struct derive *derive, const struct rule *rule);

/* What follows from a string's matching (EXPR_NONE: nothing). */
form_id derive_string(struct derive *derive, uint32_t string);
/* What follows from a value's being defined. */
form_id derive_defined(struct derive *derive, uint32_t node, uint32_t at);
enum derive_how {
	DERIVE_TRUE,
	DERIVE_NOT_TRUE, /* false or undefined */
	DERIVE_FALSE	 /* and not undefined: under a "not" that is true */
};

/* What follows from a comparison's being so. */
form_id derive_compare(
    struct derive *derive, uint32_t node, uint32_t at, enum derive_how how);
/* What follows from a module's value being there; member may be empty. */
form_id derive_module(struct form *form, const char *text,
    const struct expr_node *node, bool is_truth);
void derive_note(struct derive *derive, enum derive_note note);

#endif
