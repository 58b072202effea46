/* SPDX-License-Identifier: Apache-2.0 */
/* test_rescan.c - what activations plan, and what results do to findings. */
#include "fake.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#define HIT                                                       \
 "{\"unit\":%d,\"rule\":\"%s\",\"namespace\":\"n\",\"score\":60," \
 "\"strings\":[{\"id\":\"$a\",\"offset\":%d}],\"strings_total\":1}"

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
make_version(struct rig *rig, int seq)
{
	auto_free char *sql = xasprintf(
	    "INSERT INTO rule_version (seq, state, author, created_at) "
	    "SELECT %d, 'approved', id, 1 FROM account ORDER BY id LIMIT 1",
	    seq);

	sql_run(rig, sql);
}

/* meaning and text stand for what is digested. */
static void
make_rule(struct rig *rig, int seq, const char *name, char meaning, char text)
{
	static const char digest[] = "CAST(printf('%%.32c', '%c') AS BLOB)";
	auto_free char *closure = xasprintf(digest, meaning);
	auto_free char *body = xasprintf(digest, text);
	auto_free char *sql = xasprintf(
	    "INSERT OR IGNORE INTO rule_text (text_digest, unit) "
	    "VALUES (%s, CAST('rule %s { condition: true }' AS BLOB))",
	    body, name);
	auto_free char *rule = xasprintf(
	    "INSERT INTO version_rule (version, namespace, name, closure, "
	    "text_digest, state, score) VALUES (%d, 'n', '%s', %s, %s, "
	    "'active', 60)",
	    seq, name, closure, body);

	sql_run(rig, sql);
	sql_run(rig, rule);
}

static void
activate(struct rig *rig, int seq)
{
	(void)ask_ok(rig, CALL_RULES_ACTIVATE, ARGS(val_int(seq), val_int(-1)));
}

/* The re-scan that is to be done; 0 = none.  rules: how many it scans for. */
static int64_t
lease_rescan(struct rig *rig, int64_t *ret_rules)
{
	struct answer *a = ask_ok(rig, CALL_RESCAN_LEASE, NULL, 0);

	if (a->rows_count == 0)
		return 0;
	if (ret_rules != NULL)
		*ret_rules = col_int(rig, 0, "rules");
	return col_int(rig, 0, "id");
}

static struct answer *
send_result(struct rig *rig, int64_t id, int64_t checkpoint, bool is_last,
    const struct wire_out *records)
{
	return ask(rig, CALL_RESCAN_RESULT,
	    ARGS(val_int(id), val_int(checkpoint), val_int(1), val_int(1),
		val_int(1), val_int(10), val_int(is_last), val_text("e"),
		val_bytes(records == NULL ? NULL : records->buf,
		    records == NULL ? 0 : records->len)));
}

static void
put_hit(struct wire_out *out, int unit, const char *rule, int offset)
{
	auto_free char *json = xasprintf(HIT, unit, rule, offset);

	put_record(out, RECORD_MATCH, json);
}

static void
finish(struct rig *rig, int64_t id, int64_t scope, struct wire_out *records)
{
	assert_int_equal(
	    send_result(rig, id, scope, true, records)->err, ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "done");
	if (records != NULL)
		wire_out_release(records);
}

static int64_t
live(struct rig *rig, const char *rule)
{
	auto_free char *sql = xasprintf(
	    "SELECT count(*) FROM finding WHERE type = 'match' AND name = '%s' "
	    "AND withdrawn_by IS NULL",
	    rule);

	return sql_int(rig, sql);
}

/* A file that is analysed, with a match of rule "old" by the folders' rules. */
static void
make_analysed(struct rig *rig, char case_id[UUID_BYTES])
{
	char artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "bytes", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"old\",\"namespace\":\"n\",\"score\":80,"
	    "\"strings\":[],\"strings_total\":0}");
	(void)done(rig, job, attempt, "done", "");
	(void)drain_jobs(rig, "identify,report");
}

static void
test_new_and_lost(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	struct wire_out records;
	int64_t id, rules;

	make_analysed(rig, case_id);
	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	id = lease_rescan(rig, &rules);
	assert_int_equal(id, 1);
	assert_int_equal(rules, 1);
	wire_out_init(&records, 65536);
	put_hit(&records, 1, "fresh", 3);
	finish(rig, id, 1, &records);
	assert_int_equal(live(rig, "fresh"), 1);
	assert_int_equal(live(rig, "old"), 0);
	(void)ask_ok(rig, CALL_RESCAN_GET, ARGS(val_int(1)));
	assert_string_equal(col_text(rig, 0, "state"), "done");
	assert_int_equal(col_int(rig, 0, "new"), 1);
	assert_int_equal(col_int(rig, 0, "lost"), 1);
	assert_int_equal(sql_int(rig, "SELECT score FROM artefact"), 60);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM case_task"), 1);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM late_detection"), 1);
	assert_int_equal(
	    ask_ok(rig, CALL_FINDING_LIST,
		ARGS(val_text(case_id), val_text(""), val_text("match"),
		    val_int(0), val_text(""), val_int(1)))
		->rows_count,
	    2);
	assert_int_equal(lease_rescan(rig, NULL), 0);
	/* The outcome changed: there is a new report to be made. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job "
				      "WHERE kind = 'report' "
				      "AND state = 'queued'"),
	    1);
}

/* The same result twice, as after a death: nothing is there twice. */
static void
test_repeated(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	struct wire_out records;

	make_analysed(rig, case_id);
	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	wire_out_init(&records, 65536);
	put_hit(&records, 1, "fresh", 3);
	assert_int_equal(send_result(rig, 1, 0, false, &records)->err, ERR_OK);
	assert_int_equal(send_result(rig, 1, 0, false, &records)->err, ERR_OK);
	finish(rig, 1, 1, &records);
	assert_int_equal(live(rig, "fresh"), 1);
	assert_int_equal(sql_int(rig, "SELECT new FROM rescan"), 1);
	assert_string_equal(
	    (send_result(rig, 1, 1, true, NULL), col_text(rig, 0, "state")),
	    "done");
}

/* Elsewhere in the file, or not at all: changed, lost; else it stays. */
static void
test_changed(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	struct wire_out records;

	make_analysed(rig, case_id);
	for (int seq = 1; seq <= 4; seq++) {
		make_version(rig, seq);
		make_rule(rig, seq, "fresh", (char)('a' + seq), 'F');
		activate(rig, seq);
		wire_out_init(&records, 65536);
		if (seq < 4)
			put_hit(&records, 1, "fresh", seq < 3 ? 3 : 4);
		finish(rig, seq, 1, &records);
	}
	assert_int_equal(
	    sql_int(rig, "SELECT new FROM rescan WHERE id = 1"), 1);
	assert_int_equal(
	    sql_int(rig, "SELECT same FROM rescan WHERE id = 2"), 1);
	assert_int_equal(
	    sql_int(rig, "SELECT changed FROM rescan WHERE id = 3"), 1);
	assert_int_equal(
	    sql_int(rig, "SELECT lost FROM rescan WHERE id = 4"), 1);
	assert_int_equal(live(rig, "fresh"), 0);
}

static void
test_only_words_changed(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	struct wire_out records;

	make_analysed(rig, case_id);
	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	wire_out_init(&records, 65536);
	put_hit(&records, 1, "fresh", 3);
	finish(rig, 1, 1, &records);
	make_version(rig, 2);
	make_rule(rig, 2, "fresh", 'f', 'G');
	sql_run(rig, "UPDATE version_rule SET score = 95 WHERE version = 2");
	activate(rig, 2);
	assert_int_equal(lease_rescan(rig, NULL), 0);
	(void)ask_ok(rig, CALL_RESCAN_GET, ARGS(val_int(2)));
	assert_string_equal(col_text(rig, 0, "state"), "done");
	assert_int_equal(col_int(rig, 0, "scanned"), 0);
	assert_int_equal(sql_int(rig, "SELECT score FROM finding "
				      "WHERE name = 'fresh'"),
	    95);
	assert_int_equal(sql_int(rig, "SELECT score FROM artefact"), 95);
}

static size_t
leasable(struct rig *rig, int64_t rules_at)
{
	return ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w1"), val_text("yara"), val_int(1), val_int(0),
		val_int(rules_at)))
	    ->rows_count;
}

/* While the new rules are compiled the old ones are run: what they find is
 * seen at once, and is looked at again, once, when the new ones are there. */
static void
test_held_job(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	make_artefact(rig, "bytes", case_id, artefact);
	assert_int_equal(leasable(rig, 0), 1);
	(void)snprintf(job, sizeof(job), "%s", col_text(rig, 0, "job"));
	attempt = col_int(rig, 0, "attempt");
	assert_int_equal(col_int(rig, 0, "rules_at"), 0);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"old\",\"namespace\":\"n\",\"score\":80,"
	    "\"strings\":[],\"strings_total\":0}");
	(void)done(rig, job, attempt, "done", "");
	assert_string_equal(col_text(rig, 0, "state"), "queued");
	assert_int_equal(
	    ask_ok(rig, CALL_FINDING_LIST,
		ARGS(val_text(case_id), val_text(""), val_text("match"),
		    val_int(0), val_text(""), val_int(0)))
		->rows_count,
	    1);
	assert_int_equal(leasable(rig, 0), 0);
	assert_int_equal(leasable(rig, -1), 0);
	/* Rules that are older still say nothing about it. */
	(void)ask_ok(rig, CALL_RULESET_USED, ARGS(val_int(0)));
	assert_int_equal(leasable(rig, -1), 0);
	(void)ask_ok(rig, CALL_RULESET_USED, ARGS(val_int(1)));
	assert_int_equal(leasable(rig, 1), 1);
	assert_int_equal(col_int(rig, 0, "rules_at"), 1);
	attempt = col_int(rig, 0, "attempt");
	(void)done(rig, job, attempt, "done", "");
	assert_string_equal(col_text(rig, 0, "state"), "done");
	assert_int_equal(
	    ask_ok(rig, CALL_FINDING_LIST,
		ARGS(val_text(case_id), val_text(""), val_text("match"),
		    val_int(0), val_text(""), val_int(0)))
		->rows_count,
	    0);
	assert_int_equal(leasable(rig, 1), 0);
}

/* A job that ran older rules is done again, and is none of the re-scan's. */
static void
test_open_job(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	struct wire_out records;
	int64_t attempt;

	make_artefact(rig, "bytes", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	wire_out_init(&records, 65536);
	put_hit(&records, 1, "fresh", 3);
	finish(rig, 1, 1, &records);
	assert_int_equal(live(rig, "fresh"), 0);
	(void)ask_ok(rig, CALL_RULESET_USED, ARGS(val_int(1)));
	(void)done(rig, job, attempt, "done", "");
	assert_string_equal(col_text(rig, 0, "state"), "queued");
	assert_int_equal(sql_int(rig, "SELECT failures + losses FROM job "
				      "WHERE kind = 'yara'"),
	    0);
	lease(rig, "yara", job, &attempt);
	assert_int_equal(
	    sql_int(rig, "SELECT rules_at FROM job WHERE kind = 'yara'"), 1);
	(void)done(rig, job, attempt, "done", "");
	assert_string_equal(col_text(rig, 0, "state"), "done");
}

/* What one activation did not get done, the next one does. */
static void
test_taken_over(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	int64_t rules;

	make_analysed(rig, case_id);
	for (int seq = 1; seq <= 3; seq++) {
		make_version(rig, seq);
		make_rule(rig, seq, "one", 'o', 'O');
		if (seq > 1)
			make_rule(rig, seq, "two", 't', 'T');
		if (seq > 2)
			make_rule(rig, seq, "three", 'h', 'H');
	}
	activate(rig, 1);
	finish(rig, 1, 1, NULL);
	activate(rig, 2);
	activate(rig, 3);
	assert_int_equal(lease_rescan(rig, &rules), 3);
	assert_int_equal(rules, 2);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM rescan WHERE id = 2 "
			 "AND state = 'cancelled'"),
	    1);
	/* Also what was to be withdrawn. */
	finish(rig, 3, 1, NULL);
	assert_int_equal(live(rig, "old"), 0);
	activate(rig, 1);
	assert_int_equal(lease_rescan(rig, NULL), 0);
	assert_int_equal(sql_int(rig, "SELECT rules_withdraw FROM rescan "
				      "WHERE id = 4"),
	    2);
}

/* What cannot be told of stays as it is, and is named. */
static void
test_gap(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	struct wire_out records;
	int64_t rules;

	make_analysed(rig, case_id);
	for (int seq = 1; seq <= 2; seq++) {
		make_version(rig, seq);
		make_rule(rig, seq, "fresh", (char)('a' + seq), 'F');
		activate(rig, seq);
		wire_out_init(&records, 65536);
		if (seq == 1)
			put_hit(&records, 1, "fresh", 3);
		else
			put_record(&records, RECORD_ERROR,
			    "{\"unit\":1,\"what\":\"timeout\","
			    "\"text\":\"late\"}");
		finish(rig, seq, 1, &records);
	}
	assert_int_equal(live(rig, "fresh"), 1);
	assert_int_equal(ask_ok(rig, CALL_RESCAN_GAPS,
			     ARGS(val_int(2), val_int(0), val_text("")))
			     ->rows_count,
	    1);
	assert_string_equal(col_text(rig, 0, "reason"), "timeout");
	/* It is tried again by itself, once, and only there. */
	make_analysed(rig, case_id);
	sql_run(rig, "UPDATE job SET rules_at = NULL WHERE kind = 'yara'");
	assert_int_equal(lease_rescan(rig, &rules), 3);
	assert_int_equal(rules, 1);
	(void)ask_ok(rig, CALL_RESCAN_CONDITIONS, NULL, 0);
	assert_int_equal(col_int(rig, 0, "is_answer"), 1);
	finish(rig, 3, 1, NULL);
	assert_int_equal(live(rig, "fresh"), 0);
	assert_int_equal(live(rig, "old"), 1);
	assert_int_equal(lease_rescan(rig, NULL), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rescan_gap "
				      "WHERE state = 'retried'"),
	    1);
}

/* A preview changes nothing, and shows nobody what is not theirs. */
static void
test_preview(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], org[UUID_BYTES];
	struct wire_out records;

	make_analysed(rig, case_id);
	make_version(rig, 1);
	sql_run(rig, "UPDATE rule_version SET state = 'tested'");
	make_rule(rig, 1, "fresh", 'f', 'F');
	(void)ask_ok(
	    rig, CALL_RESCAN_CREATE, ARGS(val_text("preview"), val_int(1)));
	wire_out_init(&records, 65536);
	put_hit(&records, 1, "fresh", 3);
	finish(rig, 1, 1, &records);
	assert_int_equal(live(rig, "fresh"), 0);
	assert_int_equal(live(rig, "old"), 1);
	assert_int_equal(ask_ok(rig, CALL_RESCAN_CHANGES,
			     ARGS(val_int(1), val_int(0), val_text("")))
			     ->rows_count,
	    1);
	rig->principal = rig_other_org(rig, "Other", "C1", "analyse", org);
	ask_err(rig, ERR_NOT_FOUND, CALL_RESCAN_CHANGES,
	    ARGS(val_int(1), val_int(0), val_text("")));
	assert_int_equal(
	    ask_ok(rig, CALL_RESCAN_LIST, ARGS(val_int(0), val_text("")))
		->rows_count,
	    0);
}

/* A quarter is done after ten seconds: thirty are left. */
static void
test_time_left(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	for (int i = 0; i < 4; i++)
		make_artefact(rig, "bytes", case_id, artefact);
	(void)drain_jobs(rig, "identify,yara,report");
	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	assert_int_equal(lease_rescan(rig, NULL), 1);
	(void)ask_ok(rig, CALL_RESCAN_GET, ARGS(val_int(1)));
	assert_true(col_is_null(rig, 0, "seconds_left"));
	assert_int_equal(send_result(rig, 1, 1, false, NULL)->err, ERR_OK);
	sql_run(rig, "UPDATE rescan SET started_at = started_at - 10000000");
	(void)ask_ok(rig, CALL_RESCAN_GET, ARGS(val_int(1)));
	assert_int_equal(col_int(rig, 0, "progress"), 25);
	assert_in_range(col_int(rig, 0, "seconds_left"), 30, 60);
	assert_int_equal(send_result(rig, 1, 4, true, NULL)->err, ERR_OK);
	(void)ask_ok(rig, CALL_RESCAN_GET, ARGS(val_int(1)));
	assert_true(col_is_null(rig, 0, "seconds_left"));
	assert_int_equal(col_int(rig, 0, "progress"), 100);
}

/* Going back scans for what means something else, and knew that before. */
static void
test_roll_back(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	int64_t id, rules;

	make_analysed(rig, case_id);
	for (int v = 1; v <= 2; v++) {
		make_version(rig, v);
		make_rule(rig, v, "same", 's', 'S');
		make_rule(rig, v, "words", 'w', v == 1 ? 'W' : 'X');
		make_rule(rig, v, "meaning", v == 1 ? 'm' : 'n', 'M');
	}
	make_rule(rig, 2, "added", 'a', 'A');
	activate(rig, 1);
	id = lease_rescan(rig, NULL);
	finish(rig, id, 1, NULL);
	sql_run(rig, "UPDATE rule_version SET state = 'tested', author = "
		     "(SELECT max(id) FROM account) WHERE seq = 2");
	rig->store->is_single_person = true;
	(void)ask_ok(rig, CALL_RULES_APPROVE, ARGS(val_int(2)));
	activate(rig, 2);
	id = lease_rescan(rig, &rules);
	assert_int_equal(rules, 2);
	finish(rig, id, 1, NULL);
	/* What a plan of the whole would read is gone: only the difference
	 * that was made before can say what is to be done. */
	sql_run(rig, "UPDATE version_rule SET name = 'other' || id");
	activate(rig, 1);
	id = lease_rescan(rig, &rules);
	assert_int_equal(rules, 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rescan_rule "
				      "WHERE rescan_id = (SELECT max(id) "
				      "FROM rescan) AND ((name = 'meaning' "
				      "AND what = 'scan') OR (name = 'added' "
				      "AND what = 'withdraw') OR (name = "
				      "'words' AND what = 'relabel'))"),
	    3);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rescan_rule "
				      "WHERE rescan_id = (SELECT max(id) "
				      "FROM rescan)"),
	    3);
	finish(rig, id, 1, NULL);
}

static void
test_refused(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES];
	struct wire_out records;

	make_analysed(rig, case_id);
	make_version(rig, 1);
	make_rule(rig, 1, "fresh", 'f', 'F');
	activate(rig, 1);
	wire_out_init(&records, 65536);
	put_hit(&records, 1, "foreign", 3);
	assert_int_equal(
	    send_result(rig, 1, 1, true, &records)->err, ERR_FORMAT);
	wire_out_reset(&records);
	put_hit(&records, 2, "fresh", 3);
	assert_int_equal(
	    send_result(rig, 1, 1, true, &records)->err, ERR_FORMAT);
	wire_out_reset(&records);
	assert_int_equal(
	    send_result(rig, 1, 2, true, &records)->err, ERR_FORMAT);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rescan_change"), 0);
	wire_out_release(&records);
	finish(rig, 1, 1, NULL);
	(void)ask_ok(rig, CALL_RESCAN_PROOF,
	    ARGS(val_text((ask_ok(rig, CALL_ARTEFACT_LIST,
			       ARGS(val_text(case_id), val_text(""), val_int(0),
				   val_text(""))),
		     col_text(rig, 0, "id"))),
		val_text("fresh")));
	assert_string_equal(col_text(rig, 0, "state"), "no_match");
	assert_int_equal(col_int(rig, 0, "rescan"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_new_and_lost, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_repeated, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_only_words_changed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_open_job, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_held_job, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_taken_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gap, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_preview, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_time_left, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_roll_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
