/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - reading the records of an analyser. */
#include "lib/record.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

enum member_type {
	MEMBER_ANY,
	MEMBER_TEXT,
	MEMBER_INT,
	MEMBER_OBJECT
};

struct member {
	const char *name; /* NULL ends the list */
	enum member_type type;
};

struct record_spec {
	const char *name;
	struct member members[4];
};

/* What each type must have; what it may have is the reader's business. */
static const struct record_spec specs[RECORD_TYPE_COUNT] = {
    [RECORD_FACT] = {"fact", {{"key", MEMBER_TEXT}, {"value", MEMBER_ANY}}},
    [RECORD_MATCH] = {"match",
	{{"rule", MEMBER_TEXT}, {"namespace", MEMBER_TEXT}}},
    [RECORD_CHILD] = {"child",
	{{"name", MEMBER_TEXT}, {"relation", MEMBER_TEXT},
	    {"kind", MEMBER_TEXT}}},
    [RECORD_DATA] = {"data", {{NULL, MEMBER_ANY}}},
    [RECORD_CHILD_END] = {"child_end", {{"size", MEMBER_INT}}},
    [RECORD_EVENT] = {"event",
	{{"time_us", MEMBER_INT}, {"class", MEMBER_TEXT}}},
    [RECORD_FINDING] = {"finding",
	{{"name", MEMBER_TEXT}, {"score", MEMBER_INT}, {"title", MEMBER_TEXT}}},
    [RECORD_LIMIT] = {"limit", {{"limit", MEMBER_TEXT}, {"text", MEMBER_TEXT}}},
    [RECORD_ERROR] = {"error", {{"what", MEMBER_TEXT}, {"text", MEMBER_TEXT}}},
    [RECORD_DONE] = {"done", {{"counts", MEMBER_OBJECT}}},
    [RECORD_RULE] = {"rule", {{"namespace", MEMBER_TEXT}, {"name", MEMBER_TEXT},
				 {"state", MEMBER_TEXT}}},
};

struct record_in {
	record_fn *fn;
	void *arg;
	enum record_type last;
	bool is_failed;
	bool spares_trees;
	/* The frame that has begun but not ended: header, then body. */
	size_t have;
	size_t need; /* of the whole frame; RECORD_HEADER_BYTES at first */
	size_t size; /* of buf */
	uint8_t *buf;
};

const char *
record_type_name(unsigned int type)
{
	return type < RECORD_TYPE_COUNT ? specs[type].name : NULL;
}

struct record_in *
record_in_new(record_fn *fn, void *arg)
{
	struct record_in *in = xcalloc(1, sizeof(*in));

	in->fn = fn;
	in->arg = arg;
	in->need = RECORD_HEADER_BYTES;
	in->size = 4 * KIB;
	in->buf = xmalloc(in->size);
	return in;
}

void
record_in_free(struct record_in *in)
{
	if (in == NULL)
		return;
	free(in->buf);
	free(in);
}

static bool
has_member(const json_t *body, const struct member *member)
{
	const json_t *value = json_object_get(body, member->name);

	switch (member->type) {
	case MEMBER_TEXT:
		return json_is_string(value);
	case MEMBER_INT:
		return json_is_integer(value);
	case MEMBER_OBJECT:
		return json_is_object(value);
	case MEMBER_ANY:
	default:
		return value != NULL;
	}
}

static bool
has_members(const json_t *body, const struct record_spec *spec)
{
	const size_t max = sizeof(spec->members) / sizeof(spec->members[0]);

	for (size_t i = 0; i < max && spec->members[i].name != NULL; i++) {
		if (!has_member(body, &spec->members[i]))
			return false;
	}
	return true;
}

/* A score is optional, but where it is, it is a number from 0 to 100. */
static bool
is_score_valid(const json_t *body)
{
	const json_t *score = json_object_get(body, "score");

	if (score == NULL)
		return true;
	return json_is_integer(score) && json_integer_value(score) >= 0 &&
	       json_integer_value(score) <= 100;
}

int
record_parse(
    enum record_type type, const void *p, size_t len, json_t **ret_body)
{
	auto_json json_t *body = NULL;
	int err;

	if (type == RECORD_DATA || record_type_name(type) == NULL)
		return ERR_FORMAT;
	err = json_parse(p, len, LIMIT_RECORD_BYTES, LIMIT_RECORD_DEPTH, &body);
	if (err != ERR_OK)
		return ERR_FORMAT;
	if (!json_is_object(body) || !has_members(body, &specs[type]) ||
	    !is_score_valid(body))
		return ERR_FORMAT;
	if (type == RECORD_CHILD_END && json_member_int(body, "size", -1) < 0)
		return ERR_FORMAT;
	*ret_body = take_ptr(body);
	return ERR_OK;
}

/* The length of the whole frame whose header stands at p. */
static int
frame_size(const struct record_in *in, const uint8_t *p, size_t *ret_size)
{
	size_t len = (size_t)p[1] | (size_t)p[2] << 8 | (size_t)p[3] << 16 |
		     (size_t)p[4] << 24;

	if (record_type_name(p[0]) == NULL || in->last == RECORD_DONE)
		return ERR_FORMAT;
	if (len > (p[0] == RECORD_DATA ? LIMIT_DATA_BYTES : LIMIT_RECORD_BYTES))
		return ERR_FORMAT;
	*ret_size = RECORD_HEADER_BYTES + len;
	return ERR_OK;
}

static bool
is_plain_member(const struct json_scan_member *value, enum member_type type)
{
	switch (type) {
	case MEMBER_TEXT:
		return value->kind == JSON_SCAN_TEXT ||
		       value->kind == JSON_SCAN_ESCAPED;
	case MEMBER_INT:
		return value->kind == JSON_SCAN_INT;
	case MEMBER_OBJECT:
		return false;
	case MEMBER_ANY:
	default:
		return value->kind != JSON_SCAN_MISSING;
	}
}

/* A finding that is right, and plain; what is not is record_parse()'s. */
static bool
is_plain_finding(struct record *record)
{
	const struct member *needed = specs[record->type].members;
	struct json_scan_member values[5];
	size_t count = 0;

	if (record->type != RECORD_FACT && record->type != RECORD_MATCH &&
	    record->type != RECORD_FINDING && record->type != RECORD_LIMIT &&
	    record->type != RECORD_ERROR)
		return false;
	for (; count < 4 && needed[count].name != NULL; count++)
		values[count].name = needed[count].name;
	values[count].name = "score";
	if (!json_scan(record->data, record->len, LIMIT_RECORD_DEPTH, values,
		count + 1))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_plain_member(&values[i], needed[i].type))
			return false;
	}
	record->name = values[0];
	return values[count].kind == JSON_SCAN_MISSING ||
	       (values[count].kind == JSON_SCAN_INT &&
		   values[count].integer >= 0 && values[count].integer <= 100);
}

/* Hands one whole frame to the reader. */
static int
give(struct record_in *in, const uint8_t *frame, size_t size)
{
	auto_json json_t *body = NULL;
	struct record record = {
	    .type = (enum record_type)frame[0],
	    .data = frame + RECORD_HEADER_BYTES,
	    .len = size - RECORD_HEADER_BYTES,
	};
	int err;

	if (record.type != RECORD_DATA &&
	    !(in->spares_trees && is_plain_finding(&record))) {
		err = record_parse(record.type, record.data, record.len, &body);
		if (err != ERR_OK)
			return err;
	}
	record.body = body;
	in->last = record.type;
	return in->fn(in->arg, &record);
}

/* Continues the unfinished frame; *ret_len is what it took of p. */
static int
continue_frame(
    struct record_in *in, const uint8_t *p, size_t len, size_t *ret_len)
{
	size_t take = in->need - in->have;
	int err = ERR_OK;

	if (take > len)
		take = len;
	if (in->need > in->size) {
		in->buf = xrealloc(in->buf, in->need);
		in->size = in->need;
	}
	memcpy(in->buf + in->have, p, take);
	in->have += take;
	*ret_len = take;
	if (in->have < in->need)
		return ERR_OK;
	if (in->need == RECORD_HEADER_BYTES) {
		err = frame_size(in, in->buf, &in->need);
		if (err != ERR_OK || in->need > RECORD_HEADER_BYTES)
			return err;
	}
	err = give(in, in->buf, in->need);
	in->have = 0;
	in->need = RECORD_HEADER_BYTES;
	return err;
}

/* Takes a frame that lies whole in p without copying it; 0 = there is none. */
static int
whole_frame(struct record_in *in, const uint8_t *p, size_t len, size_t *ret_len)
{
	size_t size;
	int err;

	*ret_len = 0;
	if (len < RECORD_HEADER_BYTES)
		return ERR_OK;
	err = frame_size(in, p, &size);
	if (err != ERR_OK || size > len)
		return err;
	*ret_len = size;
	return give(in, p, size);
}

int
record_feed(struct record_in *in, const void *p, size_t len)
{
	const uint8_t *at = p;
	size_t taken;
	int err = ERR_OK;

	if (in->is_failed)
		return ERR_FORMAT;
	while (len > 0 && err == ERR_OK) {
		taken = 0;
		if (in->have == 0)
			err = whole_frame(in, at, len, &taken);
		if (err == ERR_OK && taken == 0)
			err = continue_frame(in, at, len, &taken);
		at += taken;
		len -= taken;
	}
	in->is_failed = err != ERR_OK;
	return err;
}

void
record_in_spare_trees(struct record_in *in)
{
	in->spares_trees = true;
}

bool
record_in_is_complete(const struct record_in *in)
{
	return !in->is_failed && in->have == 0 && in->last == RECORD_DONE;
}
