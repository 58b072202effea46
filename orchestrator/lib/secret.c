/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - bearer secrets as text. */
#include "lib/secret.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
secret_encode(char dst[SECRET_LENGTH + 1], const uint8_t secret[SECRET_BYTES])
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t at = 0;

	for (size_t i = 0; i < SECRET_BYTES; i++) {
		bits = (bits << 8 | secret[i]) & 0xffff;
		have += 8;
		while (have >= 6) {
			have -= 6;
			dst[at++] = alphabet[bits >> have & 63];
		}
	}
	/* 256 = 42 * 6 + 4. */
	dst[at++] = alphabet[bits << 2 & 63];
	dst[at] = '\0';
}

int
secret_decode(const char *text, size_t len, uint8_t ret_secret[SECRET_BYTES])
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t at = 0;

	if (len != SECRET_LENGTH)
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++) {
		const char *place =
		    text[i] == '\0' ? NULL : strchr(alphabet, text[i]);

		if (place == NULL)
			return ERR_FORMAT;
		bits = (bits << 6 | (uint32_t)(place - alphabet)) & 0xffff;
		have += 6;
		if (have >= 8 && at < SECRET_BYTES) {
			have -= 8;
			ret_secret[at++] = (uint8_t)(bits >> have);
		}
	}
	/* Two bits are left over; one spelling of a secret is enough. */
	return (bits & 3) == 0 ? ERR_OK : ERR_FORMAT;
}
