/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hex.h - hexadecimal strings and regular expressions of YARA: what each
 * match of them holds.  FORM_TRUE for whatever is not understood.
 */
#ifndef RULES_HEX_H
#define RULES_HEX_H

#include "rules/strand.h"

/* The text between the braces, with or without them; comments may be in it. */
form_id hex_form(
    struct strand *strand, struct form *form, const char *p, size_t len);
/*
 * The bytes and their masks that every match begins with, up to the first
 * jump, alternative or COND_HEAD_MAX; returns how many.
 */
size_t hex_head(const char *p, size_t len, uint8_t bytes[COND_HEAD_MAX],
    uint8_t mask[COND_HEAD_MAX]);
/* The bytes of a string without wildcards; false where it is none. */
bool hex_literal(const char *p, size_t len, uint8_t *dst, size_t *ret_len);
/* Whether a regular expression is one class of bytes and how often, and nothing else, so that
 * a match is bytes of that class alone (at least STRAND_SPAN_MIN). */
bool regex_is_span(const char *p, size_t len);
/* /.../ with its slashes and letters; runs of a wide string where is_wide. */
form_id regex_form(struct strand *strand, struct form *form, const char *p,
    size_t len, bool is_wide);

#endif
