/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_parts.h - tables and values of the page, each with a bound: the page is
 * for people, the JSON form has everything.
 */
#ifndef REPORT_PAGE_PARTS_H
#define REPORT_PAGE_PARTS_H

#include "report/html.h"

/* A column: its heading, the member of each row, and its class or NULL. */
struct column {
	enum word title;
	const char *member;
	const char *class;
};

/* The class of a score: "high", "middle" or "low". */
const char *page_class(json_int_t score);
/* A badge with the score where there is one. */
void page_score(struct html *html, json_int_t score);
/*
 * A value of any kind in a few lines: long texts and lists are cut with a note
 * of how much there is, objects become "member: value".
 */
void page_brief(struct html *html, json_t *value);
/* A row of a table of facts with a brief value; nothing where it is empty. */
void page_row(struct html *html, enum word title, json_t *value);
/* The same with a title that is no word of ours. */
void page_named_row(struct html *html, const char *title, json_t *value);
/* A heading of a table. */
void page_head(struct html *html, enum word title);
/* "N more KIND; the JSON form has all", nothing where N is 0.  WORD_MORE_... */
void page_more(struct html *html, size_t count, enum word kind);
/*
 * Rows as a table of at most max rows, with a note of the rest.  columns end
 * with a member of NULL, at most 32.  A column without a value is left out;
 * nothing is written where there is no row.
 */
void page_table(struct html *html, const json_t *rows,
    const struct column *columns, size_t max);

#endif
