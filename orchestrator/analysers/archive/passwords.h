/* SPDX-License-Identifier: Apache-2.0 */
/* passwords.h - the passwords to try on an archive, in order. */
#ifndef ARCHIVE_PASSWORDS_H
#define ARCHIVE_PASSWORDS_H

#include "lib/json.h"

#include <stddef.h>

/* More that a submitter gives are not tried. */
#define PASSWORDS_GIVEN_MAX ((size_t)32)
#define PASSWORDS_KNOWN	    4

struct passwords {
	const char *text[PASSWORDS_GIVEN_MAX + PASSWORDS_KNOWN];
	size_t given; /* the first ones are the submitter's */
	size_t count;
	size_t left_out; /* given, but too many */
};

/*
 * Those of the context's list, then the field's own.  The texts stay the
 * context's.
 */
void passwords_init(struct passwords *passwords, const json_t *given);
/*
 * Says which one it was without saying what the submitter keeps secret:
 * {"given": 0} or {"known": "infected"}.  New reference.
 */
json_t *passwords_name(const struct passwords *passwords, size_t index);

#endif
