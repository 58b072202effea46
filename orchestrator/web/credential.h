/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.h - what a request over the network shows of who sends it: the
 * cookie of a session, or a token (RFC 6265 section 5.4, RFC 6750 section
 * 2.1).
 */
#ifndef WEB_CREDENTIAL_H
#define WEB_CREDENTIAL_H

#include "lib/secret.h"

/* The prefix makes browsers take it from this host alone, over TLS, for all
 * of its paths (RFC 6265bis section 4.1.3.2). */
#define CREDENTIAL_COOKIE "__Host-loep"
/* Of a browser that is on its way to an identity provider and back. */
#define CREDENTIAL_AWAY "__Host-loep-oidc"

enum credential_kind {
	CREDENTIAL_NONE,
	CREDENTIAL_SESSION,
	CREDENTIAL_TOKEN,
	CREDENTIAL_CERTIFICATE /* secret is the digest of its key */
};

struct credential {
	enum credential_kind kind;
	uint8_t secret[SECRET_BYTES];
};

/*
 * Reads the two headers (NULL = not there).  ERR_FORMAT: a token that is none,
 * or our cookie twice; another cookie of that name counts as none.  A token
 * goes before a cookie.
 */
int must_check credential_parse(const char *authorization, const char *cookie,
    struct credential *ret_credential);

/*
 * The secret in the cookie of that name.  ERR_NOT_FOUND: there is none, or no
 * secret in it; ERR_FORMAT: it is there twice: somebody planted one.
 */
int must_check credential_cookie(
    const char *cookie, const char *name, uint8_t ret_secret[SECRET_BYTES]);

/* What a page must send along with each change (X-CSRF-Token), so that no
 * other site's page can: known to who knows the session's secret. */
#define CREDENTIAL_CSRF_BYTES 33
void credential_csrf(
    const uint8_t secret[SECRET_BYTES], char ret_text[CREDENTIAL_CSRF_BYTES]);
/*
 * May a request that carries the session's cookie change something?  origin,
 * site (Sec-Fetch-Site), host and csrf are headers, or NULL.  *ret_why says
 * why not.
 */
bool credential_is_own(const struct credential *credential,
    const char *const headers[4], const char **ret_why);
enum credential_header {
	CREDENTIAL_ORIGIN,
	CREDENTIAL_SITE,
	CREDENTIAL_HOST,
	CREDENTIAL_CSRF
};

#endif
