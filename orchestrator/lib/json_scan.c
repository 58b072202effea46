/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.c - plain JSON objects, checked and looked into without a tree. */
#include "lib/json_scan.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 8
#define NAMES_MAX  24
/* Digits of a number before and behind its point: exact, and no overflow. */
#define DIGITS_MAX 15

struct name {
	const char *p;
	size_t len;
};

struct level {
	bool is_object;
	size_t name_count;
	struct name names[NAMES_MAX];
};

struct scan {
	const char *p;
	const char *end;
	size_t depth;
	size_t depth_max;
	struct level levels[LEVELS_MAX];
	struct json_scan_member *members;
	size_t member_count;
	/* The member of the first level whose value is next; or NULL. */
	struct json_scan_member *asked;
};

static void
skip_spaces(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
				    *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static bool
take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A text behind its first quote. */
static bool
take_text(struct scan *s, struct name *ret_text, bool *ret_has_escapes)
{
	ret_text->p = s->p;
	*ret_has_escapes = false;
	for (; s->p < s->end; s->p++) {
		const unsigned char c = (unsigned char)*s->p;

		if (c == '"') {
			ret_text->len = (size_t)(s->p - ret_text->p);
			s->p++;
			return true;
		}
		if (c < 0x20 || c > 0x7e)
			return false;
		if (c != '\\')
			continue;
		*ret_has_escapes = true;
		s->p++;
		if (s->p == s->end || strchr("\"\\/bfnrt", *s->p) == NULL ||
		    *s->p == '\0')
			return false;
	}
	return false;
}

static size_t
take_digits(struct scan *s, int64_t *value)
{
	size_t n = 0;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
		/* Beyond that it is not believed anyway. */
		if (n++ < DIGITS_MAX)
			*value = *value * 10 + (*s->p - '0');
	}
	return n;
}

static bool
take_number(struct scan *s)
{
	struct json_scan_member *asked = s->asked;
	const char *from = s->p;
	const bool is_negative = take(s, '-');
	const char *first = s->p;
	enum json_scan_kind kind = JSON_SCAN_INT;
	int64_t value = 0;
	size_t n = take_digits(s, &value);

	if (n == 0 || n > DIGITS_MAX || (n > 1 && *first == '0'))
		return false;
	if (take(s, '.')) {
		int64_t fraction = 0;

		kind = JSON_SCAN_REAL;
		n = take_digits(s, &fraction);
		if (n == 0 || n > DIGITS_MAX + 2)
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E'))
		return false;
	if (asked == NULL)
		return true;
	asked->kind = kind;
	asked->integer = is_negative ? -value : value;
	if (kind == JSON_SCAN_REAL) {
		char text[2 * DIGITS_MAX + 8] = "";

		memcpy(text, from, (size_t)(s->p - from));
		asked->real = strtod(text, NULL);
	}
	return true;
}

static bool
take_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return false;
	s->p += len;
	return true;
}

/* Names a member of the innermost object; false where it is there twice. */
static bool
note_name(struct scan *s, const struct name *name)
{
	struct level *level = &s->levels[s->depth - 1];

	if (level->name_count == NAMES_MAX)
		return false;
	for (size_t i = 0; i < level->name_count; i++) {
		if (level->names[i].len == name->len &&
		    memcmp(level->names[i].p, name->p, name->len) == 0)
			return false;
	}
	level->names[level->name_count++] = *name;
	for (size_t i = 0; s->depth == 1 && i < s->member_count; i++) {
		if (strlen(s->members[i].name) == name->len &&
		    memcmp(s->members[i].name, name->p, name->len) == 0)
			s->asked = &s->members[i];
	}
	return true;
}

static bool
take_name(struct scan *s)
{
	struct name name;
	bool has_escapes;

	skip_spaces(s);
	if (!take(s, '"') || !take_text(s, &name, &has_escapes) ||
	    has_escapes || !note_name(s, &name))
		return false;
	skip_spaces(s);
	return take(s, ':');
}

static bool
open_level(struct scan *s, bool is_object)
{
	struct level *level = &s->levels[s->depth];

	if (s->depth == LEVELS_MAX || s->depth == s->depth_max)
		return false;
	s->depth++;
	level->is_object = is_object;
	level->name_count = 0;
	if (s->asked != NULL)
		s->asked->kind = JSON_SCAN_OTHER;
	s->asked = NULL;
	return true;
}

/* A value that is no bracket. */
static bool
take_plain(struct scan *s)
{
	struct json_scan_member *asked = s->asked;
	struct name text;
	bool has_escapes;

	if (take(s, '"')) {
		if (!take_text(s, &text, &has_escapes))
			return false;
		if (asked != NULL) {
			asked->kind =
			    has_escapes ? JSON_SCAN_ESCAPED : JSON_SCAN_TEXT;
			asked->p = text.p;
			asked->len = text.len;
		}
	} else if (s->p < s->end &&
		   (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))) {
		if (!take_number(s))
			return false;
	} else if (take_word(s, "true") || take_word(s, "false") ||
		   take_word(s, "null")) {
		if (asked != NULL)
			asked->kind = JSON_SCAN_OTHER;
	} else {
		return false;
	}
	s->asked = NULL;
	return true;
}

/* Behind a value: closes what ends here; *ret_more: another value follows. */
static bool
go_on(struct scan *s, bool *ret_more)
{
	*ret_more = false;
	while (s->depth > 0) {
		const bool is_object = s->levels[s->depth - 1].is_object;

		skip_spaces(s);
		if (take(s, ',')) {
			*ret_more = true;
			return !is_object || take_name(s);
		}
		if (!take(s, is_object ? '}' : ']'))
			return false;
		s->depth--;
	}
	return true;
}

static bool
scan_object(struct scan *s)
{
	bool has_more = true;

	skip_spaces(s);
	if (s->p == s->end || *s->p != '{')
		return false;
	while (has_more) {
		skip_spaces(s);
		if (take(s, '{')) {
			if (!open_level(s, true))
				return false;
			skip_spaces(s);
			if (s->p < s->end && *s->p != '}') {
				if (!take_name(s))
					return false;
				continue;
			}
		} else if (take(s, '[')) {
			if (!open_level(s, false))
				return false;
			skip_spaces(s);
			if (s->p < s->end && *s->p != ']')
				continue;
		} else if (!take_plain(s)) {
			return false;
		}
		if (!go_on(s, &has_more))
			return false;
	}
	skip_spaces(s);
	return s->p == s->end;
}

bool
json_scan(const void *p, size_t len, size_t depth_max,
    struct json_scan_member *members, size_t count)
{
	struct scan s;

	s.p = p;
	s.end = s.p + len;
	s.depth = 0;
	s.depth_max = depth_max;
	s.members = members;
	s.member_count = count;
	s.asked = NULL;
	for (size_t i = 0; i < count; i++)
		members[i].kind = JSON_SCAN_MISSING;
	return scan_object(&s);
}

bool
json_scan_is(const struct json_scan_member *member, const char *words)
{
	return member->kind == JSON_SCAN_TEXT && member->len == strlen(words) &&
	       memcmp(member->p, words, member->len) == 0;
}
