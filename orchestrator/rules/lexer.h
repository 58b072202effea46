/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lexer.h - the words of a YARA rule file, as far as one must know them to
 * tell its rules apart.  libyara has the last word on whether they are right.
 */
#ifndef RULES_LEXER_H
#define RULES_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* identifier or keyword */
	TOKEN_VAR,    /* $a #a @a !a */
	TOKEN_NUMBER, /* and what hangs on it: 0x5A4D, 2MB, 4D, 1.5 */
	TOKEN_TEXT,   /* "..." with its quotes */
	TOKEN_REGEX,  /* /.../ with its slashes */
	TOKEN_HEX,    /* { 4D ?? } with its braces; only of lexer_hex() */
	TOKEN_MARK    /* one character, or == != <= >= .. << >> */
};

struct token {
	enum token_kind kind;
	size_t start; /* byte offsets in the text */
	size_t end;
	size_t line; /* from 1 */
};

struct lexer {
	const char *text;
	size_t len;
	size_t at;
	size_t line;
};

void lexer_init(struct lexer *lexer, const char *text, size_t len);
/* Skips white space and comments; TOKEN_END for good at the end. */
struct token lexer_next(struct lexer *lexer);
/*
 * The same where a string's value must come: a brace opens a hexadecimal
 * string, which reaches up to its brace (or the text's end).
 */
struct token lexer_value(struct lexer *lexer);
/* Whether the token's text is exactly this. */
bool token_is(const char *text, const struct token *token, const char *word);

#endif
