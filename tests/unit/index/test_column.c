/* SPDX-License-Identifier: Apache-2.0 */
/* test_column.c - the column of a unit: every gram is in it, few others. */
#include "fake.h"

#include "index/column.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

static bool
has(const struct column *column, const char *four, bool is_wide)
{
	uint32_t row = gram_hash((const uint8_t *)four, is_wide) >>
		       (GRAM_BITS - column->class);

	return (column->bits[row / 8] >> (row % 8) & 1) != 0;
}

static void
make(struct column_maker *maker, const void *p, size_t len,
    struct column *ret_column)
{
	column_begin(maker, len);
	column_feed(maker, p, len);
	column_end(maker, ret_column);
}

static unsigned int
bits_set(const struct column *column)
{
	unsigned int n = 0;

	for (size_t i = 0; i < column_bits_len(column->class); i++)
		n += (unsigned int)__builtin_popcount(column->bits[i]);
	return n;
}

static void
test_short(void **state)
{
	struct column_maker *maker = column_maker_new();
	struct column column;

	(void)state;
	for (size_t len = 0; len < 4; len++) {
		make(maker, "abc", len, &column);
		assert_int_equal(column.size, len);
		assert_int_equal(column.class, COLUMN_CLASS_MIN);
		assert_int_equal(bits_set(&column), 0);
		assert_memory_equal(column.head, "abc", len);
		assert_int_equal(column.head[len], 0);
	}
	make(maker, "ABCD", 4, &column);
	assert_int_equal(bits_set(&column), 1);
	assert_true(has(&column, "abcd", false));
	/* The head is as it was. */
	assert_memory_equal(column.head, "ABCD", 4);
	make(maker, "A\0B\0C\0D", 7, &column);
	assert_true(has(&column, "abcd", true));
	make(maker, "A\0B\0C\0", 6, &column);
	assert_false(has(&column, "abcd", true));
	column_maker_free(maker);
}

/* Only ASCII letters are folded, and all of them. */
static void
test_folding(void **state)
{
	struct column_maker *maker = column_maker_new();
	struct column column, folded;
	uint8_t bytes[256 * 4], lower[256 * 4];
	auto_free uint8_t *bits = NULL;

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		for (size_t j = 0; j < 4; j++) {
			bytes[4 * i + j] = (uint8_t)i;
			lower[4 * i + j] =
			    (uint8_t)(i >= 'A' && i <= 'Z' ? i + 32 : i);
		}
	}
	make(maker, bytes, sizeof(bytes), &column);
	bits = xmemdup(column.bits, column_bits_len(column.class));
	make(maker, lower, sizeof(lower), &folded);
	assert_int_equal(column.class, folded.class);
	assert_memory_equal(bits, folded.bits, column_bits_len(folded.class));
	column_maker_free(maker);
}

/* Bits for each distinct gram: 3 to 6, of packed bytes 2 to 4. */
static void
test_class(void **state)
{
	struct column_maker *maker = column_maker_new();
	auto_free uint8_t *p = xmalloc(8 * MIB);
	struct column column;
	uint64_t random = 7;

	(void)state;
	for (size_t i = 0; i < 8 * MIB; i++)
		p[i] = (uint8_t)rnd(&random);
	for (size_t len = 16 * KIB; len <= 2 * MIB; len *= 2) {
		make(maker, p, len, &column);
		assert_in_range(
		    (size_t)1 << column.class, 2 * len - len / 20, 4 * len);
	}
	/* However large: 2 MiB. */
	make(maker, p, 8 * MIB, &column);
	assert_int_equal(column.class, COLUMN_CLASS_MAX);
	assert_int_equal(column_bits_len(column.class), 2 * MIB);
	/* The same text again and again has few grams. */
	for (size_t i = 0; i < MIB; i++)
		p[i] = (uint8_t)("lorem ipsum dolor sit amet "[i % 27]);
	make(maker, p, MIB, &column);
	assert_int_equal(column.class, 7);
	memset(p, 0, MIB);
	make(maker, p, MIB, &column);
	assert_int_equal(column.class, COLUMN_CLASS_MIN);
	assert_int_equal(bits_set(&column), 2);
	column_maker_free(maker);
}

/* Fed in any pieces, it is the same. */
static void
test_pieces(void **state)
{
	struct column_maker *maker = column_maker_new();
	const size_t len = 50000;
	auto_free uint8_t *p = xmalloc(len);
	auto_free uint8_t *bits = NULL;
	struct column whole, pieces;
	uint64_t random = 9;
	uint8_t class;

	(void)state;
	for (size_t i = 0; i < len; i++)
		p[i] = i % 2 ? 0 : (uint8_t)(rnd(&random) % 64);
	make(maker, p, len, &whole);
	class = whole.class;
	bits = xmemdup(whole.bits, column_bits_len(class));
	for (int round = 0; round < 40; round++) {
		column_begin(maker, len);
		for (size_t at = 0; at < len;) {
			size_t n = round < 8 ? (size_t)round + 1
					     : 1 + rnd(&random) % 40000;

			n = n < len - at ? n : len - at;
			column_feed(maker, p + at, n);
			at += n;
		}
		column_end(maker, &pieces);
		assert_int_equal(pieces.class, class);
		assert_memory_equal(pieces.bits, bits, column_bits_len(class));
	}
	column_maker_free(maker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_short),
	    cmocka_unit_test(test_folding),
	    cmocka_unit_test(test_class),
	    cmocka_unit_test(test_pieces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
