/* SPDX-License-Identifier: Apache-2.0 */
/* test_blob_read.c - what was written is read; what was damaged is not. */
#include "tests/unit/vault/vault.h"

static int
read_all(struct vault *v, struct org_key *key, int fd, const uint8_t *expected,
    size_t len)
{
	auto_free uint8_t *plain = xmalloc(BLOB_CHUNK_BYTES);
	struct blob_reader *r = NULL;
	int err = blob_reader_new(fd, key, NULL, &v->fault, &r);

	for (uint64_t i = 0; err == ERR_OK && i < blob_reader_chunk_count(r);
	     i++) {
		const size_t chunk_len = blob_reader_chunk_len(r, i);

		err = blob_reader_chunk(r, v->kit, i, plain, &v->fault);
		if (err == ERR_OK)
			assert_memory_equal(
			    plain, expected + i * BLOB_CHUNK_BYTES, chunk_len);
	}
	if (err == ERR_OK)
		assert_int_equal(blob_reader_size(r), len);
	blob_reader_free(r);
	return err;
}

static void
test_round_trips(void **state)
{
	static const size_t sizes[] = {0, 1, 63, 64, 65, 5000, 65536, MIB - 1,
	    MIB, MIB + 1, 2 * MIB, 3 * MIB + 17};
	struct vault *v = *state;
	auto_free uint8_t *noise = xmalloc(4 * MIB);
	auto_free uint8_t *text = xmalloc(4 * MIB);
	auto_free uint8_t *zeros = xcalloc(1, 4 * MIB);
	const uint8_t *kinds[] = {noise, text, zeros};
	uint64_t id = 0;

	vault_noise(noise, 4 * MIB, 1);
	for (size_t i = 0; i < 4 * MIB; i++)
		text[i] =
		    (uint8_t)((size_t) "compress me "[i % 12] + (i >> 13) % 5);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		for (size_t k = 0; k < 3; k++) {
			uint64_t file_size =
			    vault_write(v, v->a, ++id, kinds[k], sizes[s]);
			const uint64_t chunks = blob_chunk_count(sizes[s]);
			const uint64_t frame =
			    BLOB_HEADER_BYTES + BLOB_FOOTER_BYTES +
			    SEAL_TAG_BYTES + BLOB_TRAILER_BYTES + 8 * chunks;

			assert_int_equal(
			    read_all(v, v->a, vault_open_tmp(v, id, O_RDONLY),
				kinds[k], sizes[s]),
			    ERR_OK);
			assert_true(file_size <=
				    frame + sizes[s] + chunks * SEAL_TAG_BYTES);
			if (k == 1 && sizes[s] >= 5000)
				assert_true(file_size < frame + sizes[s] / 4);
			if (k == 2)
				assert_int_equal(file_size, frame);
		}
	}
}

/* A piece may come in any order: several threads write. */
static void
test_pieces_in_any_order(void **state)
{
	struct vault *v = *state;
	auto_free uint8_t *p = xmalloc(3 * MIB);
	static const uint64_t order[] = {2, 0, 1};
	struct blob_writer *w = NULL;
	uint8_t digest[SHA256_BYTES];

	vault_noise(p, 3 * MIB, 2);
	assert_int_equal(
	    blob_writer_new(v->place, 1, v->a, &v->fault, &w), ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		struct blob_piece piece = {
		    .index = order[i], .plain = p + order[i] * MIB, .len = MIB};

		assert_int_equal(
		    blob_writer_put(w, v->kit, &piece, &v->fault), ERR_OK);
		assert_int_equal(
		    blob_writer_note(w, &piece, &v->fault), ERR_OK);
	}
	sha256_once(p, 3 * MIB, digest);
	/* A size that the chunks do not make is refused. */
	assert_int_equal(
	    blob_writer_end(w, 3 * MIB + 1, digest, &v->fault), ERR_CONFLICT);
	assert_int_equal(
	    blob_writer_end(w, 3 * MIB, digest, &v->fault), ERR_OK);
	blob_writer_free(w);
	assert_int_equal(
	    read_all(v, v->a, vault_open_tmp(v, 1, O_RDONLY), p, 3 * MIB),
	    ERR_OK);
}

static void
test_too_large(void **state)
{
	struct vault *v = *state;
	struct blob_piece piece = {
	    .index = BLOB_CHUNKS_MAX, .plain = (const uint8_t *)"x", .len = 1};
	struct blob_writer *w = NULL;

	assert_int_equal(
	    blob_writer_new(v->place, 1, v->a, &v->fault, &w), ERR_OK);
	assert_int_equal(blob_writer_note(w, &piece, &v->fault), ERR_LIMIT);
	blob_writer_free(w);
}

static void
flip(int fd, off_t at, uint8_t bits)
{
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= bits;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Every byte of a small file, and many of a large one. */
static void
test_every_byte_matters(void **state)
{
	struct vault *v = *state;
	auto_free uint8_t *p = xmalloc(2 * MIB);
	static const size_t sizes[] = {0, 10, 300, 2 * MIB};

	vault_noise(p, MIB, 3);
	memset(p + MIB, 'x', MIB);
	for (size_t s = 0; s < 4; s++) {
		off_t size = (off_t)vault_write(v, v->a, s + 1, p, sizes[s]);
		int fd = vault_open_tmp(v, s + 1, O_RDWR);
		off_t step = size > 2000 ? size / 500 : 1;

		for (off_t at = 0; at < size; at += step) {
			flip(fd, at, (uint8_t)(1U << (at % 8)));
			assert_int_equal(
			    read_all(v, v->a, dup(fd), p, sizes[s]),
			    ERR_FORMAT);
			assert_non_null(strstr(v->fault.why, "damaged"));
			flip(fd, at, (uint8_t)(1U << (at % 8)));
		}
		assert_int_equal(
		    read_all(v, v->a, dup(fd), p, sizes[s]), ERR_OK);
		(void)close(fd);
	}
}

static void
test_every_length_matters(void **state)
{
	struct vault *v = *state;
	uint8_t p[200];
	off_t size;
	int fd;

	vault_noise(p, sizeof(p), 4);
	size = (off_t)vault_write(v, v->a, 1, p, sizeof(p));
	fd = vault_open_tmp(v, 1, O_RDWR);
	assert_int_equal(ftruncate(fd, size + 1), 0);
	assert_int_equal(read_all(v, v->a, dup(fd), p, sizeof(p)), ERR_FORMAT);
	for (off_t n = size - 1; n >= 0; n--) {
		assert_int_equal(ftruncate(fd, n), 0);
		assert_int_equal(
		    read_all(v, v->a, dup(fd), p, sizeof(p)), ERR_FORMAT);
	}
	(void)close(fd);
}

/* Copies len bytes between two places of two files. */
static void
copy(int from, off_t from_at, int to, off_t to_at, size_t len)
{
	auto_free uint8_t *p = xmalloc(len);

	assert_int_equal(pread(from, p, len, from_at), len);
	assert_int_equal(pwrite(to, p, len, to_at), len);
}

static void
test_swapped_chunks(void **state)
{
	struct vault *v = *state;
	const size_t box = BLOB_BOX_BYTES_MAX;
	const off_t first = BLOB_HEADER_BYTES;
	auto_free uint8_t *p = xmalloc(2 * MIB);
	uint64_t size_1, size_2;
	int one, two;

	vault_noise(p, 2 * MIB, 5);
	size_1 = vault_write(v, v->a, 1, p, 2 * MIB);
	size_2 = vault_write(v, v->a, 2, p, 2 * MIB);
	assert_int_equal(size_1, size_2);
	one = vault_open_tmp(v, 1, O_RDWR);
	two = vault_open_tmp(v, 2, O_RDWR);
	/* The same chunk of the same bytes, but of another file. */
	copy(two, first, one, first, box);
	assert_int_equal(read_all(v, v->a, dup(one), p, 2 * MIB), ERR_FORMAT);
	/* Another chunk of the same file. */
	copy(two, first, two, first + (off_t)box, box);
	assert_int_equal(read_all(v, v->a, dup(two), p, 2 * MIB), ERR_FORMAT);
	/* The footer of another file of the same shape. */
	vault_write(v, v->a, 3, p, 2 * MIB);
	vault_write(v, v->a, 4, p, 2 * MIB);
	(void)close(one);
	(void)close(two);
	one = vault_open_tmp(v, 3, O_RDWR);
	two = vault_open_tmp(v, 4, O_RDWR);
	copy(two, first + 2 * (off_t)box, one, first + 2 * (off_t)box,
	    size_1 - (size_t)first - 2 * box);
	assert_int_equal(read_all(v, v->a, dup(one), p, 2 * MIB), ERR_FORMAT);
	/* The header of another file. */
	copy(one, 0, two, 0, BLOB_HEADER_BYTES);
	assert_int_equal(read_all(v, v->a, dup(two), p, 2 * MIB), ERR_FORMAT);
	(void)close(one);
	(void)close(two);
}

/* Moves tmp/ID to where the blob of that digest belongs. */
static void
put_in_place(struct vault *v, uint64_t id, const char *org,
    const uint8_t digest[SHA256_BYTES])
{
	struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	char tmp[PLACE_NAME_BYTES], name[PLACE_NAME_BYTES];
	bool is_new = false;

	place_tmp_name(tmp, id);
	place_blob_name(name, org, digest);
	assert_int_equal(
	    place_link(v->place, tmp, name, dirs, &is_new), ERR_OK);
	assert_true(is_new);
	assert_int_equal(place_sync_all(v->place, dirs), ERR_OK);
	free(dirs);
}

static void
test_swapped_files(void **state)
{
	struct vault *v = *state;
	uint8_t one[SHA256_BYTES], two[SHA256_BYTES];
	struct blob_reader *r = NULL;

	sha256_once("one", 3, one);
	sha256_once("two", 3, two);
	vault_write(v, v->a, 1, (const uint8_t *)"one", 3);
	put_in_place(v, 1, ORG_A, two);
	assert_int_equal(
	    blob_reader_open(v->place, v->a, two, &v->fault, &r), ERR_FORMAT);
	assert_non_null(strstr(v->fault.why, "another blob"));
	/* A file of one organisation in the folder of another. */
	vault_write(v, v->a, 2, (const uint8_t *)"one", 3);
	put_in_place(v, 2, ORG_B, one);
	assert_int_equal(
	    blob_reader_open(v->place, v->b, one, &v->fault, &r), ERR_FORMAT);
	assert_int_equal(blob_reader_open(v->place, v->a, one, &v->fault, &r),
	    ERR_NOT_FOUND);
	/* And an honest one. */
	vault_write(v, v->b, 3, (const uint8_t *)"two", 3);
	put_in_place(v, 3, ORG_B, two);
	assert_int_equal(
	    blob_reader_open(v->place, v->b, two, &v->fault, &r), ERR_OK);
	assert_int_equal(
	    blob_reader_verify(r, v->kit, NULL, &v->fault), ERR_OK);
	blob_reader_free(r);
}

static void
test_verify(void **state)
{
	struct vault *v = *state;
	struct blob_writer *w = NULL;
	struct blob_reader *r = NULL;
	struct blob_piece piece = {.plain = (const uint8_t *)"bytes", .len = 5};
	atomic_bool is_stopped = true;
	uint8_t digest[SHA256_BYTES];

	/* Sealed well, but its digest was not of these bytes. */
	sha256_once("other", 5, digest);
	assert_int_equal(
	    blob_writer_new(v->place, 1, v->a, &v->fault, &w), ERR_OK);
	assert_int_equal(blob_writer_put(w, v->kit, &piece, &v->fault), ERR_OK);
	assert_int_equal(blob_writer_note(w, &piece, &v->fault), ERR_OK);
	assert_int_equal(blob_writer_end(w, 5, digest, &v->fault), ERR_OK);
	blob_writer_free(w);
	assert_int_equal(blob_reader_new(vault_open_tmp(v, 1, O_RDONLY), v->a,
			     digest, &v->fault, &r),
	    ERR_OK);
	assert_int_equal(
	    blob_reader_verify(r, v->kit, NULL, &v->fault), ERR_FORMAT);
	assert_int_equal(
	    blob_reader_verify(r, v->kit, &is_stopped, &v->fault), ERR_AGAIN);
	blob_reader_free(r);
}

static void
test_destroyed_key(void **state)
{
	struct vault *v = *state;
	struct blob_reader *r = NULL;
	uint8_t plain[8];

	vault_write(v, v->a, 1, (const uint8_t *)"secret", 6);
	assert_int_equal(blob_reader_new(vault_open_tmp(v, 1, O_RDONLY), v->a,
			     NULL, &v->fault, &r),
	    ERR_OK);
	assert_int_equal(
	    blob_reader_chunk(r, v->kit, 0, plain, &v->fault), ERR_OK);
	assert_int_equal(keys_destroy(v->keys, ORG_A, &v->fault), ERR_OK);
	assert_int_equal(
	    blob_reader_chunk(r, v->kit, 0, plain, &v->fault), ERR_NOT_FOUND);
	blob_reader_free(r);
	/* A new key of the same organisation does not open it. */
	org_key_unref(v->a);
	assert_int_equal(keys_create(v->keys, ORG_A, &v->fault), ERR_OK);
	assert_int_equal(keys_get(v->keys, ORG_A, &v->fault, &v->a), ERR_OK);
	assert_int_equal(blob_reader_new(vault_open_tmp(v, 1, O_RDONLY), v->a,
			     NULL, &v->fault, &r),
	    ERR_FORMAT);
}

/* The plain bytes are nowhere in the file. */
static void
test_file_is_opaque(void **state)
{
	struct vault *v = *state;
	uint8_t p[4096], file[8192];
	uint64_t size;
	int fd;

	vault_noise(p, sizeof(p), 6);
	size = vault_write(v, v->a, 1, p, sizeof(p));
	assert_true(size < sizeof(file));
	fd = vault_open_tmp(v, 1, O_RDONLY);
	assert_int_equal(read(fd, file, sizeof(file)), size);
	(void)close(fd);
	for (size_t at = 0; at + 16 <= sizeof(p); at += 16)
		assert_null(memmem(file, size, p + at, 16));
}

#define TEST(fn) \
 cmocka_unit_test_setup_teardown(fn, vault_setup, vault_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_round_trips),
	    TEST(test_pieces_in_any_order),
	    TEST(test_too_large),
	    TEST(test_every_byte_matters),
	    TEST(test_every_length_matters),
	    TEST(test_swapped_chunks),
	    TEST(test_swapped_files),
	    TEST(test_verify),
	    TEST(test_destroyed_key),
	    TEST(test_file_is_opaque),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
