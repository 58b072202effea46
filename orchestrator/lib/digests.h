/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digests.h - the digests by which the field names a file, all in one pass:
 * SHA-256, SHA-1, MD5 and SHA-512 (FIPS 180-4, RFC 1321), of OpenSSL.
 */
#ifndef LIB_DIGESTS_H
#define LIB_DIGESTS_H

#include <stddef.h>

enum digest_kind {
	DIGEST_SHA256,
	DIGEST_SHA1,
	DIGEST_MD5,
	DIGEST_SHA512,
	DIGEST_COUNT
};

#define DIGESTS_HEX_BYTES (2 * (size_t)64 + 1)

struct digests_hex {
	char hex[DIGEST_COUNT][DIGESTS_HEX_BYTES]; /* lower case */
};

struct digests;

/* "sha256", "sha1", "md5", "sha512". */
const char *digests_name(enum digest_kind kind);
/*
 * Loads OpenSSL's providers, so that digests_new() opens nothing later: to be
 * called before the cage is entered.  Ends the program where an algorithm is
 * missing.
 */
void digests_load(void);
struct digests *digests_new(void);
/* All but one, which the caller computes otherwise; it is "" in the end. */
struct digests *digests_new_but(enum digest_kind but);
void digests_free(struct digests *digests);
void digests_update(struct digests *digests, const void *p, size_t len);
/* Once; nothing may be added afterwards. */
void digests_final(struct digests *digests, struct digests_hex *ret_hex);

#endif
