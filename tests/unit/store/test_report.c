/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - when a case gets a report, and what the report is made of. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <fcntl.h>

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
reports_queued(struct rig *rig)
{
	return sql_int(rig, "SELECT count(*) FROM job WHERE kind = 'report' "
			    "AND state = 'queued'");
}

/* Leases the report's job, dumps the case, and answers its text. */
static char *
dump(struct rig *rig, char job[UUID_BYTES], int64_t *ret_attempt,
    size_t *ret_len)
{
	struct answer *a;
	char *text;

	lease(rig, "report", job, ret_attempt);
	a = ask_ok(
	    rig, CALL_CASE_DUMP, ARGS(val_text(job), val_int(*ret_attempt)));
	assert_int_equal(
	    fcntl(a->fd, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
	text = read_all(take_fd(a->fd), ret_len);
	assert_int_equal(*ret_len, col_int(rig, 0, "size"));
	return text;
}

static void
finish_report(struct rig *rig, const char *job, int64_t attempt)
{
	char artefact[UUID_BYTES];

	make_child(rig, job, attempt, "{\"a\":1}", "report_json", artefact);
	make_child(rig, job, attempt, "<p>", "report_html", artefact);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	assert_string_equal(col_text(rig, 0, "state"), "done");
}

static void
test_report_when_all_is_done(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	auto_free char *text = NULL;
	auto_free char *json = NULL;
	int64_t attempt;
	size_t len;
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	(void)drain_jobs(rig, "identify");
	assert_int_equal(reports_queued(rig), 0);
	(void)drain_jobs(rig, "yara");
	assert_int_equal(reports_queued(rig), 1);
	ask_err(rig, ERR_NOT_FOUND, CALL_REPORT_OPEN,
	    ARGS(val_text(case_id), val_text(""), val_text("json")));
	text = dump(rig, job, &attempt, &len);
	finish_report(rig, job, attempt);
	a = ask_ok(rig, CALL_REPORT_LIST,
	    ARGS(val_text(case_id), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 1);
	assert_int_equal(col_int(rig, 0, "rev"), 1);
	assert_int_equal(col_int(rig, 0, "is_final"), 1);
	a = ask_ok(rig, CALL_REPORT_OPEN,
	    ARGS(val_text(case_id), val_text(""), val_text("json")));
	assert_string_equal(col_text(rig, 0, "mime"), "application/json");
	json = read_all(take_fd(a->fd), &len);
	assert_string_equal(json, "{\"a\":1}");
	ask_err(rig, ERR_FORMAT, CALL_REPORT_OPEN,
	    ARGS(val_text(case_id), val_text(""), val_text("pdf")));
	/* Its files are no artefacts of the case, and give no jobs. */
	a = ask_ok(rig, CALL_ARTEFACT_LIST,
	    ARGS(val_text(case_id), val_text("*"), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM job "
				      "WHERE state IN ('queued', 'running')"),
	    0);
}

static void
test_changes_ask_for_the_next(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], submission[UUID_BYTES], job[UUID_BYTES];
	char artefact[UUID_BYTES];
	auto_free char *text = NULL;
	int64_t attempt;
	size_t len;

	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	assert_int_equal(reports_queued(rig), 0);
	upload(rig, submission, "one", artefact);
	(void)drain_jobs(rig, "identify,yara");
	text = dump(rig, job, &attempt, &len);
	/* While the report is written, something comes: not in it. */
	upload(rig, submission, "two", artefact);
	finish_report(rig, job, attempt);
	(void)ask_ok(rig, CALL_REPORT_LIST,
	    ARGS(val_text(case_id), val_int(0), val_text("")));
	assert_int_equal(col_int(rig, 0, "is_final"), 0);
	assert_int_equal(reports_queued(rig), 0);
	(void)drain_jobs(rig, "identify,yara");
	assert_int_equal(reports_queued(rig), 1);
	free(text);
	text = dump(rig, job, &attempt, &len);
	finish_report(rig, job, attempt);
	(void)ask_ok(rig, CALL_REPORT_LIST,
	    ARGS(val_text(case_id), val_int(0), val_text("")));
	assert_int_equal(col_int(rig, 0, "rev"), 2);
	assert_int_equal(col_int(rig, 0, "is_final"), 1);
	/* Nothing changed: no further one by itself, one when asked. */
	assert_int_equal(reports_queued(rig), 0);
	(void)ask_ok(rig, CALL_REPORT_CREATE,
	    ARGS(val_text(case_id), val_text("triage"), val_text("en"),
		val_text("{}")));
	assert_int_equal(reports_queued(rig), 1);
}

static void
test_report_that_fails(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	(void)drain_jobs(rig, "identify,yara");
	/* "done" without a file is no report; and no endless loop of them. */
	for (int i = 1; i <= LIMIT_ATTEMPTS; i++) {
		lease(rig, "report", job, &attempt);
		assert_int_equal(
		    done(rig, job, attempt, "done", "")->err, ERR_OK);
		assert_string_equal(col_text(rig, 0, "state"),
		    i < LIMIT_ATTEMPTS ? "queued" : "failed");
	}
	assert_int_equal(reports_queued(rig), 0);
	(void)ask_ok(rig, CALL_JOB_GET, ARGS(val_text(job)));
	assert_string_equal(
	    col_text(rig, 0, "reason"), "no report.json was made");
}

static void
test_only_reports_get_the_case(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	make_artefact(rig, "hello", case_id, artefact);
	lease(rig, "yara", job, &attempt);
	ask_err(rig, ERR_DENIED, CALL_CASE_DUMP,
	    ARGS(val_text(job), val_int(attempt)));
	(void)done(rig, job, attempt, "done", "");
	(void)drain_jobs(rig, "identify");
	lease(rig, "report", job, &attempt);
	ask_err(rig, ERR_NOT_FOUND, CALL_JOB_INPUT,
	    ARGS(val_text(job), val_int(attempt), val_int(BLOB_AUTO)));
}

/* Counts lines of a table, and checks that each line is a JSON object. */
static size_t
count_table(const char *text, size_t len, const char *table, json_t **ret_first)
{
	size_t count = 0;

	for (const char *p = text; p < text + len;) {
		const char *end = memchr(p, '\n', (size_t)(text + len - p));
		auto_json json_t *line = NULL;

		assert_non_null(end);
		assert_int_equal(
		    json_parse(p, (size_t)(end - p), 256 * KIB, 32, &line),
		    ERR_OK);
		assert_memory_equal(p, "{\"table\":\"", 10);
		if (strcmp(json_member_text(line, "table", ""), table) == 0 &&
		    count++ == 0 && ret_first != NULL)
			*ret_first = json_incref(line);
		p = end + 1;
	}
	return count;
}

static void
test_dump_has_everything(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	char child[UUID_BYTES];
	auto_free char *text = NULL;
	auto_json json_t *finding = NULL;
	auto_json json_t *meta = NULL;
	int64_t attempt;
	size_t len;

	make_artefact(rig, "hello", case_id, artefact);
	(void)ask_ok(rig, CALL_ANALYSER_REPORT,
	    ARGS(val_text("yara"), val_text("libyara 4.2"), val_text("ready"),
		val_text("{\"rules\":3}")));
	(void)ask_ok(
	    rig, CALL_RUN_CREATE, ARGS(val_text(artefact), val_text("")));
	lease(rig, "yara", job, &attempt);
	send_record(rig, job, attempt, RECORD_MATCH,
	    "{\"rule\":\"r<b>\","
	    "\"namespace\":\"n\",\"strings\":[{\"at\":1}]}");
	make_child(rig, job, attempt, "c", "archive_member", child);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	(void)drain_jobs(rig, "identify,yara,detonate");
	text = dump(rig, job, &attempt, &len);
	assert_memory_equal(text, "{\"table\":\"meta\"", 15);
	assert_int_equal(count_table(text, len, "meta", &meta), 1);
	assert_int_equal(count_table(text, len, "case", NULL), 1);
	assert_int_equal(count_table(text, len, "organisation", NULL), 1);
	assert_int_equal(count_table(text, len, "submission", NULL), 1);
	assert_int_equal(count_table(text, len, "artefact", NULL), 2);
	assert_int_equal(count_table(text, len, "derivation", NULL), 1);
	assert_int_equal(count_table(text, len, "run", NULL), 1);
	assert_int_equal(count_table(text, len, "analyser", NULL), 1);
	assert_true(count_table(text, len, "custody", NULL) >= 3);
	assert_int_equal(count_table(text, len, "finding", &finding), 1);
	assert_string_equal(json_member_text(finding, "name", ""), "r<b>");
	assert_true(json_is_array(
	    json_object_get(json_object_get(finding, "detail"), "strings")));
	/* Passwords that a submitter typed are not for a report. */
	assert_null(memmem(text, len, "passwords", 9));
}

static void
test_pool(void **state)
{
	struct rig *rig = *state;
	struct answer *a;

	(void)ask_ok(rig, CALL_SLOT_REPORT,
	    ARGS(val_text("slot0"), val_text("debian-12"), val_text("ready"),
		val_text(""), val_text("{}")));
	(void)ask_ok(rig, CALL_SLOT_REPORT,
	    ARGS(val_text("slot0"), val_text("debian-12"),
		val_text("quarantined"), val_text("agent silent"),
		val_text("")));
	(void)ask_ok(rig, CALL_PROFILE_REPORT,
	    ARGS(val_text("debian-12"), val_text("sha256:1"), val_text("ready"),
		val_text("{\"packages\":200}")));
	ask_err(rig, ERR_FORMAT, CALL_PROFILE_REPORT,
	    ARGS(val_text("debian-12"), val_text("x"), val_text("ready"),
		val_text("[")));
	a = ask_ok(rig, CALL_SLOT_LIST, NULL, 0);
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "state"), "quarantined");
	a = ask_ok(rig, CALL_PROFILE_LIST, NULL, 0);
	assert_int_equal(a->rows_count, 1);
	ask_err(rig, ERR_FORMAT, CALL_POOL_ORDER,
	    ARGS(val_text("explode"), val_text("debian-12")));
	(void)ask_ok(rig, CALL_POOL_ORDER,
	    ARGS(val_text("check"), val_text("debian-12")));
	assert_int_equal(rig->changed_orders, 1);
	a = ask_ok(rig, CALL_POOL_ORDERS, NULL, 0);
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "order"), "check");
	a = ask_ok(rig, CALL_POOL_ORDERS, NULL, 0);
	assert_int_equal(a->rows_count, 0);
}

static void
test_status(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	struct answer *a;
	size_t found = 0;

	make_artefact(rig, "hello", case_id, artefact);
	a = ask_ok(rig, CALL_STATUS, NULL, 0);
	for (size_t i = 0; i < a->rows_count; i++) {
		auto_json json_t *value = json_loads(
		    col_text(rig, i, "value"), JSON_DECODE_ANY, NULL);

		assert_non_null(value);
		if (strcmp(col_text(rig, i, "name"), "jobs") == 0) {
			assert_int_equal(
			    json_member_int(value, "queued", 0), 2);
			found++;
		}
		if (strcmp(col_text(rig, i, "name"), "evidence") == 0) {
			assert_int_equal(json_member_int(value, "bytes", 0), 5);
			found++;
		}
	}
	assert_int_equal(found, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_report_when_all_is_done),
	    T(test_changes_ask_for_the_next),
	    T(test_report_that_fails),
	    T(test_only_reports_get_the_case),
	    T(test_dump_has_everything),
	    T(test_pool),
	    T(test_status),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
