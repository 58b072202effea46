/* SPDX-License-Identifier: Apache-2.0 */
/* test_case.c - people's work on cases: who has it, what is said to whom. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#define DAY_US	INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

struct world {
	struct rig *rig;
	uint64_t an; /* of the CSIRT */
	uint64_t bert;
	uint64_t reader;   /* of the CSIRT, works on nothing */
	uint64_t sender;   /* whose case it is */
	uint64_t stranger; /* of another organisation */
	char an_id[UUID_BYTES];
	char bert_id[UUID_BYTES];
	char reader_id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char artefact[UUID_BYTES];
};

static int
setup(void **state)
{
	static const char all[] =
	    "read_all_orgs analyse claim verdict approve_report";
	struct world *w = xcalloc(1, sizeof(*w));
	struct rig *rig = rig_new();
	uint64_t admin = rig->principal;
	char org[UUID_BYTES];

	w->rig = rig;
	w->an = rig_colleague(rig, "An", all, w->an_id);
	w->bert = rig_colleague(rig, "Bert", all, w->bert_id);
	w->reader = rig_colleague(rig, "Rita", "read_all_orgs", w->reader_id);
	w->sender = rig_other_org(rig, "Water", "C1", "submit", org);
	rig->principal = admin;
	w->stranger = rig_other_org(rig, "Power", "C2", "submit", org);
	sql_run(rig, "UPDATE account SET mail = 'wim@water.example' "
		     "WHERE name = 'Water'");
	rig->principal = w->sender;
	make_artefact(rig, "bytes", w->case_id, w->artefact);
	rig->principal = w->an;
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
get(struct world *w)
{
	(void)ask_ok(w->rig, CALL_CASE_GET, ARGS(val_text(w->case_id)));
}

static enum err
claim(struct world *w, uint64_t who)
{
	w->rig->principal = who;
	return ask(w->rig, CALL_CASE_CLAIM, ARGS(val_text(w->case_id)))->err;
}

static void
test_claim(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	get(w);
	assert_string_equal(col_text(rig, 0, "stage"), "checking");
	assert_true(col_is_null(rig, 0, "owner"));
	assert_int_equal(claim(w, w->an), ERR_OK);
	assert_string_equal(col_text(rig, 0, "stage"), "analysing");
	assert_string_equal(col_text(rig, 0, "owner_name"), "An");
	assert_int_equal(claim(w, w->an), ERR_OK);
	assert_int_equal(claim(w, w->bert), ERR_CONFLICT);
	assert_non_null(strstr(rig->answer.why, "An works on it"));
	assert_int_equal(claim(w, w->reader), ERR_DENIED);
	assert_int_equal(claim(w, w->sender), ERR_DENIED);
	assert_int_equal(claim(w, w->stranger), ERR_DENIED);
	rig->principal = w->bert;
	ask_err(
	    rig, ERR_CONFLICT, CALL_CASE_UNCLAIM, ARGS(val_text(w->case_id)));
	rig->principal = w->an;
	(void)ask_ok(rig, CALL_CASE_UNCLAIM, ARGS(val_text(w->case_id)));
	assert_true(col_is_null(rig, 0, "owner"));
	ask_err(
	    rig, ERR_CONFLICT, CALL_CASE_UNCLAIM, ARGS(val_text(w->case_id)));
	assert_int_equal(claim(w, w->bert), ERR_OK);
	/* Whose it is, is not for its submitter. */
	rig->principal = w->sender;
	get(w);
	assert_true(col_is_null(rig, 0, "owner"));
	assert_true(col_is_null(rig, 0, "owner_name"));
	assert_string_equal(col_text(rig, 0, "stage"), "analysing");
}

static void
hand_over(struct world *w, enum err err, const char *to, const char *note)
{
	struct answer *a = ask(w->rig, CALL_CASE_HANDOVER,
	    ARGS(val_text(w->case_id), val_text(to), val_text(note)));

	assert_int_equal(a->err, err);
}

static void
test_handover(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	assert_int_equal(claim(w, w->an), ERR_OK);
	hand_over(w, ERR_NOT_FOUND, w->reader_id, "look at it");
	hand_over(w, ERR_NOT_FOUND, w->case_id, "look at it");
	hand_over(w, ERR_FORMAT, w->bert_id, " \n");
	hand_over(w, ERR_CONFLICT, w->an_id, "me again");
	hand_over(w, ERR_OK, w->bert_id, "I go home; the macro is odd");
	assert_string_equal(col_text(rig, 0, "owner_name"), "Bert");
	/* Also without the one who has it: it is told who did. */
	hand_over(w, ERR_OK, w->an_id, "Bert is ill");
	(void)ask_ok(rig, CALL_HANDOVER_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 2);
	assert_string_equal(col_text(rig, 0, "from_name"), "An");
	assert_string_equal(col_text(rig, 0, "to_name"), "Bert");
	assert_string_equal(col_text(rig, 1, "by_name"), "An");
	assert_string_equal(col_text(rig, 1, "from_name"), "Bert");
	assert_string_equal(col_text(rig, 1, "note"), "Bert is ill");
	rig->principal = w->sender;
	ask_err(rig, ERR_NOT_FOUND, CALL_HANDOVER_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	rig->principal = w->an;
	(void)ask_ok(rig, CALL_STAFF_LIST, ARGS(val_int(0), val_text("")));
	/* An, Bert and the administrator; Rita may not claim. */
	assert_int_equal(rig->answer.rows_count, 3);
}

static void
stage(struct world *w, enum err err, const char *word, const char *reason)
{
	struct answer *a = ask(w->rig, CALL_CASE_STAGE,
	    ARGS(val_text(w->case_id), val_text(word), val_text(reason)));

	if (a->err != err)
		fail_msg("%s: %s", word, a->why);
}

/* CASE_SET with one thing said; `at` is its place among the parameters. */
static struct answer *
say(struct world *w, int64_t version, size_t at, struct value value)
{
	struct value args[15];

	for (size_t i = 0; i < 15; i++)
		args[i] = val_null();
	args[0] = val_text(w->case_id);
	args[1] = val_int(version);
	args[at] = value;
	return ask(w->rig, CALL_CASE_SET, args, 15);
}

static int64_t
version(struct world *w)
{
	get(w);
	return col_int(w->rig, 0, "version");
}

static void
test_stages(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	stage(w, ERR_FORMAT, "waiting", "");
	stage(w, ERR_FORMAT, "reported", "because");
	stage(w, ERR_FORMAT, "checking waiting", "because");
	stage(w, ERR_OK, "waiting", "all of our machines are busy");
	stage(w, ERR_CONFLICT, "waiting", "still");
	assert_int_equal(claim(w, w->an), ERR_OK);
	assert_string_equal(col_text(rig, 0, "stage"), "analysing");
	/* Not before it was said what it was. */
	stage(w, ERR_CONFLICT, "closed", "");
	assert_int_equal(
	    say(w, version(w), 4, val_text("malicious-code"))->err, ERR_OK);
	stage(w, ERR_OK, "closed", "");
	get(w);
	assert_string_equal(col_text(rig, 0, "state"), "closed");
	assert_false(col_is_null(rig, 0, "closed"));
	assert_int_equal(claim(w, w->bert), ERR_CONFLICT);
	stage(w, ERR_CONFLICT, "declined", "no");
	stage(w, ERR_FORMAT, "analysing", "");
	stage(w, ERR_OK, "analysing", "there is more");
	get(w);
	assert_string_equal(col_text(rig, 0, "state"), "open");
	assert_true(col_is_null(rig, 0, "closed"));
	stage(w, ERR_OK, "declined", "not ours");
	rig->principal = w->sender;
	ask_err(rig, ERR_DENIED, CALL_CASE_STAGE,
	    ARGS(val_text(w->case_id), val_text("analysing"), val_text("x")));
	(void)ask_ok(rig, CALL_CASE_HISTORY,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_string_equal(col_text(rig, 0, "action"), "opened");
	assert_string_equal(col_text(rig, 0, "actor_role"), "submitter");
	for (size_t i = 0; i < rig->answer.rows_count; i++) {
		assert_string_not_equal(col_text(rig, i, "action"), "claimed");
		if (strcmp(col_text(rig, i, "actor_role"), "staff") == 0)
			assert_true(col_is_null(rig, i, "actor_name"));
	}
	assert_string_equal(col_text(rig, rig->answer.rows_count - 1, "action"),
	    "stage_declined");
	assert_string_equal(
	    col_text(rig, rig->answer.rows_count - 1, "text"), "not ours");
}

static void
test_edit(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	int64_t v = version(w);

	assert_int_equal(say(w, v, 2, val_text("A lamp"))->err, ERR_OK);
	assert_int_equal(col_int(rig, 0, "version"), v + 1);
	assert_string_equal(col_text(rig, 0, "title"), "A lamp");
	/* Two people at once: the second one is told. */
	assert_int_equal(say(w, v, 2, val_text("Not"))->err, ERR_STALE);
	v++;
	assert_int_equal(say(w, v, 4, val_text("witchcraft"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 5, val_text("spam"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 6, val_text("hackers"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 7, val_text("maybe"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 11, val_text("be_domain"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 14, val_text("all"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 3, val_text("very"))->err, ERR_FORMAT);
	assert_int_equal(say(w, v, 3, val_text("critical"))->err, ERR_OK);
	assert_string_equal(col_text(rig, 0, "severity"), "critical");
	assert_string_equal(col_text(rig, 0, "severity_submitter"), "high");
	assert_int_equal(
	    sql_int(rig, "SELECT min(urgency) + max(urgency) FROM job"), 0);
	/* A submitter says their part, beside the staff's. */
	rig->principal = w->sender;
	v = version(w);
	assert_int_equal(say(w, v, 3, val_text("low"))->err, ERR_OK);
	assert_string_equal(col_text(rig, 0, "severity"), "critical");
	assert_string_equal(col_text(rig, 0, "severity_submitter"), "low");
	assert_int_equal(say(w, v + 1, 4, val_text("other"))->err, ERR_DENIED);
	rig->principal = w->reader;
	assert_int_equal(say(w, v + 1, 2, val_text("x"))->err, ERR_DENIED);
	rig->principal = w->stranger;
	assert_int_equal(say(w, v + 1, 2, val_text("x"))->err, ERR_NOT_FOUND);
	/* What may hold anything is not in the chain. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE detail LIKE '%A lamp%'"),
	    0);
}

static void
find(struct world *w, const char *q, size_t rows)
{
	(void)ask_ok(w->rig, CALL_CASE_LIST,
	    ARGS(val_text(""), val_text(""), val_text(""), val_text(q),
		val_int(0), val_text("")));
	if (w->rig->answer.rows_count != rows)
		fail_msg("%s: %zu", q, w->rig->answer.rows_count);
}

static void
test_find(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char number[32];

	assert_int_equal(
	    say(w, version(w), 2, val_text("The \xc3\x89t\xc3\xa9 lamp\" OR x"))
		->err,
	    ERR_OK);
	(void)snprintf(
	    number, sizeof(number), "%s", col_text(rig, 0, "number"));
	find(w, "lam", 1);
	find(w, "ete THE", 1);
	find(w, "amp", 0);
	find(w, number, 1);
	number[12] = '\0';
	find(w, number, 1);
	find(w, "title", 0);
	find(w, "\" OR org:\"o", 0);
	find(w, "lamp -- * {(", 1);
	find(w, "lamp NEAR(x", 0);
	find(w, "- \" *", 0);
	rig->principal = w->sender;
	find(w, "lamp", 1);
	rig->principal = w->stranger;
	find(w, "lamp", 0);
	ask_err(rig, ERR_DENIED, CALL_CASE_LIST,
	    ARGS(val_text(""), val_text(""), val_text("none"), val_text(""),
		val_int(0), val_text("")));
	/* Filters. */
	rig->principal = w->an;
	assert_int_equal(claim(w, w->an), ERR_OK);
	(void)ask_ok(rig, CALL_CASE_LIST,
	    ARGS(val_text("open"), val_text("analysing"), val_text("me"),
		val_text("lamp"), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 1);
	(void)ask_ok(rig, CALL_CASE_LIST,
	    ARGS(val_text(""), val_text(""), val_text("none"), val_text(""),
		val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 0);
	(void)ask_ok(rig, CALL_CASE_LIST,
	    ARGS(val_text(""), val_text("received"), val_text(""), val_text(""),
		val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 0);
}

static struct answer *
write_to(struct world *w, uint64_t who, enum call_op op, const char *text)
{
	w->rig->principal = who;
	return ask(w->rig, op, ARGS(val_text(w->case_id), val_text(text)));
}

static void
test_messages(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;

	assert_int_equal(
	    write_to(w, w->sender, CALL_MESSAGE_ADD, "Is it bad?")->err,
	    ERR_OK);
	assert_string_equal(col_text(rig, 0, "direction"), "in");
	assert_int_equal(
	    write_to(w, w->an, CALL_MESSAGE_ADD, "<b>Yes</b>\x1b[2J")->err,
	    ERR_OK);
	assert_string_equal(col_text(rig, 0, "direction"), "out");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM outbox "
				      "WHERE kind = 'message_waiting'"),
	    1);
	assert_string_equal(
	    write_to(w, w->an, CALL_MESSAGE_ADD, "")->why, "\"text\" is empty");
	assert_int_equal(
	    write_to(w, w->reader, CALL_MESSAGE_ADD, "x")->err, ERR_DENIED);
	assert_int_equal(write_to(w, w->stranger, CALL_MESSAGE_ADD, "x")->err,
	    ERR_NOT_FOUND);
	rig->principal = w->an;
	get(w);
	assert_int_equal(col_int(rig, 0, "unread"), 1);
	(void)ask_ok(rig, CALL_MESSAGE_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_string_equal(col_text(rig, 1, "from"), "An, CSIRT");
	(void)ask_ok(rig, CALL_MESSAGES_READ, ARGS(val_text(w->case_id)));
	get(w);
	assert_int_equal(col_int(rig, 0, "unread"), 0);
	/* The other side: no names, its own count. */
	rig->principal = w->sender;
	get(w);
	assert_int_equal(col_int(rig, 0, "unread"), 1);
	(void)ask_ok(rig, CALL_MESSAGE_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 2);
	assert_string_equal(col_text(rig, 1, "from"), "CSIRT");
	assert_true(col_is_null(rig, 1, "from_name"));
	assert_string_equal(col_text(rig, 1, "from_role"), "staff");
	assert_string_equal(col_text(rig, 0, "from_name"), "Water");
	assert_false(col_is_null(rig, 0, "read_at"));
	assert_true(col_is_null(rig, 1, "read_at"));
	rig->principal = w->reader;
	ask_err(
	    rig, ERR_DENIED, CALL_MESSAGES_READ, ARGS(val_text(w->case_id)));
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE detail LIKE '%bad?%'"),
	    0);
}

static void
test_notes_never_leak(void **state)
{
	static const enum call_op ops[] = {CALL_NOTE_LIST, CALL_CASE_TASKS,
	    CALL_HANDOVER_LIST, CALL_MESSAGE_LIST, CALL_CASE_HISTORY};
	struct world *w = *state;
	struct rig *rig = w->rig;

	assert_int_equal(
	    write_to(w, w->an, CALL_NOTE_ADD, "SECRET note")->err, ERR_OK);
	assert_string_equal(col_text(rig, 0, "by_name"), "An");
	rig->principal = w->an;
	(void)ask_ok(rig, CALL_TASK_ADD,
	    ARGS(val_text(w->case_id), val_text("SECRET task"), val_null(),
		val_null()));
	hand_over(w, ERR_OK, w->bert_id, "SECRET handover");
	(void)ask_ok(rig, CALL_NOTE_LIST,
	    ARGS(val_text(w->case_id), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 1);
	rig->principal = w->sender;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct answer *a = ask(rig, ops[i],
		    ARGS(val_text(w->case_id), val_int(0), val_text("")));

		if (i < 3)
			assert_string_equal(a->why, "there is no such case");
		for (size_t row = 0; row < a->rows_count; row++)
			assert_null(
			    strstr(col_text(rig, row, "text"), "SECRET"));
	}
	assert_int_equal(
	    write_to(w, w->sender, CALL_NOTE_ADD, "x")->err, ERR_DENIED);
	get(w);
	assert_int_equal(col_int(rig, 0, "tasks_open"), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM case_message"), 0);
}

static void
test_tasks(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	int64_t id;

	(void)ask_ok(rig, CALL_TASK_ADD,
	    ARGS(val_text(w->case_id), val_text("ask for the mail"),
		val_text(w->bert_id), val_int(DAY_US)));
	id = col_int(rig, 0, "id");
	assert_string_equal(col_text(rig, 0, "assignee_name"), "Bert");
	assert_string_equal(col_text(rig, 0, "kind"), "manual");
	get(w);
	assert_int_equal(col_int(rig, 0, "tasks_open"), 1);
	ask_err(rig, ERR_FORMAT, CALL_TASK_ADD,
	    ARGS(val_text(w->case_id), val_text("x"), val_text(w->reader_id),
		val_null()));
	ask_err(rig, ERR_FORMAT, CALL_TASK_ADD,
	    ARGS(val_text(w->case_id), val_text(" "), val_null(), val_null()));
	ask_err(rig, ERR_FORMAT, CALL_TASK_SET,
	    ARGS(val_int(id), val_text("lost"), val_null(), val_null()));
	ask_err(rig, ERR_NOT_FOUND, CALL_TASK_SET,
	    ARGS(val_int(id + 7), val_text("done"), val_null(), val_null()));
	(void)ask_ok(rig, CALL_TASK_SET,
	    ARGS(val_int(id), val_text("done"), val_text(""), val_null()));
	assert_string_equal(col_text(rig, 0, "done_by_name"), "An");
	assert_true(col_is_null(rig, 0, "assignee"));
	get(w);
	assert_int_equal(col_int(rig, 0, "tasks_open"), 0);
	(void)ask_ok(rig, CALL_TASK_SET,
	    ARGS(val_int(id), val_text("open"), val_null(), val_null()));
	assert_true(col_is_null(rig, 0, "done"));
	get(w);
	assert_int_equal(col_int(rig, 0, "tasks_open"), 1);
	rig->principal = w->sender;
	ask_err(rig, ERR_DENIED, CALL_TASK_SET,
	    ARGS(val_int(id), val_text("done"), val_null(), val_null()));
}

static void
verdict(struct world *w, enum err err, const char *value, char ret[UUID_BYTES])
{
	struct answer *a = ask(w->rig, CALL_VERDICT_ADD,
	    ARGS(val_text(w->artefact), val_text(value), val_text("high"),
		val_text("it calls home")));

	if (a->err != err)
		fail_msg("%s: %s", value, a->why);
	if (err == ERR_OK)
		(void)snprintf(
		    ret, UUID_BYTES, "%s", col_text(w->rig, 0, "id"));
}

static void
test_verdicts(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char first[UUID_BYTES], second[UUID_BYTES];

	verdict(w, ERR_FORMAT, "evil", first);
	verdict(w, ERR_FORMAT, "malicious benign", first);
	verdict(w, ERR_OK, "benign", first);
	verdict(w, ERR_OK, "malicious", second);
	assert_string_equal(col_text(rig, 0, "supersedes"), first);
	/* Nobody confirms their own, or one that is superseded. */
	ask_err(rig, ERR_DENIED, CALL_VERDICT_CONFIRM, ARGS(val_text(second)));
	rig->principal = w->bert;
	ask_err(rig, ERR_CONFLICT, CALL_VERDICT_CONFIRM, ARGS(val_text(first)));
	(void)ask_ok(rig, CALL_VERDICT_CONFIRM, ARGS(val_text(second)));
	assert_string_equal(col_text(rig, 0, "confirmed_by_name"), "Bert");
	assert_int_equal(col_int(rig, 0, "is_single_person"), 0);
	ask_err(
	    rig, ERR_CONFLICT, CALL_VERDICT_CONFIRM, ARGS(val_text(second)));
	get(w);
	assert_string_equal(col_text(rig, 0, "verdict"), "malicious");
	assert_int_equal(col_int(rig, 0, "verdict_confirmed"), 1);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(w->artefact)));
	assert_string_equal(col_text(rig, 0, "verdict"), "malicious");
	(void)ask_ok(rig, CALL_VERDICT_LIST,
	    ARGS(val_text(w->artefact), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 2);
	assert_string_equal(col_text(rig, 0, "id"), second);
	/* A later one is to be confirmed again. */
	verdict(w, ERR_OK, "suspicious", first);
	get(w);
	assert_string_equal(col_text(rig, 0, "verdict"), "suspicious");
	assert_int_equal(col_int(rig, 0, "verdict_confirmed"), 0);
	/* Nothing of it is for others. */
	rig->principal = w->sender;
	get(w);
	assert_true(col_is_null(rig, 0, "verdict"));
	ask_err(rig, ERR_NOT_FOUND, CALL_VERDICT_LIST,
	    ARGS(val_text(w->artefact), val_int(0), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_VERDICT_CONFIRM, ARGS(val_text(first)));
	verdict(w, ERR_DENIED, "benign", first);
	rig->principal = w->reader;
	verdict(w, ERR_DENIED, "benign", first);
}

/* One person alone, where the configuration says so; and it is told. */
static void
test_single_person(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char id[UUID_BYTES];

	rig->store->is_single_review = true;
	verdict(w, ERR_OK, "malicious", id);
	(void)ask_ok(rig, CALL_VERDICT_CONFIRM, ARGS(val_text(id)));
	assert_int_equal(col_int(rig, 0, "is_single_person"), 1);
	assert_int_equal(
	    sql_int(rig, "SELECT detail ->> '$.single_person' FROM audit_event "
			 "WHERE action = 'verdict.confirmed'"),
	    1);
}

/* The row of a clock. */
static size_t
clock_of(struct world *w, const char *name)
{
	struct rig *rig = w->rig;

	(void)ask_ok(rig, CALL_CASE_CLOCKS, ARGS(val_text(w->case_id)));
	for (size_t i = 0; i < rig->answer.rows_count; i++) {
		if (strcmp(col_text(rig, i, "name"), name) == 0)
			return i;
	}
	fail_msg("no clock %s", name);
	return 0;
}

static void
test_nis2_clocks(void **state)
{
	/* 2027-01-31 08:00 UTC */
	const int64_t aware = INT64_C(1801382400) * 1000000;
	struct world *w = *state;
	struct rig *rig = w->rig;
	size_t at = clock_of(w, "nis2_notification");

	assert_string_equal(col_text(rig, at, "state"), "none");
	at = clock_of(w, "csirt_feedback");
	assert_string_equal(col_text(rig, at, "state"), "none");
	assert_int_equal(
	    say(w, version(w), 7, val_text("mandatory"))->err, ERR_OK);
	assert_int_equal(say(w, version(w), 8, val_int(aware))->err, ERR_OK);
	at = clock_of(w, "nis2_early_warning");
	assert_int_equal(col_int(rig, at, "due_at"), aware + 24 * HOUR_US);
	at = clock_of(w, "nis2_notification");
	assert_int_equal(col_int(rig, at, "due_at"), aware + 72 * HOUR_US);
	assert_string_equal(col_text(rig, at, "state"), "running");
	at = clock_of(w, "nis2_final");
	/* 2027-02-03 and a month */
	assert_int_equal(col_int(rig, at, "due_at"), aware + (3 + 28) * DAY_US);
	at = clock_of(w, "csirt_feedback");
	assert_string_equal(col_text(rig, at, "state"), "running");
	/* A month behind the last of January is the last of February. */
	sql_run(rig, "UPDATE case_file SET nis2_stage = 'notification', "
		     "nis2_notification_at = aware_at");
	at = clock_of(w, "nis2_final");
	assert_int_equal(col_int(rig, at, "due_at"), aware + 28 * DAY_US);
	at = clock_of(w, "nis2_notification");
	assert_string_equal(col_text(rig, at, "state"), "met");
	/* Trust services owe theirs within a day. */
	sql_run(rig, "UPDATE organisation SET subsector = 'trust-services'");
	at = clock_of(w, "nis2_notification");
	assert_int_equal(col_int(rig, at, "due_at"), aware + 24 * HOUR_US);
	assert_int_equal(
	    say(w, version(w), 14, val_text("final"))->err, ERR_OK);
	at = clock_of(w, "nis2_final");
	assert_string_equal(col_text(rig, at, "state"), "met");
	at = clock_of(w, "nis2_early_warning");
	assert_string_equal(col_text(rig, at, "state"), "met");
}

static void
test_own_clocks(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	size_t at;

	sql_run(rig, "UPDATE case_file SET due_ack_at = created_at + 60000000, "
		     "due_triage_at = 5, due_report_at = created_at * 2");
	at = clock_of(w, "ack");
	assert_string_equal(col_text(rig, at, "state"), "met");
	at = clock_of(w, "triage");
	assert_string_equal(col_text(rig, at, "state"), "overdue");
	at = clock_of(w, "report");
	assert_string_equal(col_text(rig, at, "state"), "running");
	(void)ask_ok(rig, CALL_QUEUE_LIST,
	    ARGS(val_text("any"), val_text(""), val_int(1), val_text("")));
	assert_string_equal(col_text(rig, 0, "due_name"), "triage");
	assert_int_equal(col_int(rig, 0, "is_overdue"), 1);
	assert_int_equal(claim(w, w->an), ERR_OK);
	at = clock_of(w, "triage");
	assert_string_equal(col_text(rig, at, "state"), "met");
	(void)ask_ok(rig, CALL_QUEUE_LIST,
	    ARGS(val_text("me"), val_text(""), val_int(1), val_text("")));
	assert_string_equal(col_text(rig, 0, "due_name"), "report");
	assert_int_equal(col_int(rig, 0, "is_overdue"), 0);
	/* Nobody is promised a time. */
	rig->principal = w->sender;
	(void)ask_ok(rig, CALL_CASE_CLOCKS, ARGS(val_text(w->case_id)));
	assert_int_equal(rig->answer.rows_count, 4);
	assert_string_equal(col_text(rig, 0, "name"), "nis2_early_warning");
}

static void
test_statistics(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	char id[UUID_BYTES], number[32];

	rig->principal = w->sender;
	make_case(rig, id, number);
	rig->principal = w->an;
	(void)ask_ok(rig, CALL_STATISTICS, ARGS(val_int(3)));
	assert_int_equal(rig->answer.rows_count, 3);
	assert_int_equal(col_int(rig, 1, "opened"), 0);
	assert_int_equal(col_int(rig, 2, "opened"), 2);
	assert_int_equal(col_int(rig, 2, "artefacts"), 1);
	assert_int_equal(col_int(rig, 2, "queue"), 2);
	assert_int_equal(claim(w, w->an), ERR_OK);
	stage(w, ERR_OK, "declined", "no");
	(void)ask_ok(rig, CALL_STATISTICS, ARGS(val_int(1)));
	assert_int_equal(col_int(rig, 0, "queue"), 1);
	assert_int_equal(col_int(rig, 0, "closed"), 1);
	/* The queue of a day without events is the one before. */
	sql_run(rig, "UPDATE stat_day SET day = day - 2");
	(void)ask_ok(rig, CALL_STATISTICS, ARGS(val_int(2)));
	assert_int_equal(col_int(rig, 1, "queue"), 1);
	assert_int_equal(col_int(rig, 1, "opened"), 0);
	ask_err(rig, ERR_FORMAT, CALL_STATISTICS, ARGS(val_int(0)));
	ask_err(rig, ERR_FORMAT, CALL_STATISTICS, ARGS(val_int(100000)));
	rig->principal = w->sender;
	ask_err(rig, ERR_DENIED, CALL_STATISTICS, ARGS(val_int(1)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_claim, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_handover, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stages, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_edit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_find, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_notes_never_leak, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tasks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verdicts, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_single_person, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nis2_clocks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_own_clocks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_statistics, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
