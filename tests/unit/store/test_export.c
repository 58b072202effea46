/* SPDX-License-Identifier: Apache-2.0 */
/* test_export.c - what leaves for others: the source's word, two persons, and
 * what holds until the end. */
#include "fake.h"

#include "lib/xalloc.h"
#include "store/export.h"

#include <string.h>

#define TEXTS "{\"summary\":\"jan@aqua.example, 85.07.30-033.28\"}"

struct world {
	struct rig *rig;
	uint64_t author;   /* of the CSIRT, may share */
	uint64_t reviewer; /* of the CSIRT, too; approves */
	uint64_t sender;   /* whose case it is */
	uint64_t stranger; /* of another organisation */
	char case_id[UUID_BYTES];
	char report[UUID_BYTES];
	char recipient[UUID_BYTES];
	char id[UUID_BYTES]; /* the export */
};

static void
keep(char *dst, struct rig *rig, const char *column)
{
	(void)snprintf(dst, UUID_BYTES, "%s", col_text(rig, 0, column));
}

/* Renders what waits: reports from the case, exports from a report's file. */
static void
render(struct rig *rig)
{
	char job[UUID_BYTES], artefact[UUID_BYTES];
	int64_t attempt;

	while (sql_int(rig, "SELECT count(*) FROM job WHERE kind = 'report' "
			    "AND state = 'queued'") > 0) {
		bool is_export;

		lease(rig, "report", job, &attempt);
		is_export =
		    sql_int(rig, "SELECT count(*) FROM job WHERE "
				 "state = 'running' AND artefact_id IS NOT "
				 "NULL AND kind = 'report'") > 0;
		make_child(rig, job, attempt, is_export ? "out" : "{}",
		    is_export ? "export" : "report_json", artefact);
		make_child(rig, job, attempt, is_export ? "left" : "page",
		    is_export ? "export_removed" : "report_html", artefact);
		assert_int_equal(
		    done(rig, job, attempt, "done", "")->err, ERR_OK);
	}
}

static enum err
act(struct world *w, uint64_t who, enum call_op op, const struct value *args,
    size_t count)
{
	uint64_t before = w->rig->principal;
	struct answer *a;

	w->rig->principal = who;
	a = ask(w->rig, op, args, count);
	w->rig->principal = before;
	return a->err;
}

#define ID(w)		ARGS(val_text((w)->id))
#define ID_AND(w, text) ARGS(val_text((w)->id), val_text(text))

static void
issue_report(struct world *w)
{
	struct rig *rig = w->rig;

	(void)ask_ok(rig, CALL_REPORT_CREATE,
	    ARGS(val_text(w->case_id), val_text("analysis"), val_text("nl"),
		val_text(TEXTS)));
	keep(w->report, rig, "id");
	render(rig);
	(void)ask_ok(rig, CALL_REPORT_SUBMIT, ARGS(val_text(w->report)));
	render(rig);
	assert_int_equal(act(w, w->reviewer, CALL_REPORT_APPROVE,
			     ARGS(val_text(w->report), val_text("fine"))),
	    ERR_OK);
	(void)ask_ok(rig, CALL_REPORT_ISSUE, ARGS(val_text(w->report)));
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct rig *rig = rig_new();
	char org[UUID_BYTES], artefact[UUID_BYTES];

	w->rig = rig;
	w->author = rig->principal;
	w->sender = rig_other_org(rig, "Water", "C1", "submit withdraw", org);
	rig->principal = w->author;
	w->stranger = rig_other_org(rig, "Power", "C1", "submit", org);
	rig->principal = w->author;
	w->reviewer = rig_colleague(
	    rig, "Second", "approve_report analyse read_all_orgs", org);
	rig->principal = w->sender;
	make_artefact(rig, "some bytes", w->case_id, artefact);
	(void)drain_jobs(rig, "identify,yara");
	rig->principal = w->author;
	issue_report(w);
	(void)ask_ok(rig, CALL_RECIPIENT_LIST, ARGS(val_int(0), val_text("")));
	keep(w->recipient, rig, "id");
	sql_run(rig, "UPDATE recipient SET is_active = 1");
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

/* A preview of it, rendered. */
static void
preview(struct world *w, const char *ceiling)
{
	(void)ask_ok(w->rig, CALL_EXPORT_CREATE,
	    ARGS(val_text(w->report), val_text(w->recipient), val_text("stix"),
		val_text(ceiling), val_text("to warn")));
	keep(w->id, w->rig, "id");
	render(w->rig);
}

static void
check_state(struct world *w, const char *wanted)
{
	(void)ask_ok(w->rig, CALL_DISCLOSURE_GET, ID(w));
	assert_string_equal(col_text(w->rig, 0, "state"), wanted);
}

static void
test_no_answer_is_no(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	preview(w, "TLP:AMBER");
	/* Not theirs to know before they are asked. */
	assert_int_equal(
	    act(w, w->sender, CALL_DISCLOSURE_GET, ID(w)), ERR_NOT_FOUND);
	assert_int_equal(act(w, w->author, CALL_EXPORT_SUBMIT,
			     ARGS(val_text(w->id), val_int(31))),
	    ERR_FORMAT);
	assert_int_equal(act(w, w->author, CALL_EXPORT_SUBMIT,
			     ARGS(val_text(w->id), val_int(3))),
	    ERR_OK);
	check_state(w, "consent_pending");
	assert_int_equal(act(w, w->sender, CALL_DISCLOSURE_GET, ID(w)), ERR_OK);
	assert_true(col_is_null(rig, 0, "requested_by_name"));
	assert_int_equal(
	    act(w, w->stranger, CALL_DISCLOSURE_GET, ID(w)), ERR_NOT_FOUND);
	export_tick(rig->store);
	check_state(w, "consent_pending");
	sql_run(rig, "UPDATE disclosure SET consent_due_at = 1 "
		     "WHERE consent_due_at IS NOT NULL");
	/* Said before it is written down, too. */
	check_state(w, "denied");
	assert_int_equal(
	    act(w, w->sender, CALL_EXPORT_CONSENT,
		ARGS(val_text(w->id), val_text("yes"), val_text(""))),
	    ERR_CONFLICT);
	export_tick(rig->store);
	rig_turn(rig, 3);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM disclosure WHERE "
			 "state = 'denied' AND consent = 'timeout'"),
	    1);
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_APPROVE, ID(w)), ERR_CONFLICT);
}

static void
test_only_the_source_agrees(void **state)
{
	struct world *w = *state;
	struct value yes[] = {val_null(), val_text("yes"), val_text("")};
	struct value maybe[] = {val_null(), val_text("maybe"), val_text("")};

	preview(w, "TLP:AMBER");
	yes[0] = val_text(w->id);
	maybe[0] = yes[0];
	assert_int_equal(act(w, w->author, CALL_EXPORT_SUBMIT,
			     ARGS(val_text(w->id), val_int(0))),
	    ERR_OK);
	assert_int_equal(
	    act(w, w->author, CALL_EXPORT_CONSENT, yes, 3), ERR_DENIED);
	assert_int_equal(
	    act(w, w->stranger, CALL_EXPORT_CONSENT, yes, 3), ERR_NOT_FOUND);
	assert_int_equal(
	    act(w, w->sender, CALL_EXPORT_CONSENT, maybe, 3), ERR_FORMAT);
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_APPROVE, ID(w)), ERR_CONFLICT);
	assert_int_equal(
	    act(w, w->sender, CALL_EXPORT_CONSENT, yes, 3), ERR_OK);
	check_state(w, "requested");
	assert_int_equal(
	    act(w, w->sender, CALL_EXPORT_CONSENT, yes, 3), ERR_CONFLICT);
}

static void
test_two_persons(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	int64_t version;

	preview(w, "");
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_APPROVE, ID(w)), ERR_CONFLICT);
	assert_int_equal(act(w, w->author, CALL_EXPORT_SUBMIT,
			     ARGS(val_text(w->id), val_int(0))),
	    ERR_OK);
	/* Free to go there: nobody is asked. */
	check_state(w, "requested");
	assert_int_equal(
	    act(w, w->author, CALL_EXPORT_APPROVE, ID(w)), ERR_DENIED);
	/* Not before somebody looked for personal data. */
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_APPROVE, ID(w)), ERR_CONFLICT);
	(void)ask_ok(rig, CALL_PII_LIST, ARGS(val_text(w->report)));
	assert_string_equal(col_text(rig, 0, "type"), "mail");
	assert_int_equal(col_int(rig, 0, "length"), 16);
	assert_string_equal(col_text(rig, 1, "type"), "national");
	(void)ask_ok(rig, CALL_REPORT_GET, ARGS(val_text(w->report)));
	version = col_int(rig, 0, "version");
	ask_err(rig, ERR_STALE, CALL_PII_REVIEW,
	    ARGS(val_text(w->report), val_int(version - 1)));
	(void)ask_ok(
	    rig, CALL_PII_REVIEW, ARGS(val_text(w->report), val_int(version)));
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_APPROVE, ID(w)), ERR_OK);
	/* Who only approves does not give. */
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_SEND, ID(w)), ERR_DENIED);
	assert_int_equal(act(w, w->author, CALL_EXPORT_SEND, ID(w)), ERR_OK);
	assert_int_equal(act(w, w->sender, CALL_DISCLOSURE_GET, ID(w)), ERR_OK);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM access_event "
			 "WHERE event = 'disclosed' AND purpose LIKE '%: to "
			 "warn'"),
	    1);
}

/* What changed between asking and giving counts. */
static void
test_until_the_end(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	preview(w, "");
	(void)ask_ok(
	    rig, CALL_EXPORT_SUBMIT, ARGS(val_text(w->id), val_int(0)));
	sql_run(rig, "UPDATE report SET pii_version = version");
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_APPROVE, ID(w)), ERR_OK);
	sql_run(rig, "UPDATE recipient SET is_active = 0");
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_SEND, ID(w));
	sql_run(rig, "UPDATE recipient SET is_active = 1, agreement_until = 1");
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_SEND, ID(w));
	sql_run(rig, "UPDATE recipient SET agreement_until = NULL, "
		     "tlp_max = 'TLP:CLEAR'");
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_SEND, ID(w));
	sql_run(rig, "UPDATE recipient SET tlp_max = 'TLP:AMBER'");
	sql_run(rig, "UPDATE case_file SET tlp = 'TLP:RED'");
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_SEND, ID(w));
	sql_run(rig, "UPDATE case_file SET tlp = 'TLP:AMBER+STRICT'");
	(void)ask_ok(rig, CALL_REPORT_RECALL,
	    ARGS(val_text(w->report), val_text("wrong")));
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_SEND, ID(w));
	check_state(w, "recalled");
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_OPEN, ID_AND(w, "file"));
}

static void
test_orders(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	const struct value to = val_text(w->recipient);
	const struct value report = val_text(w->report);
	const struct value what = val_text("to warn");

	ask_err(rig, ERR_FORMAT, CALL_EXPORT_CREATE,
	    ARGS(report, to, val_text("pdf"), val_text(""), what));
	ask_err(rig, ERR_FORMAT, CALL_EXPORT_CREATE,
	    ARGS(report, to, val_text("csv"), val_text("PINK"), what));
	ask_err(rig, ERR_FORMAT, CALL_EXPORT_CREATE,
	    ARGS(report, to, val_text("csv"), val_text(""), val_text(" ")));
	/* Nothing stricter than TLP:AMBER goes there, whoever agrees. */
	ask_err(rig, ERR_CONFLICT, CALL_EXPORT_CREATE,
	    ARGS(report, to, val_text("csv"), val_text("TLP:RED"), what));
	ask_err(rig, ERR_NOT_FOUND, CALL_EXPORT_CREATE,
	    ARGS(report, val_text(w->report), val_text("csv"), val_text(""),
		what));
	assert_int_equal(
	    act(w, w->reviewer, CALL_EXPORT_CREATE,
		ARGS(report, to, val_text("csv"), val_text(""), what)),
	    ERR_DENIED);
	assert_int_equal(
	    act(w, w->sender, CALL_EXPORT_CREATE,
		ARGS(report, to, val_text("csv"), val_text(""), what)),
	    ERR_NOT_FOUND);
	/* Whom we exchange with is not for them to know. */
	assert_int_equal(act(w, w->sender, CALL_RECIPIENT_LIST,
			     ARGS(val_int(0), val_text(""))),
	    ERR_OK);
	assert_int_equal(rig->answer.rows_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_no_answer_is_no, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_only_the_source_agrees, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_two_persons, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_until_the_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_orders, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
