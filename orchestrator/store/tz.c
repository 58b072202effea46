/* SPDX-License-Identifier: Apache-2.0 */
/* tz.c - local time from a POSIX time zone rule. */
#include "store/tz.h"

#include <ctype.h>
#include <string.h>

#define DAY_S  86400
#define HOUR_S 3600

int64_t
tz_days(int64_t year, int64_t month, int64_t day)
{
	/* Years begin in March, so that the odd day is the last. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void
tz_date(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

int
tz_weekday(int64_t days)
{
	int64_t day = (days + 4) % 7;

	return (int)(day < 0 ? day + 7 : day);
}

/* --- reading --- */

static bool
read_name(const char **p)
{
	const char *at = *p;
	size_t len;

	if (*at == '<') {
		len = strcspn(++at, ">");
		if (len < 3 || len > 16 || at[len] != '>')
			return false;
		*p = at + len + 1;
		return true;
	}
	for (len = 0; isalpha((unsigned char)at[len]); len++)
		;
	*p = at + len;
	return len >= 3 && len <= 16;
}

static bool
read_number(const char **p, int32_t max, int32_t *ret_n)
{
	int32_t n = 0;
	const char *at = *p;

	while (isdigit((unsigned char)*at) && n <= max)
		n = n * 10 + (*at++ - '0');
	if (at == *p || n > max)
		return false;
	*p = at;
	*ret_n = n;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool
read_time(const char **p, int32_t hours_max, int32_t *ret_s)
{
	int32_t sign = **p == '-' ? -1 : 1;
	int32_t hours, minutes = 0, seconds = 0;

	if (**p == '-' || **p == '+')
		(*p)++;
	if (!read_number(p, hours_max, &hours))
		return false;
	if (**p == ':' && (++*p, !read_number(p, 59, &minutes)))
		return false;
	if (**p == ':' && (++*p, !read_number(p, 59, &seconds)))
		return false;
	*ret_s = sign * (hours * HOUR_S + minutes * 60 + seconds);
	return true;
}

/* ,Mm.w.d[/time] */
static bool
read_change(const char **p, struct tz_change *ret_change)
{
	struct tz_change c = {.time_s = 2 * HOUR_S};

	if (strncmp(*p, ",M", 2) != 0)
		return false;
	*p += 2;
	if (!read_number(p, 12, &c.month) || c.month == 0 || **p != '.' ||
	    (++*p, !read_number(p, 5, &c.week)) || c.week == 0 || **p != '.' ||
	    (++*p, !read_number(p, 6, &c.day)))
		return false;
	if (**p == '/' && (++*p, !read_time(p, 167, &c.time_s)))
		return false;
	*ret_change = c;
	return true;
}

int
tz_parse(const char *text, struct tz *ret_tz)
{
	struct tz tz = {0};
	const char *p = text;
	int32_t west;

	if (!read_name(&p) || !read_time(&p, 24, &west))
		return ERR_FORMAT;
	tz.standard_s = -west;
	if (*p != '\0') {
		tz.has_summer = true;
		tz.summer_s = tz.standard_s + HOUR_S;
		if (!read_name(&p))
			return ERR_FORMAT;
		if (*p != ',') {
			if (!read_time(&p, 24, &west))
				return ERR_FORMAT;
			tz.summer_s = -west;
		}
		if (!read_change(&p, &tz.begin) || !read_change(&p, &tz.end) ||
		    *p != '\0')
			return ERR_FORMAT;
	}
	*ret_tz = tz;
	return ERR_OK;
}

/* --- computing --- */

/* The moment of a change in a year, in the local time that it ends. */
static int64_t
change_at(const struct tz_change *c, int64_t year)
{
	int64_t first = tz_days(year, c->month, 1);
	int64_t next = c->month == 12 ? tz_days(year + 1, 1, 1)
				      : tz_days(year, c->month + 1, 1);
	int64_t day =
	    first + (c->day - tz_weekday(first) + 7) % 7 + (c->week - 1) * 7;

	while (day >= next)
		day -= 7;
	return day * DAY_S + c->time_s;
}

int32_t
tz_offset(const struct tz *tz, int64_t utc_s)
{
	int64_t local = utc_s + tz->standard_s;
	int64_t year, month, day, begin, end;
	bool is_summer;

	if (!tz->has_summer)
		return tz->standard_s;
	tz_date((local - (local % DAY_S + DAY_S) % DAY_S) / DAY_S, &year,
	    &month, &day);
	begin = change_at(&tz->begin, year) - tz->standard_s;
	end = change_at(&tz->end, year) - tz->summer_s;
	is_summer = begin < end ? utc_s >= begin && utc_s < end
				: utc_s >= begin || utc_s < end;
	return is_summer ? tz->summer_s : tz->standard_s;
}

int64_t
tz_utc(const struct tz *tz, int64_t local_s)
{
	int64_t standard = local_s - tz->standard_s;
	int64_t summer = local_s - tz->summer_s;

	if (!tz->has_summer)
		return standard;
	if (tz_offset(tz, summer) == tz->summer_s &&
	    (summer <= standard || tz_offset(tz, standard) != tz->standard_s))
		return summer;
	return standard;
}
