/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.h - an unfinished upload on the disk: a file of chunks and a journal.
 *
 *	tmp/part-ID	the file, which becomes the blob's (blob.h, version 2)
 *	tmp/part-ID.log	its journal (journal.h)
 *
 * ID is the upload's.  Both outlive every process; nothing in memory matters
 * once a part is closed.  A part is open once at a time: that is what makes
 * one writer of two.  When the upload is whole its file is linked to its
 * blob's name, and both files stay until part_drop(), so that a crash on the
 * way to the store's records loses nothing: the same is done again.
 *
 * All functions may be called from any thread.
 */
#ifndef VAULT_PART_H
#define VAULT_PART_H

#include "vault/journal.h"

struct part;

/*
 * Opens an upload of the organisation, which is held until part_free().
 * is_new: makes it where there is none (ERR_NOT_FOUND otherwise).
 * ERR_CONFLICT while it is open elsewhere; ERR_FORMAT where what is left of it
 * is damaged.  place and org_key are borrowed.
 */
int must_check part_open(const struct place *place, const char *id,
    const struct org_key *org_key, bool is_new, struct fault *fault,
    struct part **ret_part);
/* Closes it; what was not saved is void.  NULL is fine. */
void part_free(struct part *part);
/*
 * The bytes that are durable, also while it is open elsewhere: then
 * *ret_is_open.
 */
int must_check part_stat(const struct place *place, const char *id,
    const struct org_key *org_key, uint64_t *ret_size, bool *ret_is_open,
    struct fault *fault);

const char *part_id(const struct part *part);
/* The file; borrowed. */
struct blob_writer *part_writer(const struct part *part);
/* How far it is; borrowed until the next part_save(). */
const struct progress *part_progress(const struct part *part);
/* Makes the file's chunks durable, and the rest, and notes that. */
int must_check part_save(struct part *part,
    const uint8_t sha256[SHA256_STATE_BYTES], const uint8_t *rest,
    size_t rest_len, struct fault *fault);
/*
 * Writes what the file lacks to be a blob, once.  ERR_CONFLICT where the
 * upload has not that many bytes.
 */
int must_check part_finish(struct part *part, struct kit *kit, uint64_t size,
    struct whole *ret_whole, struct fault *fault);
/* Removes what is left of an upload; fine where that is nothing. */
int must_check part_drop(
    const struct place *place, const char *id, struct fault *fault);

#endif
