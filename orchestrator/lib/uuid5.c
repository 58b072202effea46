/* SPDX-License-Identifier: Apache-2.0 */
/* uuid5.c - identifiers that follow from what they name. */
#include "lib/uuid5.h"

#include "lib/checksum.h"
#include "lib/digest.h"

#include <assert.h>

static void
namespace_bytes(const char *text, uint8_t ret[16])
{
	char hex[33];
	size_t n = 0;

	for (; *text != '\0' && n < sizeof(hex) - 1; text++) {
		if (*text != '-')
			hex[n++] = *text;
	}
	hex[n] = '\0';
	assert(hex_decode(hex, ret, 16) == ERR_OK);
}

void
uuid5(const char *namespace, const void *name, size_t len,
    char ret_id[UUID5_BYTES])
{
	struct checksum *sum = checksum_new(CHECKSUM_SHA1);
	uint8_t bytes[CHECKSUM_BYTES_MAX];
	uint8_t space[16];

	namespace_bytes(namespace, space);
	checksum_update(sum, space, sizeof(space));
	checksum_update(sum, name, len);
	checksum_final(sum, bytes);
	checksum_free(sum);
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x50);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret_id[at++] = '-';
		hex_encode(ret_id + at, bytes + i, 1);
		at += 2;
	}
}
