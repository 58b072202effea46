/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt.h - what a submitter gets in return: {"algorithm": "Ed25519",
 * "public_key": hex, "receipt": {...}, "signature": hex}.
 *
 * The signature is over the canonical bytes of "receipt" (JSON without spaces,
 * names sorted), which stand in the text exactly so.
 */
#ifndef STORE_RECEIPT_H
#define STORE_RECEIPT_H

#include "lib/digest.h"

#include <stddef.h>
#include <stdint.h>

struct receipt {
	const char *number; /* of the case */
	const char *case_id;
	const char *submission;
	const char *artefact;
	const char *org;
	const uint8_t *name;
	size_t name_len;
	const uint8_t *sha256;
	const uint8_t *declared; /* NULL = none was */
	int64_t size;
	int64_t received_at;
	const char *hash_state;
	const char *tlp;
	const char *pap;
};

/* The canonical bytes that are to be signed; the caller frees. */
char *receipt_text(const struct receipt *receipt);
/* The whole, from those bytes; the caller frees. */
char *receipt_seal(const char *text, const uint8_t signature[SIGN_BYTES],
    const uint8_t public_key[SIGN_PUBLIC_BYTES]);

/* The same under another name than "receipt"; one of ours. */
char *receipt_seal_as(const char *name, const char *text,
    const uint8_t signature[SIGN_BYTES],
    const uint8_t public_key[SIGN_PUBLIC_BYTES]);

#endif
