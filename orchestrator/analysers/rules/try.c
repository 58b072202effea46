/* SPDX-License-Identifier: Apache-2.0 */
/* try.c - libyara's word on the rules of a bundle. */
#include "analysers/rules/try.h"

#include "analysers/rules/agree.h"
#include "analysers/rules/fault.h"
#include "analysers/rules/slow.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <inttypes.h>

/* Rounds in which global rules are found not to work. */
#define GLOBAL_ROUNDS 8

void
try_init(struct try *try, struct closures *closures)
{
	size_t count = closures->bundle->rule_count;

	*try = (struct try){.closures = closures};
	try->results = xcalloc(count + 1, sizeof(*try->results));
	try->is_doubted = xcalloc(count + 1, sizeof(*try->is_doubted));
	try->buffers = xcalloc(COST_BUFFERS, COST_BUFFER_BYTES);
	for (size_t i = 0; i < count; i++)
		try->results[i].string = EXPR_NONE;
	cost_fill(try->buffers);
}

void
try_release(struct try *try)
{
	free(try->results);
	free(try->is_doubted);
	free(try->buffers);
	*try = (struct try){0};
}

/* Some units that are compiled together. */
struct batch {
	struct try *try;
	size_t *rules;
	size_t count;
	size_t bytes;
};

static void
reject_as_said(struct try *try, size_t rule, const struct compile *compile,
    size_t unit_line)
{
	const struct rule *r = &try->closures->bundle->rules[rule];
	size_t line = r->line;
	auto_free char *why = NULL;

	if (compile->error_count == 0) {
		closures_reject(try->closures, rule, "cannot be compiled");
		return;
	}
	if (compile->errors[0].line >= unit_line)
		line += compile->errors[0].line - unit_line;
	why = xasprintf("line %zu: %s", line, compile->errors[0].why);
	closures_reject(try->closures, rule, why);
}

/*
 * Adds the unit to the compiler; false where that is of no more use, and the
 * rule is set aside.
 */
static bool
add_unit(struct try *try, struct compile *compile, size_t rule)
{
	size_t len = 0, line = 0;
	auto_free char *text = closures_unit(try->closures, rule, &len, &line);
	char name[32];

	if (text == NULL) {
		closures_reject(try->closures, rule,
		    "its compile unit, or all of them together, are too large");
		return false;
	}
	(void)snprintf(name, sizeof(name), "%zu", rule);
	if (compile_add(compile, text, name) == ERR_OK)
		return true;
	reject_as_said(try, rule, compile, line);
	return false;
}

YR_RULES *
try_compile(struct try *try, size_t rule)
{
	struct compile compile;
	YR_RULES *rules = NULL;

	if (compile_init(&compile) != ERR_OK ||
	    !add_unit(try, &compile, rule) ||
	    compile_finish(&compile, &rules) != ERR_OK)
		rules = NULL;
	compile_release(&compile);
	return rules;
}

/*
 * Compiles rules[0] and on until one does not; *ret_done is how many did, and
 * the next one, if any, is set aside.  NULL where the whole of them failed.
 */
static YR_RULES *
compile_some(
    struct try *try, const size_t *rules, size_t count, size_t *ret_done)
{
	struct compile *compile = xcalloc(1, sizeof(*compile));
	YR_RULES *compiled = NULL;
	volatile size_t done = 0;

	if (!FAULT_GUARD()) {
		/* The compiler is what it is: it is not given back. */
		closures_reject(
		    try->closures, rules[done], "ends libyara's compiler");
		*ret_done = done;
		return NULL;
	}
	if (compile_init(compile) == ERR_OK) {
		while (done < count && add_unit(try, compile, rules[done]))
			done = done + 1;
		if (done == count &&
		    compile_finish(compile, &compiled) != ERR_OK)
			compiled = NULL;
	}
	compile_release(compile);
	fault_end();
	free(compile);
	*ret_done = done;
	return compiled;
}

/* Compares what libyara sees with what was read. */
static void
compare(struct try *try, YR_RULES *compiled)
{
	const struct bundle *bundle = try->closures->bundle;
	YR_RULE *rule;

	yr_rules_foreach(compiled, rule)
	{
		size_t i = (size_t)strtoull(rule->ns->name, NULL, 10);

		if (i >= bundle->rule_count ||
		    strcmp(rule->identifier, bundle->rules[i].name) != 0)
			continue;
		try->results[i].is_tried = true;
		if (!agree(&bundle->rules[i], rule))
			try->is_doubted[i] = true;
	}
}

static void
try_good(struct try *try, const size_t *rules, size_t count)
{
	size_t done = 0;
	YR_RULES *compiled;

	if (count == 0)
		return;
	compiled = compile_some(try, rules, count, &done);
	if (compiled != NULL) {
		compare(try, compiled);
		slow_find(try, compiled, rules, count);
		(void)yr_rules_destroy(compiled);
	}
	/* Together they do not: each by itself, then. */
	for (size_t i = 0; compiled == NULL && count > 1 && i < count; i++) {
		if (try->closures->list[rules[i]].reason == NULL)
			try_good(try, rules + i, 1);
	}
}

/* Each compiles, or is set aside, and the rest goes on behind it. */
static void
try_batch(struct try *try, const size_t *rules, size_t count)
{
	while (count > 0) {
		size_t done = 0;
		YR_RULES *compiled = compile_some(try, rules, count, &done);

		if (compiled != NULL) {
			compare(try, compiled);
			slow_find(try, compiled, rules, count);
			(void)yr_rules_destroy(compiled);
			return;
		}
		try_good(try, rules, done);
		if (done == count)
			return;
		rules += done + 1;
		count -= done + 1;
	}
}

static void
flush(struct batch *batch)
{
	try_batch(batch->try, batch->rules, batch->count);
	batch->count = 0;
	batch->bytes = 0;
}

static bool
is_late(struct try *try, size_t rule)
{
	if (loop_now_ms() < try->end_ms)
		return false;
	closures_reject(
	    try->closures, rule, "not tried: the time for trying rules was up");
	return true;
}

/* Global rules silence their namespace: those that do not work go first. */
static bool
try_globals(struct try *try)
{
	struct bundle *bundle = try->closures->bundle;
	bool is_changed = false;

	for (size_t i = 0; i < bundle->rule_count; i++) {
		YR_RULES *compiled;
		size_t done = 0;

		if ((bundle->rules[i].flags & RULE_GLOBAL) == 0 ||
		    try->closures->list[i].reason != NULL || is_late(try, i))
			continue;
		/* By itself: it must not pay for another one. */
		try->closures->is_without_globals = true;
		compiled = compile_some(try, &i, 1, &done);
		try->closures->is_without_globals = false;
		if (compiled == NULL)
			closures_reject(try->closures, i, "cannot be compiled");
		else
			(void)yr_rules_destroy(compiled);
		is_changed |= try->closures->list[i].reason != NULL;
	}
	return is_changed;
}

static void
link_all(struct try *try)
{
	struct bundle *bundle = try->closures->bundle;

	for (size_t i = 0; i < bundle->rule_count; i++)
		closures_link(try->closures, i);
	for (size_t i = 0; i < bundle->rule_count; i++)
		closures_seal(try->closures, i);
}

static void
reject_clashes(struct try *try)
{
	const struct bundle *bundle = try->closures->bundle;

	for (size_t i = 0; i < bundle->rule_count; i++) {
		const struct rule *rule = &bundle->rules[i];
		const struct rule *first;
		auto_free char *why = NULL;

		if (rule->clash == SIZE_MAX)
			continue;
		first = &bundle->rules[rule->clash];
		why = xasprintf("the name is taken by %s, line %zu",
		    bundle->files[first->file].path, first->line);
		closures_reject(try->closures, i, why);
	}
}

/* A rule that names one that is doubted is no better. */
static void
spread_doubt(struct try *try)
{
	struct bundle *bundle = try->closures->bundle;

	for (size_t i = 0; i < bundle->rule_count; i++) {
		struct closure *closure = &try->closures->list[i];

		for (size_t j = 0; j < closure->ref_count; j++)
			try->is_doubted[i] |= try->is_doubted[closure->refs[j]];
		if (try->is_doubted[i])
			closures_doubt(try->closures, i);
	}
}

/* Rules that name others by "name*", once more without those set aside. */
static void
try_sets_again(struct try *try)
{
	struct closures *closures = try->closures;

	for (size_t i = 0; i < closures->bundle->rule_count; i++) {
		struct closure *closure = &closures->list[i];
		size_t done;
		YR_RULES *compiled;

		if (!closure->has_set || closure->reason == NULL ||
		    closures->bundle->rules[i].clash != SIZE_MAX ||
		    is_late(try, i))
			continue;
		free(closure->reason);
		closure->reason = NULL;
		closures_link(closures, i);
		closures_seal(closures, i);
		if (closure->reason != NULL)
			continue;
		compiled = compile_some(try, &i, 1, &done);
		if (compiled == NULL)
			continue;
		compare(try, compiled);
		slow_find(try, compiled, &i, 1);
		(void)yr_rules_destroy(compiled);
	}
}

void
try_all(struct try *try)
{
	struct bundle *bundle = try->closures->bundle;
	struct batch batch = {.try = try};
	bool is_changed = true;

	batch.rules = xcalloc(TRY_UNITS_MAX, sizeof(size_t));
	reject_clashes(try);
	for (int round = 0; round < GLOBAL_ROUNDS && is_changed; round++) {
		link_all(try);
		is_changed = try_globals(try);
	}
	for (size_t i = 0; i < bundle->rule_count; i++) {
		if (try->closures->list[i].reason != NULL || is_late(try, i))
			continue;
		batch.rules[batch.count++] = i;
		batch.bytes += try->closures->list[i].unit_bytes;
		if (batch.count == TRY_UNITS_MAX || batch.bytes > TRY_BYTES_MAX)
			flush(&batch);
	}
	flush(&batch);
	try_sets_again(try);
	spread_doubt(try);
	free(batch.rules);
}
