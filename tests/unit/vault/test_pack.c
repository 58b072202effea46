/* SPDX-License-Identifier: Apache-2.0 */
/* test_pack.c - many blobs, or their first bytes, in one sealed memory. */
#include "tests/unit/vault/drive.h"

#include "lib/pack.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int
make_vault(void **state)
{
	struct drive *d = drive_new();
	char why[256];

	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_B, NULL, why), ERR_OK);
	*state = d;
	return 0;
}

static int
remove_vault(void **state)
{
	drive_free(*state);
	return 0;
}

/* Half noise, half text, so that both kinds of chunks occur. */
static uint8_t *
make_bytes(size_t len, uint64_t seed)
{
	uint8_t *p = xmalloc(len);

	drive_fill(p, len / 2, seed);
	for (size_t i = len / 2; i < len; i++)
		p[i] = (uint8_t)((size_t) "evidence "[i % 9] + (i >> 12) % 3);
	return p;
}

/* What there is, in order; what there is not is named. */
static void
test_pack(void **state)
{
	struct drive *d = *state;
	const struct drive_stored one = drive_store(d, DRIVE_ORG_A, "one", 3);
	const struct drive_stored two = drive_store(d, DRIVE_ORG_A, "", 0);
	const struct drive_stored other =
	    drive_store(d, DRIVE_ORG_B, "of another", 10);
	uint8_t memory[1024], digests[3][SHA256_BYTES];
	struct pack_view view;
	struct wire_in faults;
	const uint8_t *p;
	uint64_t size;
	size_t len;

	memcpy(digests[0], one.sha256, SHA256_BYTES);
	memcpy(digests[1], other.sha256, SHA256_BYTES);
	memcpy(digests[2], two.sha256, SHA256_BYTES);
	wire_out_reset(&d->body);
	wire_put_str(&d->body, DRIVE_ORG_A);
	wire_put_bytes(&d->body, digests, sizeof(digests));
	(void)drive_send(d, MSG_BLOB_PACK);
	drive_recv(d);
	assert_int_equal(d->msg.type, MSG_BLOB_PACKED);
	size = wire_get_u64(&d->msg.in);
	p = wire_get_bytes(&d->msg.in, &len);
	wire_in_init(&faults, p, len);
	assert_int_equal(wire_get_u32(&faults), 1);
	assert_int_equal(wire_get_u8(&faults), ERR_NOT_FOUND);
	assert_true(size <= sizeof(memory));
	assert_int_equal(
	    pread(d->msg.fd, memory, sizeof(memory), 0), (ssize_t)size);
	assert_int_equal(fcntl(d->msg.fd, F_GET_SEALS),
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	(void)close(d->msg.fd);
	assert_int_equal(pack_view_init(&view, memory, (size_t)size), ERR_OK);
	assert_int_equal(pack_view_item(&view, 0, &p, &len), ERR_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(p, "one", 3);
	assert_int_equal(pack_view_item(&view, 1, &p, &len), ERR_NOT_FOUND);
	assert_int_equal(pack_view_item(&view, 2, &p, &len), ERR_OK);
	assert_int_equal(len, 0);
}

/* First bytes: of large ones, small ones, and those without a box. */
static void
test_heads(void **state)
{
	static const size_t lens[] = {5 * MIB + 7, 3, 200 * KIB, 2 * MIB};
	const uint32_t head = 16 * KIB;
	struct drive *d = *state;
	uint8_t digests[4][SHA256_BYTES];
	auto_free uint8_t *memory = xmalloc(256 * KIB);
	uint8_t *bytes[4];
	struct pack_view view;
	const uint8_t *p;
	uint64_t size;
	size_t len;

	for (size_t i = 0; i < 4; i++) {
		bytes[i] = i == 3 ? xcalloc(1, lens[i])
				  : make_bytes(lens[i], (unsigned int)i);
		if (i == 2)
			memset(bytes[i] + 100, 'c', lens[i] - 100);
		memcpy(digests[i],
		    drive_store(d, DRIVE_ORG_A, bytes[i], lens[i]).sha256,
		    SHA256_BYTES);
	}
	wire_out_reset(&d->body);
	wire_put_str(&d->body, DRIVE_ORG_A);
	wire_put_bytes(&d->body, digests, sizeof(digests));
	wire_put_u32(&d->body, head);
	(void)drive_send(d, MSG_BLOB_HEADS);
	drive_recv(d);
	assert_int_equal(d->msg.type, MSG_BLOB_PACKED);
	size = wire_get_u64(&d->msg.in);
	assert_in_range(size, 3 * head, 3 * head + 4 * KIB);
	assert_int_equal(pread(d->msg.fd, memory, 256 * KIB, 0), (ssize_t)size);
	(void)close(d->msg.fd);
	assert_int_equal(pack_view_init(&view, memory, (size_t)size), ERR_OK);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(pack_view_item(&view, i, &p, &len), ERR_OK);
		assert_int_equal(len, lens[i] < head ? lens[i] : head);
		assert_memory_equal(p, bytes[i], len);
		free(bytes[i]);
	}
}

static void
test_bad_heads(void **state)
{
	static const uint32_t heads[] = {0, 64 * KIB + 1, UINT32_MAX};
	const uint8_t digest[SHA256_BYTES] = {1};
	struct drive *d = *state;
	char why[256];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		wire_out_reset(&d->body);
		wire_put_str(&d->body, DRIVE_ORG_A);
		wire_put_bytes(&d->body, digest, sizeof(digest));
		wire_put_u32(&d->body, heads[i]);
		(void)drive_send(d, MSG_BLOB_HEADS);
		drive_recv(d);
		assert_int_equal(drive_err(d, why, sizeof(why)), ERR_FORMAT);
	}
}

static void
test_bad_packs(void **state)
{
	struct drive *d = *state;
	uint8_t digests[PACK_ITEMS_MAX + 1][SHA256_BYTES] = {{0}};
	char why[256];

	for (size_t len = 0; len <= sizeof(digests); len += 31) {
		if (len % SHA256_BYTES == 0 && len > 0 &&
		    len / SHA256_BYTES <= PACK_ITEMS_MAX)
			continue;
		wire_out_reset(&d->body);
		wire_put_str(&d->body, DRIVE_ORG_A);
		wire_put_bytes(&d->body, digests, len);
		(void)drive_send(d, MSG_BLOB_PACK);
		drive_recv(d);
		assert_int_equal(drive_err(d, why, sizeof(why)), ERR_FORMAT);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_vault, remove_vault)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_pack),
	    TEST(test_heads),
	    TEST(test_bad_heads),
	    TEST(test_bad_packs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
