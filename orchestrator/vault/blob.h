/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.h - the format of a stored blob, versions 1 and 2.
 *
 * A blob is an immutable byte string of one organisation, known by the
 * SHA-256 of its plain bytes.  Its file is
 *
 *	header	92 bytes
 *		8	"LOEPBLOB"
 *		u16	version, 1 or 2
 *		u16	0
 *		u32	plain bytes of a chunk, 1 MiB
 *		16	a random id of this file
 *		60	the blob's random key, wrapped (lib/seal.h) under the
 *			organisation's key; bound to the version, the
 *			organisation's id and the file's id
 *	chunks	one box each, in any order, without gaps: ciphertext, tag 16
 *		AES-256-GCM under the blob's key; the nonce is four zero bytes
 *		and the chunk's number as u64; bound to the version, the file's
 *		id, the chunk's number, its kind and its plain length
 *	footer	one box: nonce 0xffffffff and eight zero bytes, bound to the
 *		header.  Within:
 *		u64	plain size
 *		32	SHA-256 of the plain bytes
 *		u64	number of chunks: size / 1 MiB, rounded up
 *		u64	per chunk: offset << 23 | box length << 2 | kind
 *	trailer	12 bytes
 *		u32	length of the footer's box
 *		8	"LOEPEND1"
 *
 * Version 2 is that of files that were written in several goes (part.h): what
 * a crash made void is sealed again, so that numbered nonces would repeat.  In
 * front of each box, the footer's too, stand the 12 random bytes of its nonce.
 *
 * All numbers are little-endian.  The kinds: a chunk of zeros has no box (and
 * offset and length 0); a plain chunk is sealed as it is; a zstd chunk is one
 * zstd frame (RFC 8878), sealed.  The last chunk may be shorter.
 *
 * So a range is read by opening the chunks that it touches and nothing else,
 * and each kind of damage shows: bits turned in any part, a file cut or
 * extended, chunks swapped within a file or between files, a file in another
 * one's place (the digest in the footer is compared with the name), or in
 * another organisation (its key does not open it).  Nothing in this file
 * trusts a byte before the box around it has opened.
 */
#ifndef VAULT_BLOB_H
#define VAULT_BLOB_H

#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/seal.h"

#include <stddef.h>
#include <stdint.h>

#define BLOB_VERSION	    1
#define BLOB_VERSION_RANDOM 2 /* random nonces */
#define BLOB_CHUNK_BYTES    MIB
#define BLOB_BOX_BYTES_MAX  (BLOB_CHUNK_BYTES + SEAL_TAG_BYTES)
#define BLOB_ID_BYTES	    16
#define BLOB_HEADER_BYTES   ((size_t)92)
#define BLOB_TRAILER_BYTES  ((size_t)12)
#define BLOB_FOOTER_BYTES   ((size_t)48) /* without the chunks */
/* 1 TiB of plain bytes; its index is 8 MiB. */
#define BLOB_CHUNKS_MAX ((uint64_t)1 << 20)
#define BLOB_BYTES_MAX	(BLOB_CHUNKS_MAX * BLOB_CHUNK_BYTES)
/* The text of a UUID. */
#define BLOB_ORG_BYTES 37

enum blob_kind {
	BLOB_ZERO = 0,
	BLOB_PLAIN,
	BLOB_ZSTD
};

struct blob_header {
	unsigned int version;
	uint8_t id[BLOB_ID_BYTES];
	uint8_t wrapped_key[SEAL_WRAPPED_BYTES];
};

/* Where a chunk's box lies; packed into 64 bits in the index. */
struct blob_entry {
	uint64_t offset;
	uint32_t len;
	enum blob_kind kind;
};

struct blob_footer {
	uint64_t size;
	uint8_t sha256[SHA256_BYTES];
	uint64_t chunk_count;
	uint64_t *index; /* packed entries; owned */
};

uint64_t blob_entry_pack(const struct blob_entry *entry);
/* ERR_FORMAT when it cannot be, for a chunk of plain_len bytes. */
int must_check blob_entry_unpack(
    uint64_t packed, size_t plain_len, struct blob_entry *ret_entry);

/* What stands in front of each box of a file of that version. */
size_t blob_nonce_bytes(unsigned int version);
/* The number of chunks of a blob of that size. */
uint64_t blob_chunk_count(uint64_t size);
/* The plain length of one of its chunks; index is below the count. */
size_t blob_chunk_len(uint64_t size, uint64_t index);

void blob_header_put(
    uint8_t dst[BLOB_HEADER_BYTES], const struct blob_header *header);
int must_check blob_header_get(
    const uint8_t src[BLOB_HEADER_BYTES], struct blob_header *ret_header);

/* The bytes of a footer before they are sealed; the caller frees. */
uint8_t *blob_footer_put(const struct blob_footer *footer, size_t *ret_len);
/*
 * Takes an opened footer of a file of that version apart and checks all of it
 * against footer_at, where it starts in the file.  The caller frees
 * ret_footer->index.
 */
int must_check blob_footer_get(const uint8_t *p, size_t len, uint64_t footer_at,
    unsigned int version, struct blob_footer *ret_footer);

void blob_trailer_put(uint8_t dst[BLOB_TRAILER_BYTES], size_t footer_box_len);
/* Where the footer's box, and the nonce before it, are in a file. */
int must_check blob_trailer_get(const uint8_t src[BLOB_TRAILER_BYTES],
    uint64_t file_size, uint64_t *ret_footer_at, size_t *ret_footer_box_len);

/* Nonces, and what boxes are bound to. */
void blob_chunk_nonce(uint64_t index, uint8_t dst[SEAL_NONCE_BYTES]);
void blob_footer_nonce(uint8_t dst[SEAL_NONCE_BYTES]);
#define BLOB_CHUNK_AAD_BYTES ((size_t)31)
void blob_chunk_aad(uint8_t dst[BLOB_CHUNK_AAD_BYTES],
    const uint8_t id[BLOB_ID_BYTES], uint64_t index,
    const struct blob_entry *entry, size_t plain_len);
#define BLOB_KEY_AAD_BYTES ((size_t)(2 + BLOB_ORG_BYTES + BLOB_ID_BYTES))
void blob_key_aad(uint8_t dst[BLOB_KEY_AAD_BYTES], unsigned int version,
    const char org[BLOB_ORG_BYTES], const uint8_t id[BLOB_ID_BYTES]);

#endif
