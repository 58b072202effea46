/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h - what an identity provider answers: its description (OpenID
 * Connect Discovery 1.0 section 4), and a code's exchange (RFC 6749 section 5).
 */
#ifndef OIDC_DOCUMENT_H
#define OIDC_DOCUMENT_H

#include "lib/place.h"

#include <stddef.h>

#define DOCUMENT_BYTES_MAX ((size_t)256 * 1024)
#define DOCUMENT_WHY_BYTES 160

struct discovery {
	char authorization[PLACE_URL_BYTES]; /* where browsers go */
	char token[PLACE_URL_BYTES];
	char keys[PLACE_URL_BYTES];
	char leave[PLACE_URL_BYTES]; /* to sign out there; "" = they cannot */
	bool has_issuer; /* its answers say whose they are (RFC 9207) */
	bool is_post;	 /* the client's secret goes into the body */
	char why[DOCUMENT_WHY_BYTES]; /* of a failure; nothing foreign */
};

/*
 * Reads the description of exactly this issuer.  ERR_FORMAT, ERR_LIMIT: it is
 * none, is another's, or cannot do what we need (code, S256).
 */
int must_check discovery_read(const void *p, size_t len, const char *issuer,
    struct discovery *ret_discovery);

struct answer {
	char *token;  /* the ID token; the caller frees; NULL = there is none */
	char why[64]; /* the error's word (RFC 6749 section 5.2), or "" */
};

/* ERR_FORMAT: neither a token nor an error. */
int must_check answer_read(
    const void *p, size_t len, struct answer *ret_answer);

/* name=value with & before it, percent-encoded, for a form or a query. */
struct wire_out;
void form_put(struct wire_out *out, const char *name, const char *value);

#endif
