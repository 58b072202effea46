/* SPDX-License-Identifier: Apache-2.0 */
/* test_condition.c - what follows from each construct of the language. */
#include "book.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct expected {
	const char *rule; /* strings and condition of the last rule */
	const char *says;
};

static void
check(const char *text, const char *says)
{
	uint8_t cond[COND_BYTES_MAX];
	auto_free char *got = NULL;
	enum form_class class;
	struct book book;
	size_t len;

	book_open(&book, text);
	assert_true(book.bundle->rule_count > 0);
	assert_int_equal(book.bundle->note_count, 0);
	len = closures_condition(
	    book.closures, book.bundle->rule_count - 1, cond, &class);
	assert_int_equal(cond_check(cond, len), ERR_OK);
	got = explain_condition(cond, len);
	if (strcmp(got, says) != 0)
		print_message(
		    "# %s\n#  got  %s\n#  want %s\n", text, got, says);
	assert_string_equal(got, says);
	book_close(&book);
}

static void
check_all(const struct expected *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_free char *text = xasprintf("rule r { %s }", list[i].rule);

		check(text, list[i].says);
	}
}

static void
test_strings(void **state)
{
	static const struct expected list[] = {
	    {"strings: $a = \"Abcd\" condition: $a", "\"abcd\""},
	    {"strings: $a = \"abc\" condition: $a", "anything"},
	    {"strings: $a = \"ab\\x43d\\n\\t\" condition: $a",
		"{ 61 62 63 64 0a 09 }"},
	    {"strings: $a = \"abcd\" nocase wide condition: $a",
		"wide \"abcd\""},
	    {"strings: $a = \"abcd\" wide ascii fullword condition: $a",
		"(\"abcd\" or wide \"abcd\")"},
	    {"strings: $a = \"abcdefghij\" xor(1-2) condition: $a",
		"(\"`cbedgfi\" or \"c`afgdej\")"},
	    {"strings: $a = \"abcd\" wide xor(1) condition: $a",
		"{ 60 01 63 01 62 01 65 01 }"},
	    {"strings: $a = \"abcdef\" base64 condition: $a",
		"(\"ywjjzgvm\" or \"fiy2rlz\" or \"hymnkzw\")"},
	    {"strings: $a = \"abcdef\" base64wide condition: $a",
		"(wide \"ywjjzgvm\" or wide \"fiy2rlz\" or wide \"hymnkzw\")"},
	    {"strings: $a = \"abc\" xor condition: $a", "anything"},
	};

	(void)state;
	check_all(list, COUNT(list));
}

static void
test_hex(void **state)
{
	static const struct expected list[] = {
	    {"strings: $a = { 01 02 03 ?? 04 05 06 07 } condition: $a",
		"{ 04 05 06 07 }"},
	    {"strings: $a = {01020304[2-4]05060708} condition: $a",
		"({ 01 02 03 04 } and { 05 06 07 08 })"},
	    {"strings: $a = { 01 02 /* no */ ( 03 | 04 05 ) 06 } // no\n"
	     "condition: $a",
		"({ 01 02 03 06 } or { 01 02 04 05 06 })"},
	    {"strings: $a = { 01 02 03 04 ( [2] 05 | 06 ) 07 08 09 0a } "
	     "condition: $a",
		"({ 01 02 03 04 } and { 07 08 09 0a })"},
	    {"strings: $a = { ( 01 02 03 04 ?? | 05 06 07 08 09 ) } "
	     "condition: $a",
		"({ 01 02 03 04 } or { 05 06 07 08 09 })"},
	    {"strings: $a = { 01 02 03 4? 05 06 07 08 } condition: $a",
		"{ 05 06 07 08 }"},
	    {"strings: $a = { ~01 02 03 04 05 } condition: $a", "anything"},
	};

	(void)state;
	check_all(list, COUNT(list));
}

static void
test_regex(void **state)
{
	static const struct expected list[] = {
	    {"strings: $a = /abcd.*efgh/ condition: $a",
		"(\"abcd\" and \"efgh\")"},
	    {"strings: $a = /ab[cC]d(ef|gh)/i condition: $a",
		"(\"abcdef\" or \"abcdgh\")"},
	    {"strings: $a = /abcd?ef/ condition: $a",
		"(\"abcdef\" or \"abcef\")"},
	    {"strings: $a = /abcd*efgh/ condition: $a", "\"efgh\""},
	    {"strings: $a = /(ab){2,}cd/ condition: $a",
		"(\"abab\" and \"ababcd\")"},
	    {"strings: $a = /x+abc/ condition: $a", "\"xabc\""},
	    {"strings: $a = /^abcd\\b\\.\\/\\x41$/ condition: $a",
		"\"abcd./a\""},
	    {"strings: $a = /abcd|efgh|ij/ condition: $a", "anything"},
	    {"strings: $a = /abcd|efgh.x/s wide condition: $a",
		"(wide \"abcd\" or wide \"efgh\")"},
	    {"strings: $a = /[^]]abcd[]]/ condition: $a", "\"abcd]\""},
	    {"strings: $a = /(abcd\\d+)?efgh/ condition: $a", "\"efgh\""},
	    {"strings: $a = /a{0}bcde/ condition: $a", "\"bcde\""},
	    {"strings: $a = /ab{cdef/ condition: $a", "\"ab{cdef\""},
	};

	(void)state;
	check_all(list, COUNT(list));
}

#define ABC                                                       \
 "strings: $a = \"aaaa\" $b = \"bbbb\" $c = \"cccc\" $s = \"s\" " \
 "condition: "

static void
test_logic(void **state)
{
	static const struct expected list[] = {
	    {ABC "$a and $b or $c", "((\"aaaa\" and \"bbbb\") or \"cccc\")"},
	    {ABC "$a and ($b or $c)", "(\"aaaa\" and (\"bbbb\" or \"cccc\"))"},
	    {ABC "$a and not $b", "\"aaaa\""},
	    {ABC "$a or not $b", "anything"},
	    {ABC "not ($a or filesize > 5)", "size 0..5"},
	    {ABC "$a and $s", "\"aaaa\""},
	    {ABC "$a or $s", "anything"},
	    {ABC "false", "nothing"},
	    {ABC "$a or false", "\"aaaa\""},
	    {ABC "not $a == 1 and $b", "\"bbbb\""},
	    {ABC "defined @a and $b", "(\"aaaa\" and \"bbbb\")"},
	};

	(void)state;
	check_all(list, COUNT(list));
}

static void
test_sets(void **state)
{
	static const struct expected list[] = {
	    {ABC "any of ($a,$b)", "(\"aaaa\" or \"bbbb\")"},
	    {ABC "all of ($a,$b)", "(\"aaaa\" and \"bbbb\")"},
	    {ABC "2 of ($a,$b,$c)", "2 of (\"aaaa\", \"bbbb\", \"cccc\")"},
	    {ABC "3 of them", "2 of (\"aaaa\", \"bbbb\", \"cccc\")"},
	    {ABC "any of ($s,$a)", "anything"},
	    {ABC "none of ($a)", "anything"},
	    {ABC "0 of ($a)", "anything"},
	    {ABC "#b of ($a)", "anything"},
	    {ABC "50% of ($a,$b,$c)", "2 of (\"aaaa\", \"bbbb\", \"cccc\")"},
	    {ABC "1% of ($a,$b)", "(\"aaaa\" or \"bbbb\")"},
	    {ABC "any of ($a*) in (0..100)", "\"aaaa\""},
	    {ABC "(1+1) of ($a,$b)", "(\"aaaa\" and \"bbbb\")"},
	    {ABC "for any of ($a,$b) : ($ at 0)",
		"((at 0: { 61 61 61 61 } and \"aaaa\") or "
		"(at 0: { 62 62 62 62 } and \"bbbb\"))"},
	    {ABC "for all of ($a,$b) : (# > 2 and filesize < 9)",
		"(\"aaaa\" and size 0..8 and \"bbbb\")"},
	    {ABC "for none of them : ($)", "anything"},
	    {ABC "for any i in (1..#a) : (@b[i] == 3)",
		"(\"bbbb\" and \"aaaa\")"},
	    {ABC "for all i in (1..3) : (@b[i] == 3)", "\"bbbb\""},
	    {ABC "for all i in (1,2,3) : (@b[i] == 3)", "\"bbbb\""},
	    {ABC "for any i in (1..3) : (i == 2)", "anything"},
	};

	(void)state;
	check_all(list, COUNT(list));
}

static void
test_values(void **state)
{
	static const struct expected list[] = {
	    {ABC "#a > 0", "\"aaaa\""},
	    {ABC "#a >= 1", "\"aaaa\""},
	    {ABC "3 == #a", "\"aaaa\""},
	    {ABC "#a != 0", "\"aaaa\""},
	    {ABC "#a == 0", "anything"},
	    {ABC "#a < 5", "anything"},
	    {ABC "#a > -1", "anything"},
	    {ABC "#a in (0..100) > 2", "\"aaaa\""},
	    {ABC "#a + #b > 2", "(\"bbbb\" or \"aaaa\")"},
	    {ABC "#a > #b", "\"aaaa\""},
	    {ABC "#a < #b", "\"bbbb\""},
	    {ABC "@a < 100", "\"aaaa\""},
	    {ABC "@a[1] + 5 < @b[2]", "(\"aaaa\" and \"bbbb\")"},
	    {ABC "!a[1] == 4", "\"aaaa\""},
	    {ABC "$a at filesize - 4", "\"aaaa\""},
	    {ABC "$a in (0..@b)", "(\"bbbb\" and \"aaaa\")"},
	    {ABC "$a in (5..100)", "\"aaaa\""},
	    {ABC "not $a in (5..100)", "anything"},
	    {ABC "$a in (0..pe.overlay.offset + 9)",
		"(at 0: { 4d 5a } and \"aaaa\")"},
	    {ABC "$a in (filesize - 9..filesize) or $b",
		"(\"aaaa\" or \"bbbb\")"},
	    {ABC "#a in (0..elf.entry_point) == 1", "\"aaaa\""},
	    {ABC "filesize < 10KB", "size 0..10239"},
	    {ABC "1MB <= filesize", "size >= 1048576"},
	    {ABC "filesize == 5 * 2 - 1", "size 9..9"},
	    {ABC "filesize < 0", "nothing"},
	    {ABC "not filesize < 10", "size >= 10"},
	    {ABC "uint16(0) == 0x5A4D", "at 0: { 4d 5a }"},
	    {ABC "0x7f454c46 == uint32be(0)", "at 0: { 7f 45 4c 46 }"},
	    {ABC "int16(2) == -2", "at 2: { fe ff }"},
	    {ABC "uint16(0) == 0x15A4D", "size >= 2"},
	    {ABC "uint32(uint32(0x3c)) == 0x4550", "size >= 64"},
	    {ABC "not uint16(0) == 0x5A4D", "size >= 2"},
	    {ABC "not (uint16(0) == 0x5A4D and filesize > 3)", "anything"},
	    {ABC "not (not uint16(0) == 0x5A4D)", "anything"},
	    {ABC "not @a[1] == 5", "\"aaaa\""},
	    {ABC "not #a < 1", "\"aaaa\""},
	    {ABC "not elf.number_of_sections == 7", "at 0: { 7f 45 4c 46 }"},
	    {ABC "pe.number_of_sections == 3", "at 0: { 4d 5a }"},
	    {ABC "pe.is_pe", "at 0: { 4d 5a }"},
	    {ABC "pe.is_pe == 0", "anything"},
	    {ABC "pe.MACHINE_I386 == 332", "anything"},
	    {ABC "for any s in pe.sections : (s.name == \".a\")",
		"at 0: { 4d 5a }"},
	    {ABC "for any i in (0..pe.number_of_sections - 1) : (true)",
		"at 0: { 4d 5a }"},
	    {ABC "elf.type == 2", "at 0: { 7f 45 4c 46 }"},
	    {ABC "hash.md5(0, filesize) == \"x\"", "anything"},
	    {ABC "filename matches /x/ and $a", "\"aaaa\""},
	    {ABC "$a and 1.5 < 2", "\"aaaa\""},
	    {"strings: $a = \"MZ\" nocase condition: $a at 0",
		"at 0: { 4d/df 5a/df }"},
	    {"strings: $a = { 4d ?? 9? } condition: $a at 1",
		"at 1: { 4d 00/00 90/f0 }"},
	    {"strings: $a = \"M\" wide ascii condition: $a at 0",
		"(at 0: { 4d } or at 0: { 4d 00 })"},
	};

	(void)state;
	check_all(list, COUNT(list));
}

static void
test_rules(void **state)
{
	(void)state;
	check("rule a { strings: $a = \"aaaa\" condition: $a }"
	      "rule b { condition: a and filesize > 4 }",
	    "(\"aaaa\" and size >= 5)");
	check("rule a1 { strings: $a = \"aaaa\" condition: $a }"
	      "rule a2 { strings: $a = \"bbbb\" condition: $a }"
	      "rule b { condition: any of (a*) }",
	    "(\"aaaa\" or \"bbbb\")");
	check("rule b { condition: not a }", "anything");
	check("rule i { strings: $a = \"aaaa\" condition: $a }"
	      "rule b { condition: for any i in (1..2) : (i) }",
	    "anything");
	/* A global rule belongs to all, also to those before it. */
	check("global rule g { strings: $a = \"aaaa\" condition: $a }"
	      "rule b { strings: $b = \"bbbb\" condition: $b }",
	    "(\"aaaa\" and \"bbbb\")");
}

/* Nothing of it is understood: it must not narrow. */
static void
test_odd(void **state)
{
	static const char *const list[] = {
	    "rule r { condition: }",
	    "rule r { condition: ( }",
	    "rule r { strings: $a = \"aaaa\" condition: $a and }",
	    "rule r { strings: $a = \"aaaa\" condition: $a $a }",
	    "rule r { strings: $a = \"aaaa\" condition: $x }",
	    "rule r { strings: $a = \"aaaa\" condition: $a and for }",
	    "rule r { strings: $a = \"aaaa\" condition: for any of them }",
	    "rule r { strings: $a = \"aaaa\" odd condition: $a }",
	    "rule r { strings: $a = \"aa\\qaa\" condition: $a }",
	    "rule r { strings: $a = \"aaaa\" condition: $a ] }",
	    "rule r { strings: $a = \"aaaa\" condition: all of ($b) }",
	    "rule r { strings: $a = aaaa condition: $a }",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		check(list[i], "anything");
}

/* Deep and long conditions neither recurse nor end the program. */
static void
test_bounds(void **state)
{
	static char text[600000];
	size_t n;

	(void)state;
	memset(text, 0, sizeof(text));
	n = (size_t)snprintf(text, sizeof(text), "rule r { condition: ");
	memset(text + n, '(', 250000);
	(void)snprintf(text + n + 250000, 100, "true }");
	check(text, "anything");
	memset(text, 0, sizeof(text));
	n = (size_t)snprintf(text, sizeof(text),
	    "rule r { strings: $a = \"aaaa\" condition: $a");
	for (int i = 0; i < 30000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " and $a");
	(void)snprintf(text + n, sizeof(text) - n, " }");
	check(text, "\"aaaa\"");
	memset(text, 0, sizeof(text));
	n = (size_t)snprintf(text, sizeof(text), "rule r { condition: ");
	for (int i = 0; i < 100000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "not ");
	(void)snprintf(text + n, sizeof(text) - n, "true }");
	check(text, "anything");
}

/* A set that is too large keeps short runs, not nothing. */
static void
test_large_set(void **state)
{
	static char text[400000];
	uint8_t cond[COND_BYTES_MAX];
	enum form_class class;
	struct book book;
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(text, sizeof(text), "rule r { strings: ");
	for (int i = 0; i < 1500; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "$s%d = \"%06d and so on, and so forth\" ", i, i);
	(void)snprintf(text + n, sizeof(text) - n, "condition: any of them }");
	book_open(&book, text);
	(void)closures_condition(book.closures, 0, cond, &class);
	assert_int_equal(class, FORM_RUNS);
	book_close(&book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_hex),
	    cmocka_unit_test(test_regex),
	    cmocka_unit_test(test_logic),
	    cmocka_unit_test(test_sets),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_odd),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_large_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
