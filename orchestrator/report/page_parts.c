/* SPDX-License-Identifier: Apache-2.0 */
/* page_parts.c - tables and values of the page, each with a bound. */
#include "report/page_parts.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdbool.h>

#define TEXT_BYTES   ((size_t)600)
#define LIST_SHOWN   ((size_t)16)
#define NESTED_SHOWN ((size_t)6)
#define DEPTH_MAX    3

const char *
page_class(json_int_t score)
{
	if (score >= 70)
		return "high";
	return score >= 40 ? "middle" : "low";
}

void
page_score(struct html *html, json_int_t score)
{
	html_raw(html, "<span class=\"badge ");
	html_raw(html, page_class(score));
	html_raw(html, "\">");
	html_print(html, "%lld", (long long)score);
	html_raw(html, "</span>");
}

/* Cut between characters, never inside one. */
static void
put_text(struct html *html, const char *text)
{
	size_t len = strlen(text);
	size_t keep = TEXT_BYTES;
	auto_free char *start = NULL;

	if (len <= TEXT_BYTES) {
		html_text(html, text);
		return;
	}
	while (keep > 0 && ((unsigned char)text[keep] & 0xc0) == 0x80)
		keep--;
	start = xstrndup(text, keep);
	html_text(html, start);
	html_raw(html, "<span class=\"note\"> &hellip; (");
	html_count(html, WORD_BYTES_IN_ALL, (json_int_t)len);
	html_raw(html, ")</span>");
}

static void
put_scalar(struct html *html, const json_t *value)
{
	if (json_is_string(value))
		put_text(html, json_string_value(value));
	else if (json_is_object(value) || json_is_array(value))
		html_raw(html, "&hellip;");
	else
		html_value(html, value);
}

static void put_nested(struct html *html, json_t *value, int depth);

static void
put_list(struct html *html, const json_t *list, int depth)
{
	size_t shown = depth == 0 ? LIST_SHOWN : NESTED_SHOWN;
	size_t at;
	json_t *item;

	json_array_foreach(list, at, item)
	{
		if (at == shown)
			break;
		if (json_is_object(item) && depth == 0) {
			html_raw(html, "<div>");
			put_nested(html, item, depth + 1);
			html_raw(html, "</div>");
			continue;
		}
		if (at > 0)
			html_raw(html, ", ");
		put_nested(html, item, depth + 1);
	}
	if (json_array_size(list) > shown) {
		html_raw(html, "<span class=\"note\"> &hellip; ");
		html_count(
		    html, WORD_IN_ALL, (json_int_t)json_array_size(list));
		html_raw(html, "</span>");
	}
}

static void
put_object(struct html *html, json_t *object, int depth)
{
	size_t shown = 0;
	const char *name;
	json_t *value;

	/* jansson keeps the order of insertion, which is that of the dump. */
	json_object_foreach(object, name, value)
	{
		if (shown == LIST_SHOWN) {
			html_raw(html, " &hellip;");
			return;
		}
		if (shown++ > 0)
			html_raw(html, "; ");
		html_raw(html, "<span class=\"key\">");
		html_text(html, name);
		html_raw(html, "</span> ");
		put_nested(html, value, depth + 1);
	}
}

/* As deep as DEPTH_MAX; what lies deeper is in the JSON form. */
static void
put_nested(struct html *html, json_t *value, int depth)
{
	if (depth < DEPTH_MAX && json_is_array(value))
		put_list(html, value, depth);
	else if (depth < DEPTH_MAX && json_is_object(value))
		put_object(html, value, depth);
	else
		put_scalar(html, value);
}

void
page_brief(struct html *html, json_t *value)
{
	put_nested(html, value, 0);
}

static bool
is_empty(const json_t *value)
{
	return value == NULL || json_is_null(value) ||
	       (json_is_string(value) && json_string_length(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0);
}

void
page_named_row(struct html *html, const char *title, json_t *value)
{
	if (is_empty(value))
		return;
	html_raw(html, "<tr><th>");
	html_text(html, title);
	html_raw(html, "</th><td>");
	page_brief(html, value);
	html_raw(html, "</td></tr>\n");
}

void
page_row(struct html *html, enum word title, json_t *value)
{
	page_named_row(html, words_get(html->doc, title), value);
}

void
page_head(struct html *html, enum word title)
{
	html_raw(html, "<th>");
	html_word(html, title);
	html_raw(html, "</th>");
}

void
page_more(struct html *html, size_t count, enum word kind)
{
	if (count == 0)
		return;
	html_raw(html, "<p class=\"note\">");
	html_count(html, kind, (json_int_t)count);
	html_raw(html, " ");
	html_word(html, WORD_NOT_SHOWN);
	html_raw(html, "</p>\n");
}

/* A column without any value takes room for nothing. */
static bool
is_used(const json_t *rows, const struct column *column, size_t max)
{
	size_t at;
	json_t *row;

	json_array_foreach(rows, at, row)
	{
		if (at == max)
			break;
		if (!is_empty(json_object_get(row, column->member)))
			return true;
	}
	return false;
}

static void
put_cells(struct html *html, const json_t *row, const struct column *columns,
    unsigned int used)
{
	html_raw(html, "<tr>");
	for (const struct column *c = columns; c->member != NULL; c++) {
		if ((used >> (c - columns) & 1) == 0)
			continue;
		html_raw(html, "<td");
		if (c->class != NULL) {
			html_raw(html, " class=\"");
			html_raw(html, c->class);
			html_raw(html, "\"");
		}
		html_raw(html, ">");
		page_brief(html, json_object_get(row, c->member));
		html_raw(html, "</td>");
	}
	html_raw(html, "</tr>\n");
}

void
page_table(struct html *html, const json_t *rows, const struct column *columns,
    size_t max)
{
	size_t count = json_array_size(rows);
	unsigned int used = 0;
	size_t at;
	json_t *row;

	if (count == 0)
		return;
	html_raw(html, "<table class=\"list\"><thead><tr>");
	for (const struct column *c = columns; c->member != NULL; c++) {
		if (!is_used(rows, c, max))
			continue;
		used |= 1U << (c - columns);
		page_head(html, c->title);
	}
	html_raw(html, "</tr></thead><tbody>\n");
	json_array_foreach(rows, at, row)
	{
		if (at == max)
			break;
		put_cells(html, row, columns, used);
	}
	html_raw(html, "</tbody></table>\n");
	page_more(html, count > max ? count - max : 0, WORD_MORE_ROWS);
}
