/* SPDX-License-Identifier: Apache-2.0 */
/* calendar.c - when people work. */
#include "store/calendar.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAY_S	    86400
#define SECOND_US   ((int64_t)1000000)
#define MINUTE_US   (60 * SECOND_US)
#define DAYS_AHEAD  3660
#define EASTER_DAYS 366

static const char *const weekdays[] = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* --- reading --- */

__attribute__((format(printf, 3, 4))) static int
wrong(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

static bool
two_digits(const char *p, int32_t *ret_n)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret_n = (p[0] - '0') * 10 + (p[1] - '0');
	return true;
}

/* "09:00" to minutes; 24:00 is the end of the day. */
static bool
read_minutes(const json_t *json, int32_t *ret_minutes)
{
	const char *p = json_string_value(json);
	int32_t hours, minutes;

	if (p == NULL || strlen(p) != 5 || p[2] != ':' ||
	    !two_digits(p, &hours) || !two_digits(p + 3, &minutes) ||
	    minutes > 59 || hours * 60 + minutes > 24 * 60)
		return false;
	*ret_minutes = hours * 60 + minutes;
	return true;
}

static int
read_spans(
    struct calendar *c, int day, const json_t *list, char *why, size_t why_size)
{
	int32_t last = 0;
	const json_t *pair;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > CALENDAR_SPANS_MAX)
		return wrong(why, why_size,
		    "calendars.hours.%s is a list of at most %zu pairs",
		    weekdays[day], CALENDAR_SPANS_MAX);
	json_array_foreach(list, i, pair)
	{
		struct calendar_span span;

		if (json_array_size(pair) != 2 ||
		    !read_minutes(json_array_get(pair, 0), &span.from) ||
		    !read_minutes(json_array_get(pair, 1), &span.to) ||
		    span.from < last || span.to <= span.from)
			return wrong(why, why_size,
			    "calendars.hours.%s has pairs such as [\"09:00\", "
			    "\"17:00\"], one behind the other",
			    weekdays[day]);
		c->week[day].spans[c->week[day].count++] = span;
		last = span.to;
	}
	return ERR_OK;
}

static int
read_hours(struct calendar *c, const json_t *hours, char *why, size_t why_size)
{
	size_t known = 0, open = 0;
	int err = ERR_OK;

	if (!json_is_object(hours))
		return wrong(why, why_size, "calendars.hours is an object");
	for (int day = 0; day < 7 && err == ERR_OK; day++) {
		const json_t *list = json_object_get(hours, weekdays[day]);

		if (list == NULL)
			continue;
		known++;
		err = read_spans(c, day, list, why, why_size);
		open += c->week[day].count;
	}
	if (err == ERR_OK && known != json_object_size(hours))
		return wrong(why, why_size,
		    "calendars.hours has members sun mon tue wed thu fri sat");
	if (err == ERR_OK && open == 0)
		return wrong(why, why_size, "calendars.hours is never open");
	return err;
}

/* A member that is a whole number from min to max. */
static bool
read_int(const json_t *json, const char *name, json_int_t max, int32_t *ret_n)
{
	const json_t *n = json_object_get(json, name);

	if (!json_is_integer(n) || json_integer_value(n) > max ||
	    json_integer_value(n) < (max == EASTER_DAYS ? -EASTER_DAYS : 1))
		return false;
	*ret_n = (int32_t)json_integer_value(n);
	return true;
}

static int
read_holidays(
    struct calendar *c, const json_t *list, char *why, size_t why_size)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(list) ||
	    json_array_size(list) > CALENDAR_HOLIDAYS_MAX)
		return wrong(why, why_size,
		    "calendars.holidays is a list of at most %zu",
		    CALENDAR_HOLIDAYS_MAX);
	json_array_foreach(list, i, item)
	{
		struct calendar_holiday h = {0};

		h.is_easter = json_object_get(item, "easter") != NULL;
		if (!json_is_string(json_object_get(item, "name")) ||
		    json_object_size(item) != (h.is_easter ? 2U : 3U) ||
		    (h.is_easter
			    ? !read_int(item, "easter", EASTER_DAYS, &h.day)
			    : !read_int(item, "month", 12, &h.month) ||
				  !read_int(item, "day", 31, &h.day)))
			return wrong(why, why_size,
			    "calendars.holidays[%zu] has a name, and month and "
			    "day or easter (days behind Easter Sunday)",
			    i);
		c->holidays[c->holidays_count++] = h;
	}
	return ERR_OK;
}

/* "2026-12-24" */
static bool
read_date(const json_t *json, int64_t *ret_days)
{
	const char *p = json_string_value(json);
	int32_t century, rest, month, day;
	int64_t y, m, d;

	if (p == NULL || strlen(p) != 10 || p[4] != '-' || p[7] != '-' ||
	    !two_digits(p, &century) || !two_digits(p + 2, &rest) ||
	    !two_digits(p + 5, &month) || !two_digits(p + 8, &day) ||
	    month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*ret_days = tz_days(century * 100 + rest, month, day);
	/* The 31st of June is none. */
	tz_date(*ret_days, &y, &m, &d);
	return m == month && d == day;
}

static int
read_closed(struct calendar *c, const json_t *list, char *why, size_t why_size)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > CALENDAR_CLOSED_MAX)
		return wrong(why, why_size,
		    "calendars.closed is a list of at most %zu dates",
		    CALENDAR_CLOSED_MAX);
	json_array_foreach(list, i, item)
	{
		if (!read_date(item, &c->closed[c->closed_count++]))
			return wrong(why, why_size,
			    "calendars.closed[%zu] is no date such as "
			    "2026-12-24",
			    i);
	}
	return ERR_OK;
}

int
calendar_parse(const json_t *json, struct calendar *ret_calendar, char *why,
    size_t why_size)
{
	struct calendar c = {0};
	const char *tz = json_member_text(json, "tz", NULL);
	const char *rule = json_member_text(json, "tz_rule", NULL);
	int err;

	if (!json_is_object(json) || json_object_size(json) != 5)
		return wrong(why, why_size,
		    "calendars is an object of tz, tz_rule, hours, holidays "
		    "and closed");
	if (tz == NULL || strlen(tz) > 64)
		return wrong(why, why_size,
		    "calendars.tz is a name such as Europe/Brussels");
	if (rule == NULL || tz_parse(rule, &c.tz) != ERR_OK)
		return wrong(why, why_size,
		    "calendars.tz_rule is a rule such as "
		    "CET-1CEST,M3.5.0,M10.5.0/3");
	err = read_hours(&c, json_object_get(json, "hours"), why, why_size);
	if (err == ERR_OK)
		err = read_holidays(
		    &c, json_object_get(json, "holidays"), why, why_size);
	if (err == ERR_OK)
		err = read_closed(
		    &c, json_object_get(json, "closed"), why, why_size);
	if (err == ERR_OK)
		*ret_calendar = c;
	return err;
}

/* --- computing --- */

int64_t
calendar_easter(int64_t year)
{
	/* The Gregorian computus, as Meeus, Jones and Butcher have it. */
	int64_t a = year % 19, b = year / 100, c = year % 100;
	int64_t d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int64_t h = (19 * a + b - d - g + 15) % 30;
	int64_t i = c / 4, k = c % 4;
	int64_t l = (32 + 2 * e + 2 * i - h - k) % 7;
	int64_t m = (a + 11 * h + 22 * l) / 451;
	int64_t n = h + l - 7 * m + 114;

	return tz_days(year, n / 31, n % 31 + 1);
}

static bool
is_free(const struct calendar *c, int64_t days)
{
	int64_t year, month, day;

	tz_date(days, &year, &month, &day);
	for (size_t i = 0; i < c->holidays_count; i++) {
		const struct calendar_holiday *h = &c->holidays[i];

		if (h->is_easter ? days == calendar_easter(year) + h->day
				 : month == h->month && day == h->day)
			return true;
	}
	for (size_t i = 0; i < c->closed_count; i++) {
		if (c->closed[i] == days)
			return true;
	}
	return false;
}

static int64_t
local_day(const struct calendar *c, int64_t at)
{
	int64_t s = at / SECOND_US;
	int64_t local = s + tz_offset(&c->tz, s);

	return (local - (local % DAY_S + DAY_S) % DAY_S) / DAY_S;
}

/*
 * Walks through the open time from at on.  Takes want microseconds off it and
 * returns the moment at which they are used up; -1 where they never are.
 */
static int64_t
walk(const struct calendar *c, int64_t at, int64_t want)
{
	int64_t first = local_day(c, at);

	for (int64_t days = first; days < first + DAYS_AHEAD; days++) {
		int day = tz_weekday(days);

		for (size_t i = 0; i < c->week[day].count && !is_free(c, days);
		     i++) {
			const struct calendar_span *span =
			    &c->week[day].spans[i];
			int64_t from =
			    SECOND_US *
			    tz_utc(&c->tz, days * DAY_S + span->from * 60);
			int64_t to =
			    SECOND_US *
			    tz_utc(&c->tz, days * DAY_S + span->to * 60);

			if (from < at)
				from = at;
			if (from >= to)
				continue;
			if (want <= to - from)
				return from + want;
			want -= to - from;
		}
	}
	return -1;
}

int64_t
calendar_opening(const struct calendar *calendar, int64_t at)
{
	int64_t opening = walk(calendar, at, 0);

	return opening == -1 ? at : opening;
}

bool
calendar_is_open(const struct calendar *calendar, int64_t at)
{
	return walk(calendar, at, 0) == at;
}

int64_t
calendar_due(const struct calendar *calendar, int64_t at, int64_t minutes)
{
	int64_t due = walk(calendar, at, minutes * MINUTE_US);

	return due == -1 ? at + minutes * MINUTE_US : due;
}
