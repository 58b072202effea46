/* SPDX-License-Identifier: Apache-2.0 */
/* hex.c - hexadecimal strings. */
#include "rules/hex.h"

#include "rules/number.h"

#include <string.h>

enum hex_kind {
	HEX_END,
	HEX_BYTE, /* with its mask */
	HEX_JUMP,
	HEX_OPEN,
	HEX_OR,
	HEX_CLOSE,
	HEX_ODD /* something else */
};

struct hex_reader {
	const char *p;
	size_t len;
	size_t at;
	uint8_t byte;
	uint8_t mask;
};

static void
skip_comment(struct hex_reader *reader)
{
	const char *end = reader->p + reader->len;
	const char *p = reader->p + reader->at + 2;
	bool is_line = reader->p[reader->at + 1] == '/';

	for (; p < end; p++) {
		if (is_line && *p == '\n')
			break;
		if (!is_line && *p == '*' && end - p > 1 && p[1] == '/') {
			p += 2;
			break;
		}
	}
	reader->at = (size_t)(p - reader->p);
}

static void
skip_space(struct hex_reader *reader)
{
	while (reader->at < reader->len) {
		char c = reader->p[reader->at];

		if (c == '/' && reader->len - reader->at > 1 &&
		    (reader->p[reader->at + 1] == '/' ||
			reader->p[reader->at + 1] == '*'))
			skip_comment(reader);
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
			 c == '{' || c == '}')
			reader->at++;
		else
			return;
	}
}

/* Two digits, either of them perhaps a question mark. */
static enum hex_kind
read_byte(struct hex_reader *reader)
{
	const char *p = reader->p + reader->at;
	int high, low;

	if (reader->len - reader->at < 2)
		return HEX_ODD;
	high = hex_digit(p[0]);
	low = hex_digit(p[1]);
	if ((high < 0 && p[0] != '?') || (low < 0 && p[1] != '?'))
		return HEX_ODD;
	reader->mask = (uint8_t)((high < 0 ? 0 : 0xf0) | (low < 0 ? 0 : 0x0f));
	reader->byte =
	    (uint8_t)((high < 0 ? 0 : high << 4) | (low < 0 ? 0 : low));
	reader->at += 2;
	return HEX_BYTE;
}

static enum hex_kind
next(struct hex_reader *reader)
{
	const char *close;

	skip_space(reader);
	if (reader->at >= reader->len)
		return HEX_END;
	switch (reader->p[reader->at]) {
	case '[':
		close = memchr(
		    reader->p + reader->at, ']', reader->len - reader->at);
		if (close == NULL)
			return HEX_ODD;
		reader->at = (size_t)(close - reader->p) + 1;
		return HEX_JUMP;
	case '(':
		reader->at++;
		return HEX_OPEN;
	case '|':
		reader->at++;
		return HEX_OR;
	case ')':
		reader->at++;
		return HEX_CLOSE;
	default:
		return read_byte(reader);
	}
}

/* One byte under its mask as a piece. */
static void
byte_piece(const struct hex_reader *reader, struct strand_piece *piece)
{
	uint8_t set[32] = {0};

	if (reader->mask == 0) {
		strand_unknown(piece);
		return;
	}
	for (unsigned int c = 0; c < 256; c++) {
		if ((c & reader->mask) == reader->byte)
			set[c / 8] |= (uint8_t)(1u << c % 8);
	}
	strand_class(piece, set);
}

form_id
hex_form(struct strand *strand, struct form *form, const char *p, size_t len)
{
	struct hex_reader reader = {.p = p, .len = len};
	struct strand_piece piece;
	enum hex_kind kind;

	strand_init(strand, form, false);
	while ((kind = next(&reader)) != HEX_END) {
		switch (kind) {
		case HEX_BYTE:
			byte_piece(&reader, &piece);
			strand_add(strand, &piece, 1, 1);
			break;
		case HEX_JUMP:
			strand_unknown(&piece);
			strand_add(strand, &piece, 1, 1);
			break;
		case HEX_OPEN:
			if (!strand_open(strand))
				return FORM_TRUE;
			break;
		case HEX_OR:
			if (strand->depth == 0)
				return FORM_TRUE;
			strand_or(strand);
			break;
		case HEX_CLOSE:
			if (!strand_close(strand, &piece))
				return FORM_TRUE;
			strand_add(strand, &piece, 1, 1);
			break;
		case HEX_END:
		case HEX_ODD:
		default:
			return FORM_TRUE;
		}
	}
	return strand_end(strand);
}

size_t
hex_head(const char *p, size_t len, uint8_t bytes[COND_HEAD_MAX],
    uint8_t mask[COND_HEAD_MAX])
{
	struct hex_reader reader = {.p = p, .len = len};
	size_t n = 0;

	while (n < COND_HEAD_MAX && next(&reader) == HEX_BYTE) {
		bytes[n] = reader.byte;
		mask[n++] = reader.mask;
	}
	return n;
}

bool
hex_literal(const char *p, size_t len, uint8_t *dst, size_t *ret_len)
{
	struct hex_reader reader = {.p = p, .len = len};
	enum hex_kind kind;
	size_t n = 0;

	while ((kind = next(&reader)) == HEX_BYTE) {
		if (reader.mask != 0xff)
			return false;
		dst[n++] = reader.byte;
	}
	*ret_len = n;
	return kind == HEX_END;
}
