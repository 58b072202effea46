/* SPDX-License-Identifier: Apache-2.0 */
/* magictest.c - whether an entry of libmagic's database can match. */
#include "analysers/identify/magictest.h"

#include "analysers/identify/magicnumber.h"
#include "analysers/identify/types.h"

#include <string.h>

static uint64_t
to_width(const struct group *g, uint64_t v)
{
	unsigned int unused = 64 - 8 * (unsigned int)g->width;

	return g->is_signed ? (uint64_t)((int64_t)(v << unused) >> unused)
			    : v << unused >> unused;
}

/* A number of a file; what is beyond its end is 0. */
static uint64_t
number_of(const struct group *g, const uint8_t *p, size_t len)
{
	uint64_t v =
	    magicnumber_word(magicnumber_load(p, len), g->width, g->is_big);

	switch (g->change) {
	case '&':
		v &= g->mask;
		break;
	case '+':
		v += g->mask;
		break;
	case '-':
		v -= g->mask;
		break;
	default:
		break;
	}
	return to_width(g, v);
}

static bool
is_number(const struct group *g, const uint8_t *p, size_t len)
{
	uint64_t v = number_of(g, p, len);

	switch (g->relation) {
	case '=':
		return v == to_width(g, g->value);
	case '!':
		return v != to_width(g, g->value);
	case '&':
		return (v & g->value) == g->value;
	case '<':
		return g->is_signed ? (int64_t)v < (int64_t)g->value
				    : v < g->value;
	case '>':
		return g->is_signed ? (int64_t)v > (int64_t)g->value
				    : v > g->value;
	default:
		return true;
	}
}

bool
magictest_may_begin(const struct group *g, uint8_t byte)
{
	if (g->offset != 0 || g->is_from_end || g->pointer.width > 0)
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
	/* Behind a NUL libmagic may go on, or not. */
	if (memchr(p, '\0', len) != NULL)
		return true;
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

enum place {
	PLACE_NONE,    /* outside: it cannot match */
	PLACE_UNKNOWN, /* it may */
	PLACE_KNOWN
};

static enum place
find_place(
    const struct group *g, const uint8_t *p, size_t len, size_t *ret_offset)
{
	uint64_t to;

	*ret_offset = g->offset < len ? g->offset : len;
	if (g->is_from_end) {
		*ret_offset = len - *ret_offset;
		/* libmagic looks for the end itself, if anywhere. */
		return len >= TYPES_HEAD_BYTES ? PLACE_UNKNOWN
		       : g->offset > len       ? PLACE_NONE
					       : PLACE_KNOWN;
	}
	if (g->pointer.width == 0)
		return PLACE_KNOWN;
	if (len < g->pointer.width || g->offset > len - g->pointer.width)
		return PLACE_UNKNOWN;
	to = magicnumber_word(magicnumber_load(p + g->offset, len - g->offset),
		 g->pointer.width, g->pointer.is_big) +
	     g->pointer.add;
	*ret_offset = to < len ? (size_t)to : len;
	/* More than a pointer holds. */
	return to > UINT32_MAX ? PLACE_UNKNOWN : PLACE_KNOWN;
}

bool
magictest_may_match(const struct group *g, const uint8_t *p, size_t len)
{
	size_t offset, left;
	enum place place = find_place(g, p, len, &offset);
	const uint8_t *at = p + offset;

	if (place != PLACE_KNOWN)
		return place == PLACE_UNKNOWN;
	left = len - offset;
	switch (g->kind) {
	case TEST_WORD:
		return ((magicnumber_load(at, left) ^ g->value) & g->mask) ==
			   0 &&
		       begins_whole(&g->literal, at, left) &&
		       has_later_words(g, at, left);
	case TEST_NUMBER:
		return is_number(g, at, left);
	case TEST_BEGIN:
		return literal_begins(&g->literal, at, left);
	case TEST_FIND:
		return literal_is_in(&g->literal, at,
			   left < g->range ? left : g->range) &&
		       has_later_words(g, at, left);
	case TEST_REGEX:
		return matches_regex(g, at, left);
	case TEST_REACH:
		return g->offset <= len;
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
		if (magictest_may_say(&g->next[i], p, len))
			return true;
	}
	return false;
}
