/* SPDX-License-Identifier: Apache-2.0 */
/* fake.c - everything around a store, in one event loop with it. */
#include "fake.h"

#include "fake_vault.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>

/* Turns that a call may take; more means that no answer comes. */
#define TURNS_MAX 2000

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	struct rig *rig = arg;

	return calls_handle(chan == rig->web_chan ? rig->web : rig->sched, msg);
}

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	struct rig *rig = arg;
	char what[32], id[64];

	(void)chan;
	wire_get_str(&msg->in, what, sizeof(what));
	wire_get_str(&msg->in, id, sizeof(id));
	rig->changed_jobs += strcmp(what, "jobs") == 0;
	rig->changed_orders += strcmp(what, "orders") == 0;
	rig->changed_cases += strcmp(what, "case") == 0;
	if (strcmp(what, "rules") == 0)
		rig->changed_rules = strtoll(id, NULL, 10);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct rig *rig = arg;

	(void)err;
	if (chan == rig->web_chan) {
		rig->web_chan = NULL;
		calls_set_chan(rig->web, NULL);
	} else {
		rig->sched_chan = NULL;
		calls_set_chan(rig->sched, NULL);
	}
	chan_free(chan);
}

static const struct chan_handler client_handlers[] = {
    {MSG_CALL_ROWS, on_answer},
    {MSG_CALL_END, on_answer},
    {MSG_CHANGED, on_changed},
    {MSG_NONE_, NULL},
};
static const struct chan_ops client_ops = {client_handlers, on_gone};

static struct chan *
connect_peer(struct rig *rig, enum role role)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	store_add_peer(
	    rig->store, chan_new(rig->loop, fds[0], ROLE_STORE, role, ""));
	return chan_new(rig->loop, fds[1], role, ROLE_STORE, "");
}

void
rig_connect_web(struct rig *rig)
{
	rig->web_chan = connect_peer(rig, ROLE_WEB);
	chan_set_ops(rig->web_chan, &client_ops, rig);
	calls_set_chan(rig->web, rig->web_chan);
}

void
rig_connect_sched(struct rig *rig)
{
	rig->sched_chan = connect_peer(rig, ROLE_SCHED);
	chan_set_ops(rig->sched_chan, &client_ops, rig);
	calls_set_chan(rig->sched, rig->sched_chan);
}

void
rig_connect_vault(struct rig *rig)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	store_add_peer(rig->store,
	    chan_new(rig->loop, fds[0], ROLE_STORE, ROLE_VAULT, ""));
	fake_vault_connect(&rig->vault, rig->loop, fds[1]);
}

void
rig_drop_web(struct rig *rig)
{
	calls_set_chan(rig->web, NULL);
	chan_free(rig->web_chan);
	rig->web_chan = NULL;
	rig_turn(rig, 5);
}

void
rig_drop_sched(struct rig *rig)
{
	calls_set_chan(rig->sched, NULL);
	chan_free(rig->sched_chan);
	rig->sched_chan = NULL;
	rig_turn(rig, 5);
}

void
rig_drop_vault(struct rig *rig)
{
	fake_vault_drop(&rig->vault);
	rig_turn(rig, 5);
}

static void
on_blame(void *arg, const struct chan *chan, const char *why)
{
	struct rig *rig = arg;

	(void)chan;
	(void)why;
	rig->blames++;
}

void
rig_start(struct rig *rig)
{
	char why[256] = "";

	if (store_new(rig->loop, rig->folder, why, sizeof(why), &rig->store) !=
	    ERR_OK)
		fail_msg("%s", why);
	rig->store->blame = on_blame;
	rig->store->blame_arg = rig;
	rig->web = calls_new(rig->loop);
	rig->sched = calls_new(rig->loop);
	rig_connect_vault(rig);
	rig_connect_web(rig);
	rig_connect_sched(rig);
	rig->principal = rig_session(rig);
}

void
rig_stop(struct rig *rig)
{
	store_free(rig->store);
	rig->store = NULL;
	fake_vault_drop(&rig->vault);
	calls_free(rig->web);
	calls_free(rig->sched);
	chan_free(rig->web_chan);
	chan_free(rig->sched_chan);
	rig->web_chan = rig->sched_chan = NULL;
}

struct rig *
rig_new(void)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));
	char why[256] = "";

	/* As every program of Loep does at its start. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(
	    rig->folder, sizeof(rig->folder), "/tmp/loep-store-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	if (store_init(rig->folder, "CSIRT", "CSIRT", (int64_t)getuid(), why,
		sizeof(why)) != ERR_OK)
		fail_msg("%s", why);
	rig->loop = loop_new();
	fake_vault_init(&rig->vault);
	rig->answer.fd = -1;
	rig_start(rig);
	return rig;
}

static void
forget_answer(struct rig *rig)
{
	struct answer *a = &rig->answer;

	for (size_t i = 0; i < a->rows_count; i++)
		wire_out_release(&a->bytes[i]);
	a->rows_count = 0;
	if (a->fd != -1)
		(void)close(a->fd);
	a->fd = -1;
	a->is_ended = false;
}

void
rig_free(struct rig *rig)
{
	auto_free char *command = xasprintf("rm -rf '%s'", rig->folder);

	forget_answer(rig);
	if (rig->store != NULL)
		rig_stop(rig);
	fake_vault_release(&rig->vault);
	loop_free(rig->loop);
	assert_int_equal(system(command), 0);
	free(rig);
}

void
rig_turn(struct rig *rig, int turns)
{
	for (int i = 0; i < turns; i++)
		loop_turn(rig->loop, 1);
}

static void
on_row(void *arg, const struct values *row)
{
	struct answer *a = arg;
	struct wire_in in;
	size_t at = a->rows_count++;

	/* A copy: the row lives during the callback. */
	assert_true(at < FAKE_ROWS);
	wire_out_init(&a->bytes[at], LIMIT_MSG_BYTES);
	values_put(row, &a->bytes[at]);
	wire_in_init(&in, a->bytes[at].buf, a->bytes[at].len);
	assert_int_equal(values_get(&a->rows[at], &in), ERR_OK);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct answer *a = arg;

	assert_false(a->is_ended);
	a->is_ended = true;
	a->err = err;
	(void)snprintf(a->why, sizeof(a->why), "%s", why);
	a->fd = fd;
}

struct answer *
ask_fd(struct rig *rig, enum call_op op, const struct values *params, int fd)
{
	bool is_web = (call_spec(op)->roles & ROLE_WEB) != 0;
	struct answer *a = &rig->answer;

	forget_answer(rig);
	a->op = op;
	(void)calls_start(is_web ? rig->web : rig->sched, op,
	    is_web ? rig->principal : 0, params, fd, on_row, on_end, a);
	for (int i = 0; !a->is_ended && i < TURNS_MAX; i++)
		loop_turn(rig->loop, 10);
	assert_true(a->is_ended);
	return a;
}

struct answer *
ask(struct rig *rig, enum call_op op, const struct value *args, size_t count)
{
	struct values params;

	values_init(&params);
	assert_true(count <= LIMIT_VALUES);
	for (size_t i = 0; i < count; i++)
		params.v[params.count++] = args[i];
	assert_int_equal(call_check(op, &params, false), ERR_OK);
	return ask_fd(rig, op, &params, -1);
}

struct answer *
ask_ok(struct rig *rig, enum call_op op, const struct value *args, size_t count)
{
	struct answer *a = ask(rig, op, args, count);

	if (a->err != ERR_OK)
		fail_msg("%s: %s: %s", call_spec(op)->name, err_name(a->err),
		    a->why);
	return a;
}

void
ask_err(struct rig *rig, enum err err, enum call_op op,
    const struct value *args, size_t count)
{
	struct answer *a = ask(rig, op, args, count);

	if (a->err != err)
		fail_msg("%s: wanted %s, got %s: %s", call_spec(op)->name,
		    err_name(err), err_name(a->err), a->why);
	assert_string_not_equal(a->why, "");
}

static size_t
place(struct rig *rig, size_t row, const char *name)
{
	int at = call_column(rig->answer.op, name);

	if (row >= rig->answer.rows_count)
		fail_msg(
		    "%s: no row %zu", call_spec(rig->answer.op)->name, row);
	assert_true(at >= 0);
	return (size_t)at;
}

/* Kept in a ring: tests look at a few texts at a time. */
const char *
col_text(struct rig *rig, size_t row, const char *name)
{
	static char ring[16][LIMIT_MSG_BYTES];
	static size_t next;
	char *dst = ring[next++ % 16];

	return values_text(&rig->answer.rows[row], place(rig, row, name), dst,
	    sizeof(ring[0]));
}

int64_t
col_int(struct rig *rig, size_t row, const char *name)
{
	return values_int(&rig->answer.rows[row], place(rig, row, name));
}

const uint8_t *
col_bytes(struct rig *rig, size_t row, const char *name, size_t *ret_len)
{
	return values_bytes(
	    &rig->answer.rows[row], place(rig, row, name), ret_len);
}

bool
col_is_null(struct rig *rig, size_t row, const char *name)
{
	return values_is_null(&rig->answer.rows[row], place(rig, row, name));
}

uint64_t
rig_session(struct rig *rig)
{
	struct values none;
	int fds[2];
	struct answer *a;

	values_init(&none);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	a = ask_fd(rig, CALL_SESSION_PEER, &none, fds[0]);
	if (a->err != ERR_OK)
		fail_msg("%s", a->why);
	(void)close(fds[1]);
	return (uint64_t)col_int(rig, 0, "principal");
}

uint64_t
rig_other_org(struct rig *rig, const char *name, const char *class_code,
    const char *capabilities, char ret_org[UUID_BYTES])
{
	auto_free char *sql = NULL;
	uint64_t principal;

	(void)ask_ok(
	    rig, CALL_ORG_CREATE, ARGS(val_text(name), val_text(class_code)));
	(void)snprintf(ret_org, UUID_BYTES, "%s", col_text(rig, 0, "id"));
	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(ret_org), val_text(name), val_text("human"),
		val_int(-1), val_text(""), val_text("")));
	/* Whatever the test wants, also what nobody would be given. */
	sql = xasprintf("UPDATE account SET uid = NULL WHERE uid = %u;"
			"UPDATE account SET uid = %u, capabilities = '%s' "
			"WHERE id = '%s'",
	    getuid(), getuid(), capabilities, col_text(rig, 0, "id"));
	sql_run(rig, sql);
	principal = rig_session(rig);
	sql_run(rig, "UPDATE account SET uid = NULL");
	return principal;
}

uint64_t
rig_colleague(struct rig *rig, const char *name, const char *capabilities,
    char ret_account[UUID_BYTES])
{
	auto_free char *sql = NULL;
	uint64_t principal;

	uuid7(ret_account);
	sql = xasprintf("UPDATE account SET uid = NULL;"
			"INSERT INTO account (id, org_id, name, kind, uid, "
			"capabilities, created_at) SELECT '%s', id, '%s', "
			"'human', %u, '%s', 1 FROM organisation "
			"ORDER BY id LIMIT 1",
	    ret_account, name, getuid(), capabilities);
	sql_run(rig, sql);
	principal = rig_session(rig);
	sql_run(rig, "UPDATE account SET uid = NULL");
	return principal;
}

uint64_t
rig_session_of_admin(struct rig *rig)
{
	auto_free char *sql = xasprintf(
	    "UPDATE account SET uid = NULL;"
	    "UPDATE account SET uid = %u WHERE name = 'administrator'",
	    getuid());
	uint64_t principal;

	sql_run(rig, sql);
	principal = rig_session(rig);
	sql_run(rig, "UPDATE account SET uid = NULL");
	return principal;
}

void
make_case(struct rig *rig, char ret_id[UUID_BYTES], char ret_number[32])
{
	(void)ask_ok(rig, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("a title"), val_text("high"),
		val_text(""), val_text("")));
	(void)snprintf(ret_id, UUID_BYTES, "%s", col_text(rig, 0, "id"));
	if (ret_number != NULL)
		(void)snprintf(
		    ret_number, 32, "%s", col_text(rig, 0, "number"));
}

void
make_submission(struct rig *rig, const char *case_id, char ret_id[UUID_BYTES])
{
	(void)ask_ok(rig, CALL_SUBMISSION_CREATE,
	    ARGS(val_text(case_id), val_text(""), val_text(""),
		val_text("file"), val_text("a mail"), val_text("a comment"),
		val_text("[\"infected\"]"), val_null(), val_text("pc-17"),
		val_text(""), val_int(0), val_null(), val_null(), val_null(),
		val_null()));
	(void)snprintf(ret_id, UUID_BYTES, "%s", col_text(rig, 0, "id"));
}

static void
write_bytes(int fd, const char *bytes)
{
	size_t len = strlen(bytes);

	assert_int_equal(write(fd, bytes, len), len);
	(void)close(fd);
}

void
upload(struct rig *rig, const char *submission, const char *bytes,
    char ret_artefact[UUID_BYTES])
{
	char id[UUID_BYTES];
	struct answer *a;

	a = ask_ok(rig, CALL_UPLOAD_CREATE,
	    ARGS(val_text(submission), val_bytes("sample.bin", 10),
		val_text("file"), val_int(-1), val_null()));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	write_bytes(take_fd(a->fd), bytes);
	(void)ask_ok(rig, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int((int64_t)strlen(bytes))));
	(void)snprintf(
	    ret_artefact, UUID_BYTES, "%s", col_text(rig, 0, "artefact"));
}

void
make_artefact(struct rig *rig, const char *bytes, char ret_case[UUID_BYTES],
    char ret_artefact[UUID_BYTES])
{
	char submission[UUID_BYTES];

	make_case(rig, ret_case, NULL);
	make_submission(rig, ret_case, submission);
	upload(rig, submission, bytes, ret_artefact);
}

void
lease(struct rig *rig, const char *kinds, char ret_job[UUID_BYTES],
    int64_t *ret_attempt)
{
	struct answer *a = ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w1"), val_text(kinds), val_int(1), val_int(0),
		val_int(-1)));

	assert_int_equal(a->rows_count, 1);
	(void)snprintf(ret_job, UUID_BYTES, "%s", col_text(rig, 0, "job"));
	*ret_attempt = col_int(rig, 0, "attempt");
}

void
make_child(struct rig *rig, const char *job, int64_t attempt, const char *bytes,
    const char *relation, char ret_artefact[UUID_BYTES])
{
	struct answer *a = ask_ok(
	    rig, CALL_CHILD_CREATE, ARGS(val_text(job), val_int(attempt)));
	int64_t child = col_int(rig, 0, "child");

	write_bytes(take_fd(a->fd), bytes);
	(void)ask_ok(rig, CALL_CHILD_COMMIT,
	    ARGS(val_text(job), val_int(attempt), val_int(child),
		val_int((int64_t)strlen(bytes)), val_bytes("member", 6),
		val_text(relation), val_text("file"), val_text("{}")));
	(void)snprintf(
	    ret_artefact, UUID_BYTES, "%s", col_text(rig, 0, "artefact"));
}

void
put_record(struct wire_out *out, unsigned int type, const char *json)
{
	wire_put_u8(out, (uint8_t)type);
	wire_put_str(out, json);
}

void
send_record(struct rig *rig, const char *job, int64_t attempt,
    unsigned int type, const char *json)
{
	struct wire_out out;

	wire_out_init(&out, LIMIT_MSG_BYTES);
	put_record(&out, type, json);
	(void)ask_ok(rig, CALL_JOB_RECORDS,
	    ARGS(val_text(job), val_int(attempt), val_bytes(out.buf, out.len)));
	wire_out_release(&out);
}

struct answer *
done(struct rig *rig, const char *job, int64_t attempt, const char *outcome,
    const char *next)
{
	return ask(rig, CALL_JOB_DONE,
	    ARGS(val_text(job), val_int(attempt), val_text(outcome), val_int(0),
		val_text("because"), val_text("engine 1.0"), val_text("{}"),
		val_text(next)));
}

size_t
drain_jobs(struct rig *rig, const char *kinds)
{
	char job[UUID_BYTES];
	int64_t attempt;
	size_t count = 0;

	for (;;) {
		struct answer *a = ask_ok(rig, CALL_JOB_LEASE,
		    ARGS(val_text("w1"), val_text(kinds), val_int(1),
			val_int(0), val_int(-1)));

		if (a->rows_count == 0)
			return count;
		(void)snprintf(job, sizeof(job), "%s", col_text(rig, 0, "job"));
		attempt = col_int(rig, 0, "attempt");
		assert_int_equal(
		    done(rig, job, attempt, "done", "")->err, ERR_OK);
		count++;
	}
}

int64_t
sql_int(struct rig *rig, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t n;

	tx_commit(rig->store);
	assert_int_equal(
	    sqlite3_prepare_v2(rig->store->db->sqlite, sql, -1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return n;
}

void
sql_run(struct rig *rig, const char *sql)
{
	char *why = NULL;

	tx_commit(rig->store);
	if (sqlite3_exec(rig->store->db->sqlite, sql, NULL, NULL, &why) !=
	    SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

char *
read_all(int fd, size_t *ret_len)
{
	size_t size = 4096;
	size_t len = 0;
	char *bytes = xmalloc(size);

	for (;;) {
		ssize_t n = read(fd, bytes + len, size - len - 1);

		if (n == -1 && errno == EINTR)
			continue;
		assert_true(n >= 0);
		if (n == 0)
			break;
		len += (size_t)n;
		if (size - len < 2048) {
			size *= 2;
			bytes = xrealloc(bytes, size);
		}
	}
	(void)close(fd);
	bytes[len] = '\0';
	*ret_len = len;
	return bytes;
}
