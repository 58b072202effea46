/* SPDX-License-Identifier: Apache-2.0 */
/* test_job.c - jobs: leased, heard of, done, lost, tried again. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/job.h"

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

static size_t
findings(struct rig *rig, const char *case_id, const char *type)
{
	return ask_ok(rig, CALL_FINDING_LIST,
	    ARGS(val_text(case_id), val_text(""), val_text(type), val_int(0),
		val_text(""), val_int(0)))
	    ->rows_count;
}

static void
test_lease_says_what_to_do(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	struct answer *a;
	const char *options;
	size_t len;

	make_artefact(rig, "hello", case_id, artefact);
	a = ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w1"), val_text("identify,archive"), val_int(10),
		val_int(0), val_int(-1)));
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "kind"), "identify");
	assert_string_equal(col_text(rig, 0, "artefact"), artefact);
	assert_int_equal(col_int(rig, 0, "attempt"), 1);
	assert_int_equal(col_int(rig, 0, "size"), 5);
	(void)col_bytes(rig, 0, "sha256", &len);
	assert_int_equal(len, SHA256_BYTES);
	options = col_text(rig, 0, "options");
	assert_non_null(strstr(options, "\"passwords\":[\"infected\"]"));
	assert_non_null(strstr(options, "\"pap\":\"PAP:RED\""));
	a = ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w2"), val_text("identify"), val_int(10), val_int(0),
		val_int(-1)));
	assert_int_equal(a->rows_count, 0);
	ask_err(rig, ERR_LIMIT, CALL_JOB_LEASE,
	    ARGS(val_text("w2"), val_text("yara"), val_int(0), val_int(0),
		val_int(-1)));
	ask_err(rig, ERR_LIMIT, CALL_JOB_LEASE,
	    ARGS(val_text("w2"), val_text("yara"), val_int(2049), val_int(0),
		val_int(-1)));
}

static void
test_input(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	auto_free char *bytes = NULL;
	int64_t attempt;
	struct answer *a;
	size_t len;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	a = ask_ok(rig, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(BLOB_AUTO)));
	assert_int_equal(col_int(rig, 0, "how"), BLOB_MEMFD);
	bytes = read_all(take_fd(a->fd), &len);
	assert_string_equal(bytes, "hello");
	ask_err(rig, ERR_CONFLICT, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt + 1), val_int(BLOB_AUTO)));
	ask_err(rig, ERR_FORMAT, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(9)));
}

static void
put_attempt(struct wire_out *out, const char *job, int64_t attempt)
{
	wire_put_str(out, job);
	wire_put_i64(out, attempt);
}

static struct answer *
ask_pack(struct rig *rig, const struct wire_out *jobs, enum err err)
{
	const struct value list = val_bytes(jobs->buf, jobs->len);

	if (err == ERR_OK)
		return ask_ok(rig, CALL_JOB_PACK, &list, 1);
	ask_err(rig, err, CALL_JOB_PACK, &list, 1);
	return NULL;
}

static void
test_pack(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	char jobs[2][UUID_BYTES];
	int64_t attempts[2];
	struct wire_out list;
	auto_free char *bytes = NULL;
	struct pack_view view;
	struct answer *a;
	const uint8_t *p;
	size_t len;

	make_artefact(rig, "hello", case_id, artefact);
	make_artefact(rig, "world!", case_id, artefact);
	wire_out_init(&list, LIMIT_MSG_BYTES);
	for (int i = 0; i < 2; i++) {
		lease(rig, "yara", jobs[i], &attempts[i]);
		put_attempt(&list, jobs[i], attempts[i]);
	}
	a = ask_pack(rig, &list, ERR_OK);
	assert_int_equal(a->rows_count, 1);
	assert_int_equal(col_int(rig, 0, "index"), -1);
	bytes = read_all(take_fd(a->fd), &len);
	assert_int_equal(col_int(rig, 0, "size"), len);
	assert_int_equal(pack_view_init(&view, bytes, len), ERR_OK);
	assert_int_equal(pack_view_item(&view, 0, &p, &len), ERR_OK);
	assert_memory_equal(p, "hello", 5);
	assert_int_equal(pack_view_item(&view, 1, &p, &len), ERR_OK);
	assert_memory_equal(p, "world!", 6);
	/* An attempt that is over, none at all, and what is no list. */
	put_attempt(&list, jobs[0], attempts[0] + 1);
	(void)ask_pack(rig, &list, ERR_CONFLICT);
	wire_out_reset(&list);
	(void)ask_pack(rig, &list, ERR_LIMIT);
	wire_put_str(&list, jobs[0]);
	(void)ask_pack(rig, &list, ERR_FORMAT);
	wire_out_release(&list);
}

/* No child is ever given the bytes of two organisations. */
static void
test_pack_is_of_one_organisation(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char other[UUID_BYTES];
	struct wire_out list;
	int64_t attempt;

	wire_out_init(&list, LIMIT_MSG_BYTES);
	make_artefact(rig, "ours", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	put_attempt(&list, job, attempt);
	rig->principal = rig_other_org(rig, "Other", "C2", "submit", other);
	make_artefact(rig, "theirs", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	put_attempt(&list, job, attempt);
	(void)ask_pack(rig, &list, ERR_DENIED);
	wire_out_release(&list);
}

static void
put_end(struct wire_out *out, const char *job, int64_t attempt,
    const char *outcome, const char *match)
{
	struct wire_out records;

	wire_out_init(&records, LIMIT_MSG_BYTES);
	wire_put_u8(&records, RECORD_MATCH);
	wire_put_str(&records, match);
	put_attempt(out, job, attempt);
	wire_put_str(out, outcome);
	wire_put_u8(out, 1);
	wire_put_str(out, "because");
	wire_put_str(out, "engine 1");
	wire_put_str(out, "{\"a\":1}");
	wire_put_str(out, "[]");
	wire_put_bytes(out, records.buf, records.len);
	wire_out_release(&records);
}

static void
ask_ends(struct rig *rig, const struct wire_out *ends, enum err err)
{
	const struct value list = val_bytes(ends->buf, ends->len);

	if (err == ERR_OK)
		(void)ask_ok(rig, CALL_JOBS_DONE, &list, 1);
	else
		ask_err(rig, err, CALL_JOBS_DONE, &list, 1);
}

#define MATCH "{\"rule\":\"r\",\"namespace\":\"n\",\"score\":60}"

static void
test_many_done_at_once(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	char jobs[2][UUID_BYTES];
	int64_t attempts[2];
	struct wire_out ends;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", jobs[0], &attempts[0]);
	lease(rig, "identify", jobs[1], &attempts[1]);
	wire_out_init(&ends, LIMIT_MSG_BYTES);
	put_end(&ends, jobs[0], attempts[0], "done", MATCH);
	put_end(&ends, jobs[1], attempts[1], "partial", MATCH);
	ask_ends(rig, &ends, ERR_OK);
	assert_int_equal(findings(rig, case_id, "match"), 2);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	assert_int_equal(col_int(rig, 0, "score"), 60);
	(void)ask_ok(rig, CALL_JOB_GET, ARGS(val_text(jobs[1])));
	assert_string_equal(col_text(rig, 0, "state"), "partial");
	assert_string_equal(col_text(rig, 0, "reason"), "because");
	assert_string_equal(col_text(rig, 0, "engine"), "engine 1");
	wire_out_release(&ends);
}

/* One that is refused takes the others back: they are told of singly. */
static void
test_many_done_or_none(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	char jobs[2][UUID_BYTES];
	int64_t attempts[2];
	struct wire_out ends;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", jobs[0], &attempts[0]);
	lease(rig, "identify", jobs[1], &attempts[1]);
	wire_out_init(&ends, LIMIT_MSG_BYTES);
	put_end(&ends, jobs[0], attempts[0], "done", MATCH);
	put_end(&ends, jobs[1], attempts[1] + 1, "done", MATCH);
	ask_ends(rig, &ends, ERR_CONFLICT);
	wire_out_reset(&ends);
	put_end(&ends, jobs[0], attempts[0], "done", MATCH);
	put_end(&ends, jobs[1], attempts[1], "done", "no JSON");
	ask_ends(rig, &ends, ERR_FORMAT);
	wire_out_reset(&ends);
	put_end(&ends, jobs[0], attempts[0], "done", MATCH);
	put_end(&ends, jobs[1], attempts[1], "splendid", MATCH);
	ask_ends(rig, &ends, ERR_FORMAT);
	ends.len -= 3;
	ask_ends(rig, &ends, ERR_FORMAT);
	assert_int_equal(findings(rig, case_id, ""), 0);
	wire_out_reset(&ends);
	put_end(&ends, jobs[0], attempts[0], "done", MATCH);
	ask_ends(rig, &ends, ERR_OK);
	assert_int_equal(findings(rig, case_id, ""), 1);
	wire_out_release(&ends);
}

static void
test_lease_ends_at_bytes(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	for (int i = 0; i < 5; i++)
		make_artefact(rig, "twelve bytes", case_id, artefact);
	assert_int_equal(ask_ok(rig, CALL_JOB_LEASE,
			     ARGS(val_text("w"), val_text("yara"), val_int(10),
				 val_int(30), val_int(-1)))
			     ->rows_count,
	    3);
}

static void
test_findings_are_seen_when_done(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"eicar\",\"namespace\":\"own\",\"score\":80}");
	send_record(rig, job, attempt, RECORD_ERROR,
	    "{\"what\":\"pe\",\"text\":\"cut short\"}");
	assert_int_equal(findings(rig, case_id, ""), 0);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	assert_int_equal(findings(rig, case_id, ""), 2);
	assert_int_equal(findings(rig, case_id, "match"), 1);
	assert_string_equal(col_text(rig, 0, "name"), "eicar");
	assert_string_equal(col_text(rig, 0, "namespace"), "own");
	assert_string_equal(col_text(rig, 0, "analyser"), "yara");
	assert_string_equal(col_text(rig, 0, "engine"), "engine 1.0");
	assert_int_equal(col_int(rig, 0, "score"), 80);
	assert_int_equal(col_int(rig, 0, "is_partial"), 0);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	assert_int_equal(col_int(rig, 0, "score"), 80);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_int_equal(col_int(rig, 0, "score"), 80);
}

static void
test_done_twice(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char child[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	make_child(rig, job, attempt, "child", "archive_member", child);
	send_record(
	    rig, job, attempt, RECORD_FACT, "{\"key\":\"k\",\"value\":1}");
	for (int i = 0; i < 3; i++) {
		struct answer *a = done(rig, job, attempt, "done",
		    "[{\"artefact\":\"\",\"kind\":\"archive\"}]");

		assert_int_equal(a->err, ERR_OK);
		assert_string_equal(col_text(rig, 0, "state"), "done");
	}
	assert_int_equal(findings(rig, case_id, ""), 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job"), 5);
	/* Another outcome for it comes too late. */
	assert_int_equal(
	    done(rig, job, attempt, "failed", "")->err, ERR_CONFLICT);
	assert_int_equal(
	    done(rig, job, attempt + 1, "done", "")->err, ERR_CONFLICT);
	assert_int_equal(
	    done(rig, "nothing", 1, "done", "")->err, ERR_CONFLICT);
}

static void
test_failed_is_tried_again_then_parked(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char child[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	for (int i = 1; i <= LIMIT_ATTEMPTS; i++) {
		lease(rig, "yara", job, &attempt);
		assert_int_equal(attempt, i);
		send_record(rig, job, attempt, RECORD_MATCH,
		    "{\"rule\":\"r\",\"namespace\":\"n\"}");
		make_child(rig, job, attempt, "from a crash", "carved", child);
		assert_int_equal(
		    done(rig, job, attempt, "failed", "")->err, ERR_OK);
		assert_string_equal(col_text(rig, 0, "state"),
		    i < LIMIT_ATTEMPTS ? "queued" : "failed");
		/* What the failed attempts left is swept. */
		assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding"),
		    i < LIMIT_ATTEMPTS ? 0 : 1);
	}
	(void)ask_ok(rig, CALL_JOB_GET, ARGS(val_text(job)));
	assert_string_equal(col_text(rig, 0, "state"), "failed");
	assert_string_equal(col_text(rig, 0, "reason"), "because");
	assert_int_equal(findings(rig, case_id, ""), 1);
	assert_int_equal(col_int(rig, 0, "is_partial"), 1);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_int_equal(col_int(rig, 0, "jobs_failed"), 1);
	assert_int_equal(col_int(rig, 0, "artefacts"), 2);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM attempt "
				      "WHERE outcome = 'failed'"),
	    LIMIT_ATTEMPTS);
}

/* The last attempt keeps what it found, marked so. */
static void
test_partial_is_tried_again(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	for (int i = 1; i <= LIMIT_ATTEMPTS; i++) {
		lease(rig, "yara", job, &attempt);
		send_record(rig, job, attempt, RECORD_MATCH,
		    "{\"rule\":\"r\",\"namespace\":\"n\"}");
		assert_int_equal(
		    done(rig, job, attempt, "partial", "")->err, ERR_OK);
		assert_string_equal(col_text(rig, 0, "state"),
		    i < LIMIT_ATTEMPTS ? "queued" : "partial");
	}
	assert_int_equal(findings(rig, case_id, ""), 1);
	assert_int_equal(col_int(rig, 0, "is_partial"), 1);
}

static void
test_final_is_not_tried_again(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	(void)ask_ok(rig, CALL_JOB_DONE,
	    ARGS(val_text(job), val_int(attempt), val_text("failed"),
		val_int(1), val_text("never will"), val_text(""), val_text(""),
		val_text("")));
	assert_string_equal(col_text(rig, 0, "state"), "failed");
}

static void
expire(struct rig *rig, const char *job)
{
	auto_free char *sql = xasprintf("UPDATE job SET lease_until = 1 "
					"WHERE id = '%s'",
	    job);

	sql_run(rig, sql);
	for (int i = 0; i < 300; i++) {
		rig_turn(rig, 5);
		if (sql_int(rig, "SELECT count(*) FROM job "
				 "WHERE lease_until = 1") == 0)
			return;
	}
	fail_msg("the lease does not end");
}

static void
test_lease_runs_out(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char again[UUID_BYTES], child[UUID_BYTES];
	int64_t first, second;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &first);
	send_record(rig, job, first, RECORD_MATCH,
	    "{\"rule\":\"r\",\"namespace\":\"n\"}");
	make_child(rig, job, first, "half", "carved", child);
	rig->changed_jobs = 0;
	expire(rig, job);
	/* Told behind the commit, which may wait a moment for company. */
	for (int i = 0; i < 100 && rig->changed_jobs == 0; i++)
		rig_turn(rig, 5);
	assert_true(rig->changed_jobs > 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding"), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE unused_since IS NOT NULL"),
	    1);
	/* The one who lost it hears so, whatever it says. */
	ask_err(rig, ERR_CONFLICT, CALL_JOB_HEARTBEAT,
	    ARGS(val_text(job), val_int(first), val_text("x"), val_int(1)));
	ask_err(rig, ERR_CONFLICT, CALL_CHILD_CREATE,
	    ARGS(val_text(job), val_int(first)));
	assert_int_equal(done(rig, job, first, "done", "")->err, ERR_CONFLICT);
	lease(rig, "yara", again, &second);
	assert_string_equal(again, job);
	assert_int_equal(second, first + 1);
	make_child(rig, job, second, "half", "carved", child);
	assert_int_equal(done(rig, job, second, "done", "")->err, ERR_OK);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE unused_since IS NOT NULL"),
	    0);
}

static void
test_heartbeat(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt, before;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	before = sql_int(rig, "SELECT lease_until FROM job "
			      "WHERE state = 'running'");
	rig_turn(rig, 3);
	(void)ask_ok(rig, CALL_JOB_HEARTBEAT,
	    ARGS(val_text(job), val_int(attempt), val_text("restoring"),
		val_int(40)));
	assert_int_equal(col_int(rig, 0, "is_cancelled"), 0);
	assert_true(sql_int(rig, "SELECT lease_until FROM job "
				 "WHERE state = 'running'") > before);
	a = ask_ok(rig, CALL_CASE_PROGRESS, ARGS(val_text(case_id)));
	assert_int_equal(a->rows_count, 2);
	assert_string_equal(col_text(rig, 1, "kind"), "yara");
	assert_string_equal(col_text(rig, 1, "detail"), "restoring 40%");
	ask_err(rig, ERR_FORMAT, CALL_JOB_HEARTBEAT,
	    ARGS(val_text(job), val_int(attempt), val_text(""), val_int(101)));
}

static void
test_cancel(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char queued[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	(void)ask_ok(rig, CALL_JOB_CANCEL, ARGS(val_text(job)));
	(void)ask_ok(rig, CALL_JOB_HEARTBEAT,
	    ARGS(val_text(job), val_int(attempt), val_text(""), val_int(0)));
	assert_int_equal(col_int(rig, 0, "is_cancelled"), 1);
	/* One that fails while it is to end is not tried again. */
	assert_int_equal(done(rig, job, attempt, "failed", "")->err, ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "cancelled");
	ask_err(rig, ERR_CONFLICT, CALL_JOB_CANCEL, ARGS(val_text(job)));

	(void)ask_ok(rig, CALL_JOB_LIST,
	    ARGS(val_text(case_id), val_text("queued"), val_int(0),
		val_text("")));
	(void)snprintf(queued, sizeof(queued), "%s", col_text(rig, 0, "id"));
	(void)ask_ok(rig, CALL_JOB_CANCEL, ARGS(val_text(queued)));
	(void)ask_ok(rig, CALL_JOB_GET, ARGS(val_text(queued)));
	assert_string_equal(col_text(rig, 0, "state"), "cancelled");
	ask_err(rig, ERR_NOT_FOUND, CALL_JOB_CANCEL, ARGS(val_text("none")));
}

static void
test_retry_replaces(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char child[UUID_BYTES];
	int64_t attempt;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	make_child(rig, job, attempt, "first", "carved", child);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"old\",\"namespace\":\"n\",\"score\":90}");
	(void)ask_ok(rig, CALL_JOB_DONE,
	    ARGS(val_text(job), val_int(attempt), val_text("partial"),
		val_int(1), val_text("crashed"), val_text(""), val_text(""),
		val_text("")));
	(void)ask_ok(rig, CALL_JOB_RETRY, ARGS(val_text(job)));
	/* Until the new outcome is there, the old one is shown. */
	assert_int_equal(findings(rig, case_id, ""), 1);
	ask_err(rig, ERR_CONFLICT, CALL_JOB_RETRY, ARGS(val_text(job)));
	do {
		lease(rig, "yara,identify", child, &attempt);
		if (strcmp(child, job) != 0)
			(void)done(rig, child, attempt, "done", "");
	} while (strcmp(child, job) != 0);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"new\",\"namespace\":\"n\",\"score\":20}");
	make_child(rig, job, attempt, "second", "carved", child);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	assert_int_equal(findings(rig, case_id, ""), 1);
	assert_string_equal(col_text(rig, 0, "name"), "new");
	a = ask_ok(rig, CALL_ARTEFACT_LIST,
	    ARGS(val_text(case_id), val_text(artefact), val_int(0),
		val_text("")));
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "id"), child);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	assert_int_equal(col_int(rig, 0, "score"), 20);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_int_equal(col_int(rig, 0, "artefacts"), 2);
	ask_err(rig, ERR_CONFLICT, CALL_JOB_RETRY, ARGS(val_text(job)));
}

static void
test_release(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	for (int i = 0; i < 2 * JOB_LOSSES_MAX; i++) {
		lease(rig, "yara", job, &attempt);
		(void)ask_ok(rig, CALL_JOB_RELEASE,
		    ARGS(val_text(job), val_int(attempt)));
	}
	lease(rig, "yara", job, &attempt);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
}

static void
test_bad_records(void **state)
{
	struct rig *rig = *state;
	static const struct {
		unsigned int type;
		const char *json;
	} bad[] = {
	    {RECORD_MATCH, "{\"rule\":7}"},
	    {RECORD_MATCH, "{"},
	    {RECORD_MATCH, "[]"},
	    {RECORD_MATCH, "{\"rule\":\"r\",\"score\":101}"},
	    {RECORD_EVENT, "{}"},
	    {RECORD_CHILD, "{}"},
	    {77, "{}"},
	};
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;
	struct wire_out out;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	wire_out_init(&out, LIMIT_MSG_BYTES);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wire_out_reset(&out);
		/* The good one before it is taken back with it. */
		put_record(&out, RECORD_FACT, "{\"key\":\"k\",\"value\":0}");
		put_record(&out, bad[i].type, bad[i].json);
		ask_err(rig, ERR_FORMAT, CALL_JOB_RECORDS,
		    ARGS(val_text(job), val_int(attempt),
			val_bytes(out.buf, out.len)));
	}
	for (size_t len = 1; len < out.len; len++) {
		struct answer *a = ask(rig, CALL_JOB_RECORDS,
		    ARGS(val_text(job), val_int(attempt),
			val_bytes(out.buf, len)));

		if (a->err == ERR_OK)
			assert_int_equal(len, out.len - 7);
	}
	wire_out_release(&out);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding"), 1);
}

static void
test_findings_are_bounded(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;
	struct wire_out out;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	wire_out_init(&out, LIMIT_MSG_BYTES);
	for (int i = 0; i < 1000; i++)
		put_record(&out, RECORD_FACT, "{\"key\":\"k\",\"value\":0}");
	for (size_t sent = 0; sent < LIMIT_FINDINGS + 2000; sent += 1000)
		(void)ask_ok(rig, CALL_JOB_RECORDS,
		    ARGS(val_text(job), val_int(attempt),
			val_bytes(out.buf, out.len)));
	wire_out_release(&out);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM finding"), LIMIT_FINDINGS + 1);
	assert_int_equal(findings(rig, case_id, "limit"), 1);
	assert_string_equal(col_text(rig, 0, "name"), "findings");
}

static void
test_identify_fills_the_artefact(void **state)
{
	struct rig *rig = *state;
	static const char *const facts[] = {
	    "{\"key\":\"mime\",\"value\":\"text/plain\"}",
	    "{\"key\":\"magic\",\"value\":\"ASCII text\"}",
	    "{\"key\":\"md5\",\"value\":\"5d41402abc4b2a76b9719d911017c592\"}",
	    "{\"key\":\"sha1\",\"value\":\"not hexadecimal\"}",
	    "{\"key\":\"entropy\",\"value\":1.922}",
	    "{\"key\":\"tlsh\",\"value\":\"T1AB\"}"};
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;
	size_t len;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "identify", job, &attempt);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		send_record(rig, job, attempt, RECORD_FACT, facts[i]);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	assert_string_equal(col_text(rig, 0, "mime"), "text/plain");
	assert_string_equal(col_text(rig, 0, "magic"), "ASCII text");
	assert_string_equal(col_text(rig, 0, "tlsh"), "T1AB");
	assert_int_equal(col_int(rig, 0, "entropy_milli"), 1922);
	assert_memory_equal(
	    col_bytes(rig, 0, "md5", &len), "\x5d\x41\x40\x2a", 4);
	assert_int_equal(len, 16);
	assert_true(col_is_null(rig, 0, "sha1"));
}

static void
test_scheduler_goes_away(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	(void)close(take_fd(a->fd));
	rig_drop_sched(rig);
	assert_int_equal(rig->vault.aborts, 1);
	rig_connect_sched(rig);
	lease(rig, "yara", job, &attempt);
	assert_int_equal(attempt, 2);
	/* It did nothing wrong: the attempts that it has are not used up. */
	assert_int_equal(sql_int(rig, "SELECT failures FROM job "
				      "WHERE state = 'running'"),
	    0);
}

static void
test_lost_too_often(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	for (int i = 0; i < JOB_LOSSES_MAX; i++) {
		lease(rig, "yara", job, &attempt);
		rig_drop_sched(rig);
		rig_connect_sched(rig);
	}
	(void)ask_ok(rig, CALL_JOB_GET, ARGS(val_text(job)));
	assert_string_equal(col_text(rig, 0, "state"), "failed");
	assert_string_equal(col_text(rig, 0, "reason"), "the scheduler ended");
}

static void
test_store_restarts_under_a_lease(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char again[UUID_BYTES];
	int64_t attempt, second;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"r\",\"namespace\":\"n\"}");
	rig_stop(rig);
	rig_start(rig);
	/* The scheduler dropped its jobs with the channel: each is free at
	 * once, and nothing of the old attempt is left. */
	assert_int_equal(
	    done(rig, job, attempt, "done", "")->err, ERR_CONFLICT);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding"), 0);
	lease(rig, "yara", again, &second);
	assert_string_equal(again, job);
	assert_int_equal(second, attempt + 1);
	assert_int_equal(done(rig, job, second, "done", "")->err, ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_lease_says_what_to_do),
	    T(test_input),
	    T(test_pack),
	    T(test_pack_is_of_one_organisation),
	    T(test_many_done_at_once),
	    T(test_many_done_or_none),
	    T(test_lease_ends_at_bytes),
	    T(test_findings_are_seen_when_done),
	    T(test_done_twice),
	    T(test_failed_is_tried_again_then_parked),
	    T(test_partial_is_tried_again),
	    T(test_final_is_not_tried_again),
	    T(test_lease_runs_out),
	    T(test_heartbeat),
	    T(test_cancel),
	    T(test_retry_replaces),
	    T(test_release),
	    T(test_bad_records),
	    T(test_findings_are_bounded),
	    T(test_identify_fills_the_artefact),
	    T(test_scheduler_goes_away),
	    T(test_lost_too_often),
	    T(test_store_restarts_under_a_lease),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
