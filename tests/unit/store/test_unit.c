/* SPDX-License-Identifier: Apache-2.0 */
/* test_unit.c - which artefacts become units, and how they are numbered. */
#include "fake.h"

#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"
#include "store/migrate.h"

#include <sqlite3.h>

extern const char store_schema_0001[];

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

static int64_t
number_of(struct rig *rig, const char *artefact)
{
	auto_free char *sql = xasprintf("SELECT coalesce((SELECT seq FROM unit "
					"WHERE artefact_id = '%s'), 0)",
	    artefact);

	return sql_int(rig, sql);
}

static void
test_uploads_are_units(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	for (int64_t i = 1; i <= 3; i++) {
		make_artefact(rig, "same bytes", case_id, artefact);
		assert_int_equal(number_of(rig, artefact), i);
	}
}

/* Children once they are seen; what Loep made for itself never. */
static void
test_children_are_units(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], top[UUID_BYTES], job[UUID_BYTES];
	char member[UUID_BYTES], trace[UUID_BYTES], events[UUID_BYTES];
	char lost[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "zip", case_id, top);
	lease(rig, "identify", job, &attempt);
	make_child(rig, job, attempt, "l", "archive_member", lost);
	(void)ask_ok(
	    rig, CALL_JOB_RELEASE, ARGS(val_text(job), val_int(attempt)));
	lease(rig, "identify", job, &attempt);
	make_child(rig, job, attempt, "m", "archive_member", member);
	make_child(rig, job, attempt, "t", "run_trace", trace);
	make_child(rig, job, attempt, "e", "events", events);
	assert_int_equal(number_of(rig, member), 0);
	(void)done(rig, job, attempt, "done", "");
	assert_int_equal(number_of(rig, member), 2);
	assert_int_equal(number_of(rig, trace), 0);
	assert_int_equal(number_of(rig, events), 0);
	assert_int_equal(number_of(rig, lost), 0);
}

/* The job again is not the unit again. */
static void
test_one_number(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], next[UUID_BYTES];
	auto_free char *sql = NULL;

	make_artefact(rig, "x", case_id, artefact);
	sql =
	    xasprintf("INSERT INTO job (id, org_id, case_id, artefact_id, "
		      "kind, state, tier, rank, urgency, options, created_at) "
		      "SELECT 'again', org_id, case_id, artefact_id, kind, "
		      "'queued', tier, rank, urgency, options, created_at "
		      "FROM job WHERE artefact_id = '%s' AND kind = 'yara'",
		artefact);
	sql_run(rig, sql);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM unit"), 1);
	make_artefact(rig, "y", case_id, next);
	assert_int_equal(number_of(rig, next), 2);
}

/* A number is never given again, not even the last one. */
static void
test_numbers_are_not_used_twice(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], next[UUID_BYTES];

	make_artefact(rig, "x", case_id, artefact);
	sql_run(rig, "PRAGMA foreign_keys = OFF");
	sql_run(rig, "DELETE FROM artefact");
	sql_run(rig, "PRAGMA foreign_keys = ON");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM unit "
				      "WHERE seq = 1 AND state = 'gone'"),
	    1);
	sql_run(rig, "DELETE FROM unit");
	sql_run(rig, "DELETE FROM job");
	make_artefact(rig, "y", case_id, next);
	assert_int_equal(number_of(rig, next), 2);
}

/* What the index asks: each unit from a number on, and what to do with it. */
static void
test_work(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[6][UUID_BYTES];
	static const char *const states[] = {
	    "ok", "gone", "sealed", "quarantined", "damaged", "ok"};

	for (size_t i = 0; i < 6; i++)
		make_artefact(
		    rig, i % 2 ? "odd" : "even", case_id, artefact[i]);
	sql_run(rig, "PRAGMA foreign_keys = OFF");
	sql_run(rig, "DELETE FROM artefact WHERE id = "
		     "(SELECT artefact_id FROM unit WHERE seq = 2)");
	sql_run(rig, "UPDATE artefact SET sealed = 1 WHERE id = "
		     "(SELECT artefact_id FROM unit WHERE seq = 3)");
	sql_run(rig,
	    "UPDATE artefact SET quarantine_state = 'legal' WHERE id = "
	    "(SELECT artefact_id FROM unit WHERE seq = 4)");
	sql_run(rig, "UPDATE artefact SET sha256 = zeroblob(32) WHERE id = "
		     "(SELECT artefact_id FROM unit WHERE seq = 5)");
	sql_run(rig, "INSERT INTO blob SELECT org_id, zeroblob(32), size, "
		     "stored_size, 'damaged', 'x', 0, NULL, 0, 0 FROM blob "
		     "LIMIT 1");
	sql_run(rig, "PRAGMA foreign_keys = ON");
	assert_int_equal(
	    ask_ok(rig, CALL_INDEX_WORK, ARGS(val_int(1), val_int(100)))
		->rows_count,
	    6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(col_int(rig, i, "unit"), i + 1);
		assert_string_equal(col_text(rig, i, "state"), states[i]);
	}
	assert_int_equal(
	    ask_ok(rig, CALL_INDEX_WORK, ARGS(val_int(5), val_int(1)))
		->rows_count,
	    1);
	assert_int_equal(col_int(rig, 0, "unit"), 5);
	(void)ask_ok(rig, CALL_UNITS_GONE, ARGS(val_int(0)));
	assert_int_equal(rig->answer.rows_count, 1);
	assert_int_equal(col_int(rig, 0, "unit"), 2);
	(void)ask_ok(rig, CALL_UNIT_FORGOTTEN, ARGS(val_int(2)));
	(void)ask_ok(rig, CALL_UNITS_GONE, ARGS(val_int(0)));
	assert_int_equal(rig->answer.rows_count, 0);
	/* An index that was made anew hears of it again. */
	(void)ask_ok(rig, CALL_INDEX_WORK, ARGS(val_int(2), val_int(1)));
	assert_string_equal(col_text(rig, 0, "state"), "gone");
	/* One that is kept is not forgotten by a mistake. */
	(void)ask_ok(rig, CALL_UNIT_FORGOTTEN, ARGS(val_int(1)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM unit "
				      "WHERE seq = 1 AND state = 'kept'"),
	    1);
}

/* Asks for these units; the answer stays in the rig. */
static struct answer *
open_units(struct rig *rig, const uint64_t *seqs, size_t count)
{
	return ask(
	    rig, CALL_UNITS_OPEN, ARGS(val_bytes(seqs, count * sizeof(*seqs))));
}

static void
check_item(struct rig *rig, size_t row, const struct pack_view *view,
    const char *bytes)
{
	const uint8_t *p;
	size_t len;

	assert_string_equal(col_text(rig, row, "state"), "packed");
	assert_int_equal(col_int(rig, row, "size"), strlen(bytes));
	assert_int_equal(
	    pack_view_item(view, (size_t)col_int(rig, row, "item"), &p, &len),
	    ERR_OK);
	assert_int_equal(len, strlen(bytes));
	assert_memory_equal(p, bytes, len);
}

static void
test_open_units(void **state)
{
	static const uint64_t seqs[] = {1, 2, 77, 3};
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	struct pack_view view;
	struct answer *a;
	size_t len;
	auto_free char *bytes = NULL;

	make_artefact(rig, "some bytes", case_id, artefact);
	make_artefact(rig, "others", case_id, artefact);
	make_artefact(rig, "sealed", case_id, artefact);
	sql_run(rig, "UPDATE artefact SET sealed = 1 WHERE id = "
		     "(SELECT artefact_id FROM unit WHERE seq = 3)");
	a = open_units(rig, seqs, 4);
	assert_int_equal(a->err, ERR_OK);
	assert_int_equal(a->rows_count, 4);
	/* What is not opened is answered first. */
	assert_int_equal(col_int(rig, 0, "unit"), 77);
	assert_string_equal(col_text(rig, 0, "state"), "gone");
	assert_int_equal(col_int(rig, 1, "unit"), 3);
	assert_string_equal(col_text(rig, 1, "state"), "sealed");
	bytes = read_all(take_fd(a->fd), &len);
	assert_int_equal(len, col_int(rig, 2, "pack_bytes"));
	assert_int_equal(pack_view_init(&view, bytes, len), ERR_OK);
	check_item(rig, 2, &view, "some bytes");
	check_item(rig, 3, &view, "others");
	rig_drop_vault(rig);
	assert_int_equal(open_units(rig, seqs, 1)->err, ERR_UNAVAILABLE);
}

/* What the index says of itself is in the status, for those who see all. */
static void
test_status(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], org[UUID_BYTES];
	struct answer *a;
	bool is_there = false;

	make_artefact(rig, "some bytes", case_id, artefact);
	(void)ask_ok(rig, CALL_INDEX_REPORT,
	    ARGS(val_int(1), val_int(4096), val_int(2)));
	a = ask_ok(rig, CALL_STATUS, NULL, 0);
	for (size_t i = 0; i < a->rows_count; i++) {
		if (strcmp(col_text(rig, i, "name"), "index") == 0) {
			is_there = true;
			assert_string_equal(col_text(rig, i, "value"),
			    "{\"bytes\":4096,\"indexed\":1,\"segments\":2,"
			    "\"state\":\"connected\",\"units\":1}");
		}
	}
	assert_true(is_there);
	rig->principal = rig_other_org(rig, "Other", "C1", "submit", org);
	a = ask_ok(rig, CALL_STATUS, NULL, 0);
	for (size_t i = 0; i < a->rows_count; i++)
		assert_string_not_equal(col_text(rig, i, "name"), "index");
}

static void
run(sqlite3 *sqlite, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(sqlite, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static void
expect(sqlite3 *sqlite, const char *sql, const char *text)
{
	sqlite3_stmt *stmt;

	assert_int_equal(
	    sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0), text);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

/* What a database of the first version holds is numbered by age. */
static void
test_older_database(void **state)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	auto_free char *version = NULL;
	sqlite3 *sqlite;
	char why[256];

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &sqlite), SQLITE_OK);
	run(sqlite, "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, "
		    "name TEXT NOT NULL, sha256 BLOB NOT NULL, "
		    "applied_at INTEGER NOT NULL) STRICT");
	run(sqlite, store_schema_0001);
	sha256_once(store_schema_0001, strlen(store_schema_0001), digest);
	hex_encode(hex, digest, sizeof(digest));
	version = xasprintf("INSERT INTO schema_version VALUES "
			    "(1, '0001-spine', x'%s', 1)",
	    hex);
	run(sqlite, version);
	run(sqlite,
	    "INSERT INTO job (id, org_id, case_id, artefact_id, kind, state, "
	    "tier, rank, urgency, created_at) VALUES "
	    "('1', 'o', 'c', 'third', 'yara', 'done', 0, 0, 0, 0), "
	    "('2', 'o', 'c', 'first', 'yara', 'failed', 0, 0, 0, 0), "
	    "('3', 'o', 'c', 'first', 'yara', 'queued', 0, 0, 0, 0), "
	    "('4', 'o', 'c', 'second', 'behaviour', 'done', 0, 0, 0, 0), "
	    "('5', 'o', 'c', NULL, 'report', 'done', 0, 0, 0, 0)");
	assert_int_equal(migrate(sqlite, why, sizeof(why)), ERR_OK);
	expect(sqlite, "SELECT group_concat(seq || artefact_id) FROM unit",
	    "1first,2third");
	(void)sqlite3_close(sqlite);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_uploads_are_units),
	    T(test_children_are_units),
	    T(test_one_number),
	    T(test_numbers_are_not_used_twice),
	    T(test_work),
	    T(test_open_units),
	    T(test_status),
	    cmocka_unit_test(test_older_database),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
