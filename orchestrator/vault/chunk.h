/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk.h - one chunk of a blob: compress and seal it, open and expand it.
 * The only file of the vault that knows zstd.
 */
#ifndef VAULT_CHUNK_H
#define VAULT_CHUNK_H

#include "vault/blob.h"

#include <stdbool.h>

/*
 * What one worker thread keeps for this: cipher and compression contexts, and
 * a buffer for one box.  Not shared between threads.
 */
struct kit {
	struct seal *seal;
	uint8_t *box;  /* nonce and box, what is read or written */
	uint8_t *pack; /* BLOB_CHUNK_BYTES: compressed bytes */
	void *compress;
	int level; /* of the chunk in work */
	void *expand;
};

struct kit *kit_new(void);
void kit_free(struct kit *kit);

/* Which chunk of which blob; all borrowed. */
struct chunk {
	const uint8_t *key;   /* the blob's, SEAL_KEY_BYTES */
	const uint8_t *id;    /* the file's, BLOB_ID_BYTES */
	unsigned int version; /* the file's */
	uint64_t index;
	size_t len;	 /* plain bytes, 1 to BLOB_CHUNK_BYTES */
	bool is_hurried; /* compress lightly: the source is faster than us */
	size_t head;	 /* open: no more than so many bytes; 0 = all */
};

/*
 * Makes the chunk's box in kit->box, behind blob_nonce_bytes() of the version;
 * fills ret_entry but for the offset.  A chunk of zeros needs no box: its
 * length is 0.
 */
void chunk_seal(struct kit *kit, const struct chunk *chunk,
    const uint8_t *plain, struct blob_entry *ret_entry);
/*
 * Opens the box of entry->len bytes in kit->box, where chunk_seal() would have
 * put it, into dst (chunk->len bytes, also where only its head is asked for).
 * ERR_FORMAT when it is damaged or not this chunk.
 */
int must_check chunk_open(struct kit *kit, const struct chunk *chunk,
    const struct blob_entry *entry, uint8_t *dst);

#endif
