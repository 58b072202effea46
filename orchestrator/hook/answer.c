/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - what a receiver's answer says. */
#include "hook/answer.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define DATE_LENGTH 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Two digits; -1 where they are none. */
static int
two(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static int
month_of(const char *p)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; i < 12; i++) {
		if (memcmp(months + 3 * i, p, 3) == 0)
			return (int)i;
	}
	return -1;
}

/* IMF-fixdate (RFC 9110 section 5.6.7); false: it is none. */
static bool
read_date(const char *p, int64_t *ret_s)
{
	const int century = two(p + 12), year = two(p + 14);
	struct tm tm = {
	    .tm_mday = two(p + 5),
	    .tm_mon = month_of(p + 8),
	    .tm_hour = two(p + 17),
	    .tm_min = two(p + 20),
	    .tm_sec = two(p + 23),
	};

	if (memcmp(p + 25, " GMT", 4) != 0 || memcmp(p + 3, ", ", 2) != 0 ||
	    p[7] != ' ' || p[11] != ' ' || p[16] != ' ' || p[19] != ':' ||
	    p[22] != ':' || century < 19 || year < 0 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_mon < 0 || tm.tm_hour < 0 ||
	    tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
	    tm.tm_sec < 0 || tm.tm_sec > 60)
		return false;
	tm.tm_year = century * 100 + year - 1900;
	*ret_s = (int64_t)timegm(&tm);
	return true;
}

int64_t
answer_retry_after(const char *value, size_t len, int64_t now_s)
{
	int64_t s = 0;

	if (len == DATE_LENGTH && read_date(value, &s)) {
		s -= now_s;
	} else {
		for (size_t i = 0; i < len; i++) {
			if (value[i] < '0' || value[i] > '9')
				return 0;
			if (s <= ANSWER_RETRY_MAX_S)
				s = s * 10 + (value[i] - '0');
		}
	}
	return s < 0 ? 0 : s > ANSWER_RETRY_MAX_S ? ANSWER_RETRY_MAX_S : s;
}

bool
answer_line(struct answer *answer, const char *line, size_t len, int64_t now_s)
{
	static const char name[] = "retry-after:";
	const size_t name_len = sizeof(name) - 1;

	if (len > ANSWER_HEAD_BYTES_MAX - answer->head_bytes)
		return false;
	answer->head_bytes += len;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		answer->retry_after_s = 0;
	if (len < name_len || strncasecmp(line, name, name_len) != 0)
		return true;
	line += name_len;
	len -= name_len;
	while (len > 0 && is_blank(*line)) {
		line++;
		len--;
	}
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	answer->retry_after_s = answer_retry_after(line, len, now_s);
	return true;
}
