/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - OpenPGP keys: the service's own, and those of organisations.
 *
 * What is stored of a key is what loep-pgp read of it; the store parses none.
 * A key of an organisation counts once another person than who added it has
 * compared its fingerprint with one that came another way.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "lib/openpgp.h"
#include "store/request.h"

struct keys;

struct keys *keys_new(struct store *store);
void keys_free(struct keys *keys);
/* Takes the channel to loep-pgp; NULL = it is gone. */
void keys_set_chan(struct keys *keys, struct chan *chan);
struct pgp_asks *keys_asks(struct keys *keys);
/* Warns of keys that end within 60, 30 and 7 days of now, once each. */
void keys_warn(struct store *store, int64_t now);
/* Once a second: the same from time to time. */
void keys_tick(struct store *store);

/* What was read of a key, for its row. */
struct key_row {
	const char *fpr;
	const char *armor;
	const json_t *detail;
};

/*
 * Adds a key of an organisation (NULL: the service's), or renews the one that
 * is there; *ret_is_new says which.  by NULL: the service itself.
 */
int must_check key_put(struct store *store, const char *org, const char *by,
    const struct key_row *row, char ret_id[UUID_BYTES], bool *ret_is_new);

int key_list(struct request *r);
int key_get(struct request *r);
int key_add(struct request *r);
int key_verify(struct request *r);
int key_retire(struct request *r);
int key_service(struct request *r);

#endif
