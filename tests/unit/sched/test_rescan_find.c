/* SPDX-License-Identifier: Apache-2.0 */
/* test_rescan_find.c - what a re-scan looks at, and with which rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/candidates.h"
#include "lib/own.h"
#include "lib/unitset.h"
#include "sched/rescan_find.h"

#include <string.h>
#include <sys/mman.h>

#define LAST 1000

/* Of each rule a range of candidates; missing: units that are not indexed. */
static int
make_answer(const uint64_t (*ranges)[2], size_t count, uint64_t missing)
{
	struct candidates_list lists[8];
	int fd = -1;

	for (size_t i = 0; i <= count; i++)
		candidates_list_init(&lists[i]);
	if (missing != 0)
		candidates_list_add(&lists[0], missing, 1);
	for (size_t i = 0; i < count; i++) {
		if (ranges[i][1] > 0)
			candidates_list_add(
			    &lists[i + 1], ranges[i][0], ranges[i][1]);
	}
	assert_int_equal(candidates_seal(lists, count + 1, &fd), ERR_OK);
	for (size_t i = 0; i <= count; i++)
		candidates_list_release(&lists[i]);
	return fd;
}

/* Three that hardly anything can match, one for nearly all, one for none. */
static const uint64_t some[][2] = {{10, 2}, {11, 1}, {12, 1}, {5, 900}, {0, 0}};

static void
test_levels(void **state)
{
	struct find find = {.units = NULL};

	(void)state;
	assert_int_equal(
	    find_take(&find, make_answer(some, 5, 990), 5, LAST), ERR_OK);
	assert_int_equal(find.rules[3], 1);
	/* 2 is more than 1000 / 3^6, 1 is not. */
	assert_int_equal(find.rules[0], 6);
	assert_int_equal(find.rules[1], 7);
	/* One that is not indexed may match it. */
	assert_int_equal(find.rules[4], FIND_LEVELS);
	/* The same rules on five levels: one set. */
	assert_int_equal(find.set_rules[1], 0);
	assert_int_equal(find.set_rules[5], 1);
	assert_int_equal(find.set_rules[6], 2);
	/* Four of five: hardly less than all. */
	assert_int_equal(find.set_rules[7], 0);
	assert_int_equal(find.set_rules[FIND_LEVELS], 5);
	assert_int_equal(find_next(&find, 1), 5);
	assert_int_equal(find_level(&find, 5), 5);
	assert_int_equal(find_level(&find, 10), 6);
	assert_int_equal(find_level(&find, 11), FIND_LEVELS);
	assert_int_equal(find_next(&find, 905), 990);
	/* One that the index does not know is a candidate of everything. */
	assert_int_equal(find_level(&find, 990), FIND_LEVELS);
	assert_int_equal(find_next(&find, 991), 0);
	assert_int_equal(find.candidates, 901);
	find_release(&find);
}

/* Sets that are nearly the same become one, the larger. */
static void
test_merged(void **state)
{
	static const uint64_t ranges[][2] = {{10, 2}, {5, 900}, {0, 0}};
	struct find find = {.units = NULL};

	(void)state;
	assert_int_equal(
	    find_take(&find, make_answer(ranges, 3, 0), 3, LAST), ERR_OK);
	assert_int_equal(find.rules[2], 0);
	assert_int_equal(find.set_rules[5], 1);
	assert_int_equal(find.set_rules[6], 0);
	assert_int_equal(find.set_rules[FIND_LEVELS], 2);
	assert_int_equal(find_level(&find, 10), FIND_LEVELS);
	assert_int_equal(find_level(&find, 9), 5);
	assert_int_equal(find_level(&find, 4), 0);
	assert_int_equal(find.candidates, 900);
	find_release(&find);
}

static void
test_everything(void **state)
{
	struct find find = {.units = NULL};

	(void)state;
	find_everything(&find, 2, LAST);
	assert_int_equal(find_next(&find, 1), 1);
	assert_int_equal(find_next(&find, LAST), LAST);
	assert_int_equal(find_next(&find, LAST + 1), 0);
	assert_int_equal(find_level(&find, 7), FIND_LEVELS);
	find_release(&find);
}

/* An answer for other rules, or none at all. */
static void
test_refused(void **state)
{
	static const uint64_t ranges[][2] = {{10, 2}};
	struct find find = {.units = NULL};
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(
	    find_take(&find, make_answer(ranges, 1, 0), 2, LAST), ERR_FORMAT);
	assert_int_equal(find_take(&find, fd, 1, LAST), ERR_FORMAT);
	assert_null(find.rules);
}

static void
test_split(void **state)
{
	static const uint8_t digest[SHA256_BYTES];
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	struct find find = {.units = NULL};
	struct unitset_out out;
	struct unitset set;
	struct unit unit;
	int whole = -1, part = -1;

	(void)state;
	unitset_out_init(&out);
	for (size_t i = 0; i < 5; i++) {
		unit = (struct unit){
		    .closure = digest,
		    .text_digest = digest,
		    .namespace_name = "n",
		    .name = names[i],
		    .text = "rule x { condition: true }",
		    .text_len = 26,
		};
		assert_int_equal(unitset_add(&out, &unit), ERR_OK);
	}
	assert_int_equal(unitset_seal(&out, &whole), ERR_OK);
	unitset_out_release(&out);
	assert_int_equal(
	    find_take(&find, make_answer(some, 5, 0), 5, LAST), ERR_OK);
	/* The rules of the level and those below. */
	assert_int_equal(find_split(&find, whole, 6, &part), ERR_OK);
	assert_int_equal(unitset_open(&set, part), ERR_OK);
	assert_int_equal(set.count, 2);
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "a");
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "d");
	unitset_release(&set);
	(void)close(part);
	/* What can match nothing is nowhere. */
	assert_int_equal(find_split(&find, whole, FIND_LEVELS, &part), ERR_OK);
	assert_int_equal(unitset_open(&set, part), ERR_OK);
	assert_int_equal(set.count, 4);
	unitset_release(&set);
	(void)close(part);
	(void)close(whole);
	find_release(&find);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_merged),
	    cmocka_unit_test(test_everything),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_split),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
