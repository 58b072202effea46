/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h - signed texts in the compact form of JSON Web Signature (RFC 7515).
 *
 * RS256, PS256, ES256 (RFC 7518) and EdDSA with Ed25519 (RFC 8037): the key
 * says which of them it can be, never the text alone.  "none" and everything
 * with a shared secret are refused, and so is what has "crit".  Keys that a
 * text brings along (jwk, jku, x5c, x5u) are not looked at.
 */
#ifndef LIB_JWS_H
#define LIB_JWS_H

#include "lib/jwk.h"

#include <stdint.h>

#define JWS_BYTES_MAX ((size_t)32 * 1024)
#define JWS_WHY_BYTES 128

struct jws {
	uint8_t *payload; /* signed; the caller frees; NULL on failure */
	size_t len;
	char why[JWS_WHY_BYTES]; /* of a failure; no foreign text in it */
};

/*
 * Verifies.  ERR_LIMIT and ERR_FORMAT: no text of ours; ERR_NOT_FOUND: signed
 * with a key that is not in the set, which may be an old one; ERR_DENIED: the
 * signature is not right.
 */
int must_check jws_verify(
    const struct jwks *keys, const char *text, size_t len, struct jws *ret_jws);
/* The same of a text whose header says (typ) that it is this, or JWT. */
int must_check jws_verify_as(const struct jwks *keys, const char *text,
    size_t len, const char *type, struct jws *ret_jws);

#endif
