/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - when people work: opening hours, holidays, closing days, in the
 * local time of a policy (its member "calendars").
 *
 *	{"tz": "Europe/Brussels", "tz_rule": "CET-1CEST,M3.5.0,M10.5.0/3",
 *	 "hours": {"mon": [["09:00", "17:00"]], ...},
 *	 "holidays": [{"name": "...", "month": 7, "day": 21},
 *	              {"name": "...", "easter": 39}],
 *	 "closed": ["2026-12-24"]}
 *
 * Times are microseconds since 1970 UTC.
 */
#ifndef STORE_CALENDAR_H
#define STORE_CALENDAR_H

#include "lib/err.h"
#include "lib/json.h"
#include "store/tz.h"

#include <stddef.h>

#define CALENDAR_SPANS_MAX    ((size_t)4)
#define CALENDAR_HOLIDAYS_MAX ((size_t)64)
#define CALENDAR_CLOSED_MAX   ((size_t)256)

/* From and to, in minutes of the day; to is at most 24:00. */
struct calendar_span {
	int32_t from;
	int32_t to;
};

struct calendar_holiday {
	bool is_easter;
	int32_t month;
	int32_t day; /* of the month; of Easter, days behind the Sunday */
};

struct calendar {
	struct tz tz;
	struct {
		size_t count;
		struct calendar_span spans[CALENDAR_SPANS_MAX];
	} week[7]; /* 0 = Sunday */
	size_t holidays_count;
	struct calendar_holiday holidays[CALENDAR_HOLIDAYS_MAX];
	size_t closed_count;
	int64_t closed[CALENDAR_CLOSED_MAX]; /* days since 1970 */
};

/* ERR_FORMAT with a sentence in why where something is wrong with it. */
int must_check calendar_parse(const json_t *json, struct calendar *ret_calendar,
    char *why, size_t why_size);
bool calendar_is_open(const struct calendar *calendar, int64_t at);
/* at, where it is open then, else the next opening. */
int64_t calendar_opening(const struct calendar *calendar, int64_t at);
/*
 * The moment at which that many minutes of open time have passed.  Where none
 * is open for ten years, time counts as it passes: no due time is ever lost.
 */
int64_t calendar_due(
    const struct calendar *calendar, int64_t at, int64_t minutes);
/* Easter Sunday of a Gregorian year, in days since 1970. */
int64_t calendar_easter(int64_t year);

#endif
