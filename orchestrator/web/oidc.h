/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc.h - browsers that go to an identity provider and come back.
 *
 * On the way a cookie (SameSite=Lax, so that it is there when the provider
 * sends the browser back) binds the sign-in to the browser that began it.  The
 * session's own cookie is SameSite=Strict: it comes with a small page of ours
 * that goes on by itself, and from there it is sent.
 */
#ifndef WEB_OIDC_H
#define WEB_OIDC_H

#include "web/exchange.h"

/* Serves the routes of it that need no session; false: it is none of them. */
bool oidc_start(struct exchange *x);
/* POST oidc/link: with a session. */
void oidc_link(struct exchange *x);
/* The answer takes the cookie back; before exchange_answer(). */
void oidc_forget_cookie(struct exchange *x);

#endif
