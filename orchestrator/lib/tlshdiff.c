/* SPDX-License-Identifier: Apache-2.0 */
/* tlshdiff.c - how far two TLSH digests are from each other. */
#include "lib/tlshdiff.h"

#include <stdlib.h>

#define HEADER	 3
#define DIGITS	 (2 * TLSHDIFF_BYTES)
#define WEIGHT	 12 /* of a step of length or quartiles behind the first */
#define OPPOSITE 6  /* of a bucket in the first and in the last quartile */

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
tlshdiff_parse(const char *text, size_t len, uint8_t ret_digest[TLSHDIFF_BYTES])
{
	if (len == DIGITS + 2 && text[0] == 'T' && text[1] == '1') {
		text += 2;
		len -= 2;
	}
	if (len != DIGITS)
		return ERR_FORMAT;
	for (size_t i = 0; i < TLSHDIFF_BYTES; i++) {
		int high = digit(text[2 * i]);
		int low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return ERR_FORMAT;
		/* The text has the digits of the header's bytes swapped. */
		ret_digest[i] =
		    (uint8_t)(i < HEADER ? low * 16 + high : high * 16 + low);
	}
	return ERR_OK;
}

/* The shorter way round a circle of that many places. */
static int
circle(int a, int b, int places)
{
	int way = abs(a - b);

	return way < places - way ? way : places - way;
}

static int
quartiles(int a, int b)
{
	int way = circle(a, b, 16);

	return way <= 1 ? way : (way - 1) * WEIGHT;
}

int
tlshdiff(const uint8_t *a, const uint8_t *b)
{
	int way = circle(a[1], b[1], 256);
	int sum = way <= 1 ? way : way * WEIGHT;

	sum += quartiles(a[2] & 15, b[2] & 15);
	sum += quartiles(a[2] >> 4, b[2] >> 4);
	sum += a[0] != b[0];
	for (size_t i = HEADER; i < TLSHDIFF_BYTES; i++) {
		for (int shift = 0; shift < 8; shift += 2) {
			int step =
			    abs((a[i] >> shift & 3) - (b[i] >> shift & 3));

			sum += step == 3 ? OPPOSITE : step;
		}
	}
	return sum;
}
