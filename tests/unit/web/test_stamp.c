/* SPDX-License-Identifier: Apache-2.0 */
/* test_stamp.c - times as RFC 3339 texts. */
#include "web/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
puts_as(int64_t time_us, const char *expected)
{
	char text[STAMP_BYTES];

	assert_string_equal(stamp_put(text, time_us), expected);
}

static void
test_put(void **state)
{
	(void)state;
	puts_as(0, "1970-01-01T00:00:00.000000Z");
	puts_as(1, "1970-01-01T00:00:00.000001Z");
	puts_as(-1, "1969-12-31T23:59:59.999999Z");
	puts_as(INT64_C(1700000000123456), "2023-11-14T22:13:20.123456Z");
	puts_as(INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z");
	puts_as(INT64_MAX, "9999-12-31T23:59:59.999999Z");
	puts_as(INT64_MIN, "0000-01-01T00:00:00.000000Z");
}

static int
get(const char *text, int64_t *ret_us)
{
	return stamp_get(text, strlen(text), ret_us);
}

static void
test_get(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"1970-01-01 00:00:00.000001Z", 1},
	    {"2023-11-14T22:13:20.123456Z", INT64_C(1700000000123456)},
	    {"2023-11-14T22:13:20.123456789Z", INT64_C(1700000000123456)},
	    {"2023-11-14T23:13:20.5+01:00", INT64_C(1700000000500000)},
	    {"2023-11-14T16:43:20-05:30", INT64_C(1700000000000000)},
	    {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		us = -1;
		assert_int_equal(get(good[i].text, &us), ERR_OK);
		assert_true(us == good[i].us);
	}
}

static void
test_get_refuses(void **state)
{
	static const char *const bad[] = {"", "now", "2023-11-14",
	    "2023-11-14T22:13:20", "2023-11-14T22:13Z", "2023-13-01T00:00:00Z",
	    "2023-00-01T00:00:00Z", "2023-02-29T00:00:00Z",
	    "2023-04-31T00:00:00Z", "2023-01-00T00:00:00Z",
	    "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z",
	    "2016-12-31T23:59:60Z", "2023-01-01T00:00:00.Z",
	    "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00+0100",
	    "2023-01-01T00:00:00Zx", " 2023-01-01T00:00:00Z",
	    "+023-01-01T00:00:00Z", "2023-1-01T00:00:00Z"};
	int64_t us = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (get(bad[i], &us) != ERR_FORMAT)
			fail_msg("%s was taken", bad[i]);
	}
	assert_true(us == 77);
	/* A NUL inside is not an end. */
	assert_int_equal(
	    stamp_get("2023-01-01T00:00:00Z\0", 21, &us), ERR_FORMAT);
}

static void
test_round_trip(void **state)
{
	char text[STAMP_BYTES];

	(void)state;
	for (int64_t us = INT64_C(-60000000000000000);
	     us < INT64_C(200000000000000000); us += INT64_C(86399999999991)) {
		int64_t back = 0;

		(void)stamp_put(text, us);
		assert_int_equal(get(text, &back), ERR_OK);
		assert_true(back == us);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_put),
	    cmocka_unit_test(test_get),
	    cmocka_unit_test(test_get_refuses),
	    cmocka_unit_test(test_round_trip),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
