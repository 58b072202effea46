/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totp.h - one-time codes of a second device (RFC 6238 with HMAC-SHA-1, six
 * digits, 30 seconds: what every authenticator app knows), and base32 (RFC
 * 4648 section 6), in which their secrets and recovery codes are written.
 */
#ifndef LIB_TOTP_H
#define LIB_TOTP_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define TOTP_SECRET_BYTES  20
#define TOTP_PERIOD_S	   30
#define TOTP_DIGITS	   6
#define TOTP_SECRET_LENGTH 32 /* in base32 */

/* The code of one time step. */
uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], uint64_t step);
/*
 * Checks what a person typed (spaces are fine) against the step of that time
 * and its neighbours.  Steps up to last_step were used before.  ERR_OK:
 * *ret_step is the one to be kept as used; ERR_DENIED: it is none of them.
 */
int must_check totp_check(const uint8_t secret[TOTP_SECRET_BYTES],
    const char *text, int64_t now_us, int64_t last_step, int64_t *ret_step);

/* Without padding; dst holds (len * 8 + 4) / 5 + 1 bytes. */
void base32_encode(char *dst, const uint8_t *p, size_t len);
/*
 * Reads len bytes in any case; spaces and hyphens are passed over.
 * ERR_FORMAT: other characters, another length, or bits left over.
 */
int must_check base32_decode(const char *text, uint8_t *dst, size_t len);

#endif
