/* SPDX-License-Identifier: Apache-2.0 */
/* test_block.c - columns become rows, and rows the same columns again. */
#include "fake.h"

#include "index/block.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

struct unit {
	uint64_t seq;
	struct column column;
	uint8_t head[COLUMN_HEAD_BYTES];
	uint8_t *bits;
};

static struct unit
random_unit(uint64_t *random, uint8_t class, uint64_t seq)
{
	size_t len = column_bits_len(class);
	struct unit unit = {.seq = seq, .bits = xcalloc(1, len + 1)};

	for (size_t i = 0; i < len; i++)
		unit.bits[i] = (uint8_t)(rnd(random) & rnd(random));
	for (size_t i = 0; i < COLUMN_HEAD_BYTES; i++)
		unit.head[i] = (uint8_t)rnd(random);
	unit.column.size = rnd(random) >> 20;
	unit.column.class = class;
	return unit;
}

static bool
bit(const uint8_t *p, size_t at)
{
	return (p[at / 8] >> (at % 8) & 1) != 0;
}

/* Every bit stands where the header says. */
static void
check_rows(const struct block *block, const uint8_t *bytes,
    const struct unit *units, size_t step)
{
	for (size_t u = 0; u < block->count; u++) {
		size_t rows = 8 * column_bits_len(block->class);

		for (size_t row = 0; row < rows; row += step)
			assert_int_equal(
			    bit(bytes + block_row_at(block, row), u),
			    bit(units[u].bits, row));
		for (size_t row = 0; row < BLOCK_HEAD_ROWS; row++)
			assert_int_equal(
			    bit(bytes + block_head_at(block, row), u),
			    bit(units[u].head, row));
		assert_int_equal(block_u64(bytes + block_size_at(block, u)),
		    units[u].column.size);
		assert_int_equal(
		    block_u64(bytes + block_seq_at(block, u)), units[u].seq);
	}
}

static void
check_back(const struct block *block, uint8_t *bytes, const struct unit *units)
{
	size_t len = column_bits_len(block->class);
	auto_free uint8_t *columns = xmalloc(block->width * len + 1);
	auto_free uint8_t *heads = xmalloc(block->width * COLUMN_HEAD_BYTES);

	block_columns(block, bytes, columns, heads);
	for (size_t u = 0; u < block->count; u++) {
		assert_memory_equal(columns + u * len, units[u].bits, len);
		assert_memory_equal(heads + u * COLUMN_HEAD_BYTES,
		    units[u].head, COLUMN_HEAD_BYTES);
	}
}

static void
check_class(uint8_t class, size_t count, size_t step)
{
	struct block_maker *maker = block_maker_new(class);
	struct unit *units = xcalloc(count, sizeof(*units));
	uint64_t random = class * 1000u + count;
	struct block block;
	uint8_t *bytes;

	for (size_t u = 0; u < count; u++) {
		assert_false(block_maker_is_full(maker));
		units[u] = random_unit(&random, class, 3 * u + 1);
		units[u].column.head = units[u].head;
		units[u].column.bits = units[u].bits;
		block_maker_add(maker, units[u].seq, &units[u].column);
	}
	assert_int_equal(
	    block_maker_is_full(maker), count == block_width_max(class));
	bytes = block_maker_take(maker, &block);
	assert_int_equal(block.count, count);
	assert_int_equal(block.class, class);
	assert_true(block.width >= count && block.width < 2 * count + 8);
	assert_int_equal(block_bytes(&block) % LINE_BYTES, 0);
	assert_int_equal(block.seq_min, 1);
	assert_int_equal(block.seq_max, 3 * (count - 1) + 1);
	check_rows(&block, bytes, units, step);
	check_back(&block, bytes, units);
	assert_int_equal(block_maker_count(maker), 0);
	for (size_t u = 0; u < count; u++)
		free(units[u].bits);
	free(units);
	block_maker_free(maker);
}

static void
test_classes(void **state)
{
	static const size_t counts[] = {1, 7, 8, 9, 63, 64, 65, 500, 512};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		check_class(0, counts[i], 1);
		check_class(6, counts[i], 1);
		check_class(10, counts[i], 1);
	}
	check_class(15, 100, 61);
	check_class(20, block_width_max(20), 9973);
	check_class(24, block_width_max(24), 99991);
}

/* A row never lies in two lines. */
static void
test_widths(void **state)
{
	(void)state;
	for (unsigned int class = 0; class <= COLUMN_CLASS_MAX; class ++) {
		uint16_t max = block_width_max((uint8_t) class);

		assert_true(max >= BLOCK_WIDTH_MIN && max <= BLOCK_WIDTH_MAX);
		assert_int_equal(max & (max - 1), 0);
		assert_true(class == 0 ||
			    ((size_t)max << class) / 8 <= (size_t)16 << 20);
	}
	for (size_t count = 1; count <= BLOCK_WIDTH_MAX; count++) {
		uint16_t width = block_width(count);

		assert_true(width >= count);
		assert_int_equal(width & (width - 1), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_widths),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
