/* SPDX-License-Identifier: Apache-2.0 */
/* literal.c - bytes that a text test of libmagic cannot match without. */
#include "analysers/identify/literal.h"

#include <string.h>

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
is_letter(uint8_t c)
{
	return fold(c) >= 'a' && fold(c) <= 'z';
}

/* The value from `at` on, up to white space that is special. */
static struct literal
word_of(const struct magicdb_entry *entry, size_t at)
{
	struct literal literal = {
	    .is_folded = (entry->u.text.flags & MAGICDB_FOLD) != 0,
	};
	bool is_split = (entry->u.text.flags & MAGICDB_SPACES) != 0;

	while (at < entry->value_len && at < sizeof(entry->value) &&
	       literal.len < LITERAL_BYTES_MAX &&
	       !(is_split && is_space(entry->value[at])))
		literal.p[literal.len++] = entry->value[at++];
	return literal;
}

struct literal
literal_of_text(const struct magicdb_entry *entry)
{
	return word_of(entry, 0);
}

void
literal_later_words(
    const struct magicdb_entry *entry, struct literal ret_words[2])
{
	struct literal word = word_of(entry, 0);
	size_t at = word.len;

	ret_words[0] = ret_words[1] = (struct literal){.len = 0};
	/* One that is too long is cut: what is behind it is not known. */
	while (word.len < LITERAL_BYTES_MAX) {
		while (at < entry->value_len && at < sizeof(entry->value) &&
		       is_space(entry->value[at]))
			at++;
		word = word_of(entry, at);
		if (word.len == 0)
			return;
		ret_words[ret_words[0].len == 0 ? 0 : 1] = word;
		at += word.len;
	}
}

/* Behind the bracket expression that begins at i; len where it has no end. */
static size_t
skip_bracket(const uint8_t *p, size_t len, size_t i)
{
	i++;
	if (i < len && p[i] == '^')
		i++;
	if (i < len && p[i] == ']')
		i++;
	while (i < len && p[i] != ']') {
		if (p[i] == '[' && i + 1 < len &&
		    (p[i + 1] == ':' || p[i + 1] == '.' || p[i + 1] == '=')) {
			const uint8_t kind = p[i + 1];

			for (i += 2;
			     i + 1 < len && (p[i] != kind || p[i + 1] != ']');
			     i++)
				continue;
			i++;
		}
		i++;
	}
	return i < len ? i + 1 : len;
}

/* Behind the group that begins at i. */
static size_t
skip_group(const uint8_t *p, size_t len, size_t i)
{
	size_t depth = 0;

	while (i < len) {
		if (p[i] == '\\') {
			i += 2;
			continue;
		}
		if (p[i] == '[') {
			i = skip_bracket(p, len, i);
			continue;
		}
		depth += p[i] == '(';
		if (p[i] == ')' && --depth == 0)
			return i + 1;
		i++;
	}
	return len;
}

static size_t
skip_quantifier(const uint8_t *p, size_t len, size_t i)
{
	if (i < len && p[i] == '{') {
		while (i < len && p[i] != '}')
			i++;
	}
	return i < len ? i + 1 : len;
}

/* The run of characters that goes on, and the longest so far. */
struct run {
	struct literal now;
	struct literal best;
};

static void
end_run(struct run *run)
{
	if (run->now.len > run->best.len)
		run->best = run->now;
	run->now.len = 0;
}

static void
add(struct run *run, uint8_t c)
{
	if (run->now.len == LITERAL_BYTES_MAX)
		end_run(run);
	run->now.p[run->now.len++] = c;
}

/* An escaped character stands for itself where it is no letter or digit. */
static size_t
escaped(struct run *run, const uint8_t *p, size_t len, size_t i)
{
	if (i + 1 == len || is_letter(p[i + 1]) ||
	    (p[i + 1] >= '0' && p[i + 1] <= '9'))
		end_run(run);
	else
		add(run, p[i + 1]);
	return i + 2;
}

static size_t step(struct run *run, const uint8_t *p, size_t len, size_t i);

/* Does what ends before i occur at least once? */
static bool
is_certain(const uint8_t *p, size_t len, size_t i)
{
	if (i >= len || (p[i] != '*' && p[i] != '?' && p[i] != '{'))
		return true;
	return p[i] == '{' && i + 1 < len && p[i + 1] >= '1' && p[i + 1] <= '9';
}

/*
 * A group: what must be in it where it occurs for certain and is no choice.
 * Groups in groups are passed over.
 */
static size_t
group(struct run *run, const uint8_t *p, size_t len, size_t i)
{
	size_t end = skip_group(p, len, i);
	struct run inner = {.best = {.len = 0}};

	end_run(run);
	if (end == len && p[len - 1] != ')')
		return len + 1; /* no expression */
	if (!is_certain(p, len, end))
		return end;
	for (size_t at = i + 1; at + 1 < end;) {
		if (p[at] == '|')
			return end;
		at = p[at] == '(' ? skip_group(p, end - 1, at)
				  : step(&inner, p, end - 1, at);
	}
	end_run(&inner);
	run->now = inner.best;
	end_run(run);
	return end;
}

/* One atom of the expression at i; returns where the next one is. */
static size_t
step(struct run *run, const uint8_t *p, size_t len, size_t i)
{
	switch (p[i]) {
	case '[':
		end_run(run);
		return skip_bracket(p, len, i);
	case '(':
		return group(run, p, len, i);
	case '*':
	case '?':
	case '{':
		/* The character before it may be missing. */
		if (run->now.len > 0)
			run->now.len--;
		end_run(run);
		return skip_quantifier(p, len, i);
	case '+':
	case '^':
	case '$':
	case '.':
		end_run(run);
		return i + 1;
	case '\\':
		return escaped(run, p, len, i);
	default:
		add(run, p[i]);
		return i + 1;
	}
}

struct literal
literal_of_regex(const struct magicdb_entry *entry)
{
	const uint8_t *p = entry->value;
	size_t len = strnlen((const char *)p, sizeof(entry->value));
	struct literal none = {.len = 0};
	struct run run = {.best = {.len = 0}};
	size_t i = 0;

	/* Cut off in the database. */
	if (len == sizeof(entry->value))
		return none;
	while (i < len) {
		/* An alternative to all of it, or what is no expression. */
		if (p[i] == '|' || p[i] == ')')
			return none;
		i = step(&run, p, len, i);
		if (i > len)
			return none;
	}
	end_run(&run);
	run.best.is_folded = (entry->u.text.flags & MAGICDB_FOLD) != 0;
	return run.best;
}

size_t
literal_words_of_regex(const struct magicdb_entry *entry,
    struct literal ret_words[LITERAL_WORDS_MAX])
{
	const uint8_t *p = entry->value;
	size_t len = strnlen((const char *)p, sizeof(entry->value));
	size_t i = 0;
	size_t n = 0;
	size_t end;

	while (i < len && p[i] != '(') {
		if (p[i] == '|' || p[i] == '\\' || len == sizeof(entry->value))
			return 0;
		i = p[i] == '[' ? skip_bracket(p, len, i) : i + 1;
	}
	end = i < len ? skip_group(p, len, i) : len;
	if (i >= len || p[end - 1] != ')' || !is_certain(p, len, end))
		return 0;
	/* What follows may be anything but another choice for all of it. */
	for (size_t at = end; at < len;
	     at = p[at] == '[' ? skip_bracket(p, len, at) : at + 1) {
		if (p[at] == '|' || p[at] == '\\' || p[at] == '(')
			return 0;
	}
	ret_words[0] = (struct literal){.len = 0};
	for (i++; i < end - 1; i++) {
		struct literal *word = &ret_words[n];

		if (p[i] == '|' && n + 1 < LITERAL_WORDS_MAX && word->len > 0)
			ret_words[++n] = (struct literal){.len = 0};
		else if (is_letter(p[i]) && word->len < LITERAL_BYTES_MAX)
			word->p[word->len++] = p[i];
		else
			return 0;
	}
	for (size_t at = 0; at <= n; at++)
		ret_words[at].is_folded =
		    (entry->u.text.flags & MAGICDB_FOLD) != 0;
	return ret_words[n].len > 0 ? n + 1 : 0;
}

/* Behind white space that the expression allows at i. */
static size_t
skip_indent(const uint8_t *p, size_t len, size_t i, bool *ret_is_there)
{
	static const char *const spaces[] = {"[[:space:]]", "[ \t]"};

	*ret_is_there = false;
	for (size_t at = 0; at < 2; at++) {
		const size_t n = strlen(spaces[at]);

		if (len - i < n || memcmp(p + i, spaces[at], n) != 0)
			continue;
		*ret_is_there = true;
		i += n;
		if (i < len &&
		    (p[i] == '*' || p[i] == '?' || p[i] == '+' || p[i] == '{'))
			i = skip_quantifier(p, len, i);
		break;
	}
	return i;
}

/* The characters at i that stand for themselves; returns where they end. */
static size_t
read_start(const uint8_t *p, size_t len, size_t i, struct literal *ret_start)
{
	struct literal *l = ret_start;

	l->len = 0;
	while (i < len && l->len < LITERAL_BYTES_MAX) {
		size_t n = p[i] == '\\' ? 2 : 1;

		if (n == 1 && strchr("[](){}.*+?^$|", p[i]) != NULL)
			break;
		if (n == 2 && (i + 1 == len || is_letter(p[i + 1]) ||
				  (p[i + 1] >= '0' && p[i + 1] <= '9')))
			break;
		l->p[l->len++] = p[i + n - 1];
		i += n;
	}
	/* The last may be missing. */
	if (l->len > 0 && !is_certain(p, len, i))
		l->len--;
	return i;
}

/* Behind what belongs to one alternative. */
static size_t
skip_alternative(const uint8_t *p, size_t len, size_t i)
{
	while (i < len && p[i] != '|' && p[i] != ')') {
		if (p[i] == '(')
			i = skip_group(p, len, i);
		else if (p[i] == '[')
			i = skip_bracket(p, len, i);
		else
			i += p[i] == '\\' ? 2 : 1;
	}
	return i;
}

/* The alternatives of the group that begins at i; false: nothing is known. */
static bool
read_starts(const uint8_t *p, size_t len, size_t i, struct literal_starts *s)
{
	size_t end = skip_group(p, len, i);

	if (p[end - 1] != ')' || !is_certain(p, len, end))
		return false;
	do {
		if (s->count == LITERAL_STARTS_MAX)
			return false;
		i = read_start(p, end - 1, i + 1, &s->list[s->count]);
		if (s->list[s->count++].len == 0)
			return false;
		i = skip_alternative(p, end - 1, i);
	} while (i < end - 1 && p[i] == '|');
	return i == end - 1;
}

void
literal_starts_of_regex(
    const struct magicdb_entry *entry, struct literal_starts *ret_starts)
{
	const uint8_t *p = entry->value;
	size_t len = strnlen((const char *)p, sizeof(entry->value));
	struct literal_starts s = {.count = 0};
	size_t i;

	ret_starts->count = 0;
	if (len == 0 || len == sizeof(entry->value) || p[0] != '^')
		return;
	i = skip_indent(p, len, 1, &s.may_indent);
	if (i >= len)
		return;
	if (p[i] == '(') {
		if (!read_starts(p, len, i, &s))
			return;
	} else {
		(void)read_start(p, len, i, &s.list[s.count++]);
		if (s.list[0].len == 0)
			return;
	}
	/* An alternative to all of it, or what is no expression. */
	if (skip_alternative(p, len, i) != len)
		return;
	for (i = 0; i < s.count; i++)
		s.list[i].is_folded = (entry->u.text.flags & MAGICDB_FOLD) != 0;
	*ret_starts = s;
}

static bool
is_same(const struct literal *literal, const uint8_t *p)
{
	if (!literal->is_folded)
		return memcmp(literal->p, p, literal->len) == 0;
	for (size_t i = 0; i < literal->len; i++) {
		if (fold(literal->p[i]) != fold(p[i]))
			return false;
	}
	return true;
}

bool
literal_begins(const struct literal *literal, const uint8_t *p, size_t len)
{
	return len >= literal->len && is_same(literal, p);
}

bool
literal_starts_line(
    const struct literal_starts *starts, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	if (starts->count == 0)
		return true;
	while (p != NULL) {
		while (starts->may_indent && p < end && is_space(*p))
			p++;
		for (size_t i = 0; i < starts->count; i++) {
			if (literal_begins(
				&starts->list[i], p, (size_t)(end - p)))
				return true;
		}
		p = memchr(p, '\n', (size_t)(end - p));
		if (p != NULL)
			p++;
	}
	return false;
}

bool
literal_is_in(const struct literal *literal, const uint8_t *p, size_t len)
{
	const uint8_t *at = p;
	const uint8_t *end;

	if (literal->len == 0)
		return true;
	if (len < literal->len)
		return false;
	if (!literal->is_folded)
		return memmem(p, len, literal->p, literal->len) != NULL;
	end = p + (len - literal->len) + 1;
	/* A first letter of either case is rare enough in no text. */
	if (is_letter(literal->p[0])) {
		for (; at < end; at++) {
			if (fold(*at) == fold(literal->p[0]) &&
			    is_same(literal, at))
				return true;
		}
		return false;
	}
	while (at < end &&
	       (at = memchr(at, literal->p[0], (size_t)(end - at))) != NULL) {
		if (is_same(literal, at))
			return true;
		at++;
	}
	return false;
}
