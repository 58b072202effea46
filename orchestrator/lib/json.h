/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - jansson with Loep's bounds.  The only file that includes it, so
 * that bounded parsing is the only way in: use json_parse(), not json_loads().
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include "lib/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define auto_json __attribute__((cleanup(json_release)))
void json_release(json_t **json);

/*
 * Parses one JSON text that must be len bytes long, of at most size_max bytes,
 * nested at most depth_max deep, without duplicate names and without NUL in
 * texts.  New reference in *ret_json; ERR_LIMIT or ERR_FORMAT otherwise.
 */
int must_check json_parse(const void *p, size_t len, size_t size_max,
    size_t depth_max, json_t **ret_json);
/*
 * True when no bracket of the text stands deeper than depth_max; says nothing
 * about whether it is JSON.
 */
bool json_is_shallow(const void *p, size_t len, size_t depth_max);
/* Compact, names sorted: the canonical form.  The caller frees. */
char *json_canonical(const json_t *json);
/* A member's text, or fallback where it is missing or no text. */
const char *json_member_text(
    const json_t *object, const char *name, const char *fallback);
json_int_t json_member_int(
    const json_t *object, const char *name, json_int_t fallback);

#endif
