/* SPDX-License-Identifier: Apache-2.0 */
/*
 * column.h - makes the column of one unit from its bytes.
 *
 * A gram is four bytes one after another, ASCII letters in lower case; a wide
 * gram is four bytes with a NUL between each two.  Either is hashed to
 * GRAM_BITS bits, of which a column of class k uses the first k.  A bit that
 * is not set proves that no gram with that hash is in the unit; nothing else
 * is ever concluded.  So a unit of any size has a column: a very large one
 * has most bits set.
 */
#ifndef INDEX_COLUMN_H
#define INDEX_COLUMN_H

#include "lib/columns.h"

#include <stdbool.h>

#define GRAM_BYTES ((size_t)4)
#define GRAM_BITS  24

/* Bytes that a wide gram spans: the NUL behind the last is not part of it. */
#define GRAM_WIDE_BYTES ((size_t)7)

/* The hash of four bytes, which are in lower case. */
uint32_t gram_hash(const uint8_t four[GRAM_BYTES], bool is_wide);

struct column_maker;

struct column_maker *column_maker_new(void);
void column_maker_free(struct column_maker *maker);
/* Begins a unit of about that many bytes; what was begun before is dropped. */
void column_begin(struct column_maker *maker, uint64_t size);
/* Takes the unit's next bytes. */
void column_feed(struct column_maker *maker, const void *p, size_t len);
/* The column; borrowed until the next column_begin(). */
void column_end(struct column_maker *maker, struct column *ret_column);

#endif
