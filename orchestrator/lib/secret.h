/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - bearer secrets: 256 random bits, written in base64url (RFC 4648
 * section 5) without padding, kept as their SHA-256.
 */
#ifndef LIB_SECRET_H
#define LIB_SECRET_H

#include "lib/digest.h"

#define SECRET_BYTES  32
#define SECRET_LENGTH 43

/* Before an API token, and before an invitation, so that a leaked one is
 * found by those who look for such things. */
#define SECRET_TOKEN_PREFIX  "loep_"
#define SECRET_INVITE_PREFIX "loepinv_"

void secret_encode(
    char dst[SECRET_LENGTH + 1], const uint8_t secret[SECRET_BYTES]);
/* ERR_FORMAT unless these are exactly the characters of one. */
int must_check secret_decode(
    const char *text, size_t len, uint8_t ret_secret[SECRET_BYTES]);

#endif
