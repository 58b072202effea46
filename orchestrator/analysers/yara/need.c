/* SPDX-License-Identifier: Apache-2.0 */
/* need.c - what a rule's condition proves. */
#include "analysers/yara/need.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A comparison of the first bytes: read(0) == value. */
static const struct {
	const char *read;
	uint64_t value;
	enum rule_need need;
} firsts[] = {
    {"uint16", 0x5a4d, NEED_MZ},
    {"uint16be", 0x4d5a, NEED_MZ},
    {"uint32", 0x464c457f, NEED_ELF},
    {"uint32be", 0x7f454c46, NEED_ELF},
};

/* Tokens from start up to end. */
struct span {
	const char *text;
	const struct token *list;
	size_t start;
	size_t end;
};

void
tokens_add(struct tokens *tokens, const struct token *token)
{
	if (tokens->count == tokens->capacity) {
		tokens->capacity = tokens->capacity * 2 + 64;
		tokens->list = xreallocarray(
		    tokens->list, tokens->capacity, sizeof(*tokens->list));
	}
	tokens->list[tokens->count++] = *token;
}

void
tokens_release(struct tokens *tokens)
{
	free(tokens->list);
	*tokens = (struct tokens){0};
}

static bool
at_is(const struct span *span, size_t i, const char *word)
{
	return i < span->end && token_is(span->text, &span->list[i], word);
}

/* Where the parenthesis that opens at start closes; end where it does not. */
static size_t
closing(const struct span *span, size_t start)
{
	size_t depth = 0;

	for (size_t i = start; i < span->end; i++) {
		if (at_is(span, i, "("))
			depth++;
		else if (at_is(span, i, ")") && --depth == 0)
			return i;
	}
	return span->end;
}

/* Takes away parentheses around the whole of it. */
static void
strip(struct span *span)
{
	while (span->end - span->start >= 2 && at_is(span, span->start, "(") &&
	       closing(span, span->start) == span->end - 1) {
		span->start++;
		span->end--;
	}
}

/* The word's place at depth 0 from i on, or end. */
static size_t
find(const struct span *span, size_t i, const char *word)
{
	size_t depth = 0;

	for (; i < span->end; i++) {
		if (at_is(span, i, "("))
			depth++;
		else if (at_is(span, i, ")"))
			depth -= depth > 0;
		else if (depth == 0 && span->list[i].kind == TOKEN_WORD &&
			 at_is(span, i, word))
			return i;
	}
	return span->end;
}

static bool
number(const struct span *span, size_t i, uint64_t *ret_value)
{
	const struct token *token = &span->list[i];
	char digits[32];
	size_t len = token->end - token->start;
	char *end;

	if (token->kind != TOKEN_NUMBER || len >= sizeof(digits))
		return false;
	memcpy(digits, span->text + token->start, len);
	digits[len] = '\0';
	*ret_value =
	    strtoull(digits, &end, strncmp(digits, "0x", 2) == 0 ? 16 : 10);
	return *end == '\0';
}

/* read ( 0 ) at i: four tokens. */
static enum rule_need
first_bytes(const struct span *span, size_t i, uint64_t value)
{
	uint64_t offset;

	if (!at_is(span, i + 1, "(") || !at_is(span, i + 3, ")") ||
	    !number(span, i + 2, &offset) || offset != 0)
		return NEED_ANY;
	for (size_t j = 0; j < COUNT(firsts); j++) {
		if (value == firsts[j].value && at_is(span, i, firsts[j].read))
			return firsts[j].need;
	}
	return NEED_ANY;
}

static bool
is_comparison(const struct span *span, size_t i)
{
	static const char *const words[] = {"==", "!=", "<", ">", "<=", ">="};

	for (size_t j = 0; j < COUNT(words); j++) {
		if (at_is(span, i, words[j]))
			return true;
	}
	return false;
}

/*
 * Terms of the pe module that are false or undefined for whatever is no PE
 * file (pe.c of libyara: every field but is_pe is unset then).
 */
static bool
is_pe_term(const struct span *span)
{
	size_t i = span->start;
	size_t len = span->end - i;
	uint64_t value;

	if (len == 5 && span->list[i].kind == TOKEN_VAR &&
	    at_is(span, i + 1, "at") && at_is(span, i + 2, "pe") &&
	    at_is(span, i + 3, ".") && at_is(span, i + 4, "entry_point"))
		return true;
	if (len < 3 || !at_is(span, i, "pe") || !at_is(span, i + 1, "."))
		return false;
	if (at_is(span, i + 2, "is_pe"))
		return len == 3;
	if (at_is(span, i + 2, "imports") || at_is(span, i + 2, "exports"))
		return len > 4 && closing(span, i + 3) == span->end - 1;
	if (at_is(span, i + 2, "imphash"))
		return len == 7 && at_is(span, i + 5, "==") &&
		       span->list[i + 6].kind == TOKEN_TEXT;
	return len == 5 && is_comparison(span, i + 3) &&
	       number(span, i + 4, &value);
}

/* One conjunct: read(0) == value, either way round, or a term of pe. */
static enum rule_need
conjunct(struct span span)
{
	uint64_t value;

	strip(&span);
	if (is_pe_term(&span))
		return NEED_MZ;
	if (span.end - span.start != 6)
		return NEED_ANY;
	if (at_is(&span, span.start + 4, "==") &&
	    number(&span, span.start + 5, &value))
		return first_bytes(&span, span.start, value);
	if (at_is(&span, span.start + 1, "==") &&
	    number(&span, span.start, &value))
		return first_bytes(&span, span.start + 2, value);
	return NEED_ANY;
}

/* The first conjunct that proves something. */
static enum rule_need
conjunction(struct span all)
{
	enum rule_need need = NEED_ANY;
	size_t next;

	strip(&all);
	/* What is left in parentheses with an "or" is not looked into. */
	if (find(&all, all.start, "or") != all.end)
		return NEED_ANY;
	for (; all.start < all.end && need == NEED_ANY; all.start = next + 1) {
		struct span part = all;

		next = find(&all, all.start, "and");
		part.end = next;
		need = conjunct(part);
	}
	return need;
}

enum rule_need
need_of(const char *text, const struct tokens *condition)
{
	struct span all = {
	    .text = text, .list = condition->list, .end = condition->count};
	enum rule_need need = NEED_ANY;
	size_t next;

	/* The colon after the word "condition". */
	if (!at_is(&all, 0, ":"))
		return NEED_ANY;
	all.start = 1;
	strip(&all);
	/* "or" binds weaker than "and": every branch must prove the same. */
	for (bool is_first = true; all.start < all.end; is_first = false) {
		struct span branch = all;
		enum rule_need one;

		next = find(&all, all.start, "or");
		branch.end = next;
		one = conjunction(branch);
		if (one == NEED_ANY || (!is_first && one != need))
			return NEED_ANY;
		need = one;
		all.start = next + 1;
	}
	return need;
}

static void
mark(struct rule_file *file, const char *name, size_t len, bool is_prefix)
{
	for (size_t i = 0; i < file->unit_count; i++) {
		struct rule_unit *unit = &file->units[i];

		if (unit->name[0] == name[0] &&
		    strncmp(unit->name, name, len) == 0 &&
		    (is_prefix || unit->name[len] == '\0'))
			unit->is_referenced = true;
	}
}

void
need_mark_references(struct rule_file *file, const struct tokens *condition)
{
	const char *text = file->text;

	for (size_t i = 0; i < condition->count; i++) {
		const struct token *token = &condition->list[i];
		bool is_prefix =
		    i + 1 < condition->count && token_is(text, token + 1, "*");

		if (token->kind == TOKEN_WORD)
			mark(file, text + token->start,
			    token->end - token->start, is_prefix);
	}
}
