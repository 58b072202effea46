/* SPDX-License-Identifier: Apache-2.0 */
/* magicnumber.h - numbers of libmagic's database, and of files. */
#ifndef IDENTIFY_MAGICNUMBER_H
#define IDENTIFY_MAGICNUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Eight bytes, the first lowest; those beyond len are 0. */
uint64_t magicnumber_load(const uint8_t *p, size_t len);
/* Bytes of an entry's type (magicdb.h) in a file; 0: it is no number. */
size_t magicnumber_width(uint8_t type, bool *ret_is_big);
/* The width low bytes of v, as the file's first bytes of a word; its inverse. */
uint64_t magicnumber_word(uint64_t v, size_t width, bool is_big);

#endif
