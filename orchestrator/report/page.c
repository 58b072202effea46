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
put_headlines(struct html *html, const json_t *headlines)
{
	size_t at;
	json_t *h;

	if (json_array_size(headlines) == 0) {
		html_raw(html, "<p><strong>");
		html_word(html, WORD_NOTHING);
		html_raw(html, "</strong> ");
		html_word(html, WORD_NOTHING_MORE);
		html_raw(html, "</p>\n");
		return;
	}
	html_raw(html, "<table class=\"list\"><thead><tr>");
	page_head(html, WORD_SCORE);
	page_head(html, WORD_FINDING);
	page_head(html, WORD_MEANING);
	page_head(html, WORD_ATTACK);
	page_head(html, WORD_PLACE);
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
	html_word(html, page_title(doc));
	html_raw(html, " <small>");
	html_word(html, WORD_CASE);
	html_raw(html, " ");
	html_value(html, json_object_get(c, "number"));
	html_raw(html, "</small></h1>\n");
	page_human(html, doc);
	html_raw(html, "<section id=\"summary\"><div class=\"verdict ");
	html_raw(html, page_class(score));
	html_raw(html, "\"><span class=\"number\">");
	html_print(html, "%lld", (long long)score);
	html_raw(html, "</span><span>");
	html_word(html, WORD_HIGHEST_SCORE);
	html_raw(html, "<br>");
	html_word(html, WORD_OF_100);
	html_raw(html, "</span></div>\n<table class=\"facts\">\n");
	page_row(html, WORD_TITLE, json_object_get(c, "title"));
	page_row(html, WORD_ORGANISATION, json_object_get(c, "org_name"));
	page_row(html, WORD_OPENED, json_object_get(c, "created"));
	page_row(html, WORD_PAP, json_object_get(doc, "pap"));
	page_row(html, WORD_ARTEFACTS, json_object_get(summary, "artefacts"));
	page_row(html, WORD_FINDINGS, json_object_get(summary, "findings"));
	json_array_foreach(outcomes, at, o)
	{
		if (at == OUTCOMES_SHOWN)
			break;
		html_raw(html, "<tr><th>");
		html_word(html, WORD_RUN);
		html_raw(html, "</th><td>");
		page_brief(html, json_object_get(o, "artefact_name"));
		html_raw(html, ", ");
		html_value(html, json_object_get(o, "profile"));
		html_raw(html, ": <strong>");
		html_value(html, json_object_get(o, "outcome"));
		html_raw(html, "</strong></td></tr>\n");
	}
	html_raw(html, "</table>\n");
	page_more(html, json_array_size(outcomes) - at, WORD_MORE_RUNS);
	html_raw(html, "<h2>");
	html_word(html, WORD_FOUND);
	html_raw(html, "</h2>\n");
	put_headlines(html, json_object_get(summary, "headlines"));
	html_raw(html, "<p class=\"note\">");
	html_word(html, WORD_DISCLAIMER);
	html_raw(html, "</p></section>\n");
}

/* An array of objects as a table below a heading; says so where empty. */
static void
put_table(struct html *html, enum word heading, const json_t *rows,
    const struct column *columns, enum word none)
{
	html_raw(html, "<h2>");
	html_word(html, heading);
	html_raw(html, "</h2>\n");
	if (json_array_size(rows) == 0) {
		html_raw(html, "<p>");
		html_word(html, none);
		html_raw(html, "</p>\n");
		return;
	}
	page_table(html, rows, columns, ROWS_SHOWN);
}

/* What was not done, with the document's own words in its language. */
static json_t *
undone_rows(const json_t *doc)
{
	static const char *const members[] = {"what", "state", "reason"};
	json_t *rows = json_deep_copy(json_object_get(doc, "not_done"));
	size_t at;
	json_t *row;

	json_array_foreach(rows, at, row)
	{
		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]);
		     i++) {
			const char *said =
			    json_member_text(row, members[i], "");

			(void)json_object_set_new(row, members[i],
			    json_string(words_value(doc, said)));
		}
	}
	return rows;
}

void
page_annex(struct html *html, const json_t *doc)
{
	static const struct column limit_columns[] = {
	    {WORD_LIMIT, "name", NULL}, {WORD_WHERE, "text", NULL},
	    {WORD_BY, "analyser", NULL},
	    {WORD_ARTEFACT, "artefact_name", "mono"}, {WORD_COUNT, NULL, NULL}};
	static const struct column error_columns[] = {{WORD_WHAT, "name", NULL},
	    {WORD_WHERE_STOPPED, "text", NULL}, {WORD_BY, "analyser", NULL},
	    {WORD_ARTEFACT, "artefact_name", "mono"}, {WORD_COUNT, NULL, NULL}};
	static const struct column undone_columns[] = {
	    {WORD_WHAT, "what", NULL}, {WORD_STATE, "state", NULL},
	    {WORD_WHY, "reason", "text"},
	    {WORD_ARTEFACT, "artefact_name", "mono"}, {WORD_COUNT, NULL, NULL}};
	static const struct column engine_columns[] = {
	    {WORD_ANALYSER, "name", NULL}, {WORD_ENGINE, "engine", NULL},
	    {WORD_STATE, "state", NULL}, {WORD_COUNT, NULL, NULL}};
	static const struct column submission_columns[] = {
	    {WORD_WHEN, "created", NULL}, {WORD_CHANNEL, "channel", NULL},
	    {WORD_KIND, "kind", NULL}, {WORD_TLP, "tlp", NULL},
	    {WORD_PAP, "pap", NULL}, {WORD_SOURCE, "source_host", NULL},
	    {WORD_COMMENT, "comment", NULL}, {WORD_COUNT, NULL, NULL}};
	static const struct column custody_columns[] = {
	    {WORD_SEQ, "seq", "number"}, {WORD_WHEN, "at", NULL},
	    {WORD_WHO, "actor", NULL}, {WORD_ACTION, "action", NULL},
	    {WORD_OBJECT, "object", "mono"}, {WORD_OUTCOME, "outcome", NULL},
	    {WORD_COUNT, NULL, NULL}};
	static const struct column rescan_columns[] = {{WORD_WHEN, "at", NULL},
	    {WORD_WHAT, "what", NULL}, {WORD_RULE, "name", "mono"},
	    {WORD_RULE_FILE, "namespace", "mono"},
	    {WORD_ARTEFACT, "artefact_name", "mono"},
	    {WORD_RULE_SET, "version_to", "number"}, {WORD_COUNT, NULL, NULL}};
	const json_t *environment = json_object_get(doc, "environment");
	auto_json json_t *undone = undone_rows(doc);

	html_raw(html, "<section id=\"annex\">\n");
	put_table(html, WORD_NOT_DONE, undone, undone_columns, WORD_ALL_DONE);
	put_table(html, WORD_LIMITS_MET, json_object_get(doc, "limits"),
	    limit_columns, WORD_NO_LIMIT);
	put_table(html, WORD_ERRORS, json_object_get(doc, "errors"),
	    error_columns, WORD_NO_ERROR);
	put_table(html, WORD_CHANGED_RULES, json_object_get(doc, "rescans"),
	    rescan_columns, WORD_NO_CHANGE);
	put_table(html, WORD_SUBMISSIONS, json_object_get(doc, "submissions"),
	    submission_columns, WORD_NONE);
	put_table(html, WORD_CUSTODY, json_object_get(doc, "custody"),
	    custody_columns, WORD_NONE);
	put_table(html, WORD_ENVIRONMENT,
	    json_object_get(environment, "analysers"), engine_columns,
	    WORD_NONE);
	html_raw(html, "<p>Loep ");
	html_value(html, json_object_get(environment, "loep"));
	html_raw(html, ". ");
	html_word(html, WORD_IN_JSON);
	html_raw(html, "</p>\n</section>\n");
}

/*
 * The label stands in header and footer of each printed page (TLP 2.0): fixed
 * boxes repeat on every page, and the table's head and foot keep their room.
 */
void
page_render(struct html *html, const json_t *doc)
{
	html->doc = doc;
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
	html_word(html, page_title(doc));
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
