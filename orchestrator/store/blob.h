/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.h - rows of blobs: made when the vault stored one, deleted lazily.
 *
 * A blob that no artefact uses is marked and deleted a while later, first its
 * row, then the vault's file.  Not while the vault may be linking blobs into
 * place: it could find the file there, answer that it is stored, and have it
 * taken away before our row exists.  So commits are counted from the question
 * until their row is written (blob_commit_begin/end), and deletions wait for
 * there to be none.  The vault serves its messages in order, so a commit that
 * is asked after a deletion makes the file anew.
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store/store.h"

void blob_commit_begin(struct store *store);
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
