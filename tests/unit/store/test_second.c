/* SPDX-License-Identifier: Apache-2.0 */
/* test_second.c - secrets of second factors that lay open are nowhere in the
 * files of the database once they are sealed. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/db.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

/* Twenty bytes as no page has them by itself. */
#define SECRET "open secret number 7"

/* How often it is in the database's files, the log among them. */
static size_t
count_in_files(struct rig *rig)
{
	static const char *const names[] = {"loep.db", "loep.db-wal"};
	size_t found = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *path =
		    xasprintf("%s/%s", rig->store->folder, names[i]);
		auto_free char *bytes = NULL;
		const char *at, *end;
		size_t len;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd == -1)
			continue;
		bytes = read_all(fd, &len);
		end = bytes + len;
		for (at = bytes;
		     (at = memmem(at, (size_t)(end - at), SECRET, 20)) != NULL;
		     at++)
			found++;
	}
	return found;
}

static void
add_open_secret(struct rig *rig)
{
	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("An"), val_text("human"), val_int(-1),
		val_text("submit"), val_text("an")));
	sql_run(rig, "UPDATE credential SET totp_secret = "
		     "CAST('" SECRET "' AS BLOB)");
}

static void
test_log(void **state)
{
	struct rig *rig = *state;

	add_open_secret(rig);
	assert_true(count_in_files(rig) > 0);
	rig_drop_vault(rig);
	rig_turn(rig, 5);
	rig_connect_vault(rig);
	for (int i = 0; i < 500 && count_in_files(rig) > 0; i++) {
		(void)usleep(10000);
		rig_turn(rig, 2);
	}
	assert_int_equal(count_in_files(rig), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM credential "
				      "WHERE length(totp_secret) = 48"),
	    1);
}

/* The migration's text (store/migrate.c). */
extern const char store_schema_0029[];

/* Pages that an earlier version freed as they were. */
static void
test_free_pages(void **state)
{
	struct rig *rig = *state;

	sql_run(rig, "PRAGMA secure_delete = OFF;"
		     "CREATE TABLE old (b BLOB);"
		     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
		     "SELECT i + 1 FROM n WHERE i < 300) "
		     "INSERT INTO old SELECT CAST('" SECRET "' AS BLOB) || "
		     "zeroblob(3500) FROM n;"
		     "DROP TABLE old;"
		     "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_true(count_in_files(rig) >= 250);
	sql_run(rig, store_schema_0029);
	assert_int_equal(db_scrub(rig->store->db), ERR_OK);
	assert_int_equal(count_in_files(rig), 0);
	/* Where nothing is free there is nothing to do. */
	sql_run(rig, "VACUUM");
	sql_run(rig, store_schema_0029);
}

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_log),
	    TEST(test_free_pages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
