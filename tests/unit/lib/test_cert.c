/* SPDX-License-Identifier: Apache-2.0 */
/* test_cert.c - certificates for first use, and their fingerprints. */
#include "lib/cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_make(void **state)
{
	static const char *const names[] = {
	    "sandbox.example", "192.0.2.1", "2001:db8::1"};
	uint8_t print[SHA256_BYTES];
	struct cert one, two;

	(void)state;
	assert_int_equal(cert_make(names, 3, 30, &one), ERR_OK);
	assert_int_equal(cert_make(names, 3, 30, &two), ERR_OK);
	assert_non_null(strstr(one.certificate, "BEGIN CERTIFICATE"));
	assert_non_null(strstr(one.key, "BEGIN PRIVATE KEY"));
	assert_null(strstr(one.certificate, "PRIVATE"));
	assert_memory_not_equal(one.print, two.print, SHA256_BYTES);
	assert_int_equal(
	    cert_print(one.certificate, strlen(one.certificate), print),
	    ERR_OK);
	assert_memory_equal(print, one.print, SHA256_BYTES);
	cert_release(&one);
	cert_release(&two);
	assert_null(one.key);
}

static void
test_refuse(void **state)
{
	static const char *const bad[] = {
	    "", "a b", "a,DNS:b", "a\nb", "dirName:x", "a/b"};
	const char *many[CERT_NAMES_MAX + 1];
	uint8_t print[SHA256_BYTES];
	struct cert cert;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cert_make(&bad[i], 1, 30, &cert), ERR_FORMAT);
	for (size_t i = 0; i <= CERT_NAMES_MAX; i++)
		many[i] = "a";
	assert_int_equal(
	    cert_make(many, CERT_NAMES_MAX + 1, 30, &cert), ERR_FORMAT);
	assert_int_equal(cert_make(many, 0, 30, &cert), ERR_FORMAT);
	assert_int_equal(cert_make(many, 1, 0, &cert), ERR_FORMAT);
	assert_int_equal(cert_print("no PEM", 6, print), ERR_FORMAT);
	assert_int_equal(cert_print("", 0, print), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_make),
	    cmocka_unit_test(test_refuse),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
