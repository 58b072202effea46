/* SPDX-License-Identifier: Apache-2.0 */
/* test_digest.c - digests, hexadecimal, signatures. */
#include "lib/digest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
sha256_gives(const void *p, size_t len, const char *expected)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	sha256_once(p, len, digest);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, expected);
}

/* FIPS 180-4 examples, and the empty string. */
static void
test_sha256_known(void **state)
{
	(void)state;
	sha256_gives("", 0,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_gives("abc", 3,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_gives("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    56,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* Another process goes on where one stopped. */
static void
test_sha256_kept(void **state)
{
	uint8_t data[4 * SHA256_BLOCK_BYTES + 17];
	uint8_t once[SHA256_BYTES], later[SHA256_BYTES];
	uint8_t kept[SHA256_STATE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	sha256_once(data, sizeof(data), once);
	for (size_t at = 0; at <= 4 * SHA256_BLOCK_BYTES;
	     at += SHA256_BLOCK_BYTES) {
		struct sha256 *first = sha256_new();
		struct sha256 *second = sha256_new();

		sha256_update(first, data, at);
		assert_int_equal(sha256_save(first, kept), ERR_OK);
		sha256_update(second, "something else", 14);
		assert_int_equal(sha256_load(second, kept), ERR_OK);
		sha256_update(second, data + at, sizeof(data) - at);
		sha256_final(second, later);
		assert_memory_equal(once, later, SHA256_BYTES);
		/* Not in the middle of a block. */
		sha256_update(first, data, 1);
		assert_int_equal(sha256_save(first, kept), ERR_CONFLICT);
		sha256_free(first);
		sha256_free(second);
	}
	kept[SHA256_STATE_BYTES - 1] ^= 8;
	{
		struct sha256 *ctx = sha256_new();

		assert_int_equal(sha256_load(ctx, kept), ERR_FORMAT);
		sha256_free(ctx);
	}
}

static void
test_sha256_in_pieces(void **state)
{
	struct sha256 *ctx = sha256_new();
	uint8_t once[SHA256_BYTES], pieces[SHA256_BYTES];

	(void)state;
	/* Twice: the context starts anew by itself. */
	for (int i = 0; i < 2; i++) {
		sha256_update(ctx, "a", 1);
		sha256_update(ctx, NULL, 0);
		sha256_update(ctx, "bc", 2);
		sha256_final(ctx, pieces);
		sha256_once("abc", 3, once);
		assert_memory_equal(once, pieces, sizeof(once));
	}
	sha256_free(ctx);
	sha256_free(NULL);
}

static void
test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x7f, 0x80, 0xff};
	uint8_t back[4] = {9, 9, 9, 9};
	char text[9];

	(void)state;
	hex_encode(text, bytes, sizeof(bytes));
	assert_string_equal(text, "007f80ff");
	assert_int_equal(hex_decode("007f80ff", back, 4), ERR_OK);
	assert_memory_equal(back, bytes, 4);
	assert_int_equal(hex_decode("007F80FF", back, 4), ERR_OK);
	memset(back, 9, sizeof(back));
	assert_int_equal(hex_decode("007f80f", back, 4), ERR_FORMAT);
	assert_int_equal(hex_decode("007f80ff0", back, 4), ERR_FORMAT);
	assert_int_equal(hex_decode("007f80fg", back, 4), ERR_FORMAT);
	assert_int_equal(hex_decode("", back, 4), ERR_FORMAT);
	/* Untouched on failure. */
	assert_int_equal(back[0], 9);
}

/* RFC 8032, 7.1, TEST 2. */
static void
test_sign_known(void **state)
{
	uint8_t secret[SIGN_SECRET_BYTES], public[SIGN_PUBLIC_BYTES];
	uint8_t expected[SIGN_PUBLIC_BYTES], signature[SIGN_BYTES];
	char hex[2 * SIGN_BYTES + 1];

	(void)state;
	assert_int_equal(hex_decode("4ccd089b28ff96da9db6c346ec114e0f"
				    "5b8a319f35aba624da8cf6ed4fb8a6fb",
			     secret, sizeof(secret)),
	    ERR_OK);
	assert_int_equal(hex_decode("3d4017c3e843895a92b70aa74d1b7ebc"
				    "9c982ccf2ec4968cc0cd55f12af4660c",
			     expected, sizeof(expected)),
	    ERR_OK);
	assert_int_equal(sign_public(secret, public), ERR_OK);
	assert_memory_equal(public, expected, sizeof(public));
	assert_int_equal(sign_make(secret, "\x72", 1, signature), ERR_OK);
	hex_encode(hex, signature, sizeof(signature));
	assert_string_equal(hex, "92a009a9f0d4cab8720e820b5f642540"
				 "a2b27b5416503f8fb3762223ebdb69da"
				 "085ac1e43e15996e458f3613d0f11d8c"
				 "387b2eaeb4302aeeb00d291612bb0c00");
	assert_true(sign_is_valid(public, "\x72", 1, signature));
}

static void
test_sign_refuses(void **state)
{
	uint8_t secret[SIGN_SECRET_BYTES], public[SIGN_PUBLIC_BYTES];
	uint8_t other_secret[SIGN_SECRET_BYTES], other[SIGN_PUBLIC_BYTES];
	uint8_t signature[SIGN_BYTES];

	(void)state;
	assert_int_equal(sign_key_new(secret, public), ERR_OK);
	assert_int_equal(sign_key_new(other_secret, other), ERR_OK);
	assert_memory_not_equal(public, other, sizeof(public));
	assert_int_equal(sign_make(secret, "receipt", 7, signature), ERR_OK);
	assert_true(sign_is_valid(public, "receipt", 7, signature));
	assert_false(sign_is_valid(public, "receipt", 6, signature));
	assert_false(sign_is_valid(other, "receipt", 7, signature));
	for (size_t i = 0; i < SIGN_BYTES; i++) {
		signature[i] ^= 1;
		assert_false(sign_is_valid(public, "receipt", 7, signature));
		signature[i] ^= 1;
	}
	assert_true(sign_is_valid(public, "receipt", 7, signature));
}

static void
test_random(void **state)
{
	uint8_t a[64] = {0}, b[64] = {0};

	(void)state;
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	random_bytes(a, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha256_known),
	    cmocka_unit_test(test_sha256_kept),
	    cmocka_unit_test(test_sha256_in_pieces),
	    cmocka_unit_test(test_hex),
	    cmocka_unit_test(test_sign_known),
	    cmocka_unit_test(test_sign_refuses),
	    cmocka_unit_test(test_random),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
