/* SPDX-License-Identifier: Apache-2.0 */
/* What a receiver's answer says: Retry-After, and how much of a head is read. */
#include "hook/answer.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define THEN 784111777

static int64_t
after(const char *value, int64_t now_s)
{
	return answer_retry_after(value, strlen(value), now_s);
}

static void
test_seconds(void **state)
{
	(void)state;
	assert_int_equal(after("0", THEN), 0);
	assert_int_equal(after("120", THEN), 120);
	assert_int_equal(after("86400", THEN), 86400);
	assert_int_equal(after("86401", THEN), 86400);
	assert_int_equal(after("99999999999999999999999999", THEN), 86400);
	assert_int_equal(after("", THEN), 0);
	assert_int_equal(after("-1", THEN), 0);
	assert_int_equal(after("+1", THEN), 0);
	assert_int_equal(after("1.5", THEN), 0);
	assert_int_equal(after("1 2", THEN), 0);
	assert_int_equal(after("soon", THEN), 0);
}

static void
test_dates(void **state)
{
	static const char *const bad[] = {"Sun, 06 Nov 1994 08:49:37 UTC",
	    "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
	    "Sun, 06 Nov 1994 08:49:61 GMT", "Sun. 06 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Nov 19-4 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT",
	    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};

	(void)state;
	assert_int_equal(after("Sun, 06 Nov 1994 08:49:37 GMT", THEN), 0);
	assert_int_equal(after("Sun, 06 Nov 1994 08:49:37 GMT", THEN - 90), 90);
	assert_int_equal(after("Sun, 06 Nov 1994 08:49:37 GMT", THEN + 90), 0);
	assert_int_equal(
	    after("Sun, 06 Nov 9994 08:49:37 GMT", THEN), ANSWER_RETRY_MAX_S);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (after(bad[i], THEN - 90) != 0)
			fail_msg("\"%s\" is no date", bad[i]);
	}
}

static bool
line(struct answer *answer, const char *text)
{
	return answer_line(answer, text, strlen(text), THEN);
}

static void
test_lines(void **state)
{
	struct answer a = {0};

	(void)state;
	assert_true(line(&a, "HTTP/1.1 103 Early Hints\r\n"));
	assert_true(line(&a, "Retry-After: 5\r\n"));
	assert_int_equal(a.retry_after_s, 5);
	assert_true(line(&a, "HTTP/1.1 503 Busy\r\n"));
	assert_int_equal(a.retry_after_s, 0);
	assert_true(line(&a, "rEtRy-aFtEr:\t 7 \r\n"));
	assert_int_equal(a.retry_after_s, 7);
	assert_true(line(&a, "Retry-After-All: 9\r\n"));
	assert_true(line(&a, "X-Retry-After: 9\r\n"));
	assert_true(line(&a, "Retry-After"));
	assert_true(line(&a, ""));
	assert_int_equal(a.retry_after_s, 7);
	assert_true(line(&a, "Retry-After:"));
	assert_int_equal(a.retry_after_s, 0);
}

static void
test_long_head(void **state)
{
	static char text[1024];
	struct answer a = {0};
	size_t lines = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	while (lines < 1000 && line(&a, text))
		lines++;
	assert_int_equal(lines, ANSWER_HEAD_BYTES_MAX / (sizeof(text) - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_seconds),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_long_head),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
