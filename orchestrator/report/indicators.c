/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indicators.c - indicators as CSV (RFC 4180), and what the submitter puts
 * into notifications of its own (NIS2, article 23): a text of the indicators
 * and the paragraph about the root cause, in the report's language.
 */
#include "report/export.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "report/words.h"

#define TEXT_BYTES_MAX (4 * MIB)

static void
put(struct wire_out *out, const char *text)
{
	wire_put_raw(out, text, strlen(text));
}

/* Quoted; what a spreadsheet would take for a formula is none. */
static void
put_cell(struct wire_out *out, const char *text, const char *end)
{
	put(out, "\"");
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
		put(out, "'");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			put(out, "\"");
		wire_put_raw(out, text, 1);
	}
	put(out, "\"");
	put(out, end);
}

static char *
take_text(struct wire_out *out)
{
	char *text = xstrndup(out->is_failed ? "" : (const char *)out->buf,
	    out->is_failed ? 0 : out->len);

	wire_out_release(out);
	return text;
}

char *
csv_indicators(const json_t *content)
{
	static const char *const names[] = {
	    "type", "value", "verdict", "context", "tlp"};
	struct wire_out out;
	size_t at;
	json_t *row;

	wire_out_init(&out, TEXT_BYTES_MAX);
	put(&out, "type,value,verdict,context,tlp,case,first_seen\r\n");
	json_array_foreach(json_object_get(content, "indicators"), at, row)
	{
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			put_cell(
			    &out, json_member_text(row, names[i], ""), ",");
		put_cell(&out, json_member_text(content, "case", ""), ",");
		put_cell(
		    &out, json_member_text(content, "created", ""), "\r\n");
	}
	return take_text(&out);
}

/* The label directly before what it is about (TLP 2.0, in messages). */
static void
put_head(struct wire_out *out, const json_t *doc, enum word heading)
{
	const char *restriction = json_member_text(doc, "tlp_restriction", "");

	put(out, json_member_text(doc, "tlp", "TLP:RED"));
	if (restriction[0] != '\0') {
		put(out, " ");
		put(out, restriction);
	}
	put(out, "\n\n");
	put(out, words_get(doc, heading));
	put(out, ", ");
	put(out, words_get(doc, WORD_CASE));
	put(out, " ");
	put(out, json_member_text(json_object_get(doc, "case"), "number", ""));
	put(out, "\n\n");
}

char *
notice_indicators(const json_t *doc, const json_t *content)
{
	struct wire_out out;
	size_t at;
	json_t *row;

	wire_out_init(&out, TEXT_BYTES_MAX);
	put_head(&out, doc, WORD_INDICATORS);
	json_array_foreach(json_object_get(content, "indicators"), at, row)
	{
		put(&out, "- ");
		put(&out, json_member_text(row, "type", ""));
		put(&out, ": ");
		put(&out, json_member_text(row, "value", ""));
		put(&out, "\n");
	}
	if (at == 0) {
		put(&out, words_get(doc, WORD_NO_INDICATORS));
		put(&out, "\n");
	}
	put(&out, "\n");
	put(&out, words_get(doc, WORD_DISCLAIMER));
	put(&out, "\n");
	return take_text(&out);
}

char *
notice_cause(const json_t *doc)
{
	const json_t *sections =
	    json_object_get(json_object_get(doc, "report"), "sections");
	const char *text = json_member_text(sections, "root_cause", "");
	struct wire_out out;

	wire_out_init(&out, TEXT_BYTES_MAX);
	put_head(&out, doc, WORD_ROOT_CAUSE);
	put(&out, text[0] == '\0' ? words_get(doc, WORD_NO_CAUSE) : text);
	put(&out, "\n");
	return take_text(&out);
}
