/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - Base64 (RFC 4648), with any alphabet; base64url. */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

/* 64 characters. */
extern const char base64_alphabet[];

/*
 * The characters that follow from the len bytes alone when they stand `shift`
 * (0, 1 or 2) bytes behind a group of three: without those that hold bits of
 * their neighbours.  dst has room for (len + 2) / 3 * 4 characters; returns
 * how many.
 */
size_t base64_inner(const uint8_t *p, size_t len, unsigned int shift,
    const char *alphabet, uint8_t *dst);
/* With padding and NUL; the caller frees. */
char *base64_encode(const void *p, size_t len);
/*
 * Decodes in place of nothing: dst has room for len / 4 * 3 bytes.
 * ERR_FORMAT for anything but padded Base64 without white space.
 */
int must_check base64_decode(
    const char *p, size_t len, uint8_t *dst, size_t *ret_len);
/* base64url without padding (RFC 7515 section 2), with NUL; the caller frees. */
char *base64url_encode(const void *p, size_t len);
/*
 * The bytes of base64url without padding, in the one spelling that they have;
 * the caller frees, also where there are none.  ERR_FORMAT for anything else.
 */
int must_check base64url_decode(
    const char *p, size_t len, uint8_t **ret_bytes, size_t *ret_len);

#endif
