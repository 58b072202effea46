/* SPDX-License-Identifier: Apache-2.0 */
/* test_timewatch.c - a clock that jumps: nothing is lost by it. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/erase.h"
#include "store/outbox.h"
#include "store/resume.h"

#define HOUR_US ((int64_t)3600 * 1000000)
#define YEAR_US ((int64_t)365 * 24 * HOUR_US)

struct world {
	struct rig *rig;
	char upload[UUID_BYTES];
	int64_t wall;
	int64_t boot;
};

static void
no_tick(void *arg)
{
	(void)arg;
}

/* From here on the test is the clock. */
static void
take_clock(struct world *w)
{
	struct store *store = w->rig->store;

	loop_timer_cancel(store->tick);
	store->tick = loop_timer(store->loop, 3600 * 1000, no_tick, NULL);
	w->wall = store->timewatch.wall_us;
	w->boot = store->timewatch.boot_us;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char case_id[UUID_BYTES], submission[UUID_BYTES];

	w->rig = rig_new();
	make_case(w->rig, case_id, NULL);
	make_submission(w->rig, case_id, submission);
	(void)ask_ok(w->rig, CALL_UPLOAD_BEGIN,
	    ARGS(val_text(submission), val_bytes("disk", 4), val_text("file"),
		val_int(10), val_null(), val_text("filename ZGlzaw==")));
	(void)snprintf(
	    w->upload, sizeof(w->upload), "%s", col_text(w->rig, 0, "id"));
	take_clock(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	rig_free(w->rig);
	free(w);
	return 0;
}

static void
look(struct world *w, int64_t wall_us, int64_t boot_us)
{
	w->wall += wall_us;
	w->boot += boot_us;
	timewatch_look(w->rig->store, w->wall, w->boot);
}

static int64_t
entries(struct world *w, const char *action)
{
	auto_free char *sql = xasprintf(
	    "SELECT count(*) FROM audit_event WHERE action = '%s'", action);

	return sql_int(w->rig, sql);
}

static void
test_ordinary_time(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 100; i++)
		look(w, HOUR_US + 2 * 1000000, HOUR_US);
	/* Slewed, as a time server does it. */
	look(w, 1000000 - 50000000, 1000000);
	assert_true(timewatch_is_calm(w->rig->store));
	assert_int_equal(entries(w, "clock.jumped"), 0);
}

static void
test_forward(void **state)
{
	struct world *w = *state;
	struct store *store = w->rig->store;

	look(w, 10 * YEAR_US, 1000000);
	assert_false(timewatch_is_calm(store));
	assert_int_equal(entries(w, "clock.jumped"), 1);
	assert_int_equal(
	    sql_int(w->rig, "SELECT detail ->> '$.seconds' FROM audit_event "
			    "WHERE action = 'clock.jumped'"),
	    315359999);
	/* What is due now stays. */
	sql_run(w->rig, "UPDATE upload SET expires_at = 1;"
			"UPDATE case_file SET state = 'closed', closed_at = 1");
	resume_tick(store);
	erase_retention(store);
	tx_commit(store);
	assert_int_equal(
	    sql_int(w->rig, "SELECT count(*) FROM upload WHERE state = 'open'"),
	    1);
	assert_int_equal(sql_int(w->rig, "SELECT count(*) FROM deletion"), 0);
	/* And may be continued. */
	(void)ask_ok(w->rig, CALL_UPLOAD_GET, ARGS(val_text(w->upload)));
	assert_string_equal(col_text(w->rig, 0, "state"), "open");
	assert_int_equal(
	    ask(w->rig, CALL_UPLOAD_APPEND,
		ARGS(val_text(w->upload), val_int(0), val_int(5), val_int(0)))
		->err,
	    ERR_OK);
	/* A jump back begins the day anew; after it time counts again. */
	look(w, 23 * HOUR_US, 23 * HOUR_US);
	look(w, -10 * YEAR_US, 1000000);
	look(w, 23 * HOUR_US, 23 * HOUR_US);
	assert_false(timewatch_is_calm(store));
	look(w, 2 * HOUR_US, 2 * HOUR_US);
	assert_true(timewatch_is_calm(store));
	assert_int_equal(entries(w, "clock.jumped"), 2);
}

static void
test_due_after_a_day(void **state)
{
	struct world *w = *state;

	look(w, YEAR_US, 1000000);
	look(w, 25 * HOUR_US, 25 * HOUR_US);
	sql_run(w->rig, "UPDATE upload SET expires_at = 1");
	resume_tick(w->rig->store);
	assert_int_equal(
	    sql_int(
		w->rig, "SELECT count(*) FROM upload WHERE state = 'expired'"),
	    1);
}

/* A mail whose next attempt is a year away is sent now. */
static void
test_backward(void **state)
{
	struct world *w = *state;
	auto_free char *sql = xasprintf(
	    "INSERT INTO outbox (id, kind, org_id, account_id, number, "
	    "address, language, tlp, mode, exercise, state, next_at, "
	    "created_at) SELECT 'm', 'ack', org_id, id, 'n', 'a@b', 'en', "
	    "'TLP:RED', 'normal', 0, 'queued', %lld, 1 FROM account LIMIT 1",
	    (long long)(w->wall + YEAR_US));

	sql_run(w->rig, sql);
	w->rig->store->sweep.next_at = w->wall + YEAR_US;
	look(w, -YEAR_US, 1000000);
	assert_int_equal(
	    sql_int(w->rig, "SELECT next_at FROM outbox"), w->wall);
	assert_int_equal(w->rig->store->sweep.next_at, 0);
	/* It is not given up either, however old it seems. */
	outbox_tick(w->rig->store);
	tx_commit(w->rig->store);
	assert_int_equal(
	    sql_int(
		w->rig, "SELECT count(*) FROM outbox WHERE state = 'queued'"),
	    1);
}

/* The clock was set while the store was away. */
static void
test_start(void **state)
{
	struct world *w = *state;
	const struct {
		int64_t since_us;
		bool is_calm;
	} starts[] = {
	    {0, true},
	    {20 * HOUR_US, true},
	    {YEAR_US, false},
	    {-HOUR_US, false},
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		int64_t last = sql_int(w->rig,
		    "SELECT at FROM audit_event ORDER BY seq DESC LIMIT 1");

		w->rig->store->timewatch = (struct timewatch){0};
		timewatch_look(
		    w->rig->store, last + starts[i].since_us, HOUR_US);
		assert_int_equal(
		    timewatch_is_calm(w->rig->store), starts[i].is_calm);
	}
	assert_int_equal(entries(w, "clock.doubted"), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_ordinary_time),
	    TEST(test_forward),
	    TEST(test_due_after_a_day),
	    TEST(test_backward),
	    TEST(test_start),
	};

	return cmocka_run_group_tests_name(
	    "store/timewatch", tests, NULL, NULL);
}
