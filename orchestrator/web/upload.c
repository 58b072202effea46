/* SPDX-License-Identifier: Apache-2.0 */
/* upload.c - a request's body becomes a file in the vault. */
#include "web/upload.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/problem.h"
#include "web/rows.h"
#include "web/session.h"

#include <errno.h>
#include <fcntl.h>

/* How long the vault may take nothing before the upload is given up. */
#define STALL_MS 120000
/* A size that the vault cannot have counted: asks what went wrong. */
#define NO_SIZE INT64_MAX
/* From the last byte to durable evidence. */
#define FINISH_MS  600000
#define PIPE_BYTES (1 << 20)

enum upload_state {
	UPLOAD_CREATING,
	UPLOAD_READING,
	UPLOAD_FINISHING,
	UPLOAD_BREAKING /* the pipe broke; the store is asked why */
};

/* Lives until its exchange is gone and no call is open. */
struct upload {
	struct web *web;
	struct exchange *x; /* NULL = gone */
	enum upload_state state;
	bool has_call;
	struct session *session;
	uint32_t generation;
	char id[64];
	int pipe;
	struct loop_watch *watch;
	bool is_waiting; /* for room in the pipe */
	uint64_t moved_ms;
	int64_t bytes;
};

static bool
is_listening(const struct upload *u)
{
	return u->x != NULL && !u->x->is_answered;
}

static void
close_pipe(struct upload *u)
{
	loop_unwatch(u->watch);
	u->watch = NULL;
	if (u->pipe != -1)
		(void)close(u->pipe);
	u->pipe = -1;
}

static void
maybe_free(struct upload *u)
{
	if (u->x != NULL || u->has_call)
		return;
	close_pipe(u);
	session_release(u->session);
	free(u);
}

/* Tells the store to forget it; the answer does not matter. */
static void
abort_upload(struct upload *u)
{
	struct values params;

	if (u->id[0] != '\0' && u->generation == u->web->generation) {
		values_init(&params);
		values_add_text(&params, u->id);
		(void)calls_start(u->web->calls, CALL_UPLOAD_ABORT,
		    session_principal(u->session), &params, -1, NULL, NULL,
		    NULL);
	}
	u->id[0] = '\0';
	close_pipe(u);
}

static void
on_finish_row(void *arg, const struct values *row)
{
	struct upload *u = arg;

	if (!is_listening(u))
		return;
	rows_put_object(&u->x->out, CALL_UPLOAD_FINISH, row);
	exchange_locate(u->x, row);
	u->x->row_count++;
}

static void
on_finish_end(void *arg, enum err err, const char *why, int fd)
{
	struct upload *u = arg;

	if (fd != -1)
		(void)close(fd);
	u->has_call = false;
	if (!is_listening(u)) {
		maybe_free(u);
		return;
	}
	if (err == ERR_OK && u->state == UPLOAD_FINISHING &&
	    u->x->row_count == 1) {
		exchange_answer(u->x, 201, "application/json");
		return;
	}
	if (u->state == UPLOAD_BREAKING && err != ERR_NO_SPACE &&
	    err != ERR_LIMIT) {
		/* The store cannot say more: the vault is gone. */
		err = ERR_UNAVAILABLE;
		why = "the vault broke off the upload; send the file again";
	}
	abort_upload(u);
	exchange_fail(u->x, err == ERR_OK ? ERR_UNAVAILABLE : err, why);
}

/* size as the vault must have counted it. */
static void
finish(struct upload *u, enum upload_state state, int64_t size)
{
	struct values params;

	u->state = state;
	u->has_call = true;
	close_pipe(u);
	if (u->x != NULL)
		exchange_deadline(u->x, FINISH_MS);
	values_init(&params);
	values_add_text(&params, u->id);
	values_add_int(&params, size);
	(void)calls_start(u->web->calls, CALL_UPLOAD_FINISH,
	    session_principal(u->session), &params, -1, on_finish_row,
	    on_finish_end, u);
}

static void
on_pipe(void *arg, int fd, unsigned int events)
{
	struct upload *u = arg;

	(void)fd;
	/* Without LOOP_WRITE only an error wakes us: nobody reads any more. */
	if ((events & LOOP_WRITE) == 0) {
		finish(u, UPLOAD_BREAKING, NO_SIZE);
		return;
	}
	loop_watch_events(u->watch, 0);
	u->is_waiting = false;
	http_wake(u->x->http);
}

static size_t
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct upload *u = arg;
	size_t at = 0;

	if (u->state != UPLOAD_READING)
		return len; /* it has failed; the answer is under way */
	while (at < len) {
		ssize_t n = write(u->pipe, p + at, len - at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			u->is_waiting = true;
			loop_watch_events(u->watch, LOOP_WRITE);
			break;
		}
		if (n == -1) {
			finish(u, UPLOAD_BREAKING, NO_SIZE);
			return len;
		}
		at += (size_t)n;
		u->bytes += n;
		u->moved_ms = loop_now_ms();
	}
	return at;
}

static void
on_body_end(void *arg)
{
	struct upload *u = arg;

	if (u->state == UPLOAD_READING)
		finish(u, UPLOAD_FINISHING, u->bytes);
}

static const struct http_body_ops body_ops = {
    .data = on_data,
    .end = on_body_end,
};

static void
on_create_row(void *arg, const struct values *row)
{
	struct upload *u = arg;

	(void)values_text(row, 0, u->id, sizeof(u->id));
}

static void
on_create_end(void *arg, enum err err, const char *why, int fd)
{
	struct upload *u = arg;

	u->has_call = false;
	u->pipe = fd;
	if (err == ERR_OK && (fd == -1 || u->id[0] == '\0')) {
		err = ERR_UNAVAILABLE;
		why = "the vault is not there; try again shortly";
	}
	if (!is_listening(u)) {
		abort_upload(u);
		maybe_free(u);
		return;
	}
	if (err != ERR_OK) {
		abort_upload(u);
		exchange_fail(u->x, err, why);
		return;
	}
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	/* Room for a few reads of ours and of the vault's; refused = fine. */
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	u->watch = loop_watch(u->web->loop, fd, 0, on_pipe, u);
	u->state = UPLOAD_READING;
	u->moved_ms = loop_now_ms();
	/* The client's own silence is what ends a slow upload. */
	exchange_deadline(u->x, 0);
	http_read_body(u->x->http, &body_ops, u);
}

static void
on_gone(void *part)
{
	struct upload *u = part;

	u->x = NULL;
	/* A complete body is evidence: what is being finished stays. */
	if (u->state == UPLOAD_READING)
		abort_upload(u);
	maybe_free(u);
}

static void
on_tick(void *part)
{
	struct upload *u = part;

	if (u->state != UPLOAD_READING || !u->is_waiting ||
	    loop_now_ms() - u->moved_ms < STALL_MS)
		return;
	abort_upload(u);
	u->state = UPLOAD_BREAKING;
	exchange_fail(u->x, ERR_UNAVAILABLE,
	    "the vault takes no more bytes; send the file again later");
}

static const struct part_ops part_ops = {
    .gone = on_gone,
    .tick = on_tick,
};

void
upload_start(struct exchange *x)
{
	struct value *name =
	    params_value(&x->params, x->match.route->op, "filename");
	struct value *size =
	    params_value(&x->params, x->match.route->op, "size");
	struct upload *u;

	if (name->len == 0) {
		exchange_fail(x, ERR_FORMAT, "\"filename\" must not be empty");
		return;
	}
	size->i = http_req_body_bytes(x->http);
	u = xcalloc(1, sizeof(*u));
	u->web = x->web;
	u->x = x;
	u->pipe = -1;
	u->session = session_hold(x->session);
	u->generation = x->web->generation;
	u->has_call = true;
	exchange_set_part(x, &part_ops, u);
	exchange_deadline(x, x->web->call_ms);
	/* Not x->call: an answer that comes too late must be undone. */
	(void)calls_start(x->web->calls, x->match.route->op,
	    session_principal(u->session), &x->params.values, -1, on_create_row,
	    on_create_end, u);
}
