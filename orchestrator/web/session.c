/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - who is at the other end of a connection. */
#include "web/session.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/rows.h"

#include <fcntl.h>

struct session {
	struct web *web;
	uint64_t principal;  /* 0 = not known */
	uint32_t generation; /* the store's channel that it is good for */
	bool is_asking;
	bool is_orphan; /* the connection is closed already */
	char account[64];
	char *json;
	struct exchange *waiting;
	session_fn *fn;
};

uint64_t
session_principal(const struct session *session)
{
	return session == NULL ? 0 : session->principal;
}

const char *
session_account(const struct session *session)
{
	return session == NULL ? "" : session->account;
}

const char *
session_json(const struct session *session)
{
	return session == NULL || session->json == NULL ? "{}" : session->json;
}

/* Tells the store that the handle is not used any more, and frees. */
static void
bury(struct session *session)
{
	struct web *web = session->web;
	struct values params;

	if (session->principal != 0 && session->generation == web->generation &&
	    calls_is_connected(web->calls)) {
		values_init(&params);
		values_add_int(&params, (int64_t)session->principal);
		(void)calls_start(web->calls, CALL_SESSION_END, 0, &params, -1,
		    NULL, NULL, NULL);
	}
	free(session->json);
	free(session);
}

/* All columns but the handle, which is nobody's business. */
static void
keep_json(struct session *session, const struct values *row)
{
	const struct call_spec *spec = call_spec(CALL_SESSION_PEER);
	const char *comma = "";
	struct wire_out out;

	wire_out_init(&out, LIMIT_MSG_BYTES * 8);
	wire_put_raw(&out, "{", 1);
	for (size_t i = 0; i < row->count; i++) {
		if (strcmp(spec->columns[i].name, "principal") == 0)
			continue;
		rows_put_literal(&out, comma);
		rows_put_member(&out, &spec->columns[i], &row->v[i]);
		comma = ",";
	}
	wire_put_raw(&out, "}", 1);
	free(session->json);
	session->json = xstrndup((const char *)out.buf, out.len);
	wire_out_release(&out);
}

static size_t
column(const char *name)
{
	return (size_t)call_column(CALL_SESSION_PEER, name);
}

static void
on_row(void *arg, const struct values *row)
{
	struct session *session = arg;

	session->principal = (uint64_t)values_int(row, column("principal"));
	(void)values_text(
	    row, column("account"), session->account, sizeof(session->account));
	keep_json(session, row);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct session *session = arg;
	struct exchange *x = session->waiting;

	if (fd != -1)
		(void)close(fd);
	session->is_asking = false;
	session->waiting = NULL;
	if (err != ERR_OK)
		session->principal = 0;
	else if (session->principal == 0)
		err = ERR_UNAVAILABLE;
	if (session->is_orphan)
		bury(session);
	else if (x != NULL)
		session->fn(x, err, why);
}

static void
ask(struct session *session, struct exchange *x)
{
	int fd =
	    fcntl(http_conn_fd(http_req_conn(x->http)), F_DUPFD_CLOEXEC, 0);

	session->principal = 0;
	session->generation = x->web->generation;
	session->is_asking = true;
	(void)calls_start(x->web->calls, CALL_SESSION_PEER, 0, NULL, fd, on_row,
	    on_end, session);
}

void
session_need(struct exchange *x, session_fn *fn)
{
	struct http_conn *conn = http_req_conn(x->http);
	struct session *session = http_conn_user(conn);

	if (session == NULL) {
		session = xcalloc(1, sizeof(*session));
		session->web = x->web;
		http_conn_set_user(conn, session);
	}
	x->session = session;
	if (!session->is_asking && session->principal != 0 &&
	    session->generation == x->web->generation) {
		fn(x, ERR_OK, "");
		return;
	}
	session->waiting = x;
	session->fn = fn;
	if (!session->is_asking)
		ask(session, x);
}

void
session_forget(struct exchange *x)
{
	if (x->session != NULL && x->session->waiting == x)
		x->session->waiting = NULL;
	x->session = NULL;
}

void
session_end(struct http_conn *conn)
{
	struct session *session = http_conn_user(conn);

	if (session == NULL)
		return;
	http_conn_set_user(conn, NULL);
	if (session->is_asking)
		session->is_orphan = true;
	else
		bury(session);
}
