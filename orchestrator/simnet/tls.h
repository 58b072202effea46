/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - the server name in a TLS ClientHello (RFC 8446, RFC 6066). */
#ifndef SIMNET_TLS_H
#define SIMNET_TLS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_NAME_BYTES ((size_t)256)

/* Could these first bytes be a TLS record with a handshake? */
bool tls_is_likely(const uint8_t *p, size_t len);
/*
 * Reads the record and the ClientHello in it.  ret_name becomes the server
 * name, "" without one.  ERR_AGAIN while bytes are missing, ERR_FORMAT where
 * it is no ClientHello.
 */
int must_check tls_hello(
    const uint8_t *p, size_t len, char ret_name[TLS_NAME_BYTES]);

#endif
