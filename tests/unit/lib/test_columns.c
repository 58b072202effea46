/* SPDX-License-Identifier: Apache-2.0 */
/* test_columns.c - columns and batches: read as written, nothing else taken. */
#include "lib/columns.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mutate.h"

static const uint8_t bits[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t head[COLUMN_HEAD_BYTES] = "MZ";

/* Two units: one of the least class, one that is always a candidate. */
static uint8_t *
make_batch(size_t *ret_len)
{
	const struct column columns[] = {
	    {.size = 1234, .head = head, .class = 6, .bits = bits},
	    {.size = 5, .head = head},
	};
	const uint64_t seqs[] = {3, 9};
	size_t at = columns_header_len(2);
	uint8_t *p = xcalloc(1, at + 2 * COLUMN_HEADER_BYTES + 8);

	columns_put_header(seqs, 2, p);
	for (size_t i = 0; i < 2; i++) {
		column_put_header(&columns[i], p + at);
		at += COLUMN_HEADER_BYTES;
		if (columns[i].class != 0)
			memcpy(p + at, bits, 8);
		at += column_bits_len(columns[i].class);
	}
	*ret_len = at;
	return p;
}

static void
test_read_as_written(void **state)
{
	size_t len, count, at;
	auto_free uint8_t *p = make_batch(&len);
	struct column column;

	(void)state;
	assert_int_equal(columns_check(p, len, &count, &at), ERR_OK);
	assert_int_equal(count, 2);
	assert_int_equal(columns_seq(p, 0), 3);
	assert_int_equal(columns_seq(p, 1), 9);
	assert_int_equal(column_next(p, len, &at, &column), ERR_OK);
	assert_int_equal(column.size, 1234);
	assert_int_equal(column.class, 6);
	assert_memory_equal(column.bits, bits, 8);
	assert_memory_equal(column.head, head, sizeof(head));
	assert_int_equal(column_next(p, len, &at, &column), ERR_OK);
	assert_int_equal(column.class, 0);
	assert_int_equal(column_next(p, len, &at, &column), ERR_NOT_FOUND);
}

static bool
is_taken(void *arg, const uint8_t *p, size_t len)
{
	size_t count, at;

	(void)arg;
	return columns_check(p, len, &count, &at) == ERR_OK;
}

static void
test_mutations(void **state)
{
	size_t len;
	auto_free uint8_t *p = make_batch(&len);
	struct mutate_result result;

	(void)state;
	assert_int_equal(mutate_truncate(p, len, is_taken, NULL).taken, 0);
	assert_int_equal(mutate_extend(p, len, is_taken, NULL).taken, 0);
	/* Numbers that still rise, sizes, heads and bits may be any. */
	result = mutate_flip(p, len, is_taken, NULL);
	assert_in_range(
	    result.taken, 8 * (2 * (8 + 64) + 8), 8 * (2 * (8 + 64) + 8 + 16));
}

static void
test_cut_columns(void **state)
{
	size_t len;
	auto_free uint8_t *p = make_batch(&len);
	size_t start = columns_header_len(2);
	struct column column;

	(void)state;
	for (size_t cut = 1; cut < COLUMN_HEADER_BYTES + 8; cut++) {
		size_t at = start;

		assert_int_equal(
		    column_next(p, start + cut, &at, &column), ERR_AGAIN);
		assert_int_equal(at, start);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read_as_written),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_cut_columns),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
