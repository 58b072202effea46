/* SPDX-License-Identifier: Apache-2.0 */
/* test_utf8.c - what is well-formed UTF-8. */
#include "lib/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_valid(void **state)
{
	static const char *const good[] = {"", "abc", "\xc3\xa9",
	    "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xee\x80\x80",
	    "\xf4\x8f\xbf\xbf", "\xef\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\x80",
	    "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
	    "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
	    "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xe2\x28\xa1",
	    "\xf0\x9f\x98"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(utf8_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
	/* Each where the eight bytes that are looked at together end. */
	for (size_t at = 0; at < 20; at++) {
		char text[32] = "abcdefghijklmnopqrstuvwxyz";

		assert_true(utf8_is_valid(text, sizeof(text)));
		text[at] = '\xff';
		assert_false(utf8_is_valid(text, sizeof(text)));
		assert_true(utf8_is_valid(text, at));
		assert_false(utf8_is_valid(text, at + 1));
	}
}

static void
test_sequence(void **state)
{
	static const struct {
		const char *p;
		size_t len;
		size_t n;
		uint32_t code;
	} rows[] = {
	    {"", 1, 1, 0},
	    {"a", 1, 1, 'a'},
	    {"\xc3\xa9x", 3, 2, 0xe9},
	    {"\xe2\x82\xac", 3, 3, 0x20ac},
	    {"\xf0\x9f\x98\x80", 4, 4, 0x1f600},
	    {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
	    {"a", 0, 0, 0},
	    {"\xe2\x82\xac", 2, 0, 0},
	    {"\xc0\xaf", 2, 0, 0},
	    {"\xed\xa0\x80", 3, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t code = 7;

		assert_int_equal(utf8_sequence((const uint8_t *)rows[i].p,
				     rows[i].len, &code),
		    rows[i].n);
		assert_int_equal(code, rows[i].n > 0 ? rows[i].code : 7);
		assert_int_equal(utf8_sequence((const uint8_t *)rows[i].p,
				     rows[i].len, NULL),
		    rows[i].n);
	}
}

static void
test_ascii(void **state)
{
	char text[8];

	(void)state;
	utf8_to_ascii(text, sizeof(text), "a\x1b\xc3\xa9 ~");
	assert_string_equal(text, "a??? ~");
	utf8_to_ascii(text, sizeof(text), "0123456789");
	assert_string_equal(text, "0123456");
	utf8_to_ascii(text, 1, "x");
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_valid),
	    cmocka_unit_test(test_sequence),
	    cmocka_unit_test(test_ascii),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
