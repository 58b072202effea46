/* SPDX-License-Identifier: Apache-2.0 */
/* test_ranges.c - sets of unit numbers, against a plain list of them. */
#include "fake.h"

#include "index/ranges.h"

#include <string.h>

#define NUMBERS 300

static bool
is_sound(const struct ranges *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->list[i].count == 0 ||
		    (i > 0 && r->list[i].first <=
				  r->list[i - 1].first + r->list[i - 1].count))
			return false;
	}
	return true;
}

static void
check(const struct ranges *r, const bool *plain)
{
	uint64_t total = 0;

	assert_true(is_sound(r));
	for (uint64_t n = 0; n < NUMBERS; n++) {
		assert_int_equal(ranges_has(r, n), plain[n]);
		total += plain[n];
	}
	assert_int_equal(ranges_total(r), total);
}

static void
check_gaps(
    const struct ranges *r, const bool *plain, uint64_t first, uint64_t last)
{
	AUTO(ranges) gaps = {0};

	ranges_gaps(r, first, last, SIZE_MAX, &gaps);
	assert_true(is_sound(&gaps));
	for (uint64_t n = 0; n < NUMBERS; n++)
		assert_int_equal(
		    ranges_has(&gaps, n), n >= first && n <= last && !plain[n]);
}

static void
test_random(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int round = 0; round < 60; round++) {
		AUTO(ranges) a = {0};
		AUTO(ranges) b = {0};
		bool in_a[NUMBERS] = {0}, in_b[NUMBERS] = {0};
		uint64_t common = 0;

		for (int i = 0; i < 40; i++) {
			uint64_t first = rnd(&random) % NUMBERS;
			uint64_t count = rnd(&random) % 8;
			bool is_a = rnd(&random) % 2;

			if (first + count > NUMBERS)
				count = NUMBERS - first;
			ranges_add(is_a ? &a : &b, first, count);
			memset((is_a ? in_a : in_b) + first, 1, count);
			check(&a, in_a);
		}
		check(&b, in_b);
		for (size_t n = 0; n < NUMBERS; n++)
			common += in_a[n] && in_b[n];
		assert_int_equal(ranges_common(&a, &b), common);
		check_gaps(&a, in_a, rnd(&random) % 50,
		    100 + rnd(&random) % (NUMBERS - 100));
		check_gaps(&a, in_a, 0, NUMBERS - 1);
		ranges_add_all(&a, &b);
		for (size_t n = 0; n < NUMBERS; n++)
			in_a[n] |= in_b[n];
		check(&a, in_a);
	}
}

static void
test_ends(void **state)
{
	AUTO(ranges) r = {0};
	AUTO(ranges) gaps = {0};

	(void)state;
	ranges_gaps(&r, 1, INT64_MAX, 5, &gaps);
	assert_int_equal(gaps.count, 1);
	assert_int_equal(gaps.list[0].count, INT64_MAX);
	ranges_add(&r, INT64_MAX, 1);
	ranges_gaps(&r, 1, INT64_MAX, 5, &gaps);
	assert_int_equal(gaps.list[0].count, INT64_MAX - 1);
	ranges_gaps(&r, 7, 6, 5, &gaps);
	assert_int_equal(gaps.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
