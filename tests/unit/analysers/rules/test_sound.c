/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sound.c - a property, tried with random rules and files: whenever
 * libyara says that a rule matches, its condition is true of the file; and the
 * compile unit of a rule finds exactly what the whole file of rules finds.
 *
 * LOEP_SOUND_ROUNDS and LOEP_SOUND_SEED: more of it.
 */
#include "../../rules/book.h"
#include "../../rules/evaluate.h"
#include "analysers/yara/compile.h"
#include "generate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROUNDS	   600
#define FILES	   8
#define RULES_MAX  8
#define FOUND_SALT 1469598103934665603u

/* What a scan found: one number per rule for strings and places, 0 = none. */
struct found {
	uint64_t rules[RULES_MAX];
};

/* libyara packs its matches without regard for their alignment. */
__attribute__((no_sanitize("alignment"))) static int
on_match(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	struct found *found = arg;
	YR_RULE *rule = data;
	uint64_t sum = FOUND_SALT;
	YR_STRING *string;
	YR_MATCH *match;

	if (message != CALLBACK_MSG_RULE_MATCHING)
		return CALLBACK_CONTINUE;
	yr_rule_strings_foreach(rule, string)
	{
		yr_string_matches_foreach(context, string, match)
		{
			const uint64_t place = (uint64_t)match->offset * 31 +
					       (uint64_t)match->match_length;

			sum = (sum ^ place) * 1099511628211u;
			sum ^= (uint64_t)string->identifier[1] << 8 |
			       (uint64_t)string->identifier[2];
		}
	}
	found->rules[rule->identifier[1] - '0'] = sum | 1;
	return CALLBACK_CONTINUE;
}

static YR_RULES *
compile_text(const char *text, const char *name)
{
	struct compile compile;
	YR_RULES *rules = NULL;

	if (compile_init(&compile) != ERR_OK ||
	    compile_add(&compile, text, name) != ERR_OK ||
	    compile_finish(&compile, &rules) != ERR_OK)
		rules = NULL;
	if (compile.error_count > 0 && getenv("LOEP_SOUND_ERRORS") != NULL)
		print_message("# refused: %s\n", compile.errors[0].why);
	compile_release(&compile);
	return rules;
}

static struct found
scan(YR_RULES *rules, const uint8_t *p, size_t len)
{
	struct found found = {0};

	assert_int_equal(
	    yr_rules_scan_mem(rules, p, len, 0, on_match, &found, 10),
	    ERROR_SUCCESS);
	return found;
}

struct tally {
	size_t rules, refused, matches, narrow, excluded, scans;
};

static void
fail_with(const struct generate *g, const uint8_t *file, size_t len,
    const char *what, const char *cond)
{
	auto_free char *hex = xmalloc(2 * len + 1);

	hex_encode(hex, file, len);
	print_message("# %s\n%s\n# condition: %s\n# file: %s\n", what, g->text,
	    cond, hex);
	assert_true(false);
}

/* A file of rules, files, and what the whole of the rules finds in them. */
struct world {
	const struct generate *g;
	struct book book;
	uint8_t files[FILES][FILE_BYTES];
	size_t lens[FILES];
	struct found whole[FILES];
	struct tally *tally;
};

/* One rule over the files: its unit, its condition. */
static void
try_rule(struct world *world, size_t rule)
{
	struct closures *closures = world->book.closures;
	struct tally *tally = world->tally;
	uint8_t cond[COND_BYTES_MAX];
	enum form_class class;
	size_t cond_len = closures_condition(closures, rule, cond, &class);
	auto_free char *said = explain_condition(cond, cond_len);
	size_t unit_len, line;
	auto_free char *unit = closures_unit(closures, rule, &unit_len, &line);
	YR_RULES *alone = unit == NULL ? NULL : compile_text(unit, "unit");
	int number = world->book.bundle->rules[rule].name[1] - '0';

	if (alone == NULL)
		fail_with(world->g, (const uint8_t *)"", 0,
		    "the unit does not compile", unit == NULL ? "" : unit);
	tally->rules++;
	tally->narrow += !(cond_len == 2 && cond[1] == COND_TRUE);
	for (size_t i = 0; i < FILES; i++) {
		const uint8_t *p = world->files[i];
		size_t len = world->lens[i];
		uint64_t whole = world->whole[i].rules[number];
		bool may = evaluate(cond, cond_len, p, len);
		struct found own = scan(alone, p, len);

		tally->scans++;
		tally->excluded += !may;
		tally->matches += whole != 0;
		if (own.rules[number] != whole)
			fail_with(world->g, p, len,
			    "the unit finds something else", unit);
		if (whole != 0 && !may)
			fail_with(
			    world->g, p, len, "a match is excluded", said);
	}
	(void)yr_rules_destroy(alone);
}

static void
try_round(struct generate *g, struct tally *tally)
{
	static struct world world;
	YR_RULES *rules;

	generate_rules(g);
	rules = compile_text(g->text, "all");
	if (rules == NULL) {
		tally->refused++;
		return;
	}
	world.g = g;
	world.tally = tally;
	for (size_t i = 0; i < FILES; i++) {
		world.lens[i] = generate_file(g, world.files[i]);
		world.whole[i] = scan(rules, world.files[i], world.lens[i]);
	}
	book_open(&world.book, g->text);
	assert_int_equal(world.book.bundle->rule_count, g->rules);
	for (size_t i = 0; i < world.book.bundle->rule_count; i++) {
		assert_null(world.book.closures->list[i].reason);
		try_rule(&world, i);
	}
	book_close(&world.book);
	(void)yr_rules_destroy(rules);
}

static unsigned long
from_environment(const char *name, unsigned long fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : strtoul(text, NULL, 10);
}

static void
test_property(void **state)
{
	static struct generate g;
	struct tally tally = {0};
	unsigned long rounds = from_environment("LOEP_SOUND_ROUNDS", ROUNDS);

	(void)state;
	g.state = from_environment("LOEP_SOUND_SEED", 20261121);
	for (unsigned long i = 0; i < rounds; i++)
		try_round(&g, &tally);
	print_message("# %zu rules, %zu files of rules refused; %zu scans, "
		      "%zu matches, %zu rules with a condition, %zu scans "
		      "excluded by it\n",
	    tally.rules, tally.refused, tally.scans, tally.matches,
	    tally.narrow, tally.excluded);
	/* It tries what it means to try. */
	assert_true(tally.refused * 2 < rounds);
	assert_true(tally.matches * 20 > tally.scans);
	assert_true(tally.excluded * 20 > tally.scans);
}

static int
load(void **state)
{
	(void)state;
	compile_load();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
