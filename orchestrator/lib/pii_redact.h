/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pii_redact.h - texts with a mark in the place of personal data.
 *
 * The same value gets the same mark ("user#1") everywhere within one redactor,
 * so that a timeline stays readable.
 */
#ifndef LIB_PII_REDACT_H
#define LIB_PII_REDACT_H

#include "lib/json.h"
#include "lib/pii.h"

struct pii_redactor {
	struct pii_own own;
	json_t *marks; /* "type:value" -> its number */
	size_t counts[PII_TYPES];
};

/* Starts empty; fill in own afterwards. */
void pii_redactor_init(struct pii_redactor *r);
void pii_redactor_release(struct pii_redactor *r);
/* The text with marks; the caller frees. */
char *pii_redact(struct pii_redactor *r, const char *text);
/* Is there anything to redact in it? */
bool pii_is_in(const struct pii_redactor *r, const char *text);

#endif
