/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database.c - the file itself: made, migrated, refused, full, killed.
 */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/migrate.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
test_init_does_not_overwrite(void **state)
{
	struct rig *rig = *state;
	char why[256];

	assert_int_equal(
	    store_init(rig->folder, "Other", "C1", 0, why, sizeof(why)),
	    ERR_CONFLICT);
	assert_non_null(strstr(why, "not overwritten"));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM organisation "
				      "WHERE name = 'CSIRT'"),
	    1);
	assert_int_equal(store_init("/tmp/loep-no-such-class", "Other", "X", 0,
			     why, sizeof(why)),
	    ERR_FORMAT);
	assert_int_equal(access("/tmp/loep-no-such-class", F_OK), -1);
}

static void
test_no_database(void **state)
{
	struct store *store;
	char why[256];
	struct rig *rig = *state;

	assert_int_equal(store_new(rig->loop, "/tmp/loep-nothing-here", why,
			     sizeof(why), &store),
	    ERR_NOT_FOUND);
	assert_non_null(strstr(why, "loep init"));
}

/* Opens the file as another program would, while the store does not. */
static void
change_file(struct rig *rig, const char *sql)
{
	auto_free char *path = xasprintf("%s/loep.db", rig->folder);
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
}

static void
refused(struct rig *rig, const char *reason)
{
	struct store *store;
	char why[256] = "";

	assert_int_equal(
	    store_new(rig->loop, rig->folder, why, sizeof(why), &store),
	    ERR_CONFLICT);
	assert_non_null(strstr(why, reason));
}

static void
test_migrations_are_recorded(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(
	    sql_int(rig, "SELECT max(version) FROM schema_version "
			 "WHERE length(sha256) = 32 AND applied_at > 0"),
	    migrate_version());
	rig_stop(rig);
	rig_start(rig);
	assert_int_equal(sql_int(rig, "SELECT max(version) "
				      "FROM schema_version"),
	    migrate_version());
}

static int
write_job(sqlite3 *sqlite, const char *state)
{
	auto_free char *sql = xasprintf(
	    "INSERT OR REPLACE INTO job (id, org_id, case_id, kind, state, "
	    "tier, rank, urgency, created_at, lease_until) "
	    "SELECT 'x', 'o', 'c', 'yara', s, 0, 0, 0, 0, "
	    "CASE s WHEN 'running' THEN 1 END FROM (SELECT '%s' AS s)",
	    state);

	return sqlite3_exec(sqlite, sql, NULL, NULL, NULL);
}

static int
write_attempt(sqlite3 *sqlite, const char *outcome)
{
	auto_free char *sql = xasprintf(
	    "INSERT OR REPLACE INTO attempt (job_id, attempt, worker, "
	    "started_at, outcome) VALUES ('x', 1, '', 0, %s)",
	    outcome);

	return sqlite3_exec(sqlite, sql, NULL, NULL, NULL);
}

/* The checks that a migration put in other words take the same ones. */
static void
test_checks_that_changed(void **state)
{
	static const char *const states[] = {
	    "queued", "running", "done", "partial", "failed", "cancelled"};
	static const char *const outcomes[] = {"NULL", "'done'", "'partial'",
	    "'failed'", "'cancelled'", "'released'", "'lost'"};
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/loep.db", rig->folder);
	sqlite3 *sqlite;

	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM sqlite_schema WHERE name IN "
			 "('job', 'attempt') AND sql LIKE '% OR %'"),
	    2);
	rig_stop(rig);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(sqlite, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		assert_int_equal(write_job(sqlite, states[i]), SQLITE_OK);
	assert_int_equal(write_job(sqlite, "leased"), SQLITE_CONSTRAINT);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		assert_int_equal(write_attempt(sqlite, outcomes[i]), SQLITE_OK);
	assert_int_equal(write_attempt(sqlite, "'queued'"), SQLITE_CONSTRAINT);
	assert_int_equal(
	    sqlite3_exec(sqlite, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
	rig_start(rig);
}

static void
test_newer_database(void **state)
{
	struct rig *rig = *state;

	rig_stop(rig);
	change_file(rig, "INSERT INTO schema_version VALUES (9999, 'x', "
			 "zeroblob(32), 1)");
	refused(rig, "newer");
	change_file(rig, "DELETE FROM schema_version WHERE version = 9999");
	rig_start(rig);
}

static void
test_foreign_migration(void **state)
{
	struct rig *rig = *state;

	rig_stop(rig);
	change_file(rig, "CREATE TABLE t AS SELECT * FROM schema_version;"
			 "UPDATE schema_version SET sha256 = zeroblob(32) "
			 "WHERE version = 1");
	refused(rig, "different build");
	change_file(rig,
	    "UPDATE schema_version SET sha256 = "
	    "(SELECT sha256 FROM t WHERE t.version = schema_version.version)");
	rig_start(rig);
}

static void
test_file_is_no_database(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/loep.db", rig->folder);
	auto_free char *saved = xasprintf("%s/saved", rig->folder);
	struct store *store;
	char why[256];
	FILE *f;

	rig_stop(rig);
	assert_int_equal(rename(path, saved), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		(void)fprintf(f, "this is no database\n");
	(void)fclose(f);
	assert_int_not_equal(
	    store_new(rig->loop, rig->folder, why, sizeof(why), &store),
	    ERR_OK);
	assert_string_not_equal(why, "");
	assert_int_equal(rename(saved, path), 0);
	rig_start(rig);
}

/* Whoever holds the file keeps the store from starting, no longer. */
static void
test_file_is_held(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/loep.db", rig->folder);
	struct store *store;
	char why[256];
	sqlite3 *sqlite;

	rig_stop(rig);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(sqlite, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    store_new(rig->loop, rig->folder, why, sizeof(why), &store),
	    ERR_UNAVAILABLE);
	(void)sqlite3_close(sqlite);
	rig_start(rig);
}

/*
 * And while the store runs no other process reads or writes: its lock on the
 * bytes where SQLite's readers lock is the kernel's, for whoever looks.
 */
static void
test_one_owner(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/loep.db", rig->folder);
	struct flock lock = {.l_type = F_RDLCK,
	    .l_whence = SEEK_SET,
	    .l_start = 0x40000002,
	    .l_len = 510};
	int status;
	pid_t child;

	make_case(rig, (char[UUID_BYTES]){0}, NULL);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		_exit(fd != -1 && fcntl(fd, F_GETLK, &lock) == 0 &&
			      lock.l_type == F_WRLCK && lock.l_pid == getppid()
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	make_case(rig, (char[UUID_BYTES]){0}, NULL);
}

/* --- a full disk --- */

static void
limit_pages(struct rig *rig, const char *how)
{
	auto_free char *sql = xasprintf("PRAGMA max_page_count = %s", how);

	sql_run(rig, sql);
}

static void
test_disk_full(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], submission[UUID_BYTES], upload_id[UUID_BYTES];
	char artefact[UUID_BYTES], title[LIMIT_TEXT_BYTES];
	char name[LIMIT_NAME_BYTES];
	int64_t cases;
	struct answer *a;
	int refusals = 0;

	/* A long name, so that its rows do not fit into what is half full. */
	memset(name, 'n', sizeof(name));
	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	a = ask_ok(rig, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes(name, sizeof(name)),
		val_text("file"), val_int(-1), val_null()));
	(void)snprintf(
	    upload_id, sizeof(upload_id), "%s", col_text(rig, 0, "id"));
	assert_int_equal(write(a->fd, "hello", 5), 5);
	(void)close(take_fd(a->fd));

	memset(title, 'x', sizeof(title));
	title[sizeof(title) - 1] = '\0';
	limit_pages(rig, "1");
	for (int i = 0; i < 100; i++) {
		a = ask(rig, CALL_CASE_CREATE,
		    ARGS(val_text(""), val_text(title), val_text(""),
			val_text(""), val_text("")));
		if (a->err == ERR_OK)
			continue;
		assert_int_equal(a->err, ERR_NO_SPACE);
		assert_non_null(strstr(a->why, "full"));
		refusals++;
	}
	assert_true(refusals > 50);
	a = ask(rig, CALL_UPLOAD_FINISH, ARGS(val_text(upload_id), val_int(5)));
	assert_int_equal(a->err, ERR_NO_SPACE);
	/* Reading goes on. */
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	cases = sql_int(rig, "SELECT count(*) FROM case_file");
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM report_number"), cases);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 0);

	limit_pages(rig, "1000000");
	upload(rig, submission, "hello", artefact);
	(void)ask_ok(rig, CALL_VERIFY, ARGS(val_text("")));
}

/* The log cannot grow: the commit itself fails. */
static void
test_commit_fails(void **state)
{
	struct rig *rig = *state;
	struct rlimit old, small;
	struct answer *a;
	char case_id[UUID_BYTES];
	int refused = 0;

	make_case(rig, case_id, NULL);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 64 * KIB;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 40; i++) {
		a = ask(rig, CALL_CASE_CREATE,
		    ARGS(val_text(""), val_text("t"), val_text(""),
			val_text(""), val_text("")));
		if (a->err != ERR_OK) {
			assert_int_equal(a->err, ERR_NO_SPACE);
			assert_int_equal(a->rows_count, 0);
			assert_non_null(strstr(a->why, "full"));
			refused++;
		}
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(refused > 0);
	make_case(rig, case_id, NULL);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_file"), 42 - refused);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM report_number"), 42 - refused);
}

/* --- kill -9 --- */

/* Submits and works until it is killed; says each case that is accepted. */
static void
be_busy(struct rig *rig, int out)
{
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char child[UUID_BYTES];
	int64_t attempt;

	for (;;) {
		make_artefact(rig, "some bytes", case_id, artefact);
		if (write(out, case_id, UUID_BYTES) != UUID_BYTES)
			_exit(1);
		lease(rig, "identify,yara", job, &attempt);
		send_record(rig, job, attempt, RECORD_MATCH,
		    "{\"rule\":\"r\",\"namespace\":\"n\"}");
		make_child(rig, job, attempt, "c", "archive_member", child);
		if (done(rig, job, attempt, "done", "")->err != ERR_OK)
			_exit(1);
	}
}

static void
check_chain(struct rig *rig)
{
	static const char rows[] = "SELECT count(*) FROM audit_event";

	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event a "
				      "JOIN audit_event b ON b.seq = a.seq + 1 "
				      "WHERE b.prev_hash <> a.hash"),
	    0);
	assert_int_equal(sql_int(rig, "SELECT max(seq) FROM audit_event"),
	    sql_int(rig, rows));
	assert_int_equal(sql_int(rig, "SELECT count(*) "
				      "FROM pragma_foreign_key_check()"),
	    0);
	assert_int_equal(
	    sql_int(rig,
		"SELECT count(*) FROM "
		"pragma_integrity_check() WHERE integrity_check = 'ok'"),
	    1);
}

/* Everything that was accepted is there once, with all that belongs to it. */
static size_t
check_cases(struct rig *rig, int in)
{
	char case_id[UUID_BYTES];
	size_t accepted = 0;

	while (read(in, case_id, UUID_BYTES) == UUID_BYTES) {
		struct answer *a = ask_ok(rig, CALL_ARTEFACT_LIST,
		    ARGS(val_text(case_id), val_text(""), val_int(0),
			val_text("")));

		assert_int_equal(a->rows_count, 1);
		accepted++;
	}
	(void)close(in);
	assert_int_equal(
	    sql_int(rig,
		"SELECT count(*) FROM artefact a "
		"WHERE parent_id IS NULL AND (receipt IS NULL OR "
		"(SELECT count(*) FROM custody_event e WHERE e.artefact_id = a.id) <> 4 OR "
		"(SELECT count(*) FROM job j WHERE j.artefact_id = a.id) <> 2)"),
	    0);
	/* Findings and children are seen exactly where their job is done. */
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM artefact a "
			 "JOIN job j ON j.id = a.job_id WHERE a.is_visible <> "
			 "(j.outcome_attempt IS a.attempt)"),
	    0);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM job j WHERE "
			 "j.state = 'done' AND (SELECT count(*) FROM finding f "
			 "WHERE f.job_id = j.id "
			 "AND f.attempt = j.outcome_attempt) <> 1"),
	    0);
	return accepted;
}

static void
test_killed_at_any_moment(void **state)
{
	struct rig *rig = *state;
	size_t accepted = 0;

	for (int i = 0; i < 12; i++) {
		char first[UUID_BYTES];
		int fds[2];
		int status;
		pid_t pid;

		rig_stop(rig);
		assert_int_equal(pipe(fds), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			(void)close(fds[0]);
			rig_start(rig);
			be_busy(rig, fds[1]);
		}
		(void)close(fds[1]);
		/* It works by now, however slow the machine is. */
		assert_int_equal(
		    read(fds[0], first, sizeof(first)), sizeof(first));
		accepted++;
		(void)usleep((useconds_t)(10000 + 17001 * i));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		/* Only our signal ended it. */
		assert_true(WIFSIGNALED(status));
		rig_start(rig);
		check_chain(rig);
		accepted += check_cases(rig, fds[0]);
	}
	assert_true(accepted >= 12);
	/* Leases of the killed end, and all gets done. */
	rig_drop_sched(rig);
	rig_connect_sched(rig);
	(void)drain_jobs(rig, "identify,yara");
	assert_int_equal(
	    sql_int(rig,
		"SELECT count(*) FROM job "
		"WHERE kind IN ('identify', 'yara') AND state <> 'done'"),
	    0);
}

/* --- the catalogue --- */

static void
test_every_call_is_served(void **state)
{
	(void)state;
	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		if (handlers[op] == NULL)
			fail_msg("%s has no handler", call_spec(op)->name);
	}
}

/* What is malformed or not allowed ends the channel, not the store. */
static void
test_peers_that_misbehave(void **state)
{
	struct rig *rig = *state;
	struct values params;

	values_init(&params);
	values_add_int(&params, 1);
	(void)calls_start(rig->web, CALL_CASE_GET, rig->principal, &params, -1,
	    NULL, NULL, NULL);
	rig_turn(rig, 10);
	assert_null(rig->web_chan);
	assert_int_equal(rig->blames, 1);
	rig_connect_web(rig);
	rig->principal = rig_session(rig);
	/* A call of the scheduler. */
	values_init(&params);
	(void)calls_start(rig->web, CALL_POOL_ORDERS, rig->principal, &params,
	    -1, NULL, NULL, NULL);
	rig_turn(rig, 10);
	assert_int_equal(rig->blames, 2);
	rig_connect_web(rig);
	rig->principal = rig_session(rig);
	make_case(rig, (char[UUID_BYTES]){0}, NULL);
}

static void
test_texts_are_checked(void **state)
{
	struct rig *rig = *state;
	char title[LIMIT_TEXT_BYTES + 2];

	ask_err(rig, ERR_FORMAT, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("\xff\xfe"), val_text(""), val_text(""),
		val_text("")));
	memset(title, 'x', sizeof(title));
	title[sizeof(title) - 1] = '\0';
	ask_err(rig, ERR_LIMIT, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text(title), val_text(""), val_text(""),
		val_text("")));
	ask_err(rig, ERR_FORMAT, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text("extreme"), val_text(""),
		val_text("")));
	ask_err(rig, ERR_FORMAT, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""),
		val_text("TLP:PINK"), val_text("")));
}

/* A stricter submission makes its case stricter, and its children so. */
static void
test_labels_grow(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];

	(void)ask_ok(rig, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""), val_text("green"),
		val_text("pap:clear")));
	(void)snprintf(case_id, sizeof(case_id), "%s", col_text(rig, 0, "id"));
#define DECLARED(tlp, pap, not_classified)                                 \
 ARGS(val_text(case_id), val_text(tlp), val_text(pap), val_text("file"),   \
     val_text(""), val_text(""), val_text("[]"), val_null(), val_text(""), \
     val_text(""), val_int(0), not_classified, val_int(1), val_int(0),     \
     val_null())
#define SUBMISSION(tlp, pap) DECLARED(tlp, pap, val_null())
	(void)ask_ok(rig, CALL_SUBMISSION_CREATE, SUBMISSION("", ""));
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:GREEN");
	(void)ask_ok(
	    rig, CALL_SUBMISSION_CREATE, SUBMISSION("TLP:RED", "amber"));
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:RED");
	assert_string_equal(col_text(rig, 0, "pap"), "PAP:AMBER");
	(void)ask_ok(rig, CALL_SUBMISSION_CREATE, SUBMISSION("clear", ""));
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:RED");
	ask_err(rig, ERR_FORMAT, CALL_SUBMISSION_CREATE,
	    ARGS(val_text(case_id), val_text(""), val_text(""),
		val_text("file"), val_text(""), val_text(""), val_text("[1]"),
		val_null(), val_text(""), val_text(""), val_int(0), val_null(),
		val_null(), val_null(), val_null()));
	ask_err(rig, ERR_DENIED, CALL_SUBMISSION_CREATE,
	    DECLARED("", "", val_int(0)));
	(void)ask_ok(rig, CALL_SUBMISSION_CREATE, DECLARED("", "", val_int(1)));
	(void)ask_ok(rig, CALL_SUBMISSION_LIST,
	    ARGS(val_text(case_id), val_int(0), val_text("")));
	assert_true(col_is_null(rig, 0, "personal_data") == false);
	assert_true(col_is_null(rig, 0, "not_classified"));
	assert_int_equal(col_int(rig, 3, "not_classified"), 1);
	assert_int_equal(col_int(rig, 3, "third_party_ok"), 0);
	assert_true(col_is_null(rig, 3, "network_ok"));
}

/* Rows of many kilobytes each: all of them arrive, in order. */
static void
test_long_answers(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	auto_free char *json = xmalloc(48 * KIB);
	int64_t attempt, before = 0;
	struct wire_out records;
	struct values params;
	struct answer *a;

	memset(json, 'x', 48 * KIB);
	memcpy(json, "{\"key\":\"k\",\"value\":\"", 20);
	memcpy(json + 40 * KIB, "\"}", 3);
	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	/* Asked together, so that they are committed together. */
	wire_out_init(&records, LIMIT_MSG_BYTES);
	put_record(&records, RECORD_FACT, json);
	values_init(&params);
	values_add_text(&params, job);
	values_add_int(&params, attempt);
	values_add_bytes(&params, records.buf, records.len);
	for (int i = 0; i < 1000; i++) {
		(void)calls_start(rig->sched, CALL_JOB_RECORDS, 0, &params, -1,
		    NULL, NULL, NULL);
		if (i % 64 == 63)
			rig_turn(rig, 4);
	}
	rig_turn(rig, 20);
	wire_out_release(&records);
	(void)done(rig, job, attempt, "done", "");
	a = ask_ok(rig, CALL_FINDING_LIST,
	    ARGS(val_text(case_id), val_text(""), val_text(""), val_int(1000),
		val_text(""), val_int(0)));
	assert_int_equal(a->rows_count, 1000);
	for (size_t i = 0; i < a->rows_count; i++) {
		assert_true(col_int(rig, i, "id") > before);
		before = col_int(rig, i, "id");
	}
}

static void
test_paging(void **state)
{
	struct rig *rig = *state;
	char cursor[64] = "";
	size_t seen = 0;

	for (int i = 0; i < 7; i++)
		make_case(rig, (char[UUID_BYTES]){0}, NULL);
	for (;;) {
		struct answer *a = ask_ok(rig, CALL_CASE_LIST,
		    CASES_OF(val_text("open"), val_int(3), val_text(cursor)));

		if (a->rows_count == 0)
			break;
		seen += a->rows_count;
		(void)snprintf(cursor, sizeof(cursor), "%s",
		    col_text(rig, a->rows_count - 1, "cursor"));
	}
	assert_int_equal(seen, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_init_does_not_overwrite),
	    T(test_no_database),
	    T(test_migrations_are_recorded),
	    T(test_checks_that_changed),
	    T(test_newer_database),
	    T(test_foreign_migration),
	    T(test_file_is_no_database),
	    T(test_file_is_held),
	    T(test_one_owner),
	    T(test_disk_full),
	    T(test_commit_fails),
	    T(test_killed_at_any_moment),
	    T(test_every_call_is_served),
	    T(test_peers_that_misbehave),
	    T(test_texts_are_checked),
	    T(test_labels_grow),
	    T(test_long_answers),
	    T(test_paging),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
