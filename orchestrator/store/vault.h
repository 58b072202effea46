/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h - questions to the vault, and their answers. */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include "lib/chan.h"
#include "lib/digest.h"
#include "store/uuid.h"

struct store;
struct vault;

/* An answer; what is not of its type is zero. */
struct vault_answer {
	enum msg_type type;
	enum err err; /* ERR_OK unless VAULT_DONE says otherwise */
	char why[256];
	int fd; /* take_fd() to keep it */
	uint64_t writer;
	uint64_t size;
	uint64_t stored_size;
	bool is_new;
	bool is_open;
	uint8_t how;
	/* BLOB_LISTED: borrowed for the call; sha256 is where to go on. */
	const uint8_t *listed;
	size_t listed_count;
	bool is_end;
	uint8_t sha256[SHA256_BYTES];
	uint8_t signature[SIGN_BYTES];
	uint8_t public_key[SIGN_PUBLIC_BYTES];
	/* Of a pack, borrowed: see BLOB_PACKED. */
	const uint8_t *faults;
	size_t faults_len;
};

/*
 * Exactly one per question that was taken.  When the vault goes away, err is
 * ERR_UNAVAILABLE.  want = the type of a good answer; anything else has err.
 */
typedef void vault_fn(void *arg, struct vault_answer *answer);

struct vault *vault_new(struct store *store);
void vault_free(struct vault *vault);
/* Takes the channel; NULL = it is gone. */
void vault_set_chan(struct vault *vault, struct chan *chan);
struct chan *vault_chan(const struct vault *vault);
extern const char vault_is_away[];

/*
 * Asks; fn is called from the event loop, never from here.  ERR_UNAVAILABLE:
 * there is no vault now, fn is not called.
 */
int must_check vault_ask(struct vault *vault, enum msg_type type,
    const struct wire_out *body, vault_fn *fn, void *arg);

/* A blob: its organisation and the digest of its plain bytes. */
struct blob_ref {
	char org[UUID_BYTES];
	uint8_t sha256[SHA256_BYTES];
};

/* An unfinished upload. */
struct part_ref {
	const char *org;
	const char *upload;
};

/* The questions. */
/* Makes the organisation's key first, where it is not known to be there. */
int must_check vault_create(
    struct vault *vault, const char *org, vault_fn *fn, void *arg);
int must_check vault_commit(struct vault *vault, uint64_t writer, uint64_t size,
    vault_fn *fn, void *arg);
/* Goes on at offset, or begins (vault_create() says how). */
int must_check vault_part_open(struct vault *vault, const struct part_ref *part,
    uint64_t offset, bool is_atomic, vault_fn *fn, void *arg);
/* bytes UINT64_MAX: whatever arrived.  fn may be NULL. */
int must_check vault_part_save(struct vault *vault, uint64_t writer,
    uint64_t bytes, vault_fn *fn, void *arg);
int must_check vault_part_stat(
    struct vault *vault, const struct part_ref *part, vault_fn *fn, void *arg);
int must_check vault_part_commit(struct vault *vault,
    const struct part_ref *part, uint64_t size, vault_fn *fn, void *arg);
int must_check vault_part_drop(
    struct vault *vault, const struct part_ref *part, vault_fn *fn, void *arg);
void vault_abort(struct vault *vault, uint64_t writer);
int must_check vault_open(struct vault *vault, const struct blob_ref *blob,
    enum blob_open how, vault_fn *fn, void *arg);
/* Many small blobs of one organisation at once: lib/pack.h. */
struct pack_ask {
	const char *org;
	const struct wire_out *digests; /* one behind the other */
	uint32_t head; /* no more than so many bytes of each; 0 = all */
};
int must_check vault_pack(
    struct vault *vault, const struct pack_ask *ask, vault_fn *fn, void *arg);
int must_check vault_verify(
    struct vault *vault, const struct blob_ref *blob, vault_fn *fn, void *arg);
int must_check vault_delete(
    struct vault *vault, const struct blob_ref *blob, vault_fn *fn, void *arg);
/* A page of an organisation's blobs behind blob->sha256, of at least that age
 * in seconds. */
int must_check vault_list(struct vault *vault, const struct blob_ref *blob,
    int64_t age_s, vault_fn *fn, void *arg);
int must_check vault_sign(
    struct vault *vault, const void *p, size_t len, vault_fn *fn, void *arg);
/* Makes an organisation's key; known ones are fine. */
void vault_create_key(struct vault *vault, const char *org);

#endif
