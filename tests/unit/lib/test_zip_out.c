/* SPDX-License-Identifier: Apache-2.0 */
/* test_zip_out.c - sealed ZIPs: their length, their form, what is refused.
 * tests/integration/t1301-release.sh has other programs read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "lib/zip_out.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define HEAD 30 /* of a local header */

/* A file with these two members, in pieces of `piece` bytes. */
static size_t
make(const char *text, size_t piece, uint8_t **ret_file)
{
	struct zip_out *z = zip_out_new("infected");
	struct wire_out out;
	size_t len = strlen(text);
	uint8_t *copy = xmemdup(text, len + 1);

	wire_out_init(&out, 1 << 20);
	assert_int_equal(zip_out_member(z, "a", len, &out), ERR_OK);
	for (size_t i = 0; i < len; i += piece) {
		size_t n = len - i < piece ? len - i : piece;

		assert_int_equal(zip_out_data(z, copy + i, n), ERR_OK);
		wire_put_raw(&out, copy + i, n);
	}
	assert_int_equal(zip_out_member_end(z, &out), ERR_OK);
	assert_int_equal(zip_out_member(z, "empty", 0, &out), ERR_OK);
	assert_int_equal(zip_out_member_end(z, &out), ERR_OK);
	assert_int_equal(zip_out_end(z, &out), ERR_OK);
	free(copy);
	zip_out_free(z);
	*ret_file = out.buf;
	return out.len;
}

/* Opens the first member as the standard says, written down once more. */
static void
check_first(const uint8_t *file, const char *text)
{
	size_t len = strlen(text);
	const uint8_t *salt = file + HEAD + 1 + 11;
	const uint8_t *sealed = salt + 18;
	uint8_t keys[66], mac[EVP_MAX_MD_SIZE], counter[16], key[16];
	unsigned int mac_len = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(PKCS5_PBKDF2_HMAC_SHA1(
			     "infected", 8, salt, 16, 1000, sizeof(keys), keys),
	    1);
	assert_memory_equal(keys + 64, salt + 16, 2);
	assert_non_null(
	    HMAC(EVP_sha1(), keys + 32, 32, sealed, len, mac, &mac_len));
	assert_memory_equal(mac, sealed + len, 10);
	assert_int_equal(
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_ecb(), NULL, keys, NULL), 1);
	for (size_t i = 0; i < len; i++) {
		if (i % 16 == 0) {
			size_t block = i / 16 + 1;

			memset(counter, 0, sizeof(counter));
			counter[0] = (uint8_t)block;
			counter[1] = (uint8_t)(block >> 8);
			counter[2] = (uint8_t)(block >> 16);
			assert_int_equal(
			    EVP_EncryptUpdate(ctx, key, &n, counter, 16), 1);
		}
		assert_int_equal(sealed[i] ^ key[i % 16], (uint8_t)text[i]);
	}
	EVP_CIPHER_CTX_free(ctx);
}

static void
test_members(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 15, 16, 17, 4095, 4096, 4097, 9999};
	static const size_t pieces[] = {1, 7, 16, 4096, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *text = xcalloc(1, sizes[i] + 1);
		const struct zip_out_size members[] = {
		    {"a", sizes[i]}, {"empty", 0}};

		for (size_t k = 0; k < sizes[i]; k++)
			text[k] = (char)('a' + k % 23);
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]);
		     j++) {
			uint8_t *file;
			size_t len = make(text, pieces[j], &file);

			assert_int_equal(len, zip_out_bytes(members, 2));
			assert_memory_equal(file, "PK\003\004", 4);
			check_first(file, text);
			free(file);
		}
		free(text);
	}
}

/* Nothing is sealed twice with the same keys. */
static void
test_salts(void **state)
{
	uint8_t *a, *b;
	size_t len;

	(void)state;
	len = make("the same bytes", 64, &a);
	assert_int_equal(make("the same bytes", 64, &b), len);
	assert_memory_not_equal(a + HEAD + 12, b + HEAD + 12, 16);
	free(a);
	free(b);
}

static void
test_large(void **state)
{
	const struct zip_out_size small = {"s", UINT64_C(4294967266)};
	const struct zip_out_size large = {"s", UINT64_C(4294967267)};
	const struct zip_out_size two[] = {
	    {"m", 100}, {"s", UINT64_C(5) << 30}, {"t", 1}};

	(void)state;
	/* 4 GiB and more: 20 bytes in front, and 20 and 76 behind. */
	assert_int_equal(
	    zip_out_bytes(&large, 1) - zip_out_bytes(&small, 1), 1 + 20 + 20);
	assert_true(zip_out_bytes(two, 3) > (UINT64_C(5) << 30) + 400);
}

static void
test_refused(void **state)
{
	struct zip_out *z = zip_out_new("infected");
	char name[ZIP_OUT_NAME_BYTES + 1];
	struct wire_out out;
	uint8_t bytes[4] = {0};

	(void)state;
	wire_out_init(&out, 1 << 16);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(zip_out_data(z, bytes, 1), ERR_LIMIT);
	assert_int_equal(zip_out_member_end(z, &out), ERR_FORMAT);
	assert_int_equal(zip_out_member(z, name, 1, &out), ERR_LIMIT);
	assert_int_equal(zip_out_member(z, "a", 3, &out), ERR_OK);
	assert_int_equal(zip_out_member(z, "b", 3, &out), ERR_CONFLICT);
	assert_int_equal(zip_out_end(z, &out), ERR_CONFLICT);
	assert_int_equal(zip_out_data(z, bytes, 4), ERR_LIMIT);
	assert_int_equal(zip_out_data(z, bytes, 2), ERR_OK);
	assert_int_equal(zip_out_member_end(z, &out), ERR_FORMAT);
	zip_out_free(z);
	wire_out_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_salts),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
