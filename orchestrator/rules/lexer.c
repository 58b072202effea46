/* SPDX-License-Identifier: Apache-2.0 */
/* lexer.c - the words of a YARA rule file. */
#include "rules/lexer.h"

#include <string.h>

void
lexer_init(struct lexer *lexer, const char *text, size_t len)
{
	*lexer = (struct lexer){.text = text, .len = len, .line = 1};
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       is_digit(c);
}

static char
peek(const struct lexer *lexer, size_t ahead)
{
	return ahead < lexer->len - lexer->at ? lexer->text[lexer->at + ahead]
					      : '\0';
}

static void
step(struct lexer *lexer)
{
	if (lexer->text[lexer->at++] == '\n')
		lexer->line++;
}

/* To the end of the line. */
static void
skip_line(struct lexer *lexer)
{
	while (lexer->at < lexer->len && lexer->text[lexer->at] != '\n')
		lexer->at++;
}

static void
skip_block(struct lexer *lexer)
{
	lexer->at += 2;
	while (lexer->at < lexer->len &&
	       !(peek(lexer, 0) == '*' && peek(lexer, 1) == '/'))
		step(lexer);
	lexer->at += lexer->len - lexer->at < 2 ? lexer->len - lexer->at : 2;
}

static void
skip_space(struct lexer *lexer)
{
	while (lexer->at < lexer->len) {
		char c = peek(lexer, 0);

		if (c == '/' && peek(lexer, 1) == '/')
			skip_line(lexer);
		else if (c == '/' && peek(lexer, 1) == '*')
			skip_block(lexer);
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			step(lexer);
		else
			return;
	}
}

/* Up to the closing character, which an unfinished line does not have. */
static void
quoted(struct lexer *lexer, char close)
{
	lexer->at++;
	while (lexer->at < lexer->len && peek(lexer, 0) != '\n') {
		char c = peek(lexer, 0);

		lexer->at++;
		if (c == close)
			return;
		if (c == '\\' && lexer->at < lexer->len &&
		    peek(lexer, 0) != '\n')
			lexer->at++;
	}
}

static void
word(struct lexer *lexer)
{
	while (lexer->at < lexer->len && is_word(peek(lexer, 0)))
		lexer->at++;
}

static void
number(struct lexer *lexer)
{
	word(lexer);
	/* "1.5", but not "1..5". */
	if (peek(lexer, 0) == '.' && is_digit(peek(lexer, 1))) {
		lexer->at++;
		word(lexer);
	}
}

static void
mark(struct lexer *lexer)
{
	static const char *const pairs[] = {
	    "==", "!=", "<=", ">=", "..", "<<", ">>"};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (peek(lexer, 0) == pairs[i][0] &&
		    peek(lexer, 1) == pairs[i][1]) {
			lexer->at += 2;
			return;
		}
	}
	lexer->at++;
}

static enum token_kind
scan(struct lexer *lexer)
{
	char c = peek(lexer, 0);

	if (c == '"') {
		quoted(lexer, '"');
		return TOKEN_TEXT;
	}
	/* YARA divides with '\': a slash that is no comment is a regex. */
	if (c == '/') {
		quoted(lexer, '/');
		word(lexer);
		return TOKEN_REGEX;
	}
	if (is_digit(c)) {
		number(lexer);
		return TOKEN_NUMBER;
	}
	if (is_word(c)) {
		word(lexer);
		return TOKEN_WORD;
	}
	if (c == '$' || c == '#' || c == '@' ||
	    (c == '!' && peek(lexer, 1) != '=')) {
		lexer->at++;
		word(lexer);
		return TOKEN_VAR;
	}
	mark(lexer);
	return TOKEN_MARK;
}

struct token
lexer_next(struct lexer *lexer)
{
	struct token token;

	skip_space(lexer);
	token = (struct token){.start = lexer->at, .line = lexer->line};
	if (lexer->at < lexer->len)
		token.kind = scan(lexer);
	token.end = lexer->at;
	return token;
}

static void
hex(struct lexer *lexer)
{
	while (lexer->at < lexer->len && peek(lexer, 0) != '}') {
		step(lexer);
		skip_space(lexer);
	}
	lexer->at += lexer->at < lexer->len;
}

struct token
lexer_value(struct lexer *lexer)
{
	struct token token;

	skip_space(lexer);
	if (peek(lexer, 0) != '{')
		return lexer_next(lexer);
	token = (struct token){
	    .kind = TOKEN_HEX, .start = lexer->at, .line = lexer->line};
	hex(lexer);
	token.end = lexer->at;
	return token;
}

bool
token_is(const char *text, const struct token *token, const char *word_text)
{
	size_t len = strlen(word_text);

	return token->end - token->start == len &&
	       memcmp(text + token->start, word_text, len) == 0;
}
