/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle.c - bundles: lines, includes, names that clash. */
#include "book.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct bundle *
read_text(const char *lines)
{
	return bundle_read(lines, strlen(lines));
}

#define FIRST "{\"loep_bundle\": 1}\n"
#define FILE_LINE(source, space, path, text)            \
 "{\"source\": \"" source "\", \"namespace\": \"" space \
 "\", \"path\": \"" path "\", \"text\": \"" text "\"}\n"

static void
has_note(const struct bundle *bundle, size_t i, const char *path, size_t line,
    const char *why)
{
	assert_true(i < bundle->note_count);
	assert_string_equal(bundle->notes[i].why, why);
	assert_int_equal(bundle->notes[i].line, line);
	if (path == NULL)
		assert_null(bundle->notes[i].path);
	else
		assert_string_equal(bundle->notes[i].path, path);
}

static void
test_lines(void **state)
{
	struct bundle *bundle = read_text(FIRST
	    "\nnot json\n"
	    "{\"namespace\": \"n\", \"path\": \"p\"}\n"
	    "{\"path\": \"p\", \"text\": \"x\"}\n"
	    "{\"namespace\": \"n\", \"path\": \"p\", \"text_base64\": "
	    "\"cnVsZSBhIHsgY29uZGl0aW9uOiB0cnVlIH0=\"}\n"
	    "{\"namespace\": \"n\", \"path\": \"q\", \"text_base64\": "
	    "\"AAAA\"}\n"
	    "{\"namespace\": \"n\", \"path\": \"q\", \"text_base64\": \"x\"}\n"
	    "{\"sample\": \"s\", \"rule\": \"n:a\", \"expect\": \"match\", "
	    "\"data_base64\": \"AAEC\"}\n"
	    "{\"sample\": \"s\", \"expect\": \"perhaps\"}\n");

	(void)state;
	assert_int_equal(bundle->file_count, 1);
	assert_int_equal(bundle->rule_count, 1);
	assert_string_equal(bundle->rules[0].name, "a");
	assert_int_equal(bundle->sample_count, 1);
	assert_true(bundle->samples[0].expects_match);
	assert_int_equal(bundle->samples[0].len, 3);
	assert_memory_equal(bundle->samples[0].data, "\0\1\2", 3);
	assert_int_equal(bundle->note_count, 6);
	has_note(bundle, 0, NULL, 3, "a line that is no JSON object");
	has_note(bundle, 1, NULL, 4, "a file without text");
	has_note(bundle, 3, NULL, 7, "a file with NUL in its text");
	bundle_free(bundle);
	bundle = read_text("{\"loep_bundle\": 2}\n" FILE_LINE(
	    "s", "n", "p", "rule a { condition: true }"));
	assert_int_equal(bundle->rule_count, 0);
	assert_int_equal(bundle->note_count, 1);
	bundle_free(bundle);
	bundle = read_text("");
	assert_int_equal(bundle->rule_count, 0);
	bundle_free(bundle);
}

static void
test_includes(void **state)
{
	struct bundle *bundle = read_text(
	    FIRST FILE_LINE("s", "main", "a/main.yar",
		"include \\\"../b/./lib.yar\\\" rule m { condition: l }")
		FILE_LINE("s", "lib", "b/lib.yar", "rule l { condition: true }")
		    FILE_LINE(
			"t", "other", "b/far.yar", "rule f { condition: true }")
			FILE_LINE("s", "bad", "c.yar",
			    "include \\\"b/far.yar\\\"\\n"
			    "include \\\"../../etc/passwd\\\"\\n"
			    "include \\\"/b/lib.yar\\\"\\n"
			    "rule c { condition: true }")
			    FILE_LINE("s", "loop", "x.yar",
				"include \\\"y.yar\\\" "
				"rule x { condition: true }")
				FILE_LINE("s", "loop2", "y.yar",
				    "include \\\"x.yar\\\" "
				    "rule y { condition: true }"));

	(void)state;
	assert_int_equal(bundle->note_count, 5);
	has_note(
	    bundle, 0, "c.yar", 1, "includes b/far.yar, which is not there");
	has_note(bundle, 1, "c.yar", 2,
	    "includes ../../etc/passwd, which is not there");
	has_note(
	    bundle, 2, "c.yar", 3, "includes /b/lib.yar, which is not there");
	has_note(bundle, 3, "y.yar", 1, "includes itself by x.yar");
	has_note(bundle, 4, "x.yar", 1, "includes itself by y.yar");
	/* l m | l | f | c | y x | x y */
	assert_int_equal(bundle->rule_count, 9);
	assert_string_equal(bundle->rules[0].name, "l");
	assert_string_equal(
	    bundle->spaces[bundle->rules[0].space].name, "main");
	assert_string_equal(
	    bundle->files[bundle->rules[0].file].path, "b/lib.yar");
	assert_string_equal(bundle->rules[1].name, "m");
	assert_string_equal(bundle->rules[5].name, "y");
	assert_string_equal(bundle->rules[6].name, "x");
	bundle_free(bundle);
}

static void
test_clashes(void **state)
{
	struct bundle *bundle = read_text(
	    FIRST FILE_LINE("s", "n", "i.yar", "include \\\"a.yar\\\"")
	    /* The same file, listed as well: no clash. */
	    FILE_LINE("s", "n", "a.yar",
		"rule a { condition: true }") FILE_LINE("s", "n", "b.yar",
		"\\nrule a { condition: false }") FILE_LINE("s", "o", "c.yar",
		"rule a { condition: false }") "{\"namespace\": \"n\", \"path\": \"d.yar\", \"include_only\": "
					       "true, \"text\": \"rule d { condition: true }\"}\n");

	(void)state;
	assert_int_equal(bundle->note_count, 0);
	assert_int_equal(bundle->rule_count, 3);
	assert_int_equal(bundle->rules[0].clash, SIZE_MAX);
	assert_int_equal(bundle->rules[1].clash, 0);
	assert_int_equal(bundle->rules[1].line, 2);
	assert_int_equal(bundle->rules[2].clash, SIZE_MAX);
	assert_int_equal(bundle_find(bundle, 0, "a", 1), 0);
	assert_int_equal(bundle_find(bundle, 1, "a", 1), 2);
	assert_int_equal(bundle_find(bundle, 0, "d", 1), SIZE_MAX);
	bundle_free(bundle);
}

/* A tree of includes that doubles at each level, and 100,000 rules. */
static void
test_bounds(void **state)
{
	auto_free char *lines = xcalloc(1, 8 * MIB);
	struct bundle *bundle;
	size_t n;

	(void)state;
	n = (size_t)snprintf(lines, 8 * MIB, FIRST);
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(lines + n, 8 * MIB - n,
		    "{\"source\": \"s\", \"namespace\": \"n\", \"path\": "
		    "\"%d\", \"text\": \"include \\\"%d\\\" include "
		    "\\\"%d\\\"\"}\n",
		    i, i + 1, i + 1);
	bundle = bundle_read(lines, n);
	assert_true(bundle->note_count > 0);
	assert_true(bundle->note_count <= BUNDLE_NOTES_MAX);
	bundle_free(bundle);
	n = (size_t)snprintf(lines, 8 * MIB,
	    FIRST "{\"namespace\": \"n\", \"path\": \"p\", \"text\": \"");
	for (int i = 0; i < 100000; i++)
		n += (size_t)snprintf(lines + n, 8 * MIB - n,
		    "rule r%d { condition: %d == 1 }\\n", i, i);
	n += (size_t)snprintf(lines + n, 8 * MIB - n, "\"}\n");
	bundle = bundle_read(lines, n);
	assert_int_equal(bundle->rule_count, 100000);
	assert_int_equal(bundle->rules[99999].line, 100000);
	assert_int_equal(bundle_find(bundle, 0, "r99999", 6), 99999);
	bundle_free(bundle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_includes),
	    cmocka_unit_test(test_clashes),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
