/* SPDX-License-Identifier: Apache-2.0 */
/* stix_object.c - objects of a STIX 2.1 bundle. */
#include "report/stix.h"

#include "lib/own.h"
#include "lib/uuid5.h"
#include "lib/xalloc.h"

/* STIX 2.1, 2.9: of identifiers that follow from an object's members. */
#define SCO_NAMESPACE "00abedb4-aa42-466c-9c01-fed23315a9b7"
/* Of everything that has no time of its own. */
#define EPOCH "2025-01-01T00:00:00.000Z"

/* TLP 2.0 (OASIS, "TLP 2.0 Marking Definitions"); by enum tlp. */
static const struct {
	const char *id;
	const char *value;
} markings[] = {
    {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"},
    {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"},
    {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"},
    {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"amber+strict"},
    {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"},
};
#define MARKINGS (sizeof(markings) / sizeof(markings[0]))

void
stix_init(struct stix *x)
{
	x->objects = json_array();
	x->ids = json_object();
	x->files = json_object();
	x->malware = json_object();
}

void
stix_set(json_t *object, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)json_object_set_new(object, name, json_string(value));
}

/* The label of what it is made from; its definition comes along. */
static json_t *
mark(struct stix *x, const json_t *from)
{
	enum tlp tlp = label_tlp(
	    export_label(json_member_text(from, "tlp", ""), x->lacks_strict));

	x->labels |= 1U << tlp;
	return json_pack("[s]", markings[tlp].id);
}

void
stix_producer(struct stix *x)
{
	const char *name = json_member_text(x->content, "producer", "CSIRT");
	auto_free char *key = xasprintf("{\"name\":\"%s\"}", name);
	char id[UUID5_BYTES];

	uuid5(SCO_NAMESPACE, key, strlen(key), id);
	(void)snprintf(x->producer, sizeof(x->producer), "identity--%s", id);
	(void)stix_add(x, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
			      "type", "identity", "spec_version", "2.1", "id",
			      x->producer, "created", EPOCH, "modified", EPOCH,
			      "name", name, "identity_class", "organization"));
}

json_t *
stix_sdo(struct stix *x, const char *type, const char *key, const json_t *from)
{
	char id[EXPORT_ID_BYTES];
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "type",
	    type, "spec_version", "2.1", "created_by_ref", x->producer,
	    "created", json_member_text(x->content, "created", ""), "modified",
	    json_member_text(x->content, "modified", ""), "object_marking_refs",
	    mark(x, from));

	export_id(x->content, type, key, id);
	(void)json_object_set_new(
	    object, "id", json_sprintf("%s--%s", type, id));
	return object;
}

json_t *
stix_sco(struct stix *x, const char *type, const json_t *from)
{
	return json_pack("{s:s, s:s, s:o}", "type", type, "spec_version", "2.1",
	    "object_marking_refs", mark(x, from));
}

void
stix_sco_id(json_t *object, const char *const *names)
{
	auto_json json_t *of = json_object();
	auto_free char *text = NULL;
	char id[UUID5_BYTES];

	for (; *names != NULL; names++) {
		json_t *value = json_object_get(object, *names);

		if (value != NULL)
			(void)json_object_set(of, *names, value);
	}
	text = json_canonical(of);
	uuid5(SCO_NAMESPACE, text, strlen(text), id);
	(void)json_object_set_new(object, "id",
	    json_sprintf("%s--%s", json_member_text(object, "type", ""), id));
}

json_t *
stix_add(struct stix *x, json_t *object)
{
	const char *id = json_member_text(object, "id", "");
	json_t *known = json_object_get(x->ids, id);

	if (known != NULL) {
		json_decref(object);
		return known;
	}
	(void)json_object_set(x->ids, id, object);
	(void)json_array_append_new(x->objects, object);
	return object;
}

json_t *
stix_report(struct stix *x, json_t *object)
{
	const char *id = json_member_text(object, "id", "");

	if (json_object_get(x->ids, id) == NULL)
		(void)json_array_append_new(
		    json_object_get(x->report, "object_refs"), json_string(id));
	return stix_add(x, object);
}

void
stix_pattern(json_t *indicator, const char *prefix, const char *value)
{
	size_t len = strlen(prefix), at = len;
	auto_free char *text = xmalloc(len + 2 * strlen(value) + 3);

	memcpy(text, prefix, len);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			text[at++] = '\\';
		text[at++] = *value;
	}
	memcpy(text + at, "']", 3);
	stix_set(indicator, "pattern", text);
	stix_set(indicator, "pattern_type", "stix");
	stix_set(indicator, "pattern_version", "2.1");
}

void
stix_relate_ids(struct stix *x, const char *type, const char *source,
    const char *target, const json_t *from)
{
	auto_free char *key = xasprintf("%s|%s|%s", type, source, target);
	json_t *relation;

	if (source[0] == '\0' || target[0] == '\0')
		return;
	relation = stix_sdo(x, "relationship", key, from);
	stix_set(relation, "relationship_type", type);
	stix_set(relation, "source_ref", source);
	stix_set(relation, "target_ref", target);
	(void)stix_report(x, relation);
}

void
stix_relate(struct stix *x, const char *type, const json_t *source,
    const char *target, const json_t *from)
{
	stix_relate_ids(
	    x, type, json_member_text(source, "id", ""), target, from);
}

const json_t *
stix_sample(const struct stix *x, const char *key)
{
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(x->content, "samples"), at, row)
	{
		if (strcmp(json_member_text(row, "key", ""), key) == 0)
			return row;
	}
	return NULL;
}

static void
put_markings(struct stix *x)
{
	for (size_t i = 0; i < MARKINGS; i++) {
		if ((x->labels & 1U << i) == 0)
			continue;
		(void)stix_add(
		    x, json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:{s:s, s:s}}}",
			   "type", "marking-definition", "spec_version", "2.1",
			   "id", markings[i].id, "created",
			   "2022-10-01T00:00:00.000Z", "name",
			   label_tlp_name((enum tlp)i), "extensions",
			   "extension-definition--60a3c5c5-0d10-413e-aab3-"
			   "9e08dde9e88d",
			   "extension_type", "property-extension", "tlp_2_0",
			   markings[i].value));
	}
}

json_t *
stix_finish(struct stix *x)
{
	char id[EXPORT_ID_BYTES];
	json_t *bundle;

	/* A report says something of at least one object (STIX 2.1, 4.16). */
	if (json_array_size(json_object_get(x->report, "object_refs")) > 0)
		(void)stix_add(x, x->report);
	else
		json_decref(x->report);
	put_markings(x);
	export_id(x->content, "bundle", "", id);
	bundle =
	    json_pack("{s:s, s:o}", "type", "bundle", "objects", x->objects);
	(void)json_object_set_new(bundle, "id", json_sprintf("bundle--%s", id));
	json_decref(x->ids);
	json_decref(x->files);
	json_decref(x->malware);
	return bundle;
}
