/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_write.h - writing one blob's file in tmp/.
 *
 * Pieces may be put by several threads at once and in any order; they are
 * noted by one.  What was written so far is pushed to the disk in windows, so
 * that the sync at the end is short and memory does not fill with dirty pages.
 */
#ifndef VAULT_BLOB_WRITE_H
#define VAULT_BLOB_WRITE_H

#include "vault/chunk.h"
#include "vault/key.h"

struct blob_writer;

/* One chunk on its way. */
struct blob_piece {
	uint64_t index;
	const uint8_t *plain;
	size_t len;
	bool is_hurried; /* see struct chunk */
	uint64_t packed; /* out: its entry for the index */
};

/*
 * Makes the file tmp/ID with its header, under a fresh key that is wrapped by
 * org_key.  place is borrowed.
 */
int must_check blob_writer_new(const struct place *place, uint64_t id,
    const struct org_key *org_key, struct fault *fault,
    struct blob_writer **ret_writer);
/*
 * Makes the file of that name, which replaces one that is there, for writing
 * in several goes: a file of BLOB_VERSION_RANDOM.
 */
int must_check blob_writer_start(const struct place *place, const char *name,
    const struct org_key *org_key, struct fault *fault,
    struct blob_writer **ret_writer);
/* How far a file was written, as its journal remembers it. */
struct blob_mark {
	uint64_t end; /* of the last box */
	uint64_t chunk_count;
	const uint64_t *index;
};
/*
 * Opens the file of that name, to go on with it after blob_writer_rewind().
 * ERR_FORMAT where it is not one that blob_writer_start() made.
 */
int must_check blob_writer_resume(const struct place *place, const char *name,
    const struct org_key *org_key, struct fault *fault,
    struct blob_writer **ret_writer);
/* Cuts off what lies behind the mark.  ERR_FORMAT where the file ends before. */
int must_check blob_writer_rewind(struct blob_writer *writer,
    const struct blob_mark *mark, struct fault *fault);
/* Where the file stands now; while no piece is on its way. */
void blob_writer_mark(
    const struct blob_writer *writer, struct blob_mark *ret_mark);
/* Closes the file; its name stays.  NULL is fine. */
void blob_writer_free(struct blob_writer *writer);

/* Seals and writes one chunk. */
int must_check blob_writer_put(struct blob_writer *writer, struct kit *kit,
    struct blob_piece *piece, struct fault *fault);
/* Takes the piece into the index; ERR_LIMIT beyond BLOB_BYTES_MAX. */
int must_check blob_writer_note(struct blob_writer *writer,
    const struct blob_piece *piece, struct fault *fault);
/* Writes footer and trailer once every piece was noted.  Does not sync. */
int must_check blob_writer_end(struct blob_writer *writer, uint64_t size,
    const uint8_t sha256[SHA256_BYTES], struct fault *fault);

/* The file's descriptor, borrowed, and its length so far. */
int blob_writer_fd(const struct blob_writer *writer);
uint64_t blob_writer_file_size(const struct blob_writer *writer);

#endif
