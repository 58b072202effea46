/* SPDX-License-Identifier: Apache-2.0 */
/* test_credential.c - cookies, tokens, pages of other sites, and rates. */
#include "web/credential.h"
#include "web/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEXT  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TOKEN "Bearer loep_" TEXT

static enum credential_kind
kind_of(const char *authorization, const char *cookie)
{
	struct credential c;

	if (credential_parse(authorization, cookie, &c) != ERR_OK) {
		assert_int_equal(c.kind, CREDENTIAL_NONE);
		return (enum credential_kind) - 1;
	}
	if (c.kind != CREDENTIAL_NONE)
		assert_int_equal(c.secret[31], 31);
	return c.kind;
}

static void
test_kinds(void **state)
{
	static const char cookie[] = "__Host-loep=" TEXT;
	const enum credential_kind wrong = (enum credential_kind) - 1;

	(void)state;
	assert_int_equal(kind_of(NULL, NULL), CREDENTIAL_NONE);
	assert_int_equal(kind_of(TOKEN, NULL), CREDENTIAL_TOKEN);
	assert_int_equal(kind_of("bearer  loep_" TEXT, NULL), CREDENTIAL_TOKEN);
	assert_int_equal(kind_of(NULL, cookie), CREDENTIAL_SESSION);
	assert_int_equal(kind_of(NULL, "a=b;  __Host-loep=" TEXT " ; c=d"),
	    CREDENTIAL_SESSION);
	assert_int_equal(kind_of(TOKEN, cookie), CREDENTIAL_TOKEN);
	/* A token that is none does not fall back to the cookie. */
	assert_int_equal(kind_of("Basic YTpi", cookie), wrong);
	assert_int_equal(kind_of("Bearer " TEXT, cookie), wrong);
	assert_int_equal(kind_of("Bearer loep_x", cookie), wrong);
	assert_int_equal(kind_of(TOKEN "x", cookie), wrong);
	assert_int_equal(kind_of("", cookie), wrong);
	/* Names are exact; what is not ours is none of our business. */
	assert_int_equal(kind_of(NULL, "__host-loep=" TEXT), CREDENTIAL_NONE);
	assert_int_equal(kind_of(NULL, "x__Host-loep=" TEXT), CREDENTIAL_NONE);
	assert_int_equal(kind_of(NULL, "__Host-loep2=" TEXT), CREDENTIAL_NONE);
	assert_int_equal(kind_of(NULL, "__Host-loep=x"), CREDENTIAL_NONE);
	assert_int_equal(kind_of(NULL, ";;; ; ="), CREDENTIAL_NONE);
	assert_int_equal(
	    kind_of(NULL, "__Host-loep=" TEXT "; __Host-loep=x"), wrong);
}

static void
test_own_page(void **state)
{
	struct credential c;
	char csrf[CREDENTIAL_CSRF_BYTES];
	const char *why;
	struct {
		const char *headers[4];
		bool is_own;
	} const cases[] = {
	    {{NULL, NULL, "h", csrf}, true},
	    {{"https://h", "same-origin", "h", csrf}, true},
	    {{"https://h:8443", NULL, "h:8443", csrf}, true},
	    {{"HTTPS://H", NULL, "h", csrf}, true},
	    {{"http://h", NULL, "h", csrf}, false},
	    {{"https://h:1", NULL, "h", csrf}, false},
	    {{"https://h.evil", NULL, "h", csrf}, false},
	    {{"https://evil", NULL, "h", csrf}, false},
	    {{"null", NULL, "h", csrf}, false},
	    {{"https://h", NULL, NULL, csrf}, false},
	    {{NULL, "cross-site", "h", csrf}, false},
	    {{NULL, "same-site", "h", csrf}, false},
	    {{NULL, NULL, "h", NULL}, false},
	    {{NULL, NULL, "h", ""}, false},
	    {{NULL, NULL, "h", "00000000000000000000000000000000"}, false},
	};

	(void)state;
	assert_int_equal(
	    credential_parse(NULL, "__Host-loep=" TEXT, &c), ERR_OK);
	credential_csrf(c.secret, csrf);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (credential_is_own(&c, cases[i].headers, &why) !=
		    cases[i].is_own)
			fail_msg("case %zu: %s", i, why);
	}
	/* It does not give the secret away. */
	assert_null(strstr(csrf, "000102"));
}

static void
test_rate(void **state)
{
	struct rate *rate = rate_new(10, 3);
	char key[16];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(rate, "a", 1, 5000), 0);
	assert_int_equal(rate_take(rate, "a", 1, 5000), 100);
	assert_int_equal(rate_take(rate, "b", 1, 5000), 0);
	assert_int_equal(rate_take(rate, "a", 1, 5050), 50);
	assert_int_equal(rate_take(rate, "a", 1, 5100), 0);
	assert_int_equal(rate_take(rate, "a", 1, 5100), 100);
	/* A long rest fills it, and no more than that. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(rate, "a", 1, UINT64_C(1) << 60), 0);
	assert_true(rate_take(rate, "a", 1, UINT64_C(1) << 60) > 0);
	/* Addresses of one IPv6 network count as one. */
	assert_int_equal(rate_take_address(rate, "2001:db8::1", 1), 0);
	assert_int_equal(rate_take_address(rate, "2001:db8::2", 1), 0);
	assert_int_equal(rate_take_address(rate, "2001:db8::3", 1), 0);
	assert_true(rate_take_address(rate, "2001:db8::4", 1) > 0);
	assert_int_equal(rate_take_address(rate, "2001:db8:0:1::4", 1), 0);
	assert_int_equal(rate_take_address(rate, "192.0.2.1", 1), 0);
	/* Many keys cost no more memory, and harm nobody for long. */
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(rate_take(rate, key, strlen(key), 9000), 0);
	}
	rate_free(rate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_own_page),
	    cmocka_unit_test(test_rate),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
