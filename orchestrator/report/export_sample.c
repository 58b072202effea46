/* SPDX-License-Identifier: Apache-2.0 */
/* export_sample.c - artefacts of a report that may leave, and indicators. */
#include "report/export.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#define SAMPLES_MAX    ((size_t)2000)
#define INDICATORS_MAX ((size_t)5000)
/* What a finding weighs, from which on a file is more than looked at. */
#define SCORE_BAD 70

/* Made by Loep of a run, not what somebody would look for elsewhere. */
static bool
is_record(const char *relation)
{
	static const char *const records[] = {
	    "run_trace", "pcap", "console", "screenshot", "events"};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (strcmp(records[i], relation) == 0)
			return true;
	}
	return false;
}

/* The stricter of an artefact's label and the one that its rule has. */
static enum tlp
label_of(const json_t *sample, const json_t *finding)
{
	const json_t *meta =
	    json_object_get(json_object_get(finding, "detail"), "meta");
	const char *own = json_member_text(meta, "tlp", "");
	enum tlp tlp = label_tlp(json_member_text(sample, "tlp", ""));
	enum tlp of_rule;

	if (own[0] == '\0')
		return tlp;
	of_rule = label_tlp(own);
	return of_rule > tlp ? of_rule : tlp;
}

/* The file's own name, never where it lay. */
static void
put_name(struct export_state *s, json_t *sample, const json_t *row)
{
	const char *path = json_member_text(row, "name", "");
	const char *name = path;
	auto_free char *marked = NULL;
	enum tlp tlp = label_tlp(json_member_text(row, "tlp", ""));

	for (const char *p = path; *p != '\0'; p++) {
		if (*p == '/' || *p == '\\')
			name = p + 1;
	}
	if (name[0] == '\0')
		return;
	if ((s->fields & FIELD_FILE_NAME) == 0) {
		export_remove(s, "file_name", "fields", tlp, path);
		return;
	}
	/* Control characters have no place in names that others show. */
	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			export_remove(s, "file_name", "form", tlp, path);
			return;
		}
	}
	if (s->order->audience != AUDIENCE_SUBMITTER) {
		marked = pii_redact(&s->redactor, name);
		if (strcmp(marked, name) != 0) {
			export_remove(
			    s, "file_name", "personal_data", tlp, path);
			return;
		}
	}
	(void)json_object_set_new(sample, "name", json_string(name));
}

static const json_t *
verdict_of(const struct export_state *s, const char *artefact)
{
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(s->doc, "verdicts"), at, row)
	{
		if (strcmp(json_member_text(row, "artefact", ""), artefact) ==
		    0)
			return row;
	}
	return NULL;
}

static json_t *
make_sample(struct export_state *s, const json_t *row)
{
	static const char *const names[] = {
	    "sha256", "size", "mime", "tlsh", "tlp", "relation"};
	const char *id = json_member_text(row, "id", "");
	const json_t *verdict = verdict_of(s, id);
	json_t *sample = json_pack("{s:s, s:s, s:s, s:I, s:[], s:[], s:o}",
	    "key", id, "verdict", json_member_text(verdict, "value", ""),
	    "confidence", json_member_text(verdict, "confidence", ""), "score",
	    (json_int_t)0, "rules", "techniques", "parent",
	    json_string(json_member_text(row, "parent", "")));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *value = json_object_get(row, names[i]);

		if (value != NULL && !json_is_null(value))
			(void)json_object_set(sample, names[i], value);
	}
	return sample;
}

static bool
is_listed(const json_t *list, const char *text)
{
	size_t at;
	json_t *row;

	json_array_foreach(list, at, row)
	{
		if (json_is_string(row) &&
		    strcmp(json_string_value(row), text) == 0)
			return true;
	}
	return false;
}

static void
add_techniques(json_t *to, const json_t *finding)
{
	const json_t *attack =
	    json_object_get(json_object_get(finding, "detail"), "attack");
	json_t *list = json_object_get(to, "techniques");
	size_t at;
	json_t *id;

	json_array_foreach(attack, at, id)
	{
		const char *text =
		    json_is_string(id) ? json_string_value(id) : "";

		if (strlen(text) < 5 || strlen(text) > 9 || text[0] != 'T' ||
		    strspn(text + 1, "0123456789.") != strlen(text) - 1)
			continue;
		if (!is_listed(list, text))
			(void)json_array_append(list, id);
	}
}

/* A rule's hit, or a conclusion, on a sample that may leave. */
static void
add_finding(struct export_state *s, json_t *sample, const json_t *finding)
{
	const char *type = json_member_text(finding, "type", "");
	const char *name = json_member_text(finding, "name", "");
	json_int_t score = json_member_int(finding, "score", 0);
	enum tlp tlp = label_of(sample, finding);

	if (strcmp(type, "match") != 0 && strcmp(type, "finding") != 0)
		return;
	if (score > json_member_int(sample, "score", 0))
		(void)json_object_set_new(sample, "score", json_integer(score));
	if (tlp > s->order->ceiling) {
		export_remove(s, "rule", "label", tlp, name);
		return;
	}
	/* What is made of both is as strict as the stricter. */
	(void)json_object_set_new(
	    sample, "tlp", json_string(label_tlp_name(tlp)));
	add_techniques(sample, finding);
	if (strcmp(type, "match") == 0 &&
	    !is_listed(json_object_get(sample, "rules"), name))
		(void)json_array_append_new(
		    json_object_get(sample, "rules"), json_string(name));
}

static bool
is_bad(const json_t *sample)
{
	const char *verdict = json_member_text(sample, "verdict", "");

	if (strcmp(verdict, "malicious") == 0 ||
	    strcmp(verdict, "suspicious") == 0)
		return true;
	return verdict[0] == '\0' &&
	       json_member_int(sample, "score", 0) >= SCORE_BAD;
}

static bool
is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

void
export_indicator(struct export_state *s, const char *type, const char *value,
    json_t *sample, const char *context)
{
	json_t *list = json_object_get(s->content, "indicators");
	enum tlp tlp = label_tlp(json_member_text(sample, "tlp", ""));
	auto_free char *key = xasprintf("%s:%s", type, value);

	if (json_object_get(s->seen, key) != NULL)
		return;
	(void)json_object_set_new(s->seen, key, json_true());
	if (s->order->audience != AUDIENCE_SUBMITTER &&
	    pii_is_in(&s->redactor, value)) {
		export_remove(s, "indicator", "personal_data", tlp, value);
		return;
	}
	if (json_array_size(list) >= INDICATORS_MAX) {
		export_remove(s, "indicator", "form", tlp, "too many");
		return;
	}
	(void)json_array_append_new(list,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "value",
		value, "sample", json_member_text(sample, "key", ""), "tlp",
		json_member_text(sample, "tlp", ""), "context", context,
		"verdict", json_member_text(sample, "verdict", "")));
}

/* In order of the document: all samples first, then what is said of them. */
static json_t *
take_all(struct export_state *s)
{
	json_t *all = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(s->doc, "artefacts"), at, row)
	{
		const char *relation = json_member_text(row, "relation", "");
		json_t *sample;

		if (is_record(relation) ||
		    !is_hex(json_member_text(row, "sha256", ""), 64))
			continue;
		sample = make_sample(s, row);
		(void)json_object_set_new(
		    s->by_artefact, json_member_text(row, "id", ""), sample);
		(void)json_array_append(all, json_pack("[O, O]", row, sample));
	}
	return all;
}

/* What is said of a run's trace is said of what was run. */
static void
take_traces(struct export_state *s)
{
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(s->doc, "runs"), at, row)
	{
		json_t *sample = json_object_get(
		    s->by_artefact, json_member_text(row, "artefact", ""));
		const char *trace = json_member_text(row, "trace", "");

		if (sample != NULL && trace[0] != '\0')
			(void)json_object_set(s->by_artefact, trace, sample);
	}
}

static void
take_findings(struct export_state *s)
{
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(s->doc, "findings"), at, row)
	{
		json_t *sample = json_object_get(
		    s->by_artefact, json_member_text(row, "artefact", ""));

		if (sample != NULL)
			add_finding(s, sample, row);
	}
}

static void
keep_sample(struct export_state *s, const json_t *row, json_t *sample)
{
	json_t *list = json_object_get(s->content, "samples");
	const char *verdict = json_member_text(sample, "verdict", "");
	const char *sha256 = json_member_text(sample, "sha256", "");
	enum tlp tlp = label_tlp(json_member_text(sample, "tlp", ""));
	auto_free char *context = NULL;

	/* Of what nobody had anything to say, there is nothing to tell. */
	if (verdict[0] == '\0' &&
	    json_array_size(json_object_get(sample, "rules")) == 0 &&
	    json_array_size(json_object_get(sample, "techniques")) == 0)
		return;
	/* What is sealed leaves for its source alone, and in no other form than
	 * it came. */
	if (s->order->audience != AUDIENCE_SUBMITTER &&
	    strcmp(json_member_text(row, "restriction", "none"), "none") != 0) {
		export_remove(s, "artefact", "sealed", tlp,
		    json_member_text(row, "name", ""));
		return;
	}
	if (!export_passes(s, tlp)) {
		export_remove(s, "artefact", "label", tlp,
		    json_member_text(row, "name", ""));
		return;
	}
	if (json_array_size(list) >= SAMPLES_MAX) {
		export_remove(s, "artefact", "form", tlp, "too many");
		return;
	}
	put_name(s, sample, row);
	if (strcmp(json_member_text(sample, "relation", ""), "dropped") == 0)
		(void)json_object_set_new(sample, "dropped_by",
		    json_string(json_member_text(
			json_object_get(s->by_artefact,
			    json_member_text(sample, "parent", "")),
			"key", "")));
	(void)json_object_set_new(sample, "is_kept", json_true());
	(void)json_array_append(list, sample);
	if (!is_bad(sample))
		return;
	context = verdict[0] == '\0'
		      ? xasprintf("score %lld, no verdict",
			    (long long)json_member_int(sample, "score", 0))
		      : xasprintf("verdict %s, confidence %s", verdict,
			    json_member_text(sample, "confidence", ""));
	export_indicator(s, "sha256", sha256, sample, context);
}

void
export_samples(struct export_state *s)
{
	auto_json json_t *all = take_all(s);
	size_t at;
	json_t *pair;

	take_traces(s);
	take_findings(s);
	json_array_foreach(all, at, pair)
	    keep_sample(s, json_array_get(pair, 0), json_array_get(pair, 1));
}
