/* SPDX-License-Identifier: Apache-2.0 */
/* blob.c - encoding and checked decoding of a blob's parts. */
#include "vault/blob.h"

#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#define LEN_BITS   21
#define KIND_BITS  2
#define OFFSET_MAX (((uint64_t)1 << (64 - LEN_BITS - KIND_BITS)) - 1)

static const char magic_start[8] = "LOEPBLOB";
static const char magic_end[8] = "LOEPEND1";

static void
put_le(uint8_t *at, uint64_t v, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

uint64_t
blob_entry_pack(const struct blob_entry *entry)
{
	return entry->offset << (LEN_BITS + KIND_BITS) |
	       (uint64_t)entry->len << KIND_BITS | (uint64_t)entry->kind;
}

int
blob_entry_unpack(
    uint64_t packed, size_t plain_len, struct blob_entry *ret_entry)
{
	uint32_t kind = packed & ((1U << KIND_BITS) - 1);
	uint32_t len =
	    (uint32_t)(packed >> KIND_BITS) & (((uint32_t)1 << LEN_BITS) - 1);
	uint64_t offset = packed >> (LEN_BITS + KIND_BITS);

	switch (kind) {
	case BLOB_ZERO:
		if (len != 0 || offset != 0)
			return ERR_FORMAT;
		break;
	case BLOB_PLAIN:
		if (len != plain_len + SEAL_TAG_BYTES)
			return ERR_FORMAT;
		break;
	case BLOB_ZSTD:
		if (len <= SEAL_TAG_BYTES || len >= plain_len + SEAL_TAG_BYTES)
			return ERR_FORMAT;
		break;
	default:
		return ERR_FORMAT;
	}
	ret_entry->offset = offset;
	ret_entry->len = len;
	ret_entry->kind = (enum blob_kind)kind;
	return ERR_OK;
}

size_t
blob_nonce_bytes(unsigned int version)
{
	return version == BLOB_VERSION_RANDOM ? SEAL_NONCE_BYTES : 0;
}

uint64_t
blob_chunk_count(uint64_t size)
{
	return size / BLOB_CHUNK_BYTES + (size % BLOB_CHUNK_BYTES != 0);
}

size_t
blob_chunk_len(uint64_t size, uint64_t index)
{
	uint64_t left = size - index * BLOB_CHUNK_BYTES;

	return left < BLOB_CHUNK_BYTES ? (size_t)left : BLOB_CHUNK_BYTES;
}

void
blob_header_put(
    uint8_t dst[BLOB_HEADER_BYTES], const struct blob_header *header)
{
	memcpy(dst, magic_start, sizeof(magic_start));
	put_le(dst + 8, header->version, 2);
	put_le(dst + 10, 0, 2);
	put_le(dst + 12, BLOB_CHUNK_BYTES, 4);
	memcpy(dst + 16, header->id, sizeof(header->id));
	memcpy(dst + 32, header->wrapped_key, sizeof(header->wrapped_key));
}

int
blob_header_get(
    const uint8_t src[BLOB_HEADER_BYTES], struct blob_header *ret_header)
{
	struct wire_in in;

	wire_in_init(&in, src, BLOB_HEADER_BYTES);
	if (memcmp(wire_get_raw(&in, sizeof(magic_start)), magic_start,
		sizeof(magic_start)) != 0)
		return ERR_FORMAT;
	ret_header->version = wire_get_u16(&in);
	if ((ret_header->version != BLOB_VERSION &&
		ret_header->version != BLOB_VERSION_RANDOM) ||
	    wire_get_u16(&in) != 0 || wire_get_u32(&in) != BLOB_CHUNK_BYTES)
		return ERR_FORMAT;
	memcpy(ret_header->id, src + 16, sizeof(ret_header->id));
	memcpy(
	    ret_header->wrapped_key, src + 32, sizeof(ret_header->wrapped_key));
	return ERR_OK;
}

uint8_t *
blob_footer_put(const struct blob_footer *footer, size_t *ret_len)
{
	size_t len = BLOB_FOOTER_BYTES + (size_t)footer->chunk_count * 8;
	uint8_t *p = xmalloc(len);

	put_le(p, footer->size, 8);
	memcpy(p + 8, footer->sha256, SHA256_BYTES);
	put_le(p + 40, footer->chunk_count, 8);
	for (uint64_t i = 0; i < footer->chunk_count; i++)
		put_le(p + BLOB_FOOTER_BYTES + i * 8, footer->index[i], 8);
	*ret_len = len;
	return p;
}

int
blob_footer_get(const uint8_t *p, size_t len, uint64_t footer_at,
    unsigned int version, struct blob_footer *ret_footer)
{
	const size_t nonce_bytes = blob_nonce_bytes(version);
	struct blob_footer footer = {0};
	auto_free uint64_t *index = NULL;
	uint64_t used = BLOB_HEADER_BYTES;
	struct wire_in in;

	if (len < BLOB_FOOTER_BYTES)
		return ERR_FORMAT;
	wire_in_init(&in, p, len);
	footer.size = wire_get_u64(&in);
	memcpy(footer.sha256, wire_get_raw(&in, SHA256_BYTES), SHA256_BYTES);
	footer.chunk_count = wire_get_u64(&in);
	if (footer.size > BLOB_BYTES_MAX ||
	    footer.chunk_count != blob_chunk_count(footer.size) ||
	    (len - BLOB_FOOTER_BYTES) / 8 != footer.chunk_count ||
	    (len - BLOB_FOOTER_BYTES) % 8 != 0)
		return ERR_FORMAT;
	index = xcalloc((size_t)footer.chunk_count, sizeof(*index));
	for (uint64_t i = 0; i < footer.chunk_count; i++) {
		struct blob_entry entry;

		index[i] = wire_get_u64(&in);
		if (blob_entry_unpack(index[i], blob_chunk_len(footer.size, i),
			&entry) != ERR_OK)
			return ERR_FORMAT;
		if (entry.kind == BLOB_ZERO)
			continue;
		if (entry.offset < BLOB_HEADER_BYTES + nonce_bytes ||
		    entry.offset > footer_at ||
		    entry.len > footer_at - entry.offset)
			return ERR_FORMAT;
		used += nonce_bytes + entry.len;
	}
	/* Boxes without gaps: no byte of the file is without a meaning. */
	if (used != footer_at)
		return ERR_FORMAT;
	footer.index = take_ptr(index);
	*ret_footer = footer;
	return ERR_OK;
}

void
blob_trailer_put(uint8_t dst[BLOB_TRAILER_BYTES], size_t footer_box_len)
{
	put_le(dst, footer_box_len, 4);
	memcpy(dst + 4, magic_end, sizeof(magic_end));
}

int
blob_trailer_get(const uint8_t src[BLOB_TRAILER_BYTES], uint64_t file_size,
    uint64_t *ret_footer_at, size_t *ret_footer_box_len)
{
	struct wire_in in;
	uint64_t box_len;

	if (file_size < BLOB_HEADER_BYTES + BLOB_TRAILER_BYTES ||
	    file_size > OFFSET_MAX)
		return ERR_FORMAT;
	wire_in_init(&in, src, BLOB_TRAILER_BYTES);
	box_len = wire_get_u32(&in);
	if (memcmp(wire_get_raw(&in, sizeof(magic_end)), magic_end,
		sizeof(magic_end)) != 0)
		return ERR_FORMAT;
	if (box_len < BLOB_FOOTER_BYTES + SEAL_TAG_BYTES ||
	    box_len > BLOB_FOOTER_BYTES + SEAL_NONCE_BYTES + SEAL_TAG_BYTES +
			  BLOB_CHUNKS_MAX * 8 ||
	    box_len > file_size - BLOB_HEADER_BYTES - BLOB_TRAILER_BYTES)
		return ERR_FORMAT;
	*ret_footer_at = file_size - BLOB_TRAILER_BYTES - box_len;
	*ret_footer_box_len = (size_t)box_len;
	return ERR_OK;
}

void
blob_chunk_nonce(uint64_t index, uint8_t dst[SEAL_NONCE_BYTES])
{
	memset(dst, 0, 4);
	put_le(dst + 4, index, 8);
}

void
blob_footer_nonce(uint8_t dst[SEAL_NONCE_BYTES])
{
	/* No chunk has it: theirs start with zeros. */
	memset(dst, 0xff, 4);
	memset(dst + 4, 0, 8);
}

void
blob_chunk_aad(uint8_t dst[BLOB_CHUNK_AAD_BYTES],
    const uint8_t id[BLOB_ID_BYTES], uint64_t index,
    const struct blob_entry *entry, size_t plain_len)
{
	put_le(dst, BLOB_VERSION, 2);
	memcpy(dst + 2, id, BLOB_ID_BYTES);
	put_le(dst + 18, index, 8);
	dst[26] = (uint8_t)entry->kind;
	put_le(dst + 27, plain_len, 4);
}

void
blob_key_aad(uint8_t dst[BLOB_KEY_AAD_BYTES], unsigned int version,
    const char org[BLOB_ORG_BYTES], const uint8_t id[BLOB_ID_BYTES])
{
	put_le(dst, version, 2);
	memcpy(dst + 2, org, BLOB_ORG_BYTES);
	memcpy(dst + 2 + BLOB_ORG_BYTES, id, BLOB_ID_BYTES);
}
