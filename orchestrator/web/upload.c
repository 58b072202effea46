/* SPDX-License-Identifier: Apache-2.0 */
/* upload.c - a request's body becomes a file in the vault. */
#include "web/upload.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/pour.h"
#include "web/problem.h"
#include "web/rows.h"
#include "web/session.h"

/* How long the vault may take nothing before the upload is given up. */
#define STALL_MS 120000
/* A size that the vault cannot have counted: asks what went wrong. */
#define NO_SIZE INT64_MAX
/* From the last byte to durable evidence. */
#define FINISH_MS 600000

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
	struct pour *pour;
};

static bool
is_listening(const struct upload *u)
{
	return u->x != NULL && !u->x->is_answered;
}

static void
maybe_free(struct upload *u)
{
	if (u->x != NULL || u->has_call)
		return;
	pour_free(take_ptr(u->pour));
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
	pour_free(take_ptr(u->pour));
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
	pour_free(take_ptr(u->pour));
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
on_broken(void *arg)
{
	finish(arg, UPLOAD_BREAKING, NO_SIZE);
}

static size_t
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct upload *u = arg;

	/* When it has failed, the answer is under way. */
	return u->state == UPLOAD_READING ? pour_data(u->pour, p, len) : len;
}

static void
on_body_end(void *arg)
{
	struct upload *u = arg;

	if (u->state == UPLOAD_READING)
		finish(u, UPLOAD_FINISHING, pour_bytes(u->pour));
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
	if (err == ERR_OK && fd != -1)
		u->pour = pour_new(u->web->loop, fd,
		    u->x == NULL ? NULL : u->x->http, on_broken, u);
	else if (fd != -1)
		(void)close(fd);
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
	u->state = UPLOAD_READING;
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

	if (u->state != UPLOAD_READING || pour_stalled_ms(u->pour) < STALL_MS)
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
