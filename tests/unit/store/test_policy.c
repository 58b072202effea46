/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy.c - policies, entitlement, exceptions, the operating mode. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/outbox.h"
#include "store/policy.h"

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

#define STAFF                                                       \
 "submit analyse read_all_orgs claim manage_policy approve_policy " \
 "activate_crisis approve_crisis"

/* A second person of the CSIRT. */
static uint64_t
another_person(struct rig *rig, const char *capabilities)
{
	char id[UUID_BYTES];

	return rig_colleague(rig, capabilities, capabilities, id);
}

static char *
document(struct rig *rig, int64_t version)
{
	(void)ask_ok(rig, CALL_POLICY_GET, ARGS(val_int(version)));
	return xstrdup(col_text(rig, 0, "document"));
}

/* The document with one piece of its text replaced; the caller frees. */
static char *
changed(const char *text, const char *old, const char *new)
{
	const char *p = strstr(text, old);

	assert_non_null(p);
	return xasprintf(
	    "%.*s%s%s", (int)(p - text), text, new, p + strlen(old));
}

static void
test_charter_is_the_first(void **state)
{
	struct rig *rig = *state;
	const struct policy *p = rig->store->policy;

	assert_int_equal(p->version, 1);
	assert_true(policy_allows(p, "C1", "artefact_analysis"));
	assert_true(policy_allows(p, "C2", "artefact_analysis"));
	assert_false(policy_allows(p, "C3", "artefact_analysis"));
	assert_false(policy_allows(p, "C4", "artefact_analysis"));
	assert_false(policy_allows(p, "C5", "artefact_analysis"));
	assert_false(policy_allows(p, "C1b", "artefact_analysis"));
	assert_true(policy_allows(p, "CSIRT", "artefact_analysis"));
	assert_true(policy_allows(p, "C3", "incident_analysis"));
	assert_string_equal(
	    policy_clock(p, "C3", "incident_analysis"), "office");
	assert_string_equal(policy_clock(p, "C1", "artefact_analysis"), "24x7");
	assert_string_equal(policy_clock(p, "C5", "warnings"), "none");
	assert_int_equal(policy_rank(p, "C2"), 1);
	assert_int_equal(policy_rank(p, "C5"), 4);
	/* Never changed, not even by this program. */
	rig_stop(rig);
	rig_start(rig);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM policy WHERE state = 'active'"),
	    1);
}

static void
test_two_people_change_it(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = document(rig, 1);
	auto_free char *new = changed(text, "\"C5\": 4", "\"C5\": 5");
	auto_free char *bad = changed(text, "\"C5\": 4", "\"C5\": 0");

	rig->principal = another_person(rig, STAFF);
	ask_err(rig, ERR_FORMAT, CALL_POLICY_CREATE,
	    ARGS(val_text(bad), val_text(""), val_null()));
	(void)ask_ok(rig, CALL_POLICY_CREATE,
	    ARGS(val_text(new), val_text("five"), val_null()));
	assert_int_equal(col_int(rig, 0, "version"), 2);
	ask_err(rig, ERR_DENIED, CALL_POLICY_APPROVE, ARGS(val_int(2)));
	(void)ask_ok(rig, CALL_POLICY_DIFF, ARGS(val_int(2), val_int(0)));
	assert_int_equal(rig->answer.rows_count, 1);
	assert_string_equal(col_text(rig, 0, "path"), "ranks.C5");
	rig->principal = another_person(rig, "approve_policy read_all_orgs");
	(void)ask_ok(rig, CALL_POLICY_APPROVE, ARGS(val_int(2)));
	assert_string_equal(col_text(rig, 0, "state"), "active");
	assert_int_equal(rig->store->policy->version, 2);
	assert_int_equal(policy_rank(rig->store->policy, "C5"), 5);
	ask_err(rig, ERR_CONFLICT, CALL_POLICY_APPROVE, ARGS(val_int(2)));
	ask_err(rig, ERR_NOT_FOUND, CALL_POLICY_APPROVE, ARGS(val_int(9)));
}

static void
test_a_day_to_come(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = document(rig, 1);
	int64_t later = loop_wall_us() + INT64_C(3600000000);

	rig->store->is_single_review = true;
	(void)ask_ok(rig, CALL_POLICY_CREATE,
	    ARGS(val_text(text), val_text("a"), val_int(later)));
	(void)ask_ok(rig, CALL_POLICY_APPROVE, ARGS(val_int(2)));
	assert_string_equal(col_text(rig, 0, "state"), "approved");
	assert_int_equal(col_int(rig, 0, "is_single_person"), 1);
	assert_int_equal(rig->store->policy->version, 1);
	sql_run(rig, "UPDATE policy SET effective_from = 1 WHERE version = 2");
	policies_tick(rig->store);
	tx_commit(rig->store);
	assert_int_equal(rig->store->policy->version, 2);
	/* What was made from the first one is stale now. */
	(void)ask_ok(rig, CALL_POLICY_CREATE,
	    ARGS(val_text(text), val_text("b"), val_null()));
	sql_run(rig, "UPDATE policy SET parent = 1 WHERE version = 3");
	ask_err(rig, ERR_STALE, CALL_POLICY_APPROVE, ARGS(val_int(3)));
	(void)ask_ok(rig, CALL_POLICY_REJECT, ARGS(val_int(3), val_text("no")));
	ask_err(rig, ERR_CONFLICT, CALL_POLICY_APPROVE, ARGS(val_int(3)));
}

static void
ask_case(struct rig *rig, enum err err)
{
	struct answer *a = ask(rig, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("x"), val_text(""), val_text(""),
		val_text("")));

	assert_int_equal(a->err, err);
}

static void
test_not_entitled(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES];
	int64_t numbers = sql_int(rig, "SELECT count(*) FROM report_number");

	rig->principal = rig_other_org(rig, "Town", "C3", "submit", org);
	ask_case(rig, ERR_DENIED);
	assert_non_null(strstr(rig->answer.why, "not-entitled"));
	assert_non_null(strstr(rig->answer.why, "\"number\":\"BE-"));
	assert_non_null(strstr(rig->answer.why, "incident_analysis"));
	assert_null(strstr(rig->answer.why, "\"artefact_analysis\""));
	/* A number, kept, and nothing else. */
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM report_number"), numbers + 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM report_number "
				      "WHERE refused_reason = 'not_entitled' "
				      "AND policy_version = 1"),
	    1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM case_file"), 0);
}

static void
test_exception_takes_two(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], id[UUID_BYTES], case_id[UUID_BYTES];
	char number[32], submission[UUID_BYTES];
	uint64_t town = rig_other_org(rig, "Town", "C3", "submit", org);

	rig->principal = another_person(rig, "claim read_all_orgs");
	ask_err(rig, ERR_FORMAT, CALL_EXCEPTION_CREATE,
	    ARGS(val_text(org), val_text(""), val_text("")));
	(void)ask_ok(rig, CALL_EXCEPTION_CREATE,
	    ARGS(val_text(org), val_text(""), val_text("incident analysis")));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	ask_err(rig, ERR_DENIED, CALL_EXCEPTION_APPROVE, ARGS(val_text(id)));
	rig->principal = another_person(rig, "claim read_all_orgs submit");
	(void)ask_ok(rig, CALL_EXCEPTION_APPROVE, ARGS(val_text(id)));
	ask_err(rig, ERR_CONFLICT, CALL_EXCEPTION_APPROVE, ARGS(val_text(id)));
	rig->principal = town;
	make_case(rig, case_id, number);
	make_submission(rig, case_id, submission);
	/* One case, not two. */
	ask_case(rig, ERR_DENIED);
	/* Until its time is over. */
	sql_run(rig, "UPDATE policy_exception SET expires_at = 1");
	assert_int_equal(ask(rig, CALL_UPLOAD_CREATE,
			     ARGS(val_text(submission), val_bytes("x", 1),
				 val_text("file"), val_int(-1), val_null()))
			     ->err,
	    ERR_DENIED);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM upload"), 0);
}

static void
test_due_times_at_intake(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], case_id[UUID_BYTES], number[32];

	rig->principal = rig_other_org(rig, "Power", "C1", "submit", org);
	make_case(rig, case_id, number);
	assert_int_equal(
	    sql_int(rig, "SELECT due_ack_at - created_at FROM case_file"),
	    INT64_C(300000000));
	/* Around the clock: four hours (severity high) are four hours. */
	assert_int_equal(
	    sql_int(rig, "SELECT due_triage_at - created_at FROM case_file"),
	    INT64_C(4) * 3600 * 1000000);
	assert_int_equal(
	    sql_int(rig, "SELECT policy_version FROM case_file"), 1);
}

/* --- the operating mode --- */

static void
propose(struct rig *rig, const char *word, bool is_exercise, const char *cases,
    const char *classes)
{
	(void)ask_ok(rig, CALL_MODE_PROPOSE,
	    ARGS(val_text(word), val_int(is_exercise), val_text("why"),
		val_text("plan 7"), val_text(cases), val_text(classes),
		val_text("[\"partners\"]")));
}

static void
enter(struct rig *rig, const char *word, bool is_exercise, const char *cases,
    const char *classes)
{
	rig->store->is_single_review = true;
	propose(rig, word, is_exercise, cases, classes);
	(void)ask_ok(rig, CALL_MODE_APPROVE, NULL, 0);
}

static void
test_mode_takes_two(void **state)
{
	struct rig *rig = *state;

	ask_err(rig, ERR_CONFLICT, CALL_MODE_APPROVE, NULL, 0);
	propose(rig, "national_crisis", false, "[]", "[]");
	ask_err(rig, ERR_CONFLICT, CALL_MODE_PROPOSE,
	    ARGS(val_text("national_incident"), val_int(0), val_text("why"),
		val_text(""), val_text("[]"), val_text("[]"), val_text("[]")));
	ask_err(rig, ERR_DENIED, CALL_MODE_APPROVE, NULL, 0);
	assert_false(rig->store->mode.is_on);
	rig->principal = another_person(rig, "approve_crisis");
	(void)ask_ok(rig, CALL_MODE_APPROVE, NULL, 0);
	assert_true(rig->store->mode.is_on);
	/* It outlives the program. */
	rig_stop(rig);
	rig_start(rig);
	assert_string_equal(rig->store->mode.word, "national_crisis");
	assert_true(mode_allows_outbound(rig->store, "partners"));
	assert_false(mode_allows_outbound(rig->store, "others"));
}

static void
test_mode_words(void **state)
{
	static const char *const bad[][3] = {{"chaos", "[]", "[]"},
	    {"national_crisis", "[\"BE-2026\"]", "[]"},
	    {"national_crisis", "[]", "[\"C9\"]"},
	    {"national_crisis", "[]", "[1]"}, {"national_crisis", "{}", "[]"}};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ask_err(rig, ERR_FORMAT, CALL_MODE_PROPOSE,
		    ARGS(val_text(bad[i][0]), val_int(0), val_text("why"),
			val_text(""), val_text(bad[i][1]), val_text(bad[i][2]),
			val_text("[]")));
	ask_err(rig, ERR_CONFLICT, CALL_MODE_PROPOSE,
	    ARGS(val_text("normal"), val_int(0), val_text("why"), val_text(""),
		val_text("[]"), val_text("[]"), val_text("[]")));
}

/* Designated cases, and what waits for them, are first; and not afterwards. */
static void
test_effect_designated_cases(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], number[32], submission[UUID_BYTES];
	char artefact[UUID_BYTES];
	auto_free char *list = NULL;

	make_case(rig, case_id, number);
	make_submission(rig, case_id, submission);
	upload(rig, submission, "a", artefact);
	list = xasprintf("[\"%s\"]", number);
	enter(rig, "national_crisis", false, list, "[]");
	assert_int_equal(sql_int(rig, "SELECT crisis_tier FROM case_file"), 0);
	assert_int_equal(sql_int(rig, "SELECT max(tier) FROM job"), 0);
	upload(rig, submission, "b", artefact);
	assert_int_equal(sql_int(rig, "SELECT max(tier) FROM job"), 0);
	enter(rig, "normal", false, "[]", "[]");
	assert_int_equal(sql_int(rig, "SELECT crisis_tier FROM case_file"), 1);
	assert_int_equal(sql_int(rig, "SELECT min(tier) FROM job"), 1);
}

static void
test_effect_rank_waits(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], case_id[UUID_BYTES], artefact[UUID_BYTES];
	uint64_t admin = rig->principal;

	rig->principal = rig_other_org(rig, "Low", "C2", "submit", org);
	sql_run(rig, "UPDATE organisation SET rank = 3 WHERE name = 'Low'");
	make_artefact(rig, "low", case_id, artefact);
	rig->principal = admin;
	make_artefact(rig, "high", case_id, artefact);
	/* The scheduler has asked for both kinds. */
	(void)ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w"), val_text("none,yara,identify"), val_int(1),
		val_int(0), val_int(-1)));
	rig->principal = rig_session_of_admin(rig);
	enter(rig, "national_incident", false, "[]", "[]");
	/* One more of the first rank waits (of the other kind), so nothing
	 * of the third is started, whatever is asked for. */
	for (int i = 0; i < 3; i++)
		(void)ask_ok(rig, CALL_JOB_LEASE,
		    ARGS(val_text("w"), val_text("yara"), val_int(10),
			val_int(0), val_int(-1)));
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM job WHERE rank = 3 AND "
			 "state <> 'queued'"),
	    sql_int(rig, "SELECT CASE WHEN (SELECT count(*) FROM job WHERE "
			 "rank = 1 AND state = 'queued') > 0 THEN 0 ELSE "
			 "(SELECT count(*) FROM job WHERE rank = 3 AND kind = "
			 "'yara') END"));
	/* Nothing is held back for good. */
	(void)drain_jobs(rig, "yara,identify");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job WHERE kind IN "
				      "('yara', 'identify') AND state = "
				      "'queued'"),
	    0);
}

static void
test_effect_clock(void **state)
{
	struct rig *rig = *state;
	const struct policy_case office = {"C3", "low",
	    /* A Saturday. */ INT64_C(1795255200) * 1000000, false};
	struct policy_case now = office;

	assert_false(mode_is_24x7(rig->store, "C3"));
	enter(rig, "national_crisis", false, "[]", "[\"C3\"]");
	assert_true(mode_is_24x7(rig->store, "C3"));
	assert_false(mode_is_24x7(rig->store, "C4"));
	now.is_24x7 = true;
	assert_true(policy_due(rig->store->policy, &now, "triage") <
		    policy_due(rig->store->policy, &office, "triage"));
}

static void
test_effect_quota(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], case_id[UUID_BYTES], number[32];
	char submission[UUID_BYTES];
	struct answer *a;
	uint64_t power;

	power = rig_other_org(rig, "Power", "C1", "submit", org);
	sql_run(rig, "UPDATE organisation SET quota_bytes = 1 "
		     "WHERE name = 'Power'");
	rig->principal = power;
	make_case(rig, case_id, number);
	make_submission(rig, case_id, submission);
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("file"),
		val_int(5), val_null()));
	rig->principal = rig_session_of_admin(rig);
	enter(rig, "national_crisis", false, "[]", "[]");
	rig->principal = power;
	a = ask_ok(rig, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("file"),
		val_int(5), val_null()));
	(void)close(take_fd(a->fd));
}

static void
test_effect_mails(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], number[32];

	(void)ask_ok(
	    rig, CALL_ACCOUNT_SELF, ARGS(val_null(), val_text("a@b.be")));
	enter(rig, "national_crisis", false, "[]", "[]");
	make_case(rig, case_id, number);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM outbox WHERE kind = 'ack' AND "
			 "mode = 'national_crisis' AND state = 'queued'"),
	    1);
	assert_int_equal(tx_begin(rig->store, ROLE_SCHED), ERR_OK);
	assert_int_equal(
	    outbox_case(rig->store, OUTBOX_LATE_DETECTION, case_id), ERR_OK);
	assert_int_equal(
	    outbox_case(rig->store, OUTBOX_LATE_DETECTION, case_id), ERR_OK);
	tx_end(rig->store, true);
	tx_commit(rig->store);
	/* Once, and held back until the mode is left. */
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM outbox WHERE state = 'held'"),
	    1);
	enter(rig, "normal", false, "[]", "[]");
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM outbox WHERE state = 'held'"),
	    0);
}

static void
test_effect_rescans(void **state)
{
	struct rig *rig = *state;

	sql_run(rig, "INSERT INTO rule_version (seq, state, comment, author, "
		     "created_at) SELECT 1, 'active', '', id, 1 FROM account");
	sql_run(rig, "INSERT INTO rescan (kind, state, version_to, scope, "
		     "created_at) VALUES ('activation', 'running', 1, 5, 1)");
	enter(rig, "national_crisis", false, "[]", "[]");
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM rescan WHERE state = 'paused'"),
	    1);
	/* One that is planned meanwhile waits, too. */
	sql_run(rig, "INSERT INTO rescan (kind, state, version_to, scope, "
		     "created_at) VALUES ('hunt', 'queued', 1, 5, 1)");
	(void)ask_ok(rig, CALL_RESCAN_LEASE, NULL, 0);
	assert_int_equal(rig->answer.rows_count, 0);
	enter(rig, "normal", false, "[]", "[]");
	(void)ask_ok(rig, CALL_RESCAN_LEASE, NULL, 0);
	assert_int_equal(rig->answer.rows_count, 1);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM rescan WHERE state = 'queued'"),
	    2);
}

static void
test_effect_log_and_exercise(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], number[32];

	make_case(rig, case_id, number);
	enter(rig, "national_incident", true, "[]", "[]");
	make_case(rig, case_id, number);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_file WHERE exercise = 1"),
	    1);
	assert_false(mode_allows_outbound(rig->store, "partners"));
	enter(rig, "normal", false, "[]", "[]");
	make_case(rig, case_id, number);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_file WHERE exercise = 1"),
	    1);
	(void)ask_ok(
	    rig, CALL_MODE_LOG, ARGS(val_int(0), val_int(0), val_text("")));
	/* Entered, a case, leaving proposed, left. */
	assert_int_equal(rig->answer.rows_count, 4);
	assert_string_equal(col_text(rig, 0, "action"), "mode.entered");
	assert_string_equal(col_text(rig, 1, "action"), "case.opened");
	assert_string_equal(col_text(rig, 3, "action"), "mode.left");
}

/* Others learn that it is so, and no more. */
static void
test_mode_for_operators(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES];
	uint64_t power;

	enter(rig, "national_crisis", false, "[]", "[]");
	power = rig_other_org(rig, "Power", "C1", "submit audit_read", org);
	rig->principal = power;
	(void)ask_ok(rig, CALL_MODE_GET, NULL, 0);
	assert_string_equal(col_text(rig, 0, "mode"), "national_crisis");
	assert_true(col_is_null(rig, 0, "reason"));
	assert_true(col_is_null(rig, 0, "entered_by"));
	ask_err(rig, ERR_DENIED, CALL_MODE_LOG,
	    ARGS(val_int(0), val_int(0), val_text("")));
}

static void
test_addresses(void **state)
{
	static const char *const good[] = {"a@b", "first.last+tag@example.be"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a@b c", "a b@c",
	    "a@b\r\nBcc: c@d", "a@b>", "\"a b\"@c", "a..b@c", ".a@b", "a.@b",
	    "a@-b", "a@.b", "a@b.", "a@b@c", "é@b", "a@b\x01"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(outbox_address_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(outbox_address_is_valid(bad[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_charter_is_the_first),
	    TEST(test_two_people_change_it),
	    TEST(test_a_day_to_come),
	    TEST(test_not_entitled),
	    TEST(test_exception_takes_two),
	    TEST(test_due_times_at_intake),
	    TEST(test_mode_takes_two),
	    TEST(test_mode_words),
	    TEST(test_effect_designated_cases),
	    TEST(test_effect_rank_waits),
	    TEST(test_effect_clock),
	    TEST(test_effect_quota),
	    TEST(test_effect_mails),
	    TEST(test_effect_rescans),
	    TEST(test_effect_log_and_exercise),
	    TEST(test_mode_for_operators),
	    cmocka_unit_test(test_addresses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
