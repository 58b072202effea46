/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - the frame of the page, its summary and its annexes. */
#include "report/page.h"

#include "report/marking.h"
#include "report/page_parts.h"

/* Rows of each table of the annex. */
#define ROWS_SHOWN ((size_t)300)
/* Runs that the summary names. */
#define OUTCOMES_SHOWN ((size_t)8)

static void
put_label(struct html *html, const json_t *doc, const char *place)
{
	const char *label = json_member_text(doc, "tlp", "TLP:RED");
	const char *restriction = json_member_text(doc, "tlp_restriction", "");

	html_raw(html, "<div class=\"tlp ");
	html_raw(html, place);
	html_raw(html, "\"><span style=\"color:");
	html_raw(html, marking_colour(label));
	html_raw(html, "\">");
	html_text(html, label);
	html_raw(html, "</span>");
	if (restriction[0] != '\0') {
		html_raw(html, "<span class=\"restriction\"> ");
		html_text(html, restriction);
		html_raw(html, "</span>");
	}
	html_raw(html, "</div>\n");
}

static void
put_head(struct html *html, const char *title)
{
	html_raw(html, "<th>");
	html_text(html, title);
	html_raw(html, "</th>");
}

static void
put_headlines(struct html *html, const json_t *doc, const json_t *headlines)
{
	size_t at;
	json_t *h;

	if (json_array_size(headlines) == 0) {
		html_raw(html, "<p><strong>");
		html_text(html, words_get(doc, WORD_NOTHING));
		html_raw(html, "</strong> ");
		html_text(html, words_get(doc, WORD_NOTHING_MORE));
		html_raw(html, "</p>\n");
		return;
	}
	html_raw(html, "<table class=\"list\"><thead><tr>");
	put_head(html, words_get(doc, WORD_SCORE));
	put_head(html, words_get(doc, WORD_FINDING));
	put_head(html, words_get(doc, WORD_MEANING));
	put_head(html, "ATT&CK");
	put_head(html, words_get(doc, WORD_PLACE));
	html_raw(html, "</tr></thead><tbody>\n");
	json_array_foreach(headlines, at, h)
	{
		json_int_t count = json_member_int(h, "count", 1);

		html_raw(html, "<tr><td class=\"score ");
		html_raw(html, page_class(json_member_int(h, "score", 0)));
		html_raw(html, "\">");
		html_value(html, json_object_get(h, "score"));
		html_raw(html, "</td><td><code>");
		html_value(html, json_object_get(h, "name"));
		html_raw(html, "</code>");
		if (count > 1)
			html_print(html, " (%lld \u00d7)", (long long)count);
		html_raw(html, "</td><td>");
		page_brief(html, json_object_get(h, "text"));
		html_raw(html, "</td><td class=\"attack\">");
		page_brief(html, json_object_get(h, "attack"));
		html_raw(html, "</td><td class=\"mono\">");
		page_brief(html, json_object_get(h, "artefact_name"));
		html_raw(html, "</td></tr>\n");
	}
	html_raw(html, "</tbody></table>\n");
}

void
page_summary(struct html *html, const json_t *doc)
{
	const json_t *summary = json_object_get(doc, "summary");
	const json_t *c = json_object_get(doc, "case");
	json_int_t score = json_member_int(summary, "score", 0);
	const json_t *outcomes = json_object_get(summary, "outcomes");
	size_t at;
	json_t *o;

	html_raw(html, "<h1>");
	html_text(html, words_get(doc, page_title(doc)));
	html_raw(html, " <small>");
	html_text(html, words_get(doc, WORD_CASE));
	html_raw(html, " ");
	html_value(html, json_object_get(c, "number"));
	html_raw(html, "</small></h1>\n");
	page_human(html, doc);
	html_raw(html, "<section id=\"summary\"><div class=\"verdict ");
	html_raw(html, page_class(score));
	html_raw(html, "\"><span class=\"number\">");
	html_print(html, "%lld", (long long)score);
	html_raw(html, "</span><span>");
	html_text(html, words_get(doc, WORD_HIGHEST_SCORE));
	html_raw(html, "<br>");
	html_text(html, words_get(doc, WORD_OF_100));
	html_raw(html, "</span></div>\n<table class=\"facts\">\n");
	page_row(html, words_get(doc, WORD_TITLE), json_object_get(c, "title"));
	page_row(html, words_get(doc, WORD_ORGANISATION),
	    json_object_get(c, "org_name"));
	page_row(
	    html, words_get(doc, WORD_OPENED), json_object_get(c, "created"));
	page_row(html, "PAP", json_object_get(doc, "pap"));
	page_row(html, words_get(doc, WORD_ARTEFACTS),
	    json_object_get(summary, "artefacts"));
	page_row(html, words_get(doc, WORD_FINDINGS),
	    json_object_get(summary, "findings"));
	json_array_foreach(outcomes, at, o)
	{
		if (at == OUTCOMES_SHOWN)
			break;
		html_raw(html, "<tr><th>");
		html_text(html, words_get(doc, WORD_RUN));
		html_raw(html, "</th><td>");
		page_brief(html, json_object_get(o, "artefact_name"));
		html_raw(html, ", ");
		html_value(html, json_object_get(o, "profile"));
		html_raw(html, ": <strong>");
		html_value(html, json_object_get(o, "outcome"));
		html_raw(html, "</strong></td></tr>\n");
	}
	html_raw(html, "</table>\n");
	page_more(html, json_array_size(outcomes) - at, "runs are");
	html_raw(html, "<h2>");
	html_text(html, words_get(doc, WORD_FOUND));
	html_raw(html, "</h2>\n");
	put_headlines(html, doc, json_object_get(summary, "headlines"));
	html_raw(html, "<p class=\"note\">");
	html_text(html, words_get(doc, WORD_DISCLAIMER));
	html_raw(html, "</p></section>\n");
}

/* An array of objects as a table below a heading; says so where empty. */
static void
put_table(struct html *html, const char *heading, const json_t *rows,
    const struct column *columns, const char *none)
{
	html_raw(html, "<h2>");
	html_text(html, heading);
	html_raw(html, "</h2>\n");
	if (json_array_size(rows) == 0) {
		html_raw(html, "<p>");
		html_text(html, none);
		html_raw(html, "</p>\n");
		return;
	}
	page_table(html, rows, columns, ROWS_SHOWN);
}

void
page_annex(struct html *html, const json_t *doc)
{
	static const struct column limit_columns[] = {{"Limit", "name", NULL},
	    {"Where", "text", NULL}, {"By", "analyser", NULL},
	    {"Artefact", "artefact_name", "mono"}, {NULL, NULL, NULL}};
	static const struct column error_columns[] = {{"What", "name", NULL},
	    {"Where it stopped", "text", NULL}, {"By", "analyser", NULL},
	    {"Artefact", "artefact_name", "mono"}, {NULL, NULL, NULL}};
	static const struct column undone_columns[] = {{"What", "what", NULL},
	    {"State", "state", NULL}, {"Why", "reason", "text"},
	    {"Artefact", "artefact_name", "mono"}, {NULL, NULL, NULL}};
	static const struct column engine_columns[] = {
	    {"Analyser", "name", NULL}, {"Engine", "engine", NULL},
	    {"State", "state", NULL}, {NULL, NULL, NULL}};
	static const struct column submission_columns[] = {
	    {"When", "created", NULL}, {"Channel", "channel", NULL},
	    {"Kind", "kind", NULL}, {"TLP", "tlp", NULL}, {"PAP", "pap", NULL},
	    {"Source", "source_host", NULL}, {"Comment", "comment", NULL},
	    {NULL, NULL, NULL}};
	static const struct column custody_columns[] = {
	    {"Seq", "seq", "number"}, {"When", "at", NULL},
	    {"Who", "actor", NULL}, {"What", "action", NULL},
	    {"Object", "object", "mono"}, {"Outcome", "outcome", NULL},
	    {NULL, NULL, NULL}};
	static const struct column rescan_columns[] = {{"When", "at", NULL},
	    {"What", "what", NULL}, {"Rule", "name", "mono"},
	    {"Rule file", "namespace", "mono"},
	    {"Artefact", "artefact_name", "mono"},
	    {"Rule set", "version_to", "number"}, {NULL, NULL, NULL}};
	const json_t *environment = json_object_get(doc, "environment");

	html_raw(html, "<section id=\"annex\">\n");
	put_table(html, words_get(doc, WORD_NOT_DONE),
	    json_object_get(doc, "not_done"), undone_columns,
	    words_get(doc, WORD_ALL_DONE));
	put_table(html, words_get(doc, WORD_LIMITS_MET),
	    json_object_get(doc, "limits"), limit_columns,
	    words_get(doc, WORD_NO_LIMIT));
	put_table(html, words_get(doc, WORD_ERRORS),
	    json_object_get(doc, "errors"), error_columns,
	    words_get(doc, WORD_NO_ERROR));
	put_table(html, words_get(doc, WORD_CHANGED_RULES),
	    json_object_get(doc, "rescans"), rescan_columns,
	    words_get(doc, WORD_NO_CHANGE));
	put_table(html, words_get(doc, WORD_SUBMISSIONS),
	    json_object_get(doc, "submissions"), submission_columns,
	    words_get(doc, WORD_NONE));
	put_table(html, words_get(doc, WORD_CUSTODY),
	    json_object_get(doc, "custody"), custody_columns,
	    words_get(doc, WORD_NONE));
	put_table(html, words_get(doc, WORD_ENVIRONMENT),
	    json_object_get(environment, "analysers"), engine_columns,
	    words_get(doc, WORD_NONE));
	html_raw(html, "<p>Loep ");
	html_value(html, json_object_get(environment, "loep"));
	html_raw(html, ". The whole data of this report, each match with its "
		       "offsets and each digest, is in its JSON form.</p>\n"
		       "</section>\n");
}

/*
 * The label stands in header and footer of each printed page (TLP 2.0): fixed
 * boxes repeat on every page, and the table's head and foot keep their room.
 */
void
page_render(struct html *html, const json_t *doc)
{
	html_raw(html, "<!DOCTYPE html>\n<html lang=\"");
	html_text(html, words_language(doc));
	html_raw(html,
	    "\"><head><meta charset=\"utf-8\">"
	    "\n<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n<title>");
	html_text(html, json_member_text(doc, "tlp", ""));
	html_raw(html, " ");
	html_text(html, words_get(doc, page_title(doc)));
	html_raw(html, " ");
	html_value(
	    html, json_object_get(json_object_get(doc, "case"), "number"));
	html_raw(html, "</title>\n<style>");
	html_raw(html, page_style);
	html_raw(html, "</style></head>\n<body>\n");
	put_label(html, doc, "top");
	html_raw(html,
	    "<table class=\"sheet\" role=\"presentation\"><thead><tr><td>"
	    "<div class=\"room\"></div></td></tr></thead><tbody><tr><td>\n"
	    "<main>\n");
	page_summary(html, doc);
	page_artefacts(html, doc);
	page_runs(html, doc);
	page_annex(html, doc);
	html_raw(html,
	    "</main>\n</td></tr></tbody><tfoot><tr><td><div class=\"room\">"
	    "</div></td></tr></tfoot></table>\n");
	put_label(html, doc, "bottom");
	html_raw(html, "</body></html>\n");
}
