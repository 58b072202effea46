/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generate.h - random rules of all constructs, and files that hold parts of
 * what they look for.  The same for the same seed.
 */
#ifndef TESTS_ANALYSERS_RULES_GENERATE_H
#define TESTS_ANALYSERS_RULES_GENERATE_H

#include "lib/base64.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS	   8
#define WORD_BYTES 16
#define FILE_BYTES 3000

struct generate {
	uint64_t state;
	char text[60000];
	size_t len;
	uint8_t words[WORDS][WORD_BYTES];
	size_t word_lens[WORDS];
	int strings; /* of the rule at hand */
	int rules;   /* before it */
};

static inline uint32_t
pick(struct generate *g, uint32_t n)
{
	/* xorshift64* (Vigna 2016). */
	g->state ^= g->state >> 12;
	g->state ^= g->state << 25;
	g->state ^= g->state >> 27;
	return (uint32_t)((g->state * 2685821657736338717u) >> 33) % n;
}

__attribute__((format(printf, 2, 3))) static inline void
put(struct generate *g, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(g->text + g->len, sizeof(g->text) - g->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(g->text) - g->len)
		g->len += (size_t)n;
}

#define PICK(g, ...)                        \
 ((const char *const[]){__VA_ARGS__})[pick( \
     (g), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))]

/* Short words of few letters, so that things are found by chance, too. */
static inline void
make_words(struct generate *g)
{
	static const char letters[] = "abcABC01 _\x00\xff\x80MZ";

	for (int i = 0; i < WORDS; i++) {
		g->word_lens[i] = 1 + pick(g, pick(g, 3) == 0 ? 4 : 12);
		for (size_t j = 0; j < g->word_lens[i]; j++)
			g->words[i][j] =
			    (uint8_t)letters[pick(g, sizeof(letters) - 1)];
	}
	if (pick(g, 3) == 0)
		memcpy(g->words[0], "MZ\x90\x00", 4), g->word_lens[0] = 4;
	if (pick(g, 5) == 0)
		memcpy(g->words[0],
		    "\x7f"
		    "ELF",
		    4),
		    g->word_lens[0] = 4;
}

static inline void
put_escaped(struct generate *g, const uint8_t *p, size_t len, bool is_regex)
{
	for (size_t i = 0; i < len; i++) {
		bool is_word = (p[i] >= '0' && p[i] <= '9') || p[i] == '_' ||
			       (p[i] >= 'a' && p[i] <= 'z') ||
			       (p[i] >= 'A' && p[i] <= 'Z') || p[i] == ' ';

		if (is_word && !(is_regex && pick(g, 9) == 0))
			put(g, "%c", p[i]);
		else
			put(g, "\\x%02x", p[i]);
	}
}

static inline void
text_string(struct generate *g)
{
	uint32_t w = pick(g, WORDS);
	uint32_t kind = pick(g, 10);

	put(g, "\"");
	put_escaped(g, g->words[w], g->word_lens[w], false);
	if (pick(g, 3) == 0) {
		uint32_t v = pick(g, WORDS);

		put_escaped(g, g->words[v], g->word_lens[v], false);
	}
	put(g, "\" ");
	if (kind < 2) {
		put(g, "%s", PICK(g, "xor", "xor(1-3)", "xor(0x20)"));
		put(g, " %s",
		    PICK(g, "", "wide", "ascii", "wide ascii", "fullword"));
	} else if (kind < 4) {
		put(g, "%s",
		    PICK(g, "base64", "base64wide", "base64 base64wide",
			"base64 wide", "base64 ascii wide",
			"base64(\"!@#$%^&*(){}[].,|ABCDEFGHIJ\\x09LMNOPQRSTU"
			"VWXYZabcdefghijklmnopqrstu\")"));
	} else {
		put(g, "%s %s %s", PICK(g, "", "wide", "ascii", "wide ascii"),
		    PICK(g, "", "", "nocase"), PICK(g, "", "", "fullword"));
	}
}

static inline void
hex_bytes(struct generate *g)
{
	uint32_t w = pick(g, WORDS);

	for (size_t i = 0; i < g->word_lens[w]; i++) {
		uint32_t how = pick(g, 12);

		if (how == 0 && i > 0 && i + 1 < g->word_lens[w])
			put(g, "?? ");
		else if (how == 1)
			put(g, "%X? ", g->words[w][i] >> 4);
		else if (how == 2)
			put(g, "?%X ", g->words[w][i] & 15);
		else
			put(g, "%02X ", g->words[w][i]);
	}
}

static inline void
hex_string(struct generate *g)
{
	uint32_t parts = 1 + pick(g, 3);

	put(g, "{ ");
	hex_bytes(g);
	for (uint32_t i = 0; i < parts; i++) {
		switch (pick(g, 6)) {
		case 0:
			put(g, "[%u] ", 1 + pick(g, 4));
			break;
		case 1:
			put(g, "[%u-%u] ", pick(g, 3), 3 + pick(g, 300));
			break;
		case 2:
			put(g, "[%u-] ", pick(g, 3));
			break;
		case 3:
			put(g, "( ");
			hex_bytes(g);
			put(g, "| ");
			hex_bytes(g);
			put(g, "| 01 02 ) ");
			break;
		default:
			break;
		}
		hex_bytes(g);
	}
	put(g, "}");
}

static inline void
regex_part(struct generate *g)
{
	uint32_t w = pick(g, WORDS);
	size_t len = g->word_lens[w];
	size_t cut = pick(g, (uint32_t)len);

	put_escaped(g, g->words[w], cut, true);
	switch (pick(g, 12)) {
	case 0:
		put(g, "%s",
		    PICK(g, ".*", ".", ".?", "\\w+", "[abc]", "[^q]*",
			"\\d{0,3}", ".{0,20}", "[a-cA-C]{1,4}"));
		break;
	case 1:
		put(g, "(");
		put_escaped(g, g->words[w], 1 + pick(g, (uint32_t)len), true);
		put(g, "|xy)%s", PICK(g, "", "?", "*", "+", "{1,3}", "{2}"));
		break;
	case 2:
		put(g, "%s",
		    PICK(g, "\\b", "a?", "b*", "c+", "[01]?", "a{2}",
			"(ab|a){1,2}", "(a|b|c)"));
		break;
	default:
		break;
	}
	put_escaped(g, g->words[w] + cut, len - cut, true);
}

static inline void
regex_string(struct generate *g)
{
	put(g, "/%s", pick(g, 20) == 0 ? "^" : "");
	regex_part(g);
	if (pick(g, 2) == 0) {
		put(g, "%s", PICK(g, "", "|", ".*", "", ""));
		regex_part(g);
	}
	put(g, "%s/%s %s", pick(g, 20) == 0 ? "$" : "",
	    PICK(g, "", "i", "s", "is"),
	    PICK(g, "", "wide", "ascii wide", "nocase", "fullword",
		"wide nocase"));
}

static inline void
strings(struct generate *g)
{
	g->strings = (int)pick(g, 5);
	if (g->strings == 0)
		return;
	put(g, "  strings:\n");
	for (int i = 0; i < g->strings; i++) {
		put(g, "    $%c%d = ", "ab"[i % 2], i);
		switch (pick(g, 4)) {
		case 0:
			hex_string(g);
			break;
		case 1:
			regex_string(g);
			break;
		default:
			text_string(g);
		}
		put(g, "\n");
	}
}

static inline int
any_string(struct generate *g)
{
	return (int)pick(g, (uint32_t)g->strings);
}

static inline void
put_string(struct generate *g, char sigil)
{
	int i = any_string(g);

	put(g, "%c%c%d", sigil, "ab"[i % 2], i);
}

static inline void
number(struct generate *g, int depth)
{
	switch (pick(g, depth > 0 ? 12 : 5)) {
	case 0:
		put(g, "filesize");
		break;
	case 1:
		if (g->strings > 0) {
			put_string(g, '#');
			if (pick(g, 4) == 0)
				put(g, " in (0..%u)", pick(g, 2000));
			break;
		}
		put(g, "1");
		break;
	case 5:
		if (g->strings > 0) {
			put_string(g, "@!"[pick(g, 2)]);
			if (pick(g, 2) == 0)
				put(g, "[%u]", pick(g, 4));
			break;
		}
		put(g, "2");
		break;
	case 6:
		put(g, "(");
		number(g, depth - 1);
		put(g, " %s ", PICK(g, "+", "-", "*", "&", "|", "\\", "%"));
		number(g, depth - 1);
		put(g, ")");
		break;
	case 7:
		put(g, "%s(%u)",
		    PICK(g, "uint8", "uint16", "uint32", "uint16be", "int16"),
		    pick(g, 5));
		break;
	case 8:
		put(g, "%s",
		    PICK(g, "pe.number_of_sections", "elf.type", "entrypoint",
			"math.to_number(true)", "pe.is_pe",
			"math.entropy(0, filesize)"));
		break;
	case 9:
		put(g, "-%u", pick(g, 3));
		break;
	default:
		put(g, "%u", pick(g, pick(g, 4) == 0 ? 3000 : 4));
	}
}

static inline void
set(struct generate *g)
{
	switch (pick(g, 4)) {
	case 0:
		put(g, "($a*)");
		break;
	case 1:
		put(g, "(");
		put_string(g, '$');
		put(g, ", ");
		put_string(g, '$');
		put(g, ")");
		break;
	default:
		put(g, "them");
	}
}

static inline void expression(struct generate *g, int depth);

static inline void
many(struct generate *g)
{
	put(g, "%s",
	    PICK(g, "any", "all", "none", "1", "2", "0", "(1 + 1)", "filesize",
		"any", "all"));
}

static inline void
loop_body(struct generate *g)
{
	switch (pick(g, 6)) {
	case 0:
		put(g, "$ at %u", pick(g, 3));
		break;
	case 1:
		put(g, "# > %u", pick(g, 3));
		break;
	case 2:
		put(g, "@[1] < %u", pick(g, 3000));
		break;
	case 3:
		put(g, "not $");
		break;
	default:
		put(g, "$ and ");
		expression(g, 0);
	}
}

static inline void
about_strings(struct generate *g, int depth)
{
	switch (pick(g, depth > 0 ? 9 : 4)) {
	case 4:
		many(g);
		put(g, " of ");
		set(g);
		if (pick(g, 5) == 0)
			put(g, " in (0..%u)", pick(g, 3000));
		break;
	case 5:
		put(g, "%u%% of them", 1 + pick(g, 100));
		break;
	case 6:
		put(g, "for ");
		many(g);
		put(g, " of ");
		set(g);
		put(g, " : (");
		loop_body(g);
		put(g, ")");
		break;
	case 7:
		put(g, "for %s i in (%s) : (", PICK(g, "any", "all", "2"),
		    PICK(g, "0..3", "1..2", "1,2", "3..1", "1..#a0",
			"0..pe.number_of_sections", "#a0..3"));
		put_string(g, '@');
		put(g, "[i] %s ", PICK(g, "<", ">", "==", "!="));
		number(g, 0);
		put(g, ")");
		break;
	case 8:
		put(g, "%s",
		    PICK(g, "$a0 at 0", "$a0 at entrypoint", "$a0 at 2",
			"$a0 in (0..10)", "$a0 at (filesize - 4)",
			"defined @a0", "$a0 at pe.entry_point"));
		break;
	default:
		put_string(g, '$');
	}
}

static inline void
comparison(struct generate *g, int depth)
{
	switch (pick(g, 5)) {
	case 0:
		put(g, "%s",
		    PICK(g, "uint16(0) == 0x5A4D", "uint16be(0) == 0x4D5A",
			"uint32(0) == 0x464c457f", "0x5A4D == uint16(0)",
			"uint8(1) == 0x61", "int8(0) == -1",
			"uint16(0) & 0xff == 0x4d", "filesize > 100",
			"filesize < 1KB", "not filesize < 500", "pe.is_pe",
			"pe.is_pe == 0", "defined pe.machine",
			"elf.number_of_sections > 0", "filename == \"\"",
			"filename contains \"x\"", "uint16(uint8(1)) == 7",
			"hash.md5(0, 1) != \"x\"", "true", "false"));
		break;
	default:
		number(g, depth);
		put(g, " %s ", PICK(g, "==", "!=", "<", "<=", ">", ">="));
		number(g, depth);
	}
}

static inline void
about_rules(struct generate *g)
{
	if (g->rules == 0)
		put(g, "true");
	else if (pick(g, 3) > 0)
		put(g, "r%u", pick(g, (uint32_t)g->rules));
	else
		put(g, "%s of (r*)", PICK(g, "any", "all", "1", "none"));
}

static inline void
expression(struct generate *g, int depth)
{
	uint32_t kind = pick(g, depth > 0 ? 12 : 5);

	if (kind >= 5 && kind < 9) {
		put(g, "(");
		expression(g, depth - 1);
		put(g, " %s ", PICK(g, "and", "or", "and"));
		expression(g, depth - 1);
		put(g, ")");
	} else if (kind == 9) {
		put(g, "not ");
		expression(g, depth - 1);
	} else if (kind == 10) {
		expression(g, depth - 1);
		put(g, " %s ", PICK(g, "and", "or"));
		expression(g, depth - 1);
	} else if (kind == 11) {
		about_rules(g);
	} else if (kind >= 1 && g->strings > 0) {
		about_strings(g, depth);
	} else {
		comparison(g, depth);
	}
}

/* A file of one to four rules; in g->text. */
static inline void
generate_rules(struct generate *g)
{
	int count = 1 + (int)pick(g, 4);

	g->len = 0;
	make_words(g);
	put(g, "import \"pe\"\nimport \"elf\"\nimport \"math\"\n"
	       "import \"hash\"\n");
	for (g->rules = 0; g->rules < count; g->rules++) {
		put(g, "%s%srule r%d : tag {\n  meta: a = \"b\"\n",
		    pick(g, 6) == 0 ? "private " : "",
		    pick(g, 8) == 0 ? "global " : "", g->rules);
		strings(g);
		put(g, "  condition:\n    ");
		/* libyara wants each string to be asked for. */
		put(g, g->strings > 0 ? "(true or any of them) and (" : "(");
		expression(g, 3);
		put(g, ")\n}\n");
	}
}

/* One of the words, as one of the strings may want it. */
static inline size_t
put_word(struct generate *g, uint8_t *dst)
{
	uint32_t w = pick(g, WORDS);
	size_t len = g->word_lens[w];
	uint8_t key = (uint8_t)(pick(g, 3) == 0 ? pick(g, 256) : pick(g, 4));
	uint8_t joined[2 * WORD_BYTES];
	uint32_t how = pick(g, 10);
	uint32_t v = pick(g, WORDS);
	size_t n = 0;

	memcpy(joined, g->words[w], len);
	if (pick(g, 3) == 0) {
		memcpy(joined + len, g->words[v], g->word_lens[v]);
		len += g->word_lens[v];
	}
	if (how == 0) {
		auto_free char *code = NULL;
		uint8_t moved[2 * WORD_BYTES + 2] = "xy";
		uint32_t shift = pick(g, 3);

		memcpy(moved + shift, joined, len);
		code = base64_encode(moved, len + shift);
		n = strlen(code);
		memcpy(dst, code, n);
		return n;
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t c = joined[i];

		if (how == 1 && ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			c ^= 0x20;
		if (how == 2 || how == 3)
			c ^= key;
		dst[n++] = c;
		if (how == 4 || how == 5)
			dst[n++] = 0;
		if (how == 3)
			dst[n++] = key;
	}
	return n;
}

/* Words, gaps and noise; its length. */
static inline size_t
generate_file(struct generate *g, uint8_t file[FILE_BYTES])
{
	size_t most = pick(g, pick(g, 3) == 0 ? FILE_BYTES - 200 : 300);
	size_t n = 0;

	if (pick(g, 3) == 0) {
		memcpy(file, g->words[0], g->word_lens[0]);
		n = g->word_lens[0];
	}
	while (n < most) {
		if (pick(g, 4) > 0) {
			n += put_word(g, file + n);
			continue;
		}
		for (uint32_t i = pick(g, 6); i > 0; i--)
			file[n++] =
			    (uint8_t)(pick(g, 2) == 0 ? pick(g, 256)
						      : 'a' + pick(g, 3));
	}
	return n;
}

#endif
