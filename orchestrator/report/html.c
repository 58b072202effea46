/* SPDX-License-Identifier: Apache-2.0 */
/* html.c - writing HTML so that foreign text stays text. */
#include "report/html.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdarg.h>

#define HTML_BYTES_MAX (256 * MIB)

void
html_init(struct html *html)
{
	wire_out_init(&html->out, HTML_BYTES_MAX);
	html->doc = NULL;
}

void
html_release(struct html *html)
{
	wire_out_release(&html->out);
}

void
html_raw(struct html *html, const char *markup)
{
	wire_put_raw(&html->out, markup, strlen(markup));
}

/*
 * Characters that hide or reorder others, as UTF-8: U+061C, U+200B..200F,
 * U+2028..202E, U+2060..206F, U+FEFF and the C1 controls.  Returns how many
 * bytes the character at p has, 0 when it is harmless.
 */
static size_t
tricky_bytes(const unsigned char *p)
{
	if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
		return 2;
	if (p[0] == 0xd8 && p[1] == 0x9c)
		return 2;
	if (p[0] == 0xe2 && p[1] == 0x80 &&
	    ((p[2] >= 0x8b && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xae)))
		return 3;
	if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf)
		return 3;
	if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
		return 3;
	return 0;
}

static void
put_hidden(struct html *html, const unsigned char *p, size_t len)
{
	char piece[32];

	html_raw(html, "<span class=\"hidden\">");
	for (size_t i = 0; i < len; i++) {
		(void)snprintf(piece, sizeof(piece), "\\x%02x", p[i]);
		html_raw(html, piece);
	}
	html_raw(html, "</span>");
}

void
html_text(struct html *html, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		size_t tricky = tricky_bytes(p);

		if (tricky > 0) {
			put_hidden(html, p, tricky);
			p += tricky;
			continue;
		}
		switch (*p) {
		case '&':
			html_raw(html, "&amp;");
			break;
		case '<':
			html_raw(html, "&lt;");
			break;
		case '>':
			html_raw(html, "&gt;");
			break;
		case '"':
			html_raw(html, "&quot;");
			break;
		case '\'':
			html_raw(html, "&#39;");
			break;
		case '\n':
		case '\t':
			wire_put_u8(&html->out, *p);
			break;
		default:
			if (*p < 0x20 || *p == 0x7f)
				put_hidden(html, p, 1);
			else
				wire_put_u8(&html->out, *p);
		}
		p++;
	}
}

void
html_word(struct html *html, enum word word)
{
	html_text(html, words_get(html->doc, word));
}

void
html_count(struct html *html, enum word word, json_int_t count)
{
	const char *text = words_get(html->doc, word);
	size_t before = strcspn(text, "#");
	auto_free char *start = xstrndup(text, before);

	html_text(html, start);
	if (text[before] == '\0')
		return;
	html_print(html, "%lld", (long long)count);
	html_text(html, text + before + 1);
}

void
html_print(struct html *html, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	html_text(html, text);
}

void
html_value(struct html *html, const json_t *value)
{
	if (json_is_string(value)) {
		html_text(html, json_string_value(value));
	} else if (json_is_integer(value)) {
		html_print(html, "%lld", (long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		html_print(html, "%.3f", json_real_value(value));
	} else if (json_is_boolean(value)) {
		html_word(html, json_is_true(value) ? WORD_YES : WORD_NO);
	} else if (value != NULL && !json_is_null(value)) {
		auto_free char *text = json_canonical(value);

		html_text(html, text);
	}
}
