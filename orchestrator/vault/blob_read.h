/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_read.h - reading one blob's file: chunks in any order, or all of it.
 *
 * A reader is constant once it is open: several threads may read through it,
 * each with its own kit.  The bytes of the file are not trusted.
 */
#ifndef VAULT_BLOB_READ_H
#define VAULT_BLOB_READ_H

#include "vault/chunk.h"
#include "vault/key.h"

struct blob_reader;

/*
 * Takes fd, a blob's file.  ERR_FORMAT and a sentence when header, footer or
 * trailer are damaged, when org_key is not its key, or when its digest is not
 * sha256 (NULL: any).  Keeps a reference of org_key: once that is destroyed,
 * nothing is read any more.
 */
int must_check blob_reader_new(int fd, struct org_key *org_key,
    const uint8_t *sha256, struct fault *fault,
    struct blob_reader **ret_reader);
/* Opens the blob of that digest; ERR_NOT_FOUND when there is none. */
int must_check blob_reader_open(const struct place *place,
    struct org_key *org_key, const uint8_t sha256[SHA256_BYTES],
    struct fault *fault, struct blob_reader **ret_reader);
/* NULL is fine. */
void blob_reader_free(struct blob_reader *reader);

uint64_t blob_reader_size(const struct blob_reader *reader);
uint64_t blob_reader_chunk_count(const struct blob_reader *reader);
const uint8_t *blob_reader_sha256(const struct blob_reader *reader);

/*
 * Reads one chunk, which is below the count, into dst (BLOB_CHUNK_BYTES).
 * *ret_len is its length.  ERR_FORMAT names the damage.
 */
int must_check blob_reader_chunk(const struct blob_reader *reader,
    struct kit *kit, uint64_t index, uint8_t *dst, struct fault *fault);
size_t blob_reader_chunk_len(const struct blob_reader *reader, uint64_t index);
/*
 * The first len bytes of a blob that has as many, up to BLOB_CHUNK_BYTES; dst
 * as above.  Damage behind the first chunk does not show.
 */
int must_check blob_reader_head(const struct blob_reader *reader,
    struct kit *kit, size_t len, uint8_t *dst, struct fault *fault);
/*
 * Reads everything from the disk and compares the digest.  Ends early with
 * ERR_AGAIN once *is_stopped (NULL: never).
 */
int must_check blob_reader_verify(const struct blob_reader *reader,
    struct kit *kit, const atomic_bool *is_stopped, struct fault *fault);

#endif
