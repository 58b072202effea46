/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest.h - one upload: from a pipe to a durable blob.
 *
 * A drain job reads the pipe into slots of one chunk and hashes them in order;
 * each full slot is compressed, sealed and written by a job of its own, so
 * that two processors share the work.  A blob of one chunk or less is done
 * within the first job.  Memory: one chunk, INGEST_SLOTS of them while it is
 * fast and others leave it room, and eight bytes of index for each MiB.
 */
#ifndef VAULT_INGEST_H
#define VAULT_INGEST_H

#include "vault/commit.h"
#include "vault/part.h"

#define INGEST_SLOTS 4
/* Beyond the first of each upload, all uploads together. */
#define INGEST_EXTRA_SLOTS_MAX ((size_t)48)

/* What all uploads share; borrowed. */
struct ingest_env {
	struct loop *loop;
	struct pool *pool;
	const struct place *place;
	struct committer *committer;
};

struct ingest_result {
	struct fault fault; /* err is ERR_OK when it is stored */
	uint8_t sha256[SHA256_BYTES];
	uint64_t size;
	uint64_t disk_bytes;
	bool is_new;
};

/* Called once, in the loop; the upload is gone afterwards. */
typedef void ingest_stored_fn(void *arg, const struct ingest_result *result);

struct ingest;

/*
 * Starts an upload whose file is tmp/ID.  Takes the reference of org_key.
 * *ret_pipe is the end to write into; the caller's.
 */
int must_check ingest_new(const struct ingest_env *env, uint64_t id,
    struct org_key *org_key, struct fault *fault, struct ingest **ret_ingest,
    int *ret_pipe);
/* The part to go on with. */
struct ingest_part {
	struct part *part;
	struct org_key *org_key;
	/* Nothing is saved before ingest_commit(), and only if the pipe brought
	 * what that announces; else all that arrives, and from time to time. */
	bool is_atomic;
};

/* The same for an unfinished upload: the pipe brings what comes next.  Takes
 * the part and the reference of the key. */
int must_check ingest_resume(const struct ingest_env *env, uint64_t id,
    const struct ingest_part *what, struct fault *fault,
    struct ingest **ret_ingest, int *ret_pipe);
/*
 * Stores the blob once the pipe has ended and if it brought size bytes.  The
 * answer comes through fn, never inside this call.  Of a part: saves what the
 * pipe brought; the result's size is that of the part.
 */
void ingest_commit(
    struct ingest *ingest, uint64_t size, ingest_stored_fn *fn, void *arg);
/* Nobody waits any more: a part saves what is here, others are aborted. */
void ingest_leave(struct ingest *ingest);
/* Forgets the upload and what it wrote; no callback comes any more. */
void ingest_abort(struct ingest *ingest);

uint64_t ingest_id(const struct ingest *ingest);

#endif
