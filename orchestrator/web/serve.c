/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - from a request to the call that answers it. */
#include "web/serve.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"
#include "web/asset.h"
#include "web/idem.h"
#include "web/login.h"
#include "web/metrics.h"
#include "web/oidc.h"
#include "web/openapi.h"
#include "web/plain.h"
#include "web/progress.h"
#include "web/rate.h"
#include "web/session.h"
#include "web/stream.h"
#include "web/tus.h"
#include "web/tus_head.h"
#include "web/upload.h"
#include "web/wellknown.h"

#include <inttypes.h>

/* A client has this long for a JSON body. */
#define BODY_MS 30000
/* What is under way when the program stops has this long. */
#define STOP_MS 2000

/* --- the call --- */

static void
start(struct exchange *x)
{
	switch (x->match.route->kind) {
	case ROUTE_UPLOAD:
		upload_start(x);
		break;
	case ROUTE_DOWNLOAD:
	case ROUTE_SAMPLE:
	case ROUTE_JSON:
	case ROUTE_REPORT:
	case ROUTE_EVENTS:
	case ROUTE_EXPORT:
		stream_start(x);
		break;
	case ROUTE_ROWS:
		stream_rows(x);
		break;
	case ROUTE_OIDC_LINK:
		oidc_link(x);
		break;
	case ROUTE_PROVE:
		login_prove(x);
		break;
	case ROUTE_METRICS:
		metrics_start(x);
		break;
	case ROUTE_PROGRESS:
	case ROUTE_PROGRESS_STREAM:
		progress_start(x);
		break;
	default:
		plain_start(x);
	}
}

/* Answers again what the same key was answered before; true if it did. */
static bool
replay(struct exchange *x, const char *key)
{
	const struct idem_request request = {
	    .account = session_account(x->session),
	    .key = key,
	    .target = http_req_target(x->http),
	    .body = x->body.buf,
	    .len = x->body.len,
	};
	struct idem_answer answer;

	switch (idem_begin(x->web->idem, &request, &x->idem_slot, &answer)) {
	case ERR_OK:
		return false;
	case ERR_CONFLICT:
		exchange_problem(x, 409,
		    "the first request with this Idempotency-Key is still "
		    "being worked on");
		return true;
	case ERR_EOF:
		break;
	default:
		exchange_problem(x, 422,
		    "this Idempotency-Key came with another request before; "
		    "use a new one");
		return true;
	}
	http_answer_header(x->http, "Idempotent-Replayed", "true");
	if (answer.location != NULL)
		x->location = xstrdup(answer.location);
	if (answer.type == NULL) {
		exchange_answer_empty(x, answer.status);
		return true;
	}
	wire_put_raw(&x->out, answer.body, answer.len);
	exchange_answer(x, answer.status, answer.type);
	return true;
}

/* True when an answer is out already. */
static bool
check_key(struct exchange *x)
{
	const char *key = http_req_header(x->http, "Idempotency-Key");
	size_t len = key == NULL ? 0 : strlen(key);

	if (key == NULL || x->match.route->method != ROUTE_METHOD_POST)
		return false;
	if (x->match.route->kind == ROUTE_UPLOAD ||
	    x->match.route->kind == ROUTE_ROWS ||
	    x->match.route->kind == ROUTE_OIDC_LINK ||
	    x->match.route->kind == ROUTE_PROVE ||
	    x->match.route->kind == ROUTE_SECRET) {
		exchange_fail(
		    x, ERR_FORMAT, "an Idempotency-Key is not supported here");
		return true;
	}
	if (len == 0 || len > IDEM_KEY_BYTES) {
		exchange_fail(x, ERR_FORMAT,
		    "an Idempotency-Key has 1 to 128 characters");
		return true;
	}
	return replay(x, key);
}

static void
on_session(struct exchange *x, enum err err, const char *why)
{
	char csrf[CREDENTIAL_CSRF_BYTES];
	const char *text;

	if (x->is_answered)
		return; /* it took too long */
	if (err != ERR_OK) {
		exchange_fail(x, err, why);
		return;
	}
	if (x->match.route->kind == ROUTE_WHOAMI) {
		text = session_json(x->session);
		if (session_csrf(x->session, csrf))
			http_answer_header(x->http, "X-CSRF-Token", csrf);
		wire_put_raw(&x->out, text, strlen(text));
		exchange_answer(x, 200, "application/json");
		return;
	}
	if (!check_key(x))
		start(x);
}

/* Everything that the request says is there. */
static void
proceed(struct exchange *x)
{
	int err = ERR_OK;

	if (x->match.route->op != CALL_NONE_)
		err = params_fill(&x->params, &x->match, &x->target, x->json);
	if (err != ERR_OK) {
		exchange_fail(x, (enum err)err, x->params.why);
		return;
	}
	exchange_deadline(x, x->web->call_ms);
	if (x->match.route->kind == ROUTE_LOGIN)
		login_start(x);
	else if (x->match.route->kind == ROUTE_ACCEPT)
		login_accept(x);
	else if (x->match.route->kind == ROUTE_SECURITY ||
		 x->match.route->kind == ROUTE_PUBLIC_KEY)
		wellknown_start(x);
	else if (x->match.route->kind == ROUTE_HEALTH ||
		 x->match.route->op == CALL_OIDC_PROVIDERS)
		plain_start(x);
	else if (!oidc_start(x))
		session_need(x, on_session);
}

/* --- the body --- */

static size_t
on_body_data(void *arg, const uint8_t *p, size_t len)
{
	struct exchange *x = arg;

	if (!x->is_answered && len > PARAMS_BODY_BYTES - x->body.len)
		exchange_problem(x, 413, "a JSON body has at most 256 KiB");
	if (!x->is_answered)
		wire_put_raw(&x->body, p, len);
	return len;
}

static void
on_body_end(void *arg)
{
	struct exchange *x = arg;
	char why[PARAMS_WHY_BYTES] = "";
	int err;

	if (x->is_answered)
		return;
	err = x->match.route->kind == ROUTE_OIDC_OVER
		  ? params_parse_form(
			x->body.buf, x->body.len, "logout_token", &x->json, why)
		  : params_parse_body(x->body.buf, x->body.len, &x->json, why);
	if (err != ERR_OK)
		exchange_fail(x, (enum err)err, why);
	else
		proceed(x);
}

static const struct http_body_ops body_ops = {
    .data = on_body_data,
    .end = on_body_end,
};

/* Is the body of this type?  Parameters such as charset do not matter. */
static bool
has_type(const struct exchange *x, const char *type)
{
	const char *header = http_req_header(x->http, "Content-Type");
	size_t len = strlen(type);

	return header != NULL && strncasecmp(header, type, len) == 0 &&
	       (header[len] == '\0' || header[len] == ';' ||
		   header[len] == ' ');
}

static void
take_body(struct exchange *x)
{
	bool is_upload = x->match.route->kind == ROUTE_UPLOAD;
	const char *type = is_upload ? "application/octet-stream"
			   : x->match.route->kind == ROUTE_OIDC_OVER
			       ? "application/x-www-form-urlencoded"
			       : "application/json";
	int64_t bytes = http_req_body_bytes(x->http);

	if (x->match.route->method == ROUTE_METHOD_GET) {
		if (bytes != 0)
			exchange_fail(
			    x, ERR_FORMAT, "this method takes no body");
		else
			proceed(x);
		return;
	}
	if (bytes != 0 && !has_type(x, type)) {
		auto_free char *why = xasprintf("the body must be %s", type);

		exchange_problem(x, 415, why);
		return;
	}
	if (is_upload) {
		proceed(x);
		return;
	}
	if (bytes > (int64_t)PARAMS_BODY_BYTES) {
		exchange_problem(x, 413, "a JSON body has at most 256 KiB");
		return;
	}
	exchange_deadline(x, BODY_MS);
	http_read_body(x->http, &body_ops, x);
}

/* --- the head --- */

static void
answer_options(struct exchange *x, const char *allow)
{
	http_answer_header(x->http, "Allow", allow);
	if (route_is_tus(&x->target)) {
		http_answer_header(x->http, "Tus-Resumable", TUS_VERSION);
		tus_answer_options(x);
	}
	exchange_answer_empty(x, 204);
}

static void
answer_file(struct exchange *x)
{
	size_t len;
	const char *text = openapi_text(&len);

	exchange_headers(x, 200, OPENAPI_TYPE);
	http_answer_static(x->http, 200, text, len);
}

static void
find_route(struct exchange *x)
{
	const char *method = http_req_method(x->http);
	const char *meant = tus_method(x->http, method);
	char allow[ROUTE_ALLOW_BYTES];
	int err;

	if (meant != method && route_is_tus(&x->target))
		method = meant;
	err = route_find(&x->target, method, &x->match, allow);
	if (err == ERR_NOT_FOUND && asset_answer(x))
		return;
	if (err == ERR_NOT_FOUND) {
		exchange_fail(x, ERR_NOT_FOUND,
		    x->web->assets == NULL
			? "there is no such path; see /api/v1/openapi.yaml "
			  "(the browser app is not installed here)"
			: "there is no such path; see /api/v1/openapi.yaml");
	} else if (err != ERR_OK && strcmp(method, "OPTIONS") == 0) {
		answer_options(x, allow);
	} else if (err != ERR_OK) {
		http_answer_header(x->http, "Allow", allow);
		exchange_problem(x, 405, allow);
	} else if (x->match.route->kind == ROUTE_TUS) {
		tus_start(x);
	} else if (x->match.route->kind == ROUTE_FILE) {
		answer_file(x);
	} else {
		take_body(x);
	}
}

static struct exchange *
exchange_new(struct web *web, struct http_req *req)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->web = web;
	x->http = req;
	x->started_ms = loop_now_ms();
	(void)snprintf(x->id, sizeof(x->id), "%016" PRIx64 "-%" PRIu64,
	    web->id_seed, ++web->id_last);
	wire_out_init(&x->body, PARAMS_BODY_BYTES);
	wire_out_init(&x->out, EXCHANGE_BYTES_MAX);
	http_req_set_user(req, x);
	TAILQ_INSERT_TAIL(&web->exchanges, x, entry);
	return x;
}

/* True when the address has sent too much, and heard so. */
static bool
is_too_fast(struct exchange *x)
{
	const struct http_conn *conn = http_req_conn(x->http);
	char address[HTTP_ADDRESS_BYTES];
	uint64_t wait_ms;

	if (!http_conn_is_tls(conn))
		return false;
	http_conn_address(conn, address);
	wait_ms =
	    rate_take_address(x->web->rate_addresses, address, loop_now_ms());
	if (wait_ms == 0)
		return false;
	exchange_wait(x, wait_ms, "this address sends too many requests");
	return true;
}

static void
on_head(void *arg, struct http_req *req)
{
	struct web *web = arg;
	struct exchange *x = exchange_new(web, req);
	const char *target = http_req_target(req);
	const char *why;
	int err;

	if (is_too_fast(x))
		return;
	if (strcmp(target, "*") == 0 &&
	    strcmp(http_req_method(req), "OPTIONS") == 0) {
		answer_options(x, "GET, HEAD, POST, OPTIONS");
		return;
	}
	/* Two ways to say how long the body is: somebody is being fooled. */
	if (http_req_header(req, "Content-Length") != NULL &&
	    http_req_header(req, "Transfer-Encoding") != NULL) {
		exchange_fail(x, ERR_FORMAT,
		    "Content-Length and Transfer-Encoding exclude each other");
		return;
	}
	err = target_parse(&x->target, target, &why);
	if (err == ERR_LIMIT)
		exchange_problem(x, 414, why);
	else if (err != ERR_OK)
		exchange_fail(x, (enum err)err, why);
	else
		find_route(x);
}

static void
log_request(const struct exchange *x)
{
	const struct route *route = x->match.route;
	bool is_change = route != NULL && route->method != ROUTE_METHOD_GET &&
			 route->method != ROUTE_METHOD_HEAD;

	log_line(is_change || x->status >= 500 ? LOG_INFO : LOG_DEBUG,
	    "msg=request id=%s method=%s path=%s status=%u ms=%" PRIu64
	    " account=%s",
	    x->id, route == NULL ? "-" : route_method_name(route),
	    route == NULL ? "-" : route->path, x->status,
	    loop_now_ms() - x->started_ms, session_account(x->session));
}

static void
on_gone(void *arg, struct http_req *req)
{
	struct web *web = arg;
	struct exchange *x = http_req_user(req);

	log_request(x);
	if (x->call != 0)
		calls_cancel(web->calls, x->call);
	/* A part may have to ask for something in the session's name. */
	if (x->part_ops != NULL)
		x->part_ops->gone(x->part);
	session_forget(x);
	idem_forget(web->idem, x->idem_slot);
	params_release(&x->params);
	target_release(&x->target);
	json_decref(x->json);
	/* It may have held a password. */
	if (x->body.buf != NULL)
		seal_forget(x->body.buf, x->body.size);
	wire_out_release(&x->body);
	wire_out_release(&x->out);
	free(x->cursor);
	free(x->location);
	TAILQ_REMOVE(&web->exchanges, x, entry);
	free(x);
	if (web->is_stopping && TAILQ_EMPTY(&web->exchanges))
		loop_stop(web->loop);
}

static void
on_closed(void *arg, struct http_conn *conn)
{
	(void)arg;
	session_end(conn);
}

const struct http_ops serve_ops = {
    .head = on_head,
    .gone = on_gone,
    .closed = on_closed,
};

/* --- time --- */

/* The answer is overdue: from the client, or from the store. */
static void
give_up(struct exchange *x)
{
	bool is_client = x->session == NULL;

	if (x->call != 0)
		calls_cancel(x->web->calls, x->call);
	x->call = 0;
	if (is_client)
		exchange_problem(x, 408, "the body did not arrive in time");
	else
		exchange_problem(x, 503,
		    "the store did not answer in time; the request may still "
		    "have been carried out");
}

static void
on_sweep(void *arg)
{
	struct web *web = arg;
	uint64_t now_ms = loop_now_ms();
	struct exchange *x;

	TAILQ_FOREACH (x, &web->exchanges, entry) {
		if (!x->is_answered && x->deadline_ms != 0 &&
		    now_ms > x->deadline_ms)
			give_up(x);
		else if (x->part_ops != NULL && x->part_ops->tick != NULL)
			x->part_ops->tick(x->part);
	}
	web->sweep = loop_timer(web->loop, 1000, on_sweep, web);
}

void
serve_start(struct web *web)
{
	TAILQ_INIT(&web->exchanges);
	web->idem = idem_new();
	web->sweep = loop_timer(web->loop, 1000, on_sweep, web);
}

void
serve_changed(struct web *web, const char *case_id)
{
	struct exchange *x;

	TAILQ_FOREACH (x, &web->exchanges, entry) {
		if (x->part_ops != NULL && x->part_ops->changed != NULL)
			x->part_ops->changed(x->part, case_id);
	}
}

static void
on_stop_late(void *arg)
{
	struct web *web = arg;

	loop_stop(web->loop);
}

void
serve_stop(struct web *web)
{
	if (web->is_stopping)
		return;
	web->is_stopping = true;
	for (size_t i = 0; i < web->http_count; i++)
		http_quiesce(web->http[i]);
	if (TAILQ_EMPTY(&web->exchanges))
		loop_stop(web->loop);
	else
		(void)loop_timer(web->loop, STOP_MS, on_stop_late, web);
}
