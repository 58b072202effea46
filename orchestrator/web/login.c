/* SPDX-License-Identifier: Apache-2.0 */
/* login.c - logging in and out, and the first password. */
#include "web/login.h"

#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"
#include "web/credential.h"
#include "web/oidc.h"
#include "web/rows.h"
#include "web/session.h"
#include "web/stamp.h"

#include <inttypes.h>

#define ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

/* What the store answered. */
struct outcome {
	struct exchange *x; /* NULL = gone */
	enum call_op op;
	char state[16];
	int64_t wait_ms;
	int64_t until; /* of a proof */
	bool has_secret;
	uint8_t secret[SECRET_BYTES];
	int64_t expires;
	char login[160];
};

static void
on_row(void *arg, const struct values *row)
{
	struct outcome *o = arg;
	const uint8_t *p;
	size_t len;

	(void)values_text(row, 0, o->state, sizeof(o->state));
	o->wait_ms = values_int(row, 1);
	if (o->op == CALL_INVITE_ACCEPT) {
		(void)values_text(row, 2, o->login, sizeof(o->login));
		return;
	}
	if (o->op == CALL_PROVE) {
		o->until = values_is_null(row, 2) ? 0 : values_int(row, 2);
		return;
	}
	p = values_bytes(row, 2, &len);
	o->has_secret = p != NULL && len == SECRET_BYTES;
	if (o->has_secret)
		memcpy(o->secret, p, len);
	o->expires = values_int(row, 3);
}

static void
put_member(struct exchange *x, const char *name, const char *value)
{
	rows_put_literal(&x->out, name);
	rows_put_text(&x->out, value, strlen(value));
}

void
login_set_cookie(struct exchange *x, const uint8_t secret[SECRET_BYTES])
{
	char text[SECRET_LENGTH + 1];
	auto_free char *cookie = NULL;

	secret_encode(text, secret);
	cookie = xasprintf("%s=%s" ATTRIBUTES, CREDENTIAL_COOKIE, text);
	http_answer_header(x->http, "Set-Cookie", cookie);
	seal_forget(text, sizeof(text));
	seal_forget(cookie, strlen(cookie));
}

static void
let_in(struct exchange *x, const struct outcome *o)
{
	char csrf[CREDENTIAL_CSRF_BYTES];
	char expires[STAMP_BYTES];

	credential_csrf(o->secret, csrf);
	login_set_cookie(x, o->secret);
	if (o->op == CALL_OIDC_CODE)
		oidc_forget_cookie(x);
	http_answer_header(x->http, "X-CSRF-Token", csrf);
	rows_put_literal(&x->out, "{");
	put_member(x, "\"csrf\":", csrf);
	put_member(x, ",\"expires\":", stamp_put(expires, o->expires));
	rows_put_literal(&x->out, "}");
	exchange_answer(x, 200, "application/json");
}

static void
refuse(struct exchange *x, enum call_op op)
{
	switch (op) {
	case CALL_LOGIN:
		exchange_refuse(x, 401, "login-refused",
		    "the name, the password or the code is not right");
		break;
	case CALL_PROVE:
		/* 401 would mean that the session is over. */
		exchange_refuse(x, 403, "proof-refused",
		    "the password or the code is not right");
		break;
	case CALL_OIDC_CODE:
		exchange_refuse(x, 401, "login-refused",
		    "the code is not right, or it took too long: then sign "
		    "in again");
		break;
	default:
		exchange_refuse(x, 401, "invitation-over",
		    "the invitation is not known, was used, or ran out");
	}
}

static void
decide(struct exchange *x, const struct outcome *o)
{
	if (strcmp(o->state, "ok") == 0 && o->has_secret) {
		let_in(x, o);
	} else if (strcmp(o->state, "ok") == 0 && o->op == CALL_PROVE) {
		char until[STAMP_BYTES];

		rows_put_literal(&x->out, "{");
		put_member(x, "\"until\":", stamp_put(until, o->until));
		rows_put_literal(&x->out, "}");
		exchange_answer(x, 200, "application/json");
	} else if (strcmp(o->state, "ok") == 0) {
		rows_put_literal(&x->out, "{");
		put_member(x, "\"login\":", o->login);
		rows_put_literal(&x->out, "}");
		exchange_answer(x, 200, "application/json");
	} else if (strcmp(o->state, "wait") == 0) {
		exchange_wait(x, (uint64_t)o->wait_ms,
		    "too many attempts; this one was not tried");
	} else if (strcmp(o->state, "code") == 0) {
		exchange_refuse(x, 401, "code-needed",
		    "a code of the second factor is needed, too (\"code\")");
	} else {
		refuse(x, o->op);
	}
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct outcome *o = arg;
	struct exchange *x = o->x;

	if (fd != -1)
		(void)close(fd);
	if (x != NULL && !x->is_answered) {
		exchange_set_part(x, NULL, NULL);
		if (err != ERR_OK)
			exchange_fail(x, err, why);
		else
			decide(x, o);
	}
	/* Whoever is gone has left a session that nobody knows: it ends by
	 * itself. */
	seal_forget(o, sizeof(*o));
	free(o);
}

static void
on_gone(void *part)
{
	struct outcome *o = part;

	o->x = NULL;
}

static const struct part_ops part_ops = {.gone = on_gone};

void
login_call(struct exchange *x, enum call_op op)
{
	struct outcome *o = xcalloc(1, sizeof(*o));

	o->x = x;
	o->op = op;
	exchange_set_part(x, &part_ops, o);
	exchange_deadline(x, x->web->call_ms);
	(void)calls_start(x->web->calls, op, session_principal(x->session),
	    &x->params.values, -1, on_row, on_end, o);
}

/* Over the Unix socket people are known already. */
bool
login_is_remote(struct exchange *x)
{
	if (http_conn_is_tls(http_req_conn(x->http)))
		return true;
	exchange_problem(
	    x, 409, "on this socket you are who you are; log in over HTTPS");
	return false;
}

void
login_set_address(
    struct exchange *x, enum call_op op, char address[HTTP_ADDRESS_BYTES])
{
	struct value *v = params_value(&x->params, op, "address");

	http_conn_address(http_req_conn(x->http), address);
	v->p = (const uint8_t *)address;
	v->len = strlen(address);
}

void
login_start(struct exchange *x)
{
	char address[HTTP_ADDRESS_BYTES];

	if (!login_is_remote(x))
		return;
	login_set_address(x, CALL_LOGIN, address);
	login_call(x, CALL_LOGIN);
}

void
login_accept(struct exchange *x)
{
	struct value *v =
	    params_value(&x->params, CALL_INVITE_ACCEPT, "secret");
	size_t prefix = strlen(SECRET_INVITE_PREFIX);
	char address[HTTP_ADDRESS_BYTES];
	uint8_t secret[SECRET_BYTES];

	if (v->len < prefix ||
	    memcmp(v->p, SECRET_INVITE_PREFIX, prefix) != 0 ||
	    secret_decode((const char *)v->p + prefix, v->len - prefix,
		secret) != ERR_OK) {
		exchange_refuse(x, 401, "invitation-over",
		    "the invitation is not known, was used, or ran out");
		return;
	}
	v->p = secret;
	v->len = sizeof(secret);
	login_set_address(x, CALL_INVITE_ACCEPT, address);
	login_call(x, CALL_INVITE_ACCEPT);
}

void
login_prove(struct exchange *x)
{
	char address[HTTP_ADDRESS_BYTES];

	if (!login_is_remote(x))
		return;
	login_set_address(x, CALL_PROVE, address);
	login_call(x, CALL_PROVE);
}

void
login_forget_cookie(struct exchange *x)
{
	if (http_conn_is_tls(http_req_conn(x->http)))
		http_answer_header(x->http, "Set-Cookie",
		    CREDENTIAL_COOKIE "=" ATTRIBUTES "; Max-Age=0");
}
