/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of webhooks by the specification's vector, secrets, intervals. */
#include "lib/base64.h"
#include "lib/xalloc.h"
#include "store/hook.h"
#include "store/hook_sign.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND_US ((int64_t)1000000)

/* Standard Webhooks 1.0.0; its key has 24 bytes, and HMAC fills up with
 * zeros. */
static void
test_vector(void **state)
{
	static const char text[] = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	uint8_t secret[HOOK_SECRET_BYTES] = {0};
	const struct hook_signed what = {
	    .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    .at_s = 1614265330,
	    .body = "{\"test\": 2432232314}",
	};
	size_t len = 0;
	char *signature;

	(void)state;
	assert_int_equal(
	    base64_decode(text, strlen(text), secret, &len), ERR_OK);
	assert_int_equal(len, 24);
	signature = hook_signature(secret, &what);
	assert_string_equal(
	    signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	free(signature);
}

static void
test_secret_text(void **state)
{
	uint8_t secret[HOOK_SECRET_BYTES];
	char text[HOOK_SECRET_TEXT];

	(void)state;
	memset(secret, 0, sizeof(secret));
	hook_secret_text(secret, text);
	assert_string_equal(
	    text, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

static void
test_sealed(void **state)
{
	struct store store = {.has_second_key = false};
	uint8_t secret[HOOK_SECRET_BYTES], opened[HOOK_SECRET_BYTES];
	uint8_t box[SEAL_WRAPPED_BYTES];

	(void)state;
	memset(secret, 7, sizeof(secret));
	memset(box, 0, sizeof(box));
	assert_int_equal(
	    hook_secret_seal(&store, "a", secret, box), ERR_UNAVAILABLE);
	assert_int_equal(
	    hook_secret_open(&store, "a", box, sizeof(box), opened),
	    ERR_UNAVAILABLE);
	store.has_second_key = true;
	assert_int_equal(hook_secret_seal(&store, "a", secret, box), ERR_OK);
	assert_int_equal(
	    hook_secret_open(&store, "a", box, sizeof(box), opened), ERR_OK);
	assert_memory_equal(opened, secret, sizeof(secret));
	/* Another endpoint's, cut, or under another site's key. */
	assert_int_equal(
	    hook_secret_open(&store, "b", box, sizeof(box), opened),
	    ERR_FORMAT);
	assert_int_equal(
	    hook_secret_open(&store, "a", box, sizeof(box) - 1, opened),
	    ERR_FORMAT);
	store.second_key[0] ^= 1;
	assert_int_equal(
	    hook_secret_open(&store, "a", box, sizeof(box), opened),
	    ERR_FORMAT);
}

static void
test_backoff(void **state)
{
	int64_t low = INT64_MAX, high = 0;

	(void)state;
	for (int64_t attempts = 1; attempts < 100; attempts++) {
		int64_t plain = attempts > 20
				    ? INT64_MAX
				    : 10 * SECOND_US << (attempts - 1);
		int64_t us = hook_backoff_us(10 * SECOND_US, attempts, 0);

		if (plain > 14400 * SECOND_US)
			plain = 14400 * SECOND_US;
		assert_true(us >= plain / 5 * 4 - 5 && us <= plain / 5 * 6 + 5);
	}
	/* By chance, and not all the same. */
	for (int i = 0; i < 200; i++) {
		int64_t us = hook_backoff_us(10 * SECOND_US, 1, 0);

		low = us < low ? us : low;
		high = us > high ? us : high;
	}
	assert_true(high - low > SECOND_US);
	/* What the receiver asks for, within bounds. */
	assert_int_equal(hook_backoff_us(SECOND_US, 1, 3600), 3600 * SECOND_US);
	assert_int_equal(
	    hook_backoff_us(SECOND_US, 1, INT64_MAX), 86400 * SECOND_US);
	assert_true(hook_backoff_us(SECOND_US, 1, -5) > 0);
	assert_true(hook_backoff_us(60 * SECOND_US, 1, 1) >= 48 * SECOND_US);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vector),
	    cmocka_unit_test(test_secret_text),
	    cmocka_unit_test(test_sealed),
	    cmocka_unit_test(test_backoff),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
