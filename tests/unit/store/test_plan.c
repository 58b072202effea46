/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan.c - no statement walks over a table that grows with the evidence,
 * but for those that are named here with their reason; and what is counted
 * ahead is what counting would give.
 */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <sqlite3.h>

#define STMT(name, roles, sql) [STMT_##name] = #name,
static const char *const names[STMT_COUNT] = {
#include "store/stmt.def"
};
#undef STMT

/* What there is more of with each file that comes in. */
static const char *const growing[] = {"report_number", "case_file",
    "submission", "upload", "blob", "artefact", "derivation", "job", "attempt",
    "finding", "run", "report", "verdict", "disclosure", "audit_event", "unit",
    "case_task", "case_turn", "case_message", "case_note", "case_handover",
    "case_event", "access_event", "label_change", "deletion", "deletion_object",
    "outbox", "search_doc", "search_tlsh", "web_session"};

/* The beginning of names, and why they may. */
static const struct {
	const char *name;
	const char *why;
} allowed[] = {
    {"CASE_LIST_ALL", "in the order of the list, up to a page"},
    {"OUTBOX_LIST", "in the order of the list, up to a page"},
    {"AUDIT_HEAD", "the last row"},
    {"AUDIT_LAST_AT", "the last row"},
    {"MODE_TIER_", "when two persons change the operating mode"},
    {"METRIC_JOBS_", "an index of what waits or runs, and no more"},
    {"STATUS_JOBS", "the same index; ended ones are counted ahead"},
    {"RULES_HELD_GO", "an index of what waits for rules to be compiled"},
    {"OUTBOX_GIVE_UP", "an index of the mails that wait"},
    {"UPLOAD_PARTS", "an index of what the vault has yet to drop"},
    {"UNIT_GONE", "an index of what the index has yet to forget"},
    {"STATUS_UNITS", "the last row, and an index of what is gone"},
    {"PROOF_UNITS", "the last row, and an index of what is gone"},
    {"RESCAN_ADD", "the last row"},
    {"METRIC_DAMAGED", "an index of the damaged ones"},
    {"SUPERSEDE_", "of one artefact's jobs, gathered before"},
    {"RESCAN_PLAN_", "when a set of rules is activated"},
    {"ERASE_", "when a case is deleted"},
};

static bool
is_allowed(const char *name)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strncmp(name, allowed[i].name, strlen(allowed[i].name)) ==
		    0)
			return true;
	}
	return false;
}

/* Is the word in the text, behind what stands before it? */
static bool
has_word(const char *sql, const char *before, const char *word)
{
	auto_free char *words = xasprintf("%s%s", before, word);
	const char *p = sql;

	while ((p = strstr(p, words)) != NULL) {
		p += strlen(words);
		if (!isalnum((unsigned char)*p) && *p != '_')
			return true;
	}
	return false;
}

/*
 * Does the statement call this table so?  Plans of what only adds rows also
 * list the tables that refer to its own: those walks are for keys that were
 * broken before, and never begin.
 */
static bool
is_called(const char *sql, const char *table, const char *alias)
{
	auto_free char *both = xasprintf("%s %s", table, alias);

	if (strcmp(table, alias) != 0)
		return has_word(sql, " ", both);
	return has_word(sql, "FROM ", table) || has_word(sql, "JOIN ", table) ||
	       has_word(sql, "UPDATE ", table);
}

/* The growing table that a line of a plan walks over; NULL = none. */
static const char *
walked(const char *sql, const char *line)
{
	char alias[64];

	if (sscanf(line, "SCAN %63s", alias) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(growing) / sizeof(growing[0]); i++) {
		if (is_called(sql, growing[i], alias))
			return growing[i];
	}
	return NULL;
}

static void
test_plans(void **state)
{
	struct rig *rig = *state;
	size_t bad = 0, seen = 0;

	for (size_t id = 0; id < STMT_COUNT; id++) {
		const char *sql = sqlite3_sql(rig->store->db->stmts[id]);
		auto_free char *text = xasprintf("EXPLAIN QUERY PLAN %s", sql);
		sqlite3_stmt *plan = NULL;

		assert_int_equal(sqlite3_prepare_v2(rig->store->db->sqlite,
				     text, -1, &plan, NULL),
		    SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *line =
			    (const char *)sqlite3_column_text(plan, 3);
			const char *table = walked(sql, line);

			seen++;
			if (table == NULL || is_allowed(names[id]))
				continue;
			bad++;
			print_error(
			    "%s walks over %s: %s\n", names[id], table, line);
		}
		(void)sqlite3_finalize(plan);
	}
	assert_true(seen > STMT_COUNT);
	assert_int_equal(bad, 0);
}

/* The test itself sees a walk, also behind another name. */
static void
test_walks_are_seen(void **state)
{
	(void)state;
	assert_string_equal(
	    walked("SELECT 1 FROM organisation o JOIN artefact a ON 1",
		"SCAN a USING INDEX artefact_sha1"),
	    "artefact");
	assert_string_equal(
	    walked("SELECT count(*) FROM job", "SCAN job"), "job");
	assert_null(walked("SELECT 1 FROM artefact a JOIN policy p", "SCAN p"));
	assert_null(walked("SELECT 1 FROM artefact a", "SEARCH a USING PK"));
	assert_null(walked("SELECT 1 FROM artefact ab", "SCAN a"));
}

/* --- counters --- */

static const char sql_expected[] =
    "SELECT count(*) FROM organisation o JOIN org_count c ON c.org_id = o.id "
    "WHERE (c.cases, c.submissions, c.artefacts) = (SELECT count(*), "
    "coalesce(sum(submissions), 0), coalesce(sum(artefacts), 0) "
    "FROM case_file WHERE org_id = o.id AND is_internal = 0) "
    "AND (c.blobs, c.bytes, c.stored_bytes, c.damaged) = (SELECT count(*), "
    "coalesce(sum(size), 0), coalesce(sum(stored_size), 0), "
    "coalesce(sum(state <> 'ok'), 0) FROM blob WHERE org_id = o.id) "
    "AND (c.jobs_done, c.jobs_partial, c.jobs_failed, c.jobs_cancelled) = "
    "(SELECT coalesce(sum(state = 'done'), 0), "
    "coalesce(sum(state = 'partial'), 0), coalesce(sum(state = 'failed'), 0), "
    "coalesce(sum(state = 'cancelled'), 0) FROM job WHERE org_id = o.id)";

/* One change, chosen by a number; some of them meet no row. */
static char *
change(unsigned int n)
{
	static const char *const states[] = {
	    "queued", "done", "partial", "failed", "cancelled", "queued"};
	unsigned int id = n / 16 % 12, org = n / 7 % 2;
	const char *state = states[n / 5 % 6];

	switch (n % 8) {
	case 0:
		return xasprintf(
		    "INSERT OR IGNORE INTO case_file (id, number, org_id, "
		    "title, class_at_open, rank_at_open, severity_submitter, "
		    "tlp, pap, created_by, created_at, is_internal) "
		    "SELECT 'c%u', 'n%u', id, '', 'C1', 1, 'low', 'TLP:RED', "
		    "'PAP:RED', '', 0, %u FROM organisation "
		    "ORDER BY id LIMIT 1 OFFSET %u",
		    id, id, n / 3 % 4 == 0, org);
	case 1:
		return xasprintf("UPDATE case_file SET submissions = "
				 "submissions + 1, artefacts = artefacts + %u "
				 "WHERE id = 'c%u'",
		    n % 5, id);
	case 2:
		return xasprintf("DELETE FROM %s WHERE id = '%c%u'",
		    n / 2 % 4 == 0 ? "case_file" : "job",
		    n / 2 % 4 == 0 ? 'c' : 'j', id);
	case 3:
		return xasprintf(
		    "INSERT INTO blob (org_id, sha256, size, stored_size, "
		    "created_at, last_verified_at) SELECT id, "
		    "CAST(printf('%%032d', %u) AS BLOB), %u, 5, 0, 0 "
		    "FROM organisation ORDER BY id LIMIT 1 OFFSET %u "
		    "ON CONFLICT DO UPDATE SET size = excluded.size, "
		    "stored_size = stored_size + 1",
		    id, n % 100, org);
	case 4:
		return xasprintf("UPDATE blob SET state = '%s' WHERE sha256 = "
				 "CAST(printf('%%032d', %u) AS BLOB)",
		    n % 3 == 0	 ? "ok"
		    : n % 3 == 1 ? "damaged"
				 : "missing",
		    id);
	case 5:
		return xasprintf("DELETE FROM blob WHERE sha256 = "
				 "CAST(printf('%%032d', %u) AS BLOB)",
		    n / 2 % 3 == 0 ? id : 99);
	case 6:
		return xasprintf(
		    "INSERT OR IGNORE INTO job (id, org_id, case_id, kind, "
		    "state, tier, rank, urgency, created_at) SELECT 'j%u', id, "
		    "'c%u', 'yara', '%s', 1, 1, 1, 0 FROM organisation "
		    "ORDER BY id LIMIT 1 OFFSET %u",
		    id, id, state, org);
	default:
		return xasprintf(
		    "UPDATE job SET state = '%s' WHERE id = 'j%u'", state, id);
	}
}

static void
test_counters(void **state)
{
	struct rig *rig = *state;
	sqlite3 *db = rig->store->db->sqlite;
	unsigned int n = 1;
	char *why = NULL;

	/* Only the counters are looked at, not what refers to what. */
	(void)sqlite3_exec(db, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
	(void)sqlite3_exec(db,
	    "INSERT INTO organisation (id, name, class, rank, created_at) "
	    "VALUES ('other', 'Other', 'C1', 1, 0)",
	    NULL, NULL, NULL);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM organisation"), 2);
	for (int i = 0; i < 20000; i++) {
		auto_free char *sql = NULL;

		n = n * 1664525 + 1013904223;
		sql = change(n >> 8);
		if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
			fail_msg("%s: %s", why, sql);
		if (i % 97 == 0 || i > 19900)
			assert_int_equal(sql_int(rig, sql_expected), 2);
	}
	assert_true(sql_int(rig, "SELECT sum(cases) FROM org_count") > 0);
	assert_true(sql_int(rig, "SELECT sum(jobs_done) FROM org_count") > 0);
	assert_true(sql_int(rig, "SELECT sum(damaged) FROM org_count") > 0);
}

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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_plans),
	    T(test_walks_are_seen),
	    T(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
