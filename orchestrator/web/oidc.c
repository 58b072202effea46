/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c - browsers that go to an identity provider and come back. */
#include "web/oidc.h"

#include "lib/own.h"
#include "lib/seal.h"
#include "lib/uri.h"
#include "lib/xalloc.h"
#include "web/credential.h"
#include "web/login.h"
#include "web/oidc_page.h"
#include "web/rows.h"
#include "web/session.h"

#define ATTRIBUTES "; Path=/; Secure; HttpOnly"
/* Sent along when the provider's page sends the browser back. */
#define AWAY ATTRIBUTES "; SameSite=Lax; Max-Age=3600"
/* Only our own page sends this one. */
#define HALF ATTRIBUTES "; SameSite=Strict; Max-Age=300"
/* Of the app, after it. */
#define PAGE_IN	    "/"
#define PAGE_CODE   "/?sign-in=code&to="
#define PAGE_LINKED "/account"
#define PAGE_PROVED "/proved"

/* What the store answered. */
struct outcome {
	struct exchange *x; /* NULL = gone */
	char *url;	    /* of a departure */
	char *state;
	char *reason;
	char *detail;
	char *target; /* the page that they wanted; "" = the first */
	bool has_secret;
	uint8_t secret[SECRET_BYTES];
};

/* Does a browser ask?  Programs hear it as they hear all else. */
static bool
wants_page(const struct exchange *x)
{
	const char *accept = http_req_header(x->http, "Accept");

	return accept != NULL && strstr(accept, "text/html") != NULL;
}

/* --- pages --- */

struct refusal {
	const char *word; /* the store's */
	const char *kind; /* of the problem document */
	enum oidc_text text;
	unsigned int status;
	bool is_waiting; /* nothing went wrong */
};

static const struct refusal refusal_away = {
    "", "provider-away", OIDC_TEXT_AWAY, 503, false};

static void
refuse(struct exchange *x, const struct refusal *refusal, const char *detail)
{
	const struct oidc_page page = {
	    .heading = refusal->is_waiting ? OIDC_TEXT_TITLE : OIDC_TEXT_FAILED,
	    .text = refusal->text,
	    .detail = detail,
	    .link = OIDC_TEXT_BACK,
	    .target = PAGE_IN,
	};
	auto_free char *both = NULL;

	if (wants_page(x)) {
		oidc_page_answer(x, refusal->status, &page);
		return;
	}
	both = xasprintf("%s%s%s", oidc_text(refusal->text, OIDC_EN),
	    detail == NULL || detail[0] == '\0' ? "" : " ",
	    detail == NULL ? "" : detail);
	exchange_refuse(x, refusal->status, refusal->kind, both);
}

static void
go_on(struct exchange *x, const char *target)
{
	const struct oidc_page page = {
	    .heading = OIDC_TEXT_TITLE,
	    .text = OIDC_TEXT_WORKED,
	    .link = OIDC_TEXT_ON,
	    .target = target,
	    .goes_on = true,
	};

	oidc_page_answer(x, 200, &page);
}

/* --- cookies --- */

static void
set_cookie(struct exchange *x, const uint8_t secret[SECRET_BYTES],
    const char *attributes)
{
	char text[SECRET_LENGTH + 1];
	auto_free char *cookie = NULL;

	secret_encode(text, secret);
	cookie = xasprintf("%s=%s%s", CREDENTIAL_AWAY, text, attributes);
	http_answer_header(x->http, "Set-Cookie", cookie);
	seal_forget(text, sizeof(text));
	seal_forget(cookie, strlen(cookie));
}

void
oidc_forget_cookie(struct exchange *x)
{
	http_answer_header(x->http, "Set-Cookie",
	    CREDENTIAL_AWAY "=" ATTRIBUTES "; SameSite=Lax; Max-Age=0");
}

/* The secret of the browser's cookie as a parameter; zeros where it has none:
 * nobody was ever given those. */
static void
set_secret(struct exchange *x, const char *name, uint8_t secret[SECRET_BYTES])
{
	struct value *v = params_value(&x->params, x->match.route->op, name);

	memset(secret, 0, SECRET_BYTES);
	if (credential_cookie(http_req_header(x->http, "Cookie"),
		CREDENTIAL_AWAY, secret) != ERR_OK)
		memset(secret, 0, SECRET_BYTES);
	v->p = secret;
	v->len = SECRET_BYTES;
}

/* --- the call --- */

static void
release(struct outcome *o)
{
	free(o->url);
	free(o->state);
	free(o->reason);
	free(o->detail);
	free(o->target);
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

static void
call(struct exchange *x, call_row_fn *row, call_end_fn *end)
{
	struct outcome *o = xcalloc(1, sizeof(*o));

	o->x = x;
	exchange_set_part(x, &part_ops, o);
	exchange_deadline(x, x->web->call_ms);
	(void)calls_start(x->web->calls, x->match.route->op,
	    session_principal(x->session), &x->params.values, -1, row, end, o);
}

/* Ours no more; NULL: nobody is there to be answered. */
static struct exchange *
take_exchange(struct outcome *o, int fd)
{
	struct exchange *x = o->x;

	if (fd != -1)
		(void)close(fd);
	if (x == NULL || x->is_answered)
		return NULL;
	exchange_set_part(x, NULL, NULL);
	return x;
}

static void
take_secret(struct outcome *o, const struct values *row, size_t column)
{
	size_t len;
	const uint8_t *p = values_bytes(row, column, &len);

	o->has_secret = p != NULL && len == SECRET_BYTES;
	if (o->has_secret)
		memcpy(o->secret, p, len);
}

/* --- away --- */

static void
on_away_row(void *arg, const struct values *row)
{
	struct outcome *o = arg;

	if (o->url != NULL)
		return;
	o->url = values_text_dup(row, 0);
	if (row->count > 1)
		take_secret(o, row, 1);
}

static void
fail_away(struct exchange *x, enum err err, const char *why)
{
	enum route_kind kind = x->match.route->kind;
	bool is_page = (kind == ROUTE_OIDC_START || kind == ROUTE_OIDC_LEAVE) &&
		       wants_page(x);

	if (is_page && err == ERR_UNAVAILABLE)
		refuse(x, &refusal_away, NULL);
	else if (err == ERR_UNAVAILABLE)
		exchange_refuse(x, 503, refusal_away.kind, why);
	else if (kind == ROUTE_OIDC_INVITED && err == ERR_DENIED)
		exchange_refuse(x, 401, "invitation-over", why);
	else
		exchange_fail(x, err, why);
}

static void
send_away(struct exchange *x, const struct outcome *o)
{
	set_cookie(x, o->secret, AWAY);
	if (x->match.route->kind == ROUTE_OIDC_START) {
		x->location = xstrdup(o->url);
		exchange_answer_empty(x, 302);
		return;
	}
	rows_put_literal(&x->out, "{\"url\":");
	rows_put_text(&x->out, o->url, strlen(o->url));
	rows_put_literal(&x->out, "}");
	exchange_answer(x, 200, "application/json");
}

static void
on_away_end(void *arg, enum err err, const char *why, int fd)
{
	struct outcome *o = arg;
	struct exchange *x = take_exchange(o, fd);

	if (x != NULL && (err != ERR_OK || o->url == NULL || !o->has_secret))
		fail_away(x, err == ERR_OK ? ERR_UNAVAILABLE : err, why);
	else if (x != NULL)
		send_away(x, o);
	release(o);
}

/* --- signing out there --- */

static void
on_leave_end(void *arg, enum err err, const char *why, int fd)
{
	struct outcome *o = arg;
	struct exchange *x = take_exchange(o, fd);

	if (x != NULL && (err != ERR_OK || o->url == NULL)) {
		fail_away(x, err == ERR_OK ? ERR_UNAVAILABLE : err, why);
	} else if (x != NULL) {
		x->location = xstrdup(o->url);
		exchange_answer_empty(x, 302);
	}
	release(o);
}

static void
on_over_row(void *arg, const struct values *row)
{
	struct outcome *o = arg;

	if (o->state == NULL)
		o->state = values_text_dup(row, 0);
}

/* Back-Channel Logout 1.0 section 2.8. */
static void
on_over_end(void *arg, enum err err, const char *why, int fd)
{
	struct outcome *o = arg;
	struct exchange *x = take_exchange(o, fd);
	const char *state = o->state == NULL ? "unavailable" : o->state;

	if (x == NULL) {
		release(o);
		return;
	}
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		exchange_fail(x, err, why);
	else if (err == ERR_OK && strcmp(state, "ok") == 0)
		exchange_answer_empty(x, 200);
	else if (err == ERR_OK && strcmp(state, "refused") == 0)
		exchange_refuse(x, 400, "provider-not-trusted",
		    "the logout token is none of the provider's, or not good");
	else
		exchange_refuse(x, 503, refusal_away.kind,
		    "the token cannot be looked at now");
	release(o);
}

/* --- back --- */

static void
on_back_row(void *arg, const struct values *row)
{
	struct outcome *o = arg;

	if (o->state != NULL)
		return;
	o->state = values_text_dup(row, 0);
	o->reason = values_text_dup(row, 1);
	o->detail = values_text_dup(row, 2);
	take_secret(o, row, 3);
	o->target = values_text_dup(row, 5);
}

static void
refuse_back(struct exchange *x, const struct outcome *o)
{
	static const struct refusal refusals[] = {
	    {"expired", "sign-in-over", OIDC_TEXT_EXPIRED, 400, false},
	    {"provider", "provider-refused", OIDC_TEXT_PROVIDER, 403, false},
	    {"acr", "sign-in-weak", OIDC_TEXT_ACR, 403, false},
	    {"unlinked", "not-linked", OIDC_TEXT_UNLINKED, 403, false},
	    {"waiting", "waiting", OIDC_TEXT_WAITING, 403, true},
	    {"turned_away", "not-taken-in", OIDC_TEXT_TURNED_AWAY, 403, false},
	    {"crowd", "too-many-wait", OIDC_TEXT_CROWD, 503, false},
	    {"closed", "account-closed", OIDC_TEXT_CLOSED, 403, false},
	    {"taken", "linked-already", OIDC_TEXT_TAKEN, 409, false},
	    {"invitation", "invitation-over", OIDC_TEXT_INVITATION, 403, false},
	    {"second", "code-needed", OIDC_TEXT_SECOND, 403, false},
	    {"another", "somebody-else", OIDC_TEXT_ANOTHER, 403, false},
	    {"not_now", "sign-in-old", OIDC_TEXT_NOT_NOW, 403, false},
	    {"token", "provider-not-trusted", OIDC_TEXT_TOKEN, 403, false},
	};
	const size_t count = sizeof(refusals) / sizeof(refusals[0]);
	size_t i = 0;

	oidc_forget_cookie(x);
	while (i + 1 < count && strcmp(refusals[i].word, o->reason) != 0)
		i++;
	refuse(x, &refusals[i],
	    strcmp(refusals[i].word, o->reason) == 0 ? o->detail : NULL);
}

static void
take_back(struct exchange *x, const struct outcome *o)
{
	const char *target =
	    o->target == NULL || o->target[0] == '\0' ? PAGE_IN : o->target;

	if (strcmp(o->state, "ok") == 0 && o->has_secret) {
		login_set_cookie(x, o->secret);
		oidc_forget_cookie(x);
		go_on(x, target);
	} else if (strcmp(o->state, "code") == 0 && o->has_secret) {
		auto_free char *encoded = uri_encode(target);
		auto_free char *page = xasprintf(PAGE_CODE "%s", encoded);

		set_cookie(x, o->secret, HALF);
		go_on(x, page);
	} else if (strcmp(o->state, "proved") == 0) {
		oidc_forget_cookie(x);
		go_on(x, PAGE_PROVED);
	} else if (strcmp(o->state, "linked") == 0) {
		oidc_forget_cookie(x);
		go_on(x, PAGE_LINKED);
	} else if (strcmp(o->state, "unavailable") == 0) {
		oidc_forget_cookie(x);
		refuse(x, &refusal_away, NULL);
	} else {
		refuse_back(x, o);
	}
}

static void
on_back_end(void *arg, enum err err, const char *why, int fd)
{
	struct outcome *o = arg;
	struct exchange *x = take_exchange(o, fd);

	if (x != NULL && err == ERR_UNAVAILABLE)
		refuse(x, &refusal_away, NULL);
	else if (x != NULL && (err != ERR_OK || o->state == NULL))
		exchange_fail(x, err == ERR_OK ? ERR_UNAVAILABLE : err, why);
	else if (x != NULL)
		take_back(x, o);
	release(o);
}

/* --- the routes --- */

/* False: the invitation is none, and the answer is out. */
static bool
take_invitation(struct exchange *x, uint8_t secret[SECRET_BYTES])
{
	struct value *v =
	    params_value(&x->params, x->match.route->op, "secret");
	size_t prefix = strlen(SECRET_INVITE_PREFIX);

	if (v->len < prefix ||
	    memcmp(v->p, SECRET_INVITE_PREFIX, prefix) != 0 ||
	    secret_decode((const char *)v->p + prefix, v->len - prefix,
		secret) != ERR_OK) {
		exchange_refuse(x, 401, "invitation-over",
		    "the invitation is not known, was used, or ran out");
		return false;
	}
	v->p = secret;
	v->len = SECRET_BYTES;
	return true;
}

bool
oidc_start(struct exchange *x)
{
	enum route_kind kind = x->match.route->kind;
	char address[HTTP_ADDRESS_BYTES];
	uint8_t secret[SECRET_BYTES];

	if (kind != ROUTE_OIDC_START && kind != ROUTE_OIDC_BACK &&
	    kind != ROUTE_OIDC_CODE && kind != ROUTE_OIDC_INVITED &&
	    kind != ROUTE_OIDC_LEAVE && kind != ROUTE_OIDC_OVER)
		return false;
	if (!login_is_remote(x))
		return true;
	if (kind == ROUTE_OIDC_LEAVE) {
		call(x, on_away_row, on_leave_end);
		return true;
	}
	if (kind == ROUTE_OIDC_OVER) {
		call(x, on_over_row, on_over_end);
		return true;
	}
	login_set_address(x, x->match.route->op, address);
	if (kind == ROUTE_OIDC_INVITED && !take_invitation(x, secret))
		return true;
	if (kind == ROUTE_OIDC_BACK) {
		set_secret(x, "browser", secret);
		call(x, on_back_row, on_back_end);
	} else if (kind == ROUTE_OIDC_CODE) {
		set_secret(x, "secret", secret);
		login_call(x, CALL_OIDC_CODE);
	} else {
		call(x, on_away_row, on_away_end);
	}
	return true;
}

void
oidc_link(struct exchange *x)
{
	char address[HTTP_ADDRESS_BYTES];

	if (!login_is_remote(x))
		return;
	login_set_address(x, x->match.route->op, address);
	call(x, on_away_row, on_away_end);
}
