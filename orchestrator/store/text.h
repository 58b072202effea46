/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - words that come from outside, brought into their one form. */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 without NUL (RFC 3629). */
bool text_is_utf8(const void *p, size_t len);

/*
 * A TLP or PAP label in its one form, from any case, with or without prefix;
 * "" gives fallback.  NULL where there is no such label.
 */
const char *text_tlp(const char *word, const char *fallback);
const char *text_pap(const char *word, const char *fallback);
/* The stricter of two labels in their one form. */
const char *text_tlp_max(const char *a, const char *b);
const char *text_pap_max(const char *a, const char *b);
/* The word in its one form, or NULL; "" gives fallback (may be NULL). */
const char *text_severity(const char *word);
const char *text_class(const char *word);
const char *text_kind(const char *word, const char *fallback);
/* Where a class stands in the order of work: 1 comes first. */
int text_class_rank(const char *class_code);
/* Is it one of the words of a list that spaces separate? */
bool text_has_word(const char *list, const char *word);
/* Every capability there is, separated by spaces. */
extern const char text_capabilities[];

#endif
