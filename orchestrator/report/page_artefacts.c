/* SPDX-License-Identifier: Apache-2.0 */
/* page_artefacts.c - artefacts as a tree, each with its facts and findings. */
#include "report/canonical.h"
#include "report/page.h"
#include "report/page_parts.h"

#include <stdbool.h>

/* How deep the tree is drawn; what lies deeper is counted. */
#define DEPTH_MAX 16
/* Artefacts of the tree, those with findings first; the rest is counted. */
#define ARTEFACTS_SHOWN ((size_t)2000)
/* Of each artefact. */
#define FINDINGS_SHOWN ((size_t)40)
#define FACTS_SHOWN    ((size_t)60)
/* Strings of one match that are shown; the JSON form has them all. */
#define STRINGS_SHOWN ((size_t)12)

struct tree {
	const json_t *artefacts;
	const json_t *findings;
	json_t *children;    /* parent id -> array of artefacts */
	json_t *by_artefact; /* artefact id -> array of findings */
	json_t *by_id;	     /* artefact id -> artefact */
	json_t *is_shown;    /* artefact id -> true */
	json_t *is_trace;    /* artefact id -> true: its run shows them */
	size_t drawn;
};

static void
append(json_t *index, const char *key, json_t *value)
{
	json_t *list = json_object_get(index, key);

	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(index, key, list);
	}
	(void)json_array_append(list, value);
}

static void
index_all(struct tree *t, const json_t *runs)
{
	size_t at;
	json_t *row;

	json_array_foreach(t->artefacts, at, row)
	{
		append(t->children, json_member_text(row, "parent", ""), row);
		(void)json_object_set(
		    t->by_id, json_member_text(row, "id", ""), row);
	}
	json_array_foreach(t->findings, at, row)
	    append(t->by_artefact, json_member_text(row, "artefact", ""), row);
	json_array_foreach(runs, at, row)
	{
		const char *trace = json_member_text(row, "trace", "");

		if (trace[0] != '\0')
			(void)json_object_set_new(
			    t->is_trace, trace, json_true());
	}
}

/* Marks an artefact and what it lies in, as long as there is room. */
static void
mark(struct tree *t, const json_t *a)
{
	for (int depth = 0; a != NULL && depth <= DEPTH_MAX; depth++) {
		const char *id = json_member_text(a, "id", "");

		if (json_object_get(t->is_shown, id) != NULL ||
		    json_object_size(t->is_shown) >= ARTEFACTS_SHOWN)
			return;
		(void)json_object_set_new(t->is_shown, id, json_true());
		a = json_object_get(
		    t->by_id, json_member_text(a, "parent", ""));
	}
}

/* What has findings comes first, then the others in their order. */
static void
choose(struct tree *t)
{
	static const json_int_t from[] = {70, 1, INT32_MIN};
	size_t at;
	json_t *row;

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		json_array_foreach(t->artefacts, at, row)
		{
			if (json_member_int(row, "score", 0) >= from[i])
				mark(t, row);
		}
	}
}

static void
put_strings(struct html *html, const json_t *strings)
{
	size_t at;
	json_t *s;

	if (json_array_size(strings) == 0)
		return;
	html_raw(html, "<details open><summary>");
	html_word(html, WORD_MATCHED_STRINGS);
	html_raw(html, "</summary><table class=\"list\"><thead><tr>");
	page_head(html, WORD_STRING);
	page_head(html, WORD_OFFSET);
	page_head(html, WORD_LENGTH);
	page_head(html, WORD_BYTES);
	html_raw(html, "</tr></thead><tbody>\n");
	json_array_foreach(strings, at, s)
	{
		if (at == STRINGS_SHOWN)
			break;
		html_raw(html, "<tr><td><code>");
		html_value(html, json_object_get(s, "id"));
		html_raw(html, "</code></td><td>");
		html_value(html, json_object_get(s, "offset"));
		html_raw(html, "</td><td>");
		html_value(html, json_object_get(s, "length"));
		html_raw(html, "</td><td><code>");
		html_value(html, json_object_get(s, "text") != NULL
				     ? json_object_get(s, "text")
				     : json_object_get(s, "data"));
		html_raw(html, "</code></td></tr>\n");
	}
	html_raw(html, "</tbody></table>\n");
	page_more(html,
	    json_array_size(strings) > STRINGS_SHOWN
		? json_array_size(strings) - STRINGS_SHOWN
		: 0,
	    WORD_MORE_PLACES);
	html_raw(html, "</details>\n");
}

const char *
page_finding_text(const json_t *f)
{
	const json_t *detail = json_object_get(f, "detail");
	const json_t *meta = json_object_get(detail, "meta");
	const char *text = json_member_text(detail, "title", NULL);

	if (text == NULL)
		text = json_member_text(meta, "description", NULL);
	if (text == NULL)
		text = json_member_text(detail, "text", "");
	return text;
}

static void
put_finding(struct html *html, const json_t *f)
{
	const json_t *detail = json_object_get(f, "detail");
	json_t *text = json_string(page_finding_text(f));

	html_raw(html, "<div class=\"match\">");
	if (json_is_integer(json_object_get(f, "score")))
		page_score(html, json_member_int(f, "score", 0));
	html_raw(html, " <span class=\"badge\">");
	html_value(html, json_object_get(f, "type"));
	html_raw(html, "</span> <code>");
	html_value(html, json_object_get(f, "name"));
	html_raw(html, "</code> ");
	page_brief(html, text);
	json_decref(text);
	html_raw(html, " <span class=\"note\">");
	html_value(html, json_object_get(f, "engine"));
	if (json_string_length(json_object_get(f, "namespace")) > 0) {
		html_raw(html, ", ");
		html_value(html, json_object_get(f, "namespace"));
	}
	if (json_is_true(json_object_get(f, "is_partial"))) {
		html_raw(html, ", ");
		html_word(html, WORD_PARTIAL);
	}
	html_raw(html, "</span>");
	put_strings(html, json_object_get(detail, "strings"));
	if (json_array_size(json_object_get(detail, "evidence")) > 0) {
		html_raw(html, "<div class=\"evidence\">");
		page_brief(html, json_object_get(detail, "evidence"));
		html_raw(html, "</div>");
	}
	html_raw(html, "</div>\n");
}

static bool
is_fact(const json_t *f)
{
	return strcmp(json_member_text(f, "type", ""), "fact") == 0;
}

/* Facts that the artefact's own rows show. */
static bool
is_said(const json_t *f)
{
	static const char *const names[] = {"size", "mime", "magic", "sha256",
	    "sha1", "md5", "tlsh", "entropy_milli", NULL};

	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(json_member_text(f, "name", ""), names[i]) == 0)
			return true;
	}
	return false;
}

static void
put_facts(struct html *html, const json_t *findings, size_t count)
{
	size_t at, shown = 0;
	json_t *f;

	if (count == 0)
		return;
	html_raw(html, "<details><summary data-folded=\"");
	html_word(html, WORD_FOLDED);
	html_raw(html, "\">");
	html_count(
	    html, count == 1 ? WORD_ONE_FACT : WORD_FACTS, (json_int_t)count);
	html_raw(html, "</summary><table class=\"facts\">\n");
	json_array_foreach(findings, at, f)
	{
		if (!is_fact(f) || is_said(f))
			continue;
		if (shown++ == FACTS_SHOWN)
			break;
		page_named_row(html, json_member_text(f, "name", ""),
		    json_object_get(json_object_get(f, "detail"), "value"));
	}
	html_raw(html, "</table>\n");
	page_more(html, count > FACTS_SHOWN ? count - FACTS_SHOWN : 0,
	    WORD_MORE_FACTS);
	html_raw(html, "</details>\n");
}

static void
put_findings(struct html *html, const json_t *findings, bool is_trace)
{
	size_t facts = 0, conclusions = 0;
	size_t at;
	json_t *f;

	json_array_foreach(findings, at, f)
	{
		if (is_fact(f))
			facts += is_said(f) ? 0 : 1;
		else if (conclusions++ < FINDINGS_SHOWN && !is_trace)
			put_finding(html, f);
	}
	if (is_trace && conclusions > 0) {
		html_raw(html, "<p class=\"note\">");
		html_count(html, WORD_AT_RUN, (json_int_t)conclusions);
		html_raw(html, "</p>\n");
	} else if (conclusions > FINDINGS_SHOWN) {
		page_more(
		    html, conclusions - FINDINGS_SHOWN, WORD_MORE_FINDINGS);
	}
	put_facts(html, findings, facts);
}

static void
put_artefact(struct html *html, const struct tree *t, json_t *a)
{
	json_int_t score = json_member_int(a, "score", 0);
	const char *id = json_member_text(a, "id", "");

	html_raw(html, "<div class=\"artefact\"><div class=\"name\">");
	html_value(html, json_object_get(a, "name"));
	if (score > 0)
		page_score(html, score);
	if (json_is_string(json_object_get(a, "relation"))) {
		html_raw(html, "<span class=\"badge\">");
		html_value(html, json_object_get(a, "relation"));
		html_raw(html, "</span>");
	}
	if (strcmp(json_member_text(a, "hash_state", ""), "mismatch") == 0) {
		html_raw(html, "<span class=\"badge high\">");
		html_word(html, WORD_HASH_DIFFERS);
		html_raw(html, "</span>");
	}
	if (canonical_closed(a) != NULL) {
		html_raw(html, "<span class=\"badge\">");
		html_text(html, words_value(html->doc, canonical_closed(a)));
		html_raw(html, "</span>");
	}
	html_raw(html, "</div><table class=\"facts\">\n");
	page_row(html, WORD_TYPE, json_object_get(a, "magic"));
	page_row(html, WORD_MIME, json_object_get(a, "mime"));
	page_row(html, WORD_SIZE, json_object_get(a, "size"));
	page_row(html, WORD_SHA256, json_object_get(a, "sha256"));
	page_row(html, WORD_SHA1, json_object_get(a, "sha1"));
	page_row(html, WORD_MD5, json_object_get(a, "md5"));
	page_row(html, WORD_TLSH, json_object_get(a, "tlsh"));
	page_row(html, WORD_NAME_BYTES, json_object_get(a, "name_hex"));
	html_raw(html, "</table>\n");
	put_findings(html, json_object_get(t->by_artefact, id),
	    json_object_get(t->is_trace, id) != NULL);
	html_raw(html, "</div>\n");
}

static void
put_level(struct html *html, struct tree *t, const char *parent, int depth)
{
	const json_t *children = json_object_get(t->children, parent);
	size_t hidden = 0;
	size_t at;
	json_t *a;

	if (json_array_size(children) == 0 || depth > DEPTH_MAX)
		return;
	html_raw(html, depth == 0 ? "<ul class=\"tree root\">\n"
				  : "<ul class=\"tree\">\n");
	json_array_foreach(children, at, a)
	{
		const char *id = json_member_text(a, "id", "-");

		if (json_object_get(t->is_shown, id) == NULL) {
			hidden++;
			continue;
		}
		t->drawn++;
		html_raw(html, "<li>");
		put_artefact(html, t, a);
		put_level(html, t, id, depth + 1);
		html_raw(html, "</li>\n");
	}
	html_raw(html, "</ul>\n");
	page_more(html, hidden, WORD_MORE_INSIDE);
}

/* An artefact whose parent is not in the case's dump is a root. */
static void
adopt(struct tree *t)
{
	size_t at;
	json_t *row;

	json_array_foreach(t->artefacts, at, row)
	{
		const char *parent = json_member_text(row, "parent", "");

		if (parent[0] != '\0' &&
		    json_object_get(t->by_id, parent) == NULL)
			append(t->children, "", row);
	}
}

void
page_artefacts(struct html *html, const json_t *doc)
{
	struct tree t = {
	    .artefacts = json_object_get(doc, "artefacts"),
	    .findings = json_object_get(doc, "findings"),
	    .children = json_object(),
	    .by_artefact = json_object(),
	    .by_id = json_object(),
	    .is_shown = json_object(),
	    .is_trace = json_object(),
	};
	size_t count = json_array_size(t.artefacts);

	index_all(&t, json_object_get(doc, "runs"));
	adopt(&t);
	choose(&t);
	html_raw(html, "<section id=\"artefacts\"><h2>");
	html_word(html, WORD_ARTEFACTS);
	html_raw(html, "</h2>\n");
	if (count > ARTEFACTS_SHOWN) {
		html_raw(html, "<p class=\"warning\">");
		html_count(html, WORD_CASE_HAS, (json_int_t)count);
		html_count(html, WORD_TREE_SHOWS, ARTEFACTS_SHOWN);
		html_raw(html, "</p>\n");
	}
	put_level(html, &t, "", 0);
	if (t.drawn < count && count <= ARTEFACTS_SHOWN)
		page_more(html, count - t.drawn, WORD_MORE_ARTEFACTS);
	html_raw(html, "</section>\n");
	json_decref(t.children);
	json_decref(t.by_artefact);
	json_decref(t.by_id);
	json_decref(t.is_shown);
	json_decref(t.is_trace);
}
