/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - digests, sealing and signatures, all of them OpenSSL's.  Only
 * lib/ includes OpenSSL's headers.
 */
#ifndef LIB_DIGEST_H
#define LIB_DIGEST_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES	   32
#define SHA256_HEX_BYTES   (2 * SHA256_BYTES + 1)
#define SHA256_BLOCK_BYTES ((size_t)64)
/* The chaining value and the bits so far, both big-endian. */
#define SHA256_STATE_BYTES ((size_t)40)
#define SIGN_PUBLIC_BYTES  32
#define SIGN_SECRET_BYTES  32
#define SIGN_BYTES	   64

/* A running SHA-256 (FIPS 180-4). */
struct sha256;

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *ctx);
void sha256_update(struct sha256 *ctx, const void *p, size_t len);
/* The context may be used again from the start. */
void sha256_final(struct sha256 *ctx, uint8_t ret_digest[SHA256_BYTES]);
/*
 * The state between two blocks of SHA256_BLOCK_BYTES, for another process to
 * go on from.  ERR_CONFLICT in the middle of a block; ERR_FORMAT where it is
 * no such state.
 */
int must_check sha256_save(
    const struct sha256 *ctx, uint8_t ret_state[SHA256_STATE_BYTES]);
int must_check sha256_load(
    struct sha256 *ctx, const uint8_t state[SHA256_STATE_BYTES]);
void sha256_once(const void *p, size_t len, uint8_t ret_digest[SHA256_BYTES]);

/* HMAC-SHA-256 (RFC 2104) under a key of 32 bytes. */
void hmac_sha256(const uint8_t key[SHA256_BYTES], const void *p, size_t len,
    uint8_t ret_mac[SHA256_BYTES]);

/* Lower-case hexadecimal; dst holds 2 * len + 1 bytes. */
void hex_encode(char *dst, const void *p, size_t len);
/* ERR_FORMAT when hex is not 2 * len digits. */
int must_check hex_decode(const char *hex, void *dst, size_t len);

/* Ed25519 (RFC 8032). */
int must_check sign_key_new(uint8_t ret_secret[SIGN_SECRET_BYTES],
    uint8_t ret_public[SIGN_PUBLIC_BYTES]);
int must_check sign_public(const uint8_t secret[SIGN_SECRET_BYTES],
    uint8_t ret_public[SIGN_PUBLIC_BYTES]);
int must_check sign_make(const uint8_t secret[SIGN_SECRET_BYTES], const void *p,
    size_t len, uint8_t ret_signature[SIGN_BYTES]);
bool sign_is_valid(const uint8_t public_key[SIGN_PUBLIC_BYTES], const void *p,
    size_t len, const uint8_t signature[SIGN_BYTES]);

/* Bytes from the kernel's generator; exits when there are none. */
void random_bytes(void *p, size_t len);

#endif
