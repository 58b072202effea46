/* SPDX-License-Identifier: Apache-2.0 */
/* chunk.c - compression by zstd, sealing by lib/seal.h. */
#include "vault/chunk.h"

#include "lib/xalloc.h"

#include <zstd.h>

/* 400 MB/s a core; and 600 MB/s for a quarter more bytes, so that intake of a
 * fast source stays faster than its hashing by others. */
#define LEVEL	      1
#define LEVEL_HURRIED (-5)
/* Below this many bytes a frame's own header eats what it saves. */
#define COMPRESS_BYTES_MIN ((size_t)64)
/* The probe looks at this many pieces of this size. */
#define PROBE_PIECES ((size_t)4)
#define PROBE_BYTES  ((size_t)4096)

struct kit *
kit_new(void)
{
	struct kit *kit = xcalloc(1, sizeof(*kit));

	kit->seal = seal_new();
	kit->box = xmalloc(SEAL_NONCE_BYTES + BLOB_BOX_BYTES_MAX);
	kit->pack = xmalloc(BLOB_CHUNK_BYTES);
	kit->compress = ZSTD_createCCtx();
	kit->expand = ZSTD_createDCtx();
	if (kit->compress == NULL || kit->expand == NULL)
		abort(); /* out of memory at start */
	return kit;
}

void
kit_free(struct kit *kit)
{
	if (kit == NULL)
		return;
	seal_free(kit->seal);
	free(kit->box);
	free(kit->pack);
	(void)ZSTD_freeCCtx(kit->compress);
	(void)ZSTD_freeDCtx(kit->expand);
	free(kit);
}

/* Compares the bytes with themselves, one word on. */
static bool
is_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len && i < 16; i++) {
		if (p[i] != 0)
			return false;
	}
	return len <= 16 || memcmp(p, p + 16, len - 16) == 0;
}

/* The compressed length in kit->pack, or 0 where it does not fit in max. */
static size_t
compress(struct kit *kit, const uint8_t *p, size_t len, size_t max)
{
	size_t n = ZSTD_compressCCtx(
	    kit->compress, kit->pack, max, p, len, kit->level);

	return ZSTD_isError(n) ? 0 : n;
}

/*
 * Is it worth trying?  Images, archives and encrypted files are told from
 * 16 KiB of them, at a twentieth of the price of finding out the hard way.
 */
static bool
looks_compressible(struct kit *kit, const uint8_t *p, size_t len)
{
	size_t step = (len - PROBE_BYTES) / (PROBE_PIECES - 1);
	size_t max = PROBE_BYTES - PROBE_BYTES / 16;

	for (size_t i = 0; i < PROBE_PIECES; i++) {
		if (compress(kit, p + i * step, PROBE_BYTES, max) > 0)
			return true;
	}
	return false;
}

/* Compresses into kit->pack where that saves a sixteenth; else returns 0. */
static size_t
try_compress(struct kit *kit, const uint8_t *p, size_t len)
{
	if (len < COMPRESS_BYTES_MIN)
		return 0;
	if (len > 4 * PROBE_PIECES * PROBE_BYTES &&
	    !looks_compressible(kit, p, len))
		return 0;
	return compress(kit, p, len, len - len / 16);
}

static void
find_nonce(const struct kit *kit, const struct chunk *chunk,
    uint8_t nonce[SEAL_NONCE_BYTES])
{
	if (chunk->version == BLOB_VERSION_RANDOM)
		memcpy(nonce, kit->box, SEAL_NONCE_BYTES);
	else
		blob_chunk_nonce(chunk->index, nonce);
}

static void
fill_seal(struct seal_in *in, const struct chunk *chunk,
    const uint8_t nonce[SEAL_NONCE_BYTES], uint8_t aad[BLOB_CHUNK_AAD_BYTES],
    const struct blob_entry *entry)
{
	blob_chunk_aad(aad, chunk->id, chunk->index, entry, chunk->len);
	in->key = chunk->key;
	in->nonce = nonce;
	in->aad = aad;
	in->aad_len = BLOB_CHUNK_AAD_BYTES;
}

void
chunk_seal(struct kit *kit, const struct chunk *chunk, const uint8_t *plain,
    struct blob_entry *ret_entry)
{
	struct blob_entry entry = {.kind = BLOB_PLAIN};
	uint8_t aad[BLOB_CHUNK_AAD_BYTES];
	uint8_t nonce[SEAL_NONCE_BYTES];
	struct seal_in in = {.p = plain, .len = chunk->len};
	size_t packed_len;

	if (is_zero(plain, chunk->len)) {
		*ret_entry = (struct blob_entry){.kind = BLOB_ZERO};
		return;
	}
	kit->level = chunk->is_hurried ? LEVEL_HURRIED : LEVEL;
	packed_len = try_compress(kit, plain, chunk->len);
	if (packed_len > 0) {
		entry.kind = BLOB_ZSTD;
		in.p = kit->pack;
		in.len = packed_len;
	}
	random_bytes(kit->box, blob_nonce_bytes(chunk->version));
	find_nonce(kit, chunk, nonce);
	fill_seal(&in, chunk, nonce, aad, &entry);
	if (seal_box(kit->seal, &in,
		kit->box + blob_nonce_bytes(chunk->version)) != ERR_OK)
		abort(); /* a chunk is never too large */
	entry.len = (uint32_t)(in.len + SEAL_TAG_BYTES);
	*ret_entry = entry;
}

/* The first bytes of a frame; what lies behind them is not looked at. */
static int
expand_head(
    struct kit *kit, const struct chunk *chunk, size_t packed_len, uint8_t *dst)
{
	ZSTD_inBuffer in = {.src = kit->pack, .size = packed_len};
	ZSTD_outBuffer out = {.dst = dst, .size = chunk->head};

	if (ZSTD_isError(ZSTD_DCtx_reset(kit->expand, ZSTD_reset_session_only)))
		return ERR_FORMAT;
	while (out.pos < out.size) {
		size_t before = out.pos + in.pos;
		size_t n = ZSTD_decompressStream(kit->expand, &out, &in);

		if (ZSTD_isError(n) || out.pos + in.pos == before)
			return ERR_FORMAT;
	}
	return ERR_OK;
}

int
chunk_open(struct kit *kit, const struct chunk *chunk,
    const struct blob_entry *entry, uint8_t *dst)
{
	uint8_t aad[BLOB_CHUNK_AAD_BYTES];
	uint8_t nonce[SEAL_NONCE_BYTES];
	struct seal_in in = {
	    .p = kit->box + blob_nonce_bytes(chunk->version),
	    .len = entry->len,
	};
	size_t n;

	if (entry->kind == BLOB_ZERO) {
		memset(dst, 0, chunk->len);
		return ERR_OK;
	}
	find_nonce(kit, chunk, nonce);
	fill_seal(&in, chunk, nonce, aad, entry);
	if (entry->kind == BLOB_PLAIN) {
		if (entry->len != chunk->len + SEAL_TAG_BYTES)
			return ERR_FORMAT;
		return seal_unbox(kit->seal, &in, dst);
	}
	if (entry->len > BLOB_BOX_BYTES_MAX ||
	    seal_unbox(kit->seal, &in, kit->pack) != ERR_OK)
		return ERR_FORMAT;
	if (chunk->head != 0 && chunk->head < chunk->len)
		return expand_head(
		    kit, chunk, entry->len - SEAL_TAG_BYTES, dst);
	n = ZSTD_decompressDCtx(kit->expand, dst, chunk->len, kit->pack,
	    entry->len - SEAL_TAG_BYTES);
	if (ZSTD_isError(n) || n != chunk->len)
		return ERR_FORMAT;
	return ERR_OK;
}
