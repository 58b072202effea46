/* SPDX-License-Identifier: Apache-2.0 */
/* test_sweep.c - blobs that the vault has and no row knows. */
#include "fake.h"

#include "fake_vault.h"
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

/* What a crash between the vault's link and our row leaves. */
static void
plant(struct rig *rig, const char *org, const char *bytes)
{
	struct fake_blob *b = &rig->vault.blobs[rig->vault.blobs_count++];

	*b = (struct fake_blob){
	    .bytes = (uint8_t *)xstrdup(bytes),
	    .len = strlen(bytes),
	};
	(void)snprintf(b->org, sizeof(b->org), "%s", org);
	sha256_once(bytes, b->len, b->sha256);
}

static void
first_org(struct rig *rig, char org[UUID_BYTES])
{
	(void)ask_ok(rig, CALL_ORG_LIST, ARGS(val_int(0), val_text("")));
	(void)snprintf(org, UUID_BYTES, "%s", col_text(rig, 0, "id"));
}

/* Until a sweep has ended and what it found is deleted. */
static void
sweep(struct rig *rig, size_t deletes)
{
	rig->store->sweep.period_us = (int64_t)3600 * 1000000;
	rig->store->sweep.next_at = 0;
	for (int i = 0; i < 600 && (rig->store->sweep.next_at == 0 ||
				       rig->vault.deletes < deletes);
	     i++)
		rig_turn(rig, 5);
	assert_int_not_equal(rig->store->sweep.next_at, 0);
	assert_int_equal(rig->vault.deletes, deletes);
}

static void
test_only_what_nobody_knows(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], org[UUID_BYTES];
	char other[UUID_BYTES], bytes[32];

	for (int i = 0; i < 5; i++) {
		(void)snprintf(bytes, sizeof(bytes), "file %d", i);
		make_artefact(rig, bytes, case_id, artefact);
	}
	first_org(rig, org);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(bytes, sizeof(bytes), "orphan %d", i);
		plant(rig, org, bytes);
	}
	/* The other organisation's copy of what is in use here. */
	(void)rig_other_org(rig, "Water", "C1", "submit", other);
	plant(rig, other, "file 1");
	sweep(rig, 4);
	assert_int_equal(rig->vault.blobs_count, 5);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob"), 5);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'blob.orphan'"),
	    4);
	assert_int_equal(sql_int(rig, "SELECT count(DISTINCT org) "
				      "FROM audit_event "
				      "WHERE action = 'blob.orphan'"),
	    2);
	assert_true(rig->vault.lists >= 6);
	sweep(rig, 4);
}

/* The same bytes come in again before the sweep. */
static void
test_used_in_time(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], artefact[UUID_BYTES], org[UUID_BYTES];

	first_org(rig, org);
	plant(rig, org, "late");
	make_artefact(rig, "late", case_id, artefact);
	sweep(rig, 0);
	assert_int_equal(rig->vault.blobs_count, 1);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob "
				      "WHERE unused_since IS NULL "
				      "AND size = 4"),
	    1);
}

static void
test_vault_that_fails(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES];

	first_org(rig, org);
	plant(rig, org, "orphan");
	rig->vault.failing = MSG_BLOB_LIST;
	rig->vault.failing_err = ERR_UNAVAILABLE;
	sweep(rig, 0);
	/* Tried again soon, not in an hour. */
	assert_true(
	    rig->store->sweep.next_at < loop_wall_us() + (int64_t)61 * 1000000);
	rig->vault.failing = MSG_NONE_;
	rig->vault.silent = MSG_BLOB_LIST;
	rig->store->sweep.next_at = 0;
	for (int i = 0; i < 300 && rig->vault.silenced == 0; i++)
		rig_turn(rig, 5);
	assert_true(rig->store->sweep.is_running);
	rig_drop_vault(rig);
	assert_false(rig->store->sweep.is_running);
	rig->vault.silent = MSG_NONE_;
	rig_connect_vault(rig);
	sweep(rig, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_only_what_nobody_knows),
	    T(test_used_in_time),
	    T(test_vault_that_fails),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
