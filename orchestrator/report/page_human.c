/* SPDX-License-Identifier: Apache-2.0 */
/* page_human.c - what people wrote: it comes before what the machine found. */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "report/page.h"
#include "report/page_parts.h"
#include "report/words.h"

#include <stdbool.h>
#include <string.h>

/* In the order of reading. */
static const struct {
	const char *name;
	enum word word;
} sections[] = {
    {"summary", WORD_SUMMARY},
    {"scope", WORD_SCOPE},
    {"damage", WORD_DAMAGE},
    {"root_cause", WORD_ROOT_CAUSE},
    {"recommendations", WORD_RECOMMENDATIONS},
    {"methods", WORD_METHODS},
    {"limitations", WORD_LIMITATIONS},
};

enum word
page_title(const json_t *doc)
{
	const char *kind =
	    json_member_text(json_object_get(doc, "report"), "kind", "");

	if (strcmp(kind, "triage") == 0)
		return WORD_TRIAGE;
	if (strcmp(kind, "postmortem") == 0)
		return WORD_POSTMORTEM;
	if (strcmp(kind, "late_detection") == 0)
		return WORD_LATE_DETECTION;
	return WORD_REPORT;
}

static void
put_heading(struct html *html, enum word word)
{
	html_raw(html, "<h2>");
	html_word(html, word);
	html_raw(html, "</h2>\n");
}

/* Plain text: an empty line ends a paragraph, a line's end stays one. */
static void
put_paragraphs(struct html *html, const char *text)
{
	auto_free char *copy = xstrdup(text);
	char *rest = copy;
	char *line;
	bool is_open = false;

	while ((line = strsep(&rest, "\n")) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (line[strspn(line, " \t")] == '\0') {
			if (is_open)
				html_raw(html, "</p>\n");
			is_open = false;
			continue;
		}
		html_raw(html, is_open ? "<br>\n" : "<p>");
		html_text(html, line);
		is_open = true;
	}
	if (is_open)
		html_raw(html, "</p>\n");
}

static void
put_origin(struct html *html, const json_t *report)
{
	bool is_machine =
	    strcmp(json_member_text(report, "author_role", ""), "machine") == 0;

	html_raw(html, "<p class=\"note\">");
	html_word(html, WORD_REVISION);
	html_print(
	    html, " %lld. ", (long long)json_member_int(report, "rev", 0));
	html_word(html, WORD_WRITTEN_BY);
	html_raw(html, ": ");
	html_word(html, is_machine ? WORD_MACHINE : WORD_ANALYST);
	html_raw(html, ". ");
	html_word(html, WORD_APPROVED_BY);
	html_raw(html, ": ");
	html_word(html, WORD_REVIEWER);
	html_raw(html, ".</p>\n");
}

static void
put_cell(struct html *html, const char *text)
{
	html_raw(html, "<td>");
	html_text(html, text);
	html_raw(html, "</td>");
}

static void
put_verdicts(struct html *html, const json_t *doc)
{
	static const enum word titles[] = {WORD_ARTEFACT, WORD_VERDICT,
	    WORD_CONFIDENCE, WORD_CONFIRMED, WORD_REASON};
	const json_t *verdicts = json_object_get(doc, "verdicts");
	size_t at;
	json_t *v;

	if (json_array_size(verdicts) == 0)
		return;
	put_heading(html, WORD_VERDICTS);
	html_raw(html, "<table class=\"list\"><thead><tr>");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		page_head(html, titles[i]);
	html_raw(html, "</tr></thead><tbody>\n");
	json_array_foreach(verdicts, at, v)
	{
		bool is_confirmed =
		    json_is_true(json_object_get(v, "is_confirmed"));

		html_raw(html, "<tr>");
		put_cell(html, json_member_text(v, "artefact_name", ""));
		put_cell(
		    html, words_value(doc, json_member_text(v, "value", "")));
		put_cell(html,
		    words_value(doc, json_member_text(v, "confidence", "")));
		put_cell(
		    html, words_get(doc, is_confirmed ? WORD_YES : WORD_NO));
		put_cell(html, json_member_text(v, "reason", ""));
		html_raw(html, "</tr>\n");
	}
	html_raw(html, "</tbody></table>\n");
}

void
page_human(struct html *html, const json_t *doc)
{
	const json_t *report = json_object_get(doc, "report");
	const json_t *texts = json_object_get(report, "sections");

	if (!json_is_object(report))
		return;
	html_raw(html, "<section id=\"report\">\n");
	put_origin(html, report);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		const char *text =
		    json_member_text(texts, sections[i].name, "");

		if (text[0] == '\0')
			continue;
		put_heading(html, sections[i].word);
		put_paragraphs(html, text);
	}
	put_verdicts(html, doc);
	html_raw(html, "</section>\n");
}
