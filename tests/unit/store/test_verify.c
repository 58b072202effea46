/* SPDX-License-Identifier: Apache-2.0 */
/* test_verify.c - evidence that is damaged or missing is named. */
#include "fake.h"

#include "lib/own.h"

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
test_all_of_it(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], bytes[32];
	struct answer *a;
	size_t damaged = 0, missing = 0;

	for (int i = 0; i < 10; i++) {
		(void)snprintf(bytes, sizeof(bytes), "file %d", i);
		make_artefact(rig, bytes, case_id, artefact);
	}
	a = ask_ok(rig, CALL_VERIFY, ARGS(val_text("")));
	assert_int_equal(a->rows_count, 10);
	rig->vault.blobs[3].is_damaged = true;
	rig->vault.blobs[7].org[0] = 'x';
	a = ask_ok(rig, CALL_VERIFY, ARGS(val_text("")));
	assert_int_equal(a->rows_count, 10);
	for (size_t i = 0; i < a->rows_count; i++) {
		damaged += strcmp(col_text(rig, i, "state"), "damaged") == 0;
		missing += strcmp(col_text(rig, i, "state"), "missing") == 0;
		assert_string_not_equal(col_text(rig, i, "artefact"), "");
	}
	assert_int_equal(damaged, 1);
	assert_int_equal(missing, 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE state <> 'ok' AND reason <> ''"),
	    2);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event "
				      "WHERE event = 'verified_failed'"),
	    2);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'evidence.verified'"),
	    2);
	assert_int_equal(rig->store->verifies_in_flight, 0);
}

static void
test_one(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	struct answer *a;

	make_artefact(rig, "hello", case_id, artefact);
	a = ask_ok(rig, CALL_VERIFY, ARGS(val_text(artefact)));
	assert_int_equal(a->rows_count, 1);
	assert_string_equal(col_text(rig, 0, "state"), "ok");
	assert_string_equal(col_text(rig, 0, "artefact"), artefact);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM custody_event "
				      "WHERE event = 'verified_ok'"),
	    1);
	ask_err(rig, ERR_NOT_FOUND, CALL_VERIFY, ARGS(val_text("nothing")));
}

static void
test_nothing_to_verify(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(
	    ask_ok(rig, CALL_VERIFY, ARGS(val_text("")))->rows_count, 0);
}

static void
test_vault_goes_away(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	make_artefact(rig, "hello", case_id, artefact);
	rig->vault.failing = MSG_BLOB_VERIFY;
	rig->vault.failing_err = ERR_UNAVAILABLE;
	ask_err(rig, ERR_UNAVAILABLE, CALL_VERIFY, ARGS(val_text("")));
	/* That says nothing about the evidence. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE state <> 'ok'"),
	    0);
	rig_drop_vault(rig);
	ask_err(rig, ERR_UNAVAILABLE, CALL_VERIFY, ARGS(val_text("")));
}

/* Web goes away in the middle: the rest is not read for nobody. */
static void
test_nobody_waits(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], bytes[32];
	struct values params;

	for (int i = 0; i < 10; i++) {
		(void)snprintf(bytes, sizeof(bytes), "file %d", i);
		make_artefact(rig, bytes, case_id, artefact);
	}
	rig->vault.silent = MSG_BLOB_VERIFY;
	values_init(&params);
	values_add_text(&params, "");
	(void)calls_start(rig->web, CALL_VERIFY, rig->principal, &params, -1,
	    NULL, NULL, NULL);
	rig_turn(rig, 5);
	assert_int_equal(rig->vault.silenced, 4);
	rig_drop_web(rig);
	rig_drop_vault(rig);
	assert_int_equal(rig->store->verifies_in_flight, 0);
	assert_true(TAILQ_EMPTY(&rig->store->requests));
	rig_connect_web(rig);
}

static void
test_what_is_due(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	make_artefact(rig, "one", case_id, artefact);
	make_artefact(rig, "two", case_id, artefact);
	rig->vault.blobs[1].is_damaged = true;
	sql_run(rig, "UPDATE blob SET last_verified_at = 1");
	rig->store->verify_period_us = 1000000;
	for (int i = 0;
	     i < 300 && sql_int(rig, "SELECT count(*) FROM blob "
				     "WHERE last_verified_at = 1") > 0;
	     i++)
		rig_turn(rig, 5);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE last_verified_at = 1"),
	    0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE state = 'damaged'"),
	    1);
}

/* Bytes that come again are stored anew where the old ones are gone. */
static void
test_stored_again(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	make_artefact(rig, "hello", case_id, artefact);
	free(rig->vault.blobs[0].bytes);
	rig->vault.blobs_count = 0;
	(void)ask_ok(rig, CALL_VERIFY, ARGS(val_text("")));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE state = 'missing'"),
	    1);
	make_artefact(rig, "hello", case_id, artefact);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE state = 'ok' AND reason = ''"),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_all_of_it),
	    T(test_one),
	    T(test_nothing_to_verify),
	    T(test_vault_goes_away),
	    T(test_nobody_waits),
	    T(test_what_is_due),
	    T(test_stored_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
