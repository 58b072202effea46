/* SPDX-License-Identifier: Apache-2.0 */
/* test_sha256.c - the agent's SHA-256 against the examples of FIPS 180. */
#include "agents/linux/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
digest_is(const void *data, size_t size, size_t step, const char *expected)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	const uint8_t *p = data;
	struct sha256 ctx;
	size_t i;

	sha256_init(&ctx);
	for (i = 0; i < size; i += step)
		sha256_update(&ctx, p + i, size - i < step ? size - i : step);
	sha256_final(&ctx, digest);
	for (i = 0; i < SHA256_BYTES; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hex, expected);
}

static void
test_examples(void **state)
{
	static char million[1000000];

	(void)state;
	digest_is("", 0, 1,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_is("abc", 3, 3,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    56, 56,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	digest_is(million, sizeof(million), 61440,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The padding's edges, in one piece and byte by byte. */
static void
test_steps_agree(void **state)
{
	uint8_t data[130], one[SHA256_BYTES], many[SHA256_BYTES];
	struct sha256 ctx;
	size_t n, i;

	(void)state;
	memset(data, 0x5a, sizeof(data));
	for (n = 0; n <= sizeof(data); n++) {
		sha256_init(&ctx);
		sha256_update(&ctx, data, n);
		sha256_final(&ctx, one);
		sha256_init(&ctx);
		for (i = 0; i < n; i++)
			sha256_update(&ctx, data + i, 1);
		sha256_final(&ctx, many);
		assert_memory_equal(one, many, SHA256_BYTES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_examples),
	    cmocka_unit_test(test_steps_agree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
