/* SPDX-License-Identifier: Apache-2.0 */
/* sift_child.c - children and events that an analyser writes. */
#include "sched/sift_child.h"

#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/unseal.h"

/* What an artefact can be (call.def, SUBMISSION_CREATE). */
static const char *const kinds[] = {"file", "log", "disk_image", "memory_image",
    "vm_image", "pcap", "email", "archive", "url", "other"};

/* Relations that say where bytes come from, so that not just any analyser
 * may claim them: {relation, the only kind of job that may}; NULL = none. */
static const char *const reserved[][2] = {
    {"events", NULL},
    {"run_trace", NULL},
    {"pcap", NULL},
    {"console", NULL},
    {"report_json", "report"},
    {"report_html", "report"},
    {"report_stix", "report"},
    {"report_misp", "report"},
    {"report_csv", "report"},
    {"report_notice", "report"},
    {"report_cause", "report"},
    {"export", "report"},
    {"export_removed", "report"},
};

static bool
is_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], kind) == 0)
			return true;
	}
	return false;
}

static bool
may_claim(const struct job *job, const char *relation)
{
	size_t len = strspn(relation, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (len == 0 || len > 31 || relation[len] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (strcmp(reserved[i][0], relation) == 0)
			return reserved[i][1] != NULL &&
			       strcmp(reserved[i][1], job->kind) == 0;
	}
	return true;
}

/* The name's bytes: name_hex where it is there, else the text. */
static int
take_name(const json_t *body, uint8_t *name, size_t *ret_len)
{
	const char *text = json_member_text(body, "name", "");
	const char *hex = json_member_text(body, "name_hex", NULL);
	size_t len;

	if (hex == NULL) {
		len = strlen(text);
		*ret_len = len < LIMIT_NAME_BYTES ? len : LIMIT_NAME_BYTES;
		memcpy(name, text, *ret_len);
		return ERR_OK;
	}
	len = strlen(hex) / 2;
	if (strlen(hex) % 2 != 0 || len > LIMIT_NAME_BYTES)
		return ERR_FORMAT;
	*ret_len = len;
	for (size_t i = 0; i < len; i++) {
		unsigned int byte;

		if (strspn(hex + 2 * i, "0123456789abcdefABCDEF") < 2 ||
		    sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return ERR_FORMAT;
		name[i] = (uint8_t)byte;
	}
	return ERR_OK;
}

/* All that the record says beyond what has a place of its own. */
static char *
take_detail(json_t *body)
{
	static const char *const placed[] = {
	    "name", "name_hex", "relation", "kind"};

	for (size_t i = 0; i < sizeof(placed) / sizeof(placed[0]); i++)
		(void)json_object_del(body, placed[i]);
	return json_canonical(body);
}

static int
check_bounds(struct sift *sift)
{
	char text[160];

	/* A report's files belong to the case, not to a tree. */
	if (strcmp(sift->job->kind, "report") == 0)
		return ERR_OK;
	if (sift->job->depth >= LIMIT_DEPTH) {
		(void)snprintf(text, sizeof(text),
		    "not unpacked further: "
		    "this is level %d of artefacts inside artefacts",
		    LIMIT_DEPTH);
		return sift_stop(sift, "depth", text);
	}
	if (sift->children >= LIMIT_CHILDREN) {
		(void)snprintf(text, sizeof(text),
		    "stopped after %zu "
		    "children",
		    LIMIT_CHILDREN);
		return sift_stop(sift, "children", text);
	}
	return ERR_OK;
}

int
sift_child_begin(struct sift *sift, json_t *body)
{
	uint8_t name[LIMIT_NAME_BYTES];
	auto_free char *relation =
	    xstrdup(json_member_text(body, "relation", ""));
	auto_free char *kind = xstrdup(json_member_text(body, "kind", ""));
	auto_free char *detail = NULL;
	struct output_spec spec;
	char neutral[64];
	size_t name_len;
	int err;

	if (sift->child != NULL)
		return sift_malformed(
		    sift, "CHILD inside the child %s", sift->child_name);
	if (!is_kind(kind) || !may_claim(sift->job, relation) ||
	    take_name(body, name, &name_len) != ERR_OK)
		return sift_malformed(sift, "a CHILD of a kind, relation or "
					    "name that there is not");
	err = check_bounds(sift);
	if (err != ERR_OK)
		return err;
	detail = take_detail(body);
	spec = (struct output_spec){
	    .name = name,
	    .name_len = name_len,
	    .relation = relation,
	    .kind = kind,
	    .detail = detail,
	};
	sift->children++;
	sift->child_bytes = 0;
	if (sift->job->is_sealed)
		unseal_neutral(&spec, sift->children, neutral, sizeof(neutral));
	(void)log_quote(sift->child_name, sizeof(sift->child_name), spec.name,
	    spec.name_len);
	sift->child = output_new(&sift->outputs, &spec);
	return ERR_OK;
}

int
sift_child_data(struct sift *sift, const void *p, size_t len)
{
	int err;

	if (sift->child == NULL)
		return sift_malformed(sift, "DATA outside of a child");
	err = sift_take_bytes(sift, len);
	if (err != ERR_OK)
		return err;
	sift->child_bytes += len;
	output_write(sift->child, p, len);
	return ERR_OK;
}

int
sift_child_end(struct sift *sift, const json_t *body)
{
	if (sift->child == NULL)
		return sift_malformed(sift, "CHILD_END outside of a child");
	if ((uint64_t)json_member_int(body, "size", -1) != sift->child_bytes)
		return sift_malformed(sift,
		    "CHILD_END of %s claims another "
		    "size than was sent",
		    sift->child_name);
	output_finish(sift->child);
	sift->child = NULL;
	return ERR_OK;
}

int
sift_event(struct sift *sift, const struct record *record)
{
	static const char name[] = "events.ndjson";
	auto_free char *line = NULL;
	const void *p = record->data;
	size_t len = record->len;
	int err;

	/* One object a line, whatever white space it came with. */
	if (memchr(p, '\n', len) != NULL || memchr(p, '\r', len) != NULL) {
		line = json_canonical(record->body);
		p = line;
		len = strlen(line);
	}
	err = sift_take_bytes(sift, len + 1);
	if (err != ERR_OK)
		return err;
	if (sift->events == NULL)
		sift->events =
		    output_new(&sift->outputs, &(struct output_spec){
						   .name = name,
						   .name_len = sizeof(name) - 1,
						   .relation = "events",
						   .kind = "log",
						   .detail = "{}",
					       });
	output_write(sift->events, p, len);
	output_write(sift->events, "\n", 1);
	sift->events_count++;
	return ERR_OK;
}
