/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pii.h - personal data in text: where it stands and of what kind.
 *
 * Deterministic and without a model: forms and check digits only, so that a
 * reviewer can say why something was found.  It finds what has a form; names
 * of people in running text have none, which is why a person reviews.
 * Pure: a hit is a kind, an offset and a length, never the value.
 */
#ifndef LIB_PII_H
#define LIB_PII_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pii_type {
	PII_MAIL,	/* an address for mails */
	PII_USER,	/* the name in C:\Users\NAME, /home/NAME */
	PII_HOST,	/* the host in \\HOST\share */
	PII_PHONE,	/* a number of Belgium, +32 ... or 0032 ... */
	PII_IBAN,	/* ISO 13616, mod 97 */
	PII_NATIONAL,	/* Belgian national register number, both centuries */
	PII_ENTERPRISE, /* Belgian enterprise number (KBO, BCE) */
	PII_CARD,	/* a payment card's number (Luhn) */
	PII_ADDRESS,	/* an IP address of the submitter's ranges */
	PII_OWN,	/* a word of the submitter's own: its name, its hosts */
	PII_TYPES
};

/* "mail", "user", "host", ...: one word each, for programs and marks. */
const char *pii_type_name(enum pii_type type);

struct pii_hit {
	enum pii_type type;
	size_t offset;
	size_t len;
};

#define PII_RANGES_MAX	   ((size_t)32)
#define PII_WORDS_MAX	   ((size_t)32)
#define PII_WORD_BYTES_MAX ((size_t)128)

struct pii_range {
	uint8_t bytes[16];
	unsigned int prefix; /* bits */
	bool is_v6;
};

/* What is the submitter's.  All zero: nothing is known of them. */
struct pii_own {
	struct pii_range ranges[PII_RANGES_MAX];
	size_t range_count;
	char words[PII_WORDS_MAX][PII_WORD_BYTES_MAX];
	size_t word_count;
};

/*
 * Adds what a scope says ("192.0.2.0/24, example.be 2001:db8::/32"): ranges and
 * addresses, and other words with a dot in them (domains).  What is neither is
 * left out, as is what there is no more room for.
 */
void pii_own_scope(struct pii_own *own, const char *text);
/* Adds one word or phrase; nothing where it is shorter than three bytes. */
void pii_own_word(struct pii_own *own, const char *word);

/*
 * The first hit at or behind *at, which is moved behind it; false where there
 * is no more.  Hits come in rising order and do not overlap, and begin and end
 * between characters where the text is UTF-8.  own may be NULL.
 */
bool pii_next(const char *text, size_t len, const struct pii_own *own,
    size_t *at, struct pii_hit *ret_hit);

#endif
