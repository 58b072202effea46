/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf.h - the configuration file: "key = value" lines in [sections].
 *
 * '#' starts a comment at the start of a line.  Names are lower-case letters,
 * digits, '_' and '.'; a key is known as "section.key".  Unknown keys,
 * repeated keys and malformed lines are errors that name the line.  Of [oidc]
 * there may be more, [oidc.NAME], each with values of its own.
 */
#ifndef LIB_CONF_H
#define LIB_CONF_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Every key that there is, with its default and one sentence (conf.def). */
struct conf_key {
	const char *name; /* "section.key" */
	const char *fallback;
	const char *text;
};

struct conf;

/* All keys, in the order of the manual; *ret_count of them. */
const struct conf_key *conf_keys(size_t *ret_count);
/*
 * Parses len bytes.  On ERR_FORMAT or ERR_LIMIT why (why_size bytes) holds
 * "line N: what is wrong and what to do".
 */
int must_check conf_parse(const void *p, size_t len, char *why, size_t why_size,
    struct conf **ret_conf);
/* Reads a file; a missing file is an empty one where is_optional. */
int must_check conf_read(const char *path, bool is_optional, char *why,
    size_t why_size, struct conf **ret_conf);
void conf_free(struct conf *conf);
/* The value or its default; asserts that the key exists in conf.def. */
const char *conf_get(const struct conf *conf, const char *name);

/*
 * The NAME of the at-th section [section.NAME], in the order of the file; NULL
 * where there are no more.  It lives as long as conf.
 */
const char *conf_name(const struct conf *conf, const char *section, size_t at);
/* The value or the default of a key of [section.NAME]; asserts as above. */
const char *conf_get_of(const struct conf *conf, const char *section,
    const char *name, const char *key);

#endif
