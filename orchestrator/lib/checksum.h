/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checksum.h - running checksums by which a sender protects what it sends:
 * SHA-256 and SHA-1 (FIPS 180-4), CRC-32 (ISO-HDLC, as in zlib; big-endian).
 * They need no provider of OpenSSL: they work in any cage.
 */
#ifndef LIB_CHECKSUM_H
#define LIB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum checksum_kind {
	CHECKSUM_NONE,
	CHECKSUM_SHA256,
	CHECKSUM_SHA1,
	CHECKSUM_CRC32
};

#define CHECKSUM_BYTES_MAX ((size_t)32)

struct checksum;

/* CHECKSUM_NONE where there is none of that name (lower case). */
enum checksum_kind checksum_by_name(const char *name, size_t len);
/* The bytes of one; 0 for CHECKSUM_NONE. */
size_t checksum_bytes(enum checksum_kind kind);
struct checksum *checksum_new(enum checksum_kind kind);
/* NULL is fine. */
void checksum_free(struct checksum *sum);
void checksum_update(struct checksum *sum, const void *p, size_t len);
/* Once; writes checksum_bytes(). */
void checksum_final(
    struct checksum *sum, uint8_t ret_bytes[CHECKSUM_BYTES_MAX]);

#endif
