/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.h - rows of blobs: made when the vault stored one, deleted lazily.
 *
 * A blob that no artefact uses is marked and deleted a while later, first its
 * row, then the vault's file.  The vault works on several things at a time, so
 * commits and deletions must not overlap: a commit could find the file there,
 * answer that it is stored, and have it taken away before our row exists.
 * Deletions wait until every commit's row is written, commits until every
 * deletion is done.
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store/store.h"

/* How long an unused blob stays. */
#define BLOB_UNUSED_US ((int64_t)60 * 1000000)

/* What is to be committed: the vault's writer, or an upload that outlives its
 * writers, and its bytes. */
struct blob_writer {
	uint64_t id;
	uint64_t size;
	char org[UUID_BYTES];
	char upload[UUID_BYTES]; /* "" = the writer */
};

/*
 * Asks the vault to commit a writer, now or when deletions are done; then
 * fn(arg) gets the answer, and must call blob_commit_end() once it has written
 * its row.  ERR_UNAVAILABLE: there is no vault now, fn is not called.
 */
int must_check blob_commit(
    struct store *store, const struct blob_writer *w, vault_fn *fn, void *arg);
void blob_commit_end(struct store *store);
/*
 * Records what the vault stored, inside a unit.  is_used false: nothing
 * refers to it yet, and it is deleted after a while unless something does.
 */
int must_check blob_add(struct store *store, const char *org,
    const struct vault_answer *stored, bool is_used);
/* Deletes some of those that were unused for long; from the tick. */
void blob_delete_unused(struct store *store);

#endif
