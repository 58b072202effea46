/* SPDX-License-Identifier: Apache-2.0 */
/* test_grams.c - the index is kept complete, and nothing is tried for ever. */
#include "fake.h"

#include "lib/columns.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <signal.h>
#include <string.h>

static const char *const conf[] = {"workers=2", "pool_settle_ms=0", NULL};

/* As loep-grams: a column; what the unit's bytes say otherwise happens. */
static void
make_column(struct fake_analyser *a, struct fake_errand *e)
{
	static const uint8_t head[COLUMN_HEAD_BYTES];
	static const uint8_t bits[8] = {1};
	const struct column column = {
	    .size = e->size,
	    .head = head,
	    .class = 6,
	    .bits = bits,
	};
	uint8_t bytes[COLUMN_HEADER_BYTES + sizeof(bits)];
	char text[64] = "";

	assert_true(pread(e->input_fd, text, sizeof(text) - 1, 0) >= 0);
	if (strcmp(text, "silent") == 0)
		return;
	column_put_header(&column, bytes);
	memcpy(bytes + COLUMN_HEADER_BYTES, bits, sizeof(bits));
	if (strcmp(text, "malformed") == 0)
		bytes[0] ^= 1;
	fake_data(e->out_fd, bytes, 20);
	if (strcmp(text, "crash") == 0) {
		fake_analysed(a, e, ANALYSE_CRASHED, SIGSEGV);
		return;
	}
	if (strcmp(text, "slow") == 0) {
		fake_analysed(a, e, ANALYSE_TIMEOUT, SIGKILL);
		return;
	}
	fake_data(e->out_fd, bytes + 20, sizeof(bytes) - 20);
	if (strcmp(text, "twice") == 0)
		fake_data(e->out_fd, bytes, sizeof(bytes));
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static struct fake *
start(void)
{
	struct fake *f = xcalloc(1, sizeof(*f));

	fake_start(f, conf);
	return f;
}

static void
stop(struct fake *f)
{
	fake_stop(f);
	chan_free(f->units.chan);
	free(f);
}

static void
add_unit(struct fake *f, size_t seq, const char *kind, const char *bytes)
{
	f->units.kind[seq] = kind;
	f->units.bytes[seq] = bytes;
}

static bool
is_complete(struct fake *f)
{
	for (size_t i = 1; i <= FAKE_UNITS; i++) {
		if (f->units.kind[i] != NULL && !f->units.is_held[i] &&
		    !f->units.is_deleted[i])
			return false;
	}
	return true;
}

static void
test_complete(void **state)
{
	struct fake *f = start();
	size_t opens, lists;

	(void)state;
	add_unit(f, 1, "ok", "plain");
	add_unit(f, 2, "ok", "crash");
	add_unit(f, 3, "gone", NULL);
	add_unit(f, 4, "sealed", NULL);
	add_unit(f, 6, "ok", "slow");
	add_unit(f, 7, "ok", "malformed");
	add_unit(f, 8, "ok", "twice");
	add_unit(f, 9, "ok", NULL); /* damaged, as it turns out */
	add_unit(f, 11, "quarantined", NULL);
	add_unit(f, 12, "ok", "plain");
	fake_store_attach(f);
	(void)fake_analyser_attach(f, "grams", make_column);
	fake_index_attach(f);
	fake_until(f, is_complete);
	assert_false(f->units.is_always[1]);
	assert_true(f->units.is_always[2]);
	assert_true(f->units.is_deleted[3]);
	assert_true(f->units.is_always[4]);
	assert_true(f->units.is_always[6]);
	assert_true(f->units.is_always[7]);
	assert_true(f->units.is_always[8]);
	assert_true(f->units.is_always[9]);
	assert_true(f->units.is_always[11]);
	assert_false(f->units.is_always[12]);
	/* Then it rests. */
	fake_run_ms(f, 300);
	assert_true(f->units.is_forgotten[3]);
	opens = f->units.opens;
	lists = f->units.lists;
	assert_int_equal(opens, 7);
	fake_run_ms(f, 1500);
	assert_int_equal(f->units.opens, opens);
	assert_int_equal(f->units.lists, lists);
	assert_int_equal(f->units.batches, 1);
	stop(f);
}

static bool
is_one_running(struct fake *f)
{
	return f->analysers[0].running > 0;
}

/* The index dies in the middle of a round, and forgets what it had. */
static void
test_index_dies(void **state)
{
	struct fake *f = start();

	(void)state;
	add_unit(f, 1, "ok", "plain");
	add_unit(f, 2, "ok", "silent");
	fake_store_attach(f);
	(void)fake_analyser_attach(f, "grams", make_column);
	fake_index_attach(f);
	fake_until(f, is_one_running);
	fake_index_detach(f);
	f->units.bytes[2] = "plain";
	fake_run_ms(f, 50);
	fake_index_attach(f);
	fake_until(f, is_complete);
	assert_false(f->units.is_always[2]);
	/* Later its folder is lost. */
	fake_index_detach(f);
	memset(f->units.is_held, 0, sizeof(f->units.is_held));
	fake_index_attach(f);
	fake_until(f, is_complete);
	stop(f);
}

static bool
is_refused(struct fake *f)
{
	return f->units.batches > 0;
}

/* A full disk: it waits, and tries again with all of it. */
static void
test_index_is_full(void **state)
{
	struct fake *f = start();

	(void)state;
	add_unit(f, 1, "ok", "plain");
	f->units.refusals = 2;
	fake_store_attach(f);
	(void)fake_analyser_attach(f, "grams", make_column);
	fake_index_attach(f);
	fake_until(f, is_refused);
	/* Not at once. */
	fake_run_ms(f, 300);
	assert_int_equal(f->units.batches, 1);
	fake_until(f, is_complete);
	assert_int_equal(f->units.batches, 3);
	stop(f);
}

/* Takes orders, and does nothing until the test says so. */
static void
hold(struct fake_analyser *a, struct fake_errand *e)
{
	(void)a;
	(void)e;
}

static void
test_yields(void **state)
{
	struct fake *f = start();
	struct fake_job job = {.id = "job", .kind = "identify", .bytes = "x"};
	struct fake_analyser *identify;

	(void)state;
	add_unit(f, 1, "ok", "plain");
	identify = fake_analyser_attach(f, "identify", hold);
	(void)fake_analyser_attach(f, "grams", make_column);
	fake_queue(f, &job);
	fake_store_attach(f);
	fake_until(f, is_one_running);
	fake_index_attach(f);
	fake_run_ms(f, 800);
	assert_int_equal(f->units.opens, 0);
	fake_record(
	    identify->errands[0].out_fd, RECORD_DONE, "{\"counts\":{}}");
	fake_analysed(identify, &identify->errands[0], ANALYSE_DONE, 0);
	fake_until_over(f, &job);
	fake_until(f, is_complete);
	stop(f);
	fake_job_release(&job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_complete),
	    cmocka_unit_test(test_index_dies),
	    cmocka_unit_test(test_index_is_full),
	    cmocka_unit_test(test_yields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
