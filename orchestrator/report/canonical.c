/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c - the report's document: what is said first, and the parts. */
#include "report/canonical.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "report/dump.h"
#include "report/marking.h"
#include "report/runs.h"

#include <stdbool.h>

/* Findings that the summary names. */
#define HEADLINES ((size_t)12)

static const char disclaimer[] =
    "Absence of findings is not a certification. A run shows only what "
    "happened in the test situation.";

/* The named members of src; missing ones are null.  Values are shared. */
static json_t *
pick(const json_t *src, const char *const *names)
{
	json_t *copy = json_object();

	for (; *names != NULL; names++) {
		json_t *value = json_object_get(src, *names);

		(void)json_object_set_new(copy, *names,
		    value == NULL ? json_null() : json_incref(value));
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

/* Artefact ids -> their names, as text.  What is said of a run's trace is said
 * of the run, so that it reads as what was run. */
static json_t *
names_of(json_t *tables)
{
	json_t *names = json_object();
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "artefact"), at, row)
	{
		json_t *name = json_object_get(row, "name");

		if (json_is_string(name))
			(void)json_object_set(
			    names, json_member_text(row, "id", ""), name);
	}
	json_array_foreach(dump_rows(tables, "run"), at, row)
	{
		const char *trace = json_member_text(row, "trace", "");

		if (trace[0] != '\0')
			(void)json_object_set_new(names, trace,
			    json_sprintf("%s, run on %s",
				json_member_text(row, "artefact_name", ""),
				json_member_text(row, "profile", "")));
	}
	return names;
}

/* Where something was: the members "artefact" and "artefact_name" of to. */
static void
set_place(json_t *to, const json_t *row, const json_t *names)
{
	const char *id = json_member_text(row, "artefact", "");

	(void)json_object_set_new(to, "artefact", json_string(id));
	(void)json_object_set_new(
	    to, "artefact_name", json_string(json_member_text(names, id, "")));
}

static json_t *
of_type(const json_t *rows, const char *type, const json_t *names)
{
	json_t *all = json_array();
	size_t at;
	json_t *row, *entry;

	json_array_foreach(rows, at, row)
	{
		if (!is_type(row, type))
			continue;
		entry = json_pack("{s:s, s:s, s:s}", "name",
		    json_member_text(row, "name", ""), "text", text_of(row),
		    "analyser", json_member_text(row, "analyser", ""));
		set_place(entry, row, names);
		(void)json_array_append_new(all, entry);
	}
	return all;
}

static json_t *
headline(const json_t *finding, const json_t *names)
{
	json_t *attack =
	    json_object_get(json_object_get(finding, "detail"), "attack");
	json_t *h = json_pack("{s:s, s:s, s:I, s:i, s:O}", "name",
	    json_member_text(finding, "name", ""), "text", text_of(finding),
	    "score", json_member_int(finding, "score", 0), "count", 1, "attack",
	    attack != NULL ? attack : json_null());

	set_place(h, finding, names);
	return h;
}

/* Places a finding among the best; the same name counts once. */
static void
offer_headline(json_t *headlines, const json_t *finding, const json_t *names)
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
	(void)json_array_insert_new(headlines, place, headline(finding, names));
	while (json_array_size(headlines) > HEADLINES)
		(void)json_array_remove(
		    headlines, json_array_size(headlines) - 1);
}

static bool
is_human(json_t *tables)
{
	const json_t *row = json_array_get(dump_rows(tables, "report"), 0);

	return strcmp(json_member_text(row, "author_role", "machine"),
		   "machine") != 0;
}

/* Who wrote what people wrote, by role; null where only the machine did. */
static json_t *
report_of(json_t *tables)
{
	static const char *const names[] = {"rev", "version", "kind",
	    "language", "author_role", "sections", NULL};
	const json_t *row = json_array_get(dump_rows(tables, "report"), 0);
	json_t *report;

	if (row == NULL)
		return json_null();
	report = pick(row, names);
	(void)json_object_set_new(
	    report, "approver_role", json_string("reviewer"));
	return report;
}

static json_t *
verdicts_of(json_t *tables, const json_t *artefact_names)
{
	static const char *const names[] = {"artefact", "value", "confidence",
	    "reason", "is_confirmed", "at", NULL};
	json_t *all = pick_all(dump_rows(tables, "verdict"), names);
	size_t at;
	json_t *row;

	json_array_foreach(all, at, row) set_place(row, row, artefact_names);
	return all;
}

static void
add_undone(json_t *all, const char *what, const char *state, const char *reason)
{
	(void)json_array_append_new(
	    all, json_pack("{s:s, s:s, s:s, s:s, s:s}", "artefact", "",
		     "artefact_name", "", "what", what, "state", state,
		     "reason", reason));
}

const char *
canonical_closed(const json_t *a)
{
	const char *restriction = json_member_text(a, "restriction", "none");

	if (restriction[0] == '\0' || strcmp(restriction, "none") == 0)
		return NULL;
	if (strcmp(restriction, "sealed") != 0)
		return "quarantined: not opened";
	return json_is_string(json_object_get(a, "unsealed"))
		   ? "sealed: opened for one analysis, in memory alone"
		   : "sealed: not opened";
}

/* What nobody looked into, because it is sealed or quarantined. */
static void
add_closed(json_t *all, json_t *tables)
{
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "artefact"), at, row)
	{
		const char *closed = canonical_closed(row);

		if (closed == NULL ||
		    json_is_string(json_object_get(row, "unsealed")))
			continue;
		add_undone(all, "contents", "not done", closed);
		json_object_set(json_array_get(all, json_array_size(all) - 1),
		    "artefact", json_object_get(row, "id"));
		json_object_set(json_array_get(all, json_array_size(all) - 1),
		    "artefact_name", json_object_get(row, "name"));
	}
}

/* Jobs that did not end well, and what was never tried. */
static json_t *
not_done(json_t *tables, const json_t *names)
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
		add_undone(
		    all, kind, state, json_member_text(row, "reason", ""));
		set_place(
		    json_array_get(all, json_array_size(all) - 1), row, names);
	}
	json_array_foreach(dump_rows(tables, "finding"), at, row)
	{
		const char *name = json_member_text(row, "name", "");

		if (!is_type(row, "limit") || strncmp(name, "not_", 4) != 0)
			continue;
		add_undone(all, name, "not done", text_of(row));
		set_place(
		    json_array_get(all, json_array_size(all) - 1), row, names);
	}
	add_closed(all, tables);
	/* The store's word that the dump had no room for all findings. */
	json_array_foreach(dump_rows(tables, "cut"), at, row)
	    add_undone(all, "report", "cut", json_member_text(row, "text", ""));
	/* The methods of the FIRST CSIRT Services Framework 2.1 that people
	 * do; a machine's report says so, in others their author does. */
	if (!is_human(tables))
		add_undone(all, "reverse engineering", "not done",
		    "This report was made by machine analysis alone.");
	return all;
}

static json_t *
summary_of(json_t *tables, const json_t *runs, const json_t *names)
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
		offer_headline(headlines, row, names);
	}
	json_array_foreach(runs, at, row)
	{
		json_t *entry = json_pack("{s:s, s:s}", "profile",
		    json_member_text(row, "profile", ""), "outcome",
		    json_member_text(row, "outcome", ""));

		set_place(entry, row, names);
		(void)json_array_append_new(outcomes, entry);
	}
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
	    "tlp", "pap", "hash_state", "restriction", "seal", "unsealed",
	    "score", "state", "created", NULL};

	return pick_all(dump_rows(tables, "artefact"), names);
}

/* What changed rules found or took back after the analysis. */
static json_t *
rescans_of(json_t *tables, const json_t *artefact_names)
{
	static const char *const names[] = {"rescan", "version_from",
	    "version_to", "what", "artefact", "namespace", "name", "score",
	    "at", NULL};
	json_t *all = pick_all(dump_rows(tables, "rescan"), names);
	size_t at;
	json_t *row;

	json_array_foreach(all, at, row)
	{
		const char *id = json_member_text(row, "artefact", "");

		(void)json_object_set_new(row, "artefact_name",
		    json_string(json_member_text(artefact_names, id, "")));
	}
	return all;
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

/* The document's own: at least as strict as anything in it. */
static void
set_labels(json_t *doc, json_t *tables)
{
	const json_t *report = json_array_get(dump_rows(tables, "report"), 0);
	const json_t *c = json_array_get(dump_rows(tables, "case"), 0);
	const char *restriction = json_member_text(
	    report != NULL ? report : c, "tlp_restriction", "");
	struct label label = marking_highest(tables);

	(void)json_object_set_new(
	    doc, "tlp", json_string(label_tlp_name(label.tlp)));
	(void)json_object_set_new(doc, "tlp_restriction",
	    restriction[0] == '\0' ? json_null() : json_string(restriction));
	(void)json_object_set_new(
	    doc, "pap", json_string(label_pap_name(label.pap)));
}

bool
canonical_is_human(const json_t *doc)
{
	return strcmp(json_member_text(json_object_get(doc, "report"),
			  "author_role", "machine"),
		   "machine") != 0;
}

struct custody_row {
	json_int_t seq;
	const json_t *row;
};

static int
by_seq(const void *a, const void *b)
{
	const struct custody_row *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* In the order of the chain; the dump goes by artefacts. */
static json_t *
custody_of(json_t *tables)
{
	static const char *const names[] = {
	    "seq", "at", "actor", "action", "object", "outcome", NULL};
	json_t *rows = dump_rows(tables, "custody");
	size_t count = json_array_size(rows);
	auto_free struct custody_row *sorted =
	    xcalloc(count + 1, sizeof(*sorted));
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		sorted[i].row = json_array_get(rows, i);
		sorted[i].seq = json_member_int(sorted[i].row, "seq", 0);
	}
	qsort(sorted, count, sizeof(*sorted), by_seq);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, pick(sorted[i].row, names));
	return all;
}

json_t *
canonical_make(json_t *tables)
{
	static const char *const case_names[] = {"number", "org_name", "title",
	    "state", "severity", "tlp", "pap", "created", NULL};
	static const char *const submission_names[] = {"id", "channel", "tlp",
	    "pap", "kind", "origin", "comment", "source_host", "created",
	    "artefacts", "bytes", NULL};
	const json_t *case_row = json_array_get(dump_rows(tables, "case"), 0);
	json_t *findings = dump_rows(tables, "finding");
	json_t *runs = runs_make(tables);
	auto_json json_t *names = names_of(tables);
	json_t *doc = json_object();

	(void)json_object_set_new(doc, "format", json_string("loep-report"));
	(void)json_object_set_new(doc, "version", json_integer(1));
	(void)json_object_set_new(doc, "producer",
	    json_string(json_member_text(
		json_array_get(dump_rows(tables, "producer"), 0), "name",
		"CSIRT")));
	set_labels(doc, tables);
	(void)json_object_set_new(doc, "report", report_of(tables));
	(void)json_object_set_new(doc, "verdicts", verdicts_of(tables, names));
	(void)json_object_set_new(doc, "case", pick(case_row, case_names));
	(void)json_object_set_new(
	    doc, "summary", summary_of(tables, runs, names));
	(void)json_object_set_new(doc, "submissions",
	    pick_all(dump_rows(tables, "submission"), submission_names));
	(void)json_object_set_new(doc, "artefacts", artefacts_of(tables));
	(void)json_object_set_new(doc, "findings", findings_of(findings));
	(void)json_object_set_new(doc, "rescans", rescans_of(tables, names));
	(void)json_object_set_new(doc, "runs", runs);
	(void)json_object_set_new(
	    doc, "limits", of_type(findings, "limit", names));
	(void)json_object_set_new(
	    doc, "errors", of_type(findings, "error", names));
	(void)json_object_set_new(doc, "not_done", not_done(tables, names));
	(void)json_object_set_new(doc, "custody", custody_of(tables));
	(void)json_object_set_new(doc, "environment", environment_of(tables));
	return doc;
}
