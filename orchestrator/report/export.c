/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - what of a report leaves: the order, the frame, what is removed. */
#include "report/export.h"

#include "lib/own.h"
#include "lib/uuid5.h"
#include "lib/xalloc.h"

/* Entries of the list of what was removed; more are counted. */
#define REMOVED_MAX ((size_t)500)
/* Ours alone: identifiers of other producers are in other namespaces. */
#define NAMESPACE "5f1d7d0e-6f6b-4c62-9a4f-0c5b8f2e9d31"

static const struct {
	const char *name;
	enum audience audience;
	unsigned int fields;
} audiences[] = {
    {"community", AUDIENCE_COMMUNITY, 0},
    {"partner", AUDIENCE_PARTNER, FIELD_FILE_NAME | FIELD_ADVICE},
    {"authority", AUDIENCE_AUTHORITY,
	FIELD_FILE_NAME | FIELD_ADVICE | FIELD_TEXTS},
    {"organisation", AUDIENCE_ORGANISATION, FIELD_ADVICE},
    {"individual", AUDIENCE_INDIVIDUAL, FIELD_ADVICE},
    {"submitter", AUDIENCE_SUBMITTER,
	FIELD_FILE_NAME | FIELD_ADVICE | FIELD_TEXTS},
};
#define AUDIENCES (sizeof(audiences) / sizeof(audiences[0]))

int
export_order(const json_t *options, struct export_order *ret)
{
	const json_t *asked = json_object_get(options, "export");
	const char *kind = json_member_text(asked, "audience", "");
	const char *format = json_member_text(asked, "format", "");

	if (strcmp(format, "stix") != 0 && strcmp(format, "misp") != 0 &&
	    strcmp(format, "csv") != 0)
		return ERR_FORMAT;
	for (size_t i = 0; i < AUDIENCES; i++) {
		if (strcmp(audiences[i].name, kind) != 0)
			continue;
		*ret = (struct export_order){
		    .format = format,
		    .audience = audiences[i].audience,
		    .ceiling = TLP_CLEAR,
		    .lacks_strict =
			json_is_true(json_object_get(asked, "lacks_strict")),
		    .sharing_group =
			json_member_text(asked, "sharing_group", ""),
		    .scope = json_member_text(asked, "scope", ""),
		    .people = json_member_text(asked, "people", ""),
		};
		/* What is no label is the strictest when read, and as a
		 * ceiling the least. */
		if (json_object_get(asked, "ceiling") != NULL)
			ret->ceiling =
			    label_tlp(json_member_text(asked, "ceiling", ""));
		if (strcmp(json_member_text(asked, "ceiling", ""),
			label_tlp_name(ret->ceiling)) != 0)
			ret->ceiling = TLP_CLEAR;
		return ERR_OK;
	}
	return ERR_FORMAT;
}

struct export_order
export_own(const char *format)
{
	return (struct export_order){.format = format,
	    .audience = AUDIENCE_SUBMITTER,
	    .ceiling = TLP_RED,
	    .sharing_group = "",
	    .scope = "",
	    .people = ""};
}

void
export_remove(struct export_state *s, const char *what, const char *why,
    enum tlp tlp, const char *detail)
{
	s->removed_count++;
	if (json_array_size(s->removed) < REMOVED_MAX)
		(void)json_array_append_new(s->removed,
		    json_pack("{s:s, s:s, s:s, s:s}", "what", what, "why", why,
			"tlp", label_tlp_name(tlp), "detail", detail));
}

bool
export_passes(struct export_state *s, enum tlp tlp)
{
	if (tlp > s->order->ceiling)
		return false;
	if (tlp > s->highest)
		s->highest = tlp;
	return true;
}

const char *
export_label(const char *tlp, bool lacks_strict)
{
	enum tlp own = label_tlp(tlp);

	return label_tlp_name(
	    lacks_strict && own == TLP_AMBER_STRICT ? TLP_RED : own);
}

void
export_time(const char *text, char ret_time[32])
{
	/* 2026-11-22T02:28:05.533441Z, or without a fraction. */
	if (strlen(text) < 20)
		ret_time[0] = '\0';
	else if (text[19] == '.')
		(void)snprintf(ret_time, 32, "%.19s.%c%c%cZ", text,
		    text[20] != '\0' ? text[20] : '0',
		    strlen(text) > 22 ? text[21] : '0',
		    strlen(text) > 23 ? text[22] : '0');
	else
		(void)snprintf(ret_time, 32, "%.19s.000Z", text);
}

void
export_id(const json_t *content, const char *what, const char *key,
    char ret_id[EXPORT_ID_BYTES])
{
	auto_free char *name = xasprintf(
	    "%s|%s|%s", json_member_text(content, "case", ""), what, key);

	uuid5(NAMESPACE, name, strlen(name), ret_id);
}

/* What is the submitter's own: never in what others get. */
static void
know_submitter(struct export_state *s)
{
	struct pii_own *own = &s->redactor.own;
	const char *line = s->order->people;
	size_t at;
	json_t *row;

	pii_own_word(own,
	    json_member_text(json_object_get(s->doc, "case"), "org_name", ""));
	pii_own_scope(own, s->order->scope);
	json_array_foreach(json_object_get(s->doc, "submissions"), at, row)
	    pii_own_word(own, json_member_text(row, "source_host", ""));
	while (*line != '\0') {
		char name[PII_WORD_BYTES_MAX];
		size_t len = strcspn(line, "\n");

		(void)snprintf(name, sizeof(name), "%.*s",
		    (int)(len < sizeof(name) ? len : sizeof(name) - 1), line);
		pii_own_word(own, name);
		line += len + (line[len] == '\n');
	}
}

static void
put_text(
    struct export_state *s, json_t *texts, const char *name, unsigned int field)
{
	const json_t *sections =
	    json_object_get(json_object_get(s->doc, "report"), "sections");
	const char *text = json_member_text(sections, name, "");
	enum tlp tlp = label_tlp(json_member_text(s->doc, "tlp", ""));
	auto_free char *marked = NULL;

	if (text[0] == '\0')
		return;
	if ((s->fields & field) == 0) {
		export_remove(s, "text", "fields", tlp, name);
		return;
	}
	if (!export_passes(s, tlp)) {
		export_remove(s, "text", "label", tlp, name);
		return;
	}
	if (s->order->audience == AUDIENCE_SUBMITTER) {
		(void)json_object_set_new(texts, name, json_string(text));
		return;
	}
	marked = pii_redact(&s->redactor, text);
	if (strcmp(marked, text) != 0)
		export_remove(s, "text", "personal_data", tlp, name);
	(void)json_object_set_new(texts, name, json_string(marked));
}

static void
put_texts(struct export_state *s)
{
	json_t *texts = json_object();

	put_text(s, texts, "recommendations", FIELD_ADVICE);
	put_text(s, texts, "summary", FIELD_TEXTS);
	put_text(s, texts, "root_cause", FIELD_TEXTS);
	put_text(s, texts, "scope", 0);
	put_text(s, texts, "damage", 0);
	put_text(s, texts, "methods", 0);
	put_text(s, texts, "limitations", 0);
	(void)json_object_set_new(s->content, "texts", texts);
}

/* What no export holds, of whatever kind; said, so that nobody wonders. */
static void
note_never(struct export_state *s)
{
	static const char *const never[] = {"organisation", "title",
	    "submissions", "custody", "file paths", "processes", "console",
	    "matched bytes", "reasons of verdicts"};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		export_remove(s, never[i], "fields", TLP_CLEAR, "");
}

static unsigned int
fields_of(enum audience audience)
{
	for (size_t i = 0; i < AUDIENCES; i++) {
		if (audiences[i].audience == audience)
			return audiences[i].fields;
	}
	return 0;
}

static void
put_frame(struct export_state *s)
{
	const json_t *c = json_object_get(s->doc, "case");
	const json_t *environment = json_object_get(s->doc, "environment");
	const json_t *report = json_object_get(s->doc, "report");
	const json_t *meta = json_object_get(environment, "meta");
	char created[32], modified[32];

	export_time(json_member_text(c, "created", ""), created);
	export_time(json_member_text(meta, "created", ""), modified);
	s->content = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}",
	    "case", json_member_text(c, "number", ""), "producer",
	    json_member_text(s->doc, "producer", "CSIRT"), "loep",
	    json_member_text(environment, "loep", ""), "created", created,
	    "modified", modified[0] == '\0' ? created : modified, "kind",
	    json_member_text(report, "kind", "triage"), "rev",
	    (json_int_t)json_member_int(report, "rev", 1), "language",
	    json_member_text(report, "language", "en"), "pap",
	    json_member_text(s->doc, "pap", "PAP:RED"));
}

json_t *
export_content(const json_t *doc, const struct export_order *order)
{
	static const char *const lists[] = {"samples", "runs", "indicators"};
	struct export_state s = {.doc = doc,
	    .order = order,
	    .removed = json_array(),
	    .fields = fields_of(order->audience),
	    .by_artefact = json_object(),
	    .seen = json_object()};

	put_frame(&s);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		(void)json_object_set_new(s.content, lists[i], json_array());
	pii_redactor_init(&s.redactor);
	if (order->audience != AUDIENCE_SUBMITTER)
		know_submitter(&s);
	note_never(&s);
	export_samples(&s);
	export_runs(&s);
	put_texts(&s);
	(void)json_object_set_new(
	    s.content, "tlp", json_string(label_tlp_name(s.highest)));
	(void)json_object_set_new(s.content, "removed", s.removed);
	(void)json_object_set_new(s.content, "removed_count",
	    json_integer((json_int_t)s.removed_count));
	pii_redactor_release(&s.redactor);
	json_decref(s.by_artefact);
	json_decref(s.seen);
	return s.content;
}

char *
export_write(const json_t *content, const struct export_order *order)
{
	auto_json json_t *json = NULL;

	if (strcmp(order->format, "csv") == 0)
		return csv_indicators(content);
	json = strcmp(order->format, "stix") == 0
		   ? stix_bundle(content, order->lacks_strict)
		   : misp_event(content, order);
	return json_canonical(json);
}
