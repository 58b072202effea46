/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.h - a request's body becomes a file in the vault.
 *
 * The store is asked before a byte of the body is read (UPLOAD_CREATE); it
 * answers with a pipe into the vault.  The body goes straight into the pipe,
 * as fast as the vault takes it; nothing is kept here.  A client that goes
 * away before the end leaves nothing behind (UPLOAD_ABORT).
 */
#ifndef WEB_UPLOAD_H
#define WEB_UPLOAD_H

#include "web/exchange.h"

/* Takes over from here: parameters are filled, the body was not read. */
void upload_start(struct exchange *x);

#endif
