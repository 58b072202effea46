/* SPDX-License-Identifier: Apache-2.0 */
/* test_crew.c - every index once, and nothing before all are done. */
#include "vault/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_MAX 300

struct tally {
	atomic_int seen[COUNT_MAX];
	atomic_int running;
	atomic_int running_max;
};

static void
count_one(void *arg, size_t index)
{
	struct tally *tally = arg;
	int now = atomic_fetch_add(&tally->running, 1) + 1;
	int max = atomic_load(&tally->running_max);

	while (now > max &&
	       !atomic_compare_exchange_weak(&tally->running_max, &max, now))
		continue;
	(void)usleep(200);
	atomic_fetch_add(&tally->seen[index], 1);
	atomic_fetch_sub(&tally->running, 1);
}

static void
test_each_index_once(void **state)
{
	static const size_t counts[] = {0, 1, 2, 7, 8, 9, 64, COUNT_MAX};
	struct crew *crew = crew_new();

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct tally tally = {0};

		crew_run(crew, counts[i], count_one, &tally);
		/* It returned: so all are done already. */
		assert_int_equal(atomic_load(&tally.running), 0);
		for (size_t k = 0; k < COUNT_MAX; k++)
			assert_int_equal(
			    atomic_load(&tally.seen[k]), k < counts[i]);
		if (counts[i] == COUNT_MAX)
			assert_true(atomic_load(&tally.running_max) > 1);
	}
}

/* One task right after the other must not mix. */
static void
test_again_and_again(void **state)
{
	struct crew *crew = crew_new();

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		struct tally tally = {0};

		crew_run(crew, 3, count_one, &tally);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(atomic_load(&tally.seen[k]), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_index_once),
	    cmocka_unit_test(test_again_and_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
