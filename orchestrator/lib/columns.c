/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c - what loep-grams says of units, on its way to loep-index. */
#include "lib/columns.h"

#include "lib/wire.h"

#include <string.h>

#define COLUMN_MAGIC   0x4c4f434cU /* "LCOL" */
#define COLUMN_VERSION 1
#define BATCH_MAGIC    0x4441434cU /* "LCAD" */
#define BATCH_BYTES    ((size_t)8)

static void
put(uint8_t *dst, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		dst[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

size_t
column_bits_len(uint8_t class)
{
	return class == 0 ? 0 : (size_t)1 << (class - 3);
}

void
column_put_header(
    const struct column *column, uint8_t ret_header[COLUMN_HEADER_BYTES])
{
	put(ret_header, COLUMN_MAGIC, 4);
	ret_header[4] = COLUMN_VERSION;
	ret_header[5] = column->class;
	put(ret_header + 6, 0, 2);
	put(ret_header + 8, column->size, 8);
	memcpy(ret_header + 16, column->head, COLUMN_HEAD_BYTES);
	put(ret_header + 80, column_bits_len(column->class), 4);
}

int
column_next(const uint8_t *p, size_t len, size_t *at, struct column *ret_column)
{
	const uint8_t *header = p + *at;
	size_t left = len - *at;
	struct column column;
	size_t bits_len;

	if (left == 0)
		return ERR_NOT_FOUND;
	if (left < COLUMN_HEADER_BYTES)
		return ERR_AGAIN;
	column.class = header[5];
	if (get(header, 4) != COLUMN_MAGIC || header[4] != COLUMN_VERSION ||
	    get(header + 6, 2) != 0 || column.class > COLUMN_CLASS_MAX ||
	    (column.class != 0 && column.class < COLUMN_CLASS_MIN))
		return ERR_FORMAT;
	bits_len = column_bits_len(column.class);
	if (get(header + 80, 4) != bits_len)
		return ERR_FORMAT;
	if (bits_len > left - COLUMN_HEADER_BYTES)
		return ERR_AGAIN;
	column.size = get(header + 8, 8);
	column.head = header + 16;
	column.bits = header + COLUMN_HEADER_BYTES;
	*at += COLUMN_HEADER_BYTES + bits_len;
	*ret_column = column;
	return ERR_OK;
}

size_t
columns_header_len(size_t count)
{
	return BATCH_BYTES + 8 * count;
}

void
columns_put_header(const uint64_t *seqs, size_t count, uint8_t *dst)
{
	put(dst, BATCH_MAGIC, 4);
	put(dst + 4, count, 4);
	for (size_t i = 0; i < count; i++)
		put(dst + BATCH_BYTES + 8 * i, seqs[i], 8);
}

uint64_t
columns_seq(const uint8_t *p, size_t i)
{
	return get(p + BATCH_BYTES + 8 * i, 8);
}

int
columns_check(const uint8_t *p, size_t len, size_t *ret_count, size_t *ret_at)
{
	struct column column;
	uint64_t last = 0;
	size_t count, at;

	if (len < BATCH_BYTES || get(p, 4) != BATCH_MAGIC)
		return ERR_FORMAT;
	count = (size_t)get(p + 4, 4);
	if (count > COLUMNS_MAX || columns_header_len(count) > len)
		return ERR_FORMAT;
	for (size_t i = 0; i < count; i++) {
		uint64_t seq = columns_seq(p, i);

		if (seq <= last || seq > INT64_MAX)
			return ERR_FORMAT;
		last = seq;
	}
	at = columns_header_len(count);
	*ret_at = at;
	for (size_t i = 0; i < count; i++) {
		if (column_next(p, len, &at, &column) != ERR_OK)
			return ERR_FORMAT;
	}
	if (at != len)
		return ERR_FORMAT;
	*ret_count = count;
	return ERR_OK;
}
