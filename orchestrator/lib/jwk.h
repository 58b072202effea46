/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk.h - the public keys that somebody signs with, as a JSON Web Key Set
 * (RFC 7517, RFC 7518 section 6, RFC 8037).
 *
 * Only keys of algorithms that jws.h takes: RSA of 2048 to 8192 bits, P-256,
 * Ed25519.  Shared secrets ("oct") are never keys here.
 */
#ifndef LIB_JWK_H
#define LIB_JWK_H

#include "lib/err.h"

#include <stddef.h>

struct evp_pkey_st;

#define JWKS_BYTES_MAX ((size_t)256 * 1024)
#define JWKS_KEYS_MAX  32
#define JWK_ID_BYTES   256

enum jwk_type {
	JWK_RSA,
	JWK_P256,
	JWK_ED25519
};

struct jwk {
	char id[JWK_ID_BYTES]; /* "kid"; "" = it has none */
	char alg[16];	       /* the one that it is for; "" = any */
	enum jwk_type type;
	struct evp_pkey_st *key;
};

struct jwks {
	size_t count;
	struct jwk keys[JWKS_KEYS_MAX];
};

/*
 * Reads a set.  What is no signature's public key, or is none of ours, is left
 * out (RFC 7517 section 5).  ERR_FORMAT: no such set; ERR_LIMIT: too large, or
 * too many keys.  The caller frees.
 */
int must_check jwks_parse(const void *p, size_t len, struct jwks **ret_jwks);
void jwks_free(struct jwks *jwks);

#endif
