/* SPDX-License-Identifier: Apache-2.0 */
/* page_artefacts.c - artefacts as a tree, each with its facts and findings. */
#include "report/page.h"

#include <stdbool.h>

/* How deep the tree is drawn; what lies deeper is listed at this level. */
#define DEPTH_MAX 10
/* Strings of one match that are shown; the JSON form has them all. */
#define STRINGS_SHOWN ((size_t)12)

struct tree {
	const json_t *artefacts;
	const json_t *findings;
	json_t *children;    /* parent id -> array of artefacts */
	json_t *by_artefact; /* artefact id -> array of findings */
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
index_all(struct tree *t)
{
	size_t at;
	json_t *row;

	json_array_foreach(t->artefacts, at, row)
	    append(t->children, json_member_text(row, "parent", ""), row);
	json_array_foreach(t->findings, at, row)
	    append(t->by_artefact, json_member_text(row, "artefact", ""), row);
}

static void
put_strings(struct html *html, const json_t *strings)
{
	size_t at;
	json_t *s;

	if (json_array_size(strings) == 0)
		return;
	html_raw(html, "<details><summary>matched strings</summary><table "
		       "class=\"list\"><thead><tr><th>String</th><th>Offset"
		       "</th><th>Length</th><th>Bytes</th></tr></thead><tbody>"
		       "\n");
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
	html_raw(html, "</tbody></table></details>\n");
}

static const char *
class_of(json_int_t score)
{
	if (score >= 70)
		return "high";
	return score >= 40 ? "middle" : "low";
}

static void
put_finding(struct html *html, const json_t *f)
{
	const json_t *detail = json_object_get(f, "detail");
	const json_t *meta = json_object_get(detail, "meta");
	const char *text = json_member_text(detail, "title",
	    json_member_text(
		meta, "description", json_member_text(detail, "text", "")));

	html_raw(html, "<div class=\"match\"><span class=\"score ");
	html_raw(html, class_of(json_member_int(f, "score", 0)));
	html_raw(html, "\">");
	html_value(html, json_object_get(f, "score"));
	html_raw(html, "</span> <span class=\"badge\">");
	html_value(html, json_object_get(f, "type"));
	html_raw(html, "</span> <code>");
	html_value(html, json_object_get(f, "name"));
	html_raw(html, "</code> ");
	html_text(html, text);
	html_raw(html, " <span class=\"note\">");
	html_value(html, json_object_get(f, "engine"));
	if (json_string_length(json_object_get(f, "namespace")) > 0) {
		html_raw(html, ", ");
		html_value(html, json_object_get(f, "namespace"));
	}
	if (json_is_true(json_object_get(f, "is_partial")))
		html_raw(html, ", from an analysis that did not end well");
	html_raw(html, "</span>");
	put_strings(html, json_object_get(detail, "strings"));
	html_raw(html, "</div>\n");
}

static bool
is_fact(const json_t *f)
{
	return strcmp(json_member_text(f, "type", ""), "fact") == 0;
}

static void
put_findings(struct html *html, const json_t *findings)
{
	size_t at;
	json_t *f;
	bool has_facts = false;

	json_array_foreach(findings, at, f)
	{
		if (is_fact(f))
			has_facts = true;
		else
			put_finding(html, f);
	}
	if (!has_facts)
		return;
	html_raw(html, "<details><summary>facts</summary><table "
		       "class=\"facts\">\n");
	json_array_foreach(findings, at, f)
	{
		if (is_fact(f))
			html_row(html, json_member_text(f, "name", ""),
			    json_object_get(
				json_object_get(f, "detail"), "value"));
	}
	html_raw(html, "</table></details>\n");
}

static void
put_artefact(struct html *html, const struct tree *t, const json_t *a)
{
	json_int_t score = json_member_int(a, "score", 0);

	html_raw(html, "<div class=\"artefact\"><div class=\"name\">");
	html_value(html, json_object_get(a, "name"));
	if (score > 0) {
		html_raw(html, "<span class=\"badge ");
		html_raw(html, class_of(score));
		html_raw(html, "\">");
		html_print(html, "%lld", (long long)score);
		html_raw(html, "</span>");
	}
	if (json_is_string(json_object_get(a, "relation"))) {
		html_raw(html, "<span class=\"badge\">");
		html_value(html, json_object_get(a, "relation"));
		html_raw(html, "</span>");
	}
	if (strcmp(json_member_text(a, "hash_state", ""), "mismatch") == 0)
		html_raw(html, "<span class=\"badge high\">declared hash "
			       "differs</span>");
	html_raw(html, "</div><table class=\"facts\">\n");
	html_row(html, "Type", json_object_get(a, "magic"));
	html_row(html, "MIME", json_object_get(a, "mime"));
	html_row(html, "Size", json_object_get(a, "size"));
	html_row(html, "SHA-256", json_object_get(a, "sha256"));
	html_row(html, "SHA-1", json_object_get(a, "sha1"));
	html_row(html, "MD5", json_object_get(a, "md5"));
	html_row(html, "TLSH", json_object_get(a, "tlsh"));
	html_row(html, "Name, bytes", json_object_get(a, "name_hex"));
	html_raw(html, "</table>\n");
	put_findings(html,
	    json_object_get(t->by_artefact, json_member_text(a, "id", "")));
	html_raw(html, "</div>\n");
}

static void
put_level(
    struct html *html, const struct tree *t, const char *parent, int depth)
{
	const json_t *children = json_object_get(t->children, parent);
	size_t at;
	json_t *a;

	if (json_array_size(children) == 0)
		return;
	html_raw(html, depth == 0 ? "<ul class=\"tree root\">\n"
				  : "<ul class=\"tree\">\n");
	json_array_foreach(children, at, a)
	{
		html_raw(html, "<li>");
		put_artefact(html, t, a);
		if (depth < DEPTH_MAX)
			put_level(
			    html, t, json_member_text(a, "id", "-"), depth + 1);
		html_raw(html, "</li>\n");
	}
	html_raw(html, "</ul>\n");
}

void
page_artefacts(struct html *html, const json_t *doc)
{
	struct tree t = {
	    .artefacts = json_object_get(doc, "artefacts"),
	    .findings = json_object_get(doc, "findings"),
	    .children = json_object(),
	    .by_artefact = json_object(),
	};

	index_all(&t);
	html_raw(html, "<section id=\"artefacts\"><h2>Artefacts</h2>\n");
	put_level(html, &t, "", 0);
	html_raw(html, "</section>\n");
	json_decref(t.children);
	json_decref(t.by_artefact);
}
