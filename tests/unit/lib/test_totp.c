/* SPDX-License-Identifier: Apache-2.0 */
/* test_totp.c - one-time codes, base32, secrets and password hashes, against
 * the vectors of their standards. */
#include "lib/password.h"
#include "lib/secret.h"
#include "lib/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EXPECTED_HASH                \
 "scrypt$10$8$1$"                    \
 "00000000000000000000000000000000$" \
 "cea1cbc109b79979f242acf290e277b5"  \
 "d7880cd4300980c2bf0882f4c161e320"

static const uint8_t key[] = "12345678901234567890";

/* RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
static void
test_vectors(void **state)
{
	static const struct {
		uint64_t time;
		uint32_t code;
	} cases[] = {
	    {59, 287082},
	    {1111111109, 81804},
	    {1111111111, 50471},
	    {1234567890, 5924},
	    {2000000000, 279037},
	    {20000000000, 353130},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    totp_code(key, cases[i].time / 30), cases[i].code);
}

static void
test_window(void **state)
{
	const int64_t now_us = INT64_C(1234567890) * 1000000;
	const int64_t step = 1234567890 / 30;
	char text[16];
	int64_t used;

	(void)state;
	for (int64_t d = -3; d <= 3; d++) {
		(void)snprintf(text, sizeof(text), "%06u",
		    totp_code(key, (uint64_t)(step + d)));
		assert_int_equal(totp_check(key, text, now_us, 0, &used),
		    d >= -1 && d <= 1 ? ERR_OK : ERR_DENIED);
	}
	assert_int_equal(totp_check(key, "005924", now_us, 0, &used), ERR_OK);
	assert_int_equal(used, step);
	assert_int_equal(
	    totp_check(key, "005 924", now_us, step - 1, &used), ERR_OK);
	/* Not again, and nothing older. */
	assert_int_equal(
	    totp_check(key, "005924", now_us, step, &used), ERR_DENIED);
	assert_int_equal(totp_check(key, "5924", now_us, 0, &used), ERR_DENIED);
	assert_int_equal(
	    totp_check(key, "0059240", now_us, 0, &used), ERR_DENIED);
	assert_int_equal(totp_check(key, "", now_us, 0, &used), ERR_DENIED);
	assert_int_equal(
	    totp_check(key, "00592x", now_us, 0, &used), ERR_DENIED);
	assert_int_equal(totp_check(key, "005924", 0, 0, &used), ERR_DENIED);
}

/* RFC 4648 section 10. */
static void
test_base32(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"f", "MY"},
	    {"fo", "MZXQ"},
	    {"foo", "MZXW6"},
	    {"foob", "MZXW6YQ"},
	    {"fooba", "MZXW6YTB"},
	    {"foobar", "MZXW6YTBOI"},
	};
	uint8_t bytes[8];
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i][0]);

		base32_encode(text, (const uint8_t *)cases[i][0], len);
		assert_string_equal(text, cases[i][1]);
		assert_int_equal(
		    base32_decode(cases[i][1], bytes, len), ERR_OK);
		assert_memory_equal(bytes, cases[i][0], len);
	}
	assert_int_equal(base32_decode("mzxw-6ytb", bytes, 5), ERR_OK);
	assert_int_equal(base32_decode("MZXW6YTB", bytes, 4), ERR_FORMAT);
	assert_int_equal(base32_decode("MZXW6YTB", bytes, 6), ERR_FORMAT);
	assert_int_equal(base32_decode("MZXW6YT1", bytes, 5), ERR_FORMAT);
	assert_int_equal(base32_decode("MZ", bytes, 1), ERR_FORMAT);
	assert_int_equal(base32_decode("MYA", bytes, 1), ERR_FORMAT);
}

static void
test_secret(void **state)
{
	uint8_t bytes[SECRET_BYTES], again[SECRET_BYTES];
	char text[SECRET_LENGTH + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	secret_encode(text, bytes);
	assert_int_equal(strlen(text), SECRET_LENGTH);
	assert_int_equal(secret_decode(text, SECRET_LENGTH, again), ERR_OK);
	assert_memory_equal(bytes, again, sizeof(bytes));
	assert_int_equal(
	    secret_decode(text, SECRET_LENGTH - 1, again), ERR_FORMAT);
	/* Another spelling of the same bytes. */
	text[SECRET_LENGTH - 1]++;
	assert_int_equal(secret_decode(text, SECRET_LENGTH, again), ERR_FORMAT);
	text[3] = '+';
	assert_int_equal(secret_decode(text, SECRET_LENGTH, again), ERR_FORMAT);
}

/* What is kept can be read again, and a wrong password differs. */
static void
test_password(void **state)
{
	struct password_hash hash = {.cost = {10, 8, 1}};
	struct password_hash again, other;
	char text[PASSWORD_TEXT_BYTES];

	(void)state;
	/* RFC 7914 section 12 has other lengths; openssl kdf gives this for
	 * 16 zero bytes of salt, N 1024, r 8, p 1, 32 bytes. */
	assert_int_equal(password_derive(&hash, "password", 8), ERR_OK);
	password_put(text, &hash);
	assert_string_equal(text, EXPECTED_HASH);
	assert_int_equal(password_get(text, &again), ERR_OK);
	assert_memory_equal(&again, &hash, sizeof(hash));
	other = hash;
	assert_int_equal(password_derive(&other, "Password", 8), ERR_OK);
	assert_false(password_is_same(other.key, hash.key, PASSWORD_KEY_BYTES));
	assert_int_equal(password_get("", &again), ERR_FORMAT);
	text[strlen(text) - 1] = '\0';
	assert_int_equal(password_get(text, &again), ERR_FORMAT);
	hash.cost.log2n = 30;
	assert_int_equal(password_derive(&hash, "x", 1), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_window),
	    cmocka_unit_test(test_base32),
	    cmocka_unit_test(test_secret),
	    cmocka_unit_test(test_password),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
