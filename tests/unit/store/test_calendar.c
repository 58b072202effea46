/* SPDX-License-Identifier: Apache-2.0 */
/* test_calendar.c - local time, holidays, opening hours, due times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/own.h"
#include "store/calendar.h"
#include "store/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BRUSSELS "CET-1CEST,M3.5.0,M10.5.0/3"
#define S	 ((int64_t)1000000)
#define MINUTE	 (60 * S)
#define HOUR	 (60 * MINUTE)

static const char text[] =
    "{\"tz\":\"Europe/Brussels\",\"tz_rule\":\"" BRUSSELS "\","
    "\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]],"
    "\"tue\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:00\"]],"
    "\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],"
    "\"fri\":[[\"09:00\",\"17:00\"]],\"sun\":[[\"00:00\",\"06:00\"]]},"
    "\"holidays\":[{\"name\":\"National Day\",\"month\":7,\"day\":21},"
    "{\"name\":\"Easter Monday\",\"easter\":1},"
    "{\"name\":\"Ascension Day\",\"easter\":39}],"
    "\"closed\":[\"2026-12-24\"]}";

static struct calendar
calendar(void)
{
	json_t *json = NULL;
	struct calendar c;
	char why[256] = "";

	assert_int_equal(
	    json_parse(text, strlen(text), 4096, 6, &json), ERR_OK);
	assert_int_equal(calendar_parse(json, &c, why, sizeof(why)), ERR_OK);
	json_decref(json);
	return c;
}

/* Microseconds of a moment in Brussels, by the rule. */
static int64_t
at(int year, int month, int day, int hour, int minute)
{
	struct tz tz;

	assert_int_equal(tz_parse(BRUSSELS, &tz), ERR_OK);
	return S * tz_utc(&tz, tz_days(year, month, day) * 86400 + hour * 3600 +
				   minute * 60);
}

/* The C library, told the same rule, says the same of every hour. */
static void
test_offsets_agree_with_libc(void **state)
{
	static const char *const rules[] = {BRUSSELS, "UTC0",
	    "AEST-10AEDT,M10.1.0,M4.1.0/3", "EST5EDT,M3.2.0,M11.1.0",
	    "<+0330>-3:30"};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct tz tz;

		assert_int_equal(tz_parse(rules[i], &tz), ERR_OK);
		assert_int_equal(setenv("TZ", rules[i], 1), 0);
		tzset();
		for (int64_t s = 0; s < INT64_C(2500000000);
		     s += 3600 * 5 + 1) {
			time_t t = (time_t)s;
			struct tm tm;

			(void)localtime_r(&t, &tm);
			assert_int_equal(tz_offset(&tz, s), tm.tm_gmtoff);
		}
	}
}

/* There and back, but for the hours that occur twice or never. */
static void
test_local_time_and_back(void **state)
{
	struct tz tz;

	(void)state;
	assert_int_equal(tz_parse(BRUSSELS, &tz), ERR_OK);
	for (int64_t s = INT64_C(1700000000); s < INT64_C(1900000000);
	     s += 1801) {
		int64_t local = s + tz_offset(&tz, s);
		int64_t back = tz_utc(&tz, local);

		assert_true(back == s || back == s - 3600);
		assert_int_equal(back + tz_offset(&tz, back), local);
	}
	/* 2026-03-29 02:30 does not occur: the clock shows 03:30 then. */
	assert_int_equal(tz_utc(&tz, tz_days(2026, 3, 29) * 86400 + 9000),
	    tz_days(2026, 3, 29) * 86400 + 5400);
	/* 2026-10-25 02:30 occurs twice: the first one, in summer time. */
	assert_int_equal(tz_utc(&tz, tz_days(2026, 10, 25) * 86400 + 9000),
	    tz_days(2026, 10, 25) * 86400 + 1800);
}

static void
test_bad_rules(void **state)
{
	static const char *const bad[] = {"", "CET", "C-1", "CET-25",
	    "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
	    "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
	    "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0x",
	    "CET-1CEST,J60,J300", ":/etc/passwd", "CET-99999999999"};
	struct tz tz;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tz_parse(bad[i], &tz), ERR_FORMAT);
}

static void
test_dates(void **state)
{
	int64_t y, m, d;

	(void)state;
	for (int64_t days = -800000; days < 800000; days += 37) {
		tz_date(days, &y, &m, &d);
		assert_int_equal(tz_days(y, m, d), days);
	}
	assert_int_equal(tz_weekday(tz_days(2026, 11, 22)), 0);
	/* Known Easter Sundays. */
	assert_int_equal(calendar_easter(1961), tz_days(1961, 4, 2));
	assert_int_equal(calendar_easter(2000), tz_days(2000, 4, 23));
	assert_int_equal(calendar_easter(2025), tz_days(2025, 4, 20));
	assert_int_equal(calendar_easter(2026), tz_days(2026, 4, 5));
	assert_int_equal(calendar_easter(2038), tz_days(2038, 4, 25));
}

static void
test_open_hours(void **state)
{
	struct calendar c = calendar();

	(void)state;
	assert_false(calendar_is_open(&c, at(2026, 11, 23, 8, 59)));
	assert_true(calendar_is_open(&c, at(2026, 11, 23, 9, 0)));
	assert_true(calendar_is_open(&c, at(2026, 11, 23, 16, 59)));
	assert_false(calendar_is_open(&c, at(2026, 11, 23, 17, 0)));
	/* Tuesday's break; Saturday; National Day; Easter Monday;
	 * Ascension Day; a closing day. */
	assert_false(calendar_is_open(&c, at(2026, 11, 24, 12, 30)));
	assert_false(calendar_is_open(&c, at(2026, 11, 28, 10, 0)));
	assert_false(calendar_is_open(&c, at(2026, 7, 21, 10, 0)));
	assert_false(calendar_is_open(&c, at(2026, 4, 6, 10, 0)));
	assert_false(calendar_is_open(&c, at(2026, 5, 14, 10, 0)));
	assert_false(calendar_is_open(&c, at(2026, 12, 24, 10, 0)));
	assert_int_equal(calendar_opening(&c, at(2026, 12, 24, 10, 0)),
	    at(2026, 12, 25, 9, 0));
}

static void
test_due(void **state)
{
	struct calendar c = calendar();

	(void)state;
	/* Friday at four, two hours: on Monday at ten, but for the hours of
	 * the night to Sunday. */
	assert_int_equal(calendar_due(&c, at(2026, 11, 20, 16, 0), 120),
	    at(2026, 11, 22, 1, 0));
	assert_int_equal(calendar_due(&c, at(2026, 11, 23, 16, 0), 120),
	    at(2026, 11, 24, 10, 0));
	/* Over the break of Tuesday. */
	assert_int_equal(calendar_due(&c, at(2026, 11, 24, 11, 0), 120),
	    at(2026, 11, 24, 14, 0));
	/* The night in which clocks go forward has five hours here, the one
	 * in which they go back seven. */
	assert_int_equal(calendar_due(&c, at(2026, 3, 28, 12, 0), 5 * 60),
	    at(2026, 3, 29, 6, 0));
	assert_int_equal(calendar_due(&c, at(2026, 10, 24, 12, 0), 7 * 60),
	    at(2026, 10, 25, 6, 0));
}

/*
 * Open time between a moment and its due time, counted minute by minute, is
 * what was asked for; later moments are never due earlier.
 */
static void
test_due_holds_for_any_start(void **state)
{
	struct calendar c = calendar();
	int64_t last = 0;

	(void)state;
	for (int64_t start = at(2026, 3, 20, 0, 7);
	     start < at(2026, 4, 12, 0, 0); start += 211 * MINUTE) {
		int64_t minutes = 1 + start / MINUTE % 700;
		int64_t due = calendar_due(&c, start, minutes);
		int64_t open = 0;

		for (int64_t t = start; t < due; t += MINUTE)
			open += calendar_is_open(&c, t);
		/* A minute that is open in part may count or not. */
		assert_true(open >= minutes - 12 && open <= minutes + 12);
		assert_true(due > start);
		due = calendar_due(&c, start, 60);
		assert_true(due >= last);
		last = due;
	}
}

static void
test_bad_calendars(void **state)
{
	static const char *const changes[][2] = {
	    {"\"tz_rule\":\"" BRUSSELS "\"", "\"tz_rule\":\"x\""},
	    {"\"month\":7,\"day\":21", "\"month\":13,\"day\":21"},
	    {"\"easter\":1}", "\"easter\":1000}"},
	    {"2026-12-24", "2026-02-30"},
	    {"[\"09:00\",\"12:00\"]", "[\"09:00\",\"25:00\"]"},
	    {"[\"13:00\",\"17:00\"]", "[\"11:00\",\"17:00\"]"},
	    {"\"sun\"", "\"sunday\""},
	    {"\"closed\":[\"2026-12-24\"]", "\"closed\":{}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char buf[2048];
		const char *p = strstr(text, changes[i][0]);
		json_t *json = NULL;
		struct calendar c;
		char why[256] = "";

		assert_non_null(p);
		(void)snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(p - text),
		    text, changes[i][1], p + strlen(changes[i][0]));
		assert_int_equal(
		    json_parse(buf, strlen(buf), 4096, 6, &json), ERR_OK);
		assert_int_equal(
		    calendar_parse(json, &c, why, sizeof(why)), ERR_FORMAT);
		assert_true(strlen(why) > 10);
		json_decref(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_offsets_agree_with_libc),
	    cmocka_unit_test(test_local_time_and_back),
	    cmocka_unit_test(test_bad_rules),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_open_hours),
	    cmocka_unit_test(test_due),
	    cmocka_unit_test(test_due_holds_for_any_start),
	    cmocka_unit_test(test_bad_calendars),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
