/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - the keys of the vault.
 *
 *	keys/site.key	"loep-site-key-1 HEX\n": wraps the others.  A line of
 *			text, so that it can be kept on paper.
 *	keys/sign.key	"LOEPSIG1", the Ed25519 key wrapped by the site key
 *	keys/org-ID.key	"LOEPORG1", an organisation's key wrapped by the site
 *			key, bound to its id
 *
 * Without site.key nothing in the vault can be read: its backup belongs
 * elsewhere than the backup of the blobs.  Removing an organisation's key
 * makes all of its blobs unreadable for good (as far as no copy of the key's
 * file remains in a backup).
 *
 * All functions may be called from any thread.
 */
#ifndef VAULT_KEY_H
#define VAULT_KEY_H

#include "vault/place.h"

#include <stdatomic.h>

struct keys;

/* One organisation's key, counted. */
struct org_key {
	char org[BLOB_ORG_BYTES];
	uint8_t key[SEAL_KEY_BYTES];
	atomic_uint refs;
	atomic_bool is_destroyed;
};

/* Makes site.key and sign.key in a folder that place_make() made. */
int must_check keys_make(const struct place *place, struct fault *fault);
/* Loads both; place is borrowed. */
int must_check keys_open(
    const struct place *place, struct fault *fault, struct keys **ret_keys);
void keys_free(struct keys *keys);

/* A reference to the key of an organisation; ERR_NOT_FOUND without one. */
int must_check keys_get(struct keys *keys, const char *org, struct fault *fault,
    struct org_key **ret_key);
struct org_key *org_key_ref(struct org_key *key);
/* NULL is fine. */
void org_key_unref(struct org_key *key);

/* Makes the key; one that is there already stays as it is. */
int must_check keys_create(
    struct keys *keys, const char *org, struct fault *fault);
/* Destroys the key for good; fine where there is none. */
int must_check keys_destroy(
    struct keys *keys, const char *org, struct fault *fault);

int must_check keys_sign(const struct keys *keys, const void *p, size_t len,
    uint8_t ret_signature[SIGN_BYTES]);
const uint8_t *keys_public(const struct keys *keys);

#endif
