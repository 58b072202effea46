/* SPDX-License-Identifier: Apache-2.0 */
/* magicgroup.c - how an entry of libmagic's database is to be looked at. */
#include "analysers/identify/magicnumber.h"
#include "analysers/identify/magictest.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <limits.h>
#include <string.h>

/* What libmagic takes for the length of a line (softmagic.c). */
#define REGEX_LINE_BYTES ((size_t)80)

/* What is done with a number before it is compared; false: something else. */
static bool
understand_change(struct group *g, const struct magicdb_entry *e)
{
	g->change = '\0';
	g->mask = e->u.mask;
	/* Without a mask there is no operation, but maybe its inversion. */
	if (e->mask_op == MAGICDB_OP_AND)
		g->change = e->u.mask == 0 ? '\0' : '&';
	else if (e->mask_op == MAGICDB_OP_ADD && e->u.mask != 0)
		g->change = '+';
	else if (e->mask_op == MAGICDB_OP_MINUS && e->u.mask != 0)
		g->change = '-';
	else
		return false;
	return true;
}

static void
understand_relation(struct group *g, const struct magicdb_entry *e)
{
	size_t width = magicnumber_width(e->type, &g->is_big);

	if (width == 0 || !understand_change(g, e))
		return;
	g->width = (uint8_t)width;
	memcpy(&g->value, e->value, sizeof(g->value));
	g->is_signed = (e->flag & MAGICDB_UNSIGNED) == 0;
	g->relation = (char)e->relation;
	g->kind = TEST_NUMBER;
}

/* x == value, or (x & mask) == value: what differs there cannot match. */
static void
understand_number(struct group *g, const struct magicdb_entry *e)
{
	bool is_big;
	size_t width = magicnumber_width(e->type, &is_big);
	uint64_t mask = UINT64_MAX;
	uint64_t value;

	if (width == 0 || e->mask_op != MAGICDB_OP_AND) {
		understand_relation(g, e);
		return;
	}
	/* No mask at all is stored as one of 0. */
	if (e->u.mask != 0)
		mask = e->u.mask;
	memcpy(&value, e->value, sizeof(value));
	g->kind = TEST_WORD;
	g->mask = magicnumber_word(mask, width, is_big);
	g->value = magicnumber_word(value, width, is_big);
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
	g->value = magicnumber_load(g->literal.p, len);
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

/* Compiled as libmagic does it, but once: its own handles come and go. */
static void
understand_regex(struct group *g, const struct magicdb_entry *e)
{
	const int flags = REG_EXTENDED | REG_NEWLINE |
			  (e->u.text.flags & MAGICDB_FOLD ? REG_ICASE : 0);

	if (memchr(e->value, '\0', sizeof(e->value)) == NULL)
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

/* A length, in up to four bytes, and a text behind it. */
static void
understand_pstring(struct group *g, const struct magicdb_entry *e)
{
	if ((e->u.text.flags & (MAGICDB_SPACES | MAGICDB_FOLD)) != 0)
		return;
	g->literal = literal_of_text(e);
	g->range = 4 + g->literal.len;
	if (g->literal.len > 0)
		g->kind = TEST_FIND;
}

/*
 * Each second byte is compared.  What is NUL in the file may be taken for a
 * space.
 */
static void
understand_string16(struct group *g, const struct magicdb_entry *e)
{
	const size_t from = e->type == MAGICDB_BESTRING16 ? 1 : 0;

	if (e->u.text.flags != 0)
		return;
	for (size_t i = 0; i < 4 && i < e->value_len; i++) {
		if (e->value[i] == ' ' || e->value[i] == '\0')
			break;
		g->mask |= (uint64_t)0xff << (8 * (2 * i + from));
		g->value |= (uint64_t)e->value[i] << (8 * (2 * i + from));
	}
	g->kind = TEST_WORD;
}

static void
understand_guid(struct group *g, const struct magicdb_entry *e)
{
	g->kind = TEST_WORD;
	g->mask = UINT64_MAX;
	g->value = magicnumber_load(e->value, sizeof(e->value));
}

/* DER: the low bits of the first byte are the tag, which has a name. */
static void
understand_der(struct group *g, const struct magicdb_entry *e)
{
	static const char sequence[] = "seq";

	if (e->level != 0 || g->offset != 0 ||
	    strncmp((const char *)e->value, sequence, sizeof(sequence)) != 0)
		return;
	g->kind = TEST_WORD;
	g->mask = 0x1f;
	g->value = 0x10;
}

static void
understand_equal(struct group *g, const struct magicdb_entry *e)
{
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
	case MAGICDB_PSTRING:
		understand_pstring(g, e);
		return;
	case MAGICDB_BESTRING16:
	case MAGICDB_LESTRING16:
		understand_string16(g, e);
		return;
	case MAGICDB_GUID:
		understand_guid(g, e);
		return;
	case MAGICDB_DER:
		understand_der(g, e);
		return;
	case MAGICDB_USE:
		g->kind = g->offset > 0 ? TEST_REACH : TEST_ANY;
		return;
	default:
		understand_number(g, e);
	}
}

/* Somewhere, which other bytes tell: its words are in the file. */
static void
understand_moved(struct group *g, const struct magicdb_entry *e)
{
	const uint32_t known = MAGICDB_TEXT_ONLY | MAGICDB_BINARY_ONLY |
			       MAGICDB_TRIM | MAGICDB_FULL_WORD |
			       MAGICDB_FROM_START | MAGICDB_LINES;
	bool is_text = e->type == MAGICDB_STRING || e->type == MAGICDB_SEARCH ||
		       e->type == MAGICDB_REGEX;

	if (!is_text || e->relation != '=' ||
	    (e->u.text.flags & ~(known | MAGICDB_FOLD)) != 0)
		return;
	g->literal =
	    e->type == MAGICDB_REGEX ? literal_of_regex(e) : literal_of_text(e);
	g->range = SIZE_MAX;
	if (g->literal.len > 0)
		g->kind = TEST_FIND;
}

/* Where the file itself says, by a number at a fixed place. */
static bool
understand_pointer(struct group *g, const struct magicdb_entry *e)
{
	size_t width = magicnumber_width(e->in_type, &g->pointer.is_big);

	if (width == 0 || width > sizeof(uint32_t) || e->in_offset < 0 ||
	    !(e->in_op == MAGICDB_OP_ADD ||
		(e->in_op == MAGICDB_OP_AND && e->in_offset == 0)))
		return false;
	g->pointer.width = (uint8_t)width;
	g->pointer.add = (uint32_t)e->in_offset;
	return true;
}

/* How one entry is to be looked at. */
static void
understand(struct group *g, const struct magicdb_entry *e)
{
	const uint8_t moved = MAGICDB_INDIRECT_OFFSET | MAGICDB_RELATIVE |
			      MAGICDB_RELATIVE_INDIRECT | MAGICDB_FROM_END;

	g->kind = TEST_ANY;
	switch (e->offset < 0 ? moved : e->flag & moved) {
	case 0:
		break;
	case MAGICDB_FROM_END:
		g->is_from_end = true;
		break;
	case MAGICDB_INDIRECT_OFFSET:
		if (understand_pointer(g, e))
			break;
		understand_moved(g, e);
		return;
	default:
		understand_moved(g, e);
		return;
	}
	g->offset = (size_t)e->offset;
	switch (e->relation) {
	case '=':
		understand_equal(g, e);
		return;
	case '<':
	case '>':
	case '&':
	case '!':
		understand_relation(g, e);
		return;
	default:
		return;
	}
}

/* A test that leaves all words to those of the next level. */
static bool
is_silent(const struct magicdb_entry *e)
{
	bool is_big;
	bool is_plain =
	    magicnumber_width(e->type, &is_big) != 0 ||
	    e->type == MAGICDB_STRING || e->type == MAGICDB_SEARCH ||
	    e->type == MAGICDB_REGEX || e->type == MAGICDB_PSTRING ||
	    e->type == MAGICDB_BESTRING16 || e->type == MAGICDB_LESTRING16 ||
	    e->type == MAGICDB_GUID || e->type == MAGICDB_DER ||
	    e->type == MAGICDB_DEFAULT;

	return is_plain && e->description[0] == '\0' && e->mime[0] == '\0';
}

static bool
is_odd(const struct magicdb_entry *e)
{
	return e->type == MAGICDB_USE || e->type == MAGICDB_INDIRECT ||
	       (e->mime[0] != '\0' && e->description[0] == '\0');
}

/* Says something whatever the file is, once its own test matched. */
static bool
is_open(const struct group *g)
{
	if (!g->is_silent)
		return true;
	for (size_t i = 0; i < g->next_count; i++) {
		if (g->next[i].kind == TEST_ANY && is_open(&g->next[i]))
			return true;
	}
	return false;
}

/*
 * The entries below the first of g, and those below them: as deep as the
 * database goes.  Conditions between entries are left to libmagic.
 */
static void
understand_next(struct group *g, const struct magicdb_entry *e)
{
	const unsigned int level = e->level + 1u;

	g->is_silent = is_silent(e);
	for (size_t i = 0; i < g->count; i++) {
		g->is_silent = g->is_silent && e[i].condition == 0;
		g->next_count += i > 0 && e[i].level == level;
	}
	if (!g->is_silent)
		return;
	g->next = xcalloc(g->next_count + 1, sizeof(*g->next));
	g->next_count = 0;
	for (size_t i = 1; i < g->count; i++) {
		struct group *next = &g->next[g->next_count];
		size_t end = i + 1;

		if (e[i].level != level)
			continue;
		while (end < g->count && e[end].level > level)
			end++;
		next->count = end - i;
		next->modes = g->modes;
		understand(next, &e[i]);
		understand_next(next, &e[i]);
		g->next_count++;
	}
	g->is_silent = !is_open(g);
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
	for (size_t i = 0; i < g->count; i++) {
		g->is_odd = g->is_odd || is_odd(&e[i]);
		g->may_go_on = g->may_go_on ||
			       (i > 0 && (e[i].flag & MAGICDB_FROM_END) != 0);
	}
	g->mime = only_mime(g, e);
}
