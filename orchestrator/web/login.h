/* SPDX-License-Identifier: Apache-2.0 */
/* login.h - logging in and out, and the first password. */
#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H

#include "web/exchange.h"

/* POST login: nobody is known yet. */
void login_start(struct exchange *x);
/* POST invitations/accept: nobody is known yet. */
void login_accept(struct exchange *x);
/* The answer of a log-out takes the cookie back; before exchange_answer(). */
void login_forget_cookie(struct exchange *x);

#endif
