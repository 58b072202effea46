/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_store.h - a store for the tests of loep-web: it speaks the real
 * channel and answers each call of lib/call.def with a row made from the
 * call's columns, except for the few that the tests want something of.
 *
 * Included by one test, so that it is linked with the rest of it.
 */
#ifndef TESTS_FAKE_STORE_H
#define TESTS_FAKE_STORE_H

#include "lib/call.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define FAKE_NAME  "in\"voice\x1b[31m<b>\xff.exe"
#define FAKE_TOTAL 120 /* cases in the list */

struct fake_upload {
	int count_fd; /* what the reader counted comes out of here */
	int held_fd;  /* a pipe that nobody reads */
	pid_t reader;
};

struct fake {
	struct chan *chan;
	uint32_t request;
	uint32_t slow; /* a call that gets no answer */
	int64_t made;
	int64_t aborts;
	int64_t ended;
	int64_t calls;
	int64_t cancels;
	int64_t live; /* looks until the case "live" is done */
	int64_t bad_principal;
	struct fake_upload uploads[64];
	size_t upload_count;
};

static void
fake_row(struct fake *f, const struct values *row)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	values_put(row, &body);
	(void)chan_send(f->chan, MSG_CALL_ROWS, f->request, &body, -1);
	wire_out_release(&body);
}

static void
fake_end(struct fake *f, enum err err, const char *why, int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, why);
	(void)chan_send(f->chan, MSG_CALL_END, f->request, &body, fd);
	wire_out_release(&body);
}

/* A value of each column's type; n tells rows apart. */
static void
fake_any_row(struct fake *f, enum call_op op, int64_t n)
{
	static uint8_t digest[32] = {0xab, 0xcd};
	const struct call_spec *spec = call_spec(op);
	struct values row;
	char text[LIMIT_VALUES][64];

	values_init(&row);
	for (size_t i = 0; i < spec->column_count; i++) {
		const struct call_field *c = &spec->columns[i];

		(void)snprintf(
		    text[i], sizeof(text[i]), "%s-%lld", c->name, (long long)n);
		if (c->is_nullable)
			values_add_null(&row);
		else if (c->type == 's')
			values_add_text(&row, text[i]);
		else if (c->type == 'j')
			values_add_text(&row, "{\"a\":[1,2]}");
		else if (c->type == 'h' || c->type == 'b')
			values_add_bytes(&row, digest, sizeof(digest));
		else if (c->type == 'n')
			values_add_bytes(&row, FAKE_NAME, strlen(FAKE_NAME));
		else if (c->type == 'f')
			values_add_int(&row, 1);
		else if (c->type == 't')
			values_add_int(&row, INT64_C(1700000000123456));
		else
			values_add_int(&row, n);
	}
	fake_row(f, &row);
}

static void
fake_session(struct fake *f, const struct msg *msg)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct values row;

	values_init(&row);
	(void)getsockopt(msg->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	values_add_int(&row, peer.pid > 0 ? 4242 : 0);
	values_add_text(&row, "account-1");
	values_add_text(&row, "tester");
	values_add_text(&row, "org-1");
	values_add_text(&row, "person");
	values_add_text(&row, "submit analyse");
	values_add_text(&row, "local");
	values_add_text(&row, "Water");
	values_add_text(&row, "C1");
	values_add_text(&row, "nl");
	values_add_null(&row);
	values_add_text(&row, "normal");
	values_add_int(&row, 0);
	values_add_text(&row, "[\"artefact_analysis\"]");
	fake_row(f, &row);
	fake_end(f, ERR_OK, "", -1);
}

static void
fake_status(struct fake *f)
{
	const struct {
		const char *name;
		int64_t value;
	} list[] = {{"made", f->made}, {"aborts", f->aborts},
	    {"ended", f->ended}, {"calls", f->calls}, {"cancels", f->cancels},
	    {"bad_principal", f->bad_principal}};
	struct values row;
	char text[32];

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "%lld", (long long)list[i].value);
		values_init(&row);
		values_add_text(&row, list[i].name);
		values_add_text(&row, text);
		fake_row(f, &row);
	}
	fake_end(f, ERR_OK, "", -1);
}

static void
fake_cases(struct fake *f, const struct values *params)
{
	char cursor[32];
	int64_t limit = values_int(params, 4);
	int64_t from = strtoll(
	    values_text(params, 5, cursor, sizeof(cursor)) + 0, NULL, 10);

	/* The cursor column of fake_any_row() is "cursor-N". */
	if (strncmp(cursor, "cursor-", 7) == 0)
		from = strtoll(cursor + 7, NULL, 10) + 1;
	for (int64_t i = from; i < FAKE_TOTAL && limit-- > 0; i++)
		fake_any_row(f, CALL_CASE_LIST, i);
	fake_end(f, ERR_OK, "", -1);
}

/* In a child: keeps two descriptors, as 0 and 1, and drops all others, which
 * would keep pipes and channels of the store open. */
static void
fake_child(int in, int out)
{
	(void)signal(SIGPIPE, SIG_DFL);
	(void)dup2(in, 0);
	(void)dup2(out, 1);
	(void)close_range(3, ~0U, 0);
}

/* Reads a pipe to its end in a process of its own, or up to max bytes. */
static void
fake_read_pipe(struct fake_upload *u, int fd, int64_t max)
{
	static char buf[1 << 18];
	int64_t count = 0;
	int result[2];

	if (pipe2(result, O_CLOEXEC) == -1)
		abort();
	u->count_fd = result[0];
	u->reader = fork();
	if (u->reader != 0) {
		(void)close(result[1]);
		return;
	}
	fake_child(fd, result[1]);
	for (ssize_t n; count < max && (n = read(0, buf, sizeof(buf))) > 0;)
		count += n;
	(void)close(0);
	_exit(write(1, &count, sizeof(count)) != sizeof(count));
}

static void
fake_upload_create(struct fake *f, const struct values *params)
{
	struct fake_upload *u = &f->uploads[f->upload_count % 64];
	char submission[64], id[32];
	struct values row;
	int fds[2];

	(void)values_text(params, 0, submission, sizeof(submission));
	if (strcmp(submission, "missing") == 0) {
		fake_end(f, ERR_NOT_FOUND, "no such submission", -1);
		return;
	}
	if (strcmp(submission, "full") == 0) {
		fake_end(f, ERR_NO_SPACE, "the disk is full", -1);
		return;
	}
	if (pipe2(fds, O_CLOEXEC) == -1)
		abort();
	*u = (struct fake_upload){.count_fd = -1, .held_fd = -1};
	if (strcmp(submission, "stall") == 0) {
		u->held_fd = fds[0];
	} else {
		fake_read_pipe(u, fds[0],
		    strcmp(submission, "broken") == 0 ? 1 << 20 : INT64_MAX);
		(void)close(fds[0]);
	}
	(void)snprintf(id, sizeof(id), "%zu", f->upload_count++);
	values_init(&row);
	values_add_text(&row, id);
	fake_row(f, &row);
	fake_end(f, ERR_OK, "", fds[1]);
}

static struct fake_upload *
fake_find_upload(struct fake *f, const struct values *params)
{
	char id[32];

	return &f->uploads[strtoull(values_text(params, 0, id, sizeof(id)),
			       NULL, 10) %
			   64];
}

static void
fake_forget_upload(struct fake_upload *u)
{
	if (u->held_fd != -1)
		(void)close(u->held_fd);
	if (u->count_fd != -1)
		(void)close(u->count_fd);
	if (u->reader > 0)
		(void)waitpid(u->reader, NULL, 0);
	*u = (struct fake_upload){.count_fd = -1, .held_fd = -1};
}

static void
fake_upload_finish(struct fake *f, const struct values *params)
{
	struct fake_upload *u = fake_find_upload(f, params);
	static const uint8_t digest[32] = {0xde, 0xad};
	struct values row;
	int64_t count = -1;

	if (u->count_fd != -1 &&
	    read(u->count_fd, &count, sizeof(count)) != sizeof(count))
		count = -1;
	fake_forget_upload(u);
	if (count != values_int(params, 1)) {
		fake_end(f, ERR_FORMAT, "the size is another", -1);
		return;
	}
	values_init(&row);
	values_add_text(&row, "artefact-9");
	values_add_bytes(&row, digest, sizeof(digest));
	values_add_int(&row, count);
	values_add_text(&row, "none");
	values_add_text(&row, "{\"signature\":\"x\"}");
	fake_row(f, &row);
	fake_end(f, ERR_OK, "", -1);
}

/* Bytes 0, 1, 2 ... 250, 0 ... from a process of its own. */
static int
fake_write_pipe(int64_t count)
{
	static uint8_t buf[251 * 256];
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		abort();
	pid = fork();
	if (pid != 0) {
		(void)close(fds[1]);
		return fds[0];
	}
	fake_child(2, fds[1]);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i % 251);
	while (count > 0) {
		ssize_t n = write(1, buf,
		    count < (int64_t)sizeof(buf) ? (size_t)count : sizeof(buf));

		if (n <= 0)
			break;
		count -= n;
	}
	_exit(0);
}

static void
fake_open(struct fake *f, enum call_op op, const struct values *params)
{
	const struct call_spec *spec = call_spec(op);
	char id[64];
	int64_t size =
	    strtoll(values_text(params, 0, id, sizeof(id)), NULL, 10);
	int64_t sent = size;
	struct values row;

	/* Rule sets are named by numbers. */
	if (spec->params[0].type == 'i')
		size = sent = values_int(params, 0);
	values_init(&row);
	if (strcmp(id, "short") == 0 || size == 1000000) {
		size = 1000000;
		sent = 1000;
	}
	for (size_t i = 0; i < spec->column_count; i++) {
		if (strcmp(spec->columns[i].name, "size") == 0)
			values_add_int(&row, size);
		else if (strcmp(spec->columns[i].name, "mime") == 0)
			values_add_text(&row, "text/html");
		else if (spec->columns[i].type == 'n')
			values_add_bytes(&row, FAKE_NAME, strlen(FAKE_NAME));
		else if (spec->columns[i].type == 'h')
			values_add_bytes(
			    &row, "01234567890123456789012345678901", 32);
		else if (spec->columns[i].type == 'i')
			values_add_int(&row, 1);
		else
			values_add_text(&row, "x");
	}
	fake_row(f, &row);
	fake_end(f, ERR_OK, "", fake_write_pipe(sent));
}

/* The case "live" has work for a few looks more. */
static void
fake_case(struct fake *f, const struct values *params)
{
	const struct call_spec *spec = call_spec(CALL_CASE_GET);
	char name[64];
	struct values row;

	(void)values_text(params, 0, name, sizeof(name));
	if (strcmp(name, "missing") == 0) {
		fake_end(f, ERR_NOT_FOUND, "no such case", -1);
		return;
	}
	if (strcmp(name, "denied") == 0) {
		fake_end(f, ERR_DENIED, "not for you", -1);
		return;
	}
	if (strcmp(name, "die") == 0)
		_exit(3);
	if (strcmp(name, "slow") == 0) {
		f->slow = f->request;
		return;
	}
	values_init(&row);
	for (size_t i = 0; i < spec->column_count; i++) {
		if (strcmp(spec->columns[i].name, "jobs_open") == 0)
			values_add_int(&row,
			    strcmp(name, "live") == 0 && f->live > 0 ? f->live--
								     : 0);
		else if (spec->columns[i].type == 'j')
			values_add_text(&row, "[]");
		else if (spec->columns[i].type == 's')
			values_add_text(&row, name);
		else
			values_add_int(&row, INT64_C(9007199254740993));
	}
	fake_row(f, &row);
	fake_end(f, ERR_OK, "", -1);
}

static void
fake_other(struct fake *f, enum call_op op)
{
	int rows = op == CALL_VERIFY ? 5 : 1;

	f->made++;
	for (int i = 0; i < rows && call_spec(op)->column_count > 0; i++)
		fake_any_row(f, op, f->made);
	fake_end(f, ERR_OK, "", -1);
}

static void
fake_answer(struct fake *f, enum call_op op, const struct values *params,
    struct msg *msg)
{
	switch (op) {
	case CALL_SESSION_PEER:
		fake_session(f, msg);
		break;
	case CALL_SESSION_END:
		f->ended++;
		fake_end(f, ERR_OK, "", -1);
		break;
	case CALL_STATUS:
		fake_status(f);
		break;
	case CALL_CASE_LIST:
		fake_cases(f, params);
		break;
	case CALL_CASE_GET:
		fake_case(f, params);
		break;
	case CALL_UPLOAD_CREATE:
	case CALL_RULES_UPLOAD:
		fake_upload_create(f, params);
		break;
	case CALL_UPLOAD_FINISH:
		fake_upload_finish(f, params);
		break;
	case CALL_UPLOAD_ABORT:
		f->aborts++;
		fake_forget_upload(fake_find_upload(f, params));
		fake_end(f, ERR_OK, "", -1);
		break;
	case CALL_ARTEFACT_DOWNLOAD:
	case CALL_ARTEFACT_BYTES:
	case CALL_RULES_BUNDLE:
	case CALL_RULES_EXPORT:
	case CALL_REPORT_OPEN:
	case CALL_EXPORT_OPEN:
	case CALL_RUN_EVENTS:
	case CALL_AUDIT_EXPORT:
	case CALL_DELETION_CERTIFICATE:
		fake_open(f, op, params);
		break;
	default:
		fake_other(f, op);
	}
}

/* A store on this channel, until its other end is closed. */
__attribute__((noreturn)) static void
fake_run(int fd)
{
	static uint8_t buf[LIMIT_MSG_BYTES];
	static struct fake f;
	struct values params;
	struct msg msg;

	f.chan = chan_new(NULL, fd, ROLE_STORE, ROLE_WEB, "");
	f.live = 3;
	while (chan_recv(f.chan, buf, &msg) == ERR_OK) {
		uint64_t principal;
		unsigned int op;

		f.request = msg.request;
		if (msg.type == MSG_CALL_CANCEL) {
			f.cancels++;
			if (msg.request == f.slow)
				fake_end(&f, ERR_EOF, "cancelled", -1);
			continue;
		}
		principal = wire_get_u64(&msg.in);
		op = wire_get_u16(&msg.in);
		if (values_get(&params, &msg.in) != ERR_OK ||
		    call_check((enum call_op)op, &params, false) != ERR_OK)
			abort();
		f.calls++;
		if (call_spec(op)->capability[0] != '-' && principal != 4242)
			f.bad_principal++;
		fake_answer(&f, (enum call_op)op, &params, &msg);
		if (msg.fd != -1)
			(void)close(msg.fd);
	}
	_exit(0);
}

#endif
