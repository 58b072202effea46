/* SPDX-License-Identifier: Apache-2.0 */
/* test_lines.c - lines as OpenSSL's own AES-256-XTS makes them. */
#include "lib/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#define COUNT 150

static void
make_key(uint8_t key[LINES_KEY_BYTES])
{
	for (size_t i = 0; i < LINES_KEY_BYTES; i++)
		key[i] = (uint8_t)(i * 7 + 3);
}

static void
fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * i + i / 64);
}

/* One line by OpenSSL's own mode. */
static void
reference(const uint8_t *key, uint64_t space, uint64_t number, uint8_t *p)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t tweak[16];
	int len;

	for (size_t i = 0; i < 8; i++) {
		tweak[i] = (uint8_t)(number >> (8 * i));
		tweak[8 + i] = (uint8_t)(space >> (8 * i));
	}
	assert_int_equal(
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_xts(), NULL, key, tweak), 1);
	assert_int_equal(
	    EVP_EncryptUpdate(ctx, p, &len, p, (int)LINE_BYTES), 1);
	assert_int_equal(len, LINE_BYTES);
	EVP_CIPHER_CTX_free(ctx);
}

static void
test_as_openssl(void **state)
{
	static uint8_t ours[COUNT * LINE_BYTES], theirs[COUNT * LINE_BYTES];
	static const uint64_t spaces[] = {0, 1, UINT64_MAX, 0x8000000000000000};
	uint8_t key[LINES_KEY_BYTES];
	struct lines *lines;

	(void)state;
	make_key(key);
	lines = lines_new(key);
	for (size_t s = 0; s < 4; s++) {
		uint64_t first = s * 0x123456789abcdef;

		fill(ours, sizeof(ours));
		fill(theirs, sizeof(theirs));
		lines_seal(lines, spaces[s], first, ours, COUNT);
		for (size_t i = 0; i < COUNT; i++)
			reference(
			    key, spaces[s], first + i, theirs + i * LINE_BYTES);
		assert_memory_equal(ours, theirs, sizeof(ours));
	}
	lines_free(lines);
}

/* Lines from anywhere, in any order and number, come back. */
static void
test_open(void **state)
{
	static uint8_t sealed[COUNT * LINE_BYTES], plain[COUNT * LINE_BYTES];
	uint8_t key[LINES_KEY_BYTES], out[LINES_MAX * LINE_BYTES];
	struct lines *lines;

	(void)state;
	make_key(key);
	lines = lines_new(key);
	fill(plain, sizeof(plain));
	memcpy(sealed, plain, sizeof(plain));
	lines_seal(lines, 7, 1000, sealed, COUNT);
	for (size_t count = 0; count <= LINES_MAX; count++) {
		const uint8_t *p[LINES_MAX];
		uint64_t numbers[LINES_MAX];

		for (size_t i = 0; i < count; i++) {
			size_t at = (i * 37 + count * 11) % COUNT;

			numbers[i] = 1000 + at;
			p[i] = sealed + at * LINE_BYTES;
		}
		lines_open(lines, 7, numbers, p, count, out);
		for (size_t i = 0; i < count; i++)
			assert_memory_equal(out + i * LINE_BYTES,
			    plain + (numbers[i] - 1000) * LINE_BYTES,
			    LINE_BYTES);
	}
	lines_free(lines);
}

/* The place is part of it: equal lines look different. */
static void
test_places(void **state)
{
	uint8_t a[2 * LINE_BYTES] = {0}, b[LINE_BYTES] = {0};
	uint8_t key[LINES_KEY_BYTES];
	struct lines *lines;

	(void)state;
	make_key(key);
	lines = lines_new(key);
	lines_seal(lines, 1, 5, a, 2);
	lines_seal(lines, 2, 5, b, 1);
	assert_memory_not_equal(a, a + LINE_BYTES, LINE_BYTES);
	assert_memory_not_equal(a, b, LINE_BYTES);
	for (size_t i = 16; i < LINE_BYTES; i += 16)
		assert_memory_not_equal(a, a + i, 16);
	lines_free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_openssl),
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_places),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
