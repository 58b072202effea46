/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_blob - any bytes as a stored file, and as what is inside its seals.
 *
 * The first byte chooses what the rest is: a whole file; a footer and the
 * chunks below it, sealed well (as by a thief of keys, or a bug of ours); the
 * inside of one compressed chunk; a range request. fuzz-links: vault
 */
#include "vault/blob_read.h"

#include "lib/own.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_BYTES_MAX (256 * KIB)

static struct org_key org_key = {
    .org = "0f8fad5b-d9cb-469f-a165-70867728950e",
    .refs = 1,
};
static const uint8_t blob_key[SEAL_KEY_BYTES] = {1, 2, 3};
static const uint8_t blob_id[BLOB_ID_BYTES] = {4, 5, 6};
static uint8_t header[BLOB_HEADER_BYTES];
static struct kit *kit;
static uint8_t *plain;

static void
require(bool is_true, const char *what)
{
	if (!is_true) {
		(void)fprintf(stderr, "fuzz_blob: %s\n", what);
		abort();
	}
}

static void
prepare(void)
{
	struct blob_header fields;
	uint8_t aad[BLOB_KEY_AAD_BYTES];

	kit = kit_new();
	plain = xmalloc(BLOB_CHUNK_BYTES);
	fields.version = BLOB_VERSION;
	memcpy(fields.id, blob_id, sizeof(blob_id));
	blob_key_aad(aad, BLOB_VERSION, org_key.org, blob_id);
	seal_wrap(org_key.key, aad, sizeof(aad), blob_key, fields.wrapped_key);
	blob_header_put(header, &fields);
}

/* Reads what the vault would read of that file. */
static void
read_file(int fd)
{
	struct blob_reader *r = NULL;
	struct fault fault = {0};
	uint64_t count;
	int err = blob_reader_new(fd, &org_key, NULL, &fault, &r);

	if (err != ERR_OK) {
		require(fault.err == err && fault.why[0] != '\0',
		    "a refusal without a reason");
		return;
	}
	count = blob_reader_chunk_count(r);
	require(count == blob_chunk_count(blob_reader_size(r)),
	    "a count that is not the size's");
	for (uint64_t i = 0; i < count && i < 8; i++) {
		require(blob_reader_chunk_len(r, i) <= BLOB_CHUNK_BYTES,
		    "a chunk that is too long");
		if (blob_reader_chunk(r, kit, i, plain, &fault) != ERR_OK)
			require(fault.why[0] != '\0', "damage without a word");
	}
	blob_reader_free(r);
}

static void
put(int fd, const void *p, size_t len)
{
	require(write(fd, p, len) == (ssize_t)len, "no memory for a file");
}

static void
whole_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	put(fd, data, size);
	read_file(fd);
}

/* Two bytes: the footer's length; the footer; then the chunks. */
static void
forged_file(const uint8_t *data, size_t size)
{
	uint8_t nonce[SEAL_NONCE_BYTES], trailer[BLOB_TRAILER_BYTES];
	auto_free uint8_t *box = NULL;
	struct seal_in in = {.key = blob_key,
	    .nonce = nonce,
	    .aad = header,
	    .aad_len = sizeof(header)};
	int fd;

	if (size < 2)
		return;
	in.len = (size_t)data[0] << 8 | data[1];
	in.p = data + 2;
	if (in.len > size - 2)
		in.len = size - 2;
	box = xmalloc(in.len + SEAL_TAG_BYTES);
	blob_footer_nonce(nonce);
	require(seal_box(kit->seal, &in, box) == ERR_OK, "no box");
	blob_trailer_put(trailer, in.len + SEAL_TAG_BYTES);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	put(fd, header, sizeof(header));
	put(fd, data + 2 + in.len, size - 2 - in.len);
	put(fd, box, in.len + SEAL_TAG_BYTES);
	put(fd, trailer, sizeof(trailer));
	read_file(fd);
}

/* Three bytes: the plain length that the index claims; then a zstd frame. */
static void
forged_chunk(const uint8_t *data, size_t size)
{
	uint8_t nonce[SEAL_NONCE_BYTES], aad[BLOB_CHUNK_AAD_BYTES];
	struct chunk chunk = {.key = blob_key,
	    .id = blob_id,
	    .version = BLOB_VERSION,
	    .index = 7};
	struct blob_entry entry = {.kind = BLOB_ZSTD};
	struct seal_in in = {.key = blob_key,
	    .nonce = nonce,
	    .aad = aad,
	    .aad_len = sizeof(aad)};

	if (size < 4)
		return;
	chunk.len = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) %
			BLOB_CHUNK_BYTES +
		    1;
	in.p = data + 3;
	in.len = size - 3;
	entry.len = (uint32_t)(in.len + SEAL_TAG_BYTES);
	blob_chunk_nonce(chunk.index, nonce);
	blob_chunk_aad(aad, blob_id, chunk.index, &entry, chunk.len);
	require(seal_box(kit->seal, &in, kit->box) == ERR_OK, "no box");
	if (chunk_open(kit, &chunk, &entry, plain) == ERR_OK) {
		/* What opened can be sealed and opened again. */
		auto_free uint8_t *copy = xmemdup(plain, chunk.len);

		chunk_seal(kit, &chunk, copy, &entry);
		require(chunk_open(kit, &chunk, &entry, plain) == ERR_OK &&
			    memcmp(plain, copy, chunk.len) == 0,
		    "a chunk that does not come back");
	}
}

static void
range_request(const uint8_t *data, size_t size)
{
	uint64_t offset;
	uint32_t len;

	if (range_get_request(data, size, &offset, &len) == ERR_OK)
		require(size == RANGE_REQUEST_BYTES && len <= RANGE_BYTES_MAX,
		    "a request that asks for too much");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (kit == NULL)
		prepare();
	if (size < 1 || size > INPUT_BYTES_MAX)
		return 0;
	switch (data[0] % 4) {
	case 0:
		whole_file(data + 1, size - 1);
		break;
	case 1:
		forged_file(data + 1, size - 1);
		break;
	case 2:
		forged_chunk(data + 1, size - 1);
		break;
	default:
		range_request(data + 1, size - 1);
		break;
	}
	return 0;
}
