/* SPDX-License-Identifier: Apache-2.0 */
/* test_blob.c - encoding and decoding of a blob's parts. */
#include "vault/blob.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_sizes(void **state)
{
	(void)state;
	assert_int_equal(blob_chunk_count(0), 0);
	assert_int_equal(blob_chunk_count(1), 1);
	assert_int_equal(blob_chunk_count(MIB), 1);
	assert_int_equal(blob_chunk_count(MIB + 1), 2);
	assert_int_equal(blob_chunk_count(UINT64_MAX), (uint64_t)1 << 44);
	assert_int_equal(blob_chunk_len(MIB + 1, 0), MIB);
	assert_int_equal(blob_chunk_len(MIB + 1, 1), 1);
	assert_int_equal(blob_chunk_len(2 * MIB, 1), MIB);
}

static void
test_entry(void **state)
{
	struct blob_entry entry = {
	    .offset = ((uint64_t)1 << 41) - 1,
	    .len = BLOB_BOX_BYTES_MAX,
	    .kind = BLOB_PLAIN,
	};
	struct blob_entry back;

	(void)state;
	assert_int_equal(
	    blob_entry_unpack(blob_entry_pack(&entry), MIB, &back), ERR_OK);
	assert_int_equal(back.offset, entry.offset);
	assert_int_equal(back.len, entry.len);
	assert_int_equal(back.kind, entry.kind);
	/* A plain chunk has exactly its length. */
	assert_int_equal(
	    blob_entry_unpack(blob_entry_pack(&entry), MIB - 1, &back),
	    ERR_FORMAT);
	/* A compressed one is shorter than plain, and not empty. */
	entry.kind = BLOB_ZSTD;
	assert_int_equal(
	    blob_entry_unpack(blob_entry_pack(&entry), MIB, &back), ERR_FORMAT);
	entry.len--;
	assert_int_equal(
	    blob_entry_unpack(blob_entry_pack(&entry), MIB, &back), ERR_OK);
	entry.len = SEAL_TAG_BYTES;
	assert_int_equal(
	    blob_entry_unpack(blob_entry_pack(&entry), MIB, &back), ERR_FORMAT);
	/* Zeros have neither place nor length; there is no fourth kind. */
	assert_int_equal(blob_entry_unpack(0, MIB, &back), ERR_OK);
	assert_int_equal(back.kind, BLOB_ZERO);
	assert_int_equal(blob_entry_unpack(4, MIB, &back), ERR_FORMAT);
	assert_int_equal(
	    blob_entry_unpack((uint64_t)1 << 23, MIB, &back), ERR_FORMAT);
	assert_int_equal(blob_entry_unpack(3, MIB, &back), ERR_FORMAT);
}

static void
test_header(void **state)
{
	uint8_t bytes[BLOB_HEADER_BYTES];
	struct blob_header header, back;

	(void)state;
	memset(&header, 0, sizeof(header));
	memset(&back, 0, sizeof(back));
	header.version = BLOB_VERSION;
	memset(header.id, 0x11, sizeof(header.id));
	memset(header.wrapped_key, 0x22, sizeof(header.wrapped_key));
	blob_header_put(bytes, &header);
	assert_memory_equal(bytes, "LOEPBLOB\1\0\0\0\0\0\x10\0", 16);
	assert_int_equal(blob_header_get(bytes, &back), ERR_OK);
	assert_memory_equal(&header, &back, sizeof(back));
	/* Magic, version, reserved field and chunk size. */
	for (size_t i = 0; i < 16; i++) {
		bytes[i] ^= 0x80;
		assert_int_equal(blob_header_get(bytes, &back), ERR_FORMAT);
		bytes[i] ^= 0x80;
	}
}

/* A footer of three chunks: zstd at the start, zeros, plain. */
static uint8_t *
make_footer(size_t *ret_len, uint64_t *ret_footer_at)
{
	static uint64_t index[3];
	const struct blob_entry first = {
	    .offset = BLOB_HEADER_BYTES, .len = 500, .kind = BLOB_ZSTD};
	const struct blob_entry last = {.offset = BLOB_HEADER_BYTES + 500,
	    .len = 7 + SEAL_TAG_BYTES,
	    .kind = BLOB_PLAIN};
	struct blob_footer footer = {
	    .size = 2 * MIB + 7, .chunk_count = 3, .index = index};

	index[0] = blob_entry_pack(&first);
	index[1] = 0;
	index[2] = blob_entry_pack(&last);
	memset(footer.sha256, 0x33, sizeof(footer.sha256));
	*ret_footer_at = BLOB_HEADER_BYTES + 500 + 7 + SEAL_TAG_BYTES;
	return blob_footer_put(&footer, ret_len);
}

static void
test_footer(void **state)
{
	struct blob_footer footer = {0};
	uint64_t footer_at = 0;
	size_t len = 0;
	auto_free uint8_t *p = make_footer(&len, &footer_at);

	(void)state;
	assert_int_equal(len, BLOB_FOOTER_BYTES + 24);
	assert_int_equal(
	    blob_footer_get(p, len, footer_at, BLOB_VERSION, &footer), ERR_OK);
	assert_int_equal(footer.size, 2 * MIB + 7);
	assert_int_equal(footer.chunk_count, 3);
	assert_int_equal(footer.sha256[31], 0x33);
	free(footer.index);
	/* Not one byte of the file too many or too few. */
	assert_int_equal(
	    blob_footer_get(p, len, footer_at + 1, BLOB_VERSION, &footer),
	    ERR_FORMAT);
	assert_int_equal(
	    blob_footer_get(p, len, footer_at - 1, BLOB_VERSION, &footer),
	    ERR_FORMAT);
	for (size_t n = 0; n < len; n++)
		assert_int_equal(
		    blob_footer_get(p, n, footer_at, BLOB_VERSION, &footer),
		    ERR_FORMAT);
}

/* Whatever one bit does, it is refused, or what comes out is within bounds. */
static void
test_footer_bits(void **state)
{
	uint64_t footer_at = 0;
	size_t len = 0;
	auto_free uint8_t *p = make_footer(&len, &footer_at);

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct blob_footer footer = {0};
		const bool is_digest = bit / 8 >= 8 && bit / 8 < 40;
		int err;

		p[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		err = blob_footer_get(p, len, footer_at, BLOB_VERSION, &footer);
		p[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		if (is_digest)
			assert_int_equal(err, ERR_OK);
		if (err != ERR_OK)
			continue;
		assert_int_equal(footer.chunk_count, 3);
		for (uint64_t i = 0; i < 3; i++) {
			struct blob_entry entry;

			assert_int_equal(
			    blob_entry_unpack(footer.index[i],
				blob_chunk_len(footer.size, i), &entry),
			    ERR_OK);
			assert_true(entry.offset + entry.len <= footer_at);
		}
		free(footer.index);
	}
}

static void
test_trailer(void **state)
{
	uint8_t bytes[BLOB_TRAILER_BYTES];
	uint64_t at = 0;
	size_t len = 0;

	(void)state;
	blob_trailer_put(bytes, 64);
	assert_int_equal(blob_trailer_get(bytes, 1000, &at, &len), ERR_OK);
	assert_int_equal(len, 64);
	assert_int_equal(at, 1000 - 12 - 64);
	/* Just room, and one byte less. */
	assert_int_equal(
	    blob_trailer_get(bytes, 92 + 64 + 12, &at, &len), ERR_OK);
	assert_int_equal(
	    blob_trailer_get(bytes, 92 + 64 + 11, &at, &len), ERR_FORMAT);
	assert_int_equal(blob_trailer_get(bytes, 5, &at, &len), ERR_FORMAT);
	assert_int_equal(
	    blob_trailer_get(bytes, UINT64_MAX, &at, &len), ERR_FORMAT);
	blob_trailer_put(bytes, 63);
	assert_int_equal(blob_trailer_get(bytes, 1000, &at, &len), ERR_FORMAT);
	blob_trailer_put(bytes, UINT32_MAX);
	assert_int_equal(
	    blob_trailer_get(bytes, (uint64_t)1 << 40, &at, &len), ERR_FORMAT);
	blob_trailer_put(bytes, 64);
	bytes[11] ^= 1;
	assert_int_equal(blob_trailer_get(bytes, 1000, &at, &len), ERR_FORMAT);
}

static void
test_nonces_never_meet(void **state)
{
	uint8_t a[SEAL_NONCE_BYTES], b[SEAL_NONCE_BYTES], end[SEAL_NONCE_BYTES];

	(void)state;
	blob_chunk_nonce(0, a);
	blob_chunk_nonce(1, b);
	blob_footer_nonce(end);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, end, sizeof(a));
	blob_chunk_nonce(UINT64_MAX, a);
	assert_memory_not_equal(a, end, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_entry),
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_footer),
	    cmocka_unit_test(test_footer_bits),
	    cmocka_unit_test(test_trailer),
	    cmocka_unit_test(test_nonces_never_meet),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
