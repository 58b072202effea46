/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - who is at the other end of a connection.
 *
 * The store decides that, from the connection itself (SESSION_PEER); this
 * program only keeps the handle that it gave out, for as long as the
 * connection and the store's channel last.
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include "web/exchange.h"

/* Called when the principal is known (ERR_OK), or why it is not. */
typedef void session_fn(struct exchange *x, enum err err, const char *why);

/*
 * Makes sure that the session of x's connection is good and calls fn, now or
 * later, unless x is gone by then.
 */
void session_need(struct exchange *x, session_fn *fn);
/* x does not wait any more. */
void session_forget(struct exchange *x);
/* The connection is closed. */
void session_end(struct http_conn *conn);
/* The handle for calls; 0 where there is none. */
uint64_t session_principal(const struct session *session);
/* The account's id, "" where there is none. */
const char *session_account(const struct session *session);
/* The account as JSON. */
const char *session_json(const struct session *session);

#endif
