/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - what an ID token says, checked as OpenID Connect Core 1.0 section
 * 3.1.3.7 asks, or a logout token.  Its signature was verified before (lib/jws.h).
 */
#ifndef OIDC_CLAIMS_H
#define OIDC_CLAIMS_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define CLAIMS_SUBJECT_BYTES 256
#define CLAIMS_ISSUER_BYTES  512
#define CLAIMS_WORDS_BYTES   512
#define CLAIMS_WHY_BYTES     128
/* How far clocks may be apart, and how old a token of an exchange may be. */
#define CLAIMS_SKEW_S 60
#define CLAIMS_AGE_S  600

struct claims_expected {
	const char *issuer;
	const char *client;
	const char *nonce;
	int64_t now_s; /* since 1970 UTC */
};

struct claims {
	char subject[CLAIMS_SUBJECT_BYTES];
	char sid[CLAIMS_SUBJECT_BYTES]; /* of the session there; "" = none */
	char acr[CLAIMS_WORDS_BYTES];	/* "" = it does not say */
	char amr[CLAIMS_WORDS_BYTES];	/* words, separated by spaces */
	char id[CLAIMS_SUBJECT_BYTES];	/* jti, of a logout token */
	int64_t auth_time_s; /* when they signed in; 0 = it does not say */
	char why[CLAIMS_WHY_BYTES]; /* of a failure; nothing foreign */
};

/* ERR_FORMAT: it is none; ERR_DENIED: not for us, not now, not of this sign-in. */
int must_check claims_check(const void *p, size_t len,
    const struct claims_expected *expected, struct claims *ret_claims);
/*
 * The same of a logout token (OpenID Connect Back-Channel Logout 1.0 section
 * 2.6): of a subject, of a session, or both.  The nonce does not matter.  It
 * has an id (jti), so that it can be heard once.
 */
int must_check claims_check_logout(const void *p, size_t len,
    const struct claims_expected *expected, struct claims *ret_claims);

/*
 * Who a token (a JWS, not verified) says has issued it: whose keys are to be
 * asked.  ERR_FORMAT, and "": it does not say.
 */
int must_check claims_issuer(
    const char *token, size_t len, char ret_issuer[CLAIMS_ISSUER_BYTES]);

#endif
