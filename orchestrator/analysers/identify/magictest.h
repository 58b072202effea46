/* SPDX-License-Identifier: Apache-2.0 */
/*
 * magictest.h - whether an entry of libmagic's database can match some bytes.
 */
#ifndef IDENTIFY_MAGICTEST_H
#define IDENTIFY_MAGICTEST_H

#include "analysers/identify/literal.h"

#include <regex.h>
#include <stdbool.h>

/* What libmagic looks at for regular expressions. */
#define MAGICTEST_REGEX_BYTES ((size_t)8192)

enum test_kind {
	TEST_ANY,    /* may always match */
	TEST_REACH,  /* in a file that goes so far */
	TEST_WORD,   /* eight bytes under a mask */
	TEST_NUMBER, /* a number, in some relation to another */
	TEST_BEGIN,  /* a literal at a place */
	TEST_FIND,   /* a literal within a range */
	TEST_REGEX   /* a regular expression, that its literal is in */
};

/* One entry of level 0 and its continuations. */
struct group {
	size_t first; /* entry */
	size_t count;
	uint8_t modes; /* MAGICDB_BINARY, MAGICDB_TEXT */
	enum test_kind kind;
	size_t offset;
	bool is_from_end; /* it counts from there */
	struct {
		uint8_t width; /* 0: offset is the place itself */
		bool is_big;
		uint32_t add;
	} pointer;    /* at offset: to the place */
	size_t range; /* how far a literal is looked for */
	size_t lines; /* TEST_REGEX: only in so many; 0 = any number */
	uint64_t mask;
	uint64_t value;
	/* TEST_NUMBER */
	uint8_t width;
	bool is_big;
	bool is_signed;
	char change;   /* by mask, before: '&' '+' '-'; NUL = none */
	char relation; /* '=' '!' '&' '<' '>' of the file's to value */
	struct literal literal;
	struct literal later_words[2];		 /* somewhere behind it */
	regex_t *regex;				 /* TEST_REGEX */
	struct literal_starts *starts;		 /* likewise */
	struct literal words[LITERAL_WORDS_MAX]; /* one of them */
	size_t word_count;			 /* 0: of none */
	/* Where the first entry says nothing by itself: one of those of the
	 * next level has to match as well, and to say something. */
	bool is_silent;
	struct group *next;
	size_t next_count;
	/* May give a MIME type where it gives no description. */
	bool is_odd;
	/* libmagic may leave it for the next group, though it said something,
	 * and then ends with the next that matches, even one without words. */
	bool may_go_on;
	/* The one that it gives with any description; NULL: not certain. */
	const char *mime;
};

/*
 * Of a group (first, count and modes are set) whose entries are at e, and stay
 * there: how it is to be looked at.
 */
void magictest_understand_group(struct group *g, const struct magicdb_entry *e);
/* False where a file that begins with this byte cannot match. */
bool magictest_may_begin(const struct group *g, uint8_t byte);
/* False where these bytes cannot match.  True proves nothing. */
bool magictest_may_match(const struct group *g, const uint8_t *p, size_t len);
/* False where nothing can be said about them. */
bool magictest_may_say(const struct group *g, const uint8_t *p, size_t len);

#endif
