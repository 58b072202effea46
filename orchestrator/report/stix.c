/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stix.c - the content of an export as a STIX 2.1 bundle (OASIS, 10 June 2021).
 *
 * Emitted: identity (of the CSIRT alone), marking-definition, file, domain-name,
 * ipv4-addr, ipv6-addr, url, software, malware-analysis, malware, indicator,
 * attack-pattern, observed-data, note, relationship, report.  There is no code
 * for threat-actor, intrusion-set, campaign or people: who did it is not ours
 * to say.
 */
#include "report/stix.h"

#include "lib/own.h"

static const char *
result_of(const json_t *sample)
{
	const char *verdict = json_member_text(sample, "verdict", "");

	return strcmp(verdict, "malicious") == 0 ||
		       strcmp(verdict, "suspicious") == 0 ||
		       strcmp(verdict, "benign") == 0
		   ? verdict
		   : "unknown";
}

static bool
is_bad(const json_t *sample)
{
	const char *result = result_of(sample);

	return strcmp(result, "malicious") == 0 ||
	       strcmp(result, "suspicious") == 0;
}

/* The file, and what is known of it without running it. */
static void
put_sample(struct stix *x, json_t *sample)
{
	static const char *const kept[] = {"name", "size"};
	const char *key = json_member_text(sample, "key", "");
	json_t *file = stix_sco(x, "file", sample);
	const char *tlsh = json_member_text(sample, "tlsh", "");
	json_t *analysis, *malware;

	(void)json_object_set_new(file, "hashes",
	    json_pack(
		"{s:s}", "SHA-256", json_member_text(sample, "sha256", "")));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		json_t *value = json_object_get(sample, kept[i]);

		if (value != NULL)
			(void)json_object_set(file, kept[i], value);
	}
	stix_set(file, "mime_type", json_member_text(sample, "mime", ""));
	stix_sco_id(file, (const char *[]){"hashes", "name", NULL});
	/* Since TLSH 4 there is a version before the seventy digits. */
	if (strlen(tlsh) == 72 && strncmp(tlsh, "T1", 2) == 0)
		stix_set(json_object_get(file, "hashes"), "TLSH", tlsh + 2);
	file = stix_add(x, file);
	(void)json_object_set_new(
	    x->files, key, json_string(json_member_text(file, "id", "")));

	if (is_bad(sample)) {
		malware = stix_sdo(x, "malware", key, sample);
		(void)json_object_set_new(malware, "is_family", json_false());
		(void)json_object_set_new(
		    malware, "malware_types", json_pack("[s]", "unknown"));
		(void)json_object_set_new(malware, "sample_refs",
		    json_pack("[s]", json_member_text(file, "id", "")));
		(void)json_object_set_new(x->malware, key,
		    json_string(json_member_text(malware, "id", "")));
		(void)stix_report(x, malware);
	}
	analysis = stix_sdo(x, "malware-analysis", key, sample);
	stix_set(analysis, "product", "loep");
	stix_set(analysis, "version", json_member_text(x->content, "loep", ""));
	stix_set(analysis, "result", result_of(sample));
	stix_set(analysis, "sample_ref", json_member_text(file, "id", ""));
	if (json_array_size(json_object_get(sample, "rules")) > 0)
		(void)json_object_set_new(analysis, "result_name",
		    json_sprintf(
			"rule:%s", json_string_value(json_array_get(
				       json_object_get(sample, "rules"), 0))));
	(void)stix_report(x, analysis);
	stix_relate(x, "static-analysis-of", analysis,
	    json_member_text(x->malware, key, ""), sample);
}

/* Techniques that a sample was seen to use. */
static void
put_techniques(struct stix *x, const json_t *sample)
{
	const char *malware = json_member_text(
	    x->malware, json_member_text(sample, "key", ""), "");
	size_t at;
	json_t *id;

	json_array_foreach(json_object_get(sample, "techniques"), at, id)
	{
		const char *text = json_string_value(id);
		const struct technique *known = technique_find(text);
		json_t *pattern = stix_sdo(x, "attack-pattern", text, sample);
		const char *dot = strchr(text, '.');

		stix_set(pattern, "name", known == NULL ? text : known->name);
		(void)json_object_set_new(pattern, "external_references",
		    json_pack("[{s:s, s:s, s:o}]", "source_name",
			"mitre-attack", "external_id", text, "url",
			json_sprintf("https://attack.mitre.org/techniques/"
				     "%.*s%s%s/",
			    (int)strcspn(text, "."), text,
			    dot == NULL ? "" : "/",
			    dot == NULL ? "" : dot + 1)));
		if (known != NULL)
			(void)json_object_set_new(pattern, "kill_chain_phases",
			    json_pack("[{s:s, s:s}]", "kill_chain_name",
				"mitre-attack", "phase_name", known->tactic));
		if (malware[0] != '\0')
			stix_relate_ids(x, "uses", malware,
			    json_member_text(pattern, "id", ""), sample);
		(void)stix_report(x, pattern);
	}
}

static void
put_run(struct stix *x, json_t *run)
{
	const char *sample = json_member_text(run, "sample", "");
	json_t *analysis = stix_sdo(
	    x, "malware-analysis", json_member_text(run, "key", ""), run);
	json_t *software = stix_sco(x, "software", run);
	const char *title = json_member_text(run, "title", "");
	const json_t *of = stix_sample(x, sample);

	stix_set(software, "name",
	    title[0] == '\0' ? json_member_text(run, "profile", "") : title);
	stix_sco_id(software, (const char *[]){"name", NULL});
	stix_set(analysis, "product", "loep");
	stix_set(analysis, "version", json_member_text(x->content, "loep", ""));
	stix_set(analysis, "configuration_version",
	    json_member_text(run, "digest", ""));
	(void)json_object_set_new(analysis, "modules",
	    json_pack("[s, s]", "process-monitor", "pcap"));
	stix_set(
	    analysis, "analysis_started", json_member_text(run, "started", ""));
	stix_set(
	    analysis, "analysis_ended", json_member_text(run, "ended", ""));
	stix_set(analysis, "operating_system_ref",
	    json_member_text(software, "id", ""));
	stix_set(
	    analysis, "sample_ref", json_member_text(x->files, sample, ""));
	stix_set(analysis, "result", of == NULL ? "unknown" : result_of(of));
	(void)stix_add(x, software);
	(void)stix_report(x, analysis);
	stix_relate(x, "dynamic-analysis-of", analysis,
	    json_member_text(x->malware, sample, ""), run);
}

static const struct {
	const char *type;
	const char *object; /* the SCO; NULL = the file that is there */
	const char *pattern;
} kinds[] = {
    {"sha256", NULL, "[file:hashes.'SHA-256' = '"},
    {"domain", "domain-name", "[domain-name:value = '"},
    {"ipv4", "ipv4-addr", "[ipv4-addr:value = '"},
    {"ipv6", "ipv6-addr", "[ipv6-addr:value = '"},
    {"url", "url", "[url:value = '"},
};

/* What was seen on the wire, once. */
static json_t *
put_observed(
    struct stix *x, json_t *indicator, const char *object, const char *key)
{
	json_t *sco = stix_sco(x, object, indicator);
	json_t *observed;

	stix_set(sco, "value", json_member_text(indicator, "value", ""));
	stix_sco_id(sco, (const char *[]){"value", NULL});
	(void)stix_add(x, sco);
	observed = stix_sdo(x, "observed-data", key, indicator);
	stix_set(observed, "first_observed",
	    json_member_text(x->content, "created", ""));
	stix_set(observed, "last_observed",
	    json_member_text(x->content, "modified", ""));
	(void)json_object_set_new(observed, "number_observed", json_integer(1));
	(void)json_object_set_new(observed, "object_refs",
	    json_pack("[s]", json_member_text(sco, "id", "")));
	(void)stix_report(x, observed);
	return observed;
}

static void
put_indicator(struct stix *x, json_t *row)
{
	const char *type = json_member_text(row, "type", "");
	const char *value = json_member_text(row, "value", "");
	const char *sample = json_member_text(row, "sample", "");
	const char *malware = json_member_text(x->malware, sample, "");
	bool is_known =
	    strcmp(json_member_text(row, "verdict", ""), "malicious") == 0;
	size_t i = 0;
	json_t *key = json_sprintf("%s:%s", type, value);
	auto_json json_t *owned = key;
	json_t *indicator, *observed;

	while (i < sizeof(kinds) / sizeof(kinds[0]) &&
	       strcmp(kinds[i].type, type) != 0)
		i++;
	if (key == NULL || i == sizeof(kinds) / sizeof(kinds[0]))
		return;
	indicator = stix_sdo(x, "indicator", json_string_value(key), row);
	(void)json_object_set_new(
	    indicator, "name", json_sprintf("%s %.80s", type, value));
	stix_set(
	    indicator, "description", json_member_text(row, "context", ""));
	(void)json_object_set_new(indicator, "indicator_types",
	    json_pack(
		"[s]", is_known ? "malicious-activity" : "anomalous-activity"));
	stix_pattern(indicator, kinds[i].pattern, value);
	stix_set(indicator, "valid_from",
	    json_member_text(x->content, "created", ""));
	(void)stix_report(x, indicator);
	stix_relate(x, "indicates", indicator, malware, row);
	if (kinds[i].object == NULL)
		return;
	observed =
	    put_observed(x, row, kinds[i].object, json_string_value(key));
	stix_relate(x, "based-on", indicator,
	    json_member_text(observed, "id", ""), row);
	if (malware[0] != '\0')
		stix_relate_ids(x, "communicates-with", malware,
		    json_string_value(json_array_get(
			json_object_get(observed, "object_refs"), 0)),
		    row);
}

/* A file that came out of a run of another one. */
static void
put_dropped(struct stix *x, const json_t *sample)
{
	const char *file =
	    json_member_text(x->files, json_member_text(sample, "key", ""), "");
	const char *from = json_member_text(
	    x->malware, json_member_text(sample, "dropped_by", ""), "");

	if (from[0] != '\0')
		stix_relate_ids(x, "drops", from, file, sample);
}

static void
put_notes(struct stix *x)
{
	static const char *const names[] = {
	    "recommendations", "summary", "root_cause"};
	const json_t *texts = json_object_get(x->content, "texts");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = json_member_text(texts, names[i], "");
		json_t *note;

		if (text[0] == '\0' || json_array_size(json_object_get(
					   x->report, "object_refs")) == 0)
			continue;
		note = stix_sdo(x, "note", names[i], x->content);
		stix_set(note, "abstract", names[i]);
		stix_set(note, "content", text);
		(void)json_object_set_new(note, "object_refs",
		    json_pack("[s]", json_member_text(x->report, "id", "")));
		(void)stix_add(x, note);
	}
}

static void
begin(struct stix *x)
{
	const char *number = json_member_text(x->content, "case", "");
	const char *modified = json_member_text(x->content, "modified", "");

	stix_producer(x);
	x->report = stix_sdo(x, "report", "report", x->content);
	(void)json_object_set_new(
	    x->report, "name", json_sprintf("Artefact analysis %s", number));
	(void)json_object_set_new(
	    x->report, "report_types", json_pack("[s]", "malware"));
	stix_set(x->report, "published", modified);
	(void)json_object_set_new(x->report, "object_refs", json_array());
}

json_t *
stix_bundle(const json_t *content, bool lacks_strict)
{
	struct stix x = {.content = content, .lacks_strict = lacks_strict};
	size_t at;
	json_t *row;

	stix_init(&x);
	begin(&x);
	json_array_foreach(json_object_get(content, "samples"), at, row)
	    put_sample(&x, row);
	json_array_foreach(json_object_get(content, "samples"), at, row)
	{
		put_techniques(&x, row);
		put_dropped(&x, row);
	}
	json_array_foreach(json_object_get(content, "runs"), at, row)
	    put_run(&x, row);
	json_array_foreach(json_object_get(content, "indicators"), at, row)
	    put_indicator(&x, row);
	put_notes(&x);
	return stix_finish(&x);
}
