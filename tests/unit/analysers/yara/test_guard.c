/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard.c - a short look at a file before slow rules, against libyara. */
#include "../harness.h"

#include "analysers/yara/compile.h"
#include "analysers/yara/places.h"
#include "analysers/yara/rulefile.h"
#include "lib/xalloc.h"

#define ROUNDS 1000

static uint64_t seed = 88172645463325252u;

static uint32_t
below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

/* The guard of the file's only rule; it lives as long as the file. */
static struct rule_file *
file_of(const char *text)
{
	struct rule_file *file =
	    rulefile_new("test", xstrdup(text), strlen(text));

	assert_int_equal(file->unit_count, 1);
	return file;
}

static bool
allows(const char *text, const void *p, size_t len)
{
	struct rule_file *file = file_of(text);
	bool is_allowed = guard_allows(file->units[0].guard, p, len);

	rulefile_free(file);
	return is_allowed;
}

static bool
has_guard(const char *text)
{
	struct rule_file *file = file_of(text);
	bool is_there = file->units[0].guard != NULL;

	rulefile_free(file);
	return is_there;
}

#define RULE(string, condition) \
 "rule r { strings: $a = " string " condition: " condition " }"
#define HEX16 "0123456789abcdef"

static void
test_span(void **state)
{
	static const char rule[] = RULE("/[0-9a-f]{32}/ ascii wide", "$a");
	uint8_t wide[100] = {0};

	(void)state;
	assert_false(allows(rule, "", 0));
	assert_false(allows(rule, HEX16 HEX16, 31));
	assert_true(allows(rule, HEX16 HEX16, 32));
	assert_true(allows(rule, "x" HEX16 HEX16 "x", 34));
	assert_false(allows(rule, HEX16 "x" HEX16, 33));
	/* Both cases of letters, as in the index. */
	assert_true(allows(rule, "ABCDEF0123456789" HEX16, 32));
	for (size_t i = 0; i < 32; i++)
		wide[2 * i + 3] = 'a';
	assert_true(allows(rule, wide, sizeof(wide)));
	assert_true(allows(rule, wide, 66));
	assert_false(allows(rule, wide, 65));
	wide[32] = 1;
	assert_false(allows(rule, wide, sizeof(wide)));
}

/* What says nothing has no guard. */
static void
test_none(void **state)
{
	(void)state;
	assert_true(has_guard(RULE("/\\w{40}/", "$a")));
	assert_true(has_guard(RULE("/x[0-9]{20,}y/", "#a > 3")));
	assert_true(has_guard(RULE("/[a-z]{20}|[0-9]{30}/", "any of them")));
	assert_false(has_guard(RULE("/[0-9a-f]{15}/", "$a")));
	assert_false(has_guard(RULE("/[0-9a-f]{0,64}x/", "$a")));
	assert_false(has_guard(RULE("/[0-9a-f]{64}|xyz/", "$a")));
	assert_false(has_guard(RULE("/[^x]{64}/", "$a")));
	assert_false(has_guard(RULE("/[0-9a-f]{64}/", "not $a")));
	assert_false(has_guard(RULE("/[0-9a-f]{64}/", "#a == 0")));
	assert_false(has_guard(RULE("/[0-9a-f]{64}/", "$a or filesize < 9")));
	assert_false(has_guard(RULE("\"abcd\"", "$a")));
}

static size_t
put_piece(char *p, size_t size)
{
	static const char *const classes[] = {
	    "[0-9a-f]", "[A-Za-z0-9+\\/]", "\\w", "\\d", "[a-z_]", "[^x]", "."};
	uint32_t n = 14 + below(8);
	const char *class = classes[below(7)];

	switch (below(6)) {
	case 0:
		return (size_t)snprintf(p, size, "%s{%u,}", class, n);
	case 1:
		return (size_t)snprintf(
		    p, size, "%s{%u,%u}", class, n, n + below(5));
	case 2:
		return (size_t)snprintf(p, size, "(%s{%u}|ab)", class, n);
	case 3:
		return (size_t)snprintf(p, size, "x?");
	default:
		return (size_t)snprintf(p, size, "%s{%u}", class, n);
	}
}

static void
make_rule(char *p, size_t size)
{
	static const char *const modifiers[] = {
	    "", "ascii wide", "wide", "nocase", "fullword", "nocase wide"};
	static const char *const conditions[] = {"$a", "#a > 1", "not $a",
	    "$a or filesize < 5", "any of them", "@a[1] > 3", "#a == 0",
	    "for any i in (1..#a): (@a[i] > 2)", "$a in (0..50)",
	    "not (not $a)", "none of them"};
	size_t len = (size_t)snprintf(p, size, "rule r { strings: $a = /");

	for (uint32_t i = 1 + below(2); i > 0; i--)
		len += put_piece(p + len, size - len);
	(void)snprintf(p + len, size - len, "/ %s condition: %s }",
	    modifiers[below(6)], conditions[below(11)]);
}

static size_t
make_file(uint8_t *p, size_t size)
{
	static const char *const sets[] = {
	    "0123456789abcdef", "ABCDEF0123", "0123456789", "abcxyz_", "ab+/"};
	size_t len = 0;

	while (len < size - 64 && below(8) != 0) {
		const char *set = sets[below(5)];
		bool is_wide = below(2) == 0;

		for (uint32_t i = below(30); i > 0; i--) {
			p[len++] = (uint8_t)set[below((uint32_t)strlen(set))];
			if (is_wide)
				p[len++] = 0;
		}
		if (below(2) == 0)
			p[len++] = (uint8_t)below(256);
	}
	return len;
}

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	bool *is_matched = arg;

	(void)context;
	(void)data;
	*is_matched |= message == CALLBACK_MSG_RULE_MATCHING;
	return CALLBACK_CONTINUE;
}

/* Whatever libyara finds is allowed; and some files are not. */
static void
test_sound(void **state)
{
	size_t matches = 0, refusals = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct compile compile;
		YR_RULES *rules = NULL;
		char text[512];

		make_rule(text, sizeof(text));
		assert_int_equal(compile_init(&compile), ERR_OK);
		if (compile_add(&compile, text, "n") == ERR_OK)
			assert_int_equal(
			    compile_finish(&compile, &rules), ERR_OK);
		compile_release(&compile);
		for (int i = 0; rules != NULL && i < 4; i++) {
			uint8_t bytes[512];
			size_t len = make_file(bytes, sizeof(bytes));
			bool is_matched = false;
			bool is_allowed = allows(text, bytes, len);

			assert_int_equal(yr_rules_scan_mem(rules, bytes, len, 0,
					     on_scan, &is_matched, 0),
			    ERROR_SUCCESS);
			if (is_matched && !is_allowed)
				fail_msg("lost: %s", text);
			matches += is_matched;
			refusals += !is_allowed;
		}
		if (rules != NULL)
			(void)yr_rules_destroy(rules);
	}
	assert_true(matches > ROUNDS / 10);
	assert_true(refusals > ROUNDS / 10);
}

/* Every match of every string, in the order that libyara has them. */
struct found {
	uint64_t hash;
	size_t count;
};

static void
add_number(struct found *found, uint64_t number)
{
	/* FNV-1a, a word at a time. */
	found->hash = (found->hash ^ number) * 1099511628211u;
}

/* libyara packs its matches without regard for their alignment. */
__attribute__((no_sanitize("alignment"))) static int
on_places(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	struct found *found = arg;
	YR_STRING *string;
	YR_RULE *rule = data;

	if (message != CALLBACK_MSG_RULE_MATCHING)
		return CALLBACK_CONTINUE;
	yr_rule_strings_foreach(rule, string)
	{
		YR_MATCH *match;

		yr_string_matches_foreach(context, string, match)
		{
			add_number(found, string->idx);
			add_number(
			    found, (uint64_t)(match->base + match->offset));
			add_number(found, (uint64_t)match->match_length);
			found->count++;
		}
	}
	add_number(found, 1);
	return CALLBACK_CONTINUE;
}

static void
make_local_rule(char *p, size_t size)
{
	static const char *const strings[] = {"[0-9a-f]{16}", "[0-9A-F]{20,}",
	    "\\w{18,24}", "[A-Za-z0-9+\\/]{30}", "\\d{16,}?"};
	static const char *const modifiers[] = {"", "ascii wide fullword",
	    "wide", "nocase", "fullword", "nocase wide fullword"};
	static const char *const conditions[] = {"$a or $b",
	    "any of them and filesize > 3", "#a > 1 or #b > 0",
	    "$a in (0..500) or $b", "all of them", "@b[1] > 10 or $a",
	    "any of them and not $b", "($a at 3 or $b) and filesize < 4000"};

	(void)snprintf(p, size,
	    "rule r { strings: $a = /%s/ %s $b = /%s/ %s condition: %s }",
	    strings[below(5)], modifiers[below(6)], strings[below(5)],
	    modifiers[below(6)], conditions[below(8)]);
}

static size_t
make_long_file(uint8_t *p, size_t size)
{
	size_t len = 0;

	while (len < size - 1024) {
		size_t gap = below(300);

		for (size_t i = 0; i < gap; i++)
			p[len++] = (uint8_t)below(256);
		len += make_file(p + len, 512);
	}
	return len;
}

static struct found
found_by(
    YR_RULES *rules, const struct guard *places, const uint8_t *p, size_t len)
{
	struct found found = {.hash = 14695981039346656037u};
	YR_SCANNER *scanner;

	assert_int_equal(yr_scanner_create(rules, &scanner), ERROR_SUCCESS);
	yr_scanner_set_callback(scanner, on_places, &found);
	assert_int_equal(places_scan(scanner, places, p, len), ERROR_SUCCESS);
	yr_scanner_destroy(scanner);
	return found;
}

/* A scan of some places finds what one of the whole file does. */
static void
test_places(void **state)
{
	size_t count = 0, windows = 0;

	(void)state;
	for (int round = 0; round < ROUNDS / 2; round++) {
		struct guard_window list[256];
		struct compile compile;
		struct rule_file *file;
		const struct guard *places;
		YR_RULES *rules = NULL;
		uint8_t bytes[8192];
		size_t len, n;
		char text[512];

		make_local_rule(text, sizeof(text));
		len = make_long_file(bytes, sizeof(bytes));
		file = file_of(text);
		places = file->units[0].places;
		if (file->units[0].guard != NULL) {
			struct found all, some;

			assert_non_null(places);
			assert_int_equal(compile_init(&compile), ERR_OK);
			assert_int_equal(
			    compile_add(&compile, text, "n"), ERR_OK);
			assert_int_equal(
			    compile_finish(&compile, &rules), ERR_OK);
			compile_release(&compile);
			all = found_by(rules, NULL, bytes, len);
			some = found_by(rules, places, bytes, len);
			if (all.hash != some.hash || all.count != some.count)
				fail_msg("%zu places, not %zu: %s", some.count,
				    all.count, text);
			count += all.count;
			windows +=
			    guard_windows(places, bytes, len, list, 256, &n);
			(void)yr_rules_destroy(rules);
		}
		rulefile_free(file);
	}
	assert_true(count > ROUNDS);
	assert_true(windows > ROUNDS / 10);
}

/* Rules that look at more than their strings have no places. */
static void
test_not_local(void **state)
{
	static const char *const texts[] = {
	    RULE("/[0-9a-f]{64}/", "$a and uint8(0) == 3"),
	    RULE("/[0-9a-f]{64}/", "$a and other"),
	    RULE("/[0-9a-f]{64}/", "$a and entrypoint > 3"),
	    RULE("/x[0-9a-f]{64}/", "$a"),
	    RULE("/[0-9a-f]{64}$/", "$a"),
	    RULE("/[0-9a-f]{64} $b = \"abcd\"/", "$a and not $b"),
	    RULE("/[0-9a-f]{64}/", "for any i in (1..#a): (@a[i] > 3)"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct rule_file *file = file_of(texts[i]);

		if (file->units[0].places != NULL)
			fail_msg("%s", texts[i]);
		rulefile_free(file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_span),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_sound),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_not_local),
	};

	compile_load();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
