/* SPDX-License-Identifier: Apache-2.0 */
/* plaintext.c - libmagic's words for a text that none of its tests knows. */
#include "analysers/identify/plaintext.h"

#include "lib/own.h"

#include <stdio.h>
#include <string.h>

/* Characters of a line that is not very long (libmagic's MAXLINELEN). */
#define LINE_MAX_CHARS ((size_t)300)

struct lines {
	size_t lf;
	size_t crlf;
	size_t longest; /* of the very long ones; 0 = none */
};

static size_t
count_chars(const uint8_t *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (p[i] & 0xc0) != 0x80;
	return n;
}

static void
take_line(struct lines *lines, const uint8_t *p, size_t len)
{
	size_t chars;

	/* It has no more characters than bytes. */
	if (len <= LINE_MAX_CHARS || len <= lines->longest)
		return;
	chars = count_chars(p, len);
	if (chars > LINE_MAX_CHARS && chars > lines->longest)
		lines->longest = chars;
}

/* False where a line ends otherwise than with LF or CR LF. */
static bool
count_lines(struct lines *lines, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	const bool has_cr = memchr(p, '\r', len) != NULL;
	const uint8_t *lf;

	while ((lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		size_t n = (size_t)(lf - p);
		const uint8_t *cr = has_cr ? memchr(p, '\r', n) : NULL;

		if (cr != NULL && cr + 1 != lf)
			return false;
		if (cr != NULL)
			lines->crlf++;
		else
			lines->lf++;
		take_line(lines, p, cr != NULL ? n - 1 : n);
		p = lf + 1;
	}
	take_line(lines, p, (size_t)(end - p));
	return !has_cr || memchr(p, '\r', (size_t)(end - p)) == NULL;
}

static const char *
name_ends(const struct lines *lines)
{
	if (lines->crlf == 0)
		return lines->lf > 0 ? "" : ", with no line terminators";
	return lines->lf > 0 ? ", with CRLF, LF line terminators"
			     : ", with CRLF line terminators";
}

static const char *
describe(const char *words, const uint8_t *p, size_t len)
{
	static char text[256];
	char very_long[64] = "";
	struct lines lines = {0};

	if (!count_lines(&lines, p, len))
		return NULL;
	if (lines.longest > 0)
		(void)snprintf(very_long, sizeof(very_long),
		    ", with very long lines (%zu)", lines.longest);
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", words, very_long,
	    name_ends(&lines),
	    memchr(p, '\033', len) != NULL ? ", with escape sequences" : "",
	    memchr(p, '\b', len) != NULL ? ", with overstriking" : "");
	return text;
}

const char *
plaintext_describe(
    const struct plaintext *plain, bool is_ascii, const uint8_t *p, size_t len)
{
	const char *words = is_ascii ? plain->ascii : plain->utf8;

	if (words[0] == '\0' || len < 2)
		return NULL;
	/* Part of a character that ends lines, or of another. */
	if (!is_ascii && memchr(p, 0x85, len) != NULL)
		return NULL;
	return describe(words, p, len);
}

/* --- what is believed --- */

/* Of a letter, n times: one that is not very long, and one that is. */
static size_t
put_letters(uint8_t *dst, const char *letter, size_t n)
{
	const size_t len = strlen(letter);

	for (size_t i = 0; i < n; i++)
		memcpy(dst + i * len, letter, len);
	return n * len;
}

static bool
is_same(const char *words, const void *p, size_t len, plaintext_ask_fn *ask,
    void *arg)
{
	const char *theirs = ask(arg, p, len);
	const char *ours = describe(words, p, len);

	return theirs != NULL && ours != NULL && strcmp(theirs, ours) == 0;
}

static void
learn(char words[PLAINTEXT_WORDS_BYTES], const char *letter,
    plaintext_ask_fn *ask, void *arg)
{
	static const char *const ends[] = {"\n", "\r\n", "\r\n\n", "",
	    "\n\033[0m\n", "\na\b_\n", "\r\n\033\b\nb"};
	static const size_t letters[] = {
	    5, LINE_MAX_CHARS, LINE_MAX_CHARS + 1, 3 * LINE_MAX_CHARS};
	uint8_t text[8 * LINE_MAX_CHARS];
	size_t n = put_letters(text, letter, 5);
	const char *theirs;

	text[n++] = '\n';
	theirs = ask(arg, text, n);
	if (theirs == NULL || strlen(theirs) >= PLAINTEXT_WORDS_BYTES)
		return;
	(void)snprintf(words, PLAINTEXT_WORDS_BYTES, "%s", theirs);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		for (size_t j = 0; j < sizeof(letters) / sizeof(letters[0]);
		     j++) {
			n = put_letters(text, letter, letters[j]);
			memcpy(text + n, ends[i], strlen(ends[i]));
			n += strlen(ends[i]);
			if (!is_same(words, text, n, ask, arg)) {
				words[0] = '\0';
				return;
			}
		}
	}
}

void
plaintext_learn(struct plaintext *plain, plaintext_ask_fn *ask, void *arg)
{
	plain->ascii[0] = plain->utf8[0] = '\0';
	learn(plain->ascii, "a", ask, arg);
	learn(plain->utf8, "\303\266", ask, arg);
}
