/* SPDX-License-Identifier: Apache-2.0 */
/* plain.h - answers that are one JSON text made from a call's rows. */
#ifndef WEB_PLAIN_H
#define WEB_PLAIN_H

#include "web/exchange.h"

/* Starts the route's call; the answer follows from its kind. */
void plain_start(struct exchange *x);

#endif
