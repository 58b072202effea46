/* SPDX-License-Identifier: Apache-2.0 */
/* base64.c - Base64 (RFC 4648), with any alphabet; base64url. */
#include "lib/base64.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Six bits at a bit offset; they lie in at most two bytes. */
static unsigned int
six_bits(const uint8_t *p, size_t len, size_t bit)
{
	size_t i = bit / 8;
	unsigned int two =
	    (unsigned int)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0u);

	return two >> (10 - bit % 8) & 63;
}

size_t
base64_inner(const uint8_t *p, size_t len, unsigned int shift,
    const char *alphabet, uint8_t *dst)
{
	/* Characters begin at multiples of 6 bits; the text at 8 * shift. */
	size_t first = (8 * (size_t)shift + 5) / 6;
	size_t bits = 8 * (len + shift);
	size_t n = 0;

	for (size_t c = first; 6 * c + 6 <= bits; c++)
		dst[n++] = (uint8_t)
		    alphabet[six_bits(p, len, 6 * c - 8 * (size_t)shift)];
	return n;
}

char *
base64_encode(const void *p, size_t len)
{
	const uint8_t *bytes = p;
	char *text = xmalloc((len + 2) / 3 * 4 + 1);
	size_t n = 0;

	for (size_t i = 0; i < 8 * len; i += 6)
		text[n++] = base64_alphabet[six_bits(bytes, len, i)];
	while (n % 4 != 0)
		text[n++] = '=';
	text[n] = '\0';
	return text;
}

int
base64_decode(const char *p, size_t len, uint8_t *dst, size_t *ret_len)
{
	unsigned int bits = 0;
	size_t padding = 0;
	size_t n = 0;

	if (len % 4 != 0)
		return ERR_FORMAT;
	while (padding < 2 && padding < len && p[len - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < len - padding; i++) {
		const char *found =
		    p[i] == '\0' ? NULL : strchr(base64_alphabet, p[i]);

		if (found == NULL)
			return ERR_FORMAT;
		bits = bits << 6 | (unsigned int)(found - base64_alphabet);
		if (i % 4 != 0)
			dst[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	*ret_len = n;
	return ERR_OK;
}

char *
base64url_encode(const void *p, size_t len)
{
	const uint8_t *bytes = p;
	char *text = xmalloc((len + 2) / 3 * 4 + 1);
	size_t n = 0;

	for (size_t i = 0; i < 8 * len; i += 6)
		text[n++] = url_alphabet[six_bits(bytes, len, i)];
	text[n] = '\0';
	return text;
}

int
base64url_decode(
    const char *p, size_t len, uint8_t **ret_bytes, size_t *ret_len)
{
	auto_free uint8_t *bytes = xmalloc(len / 4 * 3 + 3);
	unsigned int bits = 0;
	size_t n = 0;

	if (len % 4 == 1)
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++) {
		const char *found =
		    p[i] == '\0' ? NULL : strchr(url_alphabet, p[i]);

		if (found == NULL)
			return ERR_FORMAT;
		bits = bits << 6 | (unsigned int)(found - url_alphabet);
		if (i % 4 != 0)
			bytes[n++] =
			    (uint8_t)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	/* What is left over of the last character is zero, or there would be
	 * two spellings. */
	if ((len % 4 == 2 && (bits & 15) != 0) ||
	    (len % 4 == 3 && (bits & 3) != 0))
		return ERR_FORMAT;
	*ret_bytes = take_ptr(bytes);
	*ret_len = n;
	return ERR_OK;
}
