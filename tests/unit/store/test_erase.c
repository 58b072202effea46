/* SPDX-License-Identifier: Apache-2.0 */
/* test_erase.c - withdrawal, deletion, legal hold, retention. */
#include "fake.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/erase.h"

#include <string.h>

struct world {
	struct rig *rig;
	uint64_t admin;
	uint64_t sender;
	char case_id[UUID_BYTES];
	char number[32];
	char submission[UUID_BYTES];
	char artefact[UUID_BYTES];
	char deletion[UUID_BYTES];
};

/* A case of an operator's with a finding, a child and a report. */
static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct rig *rig = rig_new();
	char org[UUID_BYTES], job[UUID_BYTES], child[UUID_BYTES];
	int64_t attempt;

	w->rig = rig;
	w->admin = rig->principal;
	w->sender = rig_other_org(rig, "Water", "C1", "submit withdraw", org);
	rig->principal = w->sender;
	make_case(rig, w->case_id, w->number);
	make_submission(rig, w->case_id, w->submission);
	upload(rig, w->submission, "mistaken bytes", w->artefact);
	lease(rig, "yara", job, &attempt);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"evil\",\"namespace\":\"own\",\"score\":90}");
	make_child(rig, job, attempt, "inner", "archive_member", child);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)drain_jobs(rig, "identify,yara");
	lease(rig, "report", job, &attempt);
	make_child(rig, job, attempt, "{}", "report_json", child);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
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
ask_as(struct world *w, uint64_t who, enum call_op op, const char *id,
    const char *word)
{
	struct rig *rig = w->rig;
	struct answer *a;

	rig->principal = who;
	a = op == CALL_DELETION_APPROVE
		? ask(rig, op, ARGS(val_text(id)))
		: ask(rig, op, ARGS(val_text(id), val_text(word)));
	if (a->err == ERR_OK)
		(void)snprintf(w->deletion, sizeof(w->deletion), "%s",
		    col_text(rig, 0, "id"));
	return a->err;
}

/* Ticks until all deletions are done. */
static void
run(struct rig *rig)
{
	for (int i = 0; i < 40; i++) {
		if (sql_int(rig, "SELECT count(*) FROM deletion WHERE state "
				 "NOT IN ('done', 'requested')") == 0)
			return;
		(void)usleep(300000);
		rig_turn(rig, 20);
	}
	fail_msg("the deletion does not end");
}

/* Rows of any table that name the case; what stays by intent is named. */
static void
nothing_is_left(struct world *w)
{
	static const char *const tables[] = {"artefact", "job", "finding",
	    "report", "disclosure", "submission", "case_message", "case_note",
	    "case_handover", "case_task", "label_change", "rescan_change",
	    "rescan_gap", "rescan_case", "late_detection", "case_text",
	    "search_doc", "outbox"};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		auto_free char *sql =
		    xasprintf("SELECT count(*) FROM %s WHERE case_id = '%s'",
			tables[i], w->case_id);

		if (sql_int(w->rig, sql) != 0)
			fail_msg("%s keeps rows", tables[i]);
	}
}

static void
check_certificate(struct world *w)
{
	struct rig *rig = w->rig;
	auto_json json_t *doc = NULL;
	auto_free char *signed_text = NULL;
	uint8_t key[SIGN_PUBLIC_BYTES], signature[SIGN_BYTES];
	struct answer *a =
	    ask_ok(rig, CALL_DELETION_CERTIFICATE, ARGS(val_text(w->deletion)));
	size_t len;
	auto_free char *text = read_all(take_fd(a->fd), &len);
	json_t *certificate;

	doc = json_loads(text, 0, NULL);
	assert_non_null(doc);
	certificate = json_object_get(doc, "certificate");
	signed_text = json_canonical(certificate);
	assert_int_equal(hex_decode(json_member_text(doc, "public_key", ""),
			     key, sizeof(key)),
	    ERR_OK);
	assert_int_equal(hex_decode(json_member_text(doc, "signature", ""),
			     signature, sizeof(signature)),
	    ERR_OK);
	assert_true(
	    sign_is_valid(key, signed_text, strlen(signed_text), signature));
	assert_string_equal(
	    json_member_text(certificate, "number", ""), w->number);
	assert_int_equal(json_array_size(json_object_get(doc, "list")),
	    json_member_int(certificate, "objects", -1));
}

static void
test_withdraw_at_once(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	assert_int_equal(
	    ask_as(w, w->sender, CALL_SUBMISSION_WITHDRAW, w->submission, " "),
	    ERR_FORMAT);
	assert_int_equal(ask_as(w, w->sender, CALL_SUBMISSION_WITHDRAW,
			     w->submission, "the wrong file"),
	    ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "running");
	assert_int_equal(ask_as(w, w->sender, CALL_SUBMISSION_WITHDRAW,
			     w->submission, "again"),
	    ERR_CONFLICT);
	run(rig);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding"), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM deletion_object "
				      "WHERE state = 'gone'"),
	    3);
	assert_int_equal(
	    sql_int(rig, "SELECT stage = 'withdrawn' FROM case_file "
			 "WHERE is_internal = 0"),
	    1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM unit WHERE "
				      "state = 'kept'"),
	    0);
	check_certificate(w);
}

static void
test_later_it_takes_two(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	sql_run(rig, "UPDATE case_file SET claimed_at = 1");
	assert_int_equal(
	    ask_as(w, w->sender, CALL_DELETION_CREATE, w->case_id, "our data"),
	    ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "requested");
	assert_int_equal(
	    ask_as(w, w->sender, CALL_DELETION_APPROVE, w->deletion, NULL),
	    ERR_DENIED);
	/* A hold comes first. */
	rig->principal = w->admin;
	(void)ask_ok(rig, CALL_CASE_HOLD,
	    ARGS(val_text(w->case_id), val_int(1), val_text("the court")));
	assert_int_equal(col_int(rig, 0, "legal_hold"), 1);
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_APPROVE, w->deletion, NULL),
	    ERR_CONFLICT);
	assert_int_equal(
	    ask_as(w, w->sender, CALL_SUBMISSION_WITHDRAW, w->submission, "x"),
	    ERR_CONFLICT);
	rig->principal = w->admin;
	(void)ask_ok(rig, CALL_CASE_HOLD,
	    ARGS(val_text(w->case_id), val_int(0), val_text("is over")));
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_APPROVE, w->deletion, NULL),
	    ERR_OK);
	/* Killed in the middle: it goes on. */
	rig_turn(rig, 3);
	rig_stop(rig);
	rig_start(rig);
	w->admin = rig_session_of_admin(rig);
	run(rig);
	nothing_is_left(w);
	rig->principal = w->admin;
	check_certificate(w);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM report_number r JOIN case_file "
			 "c ON c.number = r.number WHERE c.stage = 'deleted' "
			 "AND c.title = ''"),
	    1);
}

/* Whoever asked is told why it stays; then it may be asked for again. */
static void
test_refused(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	static const char hostile[] = "<img src=x onerror=alert(1)>\x1b[2J";

	sql_run(rig, "UPDATE case_file SET claimed_at = 1");
	assert_int_equal(ask_as(w, w->sender, CALL_SUBMISSION_WITHDRAW,
			     w->submission, "the wrong file"),
	    ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "requested");
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_task WHERE kind = "
			 "'deletion' AND state = 'open'"),
	    1);
	assert_int_equal(
	    ask_as(w, w->sender, CALL_DELETION_REFUSE, w->deletion, "no"),
	    ERR_DENIED);
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_REFUSE, w->deletion, " \n"),
	    ERR_FORMAT);
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_REFUSE, w->deletion, hostile),
	    ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "refused");
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_REFUSE, w->deletion, "again"),
	    ERR_CONFLICT);
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_APPROVE, w->deletion, NULL),
	    ERR_CONFLICT);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_task WHERE kind = "
			 "'deletion' AND state = 'open'"),
	    0);
	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_DELETION_LIST,
	    ARGS(val_text(w->number), val_int(10), val_text("")));
	assert_string_equal(col_text(rig, 0, "answer"), hostile);
	assert_true(col_is_null(rig, 0, "refused_by_name"));
	assert_false(col_is_null(rig, 0, "refused_at"));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact "
				      "WHERE is_internal = 0"),
	    2);
	assert_int_equal(ask_as(w, w->sender, CALL_SUBMISSION_WITHDRAW,
			     w->submission, "really"),
	    ERR_OK);
}

/* Who asked does not approve; what else has the same content stays. */
static void
test_same_content_stays(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char other[UUID_BYTES], artefact[UUID_BYTES];

	rig->principal = w->sender;
	make_artefact(rig, "mistaken bytes", other, artefact);
	(void)drain_jobs(rig, "identify,yara");
	assert_int_equal(ask_as(w, w->admin, CALL_DELETION_CREATE, w->case_id,
			     "by the staff"),
	    ERR_OK);
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_APPROVE, w->deletion, NULL),
	    ERR_DENIED);
	rig->store->is_single_review = true;
	assert_int_equal(
	    ask_as(w, w->admin, CALL_DELETION_APPROVE, w->deletion, NULL),
	    ERR_OK);
	run(rig);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM deletion_object "
				      "WHERE state = 'kept'"),
	    1);
	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob b JOIN "
				      "artefact a ON a.sha256 = b.sha256 "
				      "AND a.org_id = b.org_id "
				      "WHERE a.parent_id IS NULL "
				      "AND a.is_internal = 0"),
	    1);
}

static void
test_retention(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	sql_run(rig, "UPDATE case_file SET state = 'closed', stage = 'closed', "
		     "closed_at = created_at - 91 * 86400000000, "
		     "legal_hold = 1 WHERE is_internal = 0");
	rig->store->retention_at = 0;
	(void)usleep(1200000);
	rig_turn(rig, 20);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM deletion"), 0);
	sql_run(rig, "UPDATE case_file SET legal_hold = 0");
	rig->store->retention_at = 0;
	(void)usleep(1200000);
	rig_turn(rig, 20);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM deletion "
				      "WHERE kind = 'retention'"),
	    1);
	run(rig);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 0);
	assert_int_equal(sql_int(rig, "SELECT stage = 'closed' FROM case_file "
				      "WHERE is_internal = 0"),
	    1);
}

/* One tick looks at some of the cases, the next one at those behind. */
static void
test_retention_by_slices(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct store *store = rig->store;
	char last[UUID_BYTES];
	auto_free char *sql = NULL;

	rig->principal = w->admin;
	for (int i = 0; i < 300; i++)
		make_case(rig, last, NULL);
	rig_turn(rig, 20);
	sql = xasprintf(
	    "UPDATE case_file SET state = 'closed', stage = 'closed', "
	    "closed_at = created_at - 20000 * 86400000000, "
	    "legal_hold = (id <> '%s') WHERE is_internal = 0",
	    last);
	sql_run(rig, sql);
	store->retention_at = 0;
	erase_retention(store);
	assert_string_not_equal(store->retention_from, "");
	assert_true(strcmp(store->retention_from, last) < 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM deletion"), 0);
	erase_retention(store);
	assert_string_equal(store->retention_from, "");
	assert_true(store->retention_at > loop_wall_us());
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM deletion "
				      "WHERE kind = 'retention'"),
	    1);
}

/* A day of retention, some days after the cases were closed. */
static void
retain(struct world *w, int days)
{
	auto_free char *sql = xasprintf(
	    "UPDATE case_file SET state = 'closed', stage = 'closed', "
	    "closed_at = created_at - %d * 86400000000 WHERE is_internal = 0",
	    days);

	sql_run(w->rig, sql);
	w->rig->store->retention_at = 0;
	(void)usleep(1200000);
	rig_turn(w->rig, 20);
	run(w->rig);
}

static int64_t
count(struct world *w, const char *what)
{
	auto_free char *sql = xasprintf("SELECT count(*) FROM %s", what);

	return sql_int(w->rig, sql);
}

/* Malware is kept, and what names people goes after some more time. */
static void
test_archive_and_anonymise(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_MESSAGE_ADD,
	    ARGS(val_text(w->number), val_text("I am Jan Peeters")));
	rig->principal = w->admin;
	(void)ask_ok(rig, CALL_NOTE_ADD,
	    ARGS(val_text(w->number), val_text("call Jan")));
	sql_run(rig,
	    "UPDATE case_file SET verdict = 'malicious', "
	    "title = 'the laptop of Jan' WHERE is_internal = 0;"
	    "UPDATE submission SET comment = 'Jan opened it';"
	    "UPDATE policy SET state = 'retired'; "
	    "INSERT INTO policy (version, state, regime, document, "
	    "document_sha256, created_at) SELECT 99, 'active', regime, "
	    "json_set(document, '$.retention', json('[{\"kind\":"
	    "\"artefact\",\"verdict\":\"malicious\",\"days\":10,"
	    "\"then\":\"archive\"},{\"kind\":\"artefact\","
	    "\"verdict\":\"*\",\"days\":5,\"then\":\"delete\"},"
	    "{\"kind\":\"case\",\"verdict\":\"*\",\"days\":20,"
	    "\"then\":\"anonymise\"}]')), document_sha256, 1 "
	    "FROM policy");
	retain(w, 9);
	assert_int_equal(count(w, "submission WHERE state = 'retention'"), 0);
	retain(w, 11);
	assert_int_equal(count(w, "submission WHERE state = 'retention'"), 1);
	assert_int_equal(count(w, "deletion"), 0);
	assert_int_equal(count(w, "case_message"), 1);
	retain(w, 21);
	assert_int_equal(count(w, "deletion WHERE what = 'words' "
				  "AND state = 'done'"),
	    1);
	assert_int_equal(count(w, "case_message"), 0);
	assert_int_equal(count(w, "case_note"), 0);
	assert_int_equal(count(w, "report"), 0);
	assert_int_equal(count(w, "case_file WHERE title <> ''"
				  " AND is_internal = 0"),
	    0);
	assert_int_equal(count(w, "submission WHERE comment <> ''"), 0);
	assert_int_equal(count(w, "artefact WHERE name <> X''"), 0);
	/* What was found stays. */
	assert_int_equal(count(w, "artefact WHERE is_internal = 0"), 2);
	assert_int_equal(count(w, "finding WHERE name = 'evil'"), 1);
	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(w->number)));
	assert_string_equal(col_text(rig, 0, "title"), "");
	/* Once is enough. */
	retain(w, 30);
	assert_int_equal(count(w, "deletion"), 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_withdraw_at_once),
	    TEST(test_later_it_takes_two),
	    TEST(test_refused),
	    TEST(test_same_content_stays),
	    TEST(test_retention),
	    TEST(test_retention_by_slices),
	    TEST(test_archive_and_anonymise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
