/* SPDX-License-Identifier: Apache-2.0 */
/* totp.c - one-time codes of a second device, and base32. */
#include "lib/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

uint32_t
totp_code(const uint8_t secret[TOTP_SECRET_BYTES], uint64_t step)
{
	uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t at;
	uint32_t n;

	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	/* SHA-1 is what RFC 6238 says; HMAC does not need it to be free of
	 * collisions. */
	if (HMAC(EVP_sha1(), secret, TOTP_SECRET_BYTES, counter,
		sizeof(counter), mac, &len) == NULL ||
	    len != 20)
		abort();
	at = mac[19] & 0x0f;
	n = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
	    (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	return n % 1000000;
}

/* Six digits, whatever spaces are between them. */
static bool
read_code(const char *text, uint32_t *ret_code)
{
	size_t digits = 0;

	*ret_code = 0;
	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text < '0' || *text > '9' || digits == TOTP_DIGITS)
			return false;
		*ret_code = *ret_code * 10 + (uint32_t)(*text - '0');
		digits++;
	}
	return digits == TOTP_DIGITS;
}

int
totp_check(const uint8_t secret[TOTP_SECRET_BYTES], const char *text,
    int64_t now_us, int64_t last_step, int64_t *ret_step)
{
	int64_t now = now_us / 1000000 / TOTP_PERIOD_S;
	int64_t found = -1;
	uint32_t code;

	if (!read_code(text, &code) || now < 1)
		return ERR_DENIED;
	for (int64_t step = now - 1; step <= now + 1; step++) {
		if (totp_code(secret, (uint64_t)step) == code &&
		    step > last_step && found == -1)
			found = step;
	}
	if (found == -1)
		return ERR_DENIED;
	*ret_step = found;
	return ERR_OK;
}

void
base32_encode(char *dst, const uint8_t *p, size_t len)
{
	uint32_t bits = 0;
	unsigned int have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | p[i]) & 0xffff;
		have += 8;
		while (have >= 5) {
			have -= 5;
			*dst++ = alphabet[bits >> have & 31];
		}
	}
	if (have > 0)
		*dst++ = alphabet[bits << (5 - have) & 31];
	*dst = '\0';
}

int
base32_decode(const char *text, uint8_t *dst, size_t len)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t at = 0;

	for (; *text != '\0'; text++) {
		char c = *text >= 'a' && *text <= 'z'
			     ? (char)(*text - 'a' + 'A')
			     : *text;
		const char *place;

		if (c == ' ' || c == '-')
			continue;
		place = strchr(alphabet, c);
		/* A sixth character too many has nowhere to go. */
		if (place == NULL || (at == len && have == 0))
			return ERR_FORMAT;
		bits = (bits << 5 | (uint32_t)(place - alphabet)) & 0xffff;
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		if (at == len)
			return ERR_FORMAT;
		dst[at++] = (uint8_t)(bits >> have);
	}
	if (at != len || have >= 5 || (bits & ((1U << have) - 1)) != 0)
		return ERR_FORMAT;
	return ERR_OK;
}
