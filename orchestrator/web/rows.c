/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - answered rows as JSON text. */
#include "web/rows.h"

#include "lib/digest.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"
#include "web/stamp.h"
#include "web/target.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void
rows_put_literal(struct wire_out *out, const char *text)
{
	wire_put_raw(out, text, strlen(text));
}

static bool
is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* A character that JSON wants escaped, and DEL, which terminals eat. */
static void
put_escaped(struct wire_out *out, uint8_t c)
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	char text[8];

	for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
		if ((uint8_t)letters[i] == c) {
			text[0] = '\\';
			text[1] = letters[i + 1];
			wire_put_raw(out, text, 2);
			return;
		}
	}
	(void)snprintf(text, sizeof(text), "\\u%04x", c);
	wire_put_raw(out, text, 6);
}

void
rows_put_text(struct wire_out *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t at = 0;

	wire_put_raw(out, "\"", 1);
	while (at < len && !out->is_failed) {
		size_t start = at;
		size_t n;

		while (at < len && is_plain(p[at]))
			at++;
		if (at > start) {
			wire_put_raw(out, p + start, at - start);
			continue;
		}
		if (p[at] < 0x80) {
			put_escaped(out, p[at++]);
			continue;
		}
		n = utf8_sequence(p + at, len - at, NULL);
		if (n == 0)
			rows_put_literal(out, REPLACEMENT);
		else
			wire_put_raw(out, p + at, n);
		at += n == 0 ? 1 : n;
	}
	wire_put_raw(out, "\"", 1);
}

static void
put_hex(struct wire_out *out, const uint8_t *p, size_t len)
{
	auto_free char *hex = xmalloc(2 * len + 1);

	hex_encode(hex, p, len);
	wire_put_raw(out, "\"", 1);
	wire_put_raw(out, hex, 2 * len);
	wire_put_raw(out, "\"", 1);
}

/*
 * JSON goes out as it is, after a check that it is one value: a column that
 * were not would break the whole answer.  The brackets let a bare number or
 * text through the parser.
 */
static void
put_json(struct wire_out *out, const uint8_t *p, size_t len)
{
	auto_free char *text = xmalloc(len + 2);
	auto_json json_t *json = NULL;

	text[0] = '[';
	if (len > 0)
		memcpy(text + 1, p, len);
	text[len + 1] = ']';
	if (json_parse(text, len + 2, LIMIT_MSG_BYTES, ROWS_DEPTH_MAX + 1,
		&json) == ERR_OK &&
	    json_array_size(json) == 1)
		wire_put_raw(out, p, len);
	else
		rows_put_text(out, p, len);
}

static void
put_int(struct wire_out *out, int64_t i)
{
	/* By hand: a page has hundreds of them. */
	uint64_t n = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	if (i < 0)
		text[--at] = '-';
	wire_put_raw(out, text + at, sizeof(text) - at);
}

void
rows_put_value(struct wire_out *out, char type, const struct value *v)
{
	char stamp[STAMP_BYTES];

	if (v->type == VALUE_NULL) {
		rows_put_literal(out, "null");
		return;
	}
	switch (type) {
	case 'i':
		put_int(out, v->i);
		break;
	case 'f':
		rows_put_literal(out, v->i != 0 ? "true" : "false");
		break;
	case 't':
		(void)stamp_put(stamp, v->i);
		rows_put_text(out, stamp, strlen(stamp));
		break;
	case 'j':
		put_json(out, v->p, v->len);
		break;
	case 'h':
	case 'b':
		put_hex(out, v->p, v->len);
		break;
	default:
		rows_put_text(out, v->p, v->len);
	}
}

void
rows_put_member(
    struct wire_out *out, const struct call_field *field, const struct value *v)
{
	rows_put_text(out, field->name, strlen(field->name));
	wire_put_raw(out, ":", 1);
	rows_put_value(out, field->type, v);
	if (field->type != 'n' || v->type == VALUE_NULL ||
	    utf8_is_valid(v->p, v->len))
		return;
	rows_put_literal(out, ",\"");
	rows_put_literal(out, field->name);
	rows_put_literal(out, "_hex\":");
	put_hex(out, v->p, v->len);
}

void
rows_put_object(struct wire_out *out, enum call_op op, const struct values *row)
{
	const struct call_spec *spec = call_spec(op);
	const char *comma = "";

	wire_put_raw(out, "{", 1);
	for (size_t i = 0; i < spec->column_count && i < row->count; i++) {
		if (strcmp(spec->columns[i].name, "cursor") == 0)
			continue;
		rows_put_literal(out, comma);
		rows_put_member(out, &spec->columns[i], &row->v[i]);
		comma = ",";
	}
	wire_put_raw(out, "}", 1);
}

int
rows_cursor_column(enum call_op op)
{
	/* The audit chain is paged by its sequence number. */
	return call_column(op, op == CALL_AUDIT_LIST ? "seq" : "cursor");
}
