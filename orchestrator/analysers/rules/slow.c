/* SPDX-License-Identifier: Apache-2.0 */
/* slow.c - the rules that take too long. */
#include "analysers/rules/slow.h"

#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/lexer.h"

/* Ranges that wait while they are halved. */
#define HALVES_MAX 64
/* Strings of a slow rule that are measured one by one. */
#define STRINGS_MAX ((size_t)200)

static YR_RULES *
compile_range(struct try *try, const size_t *rules, size_t count)
{
	struct compile compile;
	YR_RULES *compiled = NULL;
	bool is_good = compile_init(&compile) == ERR_OK;

	for (size_t i = 0; is_good && i < count; i++) {
		size_t len, line;
		auto_free char *text =
		    closures_unit(try->closures, rules[i], &len, &line);
		char name[32];

		(void)snprintf(name, sizeof(name), "%zu", rules[i]);
		is_good =
		    text != NULL && compile_add(&compile, text, name) == ERR_OK;
	}
	if (is_good && compile_finish(&compile, &compiled) != ERR_OK)
		compiled = NULL;
	compile_release(&compile);
	return compiled;
}

#define SLOW_US ((uint64_t)LIMIT_RULE_SLOW_MS * 1000)
/* A rule that takes so many times that is not measured to its end. */
#define TIMES_MAX 10
/* What one that has no end counts as, for people. */
#define ENDLESS_US ((uint64_t)60 * 1000000)

static uint64_t
measure(struct try *try, YR_RULES *compiled, uint64_t us_max)
{
	return cost_us_up_to(compiled,
	    (const uint8_t(*)[COST_BUFFER_BYTES])try->buffers, us_max);
}

/* What is measured of one rule: enough to compare it with its bound. */
static uint64_t
us_max(const struct try *try)
{
	uint64_t most = SLOW_US * TIMES_MAX;

	return try->rule_us_max > most ? try->rule_us_max : most;
}

/* A rule of one string of another rule. */
static uint64_t
string_us(struct try *try, const struct rule *rule,
    const struct rule_string *string, size_t end)
{
	auto_free char *text = xasprintf(
	    "rule one { strings: $s = %.*s condition: $s }",
	    (int)(end - string->value.start), rule->text + string->value.start);
	struct compile compile;
	YR_RULES *compiled = NULL;
	uint64_t us = 0;

	if (compile_init(&compile) == ERR_OK &&
	    compile_add(&compile, text, "one") == ERR_OK &&
	    compile_finish(&compile, &compiled) == ERR_OK) {
		us = measure(try, compiled, us_max(try));
		(void)yr_rules_destroy(compiled);
	}
	compile_release(&compile);
	return us;
}

/* Where a string's modifiers end: at the next string, or the condition. */
static size_t
string_end(const struct rule *rule, size_t i)
{
	struct lexer lexer;
	struct token token;
	size_t end = rule->strings[i].value.end;

	lexer_init(&lexer, rule->text, rule->condition.start);
	lexer.at = end;
	while ((token = lexer_next(&lexer)).kind != TOKEN_END &&
	       token.kind != TOKEN_VAR &&
	       !token_is(rule->text, &token, "condition"))
		end = token.end;
	return end;
}

static void
find_string(struct try *try, size_t rule)
{
	const struct rule *r = &try->closures->bundle->rules[rule];
	struct try_result *result = &try->results[rule];

	for (size_t i = 0; i < r->string_count && i < STRINGS_MAX &&
			   loop_now_ms() < try->end_ms;
	     i++) {
		uint64_t us =
		    string_us(try, r, &r->strings[i], string_end(r, i));

		if (us == COST_ENDLESS)
			us = ENDLESS_US;
		if (us > result->string_us) {
			result->string_us = us;
			result->string = (uint32_t)i;
		}
	}
}

/* Slow rules stay, apart from the others; what nothing can be scanned with,
 * or is beyond what the administrator allows, is set aside. */
static void
take_slow(struct try *try, size_t rule, uint64_t us)
{
	struct try_result *result = &try->results[rule];
	const struct rule *r = &try->closures->bundle->rules[rule];
	bool is_endless = us == COST_ENDLESS;
	struct span name = {0, 0};
	auto_free char *why = NULL;

	result->is_measured = true;
	result->us = is_endless ? ENDLESS_US : us;
	find_string(try, rule);
	if (!is_endless && (try->rule_us_max == 0 || us <= try->rule_us_max))
		return;
	if (result->string != EXPR_NONE)
		name = r->strings[result->string].name;
	why = xasprintf("too slow: %s%llu ms for a trial of %zu KiB, a rule "
			"may take %llu; slowest string: %.*s, %llu ms",
	    is_endless ? "more than " : "",
	    (unsigned long long)(result->us / 1000),
	    COST_BUFFERS * COST_BUFFER_BYTES / 1024,
	    (unsigned long long)((is_endless ? ENDLESS_US : try->rule_us_max) /
				 1000),
	    (int)(name.end - name.start), r->text + name.start,
	    (unsigned long long)(result->string_us / 1000));
	closures_reject(try->closures, rule, why);
}

static void
bound(struct try *try, const size_t *rules, size_t count, uint64_t us)
{
	for (size_t i = 0; i < count; i++) {
		try->results[rules[i]].below_us = us;
		if (count == 1) {
			try->results[rules[i]].is_measured = true;
			try->results[rules[i]].us = us;
		}
	}
}

void
slow_find(
    struct try *try, YR_RULES *compiled, const size_t *rules, size_t count)
{
	/* Depth first, and each step halves: few ranges wait. */
	struct {
		size_t first;
		size_t count;
	} waiting[HALVES_MAX] = {{0, count}};
	size_t n = 1;
	YR_RULES *own = NULL;

	while (n > 0) {
		size_t first = waiting[--n].first;
		size_t many = waiting[n].count;
		uint64_t us;

		own = many == count ? compiled
				    : compile_range(try, rules + first, many);
		if (own == NULL)
			continue;
		us = measure(try, own, many == 1 ? us_max(try) : SLOW_US);
		if (own != compiled)
			(void)yr_rules_destroy(own);
		if (us <= SLOW_US) {
			bound(try, rules + first, many, us);
		} else if (many == 1) {
			take_slow(try, rules[first], us);
		} else if (n + 2 <= HALVES_MAX && loop_now_ms() < try->end_ms) {
			size_t half = many / 2;

			waiting[n].first = first + half;
			waiting[n++].count = many - half;
			waiting[n].first = first;
			waiting[n++].count = half;
		}
	}
}
