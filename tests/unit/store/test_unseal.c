/* SPDX-License-Identifier: Apache-2.0 */
/* test_unseal.c - sealed artefacts: what seals them, who opens them, and what
 * of it is kept. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/unseal.h"
#include "store/unseal_keep.h"

#include <inttypes.h>
#include <string.h>

#define WHY "the way in is not known without this file"

struct world {
	struct rig *rig;
	uint64_t analyst; /* of the CSIRT */
	uint64_t second;  /* of the CSIRT, too */
	uint64_t sender;  /* whose case it is */
	char case_id[UUID_BYTES];
	char artefact[UUID_BYTES];
	char unseal[UUID_BYTES];
};

/* Uploads a file that identify calls an encrypted message. */
static void
make_sealed(struct world *w)
{
	struct rig *rig = w->rig;
	char job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "ciphertext", w->case_id, w->artefact);
	lease(rig, "identify", job, &attempt);
	send_record(rig, job, attempt, RECORD_FACT,
	    "{\"key\":\"seal\",\"value\":\"openpgp\"}");
	assert_int_equal(done(rig, job, attempt, "done",
			     "[{\"kind\":\"archive\"},{\"kind\":\"detonate\"}]")
			     ->err,
	    ERR_OK);
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	char org[UUID_BYTES], account[UUID_BYTES];

	w->rig = rig_new();
	w->sender =
	    rig_other_org(w->rig, "Water", "C1", "submit withdraw", org);
	w->second = rig_colleague(w->rig, "Second",
	    "unseal analyse download_sample read_all_orgs", account);
	w->analyst = rig_session_of_admin(w->rig);
	w->rig->principal = w->sender;
	make_sealed(w);
	w->rig->principal = w->analyst;
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

static void
request(struct world *w)
{
	(void)ask_ok(w->rig, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text(WHY)));
	(void)snprintf(
	    w->unseal, sizeof(w->unseal), "%s", col_text(w->rig, 0, "id"));
}

static void
approve(struct world *w)
{
	w->rig->principal = w->second;
	(void)ask_ok(w->rig, CALL_UNSEAL_APPROVE, ARGS(val_text(w->unseal)));
	assert_string_equal(col_text(w->rig, 0, "state"), "running");
	w->rig->principal = w->analyst;
}

static int64_t
count_custody(struct world *w, const char *event)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM custody_event WHERE event = '%s'", event);
	return sql_int(w->rig, sql);
}

static void
test_sealed(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct answer *a;

	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(w->artefact)));
	assert_string_equal(col_text(rig, 0, "restriction"), "sealed");
	assert_string_equal(col_text(rig, 0, "seal"), "openpgp");
	/* What was asked for beside it is not there, what waited is over. */
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM job WHERE kind IN "
			 "('archive', 'detonate') OR (state = 'queued' "
			 "AND kind <> 'report')"),
	    0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job WHERE "
				      "kind = 'yara' AND state = 'cancelled'"),
	    1);
	assert_int_equal(count_custody(w, "sealed"), 1);
	/* It leaves as it came; nobody looks into it. */
	a = ask_ok(rig, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(w->artefact), val_text("for the court")));
	(void)close(a->fd);
	ask_err(rig, ERR_CONFLICT, CALL_ARTEFACT_BYTES,
	    ARGS(val_text(w->artefact), val_int(0), val_int(16)));
	/* Its owner knows what they sent. */
	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(w->artefact)));
	assert_string_equal(col_text(rig, 0, "seal"), "openpgp");
}

/* No kind of job opens it without an act; not even with one that is over. */
static void
test_no_job(void **state)
{
	static const char *const kinds[] = {"identify", "yara", "archive",
	    "behaviour", "detonate", "grams", "hunt", "rules",
	    "unseal_identify", "unseal_yara", "unseal_archive",
	    "unseal_anything"};
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES], next[256], other[UUID_BYTES], case_id[UUID_BYTES];
	int64_t attempt;

	rig->principal = w->sender;
	make_artefact(rig, "plain", case_id, other);
	rig->principal = w->analyst;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool is_unseal = strncmp(kinds[i], "unseal_", 7) == 0;

		sql_run(rig,
		    "UPDATE job SET state = 'queued', lease_until = NULL "
		    "WHERE kind = 'identify' AND state <> 'queued'");
		sql_run(rig, "UPDATE artefact SET case_id = (SELECT case_id "
			     "FROM artefact ORDER BY id LIMIT 1)");
		sql_run(rig, "UPDATE job SET case_id = (SELECT case_id "
			     "FROM artefact ORDER BY id LIMIT 1)");
		lease(rig, "identify", job, &attempt);
		(void)snprintf(next, sizeof(next),
		    "[{\"artefact\":\"%s\",\"kind\":\"%s\"}]", w->artefact,
		    kinds[i]);
		assert_int_equal(done(rig, job, attempt, "done", next)->err,
		    is_unseal ? ERR_FORMAT : ERR_OK);
		if (is_unseal)
			(void)done(rig, job, attempt, "done", "");
	}
	(void)snprintf(next, sizeof(next),
	    "SELECT count(*) FROM job WHERE artefact_id = '%s' "
	    "AND kind NOT IN ('identify', 'yara')",
	    w->artefact);
	assert_int_equal(sql_int(rig, next), 0);
	ask_err(rig, ERR_CONFLICT, CALL_RUN_CREATE,
	    ARGS(val_text(w->artefact), val_text("{}")));
}

static void
test_who_may(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char sql[256];

	ask_err(rig, ERR_FORMAT, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text("")));
	ask_err(rig, ERR_FORMAT, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text("   too short, padded    ")));
	rig->principal = w->sender;
	ask_err(rig, ERR_DENIED, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text(WHY)));
	rig->principal = w->analyst;
	request(w);
	assert_string_equal(col_text(rig, 0, "state"), "requested");
	assert_int_equal(col_int(rig, 0, "is_second_needed"), 1);
	assert_int_equal(
	    sql_int(
		rig, "SELECT count(*) FROM job WHERE unseal_id IS NOT NULL"),
	    0);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_task "
			 "WHERE kind = 'unseal' AND state = 'open'"),
	    1);
	ask_err(rig, ERR_CONFLICT, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text(WHY)));
	ask_err(
	    rig, ERR_DENIED, CALL_UNSEAL_APPROVE, ARGS(val_text(w->unseal)));
	/* Even who has the database open makes no job of it. */
	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM unseal WHERE id = '%s' AND state = 'requested'",
	    w->unseal);
	assert_int_equal(sql_int(rig, sql), 1);
	rig->principal = w->second;
	ask_err(rig, ERR_FORMAT, CALL_UNSEAL_REFUSE,
	    ARGS(val_text(w->unseal), val_text(" ")));
	(void)ask_ok(rig, CALL_UNSEAL_REFUSE,
	    ARGS(val_text(w->unseal), val_text("ask the sender first")));
	assert_string_equal(col_text(rig, 0, "state"), "refused");
	ask_err(
	    rig, ERR_CONFLICT, CALL_UNSEAL_APPROVE, ARGS(val_text(w->unseal)));
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM case_task "
			 "WHERE kind = 'unseal' AND state = 'open'"),
	    0);
	/* Others have no such thing. */
	rig->principal = w->sender;
	ask_err(rig, ERR_NOT_FOUND, CALL_UNSEAL_OF,
	    ARGS(val_text(w->artefact), val_int(0), val_text("")));
	ask_err(rig, ERR_NOT_FOUND, CALL_UNSEAL_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
}

static void
test_closed_case(void **state)
{
	struct world *w = *state;

	sql_run(w->rig, "UPDATE case_file SET state = 'closed'");
	ask_err(w->rig, ERR_CONFLICT, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text(WHY)));
	sql_run(w->rig, "UPDATE case_file SET state = 'open'");
	request(w);
	/* What was closed meanwhile is not opened. */
	sql_run(w->rig, "UPDATE case_file SET state = 'closed'");
	w->rig->principal = w->second;
	ask_err(w->rig, ERR_CONFLICT, CALL_UNSEAL_APPROVE,
	    ARGS(val_text(w->unseal)));
}

/* A class whose cases need no second person. */
static void
test_one_person(void **state)
{
	struct world *w = *state;

	sql_run(w->rig, "UPDATE case_file SET class_at_open = 'C4'");
	request(w);
	assert_string_equal(col_text(w->rig, 0, "state"), "running");
	assert_int_equal(col_int(w->rig, 0, "is_second_needed"), 0);
	assert_int_equal(sql_int(w->rig, "SELECT count(*) FROM job WHERE "
					 "unseal_id IS NOT NULL "
					 "AND state = 'queued'"),
	    2);
}

static void
take_input(struct world *w, const char *job, int64_t attempt)
{
	struct answer *a = ask_ok(w->rig, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(BLOB_AUTO)));

	if (a->fd != -1)
		(void)close(a->fd);
}

static void
test_analysis(void **state)
{
	static const char sha256[] =
	    "{\"key\":\"sha256\",\"value\":\"275a021bbfb6489e54d471899f7db9d1663fc"
	    "695ec2fe2a2c4538aabf651fd0f\"}";
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES], child[UUID_BYTES];
	int64_t attempt;

	request(w);
	approve(w);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM access_event "
				      "WHERE event = 'unsealed' AND purpose = "
				      "'" WHY "'"),
	    1);
	lease(rig, "unseal_identify", job, &attempt);
	take_input(w, job, attempt);
	assert_int_equal(count_custody(w, "unsealed"), 1);
	send_record(rig, job, attempt, RECORD_FACT, sha256);
	send_record(rig, job, attempt, RECORD_FACT,
	    "{\"key\":\"magic\",\"value\":\"secret.doc\"}");
	send_record(rig, job, attempt, RECORD_FACT,
	    "{\"key\":\"mime\",\"value\":\"application/zip\"}");
	assert_int_equal(
	    done(rig, job, attempt, "done", "[{\"kind\":\"unseal_archive\"}]")
		->err,
	    ERR_OK);
	assert_int_equal(count_custody(w, "destroyed_copy"), 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding WHERE "
				      "detail LIKE '%275a02%' OR "
				      "detail LIKE '%secret%'"),
	    0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM finding "
				      "WHERE name = 'hmac_sha256' AND "
				      "length(detail ->> '$.value') = 64"),
	    1);
	/* Its row is of what was sent. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact "
				      "WHERE mime = 'application/zip'"),
	    0);
	/* What comes out of it is sealed, and looked at under the same act. */
	lease(rig, "unseal_archive", job, &attempt);
	take_input(w, job, attempt);
	make_child(rig, job, attempt, "encrypted", "archive_member", child);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(child)));
	assert_string_equal(col_text(rig, 0, "restriction"), "sealed");
	assert_string_equal(col_text(rig, 0, "seal"), "enclosed");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job WHERE "
				      "state = 'queued' AND kind <> 'report'"),
	    3);
	assert_int_equal(drain_jobs(rig, "unseal_identify,unseal_yara"), 3);
	/* Nothing is left of it, and that is said. */
	(void)ask_ok(rig, CALL_UNSEAL_OF,
	    ARGS(val_text(w->artefact), val_int(0), val_text("")));
	assert_string_equal(col_text(rig, 0, "state"), "done");
	assert_false(col_is_null(rig, 0, "destroyed_at"));
	assert_int_equal(count_custody(w, "resealed"), 1);
}

/* The scheduler dies with it: the copy is gone, the work is done again. */
static void
test_killed(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES], again[UUID_BYTES];
	int64_t attempt;

	request(w);
	approve(w);
	lease(rig, "unseal_yara", job, &attempt);
	take_input(w, job, attempt);
	rig_drop_sched(rig);
	rig_turn(rig, 4);
	rig_connect_sched(rig);
	assert_int_equal(count_custody(w, "destroyed_copy"), 1);
	lease(rig, "unseal_yara", again, &attempt);
	assert_string_equal(again, job);
	assert_int_equal(attempt, 2);
	take_input(w, again, attempt);
	assert_int_equal(count_custody(w, "unsealed"), 2);
	assert_int_equal(done(rig, again, attempt, "failed", "")->err, ERR_OK);
	while (drain_jobs(rig, "unseal_identify") > 0)
		continue;
	sql_run(
	    rig, "UPDATE job SET state = 'cancelled' WHERE state = 'queued'");
	assert_int_equal(count_custody(w, "destroyed_copy"), 2);
}

/* An act that is over gives nothing more away. */
static void
test_over(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES];
	int64_t attempt;

	request(w);
	approve(w);
	lease(rig, "unseal_yara", job, &attempt);
	sql_run(rig, "UPDATE unseal SET state = 'failed', destroyed_at = 1");
	ask_err(rig, ERR_CONFLICT, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(BLOB_AUTO)));
	assert_int_equal(count_custody(w, "unsealed"), 0);
}

/* People know better: it is no message, and stays what they say. */
static void
test_lifted(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char job[UUID_BYTES];
	int64_t attempt;

	(void)ask_ok(rig, CALL_ARTEFACT_RESTRICT,
	    ARGS(val_text(w->artefact), val_text("none"),
		val_text("it only looks so")));
	sql_run(rig, "UPDATE job SET state = 'queued', lease_until = NULL "
		     "WHERE kind = 'identify'");
	lease(rig, "identify", job, &attempt);
	send_record(rig, job, attempt, RECORD_FACT,
	    "{\"key\":\"seal\",\"value\":\"openpgp\"}");
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(w->artefact)));
	assert_string_equal(col_text(rig, 0, "restriction"), "none");
	assert_string_equal(col_text(rig, 0, "seal"), "");
	ask_err(rig, ERR_CONFLICT, CALL_UNSEAL_CREATE,
	    ARGS(val_text(w->artefact), val_text(WHY)));
	(void)ask_ok(rig, CALL_ARTEFACT_RESTRICT,
	    ARGS(val_text(w->artefact), val_text("sealed"),
		val_text("it is one after all")));
	request(w);
}

/* --- what is kept of a record --- */

static void
check_kept(struct world *w, enum record_type type, const char *json,
    const char *expected)
{
	auto_json json_t *record = json_loads(json, 0, NULL);
	auto_json json_t *kept = unseal_keep(w->rig->store, type, record);
	auto_free char *text = kept == NULL ? NULL : json_canonical(kept);

	assert_non_null(record);
	if (expected == NULL) {
		assert_null(kept);
		return;
	}
	assert_non_null(kept);
	assert_string_equal(text, expected);
}

static void
test_kept(void **state)
{
	struct world *w = *state;

	check_kept(w, RECORD_MATCH,
	    "{\"rule\":\"eicar\",\"namespace\":\"own\",\"score\":80,"
	    "\"meta\":{\"x\":\"secret\"},\"tags\":[\"secret\"],"
	    "\"strings\":[{\"id\":\"$a\",\"offset\":3,\"length\":68,"
	    "\"data\":\"5835\",\"text\":\"secret\"}],\"strings_total\":1}",
	    "{\"is_sealed\":true,\"namespace\":\"own\",\"rule\":\"eicar\","
	    "\"score\":80,\"strings\":[{\"id\":\"$a\",\"length\":68,"
	    "\"offset\":3}],\"strings_total\":1}");
	check_kept(w, RECORD_MATCH, "{\"rule\":\"a b\"}", NULL);
	check_kept(w, RECORD_FACT,
	    "{\"key\":\"magic\",\"value\":\"was secret.txt\"}", NULL);
	check_kept(w, RECORD_FACT,
	    "{\"key\":\"md5\",\"value\":\"44d88612fea8a8f36de82e1278abb02f\"}",
	    NULL);
	check_kept(w, RECORD_FACT,
	    "{\"key\":\"mime\",\"value\":\"Text/plain; x\"}", NULL);
	check_kept(w, RECORD_FACT, "{\"key\":\"size\",\"value\":68}",
	    "{\"is_sealed\":true,\"key\":\"size\",\"value\":68}");
	check_kept(w, RECORD_ERROR,
	    "{\"what\":\"member\",\"text\":\"secret.txt is damaged\"}",
	    "{\"is_sealed\":true,\"what\":\"member\"}");
	check_kept(w, RECORD_LIMIT, "{\"limit\":\"A secret\"}",
	    "{\"is_sealed\":true,\"limit\":\"other\"}");
	check_kept(w, RECORD_FINDING, "{\"name\":\"x\"}", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_job, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_who_may, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_closed_case, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_one_person, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_analysis, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lifted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
