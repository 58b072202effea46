/* SPDX-License-Identifier: Apache-2.0 */
/* test_uri.c - texts as parts of addresses. */
#include "lib/own.h"
#include "lib/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
test_encode(void **state)
{
	static const char *const pairs[][2] = {
	    {"", ""},
	    {"AZaz09-._~", "AZaz09-._~"},
	    {"a b&c=d+e", "a%20b%26c%3Dd%2Be"},
	    {"https://x/?#", "https%3A%2F%2Fx%2F%3F%23"},
	    {"%41", "%2541"},
	    {"\xc3\xa9\r\n", "%C3%A9%0D%0A"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		auto_free char *text = uri_encode(pairs[i][0]);

		assert_string_equal(text, pairs[i][1]);
	}
}

/* Each byte comes back from its two digits. */
static void
test_bytes(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const char one[] = {(char)c, '\0'};
		auto_free char *text = uri_encode(one);
		unsigned int back = (unsigned char)text[0];

		if (strlen(text) == 3)
			assert_int_equal(sscanf(text, "%%%2X", &back), 1);
		else
			assert_int_equal(strlen(text), 1);
		assert_int_equal(back, c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_encode),
	    cmocka_unit_test(test_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
