/* SPDX-License-Identifier: Apache-2.0 */
/* test_watch.c - finding the end of a run in what a guest sends. */
#include "vm/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct watch w;
static uint8_t frame[WIRE_FRAME_BYTES];

static size_t
make(enum gwire_type type, enum gwire_key key, uint64_t value)
{
	struct gwire_builder b;

	gwire_begin(&b, frame, sizeof(frame), type);
	gwire_put_number(&b, key, value);
	gwire_put_text(&b, WIRE_K_TEXT, "words\033[31m");
	return gwire_end(&b, 1);
}

static void
take(enum gwire_type type, enum gwire_key key, uint64_t value, uint64_t now_ms)
{
	size_t len = make(type, key, value);

	assert_int_equal(watch_take(&w, frame, len, now_ms), len);
}

static void
test_a_whole_run(void **state)
{
	(void)state;
	watch_init(&w, 1 << 20, 9, 5);
	take(WIRE_ACK, WIRE_K_ACKED, 9, 10);
	assert_true(w.is_acked);
	take(WIRE_STARTED, WIRE_K_PID, 1, 20);
	take(WIRE_EVENT, WIRE_K_PID, 1, 30);
	assert_false(w.is_done);
	take(WIRE_FILE_BEGIN, WIRE_K_SIZE, 1, 40);
	assert_true(w.is_collecting);
	take(WIRE_DONE, WIRE_K_CAUSE, WIRE_C_ENDED, 50);
	assert_true(w.is_done);
	assert_int_equal(watch_outcome(&w), RUN_DONE);
	assert_int_equal(w.started_ms, 20);
	assert_int_equal(w.ended_ms, 40);
}

static void
test_outcomes(void **state)
{
	static const struct {
		uint64_t cause;
		enum run_outcome outcome;
	} rows[] = {
	    {WIRE_C_ENDED, RUN_DONE},
	    {WIRE_C_TIMEOUT, RUN_TIMEOUT},
	    {WIRE_C_STOPPED, RUN_TIMEOUT},
	    {WIRE_C_NOT_EXECUTED, RUN_NOT_EXECUTED},
	    {77, RUN_AGENT_LOST},
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		watch_init(&w, 1 << 20, 9, 5);
		take(WIRE_DONE, WIRE_K_CAUSE, rows[i].cause, 50);
		assert_int_equal(watch_outcome(&w), rows[i].outcome);
	}
}

static void
test_another_agent(void **state)
{
	(void)state;
	watch_init(&w, 1 << 20, 9, 5);
	/* Each run's trace begins with it. */
	take(WIRE_READY, WIRE_K_PID, 1, 10);
	take(WIRE_STARTED, WIRE_K_PID, 1, 20);
	assert_false(w.is_restarted);
	take(WIRE_EVENT, WIRE_K_PID, 1, 30);
	take(WIRE_READY, WIRE_K_PID, 1, 40);
	assert_true(w.is_restarted);
	assert_false(w.is_done);
}

static void
test_byte_by_byte(void **state)
{
	size_t len;

	(void)state;
	watch_init(&w, 1 << 20, 9, 5);
	len = make(WIRE_DONE, WIRE_K_CAUSE, WIRE_C_TIMEOUT);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(watch_take(&w, frame + i, 1, i), 1);
	assert_true(w.is_done);
}

static void
test_flood(void **state)
{
	uint8_t junk[1000] = {0};

	(void)state;
	watch_init(&w, 2500, 9, 5);
	assert_int_equal(watch_take(&w, junk, 1000, 1), 1000);
	assert_int_equal(watch_take(&w, junk, 1000, 1), 1000);
	assert_int_equal(watch_take(&w, junk, 1000, 1), 500);
	assert_true(w.is_flooded);
	assert_int_equal(watch_take(&w, junk, 1000, 1), 0);
	assert_int_equal(w.bytes, 2500);
}

static void
test_a_refused_start(void **state)
{
	struct gwire_builder b;
	size_t len;

	(void)state;
	watch_init(&w, 1 << 20, 9, 5);
	gwire_begin(&b, frame, sizeof(frame), WIRE_ACK);
	gwire_put_number(&b, WIRE_K_ACKED, 9);
	gwire_put_number(&b, WIRE_K_CODE, WIRE_A_STATE);
	gwire_put_text(&b, WIRE_K_TEXT, "no\nway");
	len = gwire_end(&b, 1);
	(void)watch_take(&w, frame, len, 1);
	assert_string_equal(w.start_refusal, "no\\x0away");
}

static void
test_refusal_text_is_quoted(void **state)
{
	(void)state;
	watch_init(&w, 1 << 20, 9, 5);
	take(WIRE_NOT_EXECUTED, WIRE_K_REASON, WIRE_R_FORMAT, 1);
	assert_int_equal(w.refusal, WIRE_R_FORMAT);
	assert_null(strchr(w.refusal_text, '\033'));
}

static void
test_damage_is_survived(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 200; round++) {
		size_t len = make(WIRE_DONE, WIRE_K_CAUSE, WIRE_C_ENDED);

		watch_init(&w, 1 << 20, 9, 5);
		frame[(size_t)random() % len] ^= (uint8_t)random();
		frame[(size_t)random() % len] ^= (uint8_t)random();
		(void)watch_take(&w, frame, len, 1);
		/* The next good one is still found. */
		len = make(WIRE_DONE, WIRE_K_CAUSE, WIRE_C_TIMEOUT);
		for (int i = 0; i < 3000 && !w.is_done; i++)
			(void)watch_take(&w, frame, len, 2);
		assert_true(w.is_done);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_whole_run),
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_another_agent),
	    cmocka_unit_test(test_byte_by_byte),
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_a_refused_start),
	    cmocka_unit_test(test_refusal_text_is_quoted),
	    cmocka_unit_test(test_damage_is_survived),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
