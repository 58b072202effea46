/* SPDX-License-Identifier: Apache-2.0 */
/*
 * misp.c - the content of an export as a MISP event (misp-rfc, core format).
 *
 * Numbers are texts, as MISP wants them.  Identifiers follow from case and
 * thing, so that a second export updates the event and makes no other one.
 * Never published by itself; no attribute of the categories Attribution or
 * Person.
 */
#include "report/export.h"

#include "lib/own.h"

struct misp {
	const json_t *content;
	const struct export_order *order;
	char timestamp[24];
	char distribution[8];
};

/* MISP's objects that we make: their templates. */
struct template
{
	const char *name;
	const char *category; /* "meta-category" */
	const char *uuid;
	const char *version;
};
static const struct template of_file = {
    "file", "file", "688c46fb-5edb-40a3-8273-1af7923e2215", "25"};
static const struct template of_analysis = {
    "malware-analysis", "misc", "8229ee82-7218-4ff5-9eac-57961a6f0288", "1"};
static const struct template of_sandbox = {
    "sandbox-report", "misc", "4d3fffd2-cd07-4357-96e0-a51c988faaef", "2"};
static const struct template of_signature = {
    "sb-signature", "misc", "984c5c39-be7f-4e1e-b034-d3213bac51cb", "2"};
static const struct template of_yara = {
    "yara", "misc", "b5acf82e-ecca-4868-82fe-9dbdf4d808c3", "9"};

/* One attribute of an object, or of the event. */
struct attribute {
	const char *relation; /* NULL = of the event */
	const char *type;
	const char *category;
	bool to_ids;
};

static json_t *
tag(const char *name)
{
	return json_pack("{s:s}", "name", name);
}

/* "TLP:AMBER+STRICT" -> the tag "tlp:amber+strict". */
static json_t *
tlp_tag(const struct misp *m, const json_t *from)
{
	const char *label = export_label(
	    json_member_text(from, "tlp", ""), m->order->lacks_strict);
	char name[32];
	size_t i = 0;

	for (; i < sizeof(name) - 1 && label[i] != '\0'; i++)
		name[i] = label[i] >= 'A' && label[i] <= 'Z'
			      ? (char)(label[i] - 'A' + 'a')
			      : label[i];
	name[i] = '\0';
	return tag(name);
}

static void
set_uuid(
    const struct misp *m, json_t *object, const char *what, const char *key)
{
	char id[EXPORT_ID_BYTES];

	export_id(m->content, what, key, id);
	(void)json_object_set_new(object, "uuid", json_string(id));
}

static json_t *
make_attribute(const struct misp *m, const struct attribute *a,
    const char *value, const char *key)
{
	json_t *attribute =
	    json_pack("{s:s, s:s, s:b, s:s, s:s, s:b, s:s}", "type", a->type,
		"category", a->category, "to_ids", a->to_ids, "distribution",
		"5", "timestamp", m->timestamp, "deleted", 0, "value", value);
	auto_json json_t *name = json_sprintf(
	    "%s|%s|%s", a->relation == NULL ? "" : a->relation, a->type, key);

	if (a->relation != NULL)
		(void)json_object_set_new(
		    attribute, "object_relation", json_string(a->relation));
	set_uuid(m, attribute, "attribute",
	    name == NULL ? key : json_string_value(name));
	return attribute;
}

static json_t *
make_object(const struct misp *m, const struct template *t, const char *key)
{
	json_t *object = json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:[], s:[]}", "name", t->name,
	    "meta-category", t->category, "template_uuid", t->uuid,
	    "template_version", t->version, "timestamp", m->timestamp,
	    "distribution", "5", "deleted", 0, "Attribute", "ObjectReference");

	set_uuid(m, object, t->name, key);
	return object;
}

/* Nothing where the value is "". */
static void
put(const struct misp *m, json_t *object, const struct attribute *a,
    const char *value)
{
	auto_json json_t *key = NULL;

	if (value == NULL || value[0] == '\0')
		return;
	key =
	    json_sprintf("%s|%s", json_member_text(object, "uuid", ""), value);
	(void)json_array_append_new(json_object_get(object, "Attribute"),
	    make_attribute(
		m, a, value, key == NULL ? value : json_string_value(key)));
}

static void
refer(const struct misp *m, json_t *object, const json_t *to, const char *type)
{
	const char *from = json_member_text(object, "uuid", "");
	const char *target = json_member_text(to, "uuid", "");
	auto_json json_t *key = json_sprintf("%s|%s|%s", from, type, target);
	json_t *reference = json_pack("{s:s, s:s, s:s, s:s, s:b}",
	    "object_uuid", from, "referenced_uuid", target, "relationship_type",
	    type, "timestamp", m->timestamp, "deleted", 0);

	set_uuid(m, reference, "reference", json_string_value(key));
	(void)json_array_append_new(
	    json_object_get(object, "ObjectReference"), reference);
}

static bool
is_bad(const json_t *row)
{
	const char *verdict = json_member_text(row, "verdict", "");

	return strcmp(verdict, "malicious") == 0 ||
	       strcmp(verdict, "suspicious") == 0;
}

static json_t *
put_file(const struct misp *m, json_t *objects, const json_t *sample)
{
	static const struct attribute sha256 = {
	    "sha256", "sha256", "Payload delivery", true};
	static const struct attribute seen = {
	    "sha256", "sha256", "Payload delivery", false};
	static const struct attribute name = {
	    "filename", "filename", "Payload delivery", false};
	static const struct attribute size = {
	    "size-in-bytes", "size-in-bytes", "Other", false};
	static const struct attribute mime = {
	    "mimetype", "mime-type", "Artifacts dropped", false};
	static const struct attribute tlsh = {
	    "tlsh", "tlsh", "Payload delivery", false};
	static const struct attribute state = {"state", "text", "Other", false};
	json_t *file =
	    make_object(m, &of_file, json_member_text(sample, "key", ""));
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%lld",
	    (long long)json_member_int(sample, "size", 0));
	put(m, file, is_bad(sample) ? &sha256 : &seen,
	    json_member_text(sample, "sha256", ""));
	put(m, file, &name, json_member_text(sample, "name", ""));
	put(m, file, &size, digits);
	put(m, file, &mime, json_member_text(sample, "mime", ""));
	put(m, file, &tlsh, json_member_text(sample, "tlsh", ""));
	/* The template's word; it has none for what nobody knows. */
	put(m, file, &state, is_bad(sample) ? "Malicious" : "");
	(void)json_array_append_new(objects, file);
	return file;
}

static void
put_rules(
    const struct misp *m, json_t *objects, const json_t *sample, json_t *file)
{
	static const struct attribute rule = {
	    "yara-rule-name", "text", "Other", false};
	const char *key = json_member_text(sample, "key", "");
	size_t at;
	json_t *name;

	json_array_foreach(json_object_get(sample, "rules"), at, name)
	{
		auto_json json_t *id =
		    json_sprintf("%s|%s", key, json_string_value(name));
		json_t *yara = make_object(m, &of_yara, json_string_value(id));

		put(m, yara, &rule, json_string_value(name));
		(void)json_array_append_new(objects, yara);
		refer(m, file, yara, "detected-as");
	}
}

static void
put_analysis(
    const struct misp *m, json_t *objects, const json_t *sample, json_t *file)
{
	static const struct attribute product = {
	    "product", "text", "Other", false};
	static const struct attribute result = {
	    "result", "text", "Other", false};
	const char *verdict = json_member_text(sample, "verdict", "");
	json_t *analysis =
	    make_object(m, &of_analysis, json_member_text(sample, "key", ""));

	put(m, analysis, &product, "loep");
	put(m, analysis, &result,
	    is_bad(sample) || strcmp(verdict, "benign") == 0 ? verdict
							     : "unknown");
	(void)json_array_append_new(objects, analysis);
	refer(m, analysis, file, "characterizes");
}

/* A run: what the sandbox says, and its conclusions. */
static void
put_run(const struct misp *m, json_t *objects, const json_t *run,
    const json_t *file)
{
	static const struct attribute kind = {
	    "sandbox-type", "text", "Other", false};
	static const struct attribute which = {
	    "on-premise-sandbox", "text", "Other", false};
	static const struct attribute results = {
	    "results", "text", "Other", false};
	static const struct attribute software = {
	    "software", "text", "Other", false};
	static const struct attribute signature = {
	    "signature", "text", "Other", false};
	static const struct attribute text = {"text", "text", "Other", false};
	const char *key = json_member_text(run, "key", "");
	json_t *report = make_object(m, &of_sandbox, key);
	json_t *seen = make_object(m, &of_signature, key);
	size_t at;
	json_t *row;

	put(m, report, &kind, "on-premise");
	put(m, report, &which, "loep");
	put(m, report, &results, json_member_text(run, "outcome", ""));
	refer(m, report, file, "characterizes");
	(void)json_array_append_new(objects, report);
	put(m, seen, &software, "loep");
	json_array_foreach(json_object_get(run, "signatures"), at, row)
	{
		put(m, seen, &signature, json_member_text(row, "name", ""));
		put(m, seen, &text, json_member_text(row, "title", ""));
	}
	if (at == 0) {
		json_decref(seen);
		return;
	}
	refer(m, report, seen, "detected-as");
	(void)json_array_append_new(objects, seen);
}

static json_t *
attribute_of(const struct misp *m, const json_t *row)
{
	static const struct {
		const char *type;
		struct attribute attribute;
	} kinds[] = {
	    {"domain", {NULL, "domain", "Network activity", true}},
	    {"ipv4", {NULL, "ip-dst", "Network activity", true}},
	    {"ipv6", {NULL, "ip-dst", "Network activity", true}},
	    {"url", {NULL, "url", "Network activity", true}},
	};
	const char *value = json_member_text(row, "value", "");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct attribute a = kinds[i].attribute;
		json_t *made;

		if (strcmp(kinds[i].type, json_member_text(row, "type", "")) !=
		    0)
			continue;
		a.to_ids = is_bad(row);
		made = make_attribute(m, &a, value, value);
		(void)json_object_set_new(made, "comment",
		    json_string(json_member_text(row, "context", "")));
		(void)json_object_set_new(
		    made, "Tag", json_pack("[o]", tlp_tag(m, row)));
		return made;
	}
	return NULL;
}

static void
put_technique_tags(json_t *tags, const json_t *samples)
{
	auto_json json_t *seen = json_object();
	size_t at, in;
	json_t *sample, *id;

	json_array_foreach(samples, at, sample)
	    json_array_foreach(json_object_get(sample, "techniques"), in, id)
	{
		const char *text = json_string_value(id);
		const struct technique *known = technique_find(text);
		json_t *name;

		/* A tag of the galaxy has the technique's name in it. */
		if (known == NULL || json_object_get(seen, text) != NULL)
			continue;
		(void)json_object_set_new(seen, text, json_true());
		name = json_sprintf("misp-galaxy:mitre-attack-pattern=\"%s - "
				    "%s\"",
		    known->name, known->id);
		(void)json_array_append_new(
		    tags, json_pack("{s:o}", "name", name));
	}
}

/* Down to whom MISP itself gives it on (domain of its five levels). */
static void
set_distribution(struct misp *m)
{
	bool has_group = m->order->sharing_group[0] != '\0';

	switch (label_tlp(json_member_text(m->content, "tlp", ""))) {
	case TLP_CLEAR:
		(void)snprintf(m->distribution, sizeof(m->distribution), "3");
		return;
	case TLP_GREEN:
		(void)snprintf(m->distribution, sizeof(m->distribution), "1");
		return;
	case TLP_AMBER:
		(void)snprintf(m->distribution, sizeof(m->distribution),
		    has_group ? "4" : "0");
		return;
	case TLP_AMBER_STRICT:
	case TLP_RED:
		break;
	}
	(void)snprintf(m->distribution, sizeof(m->distribution), "0");
}

static void
set_timestamp(struct misp *m)
{
	struct tm tm = {.tm_year = 0};
	const char *text = json_member_text(m->content, "modified", "");
	bool is_time = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL;

	(void)snprintf(m->timestamp, sizeof(m->timestamp), "%lld",
	    is_time ? (long long)timegm(&tm) : 0);
}

static json_t *
make_event(const struct misp *m)
{
	const json_t *content = m->content;
	json_t *tags = json_pack("[o, o]", tlp_tag(m, content),
	    tag(json_member_text(content, "pap", "PAP:RED")));
	json_t *event = json_pack(
	    "{s:b, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:[], "
	    "s:o, s:{s:s}}",
	    "published", 0, "info",
	    json_sprintf(
		"Artefact analysis %s", json_member_text(content, "case", "")),
	    "date",
	    json_sprintf(
		"%.10s", json_member_text(content, "created", "1970-01-01")),
	    "timestamp", m->timestamp, "publish_timestamp", "0", "org_id", "0",
	    "orgc_id", "0", "distribution", m->distribution, "threat_level_id",
	    "4", "analysis", "2", "Attribute", "Object", "Tag", tags, "Orgc",
	    "name", json_member_text(content, "producer", "CSIRT"));

	if (strcmp(m->distribution, "4") == 0)
		(void)json_object_set_new(event, "sharing_group_id",
		    json_string(m->order->sharing_group));
	set_uuid(m, event, "event", "");
	put_technique_tags(tags, json_object_get(content, "samples"));
	return event;
}

static void
put_texts(const struct misp *m, json_t *event)
{
	json_t *texts = json_object_get(m->content, "texts");
	json_t *reports = json_array();
	const char *name;
	json_t *text;

	json_object_foreach(texts, name, text)
	{
		json_t *report = json_pack("{s:s, s:s, s:s, s:s, s:b}", "name",
		    name, "content", json_string_value(text), "distribution",
		    "5", "timestamp", m->timestamp, "deleted", 0);

		set_uuid(m, report, "event-report", name);
		(void)json_array_append_new(reports, report);
	}
	(void)json_object_set_new(event, "EventReport", reports);
}

json_t *
misp_event(const json_t *content, const struct export_order *order)
{
	struct misp m = {.content = content, .order = order};
	auto_json json_t *files = json_object();
	json_t *event, *objects, *row;
	size_t at;

	set_timestamp(&m);
	set_distribution(&m);
	event = make_event(&m);
	objects = json_object_get(event, "Object");
	json_array_foreach(json_object_get(content, "samples"), at, row)
	{
		json_t *file = put_file(&m, objects, row);

		(void)json_object_set(
		    files, json_member_text(row, "key", ""), file);
		put_analysis(&m, objects, row, file);
		put_rules(&m, objects, row, file);
	}
	json_array_foreach(json_object_get(content, "runs"), at, row)
	    put_run(&m, objects, row,
		json_object_get(files, json_member_text(row, "sample", "")));
	json_array_foreach(json_object_get(content, "indicators"), at, row)
	{
		json_t *attribute = attribute_of(&m, row);

		if (attribute != NULL)
			(void)json_array_append_new(
			    json_object_get(event, "Attribute"), attribute);
	}
	put_texts(&m, event);
	return json_pack("{s:o}", "Event", event);
}
