/* SPDX-License-Identifier: Apache-2.0 */
/* test_resume.c - uploads that outlive a cut: states, losses, quotas. */
#include "fake.h"

#include "fake_vault.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "store/resume.h"

struct world {
	struct rig *rig;
	char case_id[UUID_BYTES];
	char submission[UUID_BYTES];
	char id[UUID_BYTES];
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->rig = rig_new();
	make_case(w->rig, w->case_id, NULL);
	make_submission(w->rig, w->case_id, w->submission);
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

#define BEGIN(w, size)                                                   \
 ARGS(val_text((w)->submission), val_bytes("disk", 4), val_text("file"), \
     val_int(size), val_null(), val_text("filename ZGlzaw=="))

static void
begin(struct world *w, int64_t size)
{
	(void)ask_ok(w->rig, CALL_UPLOAD_BEGIN, BEGIN(w, size));
	(void)snprintf(w->id, sizeof(w->id), "%s", col_text(w->rig, 0, "id"));
}

/* Opens a writer and writes; the pipe is closed. */
static void
put(struct world *w, int64_t offset, const char *bytes)
{
	const int64_t len = (int64_t)strlen(bytes);
	struct answer *a = ask_ok(w->rig, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(offset), val_int(-1), val_int(0)));

	assert_int_equal(write(a->fd, bytes, (size_t)len), len);
	(void)close(take_fd(a->fd));
}

static void
save(struct world *w, const char *state, int64_t offset)
{
	(void)ask_ok(
	    w->rig, CALL_UPLOAD_SAVE, ARGS(val_text(w->id), val_int(-1)));
	assert_string_equal(col_text(w->rig, 0, "state"), state);
	assert_int_equal(col_int(w->rig, 0, "offset"), offset);
}

static void
look(struct world *w, const char *state, int64_t offset)
{
	(void)ask_ok(w->rig, CALL_UPLOAD_GET, ARGS(val_text(w->id)));
	assert_string_equal(col_text(w->rig, 0, "state"), state);
	assert_int_equal(col_int(w->rig, 0, "offset"), offset);
}

static void
test_to_evidence(void **state)
{
	struct world *w = *state;

	begin(w, 10);
	look(w, "open", 0);
	put(w, 0, "hello");
	save(w, "open", 5);
	look(w, "open", 5);
	assert_true(col_is_null(w->rig, 0, "artefact"));
	put(w, 5, "world");
	save(w, "finished", 10);
	assert_false(col_is_null(w->rig, 0, "artefact"));
	look(w, "finished", 10);
	assert_int_equal(sql_int(w->rig, "SELECT count(*) FROM artefact"), 1);
	assert_int_equal(
	    sql_int(w->rig, "SELECT count(*) FROM custody_event"), 4);
	/* The vault's files of it go by themselves. */
	for (int i = 0; i < 100 && w->rig->vault.drops == 0; i++)
		rig_turn(w->rig, 50);
	assert_int_equal(w->rig->vault.drops, 1);
	ask_err(w->rig, ERR_CONFLICT, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(10), val_int(0), val_int(0)));
	ask_err(
	    w->rig, ERR_CONFLICT, CALL_UPLOAD_TERMINATE, ARGS(val_text(w->id)));
}

static void
test_empty(void **state)
{
	struct world *w = *state;

	begin(w, 0);
	put(w, 0, "");
	save(w, "finished", 0);
}

static void
test_offsets(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct answer *a;

	begin(w, 10);
	ask_err(rig, ERR_CONFLICT, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(3), val_int(1), val_int(0)));
	ask_err(rig, ERR_CONFLICT, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(-1), val_int(1), val_int(0)));
	ask_err(rig, ERR_CONFLICT, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(INT64_MAX), val_int(1), val_int(0)));
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(0), val_int(11), val_int(0)));
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_SAVE,
	    ARGS(val_text(w->id), val_int(0)));
	ask_err(rig, ERR_NOT_FOUND, CALL_UPLOAD_DISCARD, ARGS(val_text(w->id)));
	a = ask_ok(rig, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(0), val_int(-1), val_int(1)));
	(void)close(take_fd(a->fd));
	ask_err(rig, ERR_CONFLICT, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(0), val_int(5), val_int(0)));
	(void)ask_ok(rig, CALL_UPLOAD_DISCARD, ARGS(val_text(w->id)));
	assert_int_equal(rig->vault.aborts, 1);
	put(w, 0, "hello");
	save(w, "open", 5);
	ask_err(rig, ERR_FORMAT, CALL_UPLOAD_BEGIN, BEGIN(w, -1));
	ask_err(
	    rig, ERR_LIMIT, CALL_UPLOAD_BEGIN, BEGIN(w, LIMIT_FILE_BYTES + 1));
}

/* Web, the vault or the store end: what arrived is there for the next one. */
static void
test_ends(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	begin(w, 20);
	put(w, 0, "hello");
	rig_drop_web(rig);
	rig_turn(rig, 20);
	rig_connect_web(rig);
	rig->principal = rig_session(rig);
	look(w, "open", 5);
	put(w, 5, "there");
	rig_drop_vault(rig);
	rig_turn(rig, 20);
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_GET, ARGS(val_text(w->id)));
	rig_connect_vault(rig);
	/* The vault of this test forgets what it did not save. */
	look(w, "open", 5);
	put(w, 5, "there");
	save(w, "open", 10);
	rig_stop(rig);
	rig_start(rig);
	rig->principal = rig_session(rig);
	look(w, "open", 10);
	put(w, 10, "and the end");
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_SAVE,
	    ARGS(val_text(w->id), val_int(-1)));
	look(w, "aborted", 10);
}

/* All bytes are there, but making evidence of them failed. */
static void
test_finished_later(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	begin(w, 5);
	put(w, 0, "hello");
	rig->vault.failing = MSG_SIGN;
	rig->vault.failing_err = ERR_UNAVAILABLE;
	ask_err(rig, ERR_UNAVAILABLE, CALL_UPLOAD_SAVE,
	    ARGS(val_text(w->id), val_int(5)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 0);
	rig->vault.failing = MSG_NONE_;
	rig_stop(rig);
	rig_start(rig);
	rig->principal = rig_session(rig);
	look(w, "finished", 5);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 1);
	look(w, "finished", 5);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM artefact"), 1);
}

/* The vault has less than it said: that is never papered over. */
static void
test_lost(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	begin(w, 10);
	put(w, 0, "hello");
	save(w, "open", 5);
	rig->vault.parts[0].len = 4;
	ask_err(rig, ERR_EOF, CALL_UPLOAD_GET, ARGS(val_text(w->id)));
	look(w, "aborted", 5);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM audit_event WHERE action = "
			 "'upload.lost'"),
	    1);
	ask_err(rig, ERR_EOF, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(4), val_int(1), val_int(0)));
	begin(w, 10);
	put(w, 0, "hello");
	save(w, "open", 5);
	rig->vault.failing = MSG_PART_OPEN;
	rig->vault.failing_err = ERR_FORMAT;
	ask_err(rig, ERR_EOF, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(5), val_int(1), val_int(0)));
	look(w, "aborted", 5);
}

static void
test_expires(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	begin(w, 10);
	put(w, 0, "hello");
	save(w, "open", 5);
	sql_run(rig, "UPDATE upload SET expires_at = 1");
	ask_err(rig, ERR_EOF, CALL_UPLOAD_APPEND,
	    ARGS(val_text(w->id), val_int(5), val_int(5), val_int(0)));
	for (int i = 0; i < 100 && rig->vault.drops == 0; i++)
		rig_turn(rig, 50);
	assert_int_equal(rig->vault.drops, 1);
	look(w, "expired", 5);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM audit_event WHERE action = "
			 "'upload.expired'"),
	    1);
	begin(w, 10);
	(void)ask_ok(rig, CALL_UPLOAD_TERMINATE, ARGS(val_text(w->id)));
	look(w, "aborted", 0);
	ask_err(rig, ERR_EOF, CALL_UPLOAD_TERMINATE, ARGS(val_text(w->id)));
}

static void
test_owner(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char org[UUID_BYTES], why[512];

	begin(w, 10);
	rig->principal =
	    rig_other_org(rig, "Power", "C2", "submit read_all_orgs", org);
	/* Not even one who sees all may go on with it, and none learns more
	 * than of an upload that never was. */
	for (size_t i = 0; i < 2; i++) {
		const char *id =
		    i == 0 ? w->id : "01890a5d-ac96-774b-bcce-b302099a8057";

		ask_err(
		    rig, ERR_NOT_FOUND, CALL_UPLOAD_GET, ARGS(val_text(id)));
		if (i == 1)
			assert_string_equal(why, rig->answer.why);
		(void)snprintf(why, sizeof(why), "%s", rig->answer.why);
		ask_err(rig, ERR_NOT_FOUND, CALL_UPLOAD_APPEND,
		    ARGS(val_text(id), val_int(0), val_int(1), val_int(0)));
		ask_err(rig, ERR_NOT_FOUND, CALL_UPLOAD_TERMINATE,
		    ARGS(val_text(id)));
	}
}

static void
test_quotas(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct answer *a;

	rig->store->quota_bytes = 100;
	begin(w, 60);
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_BEGIN, BEGIN(w, 41));
	(void)ask_ok(rig, CALL_UPLOAD_TERMINATE, ARGS(val_text(w->id)));
	begin(w, 5);
	put(w, 0, "hello");
	save(w, "finished", 5);
	assert_int_equal(
	    sql_int(rig, "SELECT sum(stored_bytes) FROM organisation"), 5);
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_BEGIN, BEGIN(w, 96));
	begin(w, 95);
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_CREATE,
	    ARGS(val_text(w->submission), val_bytes("x", 1), val_text("file"),
		val_int(-1), val_null()));
	/* What is set for the organisation counts. */
	sql_run(rig, "UPDATE organisation SET quota_bytes = 0");
	begin(w, 1000);
	rig->store->quota_uploads = 2;
	ask_err(rig, ERR_LIMIT, CALL_UPLOAD_BEGIN, BEGIN(w, 1));
	sql_run(rig, "UPDATE organisation SET quota_uploads = 3");
	begin(w, 1);
	a = ask(rig, CALL_UPLOAD_BEGIN, BEGIN(w, 1));
	assert_int_equal(a->err, ERR_LIMIT);
	assert_non_null(strstr(a->why, "3 uploads open"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_to_evidence, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_offsets, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_finished_later, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_expires, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_quotas, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
