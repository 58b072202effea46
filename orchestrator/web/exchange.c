/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c - one request and its answer. */
#include "web/exchange.h"

#include "lib/digest.h"
#include "lib/own.h"
#include "lib/reason.h"
#include "lib/xalloc.h"
#include "web/idem.h"
#include "web/problem.h"
#include "web/rows.h"
#include "web/session.h"
#include "web/tus_head.h"

#include <inttypes.h>

/* Nothing of an answer is a page, a script or to be kept by a proxy. */
#define POLICY "default-src 'none'; frame-ancestors 'none'"
/* A report brings its own styles and pictures, and nothing else; our own app
 * shows it in a frame. */
#define POLICY_REPORT                                             \
 "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " \
 "frame-ancestors 'self'; sandbox"
#define ETAG_BYTES 16

void
exchange_deadline(struct exchange *x, uint64_t ms)
{
	x->deadline_ms = ms == 0 ? 0 : loop_now_ms() + ms;
}

void
exchange_call(struct exchange *x, enum call_op op, const struct values *params,
    call_row_fn *row, call_end_fn *end)
{
	exchange_deadline(x, x->web->call_ms);
	x->call = calls_start(x->web->calls, op, session_principal(x->session),
	    params, -1, row, end, x);
}

void
exchange_set_part(struct exchange *x, const struct part_ops *ops, void *part)
{
	x->part_ops = ops;
	x->part = part;
}

void
exchange_headers(struct exchange *x, unsigned int status, const char *type)
{
	bool is_html = type != NULL && strncmp(type, "text/html", 9) == 0;
	const char *policy = is_html ? POLICY_REPORT : POLICY;

	x->is_answered = true;
	x->status = status;
	x->deadline_ms = 0;
	http_answer_header(x->http, "X-Request-Id", x->id);
	http_answer_header(x->http, "X-Content-Type-Options", "nosniff");
	http_answer_header(
	    x->http, "Cache-Control", x->cache == NULL ? "no-store" : x->cache);
	http_answer_header(x->http, "Referrer-Policy", "no-referrer");
	http_answer_header(
	    x->http, "Cross-Origin-Resource-Policy", "same-origin");
	http_answer_header(
	    x->http, "Cross-Origin-Opener-Policy", "same-origin");
	http_answer_header(x->http, "Content-Security-Policy",
	    x->policy == NULL ? policy : x->policy);
	if (http_conn_is_tls(http_req_conn(x->http)))
		http_answer_header(
		    x->http, "Strict-Transport-Security", "max-age=31536000");
	if (x->match.route != NULL && x->match.route->kind == ROUTE_TUS)
		http_answer_header(x->http, "Tus-Resumable", TUS_VERSION);
	if (type != NULL)
		http_answer_header(x->http, "Content-Type", type);
	if (x->location != NULL)
		http_answer_header(x->http, "Location", x->location);
	if (status == 503)
		http_answer_header(x->http, "Retry-After", "2");
}

/* Does If-None-Match (RFC 9110 section 13.1.2) name this tag? */
static bool
has_match(const struct exchange *x, const char *etag)
{
	const char *header = http_req_header(x->http, "If-None-Match");

	if (header == NULL)
		return false;
	return strcmp(header, "*") == 0 || strstr(header, etag) != NULL;
}

/* Objects carry a tag made from what they say. */
static bool
is_unchanged(struct exchange *x, unsigned int status)
{
	uint8_t digest[SHA256_BYTES];
	char etag[2 * SHA256_BYTES + 3];

	if (status != 200 || x->match.route == NULL ||
	    x->match.route->kind != ROUTE_OBJECT)
		return false;
	sha256_once(x->out.buf, x->out.len, digest);
	etag[0] = '"';
	hex_encode(etag + 1, digest, ETAG_BYTES);
	etag[1 + 2 * ETAG_BYTES] = '"';
	etag[2 + 2 * ETAG_BYTES] = '\0';
	http_answer_header(x->http, "ETag", etag);
	return has_match(x, etag);
}

/* For a client that repeats the request with its Idempotency-Key. */
static void
keep_answer(struct exchange *x, unsigned int status, const char *type)
{
	const struct idem_answer answer = {
	    .status = status,
	    .type = type,
	    .location = x->location,
	    .body = x->out.buf,
	    .len = x->out.len,
	};

	idem_finish(x->web->idem, x->idem_slot, &answer);
	x->idem_slot = 0;
}

void
exchange_answer(struct exchange *x, unsigned int status, const char *type)
{
	size_t len = x->out.len;

	if (x->out.is_failed) {
		wire_out_release(&x->out);
		wire_out_init(&x->out, PROBLEM_BYTES);
		exchange_problem(x, 413,
		    "the answer is too long; ask for a "
		    "shorter page");
		return;
	}
	if (is_unchanged(x, status)) {
		exchange_headers(x, 304, NULL);
		http_answer_static(x->http, 304, "", 0);
		return;
	}
	keep_answer(x, status, type);
	exchange_headers(x, status, type);
	http_answer(x->http, status, x->out.buf, len);
	/* The buffer is the answer's now. */
	x->out.buf = NULL;
	wire_out_init(&x->out, EXCHANGE_BYTES_MAX);
}

void
exchange_answer_empty(struct exchange *x, unsigned int status)
{
	x->out.len = 0;
	keep_answer(x, status, NULL);
	exchange_headers(x, status, NULL);
	http_answer_static(x->http, status, "", 0);
}

void
exchange_problem(struct exchange *x, unsigned int status, const char *detail)
{
	wire_out_release(&x->out);
	wire_out_init(&x->out, PROBLEM_BYTES);
	problem_put(&x->out, status, detail, x->id);
	exchange_answer(x, status, PROBLEM_TYPE);
}

void
exchange_fail(struct exchange *x, enum err err, const char *why)
{
	if (why == NULL || why[0] == '\0')
		why = err_name(err);
	wire_out_release(&x->out);
	wire_out_init(&x->out, PROBLEM_BYTES);
	problem_put_err(&x->out, err, why, x->id);
	exchange_answer(x, problem_status(err), PROBLEM_TYPE);
}

void
exchange_refuse(struct exchange *x, unsigned int status, const char *kind,
    const char *detail)
{
	char why[REASON_BYTES_MAX];

	if (status == 401)
		http_answer_header(
		    x->http, "WWW-Authenticate", "Bearer realm=\"loep\"");
	exchange_problem(
	    x, status, reason_put(why, sizeof(why), kind, "", detail));
}

void
exchange_unknown(struct exchange *x, const char *why)
{
	http_answer_header(
	    x->http, "WWW-Authenticate", "Bearer realm=\"loep\"");
	exchange_problem(x, 401, why);
}

void
exchange_wait(struct exchange *x, uint64_t wait_ms, const char *why)
{
	auto_free char *seconds = xasprintf("%" PRIu64, (wait_ms + 999) / 1000);

	http_answer_header(x->http, "Retry-After", seconds);
	exchange_problem(x, 429, why);
}

/* The text of a variable of a location: a column, or part of the path. */
static void
put_variable(struct wire_out *out, const struct exchange *x, const char *name,
    const struct values *row)
{
	const struct target_text *text = route_variable(&x->match, name);
	enum call_op op = x->match.route->op;
	int column;

	/* An upload's row comes from the call that ends it. */
	if (x->match.route->kind == ROUTE_UPLOAD)
		op = CALL_UPLOAD_FINISH;
	column = call_column(op, name);
	if (column >= 0 && (size_t)column < row->count &&
	    row->v[column].type == VALUE_TEXT)
		wire_put_raw(out, row->v[column].p, row->v[column].len);
	else if (text != NULL)
		wire_put_raw(out, text->p, text->len);
}

void
exchange_locate(struct exchange *x, const struct values *row)
{
	const char *p = x->match.route->location;
	struct wire_out out;
	char name[32];

	if (*p == '\0' || x->location != NULL)
		return;
	wire_out_init(&out, KIB);
	while (*p != '\0') {
		size_t len = strcspn(p, "{");

		wire_put_raw(&out, p, len);
		p += len;
		if (*p == '\0')
			break;
		len = strcspn(p, "}");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len - 1, p + 1);
		put_variable(&out, x, name, row);
		p += len + 1;
	}
	/* Ids are plain; whatever is not must not become a header. */
	for (size_t i = 0; i < out.len; i++) {
		if (out.buf[i] <= ' ' || out.buf[i] >= 0x7f)
			out.is_failed = true;
	}
	if (!out.is_failed)
		x->location = xstrndup((const char *)out.buf, out.len);
	wire_out_release(&out);
}
