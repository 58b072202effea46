/* SPDX-License-Identifier: Apache-2.0 */
/* misp.c - YARA rules out of a MISP export. */
#include "cli/misp.h"

#include "lib/json.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdint.h>
#include <string.h>

#define EXPORT_BYTES_MAX LIMIT_MEMFD_BYTES
#define DEPTH_MAX	 ((size_t)32)
/* A UUID is as long as this; what is longer is none. */
#define UUID_CHARS 36

struct walk {
	misp_rule_fn *fn;
	void *arg;
	size_t rules;
	/* What is still to be looked at; a stack instead of recursion. */
	const json_t **stack;
	size_t count;
	size_t size;
};

static void
push(struct walk *w, const json_t *json)
{
	if (!json_is_object(json) && !json_is_array(json))
		return;
	if (w->count == w->size) {
		w->size = w->size == 0 ? 64 : 2 * w->size;
		w->stack =
		    xreallocarray(w->stack, w->size, sizeof(w->stack[0]));
	}
	w->stack[w->count++] = json;
}

/* Only what a UUID is made of: the name goes into paths. */
static bool
is_uuid(const char *s)
{
	return strlen(s) == UUID_CHARS &&
	       strspn(s, "0123456789abcdefABCDEF-") == UUID_CHARS;
}

static bool
is_deleted(const json_t *attribute)
{
	const json_t *deleted = json_object_get(attribute, "deleted");

	return json_is_true(deleted) || json_integer_value(deleted) != 0 ||
	       strcmp(json_member_text(attribute, "deleted", "0"), "1") == 0;
}

static int
take_attribute(struct walk *w, const json_t *attribute)
{
	const char *text = json_member_text(attribute, "value", NULL);
	const char *uuid = json_member_text(attribute, "uuid", "");
	auto_free char *path = NULL;

	if (text == NULL || is_deleted(attribute) ||
	    strcmp(json_member_text(attribute, "type", ""), "yara") != 0)
		return ERR_OK;
	w->rules++;
	path = is_uuid(uuid) ? xasprintf("%s.yar", uuid)
			     : xasprintf("attribute-%zu.yar", w->rules);
	return w->fn(w->arg, path, text, strlen(text));
}

/* In the order of the file: what comes first is pushed last. */
static void
push_members(struct walk *w, const json_t *json)
{
	size_t first = w->count;
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_array(json)) {
		json_array_foreach(json, i, member) push(w, member);
	} else {
		/* jansson has no iterator over a const object. */
		json_object_foreach((json_t *)(uintptr_t)json, name, member)
		    push(w, member);
	}
	for (size_t last = w->count; first + 1 < last; first++, last--) {
		const json_t *swap = w->stack[first];

		w->stack[first] = w->stack[last - 1];
		w->stack[last - 1] = swap;
	}
}

int
misp_read(const void *p, size_t len, misp_rule_fn *fn, void *arg)
{
	auto_json json_t *json = NULL;
	struct walk w = {.fn = fn, .arg = arg};
	int err = json_parse(p, len, EXPORT_BYTES_MAX, DEPTH_MAX, &json);

	if (err != ERR_OK)
		return err;
	push(&w, json);
	while (err == ERR_OK && w.count > 0) {
		const json_t *at = w.stack[--w.count];

		if (json_is_object(at))
			err = take_attribute(&w, at);
		push_members(&w, at);
	}
	free(w.stack);
	return err;
}
