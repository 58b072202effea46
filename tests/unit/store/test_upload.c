/* SPDX-License-Identifier: Apache-2.0 */
/* test_upload.c - from an empty case to evidence with a receipt. */
#include "fake.h"

#include "fake_vault.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

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
test_receipt_is_signed(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	auto_json json_t *whole = NULL;
	auto_free char *text = NULL;
	uint8_t signature[SIGN_BYTES], key[SIGN_PUBLIC_BYTES];
	const char *receipt;
	json_t *inner;

	make_artefact(rig, "hello", case_id, artefact);
	assert_int_equal(col_int(rig, 0, "size"), 5);
	assert_string_equal(col_text(rig, 0, "hash_state"), "none");
	(void)ask_ok(rig, CALL_RECEIPT_GET, ARGS(val_text(artefact)));
	receipt = col_text(rig, 0, "receipt");
	assert_int_equal(
	    json_parse(receipt, strlen(receipt), 65536, 8, &whole), ERR_OK);
	inner = json_object_get(whole, "receipt");
	assert_string_equal(json_member_text(inner, "artefact", ""), artefact);
	assert_string_equal(json_member_text(inner, "name", ""), "sample.bin");
	assert_string_equal(json_member_text(inner, "sha256", ""),
	    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	assert_int_equal(json_member_int(inner, "size", 0), 5);
	assert_int_equal(hex_decode(json_member_text(whole, "signature", ""),
			     signature, SIGN_BYTES),
	    ERR_OK);
	assert_int_equal(hex_decode(json_member_text(whole, "public_key", ""),
			     key, SIGN_PUBLIC_BYTES),
	    ERR_OK);
	text = json_canonical(inner);
	assert_true(sign_is_valid(key, text, strlen(text), signature));
	assert_non_null(strstr(receipt, text));
	text[3] ^= 1;
	assert_false(sign_is_valid(key, text, strlen(text), signature));
}

static void
test_rows_of_an_upload(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	assert_string_equal(col_text(rig, 0, "state"), "analysing");
	assert_string_equal(col_text(rig, 0, "tlp"), "TLP:AMBER+STRICT");
	assert_string_equal(col_text(rig, 0, "pap"), "PAP:RED");
	assert_true(col_is_null(rig, 0, "parent"));
	a = ask_ok(rig, CALL_JOB_LIST,
	    ARGS(val_text(case_id), val_text(""), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 2);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_int_equal(col_int(rig, 0, "artefacts"), 1);
	assert_int_equal(col_int(rig, 0, "submissions"), 1);
	assert_int_equal(col_int(rig, 0, "jobs_open"), 2);
	a = ask_ok(rig, CALL_SUBMISSION_LIST,
	    ARGS(val_text(case_id), val_int(10), val_text("")));
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "state"), "received");
	assert_int_equal(col_int(rig, 0, "bytes"), 5);
	assert_string_equal(col_text(rig, 0, "created_by"), "administrator");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event"), 4);
	assert_true(rig->changed_jobs > 0);
	assert_true(rig->changed_cases > 0);
}

static void
test_same_file_twice(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], submission[UUID_BYTES];
	char first[UUID_BYTES], second[UUID_BYTES];

	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	upload(rig, submission, "the same", first);
	upload(rig, submission, "the same", second);
	assert_string_not_equal(first, second);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob"), 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 2);
}

static void
declare(struct rig *rig, const char *bytes, const uint8_t *declared,
    const char *want)
{
	char case_id[UUID_BYTES], submission[UUID_BYTES], id[UUID_BYTES];
	struct answer *a;

	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	a = ask_ok(rig, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("\xff\xfe", 2),
		val_text("log"), val_int(5),
		val_bytes(declared, SHA256_BYTES)));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	assert_int_equal(write(a->fd, bytes, 5), 5);
	(void)close(take_fd(a->fd));
	(void)ask_ok(rig, CALL_UPLOAD_FINISH, ARGS(val_text(id), val_int(5)));
	assert_string_equal(col_text(rig, 0, "hash_state"), want);
	assert_non_null(strstr(col_text(rig, 0, "receipt"), want));
	/* The name's bytes are kept where they are no text. */
	assert_non_null(
	    strstr(col_text(rig, 0, "receipt"), "\"name_hex\":\"fffe\""));
}

static void
test_declared_hash(void **state)
{
	uint8_t sha256[SHA256_BYTES];

	sha256_once("hello", 5, sha256);
	declare(*state, "hello", sha256, "match");
	sha256[31] ^= 1;
	declare(*state, "hello", sha256, "mismatch");
}

static void
test_bad_upload_parameters(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], submission[UUID_BYTES];
	char long_name[LIMIT_NAME_BYTES + 1];

	memset(long_name, 'x', sizeof(long_name));
	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	ask_err(rig, ERR_FORMAT, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("file"),
		val_int(-1), val_bytes("short", 5)));
	ask_err(rig, ERR_FORMAT, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("nonsense"),
		val_int(-1), val_null()));
	ask_err(rig, ERR_FORMAT, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("file"),
		val_int(-2), val_null()));
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes(long_name, sizeof(long_name)),
		val_text("file"), val_int(-1), val_null()));
	ask_err(rig, ERR_NOT_FOUND, CALL_UPLOAD_CREATE,
	    ARGS(val_text("nothing"), val_bytes("x", 1), val_text("file"),
		val_int(-1), val_null()));
	ask_err(rig, ERR_NOT_FOUND, CALL_UPLOAD_FINISH,
	    ARGS(val_text("nothing"), val_int(0)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM upload"), 0);
}

/* Opens an upload; the answer's descriptor is the caller's. */
static int
open_upload(struct rig *rig, char ret_id[UUID_BYTES])
{
	char case_id[UUID_BYTES], submission[UUID_BYTES];
	struct answer *a;

	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	a = ask_ok(rig, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("file"),
		val_int(-1), val_null()));
	(void)snprintf(ret_id, UUID_BYTES, "%s", col_text(rig, 0, "id"));
	return take_fd(a->fd);
}

static void
test_wrong_count(void **state)
{
	struct rig *rig = *state;
	char id[UUID_BYTES];
	int fd = open_upload(rig, id);

	assert_int_equal(write(fd, "hello", 5), 5);
	(void)close(fd);
	ask_err(rig, ERR_FORMAT, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int(6)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 0);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM upload "
			 "WHERE state = 'aborted' AND reason <> ''"),
	    1);
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int(5)));
}

static void
test_abort(void **state)
{
	struct rig *rig = *state;
	char id[UUID_BYTES];
	int fd = open_upload(rig, id);

	(void)close(fd);
	(void)ask_ok(rig, CALL_UPLOAD_ABORT, ARGS(val_text(id)));
	rig_turn(rig, 3);
	assert_int_equal(rig->vault.aborts, 1);
	ask_err(rig, ERR_NOT_FOUND, CALL_UPLOAD_ABORT, ARGS(val_text(id)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM upload "
				      "WHERE state = 'aborted'"),
	    1);
}

static void
test_web_goes_away(void **state)
{
	struct rig *rig = *state;
	char id[UUID_BYTES];
	int fd = open_upload(rig, id);

	rig_drop_web(rig);
	assert_int_equal(rig->vault.aborts, 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM upload "
				      "WHERE state = 'aborted'"),
	    1);
	(void)close(fd);
	rig_connect_web(rig);
	/* The old handle died with the connection. */
	ask_err(rig, ERR_DENIED, CALL_ORG_LIST, ARGS(val_int(0), val_text("")));
	rig->principal = rig_session(rig);
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int(0)));
}

static void
test_web_goes_away_while_finishing(void **state)
{
	struct rig *rig = *state;
	char id[UUID_BYTES];
	int fd = open_upload(rig, id);
	struct values params;

	assert_int_equal(write(fd, "hello", 5), 5);
	(void)close(fd);
	rig->vault.silent = MSG_SIGN;
	values_init(&params);
	values_add_text(&params, id);
	values_add_int(&params, 5);
	(void)calls_start(rig->web, CALL_UPLOAD_FINISH, rig->principal, &params,
	    -1, NULL, NULL, NULL);
	rig_turn(rig, 10);
	assert_int_equal(rig->vault.silenced, 1);
	rig_drop_web(rig);
	/* The vault goes, too: the operation ends, and nothing is accepted. */
	rig_drop_vault(rig);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM upload "
				      "WHERE state = 'open'"),
	    0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE unused_since IS NOT NULL"),
	    1);
	assert_int_equal(rig->store->commits_in_flight, 0);
	assert_true(TAILQ_EMPTY(&rig->store->requests));
	rig->vault.silent = MSG_NONE_;
	rig_connect_web(rig);
}

static void
test_vault_goes_away(void **state)
{
	struct rig *rig = *state;
	char id[UUID_BYTES], case_id[UUID_BYTES], submission[UUID_BYTES];
	int fd = open_upload(rig, id);

	rig_drop_vault(rig);
	(void)close(fd);
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int(0)));
	make_case(rig, case_id, NULL);
	make_submission(rig, case_id, submission);
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("x", 1), val_text("file"),
		val_int(-1), val_null()));
	rig_connect_vault(rig);
	upload(rig, submission, "works again", id);
}

static void
test_vault_says_no(void **state)
{
	struct rig *rig = *state;
	static const enum msg_type steps[] = {MSG_BLOB_COMMIT, MSG_SIGN};
	char id[UUID_BYTES];

	for (size_t i = 0; i < 2; i++) {
		int fd = open_upload(rig, id);

		rig->vault.failing = steps[i];
		rig->vault.failing_err = ERR_NO_SPACE;
		assert_int_equal(write(fd, "hello", 5), 5);
		(void)close(fd);
		ask_err(rig, ERR_NO_SPACE, CALL_UPLOAD_FINISH,
		    ARGS(val_text(id), val_int(5)));
		assert_int_equal(
		    sql_int(rig, "SELECT count(*) FROM artefact"), 0);
		rig->vault.failing = MSG_NONE_;
	}
	/* What was stored for nothing goes after a while. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob"), 1);
	sql_run(rig, "UPDATE blob SET unused_since = 1");
	for (int i = 0; i < 200 && rig->vault.deletes == 0; i++)
		rig_turn(rig, 10);
	assert_int_equal(rig->vault.deletes, 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob"), 0);
	assert_int_equal(rig->vault.blobs_count, 0);
}

static void
test_key_comes_before_blob(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], case_id[UUID_BYTES], artefact[UUID_BYTES];

	rig->principal = rig_other_org(rig, "Water", "C1", "submit", org);
	/* The vault has lost it, as one that was restored would have. */
	rig->vault.keys_made = 0;
	rig_drop_vault(rig);
	rig_connect_vault(rig);
	make_artefact(rig, "hello", case_id, artefact);
	assert_int_equal(rig->vault.keys_made, 2);
}

static void
test_download_is_custody(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	auto_free char *bytes = NULL;
	struct answer *a;
	size_t len;

	make_artefact(rig, "hello", case_id, artefact);
	a = ask_ok(rig, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(artefact), val_text("to look at it")));
	bytes = read_all(take_fd(a->fd), &len);
	assert_int_equal(len, 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_int_equal(
	    sql_int(rig,
		"SELECT count(*) FROM custody_event "
		"WHERE event = 'downloaded' AND detail ->> '$.purpose' = "
		"'to look at it'"),
	    1);
	rig->vault.failing = MSG_BLOB_OPEN;
	rig->vault.failing_err = ERR_FORMAT;
	ask_err(rig, ERR_FORMAT, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(artefact), val_text("again")));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event "
				      "WHERE event = 'downloaded'"),
	    1);
}

static void
test_restart_closes_uploads(void **state)
{
	struct rig *rig = *state;
	char id[UUID_BYTES];
	int fd = open_upload(rig, id);

	(void)close(fd);
	rig_stop(rig);
	rig_start(rig);
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int(0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_receipt_is_signed),
	    T(test_rows_of_an_upload),
	    T(test_same_file_twice),
	    T(test_declared_hash),
	    T(test_bad_upload_parameters),
	    T(test_wrong_count),
	    T(test_abort),
	    T(test_web_goes_away),
	    T(test_web_goes_away_while_finishing),
	    T(test_vault_goes_away),
	    T(test_vault_says_no),
	    T(test_key_comes_before_blob),
	    T(test_download_is_custody),
	    T(test_restart_closes_uploads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
