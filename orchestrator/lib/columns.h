/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - what loep-grams says of units, on its way to loep-index.
 *
 * A column is what the index keeps of one unit: a bitmap of its grams, and
 * facts.  As bytes, little-endian: u32 magic, u8 version, u8 class, u16 zero,
 * u64 size, the first COLUMN_HEAD_BYTES bytes (zeros behind a shorter unit),
 * u32 length of the bitmap, the bitmap.  Class 0 has no bitmap: such a unit is
 * a candidate of everything.  Class k has 2^k bits.
 *
 * loep-grams writes columns into DATA frames, one behind the other and cut
 * anywhere, in the order of the units that it was given.  The scheduler, which
 * alone knows their numbers, makes a batch of them: u32 magic, u32 count, then
 * count numbers (u64, rising), then count columns.
 */
#ifndef LIB_COLUMNS_H
#define LIB_COLUMNS_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define COLUMN_HEAD_BYTES   ((size_t)64)
#define COLUMN_HEADER_BYTES ((size_t)84)
/* Classes: 2^COLUMN_CLASS_MIN to 2^COLUMN_CLASS_MAX bits; 0 = always. */
#define COLUMN_CLASS_MIN 6
#define COLUMN_CLASS_MAX 24
#define COLUMN_BYTES_MAX \
 (COLUMN_HEADER_BYTES + ((size_t)1 << (COLUMN_CLASS_MAX - 3)))
/* Units in one batch. */
#define COLUMNS_MAX ((size_t)65536)

struct column {
	uint64_t size;	     /* of the unit */
	const uint8_t *head; /* COLUMN_HEAD_BYTES */
	uint8_t class;
	const uint8_t *bits; /* column_bits_len() bytes */
};

/* Bytes of the bitmap of a class. */
size_t column_bits_len(uint8_t class);
/* Writes what stands before the bitmap. */
void column_put_header(
    const struct column *column, uint8_t ret_header[COLUMN_HEADER_BYTES]);
/*
 * Reads the column at *at, which moves past it; what it gives out is borrowed
 * from p.  ERR_NOT_FOUND: *at is the end; ERR_AGAIN: it is cut short;
 * ERR_FORMAT: it is none.
 */
int must_check column_next(
    const uint8_t *p, size_t len, size_t *at, struct column *ret_column);

/* Bytes of a batch before its columns. */
size_t columns_header_len(size_t count);
/* Writes them. */
void columns_put_header(const uint64_t *seqs, size_t count, uint8_t *dst);
/*
 * Checks all of a batch: numbers rise from 1, columns are whole, as many as
 * there are numbers, nothing is left over.  *ret_at is where the first column
 * is; number i is columns_seq(p, i).  ERR_FORMAT otherwise.
 */
int must_check columns_check(
    const uint8_t *p, size_t len, size_t *ret_count, size_t *ret_at);
uint64_t columns_seq(const uint8_t *p, size_t i);

#endif
