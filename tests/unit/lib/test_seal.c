/* SPDX-License-Identifier: Apache-2.0 */
/* test_seal.c - authenticated encryption. */
#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t zero_key[SEAL_KEY_BYTES];
static const uint8_t zero_nonce[SEAL_NONCE_BYTES];

/* The GCM specification's test cases 13 to 16 (McGrew, Viega). */
static void
test_known(void **state)
{
	struct seal *seal = seal_new();
	uint8_t key[SEAL_KEY_BYTES], nonce[SEAL_NONCE_BYTES], aad[20];
	uint8_t text[60], box[60 + SEAL_TAG_BYTES];
	char hex[2 * sizeof(box) + 1];
	struct seal_in in = {.key = zero_key, .nonce = zero_nonce};

	(void)state;
	assert_int_equal(seal_box(seal, &in, box), ERR_OK);
	hex_encode(hex, box, SEAL_TAG_BYTES);
	assert_string_equal(hex, "530f8afbc74536b9a963b4f1c4cb738b");

	memset(text, 0, sizeof(text));
	in.p = text;
	in.len = 16;
	assert_int_equal(seal_box(seal, &in, box), ERR_OK);
	hex_encode(hex, box, 32);
	assert_string_equal(hex, "cea7403d4d606b6e074ec5d3baf39d18"
				 "d0d1c8a799996bf0265b98b5d48ab919");

	assert_int_equal(hex_decode("feffe9928665731c6d6a8f9467308308"
				    "feffe9928665731c6d6a8f9467308308",
			     key, sizeof(key)),
	    ERR_OK);
	assert_int_equal(
	    hex_decode("cafebabefacedbaddecaf888", nonce, sizeof(nonce)),
	    ERR_OK);
	assert_int_equal(hex_decode("feedfacedeadbeeffeedfacedeadbeefabaddad2",
			     aad, sizeof(aad)),
	    ERR_OK);
	assert_int_equal(hex_decode("d9313225f88406e5a55909c5aff5269a"
				    "86a7a9531534f7da2e4c303d8a318a72"
				    "1c3c0c95956809532fcf0e2449a6b525"
				    "b16aedf5aa0de657ba637b39",
			     text, sizeof(text)),
	    ERR_OK);
	in = (struct seal_in){.key = key,
	    .nonce = nonce,
	    .aad = aad,
	    .aad_len = sizeof(aad),
	    .p = text,
	    .len = sizeof(text)};
	assert_int_equal(seal_box(seal, &in, box), ERR_OK);
	hex_encode(hex, box, sizeof(box));
	assert_string_equal(hex, "522dc1f099567d07f47f37a32a84427d"
				 "643a8cdcbfe5c0c97598a2bd2555d1aa"
				 "8cb08e48590dbb3da7b08b1056828838"
				 "c5f61e6393ba7a0abcc9f662"
				 "76fc6ece0f4e1768cddf8853bb2d551b");
	seal_free(seal);
}

/* Each single bit of box, nonce, key and additional data matters. */
static void
test_every_bit_matters(void **state)
{
	struct seal *seal = seal_new();
	uint8_t part[4][64];
	const size_t lens[4] = {
	    40 + SEAL_TAG_BYTES, SEAL_KEY_BYTES, SEAL_NONCE_BYTES, 21};
	uint8_t text[40], out[40];
	struct seal_in in = {.key = part[1],
	    .nonce = part[2],
	    .aad = part[3],
	    .aad_len = lens[3],
	    .p = text,
	    .len = sizeof(text)};

	(void)state;
	random_bytes(part, sizeof(part));
	random_bytes(text, sizeof(text));
	assert_int_equal(seal_box(seal, &in, part[0]), ERR_OK);
	in.p = part[0];
	in.len = lens[0];
	assert_int_equal(seal_unbox(seal, &in, out), ERR_OK);
	assert_memory_equal(out, text, sizeof(text));
	for (size_t i = 0; i < 4; i++) {
		for (size_t bit = 0; bit < lens[i] * 8; bit++) {
			part[i][bit / 8] ^= (uint8_t)(1U << (bit % 8));
			memset(out, 0xaa, sizeof(out));
			assert_int_equal(
			    seal_unbox(seal, &in, out), ERR_FORMAT);
			/* No unproved plain text leaks out. */
			for (size_t j = 0; j < sizeof(out); j++)
				assert_int_equal(out[j], 0);
			part[i][bit / 8] ^= (uint8_t)(1U << (bit % 8));
		}
	}
	for (in.len = 0; in.len < lens[0]; in.len++)
		assert_int_equal(seal_unbox(seal, &in, out), ERR_FORMAT);
	assert_int_equal(seal_unbox(seal, &in, out), ERR_OK);
	seal_free(seal);
}

static void
test_bounds(void **state)
{
	struct seal *seal = seal_new();
	uint8_t box[SEAL_TAG_BYTES];
	struct seal_in in = {
	    .key = zero_key, .nonce = zero_nonce, .len = GIB + 1};

	(void)state;
	assert_int_equal(seal_box(seal, &in, box), ERR_LIMIT);
	assert_int_equal(seal_unbox(seal, &in, box), ERR_FORMAT);
	seal_free(seal);
	seal_free(NULL);
}

static void
test_wrap(void **state)
{
	uint8_t kek[SEAL_KEY_BYTES], key[SEAL_KEY_BYTES], back[SEAL_KEY_BYTES];
	uint8_t first[SEAL_WRAPPED_BYTES], second[SEAL_WRAPPED_BYTES];

	(void)state;
	random_bytes(kek, sizeof(kek));
	random_bytes(key, sizeof(key));
	seal_wrap(kek, "org a", 5, key, first);
	seal_wrap(kek, "org a", 5, key, second);
	/* A fresh nonce each time. */
	assert_memory_not_equal(first, second, sizeof(first));
	assert_int_equal(seal_unwrap(kek, "org a", 5, first, back), ERR_OK);
	assert_memory_equal(back, key, sizeof(key));
	memset(back, 7, sizeof(back));
	assert_int_equal(seal_unwrap(kek, "org b", 5, first, back), ERR_FORMAT);
	assert_int_equal(back[0], 7);
	kek[31] ^= 1;
	assert_int_equal(seal_unwrap(kek, "org a", 5, first, back), ERR_FORMAT);
}

static void
test_large(void **state)
{
	struct seal *seal = seal_new();
	const size_t len = 3 * MIB + 5;
	auto_free uint8_t *text = xcalloc(1, len);
	auto_free uint8_t *box = xmalloc(len + SEAL_TAG_BYTES);
	auto_free uint8_t *back = xmalloc(len);
	struct seal_in in = {
	    .key = zero_key, .nonce = zero_nonce, .p = text, .len = len};

	(void)state;
	assert_int_equal(seal_box(seal, &in, box), ERR_OK);
	in.p = box;
	in.len = len + SEAL_TAG_BYTES;
	assert_int_equal(seal_unbox(seal, &in, back), ERR_OK);
	assert_memory_equal(back, text, len);
	seal_free(seal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_every_bit_matters),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_wrap),
	    cmocka_unit_test(test_large),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
