/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shortlist.c - libmagic's answers with what can match only, against those
 * of its whole database: files of this machine, what is made here, and both
 * with a few bytes changed.
 */
#include "analysers/identify/shortlist.h"

#include "../harness.h"
#include "analysers/identify/literal.h"
#include "analysers/identify/types.h"
#include "analysers/identify/words.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <ftw.h>

#define FILES_MAX 120
#define BYTES_MAX ((size_t)256 << 10)

static uint32_t seed = 1;

static uint32_t
next(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void
compare(const uint8_t *p, size_t len, const char *what)
{
	struct types whole, few;

	types_use_shortlist(false);
	(void)types_of(p, len, -1, &whole);
	types_use_shortlist(true);
	(void)types_of(p, len, -1, &few);
	if (strcmp(whole.magic, few.magic) != 0 ||
	    strcmp(whole.mime, few.mime) != 0 ||
	    strcmp(whole.encoding, few.encoding) != 0)
		fail_msg("%s: %s %s %s; with the short list %s %s %s", what,
		    whole.magic, whole.mime, whole.encoding, few.magic,
		    few.mime, few.encoding);
}

/* As it is, and changed at its head three times, and cut. */
static void
compare_variants(uint8_t *p, size_t len, const char *what)
{
	compare(p, len, what);
	for (int i = 0; i < 3 && len > 0; i++) {
		p[next() % (len < 40 ? len : 40)] = (uint8_t)next();
		p[next() % len] = (uint8_t)(next() % 128);
		compare(p, len, what);
	}
	if (len > 1)
		compare(p, next() % len, what);
}

static size_t files;

static int
take_file(const char *path, const struct stat *st, int flag)
{
	auto_free uint8_t *bytes = NULL;
	auto_close int fd = -1;
	ssize_t n;

	/* Some of them, of all kinds. */
	if (flag != FTW_F || !S_ISREG(st->st_mode) || next() % 64 != 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return 0;
	bytes = xmalloc(BYTES_MAX);
	n = read(fd, bytes, BYTES_MAX);
	if (n >= 0)
		compare_variants(bytes, (size_t)n, path);
	return ++files == FILES_MAX;
}

static void
test_files_of_the_machine(void **state)
{
	static const char *const folders[] = {
	    "/usr/bin", "/usr/share", "/usr/lib", "/etc"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		files = 0;
		(void)ftw(folders[i], take_file, 16);
	}
}

static void
test_made_here(void **state)
{
	static const char *const texts[] = {"#!/bin/sh\necho hello\n",
	    "#!/usr/bin/env python3\nimport os\n\nclass A:\n\tpass\n",
	    "#! /usr/bin/env   perl\nuse strict;\n",
	    "#include <stdio.h>\nint main(void) { return 0; }\n",
	    "<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"></svg>\n",
	    "<!DOCTYPE html><HTML><title>x</title></HTML>",
	    "From: a@b\nSubject: c\n\ntext\n", "{\"a\": [1, 2, 3]}",
	    "a,b,c\n1,2,3\n4,5,6\n7,8,9\n", "\xef\xbb\xbfint a;\n",
	    "\xff\xfe"
	    "a\0b\0c\0",
	    "just a line of words\n",
	    "module.exports = function() { require('x'); }\n", "\n\n\n   \n\t",
	    "0\n", "x", "data", "loep-nothing-else\n", "\x1f\x8b\x08", "MZ",
	    "PK\x03\x04", "%PDF-1.4\n", "ID3\x03", "\x89PNG\r\n\x1a\n",
	    "\x7f"
	    "ELF\x02\x01\x01",
	    "\xca\xfe\xba\xbe\0\0\0\x34", "dex\n035",
	    "-----BEGIN CERTIFICATE-----\nMIIB\n", "\tSUBDIRS = a\n",
	    "begin 644 x\n", "class Foo\n  def bar\n  end\nend\n",
	    /* Other encodings than ASCII, and what is nearly one of them. */
	    "class F\xc3\xb6\xc3\xb6:\n    def x(self):\n\tpass\n",
	    "# \xe4\xf6\xfc\nimport os\nimport sys\n",
	    "from a import b\n\x85\x92 quoted\x94\n",
	    "\xed\xa0\x80 surrogate\nclass A:\n",
	    "\xc0\xaf overlong\n#include <x>\n",
	    "\xf8\x88\x80\x80\x80 five\nimport os\n", "cut \xe2\x82",
	    "+/v8- utf-7\n", "bell\x07 and \x01 control\nimport os\n",
	    "\n=head1 NAME\n\n=pod\n", "#  xmcd\n", "# nothing\n",
	    "#!/usr/bin/env  nodejs\n", "#! /usr/bin/env bash\n",
	    "require 'a'\nmodule B\n  include C\nend\n",
	    "-----BEGIN CERTIFICATE-----\nimport os\n", "0\nSECTION\n",
	    "#FIG 3.2\n", "<?xml version \"1.0\"?>\n",
	    "root\tx\ty\tz\t1\t2\t3\t4\t5\t6\t7\t8\n",
	    "\"\"\"doc\"\"\"\nimport a\n", "package a::b;\nuse strict;\n1;\n"};
	uint8_t bytes[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]);

		memcpy(bytes, texts[i], len);
		compare_variants(bytes, len, texts[i]);
		/* The same with NUL bytes behind it. */
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, texts[i], len);
		compare_variants(bytes, sizeof(bytes), texts[i]);
	}
}

/*
 * What libmagic knows without its database, and what is nearly that; a group
 * that says something and then leaves it for the next.
 */
static void
test_beside_the_database(void **state)
{
	static const char *const texts[] = {"true", "null\n", "12\n", "\"a\"\n",
	    " \t[1]\n", "{}\n", "[\n", "{\"a\":1}\n{\"a\":2}\n", "a,b\n",
	    "a,b\nc\n", "a,b\nc,d\ne,f\n", "a,b\nc,d\ne,f\ng,h\n",
	    "a,b\nc,d\ne,f\ng\n", "a,\"b\nc\",d\ne,f,g\nh,i,j\nk,l,m\n",
	    "\"a\nb,c\",d\n1,2\n3,4\n5,6\n", "a\n1,2\n3,4\n5,6\n7,8\n",
	    "\n1,2\n3,4\n5,6\n7,8\n", ",\n,\n,\n,\n,\n,\n,\n,\n,\n,\n,\n",
	    "0\n  SECTION\n  2\nHEADER\n", "Proc-Type: 4,ENCRYPTED\n",
	    "P10.1234.5678.9012.x\n", "    P10.1234.1234.1\n", "pppppppp\n",
	    "%PDF", "*IDENTIFICATION\n", "W.i.n.d.o.w.s. .R.e.g.i.s.t.r.y\n"};
	/* gzip's entry asks for the end of a file that libmagic cannot see. */
	static const uint8_t gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xfc,
	    0x57, 0xf3, 0xa4, 0xc3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0};
	uint8_t bytes[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const size_t len = strlen(texts[i]);

		memcpy(bytes, texts[i], len);
		compare_variants(bytes, len, texts[i]);
		memset(bytes, '.', sizeof(bytes));
		memcpy(bytes, texts[i], len);
		compare_variants(bytes, sizeof(bytes), texts[i]);
	}
	memcpy(bytes, gzip, sizeof(gzip));
	compare_variants(bytes, sizeof(gzip), "gzip");
	/* What is compared lies behind the end, and counts as 0. */
	memcpy(bytes, "\x01\x01pppp", 6);
	compare_variants(bytes, 6, "PDP-11");
}

/* A text whose bytes add up as the sum of an archive's header. */
static void
test_text_that_is_tar(void **state)
{
	unsigned int sum = 8 * ' ';
	char digits[9];
	uint8_t bytes[600];
	struct types types;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? 0 : bytes[i];
	(void)snprintf(digits, sizeof(digits), "%6o  ", sum);
	memcpy(bytes + 148, digits, 8);
	compare(bytes, sizeof(bytes), "tar");
	assert_true(types_of(bytes, sizeof(bytes), -1, &types));
	assert_non_null(strstr(types.magic, "tar archive"));
	bytes[0]++;
	compare(bytes, sizeof(bytes), "no tar");
}

/* Lines of every length and end, in ASCII and beyond: what is told of them. */
static void
test_plain_texts(void **state)
{
	static const char *const pieces[] = {"\n", "\r\n", "\r", "\033", "\b",
	    "\xc2\x85", "\xc3\xb6", "\xe2\x82\xac", "\xe5\x85\x85", "q",
	    "words ", "\t"};
	uint8_t text[8192];

	(void)state;
	for (int round = 0; round < 600; round++) {
		/* Few kinds at a time: all of them say little together. */
		const char *one = pieces[next() % 12],
			   *two = pieces[next() % 12];
		size_t len = 0;

		while (len < (next() % 4 == 0 ? 40 : 2000)) {
			const char *letter = next() % 2 ? "q" : pieces[6];
			size_t run =
			    next() % 3 == 0 ? 297 + next() % 8 : next() % 60;

			if (round % 3 == 0)
				letter = "q";
			for (; run > 0; run--) {
				memcpy(text + len, letter, strlen(letter));
				len += strlen(letter);
			}
			letter = next() % 4 == 0   ? one
				 : next() % 4 == 0 ? two
						   : "\n";
			memcpy(text + len, letter, strlen(letter));
			len += strlen(letter);
		}
		compare(text, len, "lines");
		compare(text, next() % len, "lines that are cut");
	}
}

static void
test_words(void **state)
{
	static const char *const list[] = {"class", "def ", "  x ", "import",
	    "imports", "\nmsgid", "a\tb c", "CLASS", "#include"};
	struct literal literals[sizeof(list) / sizeof(list[0])];
	bool is_there[sizeof(list) / sizeof(list[0])];
	struct literal folded = {.p = "Html", .len = 4, .is_folded = true};
	struct literal tiny = {.p = "abc", .len = 3};
	struct words *words = words_new();
	uint8_t text[96];

	(void)state;
	assert_int_equal(words_add(words, &tiny), -1);
	for (int i = 0; i < (int)(sizeof(list) / sizeof(list[0])); i++) {
		literals[i] = (struct literal){.len = strlen(list[i])};
		memcpy(literals[i].p, list[i], literals[i].len);
		assert_int_equal(words_add(words, &literals[i]), i);
		assert_int_equal(words_add(words, &literals[i]), i);
	}
	for (int round = 0; round < 20000; round++) {
		size_t len = next() % sizeof(text);

		for (size_t at = 0; at < len; at++)
			text[at] =
			    (uint8_t) "clasdefimportsgCLASbxn \n\t#u"[next() %
								      28];
		if (round % 2 == 0) {
			const char *word = list[next() % 9];
			size_t n = strlen(word);

			if (len > n)
				memcpy(text + next() % (len - n + 1), word, n);
		}
		words_find(words, text, len, is_there);
		for (size_t i = 0; i < words_count(words); i++)
			assert_int_equal(is_there[i],
			    memmem(text, len, list[i], strlen(list[i])) !=
				NULL);
	}
	words = words_new();
	assert_int_equal(words_add(words, &folded), 0);
	words_find(words, (const uint8_t *)"<hTML>", 6, is_there);
	assert_true(is_there[0]);
	words_find(words, (const uint8_t *)"<htm", 4, is_there);
	assert_false(is_there[0]);
}

static struct literal
of_regex(const char *text)
{
	struct magicdb_entry entry = {.type = MAGICDB_REGEX};

	(void)snprintf((char *)entry.value, sizeof(entry.value), "%s", text);
	return literal_of_regex(&entry);
}

static void
test_literals(void **state)
{
	static const struct {
		const char *regex;
		const char *literal;
	} cases[] = {
	    {"^export (function|class) ", "export "},
	    {"^import.*;$", "import"},
	    {"abc*d", "ab"},
	    {"abc+d", "abc"},
	    {"ab{0,2}cde", "cde"},
	    {"a|b", ""},
	    {"x(abc|d)y", "x"},
	    {"x(abcd)?y", "x"},
	    {"x(abcd){2}y", "abcd"},
	    {"x(abcd){0,2}y", "x"},
	    {"[]abc]de", "de"},
	    {"[[:space:]]x[^]]yz", "yz"},
	    {"\\.even", ".even"},
	    {"\\bword", "word"},
	    {"(unfinished", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct literal l = of_regex(cases[i].regex);

		assert_int_equal(l.len, strlen(cases[i].literal));
		assert_memory_equal(l.p, cases[i].literal, l.len);
	}
}

/* "words" of an expression, each with a bar behind it, "~" before: indented. */
static void
test_starts(void **state)
{
	static const struct {
		const char *regex;
		const char *starts;
	} cases[] = {
	    {"^[[:space:]]*(class|module)[[:space:]][A-Z]", "~class|module|"},
	    {"^(import|export).* from ", "import|export|"},
	    {"^(CFLAGS|all:|\\.PRECIOUS)", "CFLAGS|all:|.PRECIOUS|"},
	    {"^[[:space:]]{0,50}def {1,50}[_a-z]", "~def |"},
	    {"^[ \t]*x{0,2}y", ""},
	    {"^ab*c", "a|"},
	    {"^ab+c", "ab|"},
	    {"^(ab?c|d(e|f))x", "a|d|"},
	    {"^(a|b)?c", ""},
	    {"^(a|)c", ""},
	    {"^a|b", ""},
	    {"^(a)|b", ""},
	    {"^a[|]b", "a|"},
	    {"^a[(]|b", ""},
	    {"a^b", ""},
	    {"^\\d", ""},
	    {"^", ""},
	    {"^(a", ""},
	    {"^a)", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct magicdb_entry entry = {.type = MAGICDB_REGEX};
		struct literal_starts starts;
		char text[128] = "";

		(void)snprintf((char *)entry.value, sizeof(entry.value), "%s",
		    cases[i].regex);
		literal_starts_of_regex(&entry, &starts);
		if (starts.count > 0 && starts.may_indent)
			(void)snprintf(text, sizeof(text), "~");
		for (size_t j = 0; j < starts.count; j++) {
			(void)snprintf(text + strlen(text), 40, "%.*s|",
			    (int)starts.list[j].len,
			    (const char *)starts.list[j].p);
		}
		assert_string_equal(text, cases[i].starts);
	}
}

static void
test_starts_of_lines(void **state)
{
	struct literal_starts starts = {
	    .list = {{.p = "ab", .len = 2}, {.p = "x", .len = 1}},
	    .count = 2,
	};

	(void)state;
	assert_false(
	    literal_starts_line(&starts, (const uint8_t *)"cab\n a", 6));
	assert_true(literal_starts_line(&starts, (const uint8_t *)"abc", 3));
	assert_true(literal_starts_line(&starts, (const uint8_t *)"c\nx", 3));
	assert_false(literal_starts_line(&starts, (const uint8_t *)"c\nx", 2));
	assert_false(literal_starts_line(&starts, (const uint8_t *)"c\n x", 4));
	starts.may_indent = true;
	assert_true(literal_starts_line(&starts, (const uint8_t *)"c\n x", 4));
	assert_true(
	    literal_starts_line(&starts, (const uint8_t *)"\n\n\tab", 5));
	assert_false(literal_starts_line(&starts, (const uint8_t *)" \n", 2));
}

static int
load(void **state)
{
	char why[256];

	(void)state;
	return types_load(why, sizeof(why)) == ERR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_literals),
	    cmocka_unit_test(test_starts),
	    cmocka_unit_test(test_starts_of_lines),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_made_here),
	    cmocka_unit_test(test_beside_the_database),
	    cmocka_unit_test(test_text_that_is_tar),
	    cmocka_unit_test(test_plain_texts),
	    cmocka_unit_test(test_files_of_the_machine),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
