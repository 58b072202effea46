/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lean.h - rules without strings: their conditions alone.
 *
 * libyara walks over every byte of a file, also where no rule has a string to
 * look for, and that is most of what such a scan costs.  Here the bytes are
 * held back until conditions are evaluated, and then read where these read
 * them.  So it can also be tried whether the first bytes are enough: those
 * that are not there cannot be read, and libyara says that it tried to.
 */
#ifndef YARA_LEAN_H
#define YARA_LEAN_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yara.h>

/* True where the rules have no string.  Rules that ask for "entrypoint" must
 * not be among them: that is found where strings are. */
bool lean_suits(const YR_RULES *rules);
/* As yr_scanner_scan_mem(), for rules that it suits. */
int lean_scan(YR_SCANNER *scanner, const uint8_t *p, size_t size);
/*
 * The same of size bytes of which head, its first head_len, are there.
 * *ret_is_known is false where that is not enough: then the result means
 * nothing, *scanner is another one (the old one is in no known state, and
 * lost), and libyara's memory has grown.  head_len is a multiple of 4096.
 */
int lean_scan_head(YR_SCANNER **scanner, const uint8_t *head, size_t head_len,
    uint64_t size, bool *ret_is_known);

#endif
