/* SPDX-License-Identifier: Apache-2.0 */
/* login.h - logging in and out, and the first password. */
#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H

#include "lib/secret.h"
#include "web/exchange.h"

/* POST login: nobody is known yet. */
void login_start(struct exchange *x);
/* POST invitations/accept: nobody is known yet. */
void login_accept(struct exchange *x);
/* POST proof: who has the session shows that it is them. */
void login_prove(struct exchange *x);
/* Starts a call that answers as LOGIN does, with the parameters of x. */
void login_call(struct exchange *x, enum call_op op);
/* The answer brings the session's cookie; before exchange_answer(). */
void login_set_cookie(struct exchange *x, const uint8_t secret[SECRET_BYTES]);
/* Came it over the network?  Else the answer says why that is of no use. */
bool login_is_remote(struct exchange *x);
/* The client's address becomes the call's parameter "address"; address lives
 * as long as the parameters are used. */
void login_set_address(
    struct exchange *x, enum call_op op, char address[HTTP_ADDRESS_BYTES]);
/* The answer of a log-out takes the cookie back; before exchange_answer(). */
void login_forget_cookie(struct exchange *x);

#endif
