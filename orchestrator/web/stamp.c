/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.c - times as RFC 3339 texts. */
#include "web/stamp.h"

#include <stdbool.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

/* The last so many digits of what is not negative. */
static void
put_digits(char *dst, size_t count, int n)
{
	while (count-- > 0) {
		dst[count] = (char)('0' + n % 10);
		n /= 10;
	}
}

const char *
stamp_put(char dst[STAMP_BYTES], int64_t time_us)
{
	static const char form[] = "0000-00-00T00:00:00.000000Z";
	int64_t rest_us = time_us % SECOND_US;
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm tm = {0};

	/* Towards the past, not towards 1970. */
	if (rest_us < 0) {
		rest_us += SECOND_US;
		seconds--;
	}
	/* RFC 3339 has four digits for the year. */
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < -1900) {
		(void)snprintf(dst, STAMP_BYTES, "%s",
		    time_us < 0 ? "0000-01-01T00:00:00.000000Z"
				: "9999-12-31T23:59:59.999999Z");
		return dst;
	}
	/* By hand: a page has hundreds of them. */
	memcpy(dst, form, sizeof(form));
	put_digits(dst, 4, tm.tm_year + 1900);
	put_digits(dst + 5, 2, tm.tm_mon + 1);
	put_digits(dst + 8, 2, tm.tm_mday);
	put_digits(dst + 11, 2, tm.tm_hour);
	put_digits(dst + 14, 2, tm.tm_min);
	put_digits(dst + 17, 2, tm.tm_sec);
	put_digits(dst + 20, 6, (int)rest_us);
	return dst;
}

struct cursor {
	const char *p;
	const char *end;
	bool is_failed;
};

/* count digits as a number of at most max. */
static int
digits(struct cursor *c, int count, int max)
{
	int n = 0;

	for (int i = 0; i < count && !c->is_failed; i++) {
		if (c->p == c->end || *c->p < '0' || *c->p > '9')
			c->is_failed = true;
		else
			n = n * 10 + (*c->p++ - '0');
	}
	if (n > max)
		c->is_failed = true;
	return n;
}

/* One of the characters of set. */
static char
one_of(struct cursor *c, const char *set)
{
	if (c->is_failed || c->p == c->end || *c->p == '\0' ||
	    strchr(set, *c->p) == NULL) {
		c->is_failed = true;
		return '\0';
	}
	return *c->p++;
}

static int64_t
fraction_us(struct cursor *c)
{
	int64_t us = 0, unit = SECOND_US / 10;

	if (c->is_failed || c->p == c->end || *c->p != '.')
		return 0;
	c->p++;
	(void)one_of(c, "0123456789");
	if (!c->is_failed)
		c->p--;
	while (!c->is_failed && c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		us += (*c->p++ - '0') * unit;
		unit /= 10;
	}
	return us;
}

static int
offset_seconds(struct cursor *c)
{
	char sign = one_of(c, "Zz+-");
	int seconds;

	if (c->is_failed || sign == 'Z' || sign == 'z')
		return 0;
	seconds = digits(c, 2, 23) * 3600;
	(void)one_of(c, ":");
	seconds += digits(c, 2, 59) * 60;
	return sign == '-' ? -seconds : seconds;
}

int
stamp_get(const char *text, size_t len, int64_t *ret_time_us)
{
	struct cursor c = {.p = text, .end = text + len};
	struct tm tm = {0}, asked;
	int64_t us;
	int offset;
	time_t seconds;

	tm.tm_year = digits(&c, 4, 9999) - 1900;
	(void)one_of(&c, "-");
	tm.tm_mon = digits(&c, 2, 12) - 1;
	(void)one_of(&c, "-");
	tm.tm_mday = digits(&c, 2, 31);
	(void)one_of(&c, "Tt ");
	tm.tm_hour = digits(&c, 2, 23);
	(void)one_of(&c, ":");
	tm.tm_min = digits(&c, 2, 59);
	(void)one_of(&c, ":");
	tm.tm_sec = digits(&c, 2, 59);
	us = fraction_us(&c);
	offset = offset_seconds(&c);
	if (c.is_failed || c.p != c.end || tm.tm_mon < 0 || tm.tm_mday < 1)
		return ERR_FORMAT;
	asked = tm;
	seconds = timegm(&tm);
	/* timegm() makes 1 March of 29 February in other years. */
	if (tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday)
		return ERR_FORMAT;
	*ret_time_us = ((int64_t)seconds - offset) * SECOND_US + us;
	return ERR_OK;
}
