/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_out.h - writing a ZIP whose members are sealed with a password.
 *
 * Members are stored, not compressed, under AES-256 as WinZip does it (AE-2:
 * AES in counter mode, HMAC-SHA1-80, keys by PBKDF2-HMAC-SHA1).  That is what
 * 7-Zip, libarchive and MISP's peers read.  With a password that everybody
 * knows it keeps nothing secret: it keeps a sample from being run, scanned or
 * previewed by accident.
 *
 * Streams: of a member only what is being sealed is in memory, and the length
 * of the whole is known before its first byte.
 */
#ifndef LIB_ZIP_OUT_H
#define LIB_ZIP_OUT_H

#include "lib/err.h"
#include "lib/wire.h"

#include <stddef.h>
#include <stdint.h>

#define ZIP_OUT_MEMBERS_MAX ((size_t)16)
#define ZIP_OUT_NAME_BYTES  128

struct zip_out;

/* Never NULL. */
struct zip_out *zip_out_new(const char *password);
/* NULL is fine. */
void zip_out_free(struct zip_out *zip);
/*
 * Begins a member of exactly that size: appends to out what comes before its
 * bytes.  name: ASCII, shorter than ZIP_OUT_NAME_BYTES.  ERR_LIMIT: too many
 * members, a name too long; ERR_CONFLICT: the last one is not whole.
 */
int must_check zip_out_member(
    struct zip_out *zip, const char *name, uint64_t size, struct wire_out *out);
/* Seals the next bytes of the member in place; ERR_LIMIT beyond its size. */
int must_check zip_out_data(struct zip_out *zip, uint8_t *p, size_t len);
/* Ends the member; ERR_FORMAT where bytes are missing. */
int must_check zip_out_member_end(struct zip_out *zip, struct wire_out *out);
/* What comes behind all members. */
int must_check zip_out_end(struct zip_out *zip, struct wire_out *out);

struct zip_out_size {
	const char *name;
	uint64_t size;
};
/* The length of a whole file with these members. */
uint64_t zip_out_bytes(const struct zip_out_size *members, size_t count);

#endif
