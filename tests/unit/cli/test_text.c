/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - foreign text must not reach a terminal as commands. */
#include "cli/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
expect_clean(const char *in, const char *out)
{
	char text[256];

	assert_string_equal(text_clean(text, sizeof(text), in), out);
}

static void
test_plain_text_stays(void **unused)
{
	(void)unused;
	expect_clean("report.pdf", "report.pdf");
	expect_clean("r\xc3\xa9sum\xc3\xa9.doc", "r\xc3\xa9sum\xc3\xa9.doc");
	expect_clean("\xe2\x82\xac 5", "\xe2\x82\xac 5");
	expect_clean("", "");
}

static void
test_escapes_are_shown(void **unused)
{
	(void)unused;
	expect_clean("\033[2J", "\\x1b[2J");
	expect_clean("a\rb\nc\td", "a\\x0db\\x0ac\\x09d");
	expect_clean("\x7f", "\\x7f");
	/* C1 control: CSI as one character. */
	expect_clean("\xc2\x9b", "\\x9b");
}

static void
test_reordering_is_shown(void **unused)
{
	(void)unused;
	expect_clean("a\xe2\x80\xae"
		     "gpj.exe",
	    "a\\u{202e}gpj.exe");
	expect_clean("\xef\xbb\xbfx", "\\u{feff}x");
	expect_clean("\xe2\x80\x8b", "\\u{200b}");
}

static void
test_bytes_that_are_no_text(void **unused)
{
	(void)unused;
	expect_clean("\xff\xfe", "\\xff\\xfe");
	/* Overlong '/', a surrogate, a cut sequence. */
	expect_clean("\xc0\xaf", "\\xc0\\xaf");
	expect_clean("\xed\xa0\x80", "\\xed\\xa0\\x80");
	expect_clean("\xe2\x82", "\\xe2\\x82");
}

static void
test_long_text_is_cut(void **unused)
{
	char small[8];

	(void)unused;
	assert_string_equal(
	    text_clean(small, sizeof(small), "0123456789"), "0123456");
	/* A piece that does not fit whole is left out, never cut. */
	assert_string_equal(
	    text_clean(small, sizeof(small), "01234\033"), "01234");
}

static void
test_sizes(void **unused)
{
	char text[32];

	(void)unused;
	assert_string_equal(text_size(text, sizeof(text), 0), "0 B");
	assert_string_equal(text_size(text, sizeof(text), 1023), "1023 B");
	assert_string_equal(text_size(text, sizeof(text), 1536), "1.5 KiB");
	assert_string_equal(
	    text_size(text, sizeof(text), 200ULL << 30), "200.0 GiB");
}

static void
test_members(void **unused)
{
	static const struct table_column deep = {"t", "a.b", 's'};
	static const struct table_column time = {"t", "at", 't'};
	json_t *o = json_pack("{s:{s:s}, s:s}", "a", "b", "x\033y", "at",
	    "2026-11-21T19:43:01.123456Z");
	char text[64];

	(void)unused;
	assert_string_equal(
	    member_show(text, sizeof(text), o, &deep), "x\\x1by");
	assert_string_equal(
	    member_show(text, sizeof(text), o, &time), "2026-11-21 19:43:01");
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_text_stays),
	    cmocka_unit_test(test_escapes_are_shown),
	    cmocka_unit_test(test_reordering_is_shown),
	    cmocka_unit_test(test_bytes_that_are_no_text),
	    cmocka_unit_test(test_long_text_is_cut),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_members),
	};

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
