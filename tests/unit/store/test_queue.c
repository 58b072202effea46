/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_queue.c - the order in which people and machines work, under random
 * arrivals, and that a page of it costs the same however much waits.
 */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <sqlite3.h>

#define ORGS	  6
#define STEPS	  700
#define CASES_MAX 1000
#define KEYS	  (4 * 4) /* ranks and urgencies */

static const int64_t ranks[ORGS] = {1, 1, 1, 2, 3, 4};
static const char *const severities[] = {"critical", "high", "medium", "low"};

/* A case as the test knows it. */
struct known {
	char id[UUID_BYTES];
	int org;
	int64_t rank;
	int64_t urgency;
	bool is_done;
	/* Of its key, when it came: how many others' had been served, by
	 * organisation, and how many of its own were before it. */
	int served_before[ORGS];
	int own_before;
};

struct world {
	struct rig *rig;
	uint64_t staff;
	uint64_t orgs[ORGS];
	char org_ids[ORGS][UUID_BYTES];
	size_t count;
	struct known cases[CASES_MAX];
	int served[ORGS][KEYS];
	uint64_t seed;
};

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->rig = rig_new();
	w->staff = w->rig->principal;
	w->seed = 88172645463325252;
	for (int i = 0; i < ORGS; i++) {
		auto_free char *name = xasprintf("Organisation %d", i);
		auto_free char *sql = NULL;

		w->rig->principal = w->staff;
		w->orgs[i] =
		    rig_other_org(w->rig, name, "C1", "submit", w->org_ids[i]);
		/* As C3 to C5 are, whose cases take an exception each. */
		sql = xasprintf("UPDATE organisation SET rank = %d "
				"WHERE id = '%s'",
		    (int)ranks[i], w->org_ids[i]);
		sql_run(w->rig, sql);
	}
	w->rig->principal = w->staff;
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

/* xorshift64: the same numbers in each run. */
static unsigned int
draw(struct world *w, unsigned int below)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (unsigned int)(w->seed % below);
}

static size_t
key_of(const struct known *k)
{
	return (size_t)((k->rank - 1) * 4 + k->urgency);
}

static struct known *
arrive(struct world *w, int org, unsigned int severity)
{
	struct rig *rig = w->rig;
	struct known *k = &w->cases[w->count++];

	assert_true(w->count <= CASES_MAX);
	rig->principal = w->orgs[org];
	(void)ask_ok(rig, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(severities[severity]),
		val_text(""), val_text("")));
	rig->principal = w->staff;
	*k =
	    (struct known){.org = org, .rank = ranks[org], .urgency = severity};
	(void)snprintf(k->id, sizeof(k->id), "%s", col_text(rig, 0, "id"));
	for (int i = 0; i < ORGS; i++)
		k->served_before[i] = w->served[i][key_of(k)];
	for (size_t i = 0; i + 1 < w->count; i++) {
		const struct known *o = &w->cases[i];

		k->own_before +=
		    !o->is_done && o->org == org && key_of(o) == key_of(k);
	}
	return k;
}

static struct known *
known(struct world *w, const char *id)
{
	for (size_t i = 0; i < w->count; i++) {
		if (strcmp(w->cases[i].id, id) == 0)
			return &w->cases[i];
	}
	fail_msg("a case that nobody made: %s", id);
	return NULL;
}

/* A page of what waits. */
static size_t
list(struct world *w, int64_t limit, const char *cursor)
{
	return ask_ok(w->rig, CALL_QUEUE_LIST,
	    ARGS(val_text("none"), val_text(""), val_int(limit),
		val_text(cursor)))
	    ->rows_count;
}

/* Somebody takes what is first. */
static void
serve(struct world *w)
{
	struct known *k;
	size_t key;

	if (list(w, 1, "") == 0)
		return;
	k = known(w, col_text(w->rig, 0, "id"));
	key = key_of(k);
	for (int i = 0; i < ORGS; i++) {
		int others = w->served[i][key] - k->served_before[i];

		/* Nobody of equal key gets more than one of mine before it,
		 * and the turn that they were in. */
		if (i != k->org)
			assert_in_range(others, 0, k->own_before + 2);
	}
	k->is_done = true;
	w->served[k->org][key]++;
	(void)ask_ok(w->rig, CALL_CASE_CLAIM, ARGS(val_text(k->id)));
}

/* What is listed stands in the stated order. */
static void
check_order(struct world *w)
{
	size_t rows = list(w, 1000, "");
	size_t waiting = 0;
	int64_t last = -1;

	for (size_t i = 0; i < rows; i++) {
		struct known *k = known(w, col_text(w->rig, i, "id"));
		int64_t key = (int64_t)key_of(k);

		assert_false(k->is_done);
		assert_int_equal(col_int(w->rig, i, "rank"), k->rank);
		assert_true(key >= last);
		last = key;
	}
	for (size_t i = 0; i < w->count; i++)
		waiting += !w->cases[i].is_done;
	assert_int_equal(rows, waiting);
}

static void
test_random_arrivals(void **state)
{
	struct world *w = *state;

	for (int step = 0; step < STEPS; step++) {
		if (draw(w, 10) < 6)
			(void)arrive(w, (int)draw(w, ORGS), draw(w, 4));
		else
			serve(w);
		if (step % 70 == 0)
			check_order(w);
	}
	/* Lower ranks get their turn once the higher ones are done. */
	for (size_t left = w->count; left > 0; left--)
		serve(w);
	assert_int_equal(list(w, 1, ""), 0);
	for (size_t i = 0; i < w->count; i++)
		assert_true(w->cases[i].is_done);
}

/* A thousand of one organisation delay another by one. */
static void
test_flood(void **state)
{
	struct world *w = *state;
	struct known *k[3];

	for (int i = 0; i < 300; i++)
		(void)arrive(w, 0, 1);
	for (int i = 0; i < 100; i++)
		serve(w);
	for (int i = 0; i < 3; i++)
		k[i] = arrive(w, 1, 1);
	assert_int_equal(list(w, 10, ""), 10);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(
		    col_text(w->rig, (size_t)(2 * i + 1), "id"), k[i]->id);
		assert_string_equal(
		    col_text(w->rig, (size_t)(2 * i), "org"), w->org_ids[0]);
	}
	/* Somebody who takes another one out of order changes nothing. */
	(void)ask_ok(w->rig, CALL_CASE_CLAIM, ARGS(val_text(w->cases[250].id)));
	(void)list(w, 10, "");
	assert_string_equal(col_text(w->rig, 1, "id"), k[0]->id);
}

/* A case that becomes urgent, or a crisis's, queues anew among its likes. */
static void
test_new_key(void **state)
{
	struct world *w = *state;
	struct known *low, *company;
	auto_free char *sql = NULL;

	for (int i = 0; i < 20; i++)
		(void)arrive(w, 0, 1);
	low = arrive(w, 1, 3);
	company = arrive(w, 4, 3);
	(void)list(w, 50, "");
	assert_string_equal(col_text(w->rig, 21, "id"), company->id);
	assert_string_equal(col_text(w->rig, 20, "id"), low->id);
	(void)ask_ok(w->rig, CALL_CASE_SET,
	    ARGS(val_text(low->id), val_int(0), val_null(), val_text("high"),
		val_null(), val_null(), val_null(), val_null(), val_null(),
		val_null(), val_null(), val_null(), val_null(), val_null(),
		val_null()));
	assert_string_equal(col_text(w->rig, 0, "severity"), "high");
	assert_string_equal(col_text(w->rig, 0, "severity_submitter"), "low");
	assert_string_equal(col_text(w->rig, 0, "severity_set"), "high");
	(void)list(w, 50, "");
	assert_string_equal(col_text(w->rig, 1, "id"), low->id);
	sql = xasprintf("UPDATE case_file SET crisis_tier = 0 WHERE id = '%s'",
	    company->id);
	sql_run(w->rig, sql);
	(void)list(w, 50, "");
	assert_string_equal(col_text(w->rig, 0, "id"), company->id);
}

static void
test_pages(void **state)
{
	struct world *w = *state;
	char ids[60][UUID_BYTES];
	char cursor[160] = "";
	size_t at = 0;

	for (int i = 0; i < 60; i++)
		(void)arrive(w, (int)draw(w, ORGS), draw(w, 4));
	assert_int_equal(list(w, 100, ""), 60);
	for (size_t i = 0; i < 60; i++)
		(void)snprintf(
		    ids[i], UUID_BYTES, "%s", col_text(w->rig, i, "id"));
	for (;;) {
		size_t rows = list(w, 7, cursor);

		for (size_t i = 0; i < rows; i++)
			assert_string_equal(
			    col_text(w->rig, i, "id"), ids[at++]);
		if (rows < 7)
			break;
		(void)snprintf(cursor, sizeof(cursor), "%s",
		    col_text(w->rig, rows - 1, "cursor"));
	}
	assert_int_equal(at, 60);
	ask_err(w->rig, ERR_FORMAT, CALL_QUEUE_LIST,
	    ARGS(val_text("none"), val_text(""), val_int(7), val_text("x.1")));
	ask_err(w->rig, ERR_FORMAT, CALL_QUEUE_LIST,
	    ARGS(val_text("you"), val_text(""), val_int(7), val_text("")));
	/* What is mine, and what is in a stage. */
	serve(w);
	(void)ask_ok(w->rig, CALL_QUEUE_LIST,
	    ARGS(val_text("me"), val_text(""), val_int(7), val_text("")));
	assert_int_equal(w->rig->answer.rows_count, 1);
	assert_string_equal(col_text(w->rig, 0, "stage"), "analysing");
	(void)ask_ok(w->rig, CALL_QUEUE_LIST,
	    ARGS(val_text("any"), val_text("analysing"), val_int(7),
		val_text("")));
	assert_int_equal(w->rig->answer.rows_count, 1);
	(void)ask_ok(w->rig, CALL_QUEUE_LIST,
	    ARGS(val_text("any"), val_text(""), val_int(100), val_text("")));
	assert_int_equal(w->rig->answer.rows_count, 60);
	w->rig->principal = w->orgs[0];
	ask_err(w->rig, ERR_DENIED, CALL_QUEUE_LIST,
	    ARGS(val_text("any"), val_text(""), val_int(1), val_text("")));
}

/* The jobs of machines stand in the same order. */
static void
test_jobs(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	int64_t last_rank = 0;
	int got[ORGS] = {0};

	for (int i = 0; i < 90; i++) {
		int org = i < 60 ? 0 : (int)draw(w, ORGS);
		struct known *k = arrive(w, org, org < 3 ? 1 : draw(w, 4));
		char submission[UUID_BYTES], artefact[UUID_BYTES];

		rig->principal = w->orgs[org];
		make_submission(rig, k->id, submission);
		upload(rig, submission, "bytes", artefact);
		rig->principal = w->staff;
	}
	for (int i = 0; i < 90; i++) {
		auto_free char *sql = NULL;
		int64_t org, rank;

		(void)ask_ok(rig, CALL_JOB_LEASE,
		    ARGS(val_text("w"), val_text("yara"), val_int(1),
			val_int(0), val_int(-1)));
		assert_int_equal(rig->answer.rows_count, 1);
		sql = xasprintf("SELECT c.rank_at_open FROM job j JOIN "
				"case_file c ON c.id = j.case_id "
				"WHERE j.id = '%s'",
		    col_text(rig, 0, "job"));
		rank = sql_int(rig, sql);
		assert_true(rank >= last_rank);
		last_rank = rank;
		for (org = 0; org < ORGS; org++) {
			if (strcmp(col_text(rig, 0, "org"), w->org_ids[org]) ==
			    0)
				got[org]++;
		}
		/* The flood of the first leaves their share to the others of
		 * its rank: they are done after thrice what they have. */
		if (i == 45) {
			auto_free char *rest = xasprintf(
			    "SELECT count(*) FROM job WHERE state = 'queued' "
			    "AND kind = 'yara' AND rank = 1 "
			    "AND org_id <> '%s'",
			    w->org_ids[0]);

			assert_int_equal(sql_int(rig, rest), 0);
		}
	}
	assert_true(got[0] >= 60);
}

/* Every table of a statement is searched by an index, in order. */
static void
check_plan(struct world *w, enum stmt id)
{
	auto_free char *sql = xasprintf(
	    "EXPLAIN QUERY PLAN %s", sqlite3_sql(w->rig->store->db->stmts[id]));
	struct sqlite3_stmt *stmt;

	assert_int_equal(
	    sqlite3_prepare_v2(w->rig->store->db->sqlite, sql, -1, &stmt, NULL),
	    SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 3);
		bool is_bad = strncmp(text, "SCAN c ", 7) == 0 &&
			      strstr(text, "INDEX") == NULL &&
			      strstr(text, "PRIMARY") == NULL;

		is_bad |= strstr(text, "TEMP B-TREE") != NULL;
		is_bad |= strncmp(text, "SCAN m", 6) == 0 ||
			  strncmp(text, "SCAN j", 6) == 0 ||
			  strncmp(text, "SCAN a", 6) == 0;
		if (is_bad)
			fail_msg("%s: %s", sqlite3_sql(stmt), text);
	}
	(void)sqlite3_finalize(stmt);
}

static void
test_plans(void **state)
{
	static const enum stmt ids[] = {STMT_QUEUE_LIST, STMT_QUEUE_LIST_STAGE,
	    STMT_QUEUE_LIST_NONE, STMT_QUEUE_LIST_OWNER, STMT_CASE_LIST,
	    STMT_CASE_LIST_STATE, STMT_CASE_LIST_STAGE, STMT_CASE_LIST_ALL,
	    STMT_CASE_LIST_ALL_STATE, STMT_CASE_LIST_ALL_STAGE,
	    STMT_CASE_LIST_ALL_OWNER, STMT_CASE_LIST_WORDS, STMT_MESSAGE_LIST,
	    STMT_NOTE_LIST, STMT_CASE_TASKS, STMT_VERDICT_LIST,
	    STMT_HANDOVER_LIST, STMT_HISTORY_LIST, STMT_HISTORY_LIST_SHOWN,
	    STMT_STAT_LIST, STMT_CASE_VERDICT, STMT_CASE_UNCONFIRMED,
	    STMT_VERDICT_LAST};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		check_plan(w, ids[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_random_arrivals, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_new_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_jobs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_plans, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
