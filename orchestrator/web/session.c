/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - who is at the other end of a connection. */
#include "web/session.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"
#include "web/credential.h"
#include "web/rate.h"
#include "web/rows.h"

#include <fcntl.h>

/*
 * Of a connection over the Unix socket, or of one request over the network.
 * Lives as long as somebody holds it: connection, exchange, open call, upload.
 */
struct session {
	struct web *web;
	size_t refs;
	uint64_t principal;  /* 0 = not known */
	uint32_t generation; /* the store's channel that it is good for */
	bool is_asking;
	bool is_remote;
	struct credential credential; /* where it is remote */
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

bool
session_csrf(
    const struct session *session, char ret_text[CREDENTIAL_CSRF_BYTES])
{
	if (session == NULL || session->credential.kind != CREDENTIAL_SESSION)
		return false;
	credential_csrf(session->credential.secret, ret_text);
	return true;
}

struct session *
session_hold(struct session *session)
{
	if (session != NULL)
		session->refs++;
	return session;
}

void
session_release(struct session *session)
{
	struct web *web;
	struct values params;

	if (session == NULL || --session->refs > 0)
		return;
	web = session->web;
	/* The store need not keep the handle any more. */
	if (session->principal != 0 && session->generation == web->generation &&
	    calls_is_connected(web->calls)) {
		values_init(&params);
		values_add_int(&params, (int64_t)session->principal);
		(void)calls_start(web->calls, CALL_SESSION_END, 0, &params, -1,
		    NULL, NULL, NULL);
	}
	seal_forget(&session->credential, sizeof(session->credential));
	free(session->json);
	free(session);
}

static struct session *
session_new(struct web *web)
{
	struct session *session = xcalloc(1, sizeof(*session));

	session->web = web;
	session->refs = 1;
	return session;
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

/* All ways in answer the same columns. */
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

/* True when the account has sent too much, and heard so. */
static bool
is_too_fast(struct session *session, struct exchange *x)
{
	uint64_t wait_ms;

	if (!session->is_remote)
		return false;
	wait_ms = rate_take(session->web->rate_accounts, session->account,
	    strlen(session->account), loop_now_ms());
	if (wait_ms == 0)
		return false;
	exchange_wait(x, wait_ms, "this account sends too many requests");
	return true;
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
	if (x != NULL && !x->is_answered) {
		if (err == ERR_DENIED && session->is_remote)
			exchange_unknown(x, why);
		else if (err != ERR_OK || !is_too_fast(session, x))
			session->fn(x, err, why);
	}
	session_release(session);
}

static void
ask(struct session *session, struct exchange *x, enum call_op op)
{
	struct values params;
	int fd = -1;

	values_init(&params);
	if (session->is_remote)
		values_add_bytes(
		    &params, session->credential.secret, SECRET_BYTES);
	else
		fd = fcntl(
		    http_conn_fd(http_req_conn(x->http)), F_DUPFD_CLOEXEC, 0);
	session->principal = 0;
	session->generation = x->web->generation;
	session->is_asking = true;
	session->refs++;
	(void)calls_start(
	    x->web->calls, op, 0, &params, fd, on_row, on_end, session);
}

static bool
is_change(const struct exchange *x)
{
	const char *method = http_req_method(x->http);

	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/* What another site's page must not be able to do with our cookie. */
static bool
is_own_page(const struct exchange *x, const struct credential *credential,
    const char **ret_why)
{
	const char *const headers[] = {
	    [CREDENTIAL_ORIGIN] = http_req_header(x->http, "Origin"),
	    [CREDENTIAL_SITE] = http_req_header(x->http, "Sec-Fetch-Site"),
	    [CREDENTIAL_HOST] = http_req_header(x->http, "Host"),
	    [CREDENTIAL_CSRF] = http_req_header(x->http, "X-CSRF-Token"),
	};

	return credential->kind != CREDENTIAL_SESSION || !is_change(x) ||
	       credential_is_own(credential, headers, ret_why);
}

static enum call_op
call_of(enum credential_kind kind)
{
	switch (kind) {
	case CREDENTIAL_TOKEN:
		return CALL_SESSION_TOKEN;
	case CREDENTIAL_CERTIFICATE:
		return CALL_SESSION_CERT;
	default:
		return CALL_SESSION_COOKIE;
	}
}

/*
 * A certificate that is shown must be good, whatever else is shown; it counts
 * where nothing else is.  False: the answer is out.
 */
static bool
take_certificate(struct exchange *x, struct credential *credential)
{
	uint8_t spki[TLS_SPKI_BYTES];
	char why[TLS_WHY_BYTES] = "";

	switch (http_conn_peer(http_req_conn(x->http), spki, why)) {
	case TLS_PEER_GOOD:
		if (credential->kind != CREDENTIAL_NONE)
			return true;
		credential->kind = CREDENTIAL_CERTIFICATE;
		memcpy(credential->secret, spki, sizeof(spki));
		return true;
	case TLS_PEER_BAD:
		log_line(LOG_WARN,
		    "msg=\"a client's certificate is refused\" id=%s "
		    "reason=\"%s\"",
		    x->id, why);
		exchange_refuse(x, 401, "certificate-refused", why);
		return false;
	default:
		return true;
	}
}

static void
need_remote(struct exchange *x, session_fn *fn)
{
	struct session *session;
	struct credential credential;
	const char *why = "";

	if (credential_parse(http_req_header(x->http, "Authorization"),
		http_req_header(x->http, "Cookie"), &credential) != ERR_OK) {
		exchange_refuse(x, 401, "credential-malformed",
		    "that is no token of ours, or two cookies");
		return;
	}
	if (!take_certificate(x, &credential))
		return;
	if (credential.kind == CREDENTIAL_NONE) {
		exchange_unknown(x, "log in, or send a token");
		return;
	}
	if (!is_own_page(x, &credential, &why)) {
		exchange_refuse(x, 403, "foreign-page", why);
		return;
	}
	session = session_new(x->web);
	session->is_remote = true;
	session->credential = credential;
	session->waiting = x;
	session->fn = fn;
	x->session = session;
	ask(session, x, call_of(credential.kind));
}

void
session_need(struct exchange *x, session_fn *fn)
{
	struct http_conn *conn = http_req_conn(x->http);
	struct session *session = http_conn_user(conn);

	if (http_conn_is_tls(conn)) {
		need_remote(x, fn);
		return;
	}
	if (session == NULL) {
		session = session_new(x->web);
		http_conn_set_user(conn, session);
	}
	x->session = session_hold(session);
	if (!session->is_asking && session->principal != 0 &&
	    session->generation == x->web->generation) {
		fn(x, ERR_OK, "");
		return;
	}
	session->waiting = x;
	session->fn = fn;
	if (!session->is_asking)
		ask(session, x, CALL_SESSION_PEER);
}

void
session_forget(struct exchange *x)
{
	if (x->session != NULL && x->session->waiting == x)
		x->session->waiting = NULL;
	session_release(x->session);
	x->session = NULL;
}

void
session_end(struct http_conn *conn)
{
	struct session *session = http_conn_user(conn);

	http_conn_set_user(conn, NULL);
	session_release(session);
}
