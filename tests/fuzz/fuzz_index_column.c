/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_index_column.c - units of any bytes, and batches of columns as a
 * hostile child of loep-grams could write them.
 *
 * The first byte even: the rest is a unit, fed in pieces of that many bytes;
 * however it is cut, the column is the same and has the bit of each of its
 * grams.  Odd: the rest is a batch.  fuzz-links: index
 */
#include "index/column.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static void
check_gram(const struct column *column, const uint8_t *p, size_t stride)
{
	uint8_t four[GRAM_BYTES];
	uint32_t bit;

	for (size_t i = 0; i < GRAM_BYTES; i++)
		four[i] = fold(p[i * stride]);
	bit = gram_hash(four, stride == 2) >> (GRAM_BITS - column->class);
	assert((column->bits[bit / 8] >> (bit % 8) & 1) != 0);
}

static void
check_grams(const struct column *column, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + GRAM_BYTES <= len; i++)
		check_gram(column, p + i, 1);
	for (size_t i = 0; i + GRAM_WIDE_BYTES <= len; i++) {
		if (p[i + 1] == 0 && p[i + 3] == 0 && p[i + 5] == 0)
			check_gram(column, p + i, 2);
	}
}

static void
fuzz_unit(const uint8_t *p, size_t len, size_t step)
{
	static struct column_maker *maker;
	auto_free uint8_t *bits = NULL;
	struct column whole, pieces;
	uint8_t class;

	if (maker == NULL)
		maker = column_maker_new();
	column_begin(maker, len);
	column_feed(maker, p, len);
	column_end(maker, &whole);
	assert(whole.size == len);
	check_grams(&whole, p, len);
	class = whole.class;
	bits = xmemdup(whole.bits, column_bits_len(class));
	column_begin(maker, len);
	for (size_t at = 0; at < len; at += step)
		column_feed(maker, p + at, len - at < step ? len - at : step);
	column_end(maker, &pieces);
	assert(pieces.class == class);
	assert(memcmp(pieces.bits, bits, column_bits_len(class)) == 0);
	/* A size that was a lie costs space or selectivity, and no gram. */
	column_begin(maker, step);
	column_feed(maker, p, len);
	column_end(maker, &pieces);
	check_grams(&pieces, p, len);
}

static void
fuzz_batch(const uint8_t *p, size_t len)
{
	struct column column;
	size_t count, at, n = 0;

	if (columns_check(p, len, &count, &at) != ERR_OK)
		return;
	while (column_next(p, len, &at, &column) == ERR_OK) {
		assert(column.bits + column_bits_len(column.class) <= p + len);
		assert(columns_seq(p, n) > 0);
		n++;
	}
	assert(n == count && at == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 != 0)
		fuzz_batch(data + 1, size - 1);
	else
		fuzz_unit(data + 1, size - 1, (size_t)data[0] + 1);
	return 0;
}
