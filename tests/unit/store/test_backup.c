/* SPDX-License-Identifier: Apache-2.0 */
/* test_backup.c - a copy of the database while the store works. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/backup.h"

#include <sys/stat.h>
#include <unistd.h>

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

static const char *
backup_state(struct rig *rig)
{
	(void)ask_ok(rig, CALL_BACKUP_GET, NULL, 0);
	return col_text(rig, 0, "state");
}

static void
wait_ready(struct rig *rig)
{
	for (int i = 0; i < 500; i++) {
		if (strcmp(backup_state(rig), "ready") == 0)
			return;
		rig_turn(rig, 2);
	}
	fail_msg("the copy is not made");
}

/* Cases in a database, opened on its own. */
static int64_t
cases_in(const char *folder, const char *name)
{
	auto_free char *dir = xasprintf("%s/look", folder);
	auto_free char *from = xasprintf("%s/%s", folder, name);
	auto_free char *to = xasprintf("%s/loep.db", dir);
	AUTO(query) q = {0};
	char why[256];
	struct db *db;
	int64_t count;

	(void)mkdir(dir, 0700);
	assert_int_equal(link(from, to), 0);
	assert_int_equal(db_open(to, false, why, sizeof(why), &db), ERR_OK);
	assert_int_equal(query_one(&q, db, STMT_AUDIT_HEAD, NULL, 0), ERR_OK);
	count = query_int(&q, 0);
	query_release(&q);
	db_close(db);
	(void)unlink(to);
	(void)rmdir(dir);
	return count;
}

static void
test_copy(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/backup.db", rig->folder);
	char case_id[UUID_BYTES], artefact[UUID_BYTES];
	int64_t events;

	assert_string_equal(backup_state(rig), "none");
	make_artefact(rig, "evidence", case_id, artefact);
	(void)ask_ok(rig, CALL_BACKUP_BEGIN, NULL, 0);
	ask_err(rig, ERR_CONFLICT, CALL_BACKUP_BEGIN, NULL, 0);
	wait_ready(rig);
	assert_true(col_int(rig, 0, "total") > 0);
	assert_int_equal(col_int(rig, 0, "done"), col_int(rig, 0, "total"));
	events = sql_int(rig, "SELECT max(seq) FROM audit_event");
	assert_int_equal(cases_in(rig->folder, "backup.db"), events);
	ask_err(rig, ERR_FORMAT, CALL_BACKUP_END, ARGS(val_text("perhaps")));
	(void)ask_ok(rig, CALL_BACKUP_END, ARGS(val_text("done")));
	assert_int_equal(access(path, F_OK), -1);
	ask_err(rig, ERR_CONFLICT, CALL_BACKUP_END, ARGS(val_text("done")));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'backup.ended'"),
	    1);
}

/* Whoever copies the vault afterwards finds what the copy refers to. */
static void
test_blobs_stay(void **state)
{
	struct rig *rig = *state;

	(void)ask_ok(rig, CALL_BACKUP_BEGIN, NULL, 0);
	wait_ready(rig);
	/* One that nothing refers to. */
	sql_run(rig,
	    "INSERT INTO blob (org_id, sha256, size, stored_size, created_at, "
	    "last_verified_at, unused_since) "
	    "SELECT id, zeroblob(32), 1, 1, 1, 1, 1 FROM organisation");
	rig_turn(rig, 300);
	assert_int_equal(rig->vault.deletes, 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob"), 1);
	(void)ask_ok(rig, CALL_BACKUP_END, ARGS(val_text("failed")));
	assert_false(backup_is_open(rig->store));
	for (int i = 0; i < 300 && rig->vault.deletes == 0; i++)
		rig_turn(rig, 10);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM blob"), 0);
}

/* What a crash left is gone after the next start. */
static void
test_left_behind(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/backup.db", rig->folder);

	(void)ask_ok(rig, CALL_BACKUP_BEGIN, NULL, 0);
	wait_ready(rig);
	rig_stop(rig);
	rig_start(rig);
	assert_string_equal(backup_state(rig), "none");
	assert_int_equal(access(path, F_OK), -1);
}

static void
test_who_may(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES];

	rig->principal = rig_other_org(rig, "Water", "C1", "submit", org);
	ask_err(rig, ERR_DENIED, CALL_BACKUP_BEGIN, NULL, 0);
	ask_err(rig, ERR_DENIED, CALL_BACKUP_GET, NULL, 0);
	ask_err(rig, ERR_DENIED, CALL_BACKUP_END, ARGS(val_text("done")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_copy),
	    T(test_blobs_stay),
	    T(test_left_behind),
	    T(test_who_may),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
