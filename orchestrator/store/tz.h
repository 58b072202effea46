/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tz.h - local time from a POSIX time zone rule, such as
 * "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1 XBD 8.3, with the hours of RFC 9636
 * section 3.3.2).
 *
 * The rule is data of the policy that uses it: what was computed once comes
 * out the same again, on whatever machine, and no environment is read.
 */
#ifndef STORE_TZ_H
#define STORE_TZ_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The day's start of a change, in the local time that it ends. */
struct tz_change {
	int32_t month;	/* 1 to 12 */
	int32_t week;	/* 1 to 5; 5 = the last */
	int32_t day;	/* of the week; 0 = Sunday */
	int32_t time_s; /* may be before or behind that day */
};

struct tz {
	int32_t standard_s; /* east of Greenwich */
	int32_t summer_s;
	bool has_summer;
	struct tz_change begin; /* of summer time */
	struct tz_change end;
};

/* ERR_FORMAT: not such a rule.  Only M changes are taken. */
int must_check tz_parse(const char *text, struct tz *ret_tz);
/* Seconds to add to UTC (seconds since 1970) for local time. */
int32_t tz_offset(const struct tz *tz, int64_t utc_s);
/*
 * UTC of a local time (seconds since 1970 as if it were UTC).  What occurs
 * twice is the first one; what does not occur is as much later as the clocks
 * were moved.
 */
int64_t tz_utc(const struct tz *tz, int64_t local_s);

/* Days since 1970-01-01 in the Gregorian calendar, and back. */
int64_t tz_days(int64_t year, int64_t month, int64_t day);
void tz_date(
    int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day);
/* 0 = Sunday. */
int tz_weekday(int64_t days);

#endif
