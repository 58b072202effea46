/* SPDX-License-Identifier: Apache-2.0 */
/* test_move.c - cases that are merged and split. */
#include "fake.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <string.h>

/* Two cases of one operator's, a finding and a child in the first. */
struct world {
	struct rig *rig;
	uint64_t admin;
	uint64_t sender;
	char one[UUID_BYTES];
	char other[UUID_BYTES];
	char one_number[32];
	char other_number[32];
	char artefact[UUID_BYTES];
	char second[UUID_BYTES];
	char child[UUID_BYTES];
};

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct rig *rig = rig_new();
	char org[UUID_BYTES], job[UUID_BYTES], submission[UUID_BYTES];
	int64_t attempt;

	w->rig = rig;
	w->admin = rig->principal;
	w->sender = rig_other_org(rig, "Water", "C1", "submit withdraw", org);
	rig->principal = w->sender;
	make_case(rig, w->one, w->one_number);
	make_submission(rig, w->one, submission);
	upload(rig, submission, "first bytes", w->artefact);
	lease(rig, "yara", job, &attempt);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"evil\",\"namespace\":\"own\",\"score\":90}");
	make_child(rig, job, attempt, "inner", "archive_member", w->child);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)drain_jobs(rig, "identify,yara");
	upload(rig, submission, "second bytes", w->second);
	(void)drain_jobs(rig, "identify,yara");
	make_case(rig, w->other, w->other_number);
	make_submission(rig, w->other, submission);
	upload(rig, submission, "third bytes", org);
	(void)drain_jobs(rig, "identify,yara");
	rig->principal = w->admin;
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

static enum err
merge(struct world *w, const char *from, const char *into)
{
	return ask(w->rig, CALL_CASE_MERGE,
	    ARGS(val_text(from), val_text(into), val_text("one event")))
	    ->err;
}

static int64_t
of_case(struct world *w, const char *table, const char *case_id)
{
	auto_free char *sql = xasprintf(
	    "SELECT count(*) FROM %s WHERE case_id = '%s'", table, case_id);

	return sql_int(w->rig, sql);
}

/* The number is the case that it is asked for, or that it leads to. */
static void
leads_to(struct world *w, const char *number, const char *case_id)
{
	(void)ask_ok(w->rig, CALL_CASE_GET, ARGS(val_text(number)));
	assert_string_equal(col_text(w->rig, 0, "id"), case_id);
}

static void
test_merge(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES];
	int64_t attempt;
	int64_t events = of_case(w, "case_event", w->one);

	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_MESSAGE_ADD,
	    ARGS(val_text(w->one_number), val_text("a question")));
	assert_int_equal(merge(w, w->one, w->other), ERR_DENIED);
	rig->principal = w->admin;
	(void)ask_ok(rig, CALL_NOTE_ADD,
	    ARGS(val_text(w->one_number), val_text("ours")));
	sql_run(rig, "UPDATE case_file SET tlp = 'TLP:RED', legal_hold = 1, "
		     "tlp_restriction = 'no press' WHERE artefacts = 3");
	/* A job that is at work keeps its result. */
	(void)ask_ok(
	    rig, CALL_RUN_CREATE, ARGS(val_text(w->artefact), val_text("{}")));
	lease(rig, "detonate", job, &attempt);
	assert_int_equal(merge(w, w->one_number, w->one_number), ERR_CONFLICT);
	assert_int_equal(merge(w, w->one_number, w->other_number), ERR_OK);
	assert_string_equal(col_text(rig, 0, "number"), w->other_number);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"late\",\"namespace\":\"own\",\"score\":10}");
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	assert_int_equal(of_case(w, "artefact", w->one), 0);
	assert_int_equal(of_case(w, "finding", w->one), 0);
	assert_int_equal(of_case(w, "finding", w->other), 2);
	assert_int_equal(of_case(w, "job", w->one), 0);
	assert_int_equal(of_case(w, "case_note", w->other), 1);
	assert_true(of_case(w, "case_event", w->other) > events);
	leads_to(w, w->one_number, w->other);
	assert_int_equal(col_int(rig, 0, "artefacts"), 4);
	assert_int_equal(col_int(rig, 0, "submissions"), 2);
	assert_int_equal(col_int(rig, 0, "unread"), 1);
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:RED");
	assert_string_equal(col_text(rig, 0, "tlp_restriction"), "no press");
	assert_int_equal(col_int(rig, 0, "legal_hold"), 1);
	assert_non_null(strstr(col_text(rig, 0, "merged"), w->one_number));
	/* The submitter finds it by both numbers, in the list too. */
	rig->principal = w->sender;
	leads_to(w, w->one_number, w->other);
	leads_to(w, w->one, w->other);
	(void)ask_ok(rig, CALL_CASE_LIST,
	    ARGS(val_null(), val_text(""), val_text(""),
		val_text(w->one_number), val_int(10), val_text("")));
	assert_int_equal(rig->answer.rows_count, 1);
	assert_string_equal(col_text(rig, 0, "number"), w->other_number);
	assert_int_equal(
	    sql_int(
		rig, "SELECT count(*) FROM case_move WHERE done_at IS NULL"),
	    0);
}

/* One that already led somewhere goes along; nobody else is led anywhere. */
static void
test_chain_and_others(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char third[UUID_BYTES], number[32], org[UUID_BYTES];
	char foreign[UUID_BYTES], foreign_number[32];
	uint64_t sun;

	rig->principal = w->sender;
	make_case(rig, third, number);
	rig->principal = w->admin;
	sun = rig_other_org(rig, "Sun", "C1", "submit", org);
	rig->principal = sun;
	make_case(rig, foreign, foreign_number);
	rig->principal = w->admin;
	assert_int_equal(merge(w, w->one, foreign), ERR_CONFLICT);
	assert_non_null(strstr(rig->answer.why, "two organisations"));
	assert_int_equal(merge(w, w->one, w->other), ERR_OK);
	assert_int_equal(merge(w, w->other, third), ERR_OK);
	rig->principal = w->sender;
	leads_to(w, w->one_number, third);
	leads_to(w, w->other_number, third);
	rig->principal = sun;
	ask_err(
	    rig, ERR_NOT_FOUND, CALL_CASE_GET, ARGS(val_text(w->one_number)));
	ask_err(rig, ERR_NOT_FOUND, CALL_CASE_GET, ARGS(val_text(number)));
}

static void
test_merge_refused(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char account[UUID_BYTES];
	uint64_t colleague =
	    rig_colleague(rig, "Bo", "read_all_orgs claim analyse", account);

	(void)ask_ok(rig, CALL_CASE_CLAIM, ARGS(val_text(w->one)));
	rig->principal = colleague;
	assert_int_equal(merge(w, w->one, w->other), ERR_CONFLICT);
	assert_int_equal(merge(w, w->other, w->one), ERR_CONFLICT);
	rig->principal = w->admin;
	sql_run(rig, "UPDATE case_file SET exercise = 1 WHERE artefacts = 3");
	assert_int_equal(merge(w, w->one, w->other), ERR_CONFLICT);
	sql_run(rig, "UPDATE case_file SET exercise = 0");
	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_DELETION_CREATE,
	    ARGS(val_text(w->one), val_text("gone please")));
	rig->principal = w->admin;
	assert_int_equal(merge(w, w->one, w->other), ERR_CONFLICT);
	sql_run(rig, "UPDATE deletion SET state = 'refused'");
	sql_run(rig, "UPDATE case_file SET state = 'closed' "
		     "WHERE artefacts = 1");
	assert_int_equal(merge(w, w->one, w->other), ERR_CONFLICT);
	assert_int_equal(of_case(w, "artefact", w->one), 3);
}

/* More rows than one transaction takes, and an end in between. */
static void
test_many_rows(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	sql_run(rig,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < 12000) INSERT INTO finding (org_id, case_id, "
	    "artefact_id, job_id, attempt, type, name, detail) SELECT "
	    "f.org_id, f.case_id, f.artefact_id, f.job_id, f.attempt, 'match', "
	    "'r' || i, '{}' FROM n JOIN finding f ON f.name = 'evil'");
	assert_int_equal(merge(w, w->one, w->other), ERR_OK);
	assert_true(of_case(w, "finding", w->one) > 0);
	assert_int_equal(merge(w, w->other, w->one), ERR_CONFLICT);
	rig_stop(rig);
	rig_start(rig);
	for (int i = 0; i < 40 && of_case(w, "finding", w->one) > 0; i++) {
		(void)usleep(300000);
		rig_turn(rig, 10);
	}
	assert_int_equal(of_case(w, "finding", w->one), 0);
	assert_int_equal(of_case(w, "finding", w->other), 12001);
}

static enum err
split(struct world *w, const char *case_id, const char *list)
{
	return ask(w->rig, CALL_CASE_SPLIT,
	    ARGS(val_text(case_id), val_text(list), val_text("The other one"),
		val_text("two events")))
	    ->err;
}

static void
test_split(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	auto_free char *list = xasprintf("[\"%s\"]", w->artefact);
	auto_free char *all =
	    xasprintf("[\"%s\",\"%s\"]", w->artefact, w->second);
	auto_free char *inner = xasprintf("[\"%s\"]", w->child);
	char id[UUID_BYTES], number[32];

	sql_run(rig, "UPDATE case_file SET legal_hold = 1, tlp = 'TLP:RED'");
	assert_int_equal(split(w, w->one, "[]"), ERR_FORMAT);
	assert_int_equal(split(w, w->one, "[7]"), ERR_NOT_FOUND);
	assert_int_equal(split(w, w->one, inner), ERR_NOT_FOUND);
	assert_int_equal(split(w, w->other, list), ERR_NOT_FOUND);
	assert_int_equal(split(w, w->one, all), ERR_CONFLICT);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM case_file "
				      "WHERE is_internal = 0"),
	    2);
	rig->principal = w->sender;
	assert_int_equal(split(w, w->one, list), ERR_DENIED);
	rig->principal = w->admin;
	assert_int_equal(split(w, w->one, list), ERR_OK);
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	(void)snprintf(
	    number, sizeof(number), "%s", col_text(rig, 0, "number"));
	assert_int_equal(of_case(w, "artefact", id), 2);
	assert_int_equal(of_case(w, "finding", id), 1);
	assert_int_equal(of_case(w, "artefact", w->one), 1);
	assert_int_equal(of_case(w, "finding", w->one), 0);
	rig->principal = w->sender;
	leads_to(w, number, id);
	assert_int_equal(col_int(rig, 0, "artefacts"), 1);
	assert_int_equal(col_int(rig, 0, "submissions"), 1);
	assert_int_equal(col_int(rig, 0, "legal_hold"), 1);
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:RED");
	assert_string_equal(col_text(rig, 0, "split_from"), w->one_number);
	leads_to(w, w->one_number, w->one);
	assert_int_equal(col_int(rig, 0, "artefacts"), 1);
	assert_non_null(strstr(col_text(rig, 0, "split"), number));
	/* The chain says of the artefact where it went. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event "
				      "WHERE event = 'moved'"),
	    1);
	/* What was sent alone goes as it came: in a part of its own. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact a "
				      "JOIN submission s ON s.id = "
				      "a.submission_id "
				      "WHERE s.case_id <> a.case_id"),
	    0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_merge),
	    TEST(test_chain_and_others),
	    TEST(test_merge_refused),
	    TEST(test_many_rows),
	    TEST(test_split),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
