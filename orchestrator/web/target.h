/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - the target of a request (RFC 9112 section 3.2) taken apart.
 *
 * Path segments and query values are percent-decoded one by one (RFC 3986),
 * after splitting: "%2F" is a byte of a segment and never a border, and there
 * is nothing to escape from with "..": paths name operations, not files.  A
 * plus sign is a plus sign.  Values are bytes; texts are checked where used.
 */
#ifndef WEB_TARGET_H
#define WEB_TARGET_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file name of LIMIT_NAME_BYTES, each byte escaped, and room around it. */
#define TARGET_BYTES_MAX  ((size_t)16384)
#define TARGET_SEGMENTS	  ((size_t)12)
#define TARGET_PARAMETERS ((size_t)24)

struct target_text {
	const char *p; /* NUL-terminated behind len, for logs */
	size_t len;
};

struct target_parameter {
	struct target_text name;
	struct target_text value;
};

struct target {
	char *buf; /* owned; all texts lie in it */
	size_t segment_count;
	size_t parameter_count;
	struct target_text segments[TARGET_SEGMENTS];
	struct target_parameter parameters[TARGET_PARAMETERS];
};

/*
 * Takes origin-form ("/a?b=c") and absolute-form.  ERR_FORMAT: not a target,
 * a bad escape, or a parameter named twice; ERR_LIMIT: too long or too many
 * parts.  *ret_why then says which, in words for the client.
 */
int must_check target_parse(
    struct target *target, const char *text, const char **ret_why);
void target_release(struct target *target);
/* The value of a query parameter, or NULL. */
const struct target_text *target_parameter(
    const struct target *target, const char *name);
bool target_text_is(const struct target_text *text, const char *other);

#endif
