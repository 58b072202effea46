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

#define LAST 100

/* Of each rule a range of candidates; missing: units that are not indexed. */
static int
make_answer(const uint64_t (*ranges)[2], size_t count, uint64_t missing)
{
	struct candidates_list lists[4];
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

static void
test_groups(void **state)
{
	/* Few, nearly all, none. */
	static const uint64_t ranges[][2] = {{10, 2}, {5, 90}, {0, 0}};
	struct find find = {.groups = NULL};

	(void)state;
	assert_int_equal(
	    find_take(&find, make_answer(ranges, 3, 99), 3, LAST), ERR_OK);
	assert_int_equal(find.group_rules[0], 2);
	assert_int_equal(find.group_rules[1], 1);
	assert_int_equal(find_next(&find, 1), 5);
	assert_int_equal(find_groups(&find, 5), FIND_MANY);
	assert_int_equal(find_groups(&find, 10), FIND_FEW | FIND_MANY);
	assert_int_equal(find_next(&find, 95), 99);
	/* One that the index does not know is a candidate of everything. */
	assert_int_equal(find_groups(&find, 99), FIND_FEW | FIND_MANY);
	assert_int_equal(find_next(&find, 100), 0);
	assert_int_equal(find.candidates, 91);
	find_release(&find);
}

static void
test_everything(void **state)
{
	struct find find = {.groups = NULL};

	(void)state;
	find_everything(&find, 2, LAST);
	assert_int_equal(find_next(&find, 1), 1);
	assert_int_equal(find_next(&find, LAST), LAST);
	assert_int_equal(find_next(&find, LAST + 1), 0);
	assert_int_equal(find_groups(&find, 7), FIND_FEW);
	find_release(&find);
}

/* An answer for other rules, or none at all. */
static void
test_refused(void **state)
{
	static const uint64_t ranges[][2] = {{10, 2}};
	struct find find = {.groups = NULL};
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
	static const uint64_t ranges[][2] = {{10, 2}, {5, 90}, {7, 1}};
	static const uint8_t digest[SHA256_BYTES];
	static const char *const names[] = {"a", "b", "c"};
	struct find find = {.groups = NULL};
	struct unitset_out out;
	struct unitset set;
	struct unit unit;
	int whole = -1, few = -1;

	(void)state;
	unitset_out_init(&out);
	for (size_t i = 0; i < 3; i++) {
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
	    find_take(&find, make_answer(ranges, 3, 0), 3, LAST), ERR_OK);
	assert_int_equal(find_split(&find, whole, FIND_FEW, &few), ERR_OK);
	assert_int_equal(unitset_open(&set, few), ERR_OK);
	assert_int_equal(set.count, 2);
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "a");
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "c");
	unitset_release(&set);
	(void)close(few);
	(void)close(whole);
	find_release(&find);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_groups),
	    cmocka_unit_test(test_everything),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_split),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
