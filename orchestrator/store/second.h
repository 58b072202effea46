/* SPDX-License-Identifier: Apache-2.0 */
/*
 * second.h - secrets of second factors at rest: AES-256-GCM, bound to their
 * account, under a key that the database does not hold.
 *
 * The key is the SHA-256 of the vault's signature over one fixed text.  The
 * signature (Ed25519, RFC 8032) is the same each time, and nobody without the
 * site's key can make it; what the vault signs otherwise is JSON.  The store
 * asks for it when the vault comes, and keeps it in memory alone.  So a copy
 * of the database without keys opens no second factor; recovery codes, which
 * are digests, go on without it.
 */
#ifndef STORE_SECOND_H
#define STORE_SECOND_H

#include "lib/seal.h"
#include "lib/totp.h"
#include "store/store.h"

#define SECOND_BOX_BYTES (SEAL_NONCE_BYTES + TOTP_SECRET_BYTES + SEAL_TAG_BYTES)

/* Asks the vault for the key; then seals what still lies open. */
void second_ask(struct store *store);
/* ERR_UNAVAILABLE: the vault has not been there yet. */
int must_check second_seal(struct store *store, const char *account,
    const uint8_t secret[TOTP_SECRET_BYTES], uint8_t ret_box[SECOND_BOX_BYTES]);
/*
 * What a row holds, sealed or (before the first answer of the vault) not;
 * ERR_UNAVAILABLE as above, ERR_FORMAT where it is not this account's or of
 * another site's key.
 */
int must_check second_open(const struct store *store, const char *account,
    const uint8_t *p, size_t len, uint8_t ret_secret[TOTP_SECRET_BYTES]);

#endif
