/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - who is at the other end of a connection.
 *
 * The store decides that: of the Unix socket from the connection itself
 * (SESSION_PEER), for as long as it lasts; over the network for each request,
 * from its cookie or token.  This program only keeps the handle that the store
 * gave out.
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include "web/credential.h"
#include "web/exchange.h"

/* Called when the principal is known (ERR_OK), or why it is not. */
typedef void session_fn(struct exchange *x, enum err err, const char *why);

/*
 * Makes sure that the session of x is good and calls fn, now or later, unless
 * x is gone by then.  Who shows nothing good over the network gets the answer
 * here (401, or 403 where a page of another site asks), and fn is not called.
 */
void session_need(struct exchange *x, session_fn *fn);
/* x does not wait any more, and needs no session. */
void session_forget(struct exchange *x);
/* The connection is closed. */
void session_end(struct http_conn *conn);
/*
 * For what outlives its exchange and still makes calls: keeps the handle good.
 * NULL is fine.
 */
struct session *session_hold(struct session *session);
void session_release(struct session *session);
/* The handle for calls; 0 where there is none. */
uint64_t session_principal(const struct session *session);
/* The account's id, "" where there is none. */
const char *session_account(const struct session *session);
/* The account as JSON. */
const char *session_json(const struct session *session);
/* What a page must send along; false where there is no cookie. */
bool session_csrf(
    const struct session *session, char ret_text[CREDENTIAL_CSRF_BYTES]);

#endif
