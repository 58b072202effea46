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

struct html {
	struct wire_out out;
};

void html_init(struct html *html);
void html_release(struct html *html);
/* Our own markup: string literals only. */
void html_raw(struct html *html, const char *markup);
/* Foreign text. */
void html_text(struct html *html, const char *text);
/* printf of our own words and numbers; the result is escaped. */
void html_print(struct html *html, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A member as text: texts, numbers, booleans; others as compact JSON. */
void html_value(struct html *html, const json_t *value);
/* <tr><th>title</th><td>value</td></tr>, nothing where there is no value. */
void html_row(struct html *html, const char *title, const json_t *value);

#endif
