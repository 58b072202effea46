/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle.c - bundles written, read again and copied. */
#include "cli/bundle.h"
#include "cli/gather.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static const struct bundle_source own = {
    .name = "own",
    .namespace = "",
    .licence = "MIT",
    .tlp = "TLP:GREEN",
    .owner = "us",
    .priority = 3,
};

static int
memory(void)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	return fd;
}

/* The line of a bundle, from 0 on; NULL behind the last. */
static json_t *
line_of(int fd, size_t at)
{
	FILE *f = fdopen(dup(fd), "r");
	char *line = NULL;
	size_t size = 0;
	json_t *json = NULL;
	ssize_t n;

	assert_non_null(f);
	rewind(f);
	while ((n = getline(&line, &size, f)) > 0) {
		if (at-- > 0)
			continue;
		assert_int_equal(
		    json_parse(line, (size_t)n - 1, BUNDLE_BYTES_MAX, 4, &json),
		    ERR_OK);
		break;
	}
	free(line);
	(void)fclose(f);
	return json;
}

static void
test_files_are_lines(void **state)
{
	static const char latin[] = "rule a { strings: $a = \"\xe9\" }";
	auto_close int fd = memory();
	auto_json json_t *head = NULL;
	auto_json json_t *text = NULL;
	auto_json json_t *bytes = NULL;
	struct bundle b;

	(void)state;
	assert_int_equal(bundle_begin(&b, fd), ERR_OK);
	assert_int_equal(
	    bundle_add(&b, &own, "./a//b.yar", "rule b {}\n", 10), ERR_OK);
	assert_int_equal(
	    bundle_add(&b, &own, "c.yar", latin, sizeof(latin) - 1), ERR_OK);
	assert_int_equal(b.files, 2);
	assert_int_equal(b.bytes, (uint64_t)lseek(fd, 0, SEEK_END));
	head = line_of(fd, 0);
	assert_int_equal(json_member_int(head, "loep_bundle", 0), 1);
	text = line_of(fd, 1);
	assert_string_equal(json_member_text(text, "text", ""), "rule b {}\n");
	assert_string_equal(json_member_text(text, "path", ""), "a/b.yar");
	assert_string_equal(
	    json_member_text(text, "namespace", ""), "own/a/b.yar");
	assert_string_equal(json_member_text(text, "licence", ""), "MIT");
	assert_int_equal(json_member_int(text, "priority", 0), 3);
	bytes = line_of(fd, 2);
	assert_null(json_member_text(bytes, "text", NULL));
	assert_string_equal(json_member_text(bytes, "text_base64", ""),
	    "cnVsZSBhIHsgc3RyaW5nczogJGEgPSAi6SIgfQ==");
	assert_null(line_of(fd, 3));
}

static void
test_one_namespace_for_all(void **state)
{
	struct bundle_source source = own;
	auto_close int fd = memory();
	auto_json json_t *line = NULL;
	struct bundle b;

	(void)state;
	source.namespace = "shared";
	assert_int_equal(bundle_begin(&b, fd), ERR_OK);
	assert_int_equal(bundle_add(&b, &source, "a.yar", "", 0), ERR_OK);
	line = line_of(fd, 1);
	assert_string_equal(json_member_text(line, "namespace", ""), "shared");
}

static void
test_paths_stay_inside(void **state)
{
	static const char *const bad[] = {"", "/", "/etc/passwd", "..",
	    "../a.yar", "a/../b.yar", "a/..", ".", "./", "a/b/../../../c"};
	static const char *const good[][2] = {
	    {"a.yar", "a.yar"},
	    {"a/b.yar", "a/b.yar"},
	    {"./a", "a"},
	    {"a//./b/", "a/b"},
	    {"..a/b..", "..a/b.."},
	};
	auto_free char *longest = xmalloc(2000);
	auto_close int fd = memory();
	struct bundle b;

	(void)state;
	assert_int_equal(bundle_begin(&b, fd), ERR_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(bundle_path(bad[i]));
		assert_int_equal(
		    bundle_add(&b, &own, bad[i], "", 0), ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		auto_free char *clean = bundle_path(good[i][0]);

		assert_non_null(clean);
		assert_string_equal(clean, good[i][1]);
	}
	memset(longest, 'x', 1999);
	longest[1999] = '\0';
	assert_null(bundle_path(longest));
	assert_int_equal(b.files, 0);
}

static void
test_long_files_are_refused(void **state)
{
	auto_free char *text = xcalloc(1, BUNDLE_FILE_BYTES_MAX + 1);
	auto_close int fd = memory();
	struct bundle b;

	(void)state;
	memset(text, 'x', BUNDLE_FILE_BYTES_MAX + 1);
	assert_int_equal(bundle_begin(&b, fd), ERR_OK);
	assert_int_equal(
	    bundle_add(&b, &own, "a.yar", text, BUNDLE_FILE_BYTES_MAX + 1),
	    ERR_LIMIT);
	assert_int_equal(b.files, 0);
	/* The whole has its bound, too. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    bundle_add(&b, &own, "a.yar", text, BUNDLE_FILE_BYTES_MAX),
		    ERR_OK);
	assert_int_equal(
	    bundle_add(&b, &own, "a.yar", text, BUNDLE_FILE_BYTES_MAX),
	    ERR_LIMIT);
	assert_int_equal(b.files, 4);
}

static void
test_a_source_is_replaced(void **state)
{
	struct bundle_source other = own;
	auto_close int from = memory();
	auto_close int to = memory();
	struct bundle b, copy;
	auto_json json_t *line = NULL;
	size_t left_out;

	(void)state;
	other.name = "other";
	assert_int_equal(bundle_begin(&b, from), ERR_OK);
	assert_int_equal(bundle_add(&b, &own, "a.yar", "1", 1), ERR_OK);
	assert_int_equal(bundle_add(&b, &other, "b.yar", "2", 1), ERR_OK);
	assert_int_equal(bundle_add(&b, &own, "c.yar", "3", 1), ERR_OK);
	assert_int_equal(bundle_begin(&copy, to), ERR_OK);
	assert_int_equal(bundle_copy(&copy, from, "own", &left_out), ERR_OK);
	assert_int_equal(left_out, 2);
	assert_int_equal(copy.files, 1);
	line = line_of(to, 1);
	assert_string_equal(json_member_text(line, "path", ""), "b.yar");
	/* Without a name everything is copied. */
	assert_int_equal(bundle_copy(&copy, from, "", &left_out), ERR_OK);
	assert_int_equal(left_out, 0);
	assert_int_equal(copy.files, 4);
}

static void
test_what_is_no_bundle(void **state)
{
	static const char *const bad[] = {"", "x", "{}\n",
	    "{\"loep_bundle\":2}\n", "{\"loep_bundle\":1}\nx\n",
	    "{\"loep_bundle\":1}\n{}\n", "{\"loep_bundle\":1}\n[1]\n",
	    "{\"loep_bundle\":1}\n\n", "{\"loep_bundle\":1}\n{\"source\":1}\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		auto_close int from = memory();
		auto_close int to = memory();
		struct bundle copy;
		size_t left_out;

		assert_int_equal(write(from, bad[i], strlen(bad[i])),
		    (ssize_t)strlen(bad[i]));
		assert_int_equal(bundle_begin(&copy, to), ERR_OK);
		assert_int_equal(
		    bundle_copy(&copy, from, "own", &left_out), ERR_FORMAT);
	}
}

static void
test_samples_of_rules(void **state)
{
	struct bundle_source shared = own;
	auto_close int fd = memory();
	auto_json json_t *match = NULL;
	auto_json json_t *miss = NULL;
	auto_json json_t *include = NULL;
	struct bundle b;

	(void)state;
	assert_true(bundle_is_sample("a/b.yar.tests/rule_b/match/x.bin"));
	assert_true(bundle_is_sample("b.yar.tests/rule_b/miss/x"));
	assert_false(bundle_is_sample("b.yar.tests/rule_b/other/x"));
	assert_false(bundle_is_sample("b.yar.tests/rule_b/match/"));
	assert_false(bundle_is_sample("b.yar.tests/rule_b/match/x/y"));
	assert_false(bundle_is_sample("b.yar.tests//match/x"));
	assert_false(bundle_is_sample(".tests/r/match/x"));
	assert_int_equal(bundle_begin(&b, fd), ERR_OK);
	assert_int_equal(bundle_add_sample(&b, &own,
			     "a/b.yar.tests/rule_b/match/x.bin", "\0\377", 2),
	    ERR_OK);
	match = line_of(fd, 1);
	assert_string_equal(
	    json_member_text(match, "rule", ""), "own/a/b.yar:rule_b");
	assert_string_equal(json_member_text(match, "expect", ""), "match");
	assert_string_equal(json_member_text(match, "sample", ""), "x.bin");
	assert_string_equal(json_member_text(match, "data_base64", ""), "AP8=");
	shared.namespace = "all";
	assert_int_equal(
	    bundle_add_sample(&b, &shared, "b.yar.tests/rule_b/miss/y", "", 0),
	    ERR_OK);
	miss = line_of(fd, 2);
	assert_string_equal(json_member_text(miss, "rule", ""), "all:rule_b");
	assert_string_equal(json_member_text(miss, "expect", ""), "miss");
	assert_int_equal(
	    bundle_add_sample(&b, &own, "../b.yar.tests/rule_b/miss/y", "", 0),
	    ERR_FORMAT);
	/* What others take in is no root. */
	assert_int_equal(bundle_add(&b, &own, "c.INC", "", 0), ERR_OK);
	include = line_of(fd, 3);
	assert_true(json_is_true(json_object_get(include, "include_only")));
}

static void
test_indexes(void **state)
{
	static const char *const is[] = {"include \"a.yar\"",
	    "/* all */\ninclude \"./a.yar\"\n// more\ninclude\t\"b\" ",
	    "include\"a\"include\"b\"", "include \"a\" // end",
	    "include \"a\" /* end"};
	static const char *const is_not[] = {"", " ", "// include \"a\"",
	    "include", "include ", "include \"a", "include a",
	    "include \"a\" rule b {}", "rule b {} include \"a\"",
	    "includes \"a\"", "/", "include \"a\" /", "import \"pe\""};

	(void)state;
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++)
		assert_true(bundle_is_index(is[i], strlen(is[i])));
	for (size_t i = 0; i < sizeof(is_not) / sizeof(is_not[0]); i++)
		assert_false(bundle_is_index(is_not[i], strlen(is_not[i])));
}

static void
test_names_of_rules(void **state)
{
	enum gather_kind kind;

	(void)state;
	assert_true(gather_is_rules("a.yar"));
	assert_true(gather_is_rules("x/y.YARA"));
	assert_true(gather_is_rules("a.b.rules"));
	assert_false(gather_is_rules("a.txt"));
	assert_false(gather_is_rules("yar"));
	assert_true(gather_is_remote("https://example.org/a.git"));
	assert_true(gather_is_remote("ext::sh -c x"));
	assert_true(gather_is_remote("git@example.org:a.git"));
	assert_false(gather_is_remote("/srv/a:b"));
	assert_false(gather_is_remote("rules"));
	assert_true(gather_kind_of("git", &kind));
	assert_int_equal(kind, GATHER_GIT);
	assert_false(gather_kind_of("guess", &kind));
	assert_false(gather_kind_of("svn", &kind));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_files_are_lines),
	    cmocka_unit_test(test_one_namespace_for_all),
	    cmocka_unit_test(test_paths_stay_inside),
	    cmocka_unit_test(test_long_files_are_refused),
	    cmocka_unit_test(test_a_source_is_replaced),
	    cmocka_unit_test(test_what_is_no_bundle),
	    cmocka_unit_test(test_samples_of_rules),
	    cmocka_unit_test(test_indexes),
	    cmocka_unit_test(test_names_of_rules),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
