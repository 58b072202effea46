/* SPDX-License-Identifier: Apache-2.0 */
/* block.c - the units of one class side by side, cut into rows of bits. */
#include "index/block.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

/* A full block of up to this class has the greatest width: 4 MiB. */
#define CLASS_WIDE 16

struct block_maker {
	uint8_t class;
	size_t count;
	size_t size; /* units that there is memory for */
	uint8_t *columns;
	uint8_t (*heads)[COLUMN_HEAD_BYTES];
	uint64_t sizes[BLOCK_WIDTH_MAX];
	uint64_t seqs[BLOCK_WIDTH_MAX];
	uint8_t *bytes; /* of the last block */
};

uint16_t
block_width_max(uint8_t class)
{
	unsigned int width = BLOCK_WIDTH_MAX;

	if (class > CLASS_WIDE)
		width >>= class - CLASS_WIDE;
	return (uint16_t)(width < BLOCK_WIDTH_MIN ? BLOCK_WIDTH_MIN : width);
}

uint16_t
block_width(size_t count)
{
	uint16_t width = BLOCK_WIDTH_MIN;

	while (width < count)
		width = (uint16_t)(2 * width);
	return width;
}

static size_t
rows(const struct block *block)
{
	return block->class == 0 ? 0 : (size_t)1 << block->class;
}

size_t
block_row_at(const struct block *block, size_t row)
{
	return row * (block->width / 8);
}

size_t
block_head_at(const struct block *block, size_t row)
{
	return block_row_at(block, rows(block) + row);
}

size_t
block_size_at(const struct block *block, size_t unit)
{
	return block_head_at(block, BLOCK_HEAD_ROWS) + 8 * unit;
}

size_t
block_seq_at(const struct block *block, size_t unit)
{
	return block_size_at(block, block->width) + 8 * unit;
}

size_t
block_bytes(const struct block *block)
{
	return block_seq_at(block, block->width);
}

uint64_t
block_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static void
put_u64(uint8_t *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

struct block_maker *
block_maker_new(uint8_t class)
{
	struct block_maker *maker = xcalloc(1, sizeof(*maker));

	maker->class = class;
	return maker;
}

void
block_maker_free(struct block_maker *maker)
{
	if (maker == NULL)
		return;
	free(maker->columns);
	free(maker->heads);
	free(maker->bytes);
	free(maker);
}

bool
block_maker_is_full(const struct block_maker *maker)
{
	return maker->count == block_width_max(maker->class);
}

size_t
block_maker_count(const struct block_maker *maker)
{
	return maker->count;
}

void
block_maker_add(
    struct block_maker *maker, uint64_t seq, const struct column *column)
{
	size_t len = column_bits_len(maker->class);
	size_t at = maker->count;

	if (at == maker->size) {
		maker->size = maker->size == 0 ? 8 : 2 * maker->size;
		maker->columns =
		    xreallocarray(maker->columns, maker->size, len + 1);
		maker->heads = xreallocarray(
		    maker->heads, maker->size, sizeof(*maker->heads));
	}
	if (len > 0)
		memcpy(maker->columns + at * len, column->bits, len);
	memcpy(maker->heads[at], column->head, COLUMN_HEAD_BYTES);
	maker->sizes[at] = column->size;
	maker->seqs[at] = seq;
	maker->count++;
}

/* The 8 x 8 bits of v, byte i a row, turned over (Hacker's Delight 7-3). */
static uint64_t
turn(uint64_t v)
{
	uint64_t t;

	t = (v ^ (v >> 7)) & 0x00aa00aa00aa00aa;
	v ^= t ^ (t << 7);
	t = (v ^ (v >> 14)) & 0x0000cccc0000cccc;
	v ^= t ^ (t << 14);
	t = (v ^ (v >> 28)) & 0x00000000f0f0f0f0;
	return v ^ t ^ (t << 28);
}

/* Bytes of a column that are turned at a time: what is read and what is
 * written both stay in the first caches. */
#define TILE_BYTES ((size_t)64)

/*
 * Columns of len bytes, one behind the other, and rows of width bytes: a
 * column is one bit of each row.  count is a multiple of eight.
 */
struct turn {
	uint8_t *columns;
	size_t len;
	size_t count;
	uint8_t *rows;
	size_t width;
};

/* Byte i of eight columns from the u-th becomes byte u / 8 of eight rows. */
static void
turn_to_rows(const struct turn *t, size_t i, size_t u)
{
	uint8_t *dst = t->rows + 8 * i * t->width + u / 8;
	uint64_t v = 0;

	for (size_t c = 0; c < 8; c++)
		v |= (uint64_t)t->columns[(u + c) * t->len + i] << (8 * c);
	if (v == 0)
		return;
	v = turn(v);
	for (size_t b = 0; b < 8; b++)
		dst[b * t->width] = (uint8_t)(v >> (8 * b));
}

static void
turn_to_columns(const struct turn *t, size_t i, size_t u)
{
	const uint8_t *src = t->rows + 8 * i * t->width + u / 8;
	uint64_t v = 0;

	for (size_t b = 0; b < 8; b++)
		v |= (uint64_t)src[b * t->width] << (8 * b);
	v = turn(v);
	for (size_t c = 0; c < 8; c++)
		t->columns[(u + c) * t->len + i] = (uint8_t)(v >> (8 * c));
}

static void
turn_all(
    const struct turn *t, void (*fn)(const struct turn *t, size_t i, size_t u))
{
	for (size_t from = 0; from < t->len; from += TILE_BYTES) {
		size_t to =
		    t->len - from < TILE_BYTES ? t->len : from + TILE_BYTES;

		for (size_t u = 0; u < t->count; u += 8) {
			for (size_t i = from; i < to; i++)
				fn(t, i, u);
		}
	}
}

/* Columns that there are not, up to a multiple of eight, are zeros. */
static void
pad(struct block_maker *maker)
{
	static const uint8_t zeros[COLUMN_HEAD_BYTES];
	size_t count = maker->count;
	size_t len = column_bits_len(maker->class);
	auto_free uint8_t *bits = xcalloc(1, len + 1);
	const struct column none = {
	    .head = zeros,
	    .class = maker->class,
	    .bits = bits,
	};

	while (maker->count % 8 != 0)
		block_maker_add(maker, 0, &none);
	maker->count = count;
}

static void
describe(const struct block_maker *maker, struct block *block)
{
	*block = (struct block){
	    .class = maker->class,
	    .width = block_width(maker->count),
	    .count = (uint16_t)maker->count,
	    .size_min = maker->sizes[0],
	    .size_max = maker->sizes[0],
	    .seq_min = maker->seqs[0],
	    .seq_max = maker->seqs[0],
	};
	for (size_t i = 1; i < maker->count; i++) {
		if (maker->sizes[i] < block->size_min)
			block->size_min = maker->sizes[i];
		if (maker->sizes[i] > block->size_max)
			block->size_max = maker->sizes[i];
		if (maker->seqs[i] < block->seq_min)
			block->seq_min = maker->seqs[i];
		if (maker->seqs[i] > block->seq_max)
			block->seq_max = maker->seqs[i];
	}
}

uint8_t *
block_maker_take(struct block_maker *maker, struct block *ret_block)
{
	size_t len = column_bits_len(maker->class);
	size_t width;

	describe(maker, ret_block);
	width = ret_block->width / 8;
	free(maker->bytes);
	maker->bytes = xcalloc(1, block_bytes(ret_block));
	pad(maker);
	turn_all(
	    &(struct turn){
		.columns = maker->columns,
		.len = len,
		.count = (maker->count + 7) / 8 * 8,
		.rows = maker->bytes,
		.width = width,
	    },
	    turn_to_rows);
	turn_all(
	    &(struct turn){
		.columns = maker->heads[0],
		.len = COLUMN_HEAD_BYTES,
		.count = (maker->count + 7) / 8 * 8,
		.rows = maker->bytes + block_head_at(ret_block, 0),
		.width = width,
	    },
	    turn_to_rows);
	for (size_t u = 0; u < maker->count; u++) {
		put_u64(maker->bytes + block_size_at(ret_block, u),
		    maker->sizes[u]);
		put_u64(
		    maker->bytes + block_seq_at(ret_block, u), maker->seqs[u]);
	}
	maker->count = 0;
	return maker->bytes;
}

void
block_columns(const struct block *block, uint8_t *bytes, uint8_t *ret_columns,
    uint8_t *ret_heads)
{
	turn_all(
	    &(struct turn){
		.columns = ret_columns,
		.len = column_bits_len(block->class),
		.count = block->width,
		.rows = bytes,
		.width = block->width / 8,
	    },
	    turn_to_columns);
	turn_all(
	    &(struct turn){
		.columns = ret_heads,
		.len = COLUMN_HEAD_BYTES,
		.count = block->width,
		.rows = bytes + block_head_at(block, 0),
		.width = block->width / 8,
	    },
	    turn_to_columns);
}
