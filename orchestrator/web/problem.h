/* SPDX-License-Identifier: Apache-2.0 */
/* problem.h - problem documents (RFC 9457), and what results mean in HTTP. */
#ifndef WEB_PROBLEM_H
#define WEB_PROBLEM_H

#include "lib/err.h"
#include "lib/wire.h"

#define PROBLEM_TYPE  "application/problem+json"
#define PROBLEM_BYTES ((size_t)16384)

/* The HTTP status (RFC 9110) of a result other than ERR_OK. */
unsigned int problem_status(enum err err);
/* The short name of a status, the last part of the problem's type. */
const char *problem_name(unsigned int status);
/*
 * Writes the document.  detail may hold foreign bytes, and be of a kind
 * (lib/reason.h), which then is its type and brings members.  instance is the
 * request's id.
 */
void problem_put(struct wire_out *out, unsigned int status, const char *detail,
    const char *instance);
/* The same of a result, which may have a name of its own. */
void problem_put_err(struct wire_out *out, enum err err, const char *detail,
    const char *instance);

#endif
