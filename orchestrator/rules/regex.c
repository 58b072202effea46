/* SPDX-License-Identifier: Apache-2.0 */
/* regex.c - libyara's regular expressions. */
#include "rules/hex.h"

#include "rules/number.h"

#include <string.h>

struct regex_reader {
	const char *p;
	size_t len;
	size_t at;
	bool is_odd; /* something that is not understood */
};

static bool
is_end(const struct regex_reader *reader)
{
	return reader->at >= reader->len;
}

static char
peek(const struct regex_reader *reader)
{
	return is_end(reader) ? '\0' : reader->p[reader->at];
}

static bool
accept(struct regex_reader *reader, char c)
{
	if (is_end(reader) || reader->p[reader->at] != c)
		return false;
	reader->at++;
	return true;
}

/* What stands behind a backslash, as one byte. */
static uint8_t
escaped(struct regex_reader *reader)
{
	char c;
	int high, low;

	if (is_end(reader)) {
		reader->is_odd = true;
		return 0;
	}
	c = reader->p[reader->at++];
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'f':
		return '\f';
	case 'a':
		return '\a';
	case 'x':
		if (reader->len - reader->at < 2)
			break;
		high = hex_digit(reader->p[reader->at]);
		low = hex_digit(reader->p[reader->at + 1]);
		reader->at += 2;
		if (high >= 0 && low >= 0)
			return (uint8_t)(high * 16 + low);
		break;
	default:
		/* Back references do not exist here. */
		if (c < '0' || c > '9')
			return (uint8_t)c;
	}
	reader->is_odd = true;
	return 0;
}

static bool
is_shorthand(char c)
{
	return c != '\0' && strchr("wWsSdDbB", c) != NULL;
}

/* Adds what \w and \d stand for; false for the others. */
static bool
add_shorthand(char c, uint8_t set[32])
{
	for (unsigned int i = '0'; i <= 'z'; i++) {
		bool is_digit = i <= '9';
		bool is_word =
		    is_digit || (i >= 'A' && i <= 'Z') || i == '_' || i >= 'a';

		if (c == 'w' ? is_word : is_digit)
			set[i / 8] |= (uint8_t)(1u << i % 8);
	}
	return c == 'w' || c == 'd';
}

/* One byte of a class; false for what stands for many. */
static bool
class_byte(struct regex_reader *reader, uint8_t *ret_byte)
{
	char c = reader->p[reader->at++];

	if (c == '\\') {
		if (is_shorthand(peek(reader))) {
			reader->at++;
			return false;
		}
		*ret_byte = escaped(reader);
		return true;
	}
	*ret_byte = (uint8_t)c;
	return true;
}

/* Behind "[", up to and over its "]". */
static void
read_class(struct regex_reader *reader, struct strand_piece *piece)
{
	bool is_known = !accept(reader, '^');
	bool is_first = true;
	uint8_t set[32] = {0};

	while (!is_end(reader) && (is_first || peek(reader) != ']')) {
		uint8_t low = 0, high = 0;
		bool is_byte = class_byte(reader, &low);

		is_first = false;
		high = low;
		if (peek(reader) == '-' && reader->len - reader->at > 1 &&
		    reader->p[reader->at + 1] != ']') {
			reader->at++;
			is_byte = class_byte(reader, &high) && is_byte;
		}
		is_known = is_known && is_byte && low <= high;
		for (unsigned int c = low; is_known && c <= high; c++)
			set[c / 8] |= (uint8_t)(1u << c % 8);
	}
	if (!accept(reader, ']'))
		reader->is_odd = true;
	if (is_known)
		strand_class(piece, set);
	else
		strand_unknown(piece);
}

static bool
read_number(struct regex_reader *reader, uint32_t *ret)
{
	uint32_t value = 0;
	bool is_there = false;

	while (peek(reader) >= '0' && peek(reader) <= '9') {
		value = value * 10 + (uint32_t)(peek(reader) - '0');
		reader->at++;
		is_there = true;
		if (value > 1000000) {
			reader->is_odd = true;
			return false;
		}
	}
	if (is_there)
		*ret = value;
	return is_there;
}

/* {2}, {2,}, {,2}, {2,4}; false where the brace is only a brace. */
static bool
read_braces(struct regex_reader *reader, uint32_t *ret_min, uint32_t *ret_max)
{
	size_t start = reader->at;
	uint32_t min = 0, max = UINT32_MAX;
	bool has_min;

	reader->at++;
	has_min = read_number(reader, &min);
	if (accept(reader, ','))
		(void)read_number(reader, &max);
	else if (has_min)
		max = min;
	else
		max = 0;
	if (!accept(reader, '}') || (max == 0 && !has_min)) {
		reader->at = start;
		return false;
	}
	reader->is_odd |= min > max;
	*ret_min = min;
	*ret_max = max;
	return true;
}

/* What stands behind an atom. */
static bool
read_repeat(struct regex_reader *reader, uint32_t *ret_min, uint32_t *ret_max)
{
	*ret_min = *ret_max = 1;
	switch (peek(reader)) {
	case '*':
		*ret_min = 0;
		*ret_max = UINT32_MAX;
		break;
	case '+':
		*ret_max = UINT32_MAX;
		break;
	case '?':
		*ret_min = 0;
		break;
	case '{':
		if (!read_braces(reader, ret_min, ret_max))
			return false;
		(void)accept(reader, '?');
		return true;
	default:
		return false;
	}
	reader->at++;
	(void)accept(reader, '?');
	return true;
}

enum atom {
	ATOM_PIECE,
	ATOM_NOTHING, /* stands between bytes */
	ATOM_OPEN,
	ATOM_OR,
	ATOM_CLOSE
};

static enum atom
read_backslash(struct regex_reader *reader, struct strand_piece *piece)
{
	char c = peek(reader);

	if (c == 'b' || c == 'B') {
		reader->at++;
		return ATOM_NOTHING;
	}
	if (is_shorthand(c)) {
		uint8_t set[32] = {0};

		reader->at++;
		if (add_shorthand(c, set))
			strand_class(piece, set);
		else
			strand_unknown(piece);
		return ATOM_PIECE;
	}
	strand_byte(piece, escaped(reader));
	return ATOM_PIECE;
}

static enum atom
read_atom(struct regex_reader *reader, struct strand_piece *piece)
{
	char c = reader->p[reader->at++];

	switch (c) {
	case '(':
		reader->is_odd |= peek(reader) == '?';
		return ATOM_OPEN;
	case '|':
		return ATOM_OR;
	case ')':
		return ATOM_CLOSE;
	case '^':
	case '$':
		return ATOM_NOTHING;
	case '.':
		strand_unknown(piece);
		return ATOM_PIECE;
	case '[':
		read_class(reader, piece);
		return ATOM_PIECE;
	case '\\':
		return read_backslash(reader, piece);
	case '*':
	case '+':
	case '?':
		reader->is_odd = true;
		return ATOM_NOTHING;
	default:
		strand_byte(piece, (uint8_t)c);
		return ATOM_PIECE;
	}
}

/* One atom, and how often; false where it cannot be followed. */
static bool
step(struct regex_reader *reader, struct strand *strand)
{
	struct strand_piece piece;
	enum atom atom = read_atom(reader, &piece);
	uint32_t min, max;
	bool is_repeated;

	if (atom == ATOM_OPEN)
		return strand_open(strand);
	if (atom == ATOM_OR) {
		strand_or(strand);
		return true;
	}
	if (atom == ATOM_CLOSE && !strand_close(strand, &piece))
		return false;
	is_repeated = read_repeat(reader, &min, &max);
	if (atom == ATOM_NOTHING)
		return !is_repeated;
	strand_add(strand, &piece, min, max);
	return true;
}

/* Over what stands between the slashes; false where there are none. */
static bool
reader_init(struct regex_reader *reader, const char *p, size_t len)
{
	size_t end = len;

	/* Letters behind the last slash; case never counts here. */
	while (end > 1 && (p[end - 1] == 'i' || p[end - 1] == 's'))
		end--;
	if (end < 2 || p[0] != '/' || p[end - 1] != '/')
		return false;
	*reader = (struct regex_reader){.p = p + 1, .len = end - 2};
	return true;
}

bool
regex_is_span(const char *p, size_t len)
{
	struct regex_reader reader;
	struct strand_piece piece;
	uint32_t min, max;

	return reader_init(&reader, p, len) && !is_end(&reader) &&
	       read_atom(&reader, &piece) == ATOM_PIECE && !piece.is_exact &&
	       piece.is_class && read_repeat(&reader, &min, &max) &&
	       is_end(&reader) && !reader.is_odd && min >= STRAND_SPAN_MIN;
}

form_id
regex_form(struct strand *strand, struct form *form, const char *p, size_t len,
    bool is_wide)
{
	struct regex_reader reader;

	if (!reader_init(&reader, p, len))
		return FORM_TRUE;
	strand_init(strand, form, is_wide);
	while (!is_end(&reader) && !reader.is_odd) {
		if (!step(&reader, strand))
			return FORM_TRUE;
	}
	return reader.is_odd ? FORM_TRUE : strand_end(strand);
}
