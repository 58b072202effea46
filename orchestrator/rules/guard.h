/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - what must be true of a file's bytes for a rule to match it, that
 * no index can tell and a short look at the file can.
 *
 * A regular expression such as /[0-9a-f]{64}/ has no text that libyara could
 * look for: it tries nearly every byte, tens of times slower than it scans.
 * That 64 bytes of a class follow each other somewhere is seen by looking at
 * every 64th byte.  A guard that does not allow a file proves that the rule
 * does not match it; one that does proves nothing.
 */
#ifndef RULES_GUARD_H
#define RULES_GUARD_H

#include "rules/form.h"

/* Looks at one file; a rule that asks for more has no guard. */
#define GUARD_SPANS_MAX ((size_t)16)
#define GUARD_STEPS_MAX ((size_t)256)

struct guard;

/* The guard of a formula that was made with form->has_spans; NULL where there
 * is none.  The caller frees. */
struct guard *guard_new(const struct form *form, form_id id);
void guard_free(struct guard *guard);
/* True where both allow the same files; NULL is like NULL alone. */
bool guard_is_same(const struct guard *a, const struct guard *b);
/* Whether the rule may match a file of these bytes; NULL allows all. */
bool guard_allows(const struct guard *guard, const uint8_t *p, size_t len);

/* A part of a file. */
struct guard_window {
	size_t start;
	size_t end;
};

/*
 * Where in the file anything is that the guard looks for, with some bytes
 * around it: rising windows that do not touch.  False where they are more
 * than max, or not much less than the file.
 */
bool guard_windows(const struct guard *guard, const uint8_t *p, size_t len,
    struct guard_window *windows, size_t max, size_t *ret_count);

#endif
