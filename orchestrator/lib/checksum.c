/* SPDX-License-Identifier: Apache-2.0 */
/* checksum.c - running checksums: OpenSSL's digests, and a table. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/checksum.h"

#include "lib/xalloc.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#define CRC32_POLYNOMIAL 0xedb88320U

static const struct {
	const char *name;
	size_t bytes;
} kinds[] = {
    [CHECKSUM_NONE] = {"", 0},
    [CHECKSUM_SHA256] = {"sha256", SHA256_DIGEST_LENGTH},
    [CHECKSUM_SHA1] = {"sha1", SHA_DIGEST_LENGTH},
    [CHECKSUM_CRC32] = {"crc32", 4},
};

struct checksum {
	enum checksum_kind kind;
	SHA256_CTX sha256;
	SHA_CTX sha1;
	uint32_t crc;
};

static uint32_t table[256];

static void
fill_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32_POLYNOMIAL : 0);
		table[i] = crc;
	}
}

enum checksum_kind
checksum_by_name(const char *name, size_t len)
{
	for (size_t i = 1; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strlen(kinds[i].name) == len &&
		    memcmp(kinds[i].name, name, len) == 0)
			return (enum checksum_kind)i;
	}
	return CHECKSUM_NONE;
}

size_t
checksum_bytes(enum checksum_kind kind)
{
	return kinds[kind].bytes;
}

struct checksum *
checksum_new(enum checksum_kind kind)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct checksum *sum = xcalloc(1, sizeof(*sum));

	(void)pthread_once(&once, fill_table);
	sum->kind = kind;
	(void)SHA256_Init(&sum->sha256);
	(void)SHA1_Init(&sum->sha1);
	sum->crc = UINT32_MAX;
	return sum;
}

void
checksum_free(struct checksum *sum)
{
	free(sum);
}

void
checksum_update(struct checksum *sum, const void *p, size_t len)
{
	const uint8_t *bytes = p;

	switch (sum->kind) {
	case CHECKSUM_SHA256:
		(void)SHA256_Update(&sum->sha256, p, len);
		break;
	case CHECKSUM_SHA1:
		(void)SHA1_Update(&sum->sha1, p, len);
		break;
	case CHECKSUM_CRC32:
		for (size_t i = 0; i < len; i++)
			sum->crc =
			    sum->crc >> 8 ^ table[(sum->crc ^ bytes[i]) & 0xff];
		break;
	default:
		break;
	}
}

void
checksum_final(struct checksum *sum, uint8_t ret_bytes[CHECKSUM_BYTES_MAX])
{
	const uint32_t crc = ~sum->crc;

	switch (sum->kind) {
	case CHECKSUM_SHA256:
		(void)SHA256_Final(ret_bytes, &sum->sha256);
		break;
	case CHECKSUM_SHA1:
		(void)SHA1_Final(ret_bytes, &sum->sha1);
		break;
	case CHECKSUM_CRC32:
		for (size_t i = 0; i < 4; i++)
			ret_bytes[i] = (uint8_t)(crc >> (24 - 8 * i));
		break;
	default:
		break;
	}
}
