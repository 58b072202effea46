/* SPDX-License-Identifier: Apache-2.0 */
/* number.c - case numbers with a check symbol. */
#include "store/number.h"

#include "lib/digest.h"

#include <ctype.h>
#include <stdbool.h>

/* Crockford's digits; the check symbol has five more. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

#define BASE	      32
#define CHECK_BASE    37
#define RANDOM_DIGITS 8
#define RANDOM_BITS   40
/* "BE" + year + eight + check, without dashes. */
#define BARE_CHARS 15

static void
format(unsigned int year, uint64_t random, char ret_number[NUMBER_BYTES])
{
	uint64_t whole = ((uint64_t)year << RANDOM_BITS) | random;
	char text[RANDOM_DIGITS + 1];

	for (int i = RANDOM_DIGITS - 1; i >= 0; i--) {
		text[i] = digits[random % BASE];
		random /= BASE;
	}
	text[RANDOM_DIGITS] = '\0';
	(void)snprintf(ret_number, NUMBER_BYTES, "BE-%04u-%.4s-%.4s-%c",
	    year % 10000, text, text + 4, digits[whole % CHECK_BASE]);
}

void
number_new(int64_t now_us, char ret_number[NUMBER_BYTES])
{
	time_t now_s = (time_t)(now_us / 1000000);
	struct tm tm;
	uint64_t random;

	(void)gmtime_r(&now_s, &tm);
	do {
		random_bytes(&random, sizeof(random));
		random &= ((uint64_t)1 << RANDOM_BITS) - 1;
		format((unsigned int)tm.tm_year + 1900, random, ret_number);
		/* Symbols that shells and URLs treat specially are left out
		 * of what we hand out; there are numbers enough. */
	} while (!isalnum((unsigned char)ret_number[NUMBER_BYTES - 2]));
}

/* The value of a character, or -1. */
static int
value_of(char c, int base)
{
	const char *at;

	c = (char)toupper((unsigned char)c);
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c == '\0' ? NULL : strchr(digits, c);
	if (at == NULL || at - digits >= base)
		return -1;
	return (int)(at - digits);
}

/* Drops dashes and spaces; false when it is too long for a number. */
static bool
strip(const char *text, size_t len, char bare[BARE_CHARS + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '-' || text[i] == ' ')
			continue;
		if (n == BARE_CHARS)
			return false;
		bare[n++] = text[i];
	}
	bare[n] = '\0';
	return n == BARE_CHARS;
}

static int
wrong(char *why, size_t why_size, const char *what)
{
	(void)snprintf(why, why_size,
	    "this is no case number (%s); one looks "
	    "like BE-2026-7K3M-Q9TX-4",
	    what);
	return ERR_FORMAT;
}

int
number_parse(const char *text, size_t len, char ret_number[NUMBER_BYTES],
    char *why, size_t why_size)
{
	char bare[BARE_CHARS + 1];
	unsigned int year = 0;
	uint64_t random = 0;
	uint64_t whole;
	int v;

	if (!strip(text, len, bare))
		return wrong(why, why_size, "it has another length");
	if (toupper((unsigned char)bare[0]) != 'B' ||
	    toupper((unsigned char)bare[1]) != 'E')
		return wrong(why, why_size, "it does not start with BE");
	for (int i = 2; i < 6; i++) {
		v = value_of(bare[i], 10);
		if (v == -1)
			return wrong(why, why_size, "its year is no year");
		year = year * 10 + (unsigned int)v;
	}
	for (int i = 6; i < 6 + RANDOM_DIGITS; i++) {
		v = value_of(bare[i], BASE);
		if (v == -1)
			return wrong(why, why_size,
			    "it has a character that "
			    "numbers do not have");
		random = random * BASE + (uint64_t)v;
	}
	v = value_of(bare[BARE_CHARS - 1], CHECK_BASE);
	whole = ((uint64_t)year << RANDOM_BITS) | random;
	if (v == -1 || (uint64_t)v != whole % CHECK_BASE)
		return wrong(why, why_size,
		    "its last character does not fit "
		    "the rest: there is a typing error in it");
	format(year, random, ret_number);
	return ERR_OK;
}
