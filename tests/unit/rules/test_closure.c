/* SPDX-License-Identifier: Apache-2.0 */
/* test_closure.c - what a rule's digest and compile unit are made of. */
#include "book.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
digest_of(const char *text, const char *name, uint8_t ret[SHA256_BYTES])
{
	struct book book;
	size_t rule;

	book_open(&book, text);
	rule = book_rule(&book, name);
	assert_true(rule != SIZE_MAX);
	memcpy(ret, book.closures->list[rule].digest, SHA256_BYTES);
	book_close(&book);
}

static void
compare(const char *a, const char *b, const char *name, bool is_same)
{
	uint8_t x[SHA256_BYTES], y[SHA256_BYTES];

	digest_of(a, name, x);
	digest_of(b, name, y);
	if ((memcmp(x, y, SHA256_BYTES) == 0) != is_same)
		print_message("# %s\n# %s\n", a, b);
	assert_int_equal(memcmp(x, y, SHA256_BYTES) == 0, is_same);
}

#define BASE                           \
 "rule o { condition: filesize > 9 } " \
 "rule r { strings: $a = { 4D 5a ?? } condition: $a and o }"

static void
test_same_meaning(void **state)
{
	static const char *const others[] = {
	    /* layout, comments, case of digits in hexadecimal strings */
	    "rule o {\n  condition:\n    filesize > 9\n}\n"
	    "rule r\n{\n  strings: // $b\n    $a = {4d5A /* ?? */ ??}\n"
	    "  condition: /* not */ $a and o }",
	    /* meta and tags */
	    "rule o : x y { condition: filesize > 9 } "
	    "rule r : t { meta: a = 1 b = \"c\" strings: $a = { 4D 5a ?? } "
	    "condition: $a and o }",
	    /* others, and their order */
	    "import \"pe\" rule p { condition: pe.is_pe } "
	    "rule o { condition: filesize > 9 } rule q { condition: true } "
	    "rule r { strings: $a = { 4D 5a ?? } condition: $a and o }"
	    "rule after { condition: r }",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		compare(BASE, others[i], "r", true);
}

static void
test_other_meaning(void **state)
{
	static const char *const others[] = {
	    "rule o { condition: filesize > 8 } "
	    "rule r { strings: $a = { 4D 5a ?? } condition: $a and o }",
	    "rule o { condition: filesize > 9 } "
	    "rule r { strings: $a = { 4D 5b ?? } condition: $a and o }",
	    "rule o { condition: filesize > 9 } "
	    "rule r { strings: $b = { 4D 5a ?? } condition: $b and o }",
	    "rule o { condition: filesize > 9 } "
	    "rule r { strings: $a = { 4D 5a ?? } private condition: $a and o }",
	    "rule o { condition: filesize > 9 } private "
	    "rule r { strings: $a = { 4D 5a ?? } condition: $a and o }",
	    BASE " global rule g { condition: filesize > 0 }",
	    "rule n { condition: filesize > 9 } rule o { condition: n } "
	    "rule r { strings: $a = { 4D 5a ?? } condition: $a and o }",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		compare(BASE, others[i], "r", false);
	/* A change deep below. */
	compare("rule a { condition: false } rule b { condition: a }"
		"rule r { condition: b }",
	    "rule a { condition: true } rule b { condition: a }"
	    "rule r { condition: b }",
	    "r", false);
	/* One more in a set; the rule after it is none of the set. */
	compare(
	    "rule a1 { condition: false } rule r { condition: any of (a*) }",
	    "rule a1 { condition: false } rule a2 { condition: false } "
	    "rule r { condition: any of (a*) }",
	    "r", false);
	/* A string is not two. */
	compare("rule r { strings: $a = \"a b\" condition: $a }",
	    "rule r { strings: $a = \"a  b\" condition: $a }", "r", false);
}

static void
test_unit(void **state)
{
	static const char text[] =
	    "import \"pe\" import \"math\"\n"
	    "rule no { condition: true }\n"
	    "rule deep { condition: pe.is_pe }\n"
	    "private rule named { condition: deep }\n"
	    "/* gone */ rule r : tag { meta: a = \"kept\" // kept\n"
	    "condition: named }\n"
	    "global rule g { condition: filesize < 9 }\n";
	static const char unit[] =
	    "import \"pe\"\n"
	    "rule deep { condition: pe.is_pe }\n"
	    "private rule named { condition: deep }\n"
	    "rule r : tag { meta: a = \"kept\" // kept\ncondition: named }\n"
	    "global rule g { condition: filesize < 9 }\n";
	struct book book;
	auto_free char *got = NULL;
	size_t len, line;

	(void)state;
	book_open(&book, text);
	got = closures_unit(book.closures, book_rule(&book, "r"), &len, &line);
	assert_string_equal(got, unit);
	assert_int_equal(len, sizeof(unit) - 1);
	assert_int_equal(line, 4);
	assert_int_equal(
	    book.closures->list[book_rule(&book, "r")].modules, 1 << MODULE_PE);
	assert_int_equal(
	    book.closures->list[book_rule(&book, "no")].modules, 0);
	book_close(&book);
}

/* A module without import, an external, a loop's variable, a member. */
static void
test_names(void **state)
{
	struct book book;

	(void)state;
	book_open(&book,
	    "rule machine { condition: true } rule i { condition: true }"
	    "rule a { condition: filename == \"x\" }"
	    "rule b { condition: a and pe.machine == 1 }"
	    "rule c { condition: 2 * filesize > 1 }"
	    "rule filesize2 { condition: true }");
	assert_int_equal(book.closures->list[2].externals, 1);
	assert_int_equal(book.closures->list[3].externals, 1);
	assert_int_equal(book.closures->list[3].modules, 0);
	assert_int_equal(book.closures->list[3].ref_count, 1);
	assert_int_equal(book.closures->list[4].ref_count, 0);
	book_close(&book);
}

/* Rules that are set aside are no part of sets and namespaces. */
static void
test_set_aside(void **state)
{
	struct book book;

	(void)state;
	book_open(&book,
	    "rule a1 { condition: x } rule a2 { condition: true }"
	    "rule r { condition: any of (a*) } rule s { condition: a1 }"
	    "global rule g { condition: y }");
	assert_int_equal(book.closures->list[2].ref_count, 2);
	closures_reject(book.closures, 0, "x is nothing");
	closures_reject(book.closures, 4, "y is nothing");
	closures_link(book.closures, 2);
	closures_seal(book.closures, 2);
	assert_int_equal(book.closures->list[2].ref_count, 1);
	assert_null(book.closures->list[2].reason);
	closures_link(book.closures, 3);
	closures_seal(book.closures, 3);
	assert_string_equal(book.closures->list[3].reason,
	    "names the rule a1, which is set aside");
	book_close(&book);
}

/* Each rule names all before it: bounded in time and in text. */
static void
test_bounds(void **state)
{
	static char text[400000];
	struct book book;
	size_t n = 0, rejected = 0;

	(void)state;
	for (int i = 0; i < 2500; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "rule r%d { condition: any of (r*) }\n", i);
	book_open(&book, text);
	assert_int_equal(book.bundle->rule_count, 2500);
	for (size_t i = 0; i < 2500; i++)
		rejected += book.closures->list[i].reason != NULL;
	assert_int_equal(rejected, 2500 - CLOSURE_RULES_MAX);
	book_close(&book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_meaning),
	    cmocka_unit_test(test_other_meaning),
	    cmocka_unit_test(test_unit),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_set_aside),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
