/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.h - the units of one class side by side, cut into rows of bits.
 *
 * A block of width w has a place for each of w units.  As bytes:
 *
 *	2^class rows of w bits	(none in class 0) bit u of row g: unit u has a
 *				gram whose hash begins with g
 *	512 rows of w bits	bit u of row 8 * i + j: bit j of the unit's
 *				byte i
 *	w sizes, w numbers	u64, little-endian; 0 where there is no unit
 *
 * Rows are 1 to 64 bytes, a power of two, so that none lies in two lines.
 */
#ifndef INDEX_BLOCK_H
#define INDEX_BLOCK_H

#include "lib/columns.h"
#include "lib/lines.h"

#include <stdbool.h>

#define BLOCK_WIDTH_MIN 8
#define BLOCK_WIDTH_MAX 512
#define BLOCK_HEAD_ROWS (8 * COLUMN_HEAD_BYTES)

/* What is known of a block without reading it. */
struct block {
	uint8_t class;
	uint16_t width;
	uint16_t count;	   /* units; the first places */
	uint64_t line;	   /* the number of its first line */
	uint64_t size_min; /* of its units */
	uint64_t size_max;
	uint64_t seq_min;
	uint64_t seq_max;
};

/* The greatest width of a class: narrower where rows are many. */
uint16_t block_width_max(uint8_t class);
/* The least width that has room for count units. */
uint16_t block_width(size_t count);
/* Bytes of the whole, and where its parts are. */
size_t block_bytes(const struct block *block);
size_t block_row_at(const struct block *block, size_t row);
size_t block_head_at(const struct block *block, size_t row);
size_t block_size_at(const struct block *block, size_t unit);
size_t block_seq_at(const struct block *block, size_t unit);

/* Units of one class that are to become a block. */
struct block_maker;

struct block_maker *block_maker_new(uint8_t class);
void block_maker_free(struct block_maker *maker);
bool block_maker_is_full(const struct block_maker *maker);
size_t block_maker_count(const struct block_maker *maker);
/* Copies a column of the maker's class; the maker is not full. */
void block_maker_add(
    struct block_maker *maker, uint64_t seq, const struct column *column);
/*
 * Makes the block of all that was added and empties the maker.  The bytes are
 * the maker's, and live until the next call; ret_block->line is left to the
 * caller.
 */
uint8_t *block_maker_take(struct block_maker *maker, struct block *ret_block);

/*
 * The way back: the columns of a block's plain bytes one behind the other,
 * and the heads.  Room for width columns and heads.
 */
void block_columns(const struct block *block, uint8_t *bytes,
    uint8_t *ret_columns, uint8_t *ret_heads);
/* Eight bytes as a number, as sizes and numbers are written. */
uint64_t block_u64(const uint8_t *p);

#endif
