/* SPDX-License-Identifier: Apache-2.0 */
/* put.c - what is known of each rule, as RULE records. */
#include "analysers/rules/put.h"

#include "lib/base64.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/explain.h"
#include "rules/meta.h"

/* Room for the frame's own, and for what is added at last. */
#define RECORD_ROOM ((size_t)1024)

static void
set(json_t *body, const char *name, json_t *value)
{
	(void)json_object_set_new(body, name, value);
}

static json_t *
text_json(const char *text)
{
	return record_text(text, strlen(text));
}

static json_t *
modules_json(unsigned int modules)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < MODULE_COUNT; i++) {
		if (modules & 1u << i)
			(void)json_array_append_new(
			    list, json_string(module_name(i)));
	}
	return list;
}

static void
put_meta(json_t *body, const struct rule *rule)
{
	bool is_cut;
	json_t *meta = meta_json(rule, &is_cut);
	json_int_t score = json_member_int(meta, "score", -1);

	if (score >= 0)
		set(body, "score", json_integer(score > 100 ? 100 : score));
	set(body, "meta", meta);
	if (is_cut)
		set(body, "meta_cut", json_true());
	set(body, "tags", meta_tags(rule));
}

static void
put_cost(json_t *body, const struct try *try, size_t rule)
{
	const struct try_result *result = &try->results[rule];
	const struct rule *r = &try->closures->bundle->rules[rule];

	if (result->is_measured)
		set(body, "cost_ms", json_real((double)result->us / 1000));
	else if (result->below_us > 0)
		set(body, "cost_below_ms",
		    json_real((double)result->below_us / 1000));
	if (result->string != EXPR_NONE) {
		struct span name = r->strings[result->string].name;

		set(body, "cost_string",
		    record_text(r->text + name.start, name.end - name.start));
		set(body, "cost_string_ms",
		    json_real((double)result->string_us / 1000));
	}
}

static void
put_closure(json_t *body, struct try *try, size_t rule)
{
	struct closures *closures = try->closures;
	const struct closure *closure = &closures->list[rule];
	uint8_t cond[COND_BYTES_MAX];
	char hex[SHA256_HEX_BYTES];
	enum form_class class;
	size_t len = closures_condition(closures, rule, cond, &class);
	auto_free char *code = base64_encode(cond, len);
	auto_free char *said = explain_rule(closures, rule, cond, len, class);

	hex_encode(hex, closure->digest, SHA256_BYTES);
	set(body, "closure", json_string(hex));
	set(body, "modules", modules_json(closure->modules));
	set(body, "uses_externals", json_boolean(closure->externals != 0));
	set(body, "is_volatile",
	    json_boolean((closure->modules & MODULES_VOLATILE) != 0));
	set(body, "condition", json_string(code));
	set(body, "condition_text", text_json(said));
	set(body, "condition_class", json_string(explain_class(class)));
}

/* Drops what is not needed for the rule to work, until it fits. */
static void
make_fit(json_t *body)
{
	static const char *const members[] = {
	    "meta", "condition_text", "tags", "tests", "cost_string", "reason"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		auto_free char *text = json_canonical(body);

		if (strlen(text) <= LIMIT_RECORD_BYTES - RECORD_ROOM)
			return;
		if (json_object_del(body, members[i]) == 0)
			set(body, "is_cut", json_true());
	}
}

static void
put_unit(struct record_out *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len; at += LIMIT_DATA_BYTES)
		record_data(out, text + at,
		    len - at < LIMIT_DATA_BYTES ? len - at : LIMIT_DATA_BYTES);
	record_put(
	    out, RECORD_CHILD_END, json_pack("{s:I}", "size", (json_int_t)len));
}

static json_t *
body_of(struct try *try, size_t rule)
{
	const struct bundle *bundle = try->closures->bundle;
	const struct rule *r = &bundle->rules[rule];
	const struct bundle_file *file = &bundle->files[r->file];
	json_t *body = json_object();

	set(body, "namespace", text_json(bundle->spaces[r->space].name));
	set(body, "name", text_json(r->name[0] == '\0' ? "(none)" : r->name));
	set(body, "source", text_json(file->source));
	set(body, "path", text_json(file->path));
	set(body, "line", json_integer((json_int_t)r->line));
	set(body, "is_private", json_boolean((r->flags & RULE_PRIVATE) != 0));
	set(body, "is_global", json_boolean((r->flags & RULE_GLOBAL) != 0));
	put_meta(body, r);
	put_cost(body, try, rule);
	return body;
}

void
put_rule(struct record_out *out, struct try *try, struct samples *samples,
    size_t rule)
{
	struct closures *closures = try->closures;
	json_t *body = body_of(try, rule);
	auto_free char *unit = NULL;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	size_t len = 0, line = 0;

	if (!try->results[rule].is_tried)
		closures_reject(closures, rule, "cannot be compiled");
	if (closures->list[rule].reason == NULL) {
		unit = closures_unit(closures, rule, &len, &line);
		if (unit == NULL)
			closures_reject(closures, rule, "is too large");
	}
	samples_test(samples, try, rule, body);
	if (closures->list[rule].reason == NULL) {
		set(body, "state", json_string("ok"));
		put_closure(body, try, rule);
		sha256_once(unit, len, digest);
		hex_encode(hex, digest, sizeof(digest));
		set(body, "text_digest", json_string(hex));
	} else {
		set(body, "state", json_string("rejected"));
		set(body, "reason", text_json(closures->list[rule].reason));
	}
	make_fit(body);
	record_put(out, RECORD_RULE, body);
	if (closures->list[rule].reason == NULL)
		put_unit(out, unit, len);
}

void
put_notes(struct record_out *out, const struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->note_count; i++) {
		const struct bundle_note *note = &bundle->notes[i];
		auto_free char *text =
		    note->path == NULL ? xasprintf("line %zu of the bundle: %s",
					     note->line, note->why)
				       : xasprintf("%s, line %zu: %s",
					     note->path, note->line, note->why);
		json_t *body = json_pack("{s:s, s:o, s:I}", "what", "bundle",
		    "text", text_json(text), "line", (json_int_t)note->line);

		if (note->path != NULL) {
			set(body, "source", text_json(note->source));
			set(body, "path", text_json(note->path));
		}
		record_put(out, RECORD_ERROR, body);
	}
}
