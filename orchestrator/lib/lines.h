/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - encryption of 64-byte lines that are read one at a time:
 * AES-256-XTS (IEEE 1619, NIST SP 800-38E), each line a data unit.
 *
 * A line's place (a space, such as a file, and its number there) is the tweak.
 * XTS hides what the lines hold; it does not notice changes: whoever stores
 * lines authenticates them beside (seal.h).
 */
#ifndef LIB_LINES_H
#define LIB_LINES_H

#include <stddef.h>
#include <stdint.h>

#define LINE_BYTES	((size_t)64)
#define LINES_KEY_BYTES ((size_t)64)
#define LINES_MAX	((size_t)64)

/* For one thread. */
struct lines;

/* The halves of the key differ; it is copied. */
struct lines *lines_new(const uint8_t key[LINES_KEY_BYTES]);
void lines_free(struct lines *lines);
/* Encrypts count lines, the first of which has that number, in place. */
void lines_seal(struct lines *lines, uint64_t space, uint64_t number,
    uint8_t *p, size_t count);
/*
 * Decrypts count lines (at most LINES_MAX) from anywhere, by their numbers,
 * into dst, one behind the other.  Together they cost far less than each by
 * itself.
 */
void lines_open(struct lines *lines, uint64_t space, const uint64_t *numbers,
    const uint8_t *const *p, size_t count, uint8_t *dst);

#endif
