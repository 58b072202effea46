/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason.h - why a call failed, for people and, where a program can make
 * something of it, for programs: a kind ("not-entitled") and members.
 *
 * Both travel in the text of CALL_END.  A text without a kind is just itself.
 */
#ifndef LIB_REASON_H
#define LIB_REASON_H

#include <stdbool.h>
#include <stddef.h>

#define REASON_BYTES_MAX  ((size_t)1024)
#define REASON_KIND_BYTES ((size_t)32)

struct reason {
	char kind[REASON_KIND_BYTES];	/* "" = none */
	char members[REASON_BYTES_MAX]; /* inside of a JSON object, or "" */
	const char *text;		/* within what was split */
};

/* Writes kind (a-z and -), the members of a JSON object and a sentence; what
 * does not fit loses its members first.  Returns dst. */
const char *reason_put(char *dst, size_t dst_size, const char *kind,
    const char *members, const char *text);
/* Takes one apart; whatever is not of that form is all text. */
void reason_split(const char *why, struct reason *ret_reason);

#endif
