/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h - passwords at rest: scrypt (RFC 7914), memory-hard, with a salt
 * and the cost beside each hash, so that the cost may rise with time.
 */
#ifndef LIB_PASSWORD_H
#define LIB_PASSWORD_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PASSWORD_SALT_BYTES 16
#define PASSWORD_KEY_BYTES  32
/* "scrypt$17$8$1$SALT$KEY" in hexadecimal, with its end. */
#define PASSWORD_TEXT_BYTES 128
/* N = 2^17, r = 8, p = 1: 128 MiB and about 0.4 s of one processor. */
#define PASSWORD_LOG2N 17

struct password_cost {
	uint8_t log2n; /* 10 to 20 */
	uint8_t r;     /* 1 to 16 */
	uint8_t p;     /* 1 to 4 */
};

struct password_hash {
	struct password_cost cost;
	uint8_t salt[PASSWORD_SALT_BYTES];
	uint8_t key[PASSWORD_KEY_BYTES];
};

bool password_cost_is_valid(const struct password_cost *cost);
/* Computes hash->key from the rest of it; ERR_LIMIT when there is no memory
 * for the cost, ERR_FORMAT when that is out of its range. */
int must_check password_derive(
    struct password_hash *hash, const void *password, size_t len);
/* The hash as text, and back (ERR_FORMAT). */
void password_put(
    char dst[PASSWORD_TEXT_BYTES], const struct password_hash *hash);
int must_check password_get(const char *text, struct password_hash *ret_hash);
/* Compares len bytes in a time that does not depend on them. */
bool password_is_same(const void *a, const void *b, size_t len);

#endif
