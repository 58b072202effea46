/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - authenticated encryption: AES-256-GCM (NIST SP 800-38D).
 *
 * A key and a nonce may meet only once.  Callers either number their nonces
 * (chunks of a blob, under a key of that blob alone) or use seal_wrap(), which
 * draws a random one: that is safe for up to 2^32 boxes under one key.
 */
#ifndef LIB_SEAL_H
#define LIB_SEAL_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_BYTES	 32
#define SEAL_NONCE_BYTES 12
#define SEAL_TAG_BYTES	 16
/* A wrapped key: nonce, the key's ciphertext, tag. */
#define SEAL_WRAPPED_BYTES (SEAL_NONCE_BYTES + SEAL_KEY_BYTES + SEAL_TAG_BYTES)

/* A cipher context to be reused by one thread; holds no key between calls
 * that matters to the caller. */
struct seal;

struct seal *seal_new(void);
void seal_free(struct seal *seal);

/* What goes into one box; all borrowed. */
struct seal_in {
	const uint8_t *key;   /* SEAL_KEY_BYTES */
	const uint8_t *nonce; /* SEAL_NONCE_BYTES */
	const void *aad;      /* bound to the box, not in it */
	size_t aad_len;
	const void *p; /* the plain text, or a box that seal_box() made */
	size_t len;    /* at most 1 GiB */
};

/*
 * Writes len + SEAL_TAG_BYTES bytes to dst, which does not overlap in->p.
 * ERR_LIMIT when len is too large; exits when OpenSSL fails.
 */
int must_check seal_box(
    struct seal *seal, const struct seal_in *in, uint8_t *dst);
/*
 * Opens a box of in->len bytes, tag included, into dst (in->len -
 * SEAL_TAG_BYTES bytes).  ERR_FORMAT when the box, its key, its nonce or the
 * additional data are not what they were; dst then holds only zeros.
 */
int must_check seal_unbox(
    struct seal *seal, const struct seal_in *in, uint8_t *dst);

/* Wraps key under kek with a random nonce, bound to aad. */
void seal_wrap(const uint8_t kek[SEAL_KEY_BYTES], const void *aad,
    size_t aad_len, const uint8_t key[SEAL_KEY_BYTES],
    uint8_t ret_wrapped[SEAL_WRAPPED_BYTES]);
/* ERR_FORMAT when it was not wrapped under kek with this aad. */
int must_check seal_unwrap(const uint8_t kek[SEAL_KEY_BYTES], const void *aad,
    size_t aad_len, const uint8_t wrapped[SEAL_WRAPPED_BYTES],
    uint8_t ret_key[SEAL_KEY_BYTES]);

/* Overwrites len bytes in a way that the compiler keeps. */
void seal_forget(void *p, size_t len);

#endif
