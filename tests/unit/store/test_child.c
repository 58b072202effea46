/* SPDX-License-Identifier: Apache-2.0 */
/* test_child.c - what comes out of artefacts, runs included. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <inttypes.h>

static int
setup(void **state)
{
	*state = rig_new();
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void
test_children(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char member[UUID_BYTES], trace[UUID_BYTES], events[UUID_BYTES];
	char next[256];
	int64_t attempt;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	make_child(rig, job, attempt, "m", "archive_member", member);
	make_child(rig, job, attempt, "t", "run_trace", trace);
	make_child(rig, job, attempt, "e", "events", events);
	a = ask_ok(rig, CALL_ARTEFACT_LIST,
	    ARGS(val_text(case_id), val_text("*"), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 1);
	(void)snprintf(next, sizeof(next),
	    "[{\"artefact\":\"%s\",\"kind\":"
	    "\"archive\",\"options\":{\"x\":1}},{\"kind\":\"detonate\"}]",
	    member);
	assert_int_equal(done(rig, job, attempt, "done", next)->err, ERR_OK);
	a = ask_ok(rig, CALL_ARTEFACT_LIST,
	    ARGS(val_text(case_id), val_text("*"), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 4);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(member)));
	assert_string_equal(col_text(rig, 0, "parent"), artefact);
	assert_string_equal(col_text(rig, 0, "relation"), "archive_member");
	assert_int_equal(col_int(rig, 0, "depth"), 1);
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:AMBER+STRICT");
	/* identify and yara for the member, behaviour for the trace, nothing
	 * for the events; and what was asked for. */
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM job j "
			 "JOIN artefact a ON a.id = j.artefact_id "
			 "WHERE a.relation = 'archive_member' "
			 "AND j.kind IN ('identify', 'yara', 'archive')"),
	    3);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job j "
				      "JOIN artefact a ON a.id = j.artefact_id "
				      "WHERE a.relation = 'run_trace'"),
	    1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job j "
				      "JOIN artefact a ON a.id = j.artefact_id "
				      "WHERE a.relation = 'events'"),
	    0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job "
				      "WHERE options = '{\"x\":1}'"),
	    1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM run"), 1);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_int_equal(col_int(rig, 0, "artefacts"), 4);
}

static void
test_bad_next(void **state)
{
	struct rig *rig = *state;
	static const char *const bad[] = {"{}", "[", "[1]",
	    "[{\"artefact\":\"\"}]", "[{\"kind\":\"UPPER\"}]",
	    "[{\"kind\":\"x\",\"options\":3}]"};
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char other_case[UUID_BYTES], foreign[UUID_BYTES], next[128];
	int64_t attempt;

	make_artefact(rig, "other", other_case, foreign);
	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    done(rig, job, attempt, "done", bad[i])->err, ERR_FORMAT);
	/* The oldest job is the other case's: this artefact is foreign to it. */
	(void)snprintf(next, sizeof(next),
	    "[{\"artefact\":\"%s\",\"kind\":\"archive\"}]", artefact);
	assert_int_equal(done(rig, job, attempt, "done", next)->err, ERR_OK);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM job WHERE kind = 'archive'"), 0);
	(void)ask_ok(rig, CALL_JOB_GET, ARGS(val_text(job)));
	assert_string_equal(col_text(rig, 0, "artefact"), foreign);
}

static void
test_child_bounds(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char child[UUID_BYTES];
	auto_free char *sql = NULL;
	int64_t attempt, id;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	sql_run(rig, "UPDATE artefact SET depth = 8");
	a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	(void)close(take_fd(a->fd));
	id = col_int(rig, 0, "child");
	ask_err(rig, ERR_LIMIT, CALL_CHILD_COMMIT,
	    ARGS(val_text(job), val_int(attempt), val_int(id), val_int(0),
		val_bytes("n", 1), val_text("archive_member"), val_text("file"),
		val_text("{}")));
	/* The bytes are there for nothing, and known to be. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE unused_since IS NOT NULL"),
	    1);
	/* What a run itself gives is not something found inside. */
	make_child(rig, job, attempt, "trace", "run_trace", child);
	sql_run(rig, "UPDATE artefact SET depth = 0");
	sql = xasprintf("UPDATE submission SET derived_bytes = %" PRIu64,
	    (uint64_t)LIMIT_SUBMISSION_BYTES);
	sql_run(rig, sql);
	a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	id = col_int(rig, 0, "child");
	assert_int_equal(write(a->fd, "x", 1), 1);
	(void)close(take_fd(a->fd));
	ask_err(rig, ERR_LIMIT, CALL_CHILD_COMMIT,
	    ARGS(val_text(job), val_int(attempt), val_int(id), val_int(1),
		val_bytes("n", 1), val_text("archive_member"), val_text("file"),
		val_text("{}")));
	sql_run(rig, "UPDATE attempt SET children = 10000");
	ask_err(rig, ERR_LIMIT, CALL_CHILD_CREATE,
	    ARGS(val_text(job), val_int(attempt)));
}

/* Archives in archives: each within its bounds, all together not. */
static void
test_submission_bound(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	sql_run(rig, "UPDATE job SET kind = 'archive' WHERE kind = 'yara'");
	lease(rig, "archive", job, &attempt);
	rig->store->submission_artefacts_max = 1;
	ask_err(rig, ERR_LIMIT, CALL_CHILD_CREATE,
	    ARGS(val_text(job), val_int(attempt)));
	/* One that has begun goes on to its own bounds. */
	sql_run(rig, "UPDATE attempt SET children = 1");
	a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	(void)close(take_fd(a->fd));
	sql_run(rig, "UPDATE attempt SET children = 0");
	rig->store->submission_artefacts_max = 2;
	a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	(void)close(take_fd(a->fd));
}

static void
test_child_parameters(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt, id;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	(void)close(take_fd(a->fd));
	id = col_int(rig, 0, "child");
#define COMMIT(size, relation, detail)                             \
 ARGS(val_text(job), val_int(attempt), val_int(id), val_int(size), \
     val_bytes("n", 1), val_text(relation), val_text("file"),      \
     val_text(detail))
	ask_err(rig, ERR_FORMAT, CALL_CHILD_COMMIT, COMMIT(0, "", "{}"));
	ask_err(rig, ERR_FORMAT, CALL_CHILD_COMMIT, COMMIT(0, "A-B", "{}"));
	ask_err(rig, ERR_FORMAT, CALL_CHILD_COMMIT, COMMIT(0, "x", "[]"));
	ask_err(rig, ERR_FORMAT, CALL_CHILD_COMMIT, COMMIT(-1, "x", "{}"));
	ask_err(rig, ERR_NOT_FOUND, CALL_CHILD_COMMIT,
	    ARGS(val_text(job), val_int(attempt), val_int(id + 1), val_int(0),
		val_bytes("n", 1), val_text("x"), val_text("file"),
		val_text("{}")));
	/* More bytes were said than came. */
	ask_err(rig, ERR_FORMAT, CALL_CHILD_COMMIT, COMMIT(9, "x", "{}"));
	(void)ask_ok(rig, CALL_CHILD_ABORT,
	    ARGS(val_text(job), val_int(attempt), val_int(id)));
	assert_int_equal(rig->store->commits_in_flight, 0);
}

static void
test_run(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], run[UUID_BYTES];
	char job[UUID_BYTES], trace[UUID_BYTES], events[UUID_BYTES];
	int64_t attempt;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	ask_err(rig, ERR_DENIED, CALL_RUN_CREATE,
	    ARGS(val_text(artefact), val_text("{\"network\":\"real\"}")));
	ask_err(rig, ERR_FORMAT, CALL_RUN_CREATE,
	    ARGS(val_text(artefact), val_text("[]")));
	(void)ask_ok(rig, CALL_RUN_CREATE,
	    ARGS(val_text(artefact), val_text("{\"profile\":\"debian-12\"}")));
	(void)snprintf(run, sizeof(run), "%s", col_text(rig, 0, "id"));
	lease(rig, "detonate", job, &attempt);
	assert_string_equal(job, run);
	a = ask_ok(rig, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(BLOB_AUTO)));
	(void)close(take_fd(a->fd));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event "
				      "WHERE event = 'copied_to_run'"),
	    1);
	make_child(rig, job, attempt, "trace", "run_trace", trace);
	(void)ask_ok(rig, CALL_JOB_DONE,
	    ARGS(val_text(job), val_int(attempt), val_text("done"), val_int(0),
		val_text(""), val_text("loep-vm"),
		val_text("{\"outcome\":\"timeout\",\"profile\":\"debian-12\","
			 "\"environment\":{\"image_digest\":\"abc\"}}"),
		val_text("")));
	lease(rig, "behaviour", job, &attempt);
	make_child(rig, job, attempt, "events", "events", events);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)ask_ok(rig, CALL_RUN_GET, ARGS(val_text(run)));
	assert_string_equal(col_text(rig, 0, "profile"), "debian-12");
	assert_string_equal(col_text(rig, 0, "outcome"), "timeout");
	assert_string_equal(
	    col_text(rig, 0, "environment"), "{\"image_digest\":\"abc\"}");
	assert_string_equal(col_text(rig, 0, "trace"), trace);
	assert_string_equal(col_text(rig, 0, "events"), events);
	assert_true(col_is_null(rig, 0, "pcap"));
	a = ask_ok(rig, CALL_RUN_LIST,
	    ARGS(val_text(case_id), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_children),
	    T(test_submission_bound),
	    T(test_bad_next),
	    T(test_child_bounds),
	    T(test_child_parameters),
	    T(test_run),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
