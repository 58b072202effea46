/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - jansson behind Loep's bounds. */
#include "lib/json.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdbool.h>

void
json_release(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

/*
 * How deep brackets nest, without building anything.  jansson's parser calls
 * itself once a level, so the depth is bounded before it sees the text.
 */
static size_t
nesting(const char *p, size_t len)
{
	bool is_in_text = false;
	size_t depth = 0;
	size_t deepest = 0;

	for (size_t i = 0; i < len; i++) {
		if (is_in_text) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				is_in_text = false;
		} else if (p[i] == '"') {
			is_in_text = true;
		} else if (p[i] == '{' || p[i] == '[') {
			if (++depth > deepest)
				deepest = depth;
		} else if ((p[i] == '}' || p[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return deepest;
}

bool
json_is_shallow(const void *p, size_t len, size_t depth_max)
{
	return nesting(p, len) <= depth_max;
}

int
json_parse(const void *p, size_t len, size_t size_max, size_t depth_max,
    json_t **ret_json)
{
	json_error_t error;
	json_t *json;

	if (len > size_max || !json_is_shallow(p, len, depth_max))
		return ERR_LIMIT;
	/* Without flags jansson checks UTF-8, refuses NUL in texts, anything
	 * behind the end, and a text that is neither object nor array. */
	json = json_loadb(p, len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL)
		return ERR_FORMAT;
	*ret_json = json;
	return ERR_OK;
}

char *
json_canonical(const json_t *json)
{
	char *text;

	text =
	    json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	/* The trees are ours or were parsed: only memory can be missing. */
	return text == NULL ? xstrdup("null") : text;
}

const char *
json_member_text(const json_t *object, const char *name, const char *fallback)
{
	const json_t *member = json_object_get(object, name);

	return json_is_string(member) ? json_string_value(member) : fallback;
}

json_int_t
json_member_int(const json_t *object, const char *name, json_int_t fallback)
{
	const json_t *member = json_object_get(object, name);

	return json_is_integer(member) ? json_integer_value(member) : fallback;
}
