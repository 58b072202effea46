/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - what is left to do in a case: once, or live as server-sent
 * events (WHATWG HTML section 9.2).
 */
#ifndef WEB_PROGRESS_H
#define WEB_PROGRESS_H

#include "web/exchange.h"

/* By the route's kind: one object, or events until nothing is open. */
void progress_start(struct exchange *x);

#endif
