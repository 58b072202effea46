/* SPDX-License-Identifier: Apache-2.0 */
/* wellknown.h - whom to tell of a weakness, and the key to encrypt it to. */
#ifndef WEB_WELLKNOWN_H
#define WEB_WELLKNOWN_H

#include "web/exchange.h"

/* ROUTE_SECURITY, ROUTE_PUBLIC_KEY: for whoever asks. */
void wellknown_start(struct exchange *x);

#endif
