/* SPDX-License-Identifier: Apache-2.0 */
/* test_release.c - reports on their way out: four eyes, labels, disclosures,
 * and what who is no staff may read. */
#include "fake.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <string.h>

#define TEXTS                                                               \
 "{\"summary\":\"It \xe2\x80\x98ran\xe2\x80\x99.\",\"scope\":\"one host\"," \
 "\"damage\":\"none\",\"root_cause\":\"a macro\"}"

struct world {
	struct rig *rig;
	uint64_t author;   /* of the CSIRT */
	uint64_t reviewer; /* of the CSIRT, too */
	uint64_t sender;   /* whose case it is */
	uint64_t stranger; /* of another organisation */
	char case_id[UUID_BYTES];
	char artefact[UUID_BYTES];
	char report[UUID_BYTES];
};

/* A second person at the CSIRT. */
static uint64_t
colleague(struct rig *rig, const char *capabilities)
{
	char sql[640];
	uint64_t session;

	sql_run(rig, "UPDATE account SET uid = NULL");
	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO account (id, org_id, name, kind, uid, capabilities, "
	    "created_at) SELECT '01900000-0000-7000-8000-00000000c0de', id, "
	    "'Second', 'human', %u, '%s', 1 FROM organisation "
	    "WHERE class = 'CSIRT'",
	    (unsigned int)getuid(), capabilities);
	sql_run(rig, sql);
	session = rig_session(rig);
	return session;
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct rig *rig = rig_new();
	char org[UUID_BYTES], other[UUID_BYTES];

	w->rig = rig;
	w->author = rig->principal;
	w->sender = rig_other_org(rig, "Water", "C1", "submit withdraw", org);
	rig->principal = w->author;
	w->stranger = rig_other_org(rig, "Power", "C1", "submit", other);
	w->reviewer = colleague(rig, "approve_report analyse read_all_orgs");
	rig->principal = w->sender;
	make_artefact(rig, "some bytes", w->case_id, w->artefact);
	(void)drain_jobs(rig, "identify,yara");
	rig->principal = w->author;
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

/* Renders what waits to be rendered; all of it says `what`. */
static void
render(struct rig *rig, const char *what)
{
	char job[UUID_BYTES], artefact[UUID_BYTES];
	int64_t attempt;

	while (sql_int(rig, "SELECT count(*) FROM job WHERE kind = 'report' "
			    "AND state = 'queued'") > 0) {
		lease(rig, "report", job, &attempt);
		(void)close(ask_ok(
		    rig, CALL_CASE_DUMP, ARGS(val_text(job), val_int(attempt)))
				->fd);
		make_child(rig, job, attempt, what, "report_json", artefact);
		make_child(rig, job, attempt, what, "report_html", artefact);
		assert_int_equal(
		    done(rig, job, attempt, "done", "")->err, ERR_OK);
	}
}

static void
draft(struct world *w, const char *kind, const char *sections)
{
	(void)ask_ok(w->rig, CALL_REPORT_CREATE,
	    ARGS(val_text(w->case_id), val_text(kind), val_text("nl"),
		val_text(sections)));
	(void)snprintf(
	    w->report, sizeof(w->report), "%s", col_text(w->rig, 0, "id"));
	render(w->rig, "draft");
}

static enum err
act(struct world *w, uint64_t who, enum call_op op, const char *word)
{
	struct rig *rig = w->rig;
	uint64_t before = rig->principal;
	struct answer *a;

	rig->principal = who;
	if (op == CALL_REPORT_SUBMIT || op == CALL_REPORT_ISSUE ||
	    op == CALL_REPORT_GET)
		a = ask(rig, op, ARGS(val_text(w->report)));
	else
		a = ask(rig, op, ARGS(val_text(w->report), val_text(word)));
	rig->principal = before;
	return a->err;
}

static void
issue(struct world *w)
{
	assert_int_equal(act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_OK);
	render(w->rig, "reviewed");
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, "fine"), ERR_OK);
	assert_int_equal(act(w, w->author, CALL_REPORT_ISSUE, ""), ERR_OK);
}

static size_t
listed(struct world *w, uint64_t who)
{
	uint64_t before = w->rig->principal;
	size_t count;

	w->rig->principal = who;
	count = ask_ok(w->rig, CALL_REPORT_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")))
		    ->rows_count;
	w->rig->principal = before;
	return count;
}

static enum err
read_as(struct world *w, uint64_t who, const char *id, const char *wanted)
{
	uint64_t before = w->rig->principal;
	struct answer *a;
	size_t len;

	w->rig->principal = who;
	a = ask(w->rig, CALL_REPORT_OPEN,
	    ARGS(val_text(w->case_id), val_text(id), val_text("json")));
	w->rig->principal = before;
	if (a->err == ERR_OK) {
		auto_free char *text = read_all(take_fd(a->fd), &len);

		assert_string_equal(text, wanted);
	}
	return a->err;
}

static void
test_four_eyes(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	draft(w, "analysis", TEXTS);
	assert_int_equal(listed(w, w->sender), 0);
	assert_int_equal(read_as(w, w->sender, "", ""), ERR_NOT_FOUND);
	/* Not before it was submitted, by nobody. */
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, ""), ERR_CONFLICT);
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_ISSUE, ""), ERR_CONFLICT);
	/* Who is no staff is told that there is none. */
	assert_int_equal(act(w, w->sender, CALL_REPORT_GET, ""), ERR_NOT_FOUND);
	assert_int_equal(act(w, w->sender, CALL_REPORT_SUBMIT, ""), ERR_DENIED);
	assert_int_equal(act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_OK);
	/* Not before it is rendered: nobody has read it. */
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, ""), ERR_CONFLICT);
	render(rig, "reviewed");
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_APPROVE, ""), ERR_DENIED);
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_ISSUE, ""), ERR_CONFLICT);
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, "ok"), ERR_OK);
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, "ok"), ERR_CONFLICT);
	assert_int_equal(listed(w, w->sender), 0);
	assert_int_equal(act(w, w->author, CALL_REPORT_ISSUE, ""), ERR_OK);
	assert_int_equal(listed(w, w->sender), 1);
	assert_int_equal(read_as(w, w->sender, "", "reviewed"), ERR_OK);
	assert_int_equal(read_as(w, w->sender, w->report, "reviewed"), ERR_OK);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM disclosure "
			 "WHERE state = 'sent' AND length(payload_sha256) "
			 "= 32"),
	    1);
	assert_int_equal(
	    sql_int(rig, "SELECT stage = 'reported' FROM case_file "
			 "WHERE is_internal = 0"),
	    1);
}

static void
test_submitter_is_not_the_approver(void **state)
{
	struct world *w = *state;

	/* The reviewer took it to review: then the author must approve. */
	draft(w, "analysis", TEXTS);
	assert_int_equal(act(w, w->reviewer, CALL_REPORT_SUBMIT, ""), ERR_OK);
	render(w->rig, "reviewed");
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, ""), ERR_DENIED);
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_APPROVE, ""), ERR_DENIED);
	/* Unless one person runs the place, and then it says so. */
	w->rig->store->is_single_review = true;
	assert_int_equal(act(w, w->author, CALL_REPORT_APPROVE, ""), ERR_OK);
	assert_int_equal(col_int(w->rig, 0, "is_single_person"), 1);
}

static void
test_edits(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	const struct value none = val_null();

	draft(w, "analysis", "{}");
	ask_err(rig, ERR_STALE, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(7), val_text(TEXTS), none, none,
		none, none));
	ask_err(rig, ERR_FORMAT, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(1),
		val_text("{\"attribution\":\"them\"}"), none, none, none,
		none));
	ask_err(rig, ERR_FORMAT, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(1), val_text("{\"scope\":1}"),
		none, none, none, none));
	ask_err(rig, ERR_FORMAT, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(1), none, val_text("xx"), none,
		none, none));
	/* Not below what it is made of (TLP:AMBER+STRICT, PAP:RED). */
	ask_err(rig, ERR_CONFLICT, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(1), none, none,
		val_text("TLP:GREEN"), none, none));
	(void)ask_ok(rig, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(1), val_text(TEXTS),
		val_text("fr"), val_text("red"), val_text("ask us"), none));
	assert_int_equal(col_int(rig, 0, "version"), 2);
	(void)ask_ok(rig, CALL_REPORT_GET, ARGS(val_text(w->report)));
	assert_int_equal(col_int(rig, 0, "is_rendered"), 0);
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:RED");
	assert_string_equal(col_text(rig, 0, "tlp_restriction"), "ask us");
	assert_string_equal(col_text(rig, 0, "language"), "fr");
	assert_non_null(strstr(col_text(rig, 0, "sections"), "a macro"));
	render(rig, "edited");
	(void)ask_ok(rig, CALL_REPORT_GET, ARGS(val_text(w->report)));
	assert_int_equal(col_int(rig, 0, "is_rendered"), 1);
	assert_int_equal(act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_OK);
	ask_err(rig, ERR_CONFLICT, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(3), val_text("{}"), none, none,
		none, none));
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_RETURN, " "), ERR_FORMAT);
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_RETURN, "too short"), ERR_OK);
	(void)ask_ok(rig, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(3), val_text("{}"), none, none,
		none, none));
}

static void
test_postmortem_is_whole(void **state)
{
	struct world *w = *state;

	draft(w, "postmortem", "{\"scope\":\"x\",\"damage\":\" \\n\"}");
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_CONFLICT);
	draft(w, "postmortem",
	    "{\"scope\":\"x\",\"damage\":\"y\",\"root_cause\":\"unknown, "
	    "because the disk is gone\"}");
	assert_int_equal(act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_OK);
}

/* Set by the analyst, to be confirmed by the reviewer. */
static void
verdict(struct world *w, const char *value, bool is_confirmed)
{
	struct rig *rig = w->rig;
	auto_free char *sql = xasprintf(
	    "INSERT INTO verdict (id, org_id, artefact_id, value, confidence, "
	    "reason, by_account, confirmed_by, at) SELECT '%lld', a.org_id, "
	    "a.id, '%s', 'high', 'r', s.account_id, %s, %lld FROM artefact a "
	    "JOIN submission s ON s.id = a.submission_id WHERE a.id = '%s';"
	    "UPDATE artefact SET verdict = '%s', verdict_confirmed = %d "
	    "WHERE id = '%s'",
	    (long long)loop_wall_us(), value,
	    is_confirmed ? "s.account_id" : "NULL", (long long)loop_wall_us(),
	    w->artefact, value, is_confirmed, w->artefact);

	sql_run(rig, sql);
}

static void
test_verdicts_first(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	verdict(w, "malicious", false);
	draft(w, "analysis", TEXTS);
	assert_int_equal(act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_OK);
	render(rig, "reviewed");
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_APPROVE, "fine"), ERR_OK);
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_ISSUE, ""), ERR_CONFLICT);
	assert_non_null(strstr(rig->answer.why, "unconfirmed-verdict"));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM disclosure"), 0);
	/* Another word than it was made with. */
	verdict(w, "benign", true);
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_ISSUE, ""), ERR_CONFLICT);
	assert_non_null(strstr(rig->answer.why, "verdict-changed"));
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_RETURN, "it changed"), ERR_OK);
	issue(w);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM disclosure"), 1);
}

static void
test_supersede_and_recall(void **state)
{
	struct world *w = *state;
	char first[UUID_BYTES];

	draft(w, "analysis", TEXTS);
	issue(w);
	memcpy(first, w->report, sizeof(first));
	draft(w, "late_detection", TEXTS);
	issue(w);
	assert_int_equal(listed(w, w->sender), 2);
	assert_int_equal(
	    sql_int(w->rig, "SELECT count(*) FROM report WHERE state = "
			    "'superseded'"),
	    1);
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_RECALL, ""), ERR_FORMAT);
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_RECALL, "wrong host"), ERR_OK);
	/* It is listed, and says why; its content is not there any more. */
	assert_int_equal(listed(w, w->sender), 2);
	assert_int_equal(read_as(w, w->sender, w->report, ""), ERR_NOT_FOUND);
	assert_int_equal(act(w, w->sender, CALL_REPORT_GET, ""), ERR_OK);
	assert_true(col_is_null(w->rig, 0, "sections"));
	assert_string_equal(col_text(w->rig, 0, "comment"), "wrong host");
	assert_true(col_is_null(w->rig, 0, "author_name"));
	assert_int_equal(read_as(w, w->sender, first, "reviewed"), ERR_OK);
	assert_int_equal(
	    sql_int(w->rig, "SELECT count(*) FROM disclosure WHERE state = "
			    "'recalled'"),
	    1);
}

static void
test_labels_rose_meanwhile(void **state)
{
	struct world *w = *state;

	draft(w, "analysis", TEXTS);
	assert_int_equal(act(w, w->author, CALL_REPORT_SUBMIT, ""), ERR_OK);
	render(w->rig, "reviewed");
	assert_int_equal(act(w, w->reviewer, CALL_REPORT_APPROVE, ""), ERR_OK);
	sql_run(w->rig, "UPDATE submission SET tlp = 'TLP:RED'");
	assert_int_equal(
	    act(w, w->author, CALL_REPORT_ISSUE, ""), ERR_CONFLICT);
	/* Returned and raised, it goes: to the person who sent it in. */
	assert_int_equal(
	    act(w, w->reviewer, CALL_REPORT_RETURN, "labels"), ERR_OK);
	(void)ask_ok(w->rig, CALL_REPORT_EDIT,
	    ARGS(val_text(w->report), val_int(2), val_null(), val_null(),
		val_text("TLP:RED"), val_null(), val_null()));
	issue(w);
	assert_int_equal(read_as(w, w->sender, w->report, "reviewed"), ERR_OK);
	/* ... and to nobody else of the same organisation. */
	sql_run(w->rig, "DELETE FROM disclosure_reader");
	assert_int_equal(read_as(w, w->sender, w->report, ""), ERR_NOT_FOUND);
	assert_int_equal(read_as(w, w->author, w->report, "reviewed"), ERR_OK);
}

static void
test_strangers(void **state)
{
	struct world *w = *state;

	draft(w, "analysis", TEXTS);
	issue(w);
	assert_int_equal(
	    act(w, w->stranger, CALL_REPORT_GET, ""), ERR_NOT_FOUND);
	assert_int_equal(read_as(w, w->stranger, "", ""), ERR_NOT_FOUND);
}

static void
test_who_saw_it(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct answer *a;

	char job[UUID_BYTES];
	int64_t attempt;

	/* A run has a copy for as long as it lasts. */
	rig->principal = rig_session_of_admin(rig);
	(void)ask_ok(
	    rig, CALL_RUN_CREATE, ARGS(val_text(w->artefact), val_text("{}")));
	lease(rig, "detonate", job, &attempt);
	(void)close(ask_ok(rig, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(BLOB_MEMFD)))
			->fd);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM custody_event WHERE "
			 "event IN ('copied_to_run', "
			 "'destroyed_copy')"),
	    2);
	rig->principal = w->author;
	draft(w, "analysis", TEXTS);
	issue(w);
	assert_int_equal(read_as(w, w->sender, w->report, "reviewed"), ERR_OK);
	rig->principal = w->sender;
	a = ask_ok(rig, CALL_ACCESS_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_true(a->rows_count >= 3);
	assert_string_equal(col_text(rig, 0, "event"), "detonated");
	assert_string_equal(col_text(rig, 0, "artefact"), w->artefact);
	for (size_t i = 0; i < a->rows_count; i++) {
		/* Their own names they know. */
		if (strcmp(col_text(rig, i, "org_name"), "CSIRT") == 0)
			assert_true(col_is_null(rig, i, "actor_name"));
	}
	a = ask_ok(rig, CALL_DISCLOSURE_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "recipient_name"), "Water");
	assert_true(col_is_null(rig, 0, "approved_by_name"));
	rig->principal = w->author;
	(void)ask_ok(rig, CALL_DISCLOSURE_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_string_equal(col_text(rig, 0, "approved_by_name"), "Second");
}

static void
test_versions_are_rendered_once(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	draft(w, "analysis", TEXTS);
	issue(w);
	/* The same job again: what was approved stays what it was. */
	sql_run(rig, "UPDATE job SET state = 'queued', outcome_attempt = NULL "
		     "WHERE kind = 'report'");
	render(rig, "another text");
	assert_int_equal(read_as(w, w->sender, w->report, "reviewed"), ERR_OK);
}

/* An analysis with a finding and a child, of the sender's file. */
static void
analyse(struct world *w, char ret_job[UUID_BYTES], char ret_child[UUID_BYTES])
{
	struct rig *rig = w->rig;
	int64_t attempt;

	rig->principal = w->sender;
	make_submission(rig, w->case_id, ret_job);
	upload(rig, ret_job, "other bytes", ret_child);
	lease(rig, "yara", ret_job, &attempt);
	send_record(rig, ret_job, attempt, RECORD_MATCH,
	    "{\"rule\":\"evil\",\"namespace\":\"own\",\"score\":90}");
	make_child(rig, ret_job, attempt, "inner", "archive_member", ret_child);
	assert_int_equal(done(rig, ret_job, attempt, "done", "")->err, ERR_OK);
}

/* What an analysis found reaches its sender in a report, and only so. */
static void
test_results_stay_inside(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES], child[UUID_BYTES];
	struct answer *a;

	analyse(w, job, child);
	rig->principal = w->author;
	a = ask_ok(rig, CALL_ARTEFACT_LIST,
	    ARGS(
		val_text(w->case_id), val_text("*"), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 3);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(child)));
	rig->principal = w->sender;
	a = ask_ok(rig, CALL_ARTEFACT_LIST,
	    ARGS(
		val_text(w->case_id), val_text("*"), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 2);
	for (size_t i = 0; i < a->rows_count; i++) {
		assert_true(col_is_null(rig, i, "score"));
		assert_int_equal(col_int(rig, i, "children"), 0);
		assert_string_equal(col_text(rig, i, "mime"), "");
	}
	ask_err(rig, ERR_NOT_FOUND, CALL_ARTEFACT_GET, ARGS(val_text(child)));
	ask_err(rig, ERR_NOT_FOUND, CALL_JOB_GET, ARGS(val_text(job)));
	a = ask_ok(rig, CALL_FINDING_LIST,
	    ARGS(val_text(w->case_id), val_text(""), val_text(""), val_int(0),
		val_text(""), val_int(0)));
	assert_int_equal(a->rows_count, 0);
	a = ask_ok(rig, CALL_JOB_LIST,
	    ARGS(val_text(w->case_id), val_text(""), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 0);
	a = ask_ok(rig, CALL_CASE_GET, ARGS(val_text(w->case_id)));
	assert_true(col_is_null(rig, 0, "score"));
	assert_int_equal(col_int(rig, 0, "artefacts"), 2);
	/* How far it is they see. */
	a = ask_ok(rig, CALL_CASE_PROGRESS, ARGS(val_text(w->case_id)));
	assert_true(a->rows_count > 0);
	rig->principal = w->author;
}

static enum err
label(struct world *w, uint64_t who, const char *tlp, const char *pap,
    const char *permission)
{
	enum err err;

	w->rig->principal = who;
	err = ask(w->rig, CALL_CASE_LABELS,
	    ARGS(val_text(w->case_id), val_text(tlp), val_null(), val_text(pap),
		val_text(permission)))
		  ->err;
	w->rig->principal = w->author;
	return err;
}

/* Everything of the case carries these. */
static bool
all_are(struct world *w, const char *tlp, const char *pap)
{
	static const char *const tables[] = {
	    "case_file", "submission", "artefact"};
	int64_t others = 0;

	for (size_t i = 0; i < 3; i++) {
		auto_free char *sql = xasprintf("SELECT count(*) FROM %s "
						"WHERE tlp <> '%s' "
						"OR pap <> '%s'",
		    tables[i], tlp, pap);

		others += sql_int(w->rig, sql);
	}
	return others == 0;
}

static void
test_labels(void **state)
{
	struct world *w = *state;
	char job[UUID_BYTES], child[UUID_BYTES];

	analyse(w, job, child);
	assert_true(all_are(w, "TLP:AMBER+STRICT", "PAP:RED"));
	assert_int_equal(
	    label(w, w->author, "TLP:GREEN", "PAP:RED", " "), ERR_DENIED);
	assert_int_equal(
	    label(w, w->author, "TLP:RED", "PAP:GREEN", ""), ERR_DENIED);
	assert_int_equal(label(w, w->sender, "TLP:AMBER", "", ""), ERR_DENIED);
	assert_int_equal(
	    label(w, w->stranger, "TLP:RED", "", ""), ERR_NOT_FOUND);
	assert_int_equal(label(w, w->author, "amber red", "", ""), ERR_FORMAT);
	assert_true(all_are(w, "TLP:AMBER+STRICT", "PAP:RED"));
	assert_int_equal(label(w, w->sender, "TLP:RED", "", ""), ERR_OK);
	assert_true(all_are(w, "TLP:RED", "PAP:RED"));
	assert_int_equal(label(w, w->author, "TLP:AMBER", "PAP:AMBER",
			     "the CISO by phone, 2026-11-01"),
	    ERR_OK);
	assert_true(all_are(w, "TLP:AMBER", "PAP:AMBER"));
	assert_int_equal(
	    sql_int(w->rig, "SELECT count(*) FROM label_change WHERE "
			    "permission <> '' AND tlp_from = 'TLP:RED'"),
	    1);
}

/* What is there from an offset on, as hexadecimal digits. */
static char *
look(struct world *w, int64_t offset, int64_t length)
{
	struct answer *a = ask_ok(w->rig, CALL_ARTEFACT_BYTES,
	    ARGS(val_text(w->artefact), val_int(offset), val_int(length)));
	size_t len;

	return read_all(take_fd(a->fd), &len);
}

static void
test_bytes(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	for (int i = 0; i < 3; i++) {
		auto_free char *text = look(w, 5, 3);

		assert_string_equal(
		    text, "{\"hex\":\"627974\",\"offset\":5,\"total\":10}");
	}
	/* Once within an hour, for custody and for whose it is. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event "
				      "WHERE event = 'viewed'"),
	    1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM access_event "
				      "WHERE event = 'viewed'"),
	    1);
	sql_run(rig, "UPDATE access_event SET at = at - 3600000001");
	free(look(w, 100, 10));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM access_event "
				      "WHERE event = 'viewed'"),
	    2);
	ask_err(rig, ERR_FORMAT, CALL_ARTEFACT_BYTES,
	    ARGS(val_text(w->artefact), val_int(-1), val_int(1)));
	ask_err(rig, ERR_FORMAT, CALL_ARTEFACT_BYTES,
	    ARGS(val_text(w->artefact), val_int(0), val_int(65537)));
	/* More than one answer of the vault. */
	free(rig->vault.blobs[0].bytes);
	rig->vault.blobs[0].bytes = xcalloc(1, 70000);
	rig->vault.blobs[0].len = 70000;
	sql_run(rig, "UPDATE artefact SET size = 70000");
	{
		auto_free char *text = look(w, 1, 65536);

		assert_int_equal(strlen(text),
		    2 * 65536 + strlen("{\"hex\":\"\",\"offset\":1,"
				       "\"total\":70000}"));
	}
}

static void
test_download(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct answer *a;

	ask_err(rig, ERR_FORMAT, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(w->artefact), val_text(" ")));
	a = ask_ok(rig, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(w->artefact), val_text("to compare \"it\"")));
	(void)close(take_fd(a->fd));
	assert_non_null(strstr(col_text(rig, 0, "manifest"),
	    "\"reason\":\"to compare \\\"it\\\"\""));
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM custody_event WHERE event "
			 "= 'downloaded' AND detail ->> '$.purpose' LIKE "
			 "'to compare%'"),
	    1);
	/* Whose it is reads of it: by what role, what for; not by whom. */
	rig->principal = w->sender;
	a = ask_ok(rig, CALL_ACCESS_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "event"), "downloaded");
	assert_string_equal(col_text(rig, 0, "role"), "analyst");
	assert_string_equal(col_text(rig, 0, "org_name"), "CSIRT");
	assert_string_equal(col_text(rig, 0, "purpose"), "to compare \"it\"");
	assert_true(col_is_null(rig, 0, "actor_name"));
	ask_err(rig, ERR_DENIED, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(w->artefact), val_text("mine")));
	rig->principal = w->author;
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_four_eyes),
	    TEST(test_submitter_is_not_the_approver),
	    TEST(test_edits),
	    TEST(test_postmortem_is_whole),
	    TEST(test_verdicts_first),
	    TEST(test_supersede_and_recall),
	    TEST(test_labels_rose_meanwhile),
	    TEST(test_strangers),
	    TEST(test_who_saw_it),
	    TEST(test_versions_are_rendered_once),
	    TEST(test_results_stay_inside),
	    TEST(test_labels),
	    TEST(test_bytes),
	    TEST(test_download),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
