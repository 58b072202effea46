/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.h - writing HTML so that foreign text stays text.
 *
 * Two ways in: html_raw() takes our own markup, html_text() everything else.
 * Control characters and bidirectional overrides are made visible.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "lib/json.h"
#include "lib/wire.h"
#include "report/words.h"

struct html {
	struct wire_out out;
	const json_t *doc; /* whose language the words have; NULL: English */
};

void html_init(struct html *html);
void html_release(struct html *html);
/* Our own markup: string literals only. */
void html_raw(struct html *html, const char *markup);
/* Foreign text. */
void html_text(struct html *html, const char *text);
/* A word in the language of the page. */
void html_word(struct html *html, enum word word);
/* The same with its '#' as the number. */
void html_count(struct html *html, enum word word, json_int_t count);
/* printf of our own words and numbers; the result is escaped. */
void html_print(struct html *html, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A member as text: texts, numbers, booleans; others as compact JSON. */
void html_value(struct html *html, const json_t *value);

#endif
