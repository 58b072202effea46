/* SPDX-License-Identifier: Apache-2.0 */
/* test_key.c - OpenPGP keys: warnings before they end, day by day. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/key.h"

#define DAY_US ((int64_t)24 * 3600 * 1000000)
#define FPR    "0123456789ABCDEF0123456789ABCDEF01234567"

static int
setup(void **state)
{
	struct rig *rig = rig_new();

	(void)ask_ok(
	    rig, CALL_ACCOUNT_SELF, ARGS(val_null(), val_text("a@b.be")));
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void
put_key(struct rig *rig, const char *fpr, int64_t expires_us)
{
	auto_json json_t *detail =
	    json_pack("{s:I,s:I,s:[s],s:b}", "created", (json_int_t)1700000000,
		"expires", (json_int_t)(expires_us / 1000000), "user_ids",
		"CERT", "is_revoked", 0);
	struct key_row row = {fpr, "-----BEGIN", detail};
	char id[UUID_BYTES];
	bool is_new;

	assert_int_equal(tx_begin(rig->store, ROLE_STORE), ERR_OK);
	assert_int_equal(
	    key_put(rig->store, NULL, NULL, &row, id, &is_new), ERR_OK);
	tx_end(rig->store, true);
	tx_commit(rig->store);
}

static int64_t
warned(struct rig *rig, int64_t now)
{
	keys_warn(rig->store, now);
	tx_commit(rig->store);
	return sql_int(
	    rig, "SELECT count(*) FROM outbox WHERE kind = 'key_expiring'");
}

/* 60, 30 and 7 days before, once each, whatever the clock does between. */
static void
test_once_each(void **state)
{
	struct rig *rig = *state;
	int64_t base = loop_wall_us();
	int64_t end = base + 100 * DAY_US;

	put_key(rig, FPR, end);
	assert_int_equal(warned(rig, base), 0);
	for (int64_t day = 0; day <= 110; day++) {
		int64_t left = 100 - day;
		int64_t wanted = left > 60   ? 0
				 : left > 30 ? 1
				 : left > 7  ? 2
					     : 3;

		assert_int_equal(warned(rig, base + day * DAY_US), wanted);
		/* Looked at again, and with a clock that went back. */
		assert_int_equal(warned(rig, base + day * DAY_US), wanted);
		assert_int_equal(warned(rig, base), wanted);
	}
	/* Whole days; the key's own second is a part of one. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM outbox WHERE "
				      "detail = '{\"days\":59}' OR "
				      "detail = '{\"days\":29}' OR "
				      "detail = '{\"days\":6}'"),
	    3);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'key.expiring'"),
	    3);
	/* A key that was renewed is one of which nobody was warned. */
	put_key(rig, FPR, end + 100 * DAY_US);
	assert_int_equal(warned(rig, end), 3);
	assert_int_equal(warned(rig, end + 45 * DAY_US), 4);
}

/* One that comes late is warned of once, not three times. */
static void
test_late(void **state)
{
	struct rig *rig = *state;
	int64_t base = loop_wall_us();

	put_key(rig, FPR, base + 5 * DAY_US);
	assert_int_equal(warned(rig, base), 1);
	assert_int_equal(warned(rig, base + DAY_US), 1);
	/* Retired ones, and those without an end, are nobody's worry. */
	put_key(rig, "A123456789ABCDEF0123456789ABCDEF01234567", 0);
	put_key(
	    rig, "B123456789ABCDEF0123456789ABCDEF01234567", base + 6 * DAY_US);
	sql_run(rig, "UPDATE pgp_key SET retired_at = 1 WHERE fpr GLOB 'B*'");
	assert_int_equal(warned(rig, base + DAY_US), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_once_each, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_late, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
