/* SPDX-License-Identifier: Apache-2.0 */
/* magictest.c - whether an entry of libmagic's database can match. */
#include "analysers/identify/magictest.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <limits.h>
#include <string.h>

/* What libmagic takes for the length of a line (softmagic.c). */
#define REGEX_LINE_BYTES ((size_t)80)

static uint64_t
load_le(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8 && i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* Bytes of a numeric type as they lie in a file; 0 = not numeric. */
static size_t
number_width(uint8_t type, bool *ret_is_big)
{
	const bool is_big_here = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	*ret_is_big = false;
	switch (type) {
	case MAGICDB_BYTE:
		return 1;
	case MAGICDB_SHORT:
		*ret_is_big = is_big_here;
		return 2;
	case MAGICDB_BESHORT:
		*ret_is_big = true;
		return 2;
	case MAGICDB_LESHORT:
		return 2;
	case MAGICDB_LONG:
		*ret_is_big = is_big_here;
		return 4;
	case MAGICDB_BELONG:
		*ret_is_big = true;
		return 4;
	case MAGICDB_LELONG:
		return 4;
	case MAGICDB_QUAD:
		*ret_is_big = is_big_here;
		return 8;
	case MAGICDB_BEQUAD:
		*ret_is_big = true;
		return 8;
	case MAGICDB_LEQUAD:
		return 8;
	default:
		return 0;
	}
}

/* The width low bytes of v, as the file's first bytes of a word. */
static uint64_t
to_word(uint64_t v, size_t width, bool is_big)
{
	uint64_t word = 0;

	for (size_t i = 0; i < width; i++) {
		size_t from = is_big ? width - 1 - i : i;

		word |= (v >> (8 * from) & 0xff) << (8 * i);
	}
	return word;
}

/* A number of a file; what is beyond its end is 0. */
static uint64_t
number_of(const struct group *g, const uint8_t *p, size_t len)
{
	uint64_t v = to_word(load_le(p, len), g->width, g->is_big);
	unsigned int unused = 64 - 8 * (unsigned int)g->width;

	return g->is_signed ? (uint64_t)((int64_t)(v << unused) >> unused) : v;
}

static bool
is_in_order(const struct group *g, const uint8_t *p, size_t len)
{
	uint64_t v = number_of(g, p, len);

	if (g->is_signed)
		return g->is_less ? (int64_t)v < (int64_t)g->value
				  : (int64_t)v > (int64_t)g->value;
	return g->is_less ? v < g->value : v > g->value;
}

static void
understand_order(struct group *g, const struct magicdb_entry *e)
{
	g->width = (uint8_t)number_width(e->type, &g->is_big);
	if (g->width == 0 || e->u.mask != 0 || e->mask_op != 0)
		return;
	memcpy(&g->value, e->value, sizeof(g->value));
	g->is_signed = (e->flag & MAGICDB_UNSIGNED) == 0;
	g->is_less = e->relation == '<';
	g->kind = TEST_ORDER;
}

/* x == value, or (x & mask) == value: what differs there cannot match. */
static void
understand_number(struct group *g, const struct magicdb_entry *e)
{
	bool is_big;
	size_t width = number_width(e->type, &is_big);
	uint64_t mask = UINT64_MAX;
	uint64_t value;

	/* "and" is operation 0; no mask at all is stored as one of 0. */
	if (width == 0 || e->mask_op != 0)
		return;
	if (e->u.mask != 0)
		mask = e->u.mask;
	memcpy(&value, e->value, sizeof(value));
	g->kind = TEST_WORD;
	g->mask = to_word(mask, width, is_big);
	g->value = to_word(value, width, is_big);
	/* Bits outside of the mask can never be there: leave it to libmagic. */
	if ((g->value & ~g->mask) != 0)
		g->kind = TEST_ANY;
}

static void
take_words(struct group *g, const struct magicdb_entry *e)
{
	g->literal = literal_of_text(e);
	literal_later_words(e, g->later_words);
}

static void
understand_string(struct group *g, const struct magicdb_entry *e)
{
	const uint32_t known = MAGICDB_SPACES | MAGICDB_FOLD |
			       MAGICDB_TEXT_ONLY | MAGICDB_BINARY_ONLY |
			       MAGICDB_TRIM | MAGICDB_FULL_WORD;
	size_t len;

	if ((e->u.text.flags & ~known) != 0 || e->u.text.range != 0)
		return;
	take_words(g, e);
	len = g->literal.len < 8 ? g->literal.len : 8;
	if (len == 0)
		return;
	if (g->literal.is_folded) {
		g->kind = TEST_BEGIN;
		return;
	}
	g->kind = TEST_WORD;
	g->mask = len == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * len)) - 1;
	g->value = load_le(g->literal.p, len);
}

static void
understand_search(struct group *g, const struct magicdb_entry *e)
{
	const uint32_t known = MAGICDB_SPACES | MAGICDB_FOLD |
			       MAGICDB_TEXT_ONLY | MAGICDB_BINARY_ONLY |
			       MAGICDB_TRIM | MAGICDB_FULL_WORD |
			       MAGICDB_FROM_START;

	if ((e->u.text.flags & ~known) != 0)
		return;
	take_words(g, e);
	/* It begins at one of so many places, or (memmem()) one more. */
	g->range = e->u.text.range == 0
		       ? SIZE_MAX
		       : (size_t)e->u.text.range + g->literal.len;
	if (g->literal.len == 0) {
		/* It begins with white space, however much. */
		g->literal = g->later_words[0];
		g->range = SIZE_MAX;
	}
	if (g->literal.len > 0)
		g->kind = TEST_FIND;
}

/*
 * Compiled as libmagic does it, but once: its own handles come and go.  What
 * text is looked at is known for plain ASCII only.
 */
static void
understand_regex(struct group *g, const struct magicdb_entry *e)
{
	const int flags = REG_EXTENDED | REG_NEWLINE |
			  (e->u.text.flags & MAGICDB_FOLD ? REG_ICASE : 0);

	if (g->modes != MAGICDB_TEXT ||
	    memchr(e->value, '\0', sizeof(e->value)) == NULL)
		return;
	g->regex = xmalloc(sizeof(*g->regex));
	if (regcomp(g->regex, (const char *)e->value, flags) != 0) {
		free(take_ptr(g->regex));
		return;
	}
	g->literal = literal_of_regex(e);
	if (g->literal.len < 2)
		g->word_count = literal_words_of_regex(e, g->words);
	g->starts = xmalloc(sizeof(*g->starts));
	literal_starts_of_regex(e, g->starts);
	g->range = e->u.text.range;
	if ((e->u.text.flags & MAGICDB_LINES) != 0) {
		g->lines = e->u.text.range;
		g->range = g->lines * REGEX_LINE_BYTES;
	}
	g->kind = TEST_REGEX;
}

/* How one entry is to be looked at. */
static void
understand(struct group *g, const struct magicdb_entry *e)
{
	const uint8_t moved = MAGICDB_INDIRECT_OFFSET | MAGICDB_FROM_END |
			      MAGICDB_RELATIVE | MAGICDB_RELATIVE_INDIRECT;

	g->kind = TEST_ANY;
	if ((e->flag & moved) != 0 || e->offset < 0)
		return;
	g->offset = (size_t)e->offset;
	if (e->relation == '<' || e->relation == '>') {
		understand_order(g, e);
		return;
	}
	if (e->relation != '=')
		return;
	switch (e->type) {
	case MAGICDB_STRING:
		understand_string(g, e);
		return;
	case MAGICDB_SEARCH:
		understand_search(g, e);
		return;
	case MAGICDB_REGEX:
		understand_regex(g, e);
		return;
	default:
		understand_number(g, e);
	}
}

/* A text test that leaves all words to those of the next level. */
static bool
is_silent(const struct magicdb_entry *e)
{
	return (e->type == MAGICDB_STRING || e->type == MAGICDB_SEARCH ||
		   e->type == MAGICDB_REGEX) &&
	       e->description[0] == '\0' && e->mime[0] == '\0';
}

static bool
is_odd(const struct magicdb_entry *e)
{
	return e->type == MAGICDB_USE || e->type == MAGICDB_INDIRECT ||
	       (e->mime[0] != '\0' && e->description[0] == '\0');
}

/* Conditions between entries are left to libmagic. */
static void
understand_next(struct group *g, const struct magicdb_entry *e)
{
	g->is_silent = is_silent(e);
	for (size_t i = 0; i < g->count; i++) {
		g->is_silent = g->is_silent && e[i].condition == 0;
		g->next_count += e[i].level == 1;
	}
	if (!g->is_silent)
		return;
	g->next = xcalloc(g->next_count + 1, sizeof(*g->next));
	g->next_count = 0;
	for (size_t i = 1; i < g->count; i++) {
		struct group *next = &g->next[g->next_count];

		if (e[i].level != 1)
			continue;
		next->modes = g->modes;
		understand(next, &e[i]);
		g->next_count++;
	}
}

/*
 * The MIME type of a group is that of the first entry on the way that has one.
 * Where all have the same, and whatever describes has one, or is below one that
 * has, it is known with the description.
 */
static const char *
only_mime(const struct group *g, const struct magicdb_entry *e)
{
	const char *mime = NULL;
	unsigned int typed = UINT_MAX; /* level of the last that has one */

	for (size_t i = 0; i < g->count; i++) {
		if (e[i].type == MAGICDB_USE || e[i].type == MAGICDB_INDIRECT ||
		    e[i].condition != 0)
			return NULL;
		if (e[i].level <= typed)
			typed = UINT_MAX;
		if (e[i].mime[0] != '\0') {
			if (mime != NULL && strcmp(mime, e[i].mime) != 0)
				return NULL;
			mime = e[i].mime;
			if (typed == UINT_MAX)
				typed = e[i].level;
		} else if (e[i].description[0] != '\0' && typed == UINT_MAX) {
			return NULL;
		}
	}
	/* Those are filled in by libmagic. */
	return mime == NULL || strpbrk(mime, "%$") != NULL ||
		       memchr(mime, '\0', sizeof(e->mime)) == NULL
		   ? NULL
		   : mime;
}

void
magictest_understand_group(struct group *g, const struct magicdb_entry *e)
{
	understand(g, e);
	understand_next(g, e);
	for (size_t i = 0; i < g->count; i++)
		g->is_odd = g->is_odd || is_odd(&e[i]);
	g->mime = only_mime(g, e);
}

bool
magictest_may_begin(const struct group *g, uint8_t byte)
{
	if (g->offset != 0)
		return true;
	if (g->kind == TEST_WORD)
		return ((byte ^ g->value) & g->mask & 0xff) == 0;
	if (g->kind == TEST_BEGIN) {
		struct literal first = g->literal;

		first.len = 1;
		return literal_begins(&first, &byte, 1);
	}
	return true;
}

/* Behind so many lines of p, as libmagic counts them; end where fewer. */
static const uint8_t *
after_lines(const uint8_t *p, const uint8_t *end, size_t lines)
{
	const uint8_t *last = p;
	const uint8_t *b = p;

	while (lines > 0 && b < end) {
		const uint8_t *c = b;

		b = memchr(c, '\n', (size_t)(end - c));
		if (b == NULL)
			b = memchr(c, '\r', (size_t)(end - c));
		if (b == NULL)
			break;
		if (b < end - 1 && b[0] == '\r' && b[1] == '\n')
			b++;
		if (b < end - 1 && b[0] == '\n')
			b++;
		last = b;
		lines--;
		b++;
	}
	return lines > 0 ? end : last;
}

/* The expression on the bytes that libmagic would give it, all but the last. */
static bool
matches_regex(const struct group *g, const uint8_t *p, size_t len)
{
	char text[MAGICTEST_REGEX_BYTES + 1];

	if (g->range > 0 && g->range < len)
		len = g->range;
	if (len > MAGICTEST_REGEX_BYTES)
		len = MAGICTEST_REGEX_BYTES;
	if (g->lines > 0)
		len = (size_t)(after_lines(p, p + len, g->lines) - p);
	if (!literal_is_in(&g->literal, p, len) ||
	    !literal_starts_line(g->starts, p, len))
		return false;
	if (len > 0)
		len--;
	memcpy(text, p, len);
	text[len] = '\0';
	return regexec(g->regex, text, 0, NULL, 0) != REG_NOMATCH;
}

/* Nothing is NUL behind the end. */
static bool
begins_whole(const struct literal *literal, const uint8_t *p, size_t len)
{
	size_t have = literal->len < len ? literal->len : len;

	if (memcmp(literal->p, p, have) != 0)
		return false;
	for (size_t i = have; i < literal->len; i++) {
		if (literal->p[i] != 0)
			return false;
	}
	return true;
}

static bool
has_later_words(const struct group *g, const uint8_t *p, size_t len)
{
	return literal_is_in(&g->later_words[0], p, len) &&
	       literal_is_in(&g->later_words[1], p, len);
}

bool
magictest_may_match(const struct group *g, const uint8_t *p, size_t len)
{
	size_t left = g->offset < len ? len - g->offset : 0;
	const uint8_t *at = p + (len - left);

	switch (g->kind) {
	case TEST_WORD:
		return ((load_le(at, left) ^ g->value) & g->mask) == 0 &&
		       begins_whole(&g->literal, at, left) &&
		       has_later_words(g, at, left);
	case TEST_ORDER:
		return is_in_order(g, at, left);
	case TEST_BEGIN:
		return literal_begins(&g->literal, at, left);
	case TEST_FIND:
		return literal_is_in(&g->literal, at,
			   left < g->range ? left : g->range) &&
		       has_later_words(g, at, left);
	case TEST_REGEX:
		return matches_regex(g, at, left);
	case TEST_ANY:
	default:
		return true;
	}
}

bool
magictest_may_say(const struct group *g, const uint8_t *p, size_t len)
{
	if (!magictest_may_match(g, p, len))
		return false;
	if (!g->is_silent)
		return true;
	for (size_t i = 0; i < g->next_count; i++) {
		if (magictest_may_match(&g->next[i], p, len))
			return true;
	}
	return false;
}
