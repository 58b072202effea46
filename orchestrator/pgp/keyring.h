/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the service's own keys.
 *
 * Read and unlocked once, before the cage, into memory that is neither swapped
 * nor dumped; a process that does not need the secret half drops it before its
 * first foreign byte.
 */
#ifndef PGP_KEYRING_H
#define PGP_KEYRING_H

#include "lib/json.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>
#include <stdbool.h>

#define KEYRING_BYTES_MAX ((size_t)1 << 20)
/* Of the service; those before the current one are kept to decrypt with. */
#define KEYRING_KEYS_MAX ((size_t)32)

struct keyring {
	uint8_t *secret; /* mapped, locked; NULL = none */
	size_t secret_len;
	size_t secret_size;
	json_t *list; /* {"keys": [...]}: of each what PGP_READ_KEY says */
};

#define KEYRING_WHY_BYTES ((size_t)256)

/*
 * Takes the keys of an armored or binary text, opens them with the passphrase
 * ("" = they have none).  Wipes nothing of the caller's.  ERR_FORMAT and a
 * sentence where one of them cannot be used.
 */
int must_check keyring_load(struct keyring *keyring, const void *p, size_t len,
    const char *passphrase, char why[KEYRING_WHY_BYTES]);
/* Wipes the secret half of this process's copy. */
void keyring_drop_secret(struct keyring *keyring);
void keyring_release(struct keyring *keyring);
/* Puts the keys, with their secret halves or without, into a new rnp_ffi_t,
 * which the caller destroys. */
int must_check keyring_open(
    const struct keyring *keyring, bool with_secret, rnp_ffi_t *ret_ffi);
/*
 * The newest key that can do that ("encrypt", "sign") now: the handle of what
 * does it (a subkey, mostly), and the primary's fingerprint.  ERR_NOT_FOUND.
 */
int must_check keyring_current(const struct keyring *keyring, rnp_ffi_t ffi,
    const char *usage, rnp_key_handle_t *ret_key, char *ret_fpr);

#endif
