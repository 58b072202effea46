/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c - the report's document: what is said first, and the parts. */
#include "report/canonical.h"

#include "report/dump.h"
#include "report/label.h"
#include "report/runs.h"

#include <stdbool.h>

/* Findings that the summary names. */
#define HEADLINES ((size_t)12)

static const char disclaimer[] =
    "Absence of findings is not a certification. A run shows only what "
    "happened in the test situation.";

/* A copy of the named members of src; missing ones are null. */
static json_t *
pick(const json_t *src, const char *const *names)
{
	json_t *copy = json_object();

	for (; *names != NULL; names++) {
		json_t *value = json_object_get(src, *names);

		(void)json_object_set_new(copy, *names,
		    value == NULL ? json_null() : json_deep_copy(value));
	}
	return copy;
}

static json_t *
pick_all(const json_t *rows, const char *const *names)
{
	json_t *all = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(rows, at, row)(void)
	    json_array_append_new(all, pick(row, names));
	return all;
}

static bool
is_type(const json_t *finding, const char *type)
{
	return strcmp(json_member_text(finding, "type", ""), type) == 0;
}

/* What counts as a finding for a reader: conclusions, not facts. */
static bool
is_conclusion(const json_t *finding)
{
	return is_type(finding, "match") || is_type(finding, "finding");
}

/* Facts that another part of the report shows already. */
static bool
is_run_fact(const json_t *finding)
{
	return is_type(finding, "fact") &&
	       strcmp(json_member_text(finding, "analyser", ""), "behaviour") ==
		   0;
}

static json_t *
findings_of(json_t *rows)
{
	static const char *const names[] = {"id", "artefact", "job", "type",
	    "name", "namespace", "score", "detail", "analyser", "engine",
	    "is_partial", NULL};
	json_t *all = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(rows, at, row)
	{
		if (!is_run_fact(row))
			(void)json_array_append_new(all, pick(row, names));
	}
	return all;
}

/* One text for a finding: its title, its rule's description, its words. */
static const char *
text_of(const json_t *finding)
{
	const json_t *detail = json_object_get(finding, "detail");
	const char *text = json_member_text(detail, "title", NULL);

	if (text == NULL)
		text = json_member_text(
		    json_object_get(detail, "meta"), "description", NULL);
	if (text == NULL)
		text = json_member_text(detail, "text", "");
	return text;
}

static json_t *
of_type(const json_t *rows, const char *type)
{
	json_t *all = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(rows, at, row)
	{
		if (!is_type(row, type))
			continue;
		(void)json_array_append_new(all,
		    json_pack("{s:s, s:s, s:s, s:s}", "artefact",
			json_member_text(row, "artefact", ""), "name",
			json_member_text(row, "name", ""), "text", text_of(row),
			"analyser", json_member_text(row, "analyser", "")));
	}
	return all;
}

/* Places a finding among the best; the same name counts once. */
static void
offer_headline(json_t *headlines, const json_t *finding)
{
	const char *name = json_member_text(finding, "name", "");
	json_int_t score = json_member_int(finding, "score", 0);
	size_t at, place = json_array_size(headlines);
	json_t *other;

	json_array_foreach(headlines, at, other)
	{
		if (strcmp(json_member_text(other, "name", ""), name) == 0) {
			(void)json_object_set_new(other, "count",
			    json_integer(
				json_member_int(other, "count", 1) + 1));
			return;
		}
		if (place == json_array_size(headlines) &&
		    json_member_int(other, "score", 0) < score)
			place = at;
	}
	if (place >= HEADLINES)
		return;
	(void)json_array_insert_new(headlines, place,
	    json_pack("{s:s, s:s, s:I, s:s, s:i, s:O}", "name", name, "text",
		text_of(finding), "score", score, "artefact",
		json_member_text(finding, "artefact", ""), "count", 1, "attack",
		json_object_get(json_object_get(finding, "detail"), "attack")
		    ? json_object_get(
			  json_object_get(finding, "detail"), "attack")
		    : json_null()));
	while (json_array_size(headlines) > HEADLINES)
		(void)json_array_remove(
		    headlines, json_array_size(headlines) - 1);
}

/* Jobs that did not end well, and what was never tried. */
static json_t *
not_done(json_t *tables)
{
	json_t *all = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "job"), at, row)
	{
		const char *state = json_member_text(row, "state", "");
		const char *kind = json_member_text(row, "kind", "");

		if (strcmp(state, "done") == 0 || strcmp(kind, "report") == 0)
			continue;
		(void)json_array_append_new(
		    all, json_pack("{s:s, s:s, s:s, s:s}", "artefact",
			     json_member_text(row, "artefact", ""), "what",
			     kind, "state", state, "reason",
			     json_member_text(row, "reason", "")));
	}
	json_array_foreach(dump_rows(tables, "finding"), at, row)
	{
		if (!is_type(row, "limit"))
			continue;
		if (strncmp(json_member_text(row, "name", ""), "not_", 4) != 0)
			continue;
		(void)json_array_append_new(
		    all, json_pack("{s:s, s:s, s:s, s:s}", "artefact",
			     json_member_text(row, "artefact", ""), "what",
			     json_member_text(row, "name", ""), "state",
			     "not done", "reason", text_of(row)));
	}
	/* The methods of the FIRST CSIRT Services Framework 2.1 that people
	 * do; a machine's report says so. */
	(void)json_array_append_new(
	    all, json_pack("{s:s, s:s, s:s, s:s}", "artefact", "", "what",
		     "reverse engineering", "state", "not done", "reason",
		     "This report was made by machine analysis alone."));
	return all;
}

static json_t *
summary_of(json_t *tables, const json_t *runs)
{
	json_t *headlines = json_array();
	json_int_t score = 0, conclusions = 0;
	json_t *outcomes = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "finding"), at, row)
	{
		if (!is_conclusion(row))
			continue;
		conclusions++;
		if (json_member_int(row, "score", 0) > score)
			score = json_member_int(row, "score", 0);
		offer_headline(headlines, row);
	}
	json_array_foreach(runs, at, row)(void) json_array_append_new(
	    outcomes, json_pack("{s:s, s:s, s:s}", "profile",
			  json_member_text(row, "profile", ""), "artefact",
			  json_member_text(row, "artefact", ""), "outcome",
			  json_member_text(row, "outcome", "")));
	return json_pack("{s:I, s:s, s:I, s:I, s:I, s:o, s:o, s:s}", "score",
	    score, "verdict", conclusions > 0 ? "findings" : "no_finding",
	    "artefacts",
	    (json_int_t)json_array_size(dump_rows(tables, "artefact")),
	    "findings", conclusions, "runs", (json_int_t)json_array_size(runs),
	    "headlines", headlines, "outcomes", outcomes, "disclaimer",
	    disclaimer);
}

static json_t *
artefacts_of(json_t *tables)
{
	static const char *const names[] = {"id", "submission", "parent",
	    "relation", "depth", "name", "name_hex", "size", "sha256", "sha1",
	    "md5", "sha512", "tlsh", "mime", "magic", "entropy_milli", "kind",
	    "tlp", "pap", "hash_state", "score", "state", "created", NULL};

	return pick_all(dump_rows(tables, "artefact"), names);
}

static json_t *
environment_of(json_t *tables)
{
	static const char *const names[] = {
	    "name", "engine", "state", "detail", NULL};

	return json_pack("{s:s, s:o, s:o}", "loep", LOEP_VERSION, "analysers",
	    pick_all(dump_rows(tables, "analyser"), names), "meta",
	    json_array_size(dump_rows(tables, "meta")) > 0
		? json_incref(json_array_get(dump_rows(tables, "meta"), 0))
		: json_null());
}

json_t *
canonical_make(json_t *tables)
{
	static const char *const case_names[] = {"number", "org_name", "title",
	    "state", "severity", "tlp", "pap", "created", NULL};
	static const char *const submission_names[] = {"id", "channel", "tlp",
	    "pap", "kind", "origin", "comment", "source_host", "created",
	    "artefacts", "bytes", NULL};
	static const char *const custody_names[] = {
	    "seq", "at", "actor", "action", "object", "outcome", NULL};
	const json_t *case_row = json_array_get(dump_rows(tables, "case"), 0);
	json_t *findings = dump_rows(tables, "finding");
	json_t *runs = runs_make(tables);
	json_t *doc = json_object();

	(void)json_object_set_new(doc, "format", json_string("loep-report"));
	(void)json_object_set_new(doc, "version", json_integer(1));
	(void)json_object_set_new(
	    doc, "tlp", json_string(label_highest(tables)));
	(void)json_object_set_new(doc, "case", pick(case_row, case_names));
	(void)json_object_set_new(doc, "summary", summary_of(tables, runs));
	(void)json_object_set_new(doc, "submissions",
	    pick_all(dump_rows(tables, "submission"), submission_names));
	(void)json_object_set_new(doc, "artefacts", artefacts_of(tables));
	(void)json_object_set_new(doc, "findings", findings_of(findings));
	(void)json_object_set_new(doc, "runs", runs);
	(void)json_object_set_new(doc, "limits", of_type(findings, "limit"));
	(void)json_object_set_new(doc, "errors", of_type(findings, "error"));
	(void)json_object_set_new(doc, "not_done", not_done(tables));
	(void)json_object_set_new(doc, "custody",
	    pick_all(dump_rows(tables, "custody"), custody_names));
	(void)json_object_set_new(doc, "environment", environment_of(tables));
	return doc;
}
