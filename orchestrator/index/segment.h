/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - one file of the index: blocks, and what is in them.
 *
 *	page 0		"LOEPIDX1", u32 version, u32 zero, u64 id, u64 pages,
 *			u64 bytes of the directory; zeros
 *	pages		blocks, one behind the other, encrypted line by line
 *	directory	AES-256-GCM: blocks, ranges of unit numbers, and a tag
 *			for each page
 *
 * A segment is written once and never changed.  Its id is drawn at random and
 * is part of every nonce and tweak.  The directory is read when a segment is
 * opened; a page is checked against its tag when it is first touched, so that
 * what was truncated, changed or written by another version is noticed before
 * a bit of it counts.
 */
#ifndef INDEX_SEGMENT_H
#define INDEX_SEGMENT_H

#include "index/block.h"
#include "index/ranges.h"
#include "lib/err.h"
#include "lib/seal.h"

#define SEGMENT_PAGE_BYTES ((size_t)4096)
#define SEGMENT_LINES	   (SEGMENT_PAGE_BYTES / LINE_BYTES)
/* Merging stops at this size, so that no rewriting takes long. */
#define SEGMENT_BYTES_MAX  ((uint64_t)512 << 20)
#define SEGMENT_NAME_BYTES 32
#define SEGMENT_TAG_BYTES  8

/* The keys of an index, and ciphers that hold them. */
struct index_keys {
	struct lines *lines;
	struct seal *seal;
	uint8_t page_key[SEAL_KEY_BYTES];      /* tags of pages */
	uint8_t directory_key[SEAL_KEY_BYTES]; /* directories, manifest */
};

/* Derives all from the key of the file. */
void index_keys_init(
    struct index_keys *keys, const uint8_t secret[SEAL_KEY_BYTES]);
void index_keys_release(struct index_keys *keys);

void segment_name(uint64_t id, char ret_name[SEGMENT_NAME_BYTES]);

/* --- writing --- */

struct segment_writer;

/* Begins a file in a folder (descriptor), which gets its name at the end. */
int must_check segment_writer_new(
    int folder, struct index_keys *keys, struct segment_writer **ret_writer);
/* Also removes what was not finished. */
void segment_writer_free(struct segment_writer *writer);
uint64_t segment_writer_bytes(const struct segment_writer *writer);
/* Writes a block; its bytes are overwritten. */
int must_check segment_writer_put(
    struct segment_writer *writer, const struct block *block, uint8_t *bytes);
/* Makes the file durable under its name; *ret_id is what it is known by. */
int must_check segment_writer_end(
    struct segment_writer *writer, uint64_t *ret_id);

/* --- reading --- */

struct segment {
	uint64_t id;
	uint64_t bytes; /* of the file */
	struct block *blocks;
	size_t blocks_count;
	struct ranges units;
	size_t pages;
	bool is_bad; /* a page was not what it was: nothing here counts */
	struct index_keys *keys;
	int fd;
	const uint8_t *map;
	uint8_t *tags;
	uint64_t *seen; /* one bit a page that is known to be right */
};

/* ERR_FORMAT: it is not what it was; ERR_NOT_FOUND; ERR_SYS. */
int must_check segment_open(int folder, struct index_keys *keys, uint64_t id,
    struct segment **ret_segment);
void segment_free(struct segment *segment);
/*
 * len bytes (1 to LINE_BYTES, in one line) at that place of a block, plain.
 * After a failure, which is also kept in is_bad, dst holds zeros.
 */
int must_check segment_read(struct segment *segment, const struct block *block,
    size_t at, size_t len, void *dst);
/*
 * The same for count places (at most LINES_MAX) at once, one behind the other
 * in dst; that is much quicker than each by itself.
 */
int must_check segment_read_many(struct segment *segment,
    const struct block *block, const size_t *at, size_t count, size_t len,
    void *dst);
/* Has memory fetch what is at that place, without waiting for it. */
static inline void
segment_fetch(
    const struct segment *segment, const struct block *block, size_t at)
{
	__builtin_prefetch(segment->map + block->line * LINE_BYTES + at);
}
/* All of a block, plain; dst has room for block_bytes(). */
int must_check segment_read_block(
    struct segment *segment, const struct block *block, uint8_t *dst);

#endif
