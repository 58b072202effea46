/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - UTF-8 as foreign bytes write it (RFC 3629). */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the one well-formed sequence that stands at p (RFC 3629
 * section 4: no overlong form, no surrogate, nothing above U+10FFFF), of at
 * most len bytes; 0 where there is none.  ret_code, unless NULL, is the code
 * point.
 */
size_t utf8_sequence(const uint8_t *p, size_t len, uint32_t *ret_code);
/* Are all len bytes well-formed?  A NUL is; so is nothing at all. */
bool utf8_is_valid(const void *p, size_t len);
/*
 * What others say, for those who take ASCII or UTF-8 alone: printable
 * characters of ASCII, a ? for each other byte, cut where it does not fit.
 */
void utf8_to_ascii(char *dst, size_t dst_size, const char *text);

#endif
