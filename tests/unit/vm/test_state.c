/* SPDX-License-Identifier: Apache-2.0 */
/* test_state.c - the life of a slot. */
#include "vm/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
to_ready(struct slot_core *c)
{
	state_init(c);
	state_begin(c, ACTION_BUILD, 0);
	state_end(c, true, 0);
}

static void
test_empty_is_built(void **state)
{
	struct slot_core c;

	(void)state;
	state_init(&c);
	assert_int_equal(
	    state_decide(&c, 0, STATE_NO_PROFILE, STATE_NO_PROFILE),
	    ACTION_NONE);
	assert_int_equal(
	    state_decide(&c, 0, STATE_NO_PROFILE, 0), ACTION_BUILD);
	state_begin(&c, ACTION_BUILD, 3);
	assert_int_equal(c.state, SLOT_BUILDING);
	assert_int_equal(c.profile, 3);
	assert_int_equal(state_decide(&c, 0, 3, 0), ACTION_NONE);
	state_end(&c, true, 0);
	assert_int_equal(c.state, SLOT_READY);
}

static void
test_a_run_goes_round(void **state)
{
	struct slot_core c;

	(void)state;
	to_ready(&c);
	assert_int_equal(state_decide(&c, 0, STATE_NO_PROFILE, 0), ACTION_NONE);
	assert_int_equal(state_decide(&c, 0, 0, 0), ACTION_RUN);
	state_begin(&c, ACTION_RUN, 0);
	assert_int_equal(c.state, SLOT_STARTING);
	state_move(&c, SLOT_RUNNING);
	state_move(&c, SLOT_CLEANING);
	state_end(&c, true, 0);
	assert_int_equal(c.state, SLOT_READY);
	assert_int_equal(c.runs, 1);
	/* One that ends before its sample starts. */
	state_begin(&c, ACTION_RUN, 0);
	state_end(&c, true, 0);
	assert_int_equal(c.state, SLOT_READY);
}

static void
test_another_profile_means_building(void **state)
{
	struct slot_core c;

	(void)state;
	to_ready(&c);
	assert_int_equal(state_decide(&c, 0, 1, 0), ACTION_BUILD);
}

static void
test_failures_back_off(void **state)
{
	struct slot_core c;
	uint64_t now_ms = 1000;

	(void)state;
	to_ready(&c);
	for (unsigned int i = 1; i < 20; i++) {
		if (c.state == SLOT_READY)
			state_begin(&c, ACTION_RUN, 0);
		else
			state_begin(&c, ACTION_REBUILD, 0);
		state_end(&c, false, now_ms);
		assert_int_equal(c.state, SLOT_QUARANTINED);
		assert_int_equal(c.failures, i);
		assert_int_equal(c.retry_ms, now_ms + state_backoff_ms(i));
		assert_int_equal(
		    state_decide(&c, c.retry_ms - 1, 0, 0), ACTION_NONE);
		assert_int_equal(
		    state_decide(&c, c.retry_ms, 0, 0), ACTION_REBUILD);
		now_ms = c.retry_ms;
	}
	state_begin(&c, ACTION_REBUILD, 0);
	state_end(&c, true, now_ms);
	assert_int_equal(c.failures, 0);
}

static void
test_backoff(void **state)
{
	(void)state;
	assert_int_equal(state_backoff_ms(1), 2000);
	assert_int_equal(state_backoff_ms(2), 4000);
	assert_int_equal(state_backoff_ms(1000000), 300000);
}

static void
test_orders(void **state)
{
	struct slot_core c;

	(void)state;
	to_ready(&c);
	c.wants_check = true;
	assert_int_equal(
	    state_decide(&c, 0, STATE_NO_PROFILE, 0), ACTION_CHECK);
	/* A run that waits comes first; the check is not forgotten. */
	assert_int_equal(state_decide(&c, 0, 0, 0), ACTION_RUN);
	c.wants_rebuild = true;
	assert_int_equal(state_decide(&c, 0, 0, 0), ACTION_REBUILD);
	state_begin(&c, ACTION_REBUILD, 0);
	assert_false(c.wants_rebuild);
	state_end(&c, true, 0);
	state_begin(&c, ACTION_CHECK, 0);
	assert_int_equal(c.state, SLOT_CHECKING);
	state_end(&c, true, 0);
	assert_int_equal(c.state, SLOT_READY);
}

static void
test_only_listed_moves(void **state)
{
	(void)state;
	assert_false(state_may(SLOT_EMPTY, SLOT_RUNNING));
	assert_false(state_may(SLOT_QUARANTINED, SLOT_READY));
	assert_false(state_may(SLOT_RUNNING, SLOT_READY));
	assert_true(state_may(SLOT_RUNNING, SLOT_CLEANING));
	for (int i = 0; i < SLOT_STATE_COUNT; i++)
		assert_non_null(state_name((enum slot_state)i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_is_built),
	    cmocka_unit_test(test_a_run_goes_round),
	    cmocka_unit_test(test_another_profile_means_building),
	    cmocka_unit_test(test_failures_back_off),
	    cmocka_unit_test(test_backoff),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_only_listed_moves),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
