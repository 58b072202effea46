/* SPDX-License-Identifier: Apache-2.0 */
/* literal.h - bytes that a text test of libmagic cannot match without. */
#ifndef IDENTIFY_LITERAL_H
#define IDENTIFY_LITERAL_H

#include "analysers/identify/magicdb.h"

#define LITERAL_BYTES_MAX ((size_t)32)

/* A text that must be there; len 0: none is known. */
struct literal {
	uint8_t p[LITERAL_BYTES_MAX];
	size_t len;
	bool is_folded; /* letters of either case */
};

/*
 * The part of a string's or search's value that is compared byte by byte:
 * what of it fits, or what stands before white space that is special.
 */
struct literal literal_of_text(const struct magicdb_entry *entry);
/* Where that ended before white space: the next word, and the last. */
void literal_later_words(
    const struct magicdb_entry *entry, struct literal ret_words[2]);
/*
 * The longest run of a POSIX extended regular expression's characters that
 * each match has in it.  Where an expression is not fully understood, none.
 */
struct literal literal_of_regex(const struct magicdb_entry *entry);
/*
 * The first group of an expression that is nothing but words, of which each
 * match has one: "(class|module)".  Returns how many, 0 where there is none.
 */
#define LITERAL_WORDS_MAX ((size_t)4)
size_t literal_words_of_regex(const struct magicdb_entry *entry,
    struct literal ret_words[LITERAL_WORDS_MAX]);
/*
 * What a line begins with that a match of an expression begins in: "^", white
 * space where may_indent, and one of these.
 */
#define LITERAL_STARTS_MAX ((size_t)8)

struct literal_starts {
	struct literal list[LITERAL_STARTS_MAX];
	size_t count; /* 0: nothing is known */
	bool may_indent;
};

void literal_starts_of_regex(
    const struct magicdb_entry *entry, struct literal_starts *ret_starts);
/* Is there such a line in p?  True too where nothing is known. */
bool literal_starts_line(
    const struct literal_starts *starts, const uint8_t *p, size_t len);
/* Is it in p?  True too where it is none. */
bool literal_is_in(const struct literal *literal, const uint8_t *p, size_t len);
/* Does p begin with it?  Likewise. */
bool literal_begins(
    const struct literal *literal, const uint8_t *p, size_t len);

#endif
