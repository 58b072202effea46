/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook_sign.h - secrets of webhooks, and what is signed with them (Standard
 * Webhooks 1.0.0, symmetric: "v1").
 *
 * The store signs, so that the program that meets receivers holds no secret.
 */
#ifndef STORE_HOOK_SIGN_H
#define STORE_HOOK_SIGN_H

#include "lib/err.h"
#include "lib/seal.h"

#include <stddef.h>
#include <stdint.h>

/* 24 to 64 bytes are allowed. */
#define HOOK_SECRET_BYTES SEAL_KEY_BYTES
/* "whsec_", Base64, NUL. */
#define HOOK_SECRET_TEXT (6 + (HOOK_SECRET_BYTES + 2) / 3 * 4 + 1)

struct store;

/* As its receiver configures it. */
void hook_secret_text(
    const uint8_t secret[HOOK_SECRET_BYTES], char ret_text[HOOK_SECRET_TEXT]);
/*
 * A secret as the database holds it, bound to its endpoint.  ERR_UNAVAILABLE:
 * the vault has not been there yet (store/second.h); ERR_FORMAT: not this
 * endpoint's, or of another site's key.
 */
int must_check hook_secret_seal(const struct store *store, const char *hook,
    const uint8_t secret[HOOK_SECRET_BYTES],
    uint8_t ret_box[SEAL_WRAPPED_BYTES]);
int must_check hook_secret_open(const struct store *store, const char *hook,
    const uint8_t *box, size_t len, uint8_t ret_secret[HOOK_SECRET_BYTES]);

struct hook_signed {
	const char *id; /* webhook-id */
	int64_t at_s;	/* webhook-timestamp */
	const char *body;
};

/* "v1,BASE64" over id.timestamp.body; the caller frees. */
char *hook_signature(
    const uint8_t secret[HOOK_SECRET_BYTES], const struct hook_signed *what);

#endif
