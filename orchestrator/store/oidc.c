/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c - browsers on their way to the identity provider, and back. */
#include "store/oidc.h"

#include "lib/base64.h"
#include "lib/own.h"
#include "lib/secret.h"
#include "lib/uri.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/throttle.h"

/* Browsers that are away, from one address and in all: older ones make room. */
#define FLOWS_PER_ADDRESS 100
#define FLOWS_MAX	  20000
/* What the provider has to answer loep-oidc. */
#define EXCHANGE_MS    ((uint64_t)30000)
#define EXCHANGES_MAX  256
#define LEASE_MAX      64
#define URL_BYTES      ((size_t)8192)
#define AUTH_URL_BYTES 2048

static const char *const purposes[] = {
    [OIDC_LOGIN] = "login",
    [OIDC_OWN] = "link",
    [OIDC_INVITATION] = "invited",
};

/* --- the provider --- */

struct oidc *
oidc_new(void)
{
	struct oidc *o = xcalloc(1, sizeof(*o));
	const struct oidc_conf none = {"", "", "", "", "", "", "", 0};

	TAILQ_INIT(&o->exchanges);
	o->authorization = xstrdup("");
	o->leave = xstrdup("");
	oidc_configure(o, &none);
	return o;
}

static void
set(char **dst, const char *text)
{
	free(*dst);
	*dst = xstrdup(text);
}

void
oidc_configure(struct oidc *o, const struct oidc_conf *conf)
{
	set(&o->issuer, conf->issuer);
	set(&o->client, conf->client);
	set(&o->redirect, conf->redirect);
	set(&o->required_acr, conf->required_acr);
	set(&o->required_amr, conf->required_amr);
	set(&o->signed_out, conf->signed_out);
	set(&o->label, conf->label);
	o->flow_us = conf->flow_us;
	/* The host, where it has no other name. */
	if (o->label[0] == '\0' && strstr(o->issuer, "://") != NULL) {
		set(&o->label, strstr(o->issuer, "://") + 3);
		o->label[strcspn(o->label, "/")] = '\0';
	}
}

void
oidc_exchange_free(struct oidc_exchange *e)
{
	loop_timer_cancel(e->timer);
	TAILQ_REMOVE(&e->store->oidc->exchanges, e, entry);
	free(e);
}

void
oidc_free(struct oidc *o)
{
	struct oidc_exchange *e;

	if (o == NULL)
		return;
	while ((e = TAILQ_FIRST(&o->exchanges)) != NULL)
		oidc_exchange_free(e);
	free(o->issuer);
	free(o->client);
	free(o->redirect);
	free(o->label);
	free(o->required_acr);
	free(o->required_amr);
	free(o->signed_out);
	free(o->leave);
	free(o->authorization);
	free(o);
}

/* From the loop, outside of whatever unit runs now. */
static void
on_settle(void *arg)
{
	struct oidc_exchange *e = arg;

	e->timer = NULL;
	oidc_settle(e);
}

static void
settle_soon(struct oidc_exchange *e, const char *outcome)
{
	if (e->timer != NULL)
		return;
	(void)snprintf(e->outcome, sizeof(e->outcome), "%s", outcome);
	e->timer = loop_timer(e->store->loop, 0, on_settle, e);
}

void
oidc_forget_peer(struct store *store)
{
	struct oidc_exchange *e;

	set(&store->oidc->authorization, "");
	TAILQ_FOREACH (e, &store->oidc->exchanges, entry)
		settle_soon(e, "unavailable");
}

void
oidc_tick(struct store *store)
{
	uint64_t now_ms = loop_now_ms();
	struct oidc_exchange *e;

	TAILQ_FOREACH (e, &store->oidc->exchanges, entry) {
		if (now_ms > e->deadline_ms)
			settle_soon(e, "unavailable");
	}
}

int
oidc_sweep(struct store *store)
{
	const int64_t now = loop_wall_us();
	int err =
	    db_do(store->db, STMT_OIDC_FLOW_SWEEP, ARGS(val_int(now)), NULL);

	return err == ERR_OK ? db_do(store->db, STMT_OIDC_HALF_SWEEP,
				   ARGS(val_int(now)), NULL)
			     : err;
}

/* --- loep-oidc's calls --- */

int
oidc_report(struct request *r)
{
	struct oidc *o = r->store->oidc;
	const char *url = param_text(r, 0);
	const char *leave = param_text(r, 1);

	if (strlen(url) > AUTH_URL_BYTES || strlen(leave) > AUTH_URL_BYTES)
		return request_why(r, ERR_LIMIT, "that address is too long");
	set(&o->authorization, url);
	set(&o->leave, leave);
	o->has_issuer = param_int(r, 2) != 0;
	return ERR_OK;
}

int
oidc_lease(struct request *r)
{
	int64_t left = param_int(r, 0);
	struct oidc_exchange *e;
	struct values row;

	if (left < 1 || left > LEASE_MAX)
		return request_why(
		    r, ERR_LIMIT, "\"limit\" is 1 to %d", LEASE_MAX);
	TAILQ_FOREACH (e, &r->store->oidc->exchanges, entry) {
		if (e->is_leased || e->timer != NULL)
			continue;
		if (left-- == 0)
			break;
		e->is_leased = true;
		values_init(&row);
		values_add_int(&row, e->id);
		values_add_text(
		    &row, e->purpose == OIDC_LOGOUT ? "logout" : "code");
		values_add_text(&row,
		    param_text(e->request, e->purpose == OIDC_LOGOUT ? 0 : 2));
		values_add_text(&row, e->verifier);
		values_add_text(&row, e->nonce);
		request_row(r, &row);
	}
	return ERR_OK;
}

/* Somebody; a logout may name a session alone. */
static bool
has_name(const struct oidc_exchange *e)
{
	return e->subject[0] != '\0' ||
	       (e->purpose == OIDC_LOGOUT && e->sid[0] != '\0');
}

int
oidc_done(struct request *r)
{
	const char *outcome = param_text(r, 1);
	struct oidc_exchange *e;

	if (strcmp(outcome, "ok") != 0 && strcmp(outcome, "refused") != 0 &&
	    strcmp(outcome, "unavailable") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"outcome\" is ok, refused or unavailable");
	TAILQ_FOREACH (e, &r->store->oidc->exchanges, entry) {
		if (e->id != param_int(r, 0) || e->timer != NULL)
			continue;
		(void)snprintf(
		    e->subject, sizeof(e->subject), "%s", param_text(r, 2));
		(void)snprintf(e->sid, sizeof(e->sid), "%s", param_text(r, 3));
		(void)snprintf(e->acr, sizeof(e->acr), "%s", param_text(r, 4));
		(void)snprintf(e->amr, sizeof(e->amr), "%s", param_text(r, 5));
		if (strcmp(outcome, "ok") == 0 && !has_name(e))
			outcome = "refused";
		settle_soon(e, outcome);
		break;
	}
	/* Where it is not there any more, it took too long. */
	return ERR_OK;
}

/* --- on their way --- */

int
oidc_providers(struct request *r)
{
	const struct oidc *o = r->store->oidc;
	struct values row;

	if (o->issuer[0] == '\0')
		return ERR_OK;
	values_init(&row);
	values_add_text(&row, o->label);
	values_add_text(&row, o->issuer);
	values_add_int(&row, o->authorization[0] != '\0');
	values_add_int(&row, o->leave[0] != '\0');
	request_row(r, &row);
	return ERR_OK;
}

/* Is there one, and can it be asked? */
static int
check_provider(struct request *r)
{
	const struct oidc *o = r->store->oidc;

	if (o->issuer[0] == '\0')
		return request_why(r, ERR_NOT_FOUND,
		    "no identity provider is configured here ([oidc] issuer)");
	if (o->authorization[0] != '\0')
		return ERR_OK;
	/* Somebody waits: it looks again. */
	tx_note_sign_ins(r->store);
	return request_why(r, ERR_UNAVAILABLE,
	    "the identity provider cannot be reached now; try again later, or "
	    "log in with a password");
}

static void
put(struct wire_out *url, const char *name, const char *value)
{
	auto_free char *encoded = uri_encode(value);
	auto_free char *text = xasprintf("&%s=%s", name, encoded);

	wire_put_raw(url, text, strlen(text));
}

struct flow {
	enum oidc_purpose purpose;
	const char *account;	   /* or NULL */
	const uint8_t *invitation; /* a digest, or NULL */
	const char *address;
	uint8_t browser[SECRET_BYTES];
	char state[SECRET_LENGTH + 1];
	char nonce[SECRET_LENGTH + 1];
	char verifier[SECRET_LENGTH + 1];
};

/* Core section 3.1.2.1, RFC 7636 section 4.3. */
static char *
make_url(const struct oidc *o, const struct flow *flow)
{
	const char *join = strchr(o->authorization, '?') == NULL ? "?" : "&";
	uint8_t digest[SHA256_BYTES];
	auto_free char *challenge = NULL;
	struct wire_out url;
	char *text;

	sha256_once(flow->verifier, strlen(flow->verifier), digest);
	challenge = base64url_encode(digest, sizeof(digest));
	wire_out_init(&url, URL_BYTES);
	wire_put_raw(&url, o->authorization, strlen(o->authorization));
	wire_put_raw(&url, join, 1);
	wire_put_raw(&url, "response_type=code", 18);
	put(&url, "scope", "openid");
	put(&url, "client_id", o->client);
	put(&url, "redirect_uri", o->redirect);
	put(&url, "state", flow->state);
	put(&url, "nonce", flow->nonce);
	put(&url, "code_challenge", challenge);
	put(&url, "code_challenge_method", "S256");
	if (o->required_acr[0] != '\0')
		put(&url, "acr_values", o->required_acr);
	text = xstrndup((const char *)url.buf, url.len);
	wire_out_release(&url);
	return text;
}

static void
make_secret(char text[SECRET_LENGTH + 1])
{
	uint8_t bytes[SECRET_BYTES];

	random_bytes(bytes, sizeof(bytes));
	secret_encode(text, bytes);
}

static int
remember(struct request *r, const struct flow *flow)
{
	struct db *db = r->store->db;
	const int64_t now = loop_wall_us();
	uint8_t state[SHA256_BYTES], browser[SHA256_BYTES];
	int err;

	login_digest("oidc-state", flow->state, SECRET_LENGTH, state);
	login_digest(
	    "oidc-browser", flow->browser, sizeof(flow->browser), browser);
	err = db_do(db, STMT_OIDC_FLOW_ADD,
	    ARGS(val_bytes(state, sizeof(state)),
		val_bytes(browser, sizeof(browser)), val_text(flow->nonce),
		val_text(flow->verifier), val_text(purposes[flow->purpose]),
		val_text(flow->account),
		flow->invitation == NULL
		    ? val_null()
		    : val_bytes(flow->invitation, SHA256_BYTES),
		val_text(flow->address), val_int(now),
		val_int(now + r->store->oidc->flow_us)),
	    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_OIDC_FLOW_TRIM,
		    ARGS(val_text(flow->address), val_int(FLOWS_PER_ADDRESS)),
		    NULL);
	return err == ERR_OK ? db_do(db, STMT_OIDC_FLOW_TRIM_ALL,
				   ARGS(val_int(FLOWS_MAX)), NULL)
			     : err;
}

static int
begin(struct request *r, struct flow *flow)
{
	auto_free char *url = NULL;
	struct values row;
	int err = check_provider(r);

	if (err != ERR_OK)
		return err;
	random_bytes(flow->browser, sizeof(flow->browser));
	make_secret(flow->state);
	make_secret(flow->nonce);
	make_secret(flow->verifier);
	err = remember(r, flow);
	if (err != ERR_OK)
		return err;
	url = make_url(r->store->oidc, flow);
	values_init(&row);
	values_add_text(&row, url);
	values_add_bytes(&row, flow->browser, sizeof(flow->browser));
	request_row(r, &row);
	return ERR_OK;
}

int
oidc_begin(struct request *r)
{
	struct flow flow = {.address = param_text(r, 0)};

	return begin(r, &flow);
}

int
oidc_invited(struct request *r)
{
	uint8_t digest[SHA256_BYTES];
	struct flow flow = {
	    .purpose = OIDC_INVITATION,
	    .invitation = digest,
	    .address = param_text(r, 1),
	};
	AUTO(query) q = {0};
	size_t len;
	const uint8_t *secret = param_bytes(r, 0, &len);
	int err;

	login_digest("invitation", secret, len, digest);
	err = query_one(&q, r->store->db, STMT_INVITE_FIND,
	    ARGS(val_bytes(digest, sizeof(digest)), val_int(loop_wall_us())));
	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_DENIED,
		    "the invitation is not known, was used, or ran out");
	return err == ERR_OK ? begin(r, &flow) : err;
}

int
oidc_link(struct request *r)
{
	struct flow flow = {
	    .purpose = OIDC_OWN,
	    .account = r->principal.account_id,
	    .address = param_text(r, 1),
	};
	int err = login_confirm(r, param_text(r, 0), true);

	return err == ERR_OK ? begin(r, &flow) : err;
}

/* --- back --- */

static void
answer(struct request *r, const char *reason, const char *detail)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, "refused");
	values_add_text(&row, reason);
	values_add_text(&row, detail);
	values_add_null(&row);
	values_add_null(&row);
	request_row(r, &row);
}

/* What this browser went away with; it is good once. */
static int
take_flow(struct request *r, struct oidc_exchange *e)
{
	uint8_t state[SHA256_BYTES], browser[SHA256_BYTES];
	AUTO(query) q = {0};
	const uint8_t *p;
	size_t len;
	int err;

	p = param_bytes(r, 0, &len);
	login_digest("oidc-state", p, len, state);
	p = param_bytes(r, 1, &len);
	login_digest("oidc-browser", p, len, browser);
	err = query_one(&q, r->store->db, STMT_OIDC_FLOW_FIND,
	    ARGS(val_bytes(state, sizeof(state)),
		val_bytes(browser, sizeof(browser)), val_int(loop_wall_us())));
	if (err != ERR_OK)
		return err;
	e->purpose = OIDC_LOGIN;
	for (int i = 0; i <= OIDC_INVITATION; i++) {
		if (strcmp(query_text(&q, 0), purposes[i]) == 0)
			e->purpose = (enum oidc_purpose)i;
	}
	(void)snprintf(e->nonce, sizeof(e->nonce), "%s", query_text(&q, 1));
	(void)snprintf(
	    e->verifier, sizeof(e->verifier), "%s", query_text(&q, 2));
	(void)snprintf(e->account, sizeof(e->account), "%s", query_text(&q, 3));
	p = query_bytes(&q, 4, &len);
	if (p != NULL && len == SHA256_BYTES)
		memcpy(e->invitation, p, len);
	query_release(&q);
	return db_do(r->store->db, STMT_OIDC_FLOW_DELETE,
	    ARGS(val_bytes(state, sizeof(state))), NULL);
}

/* RFC 9207 section 2.4: an answer of another provider is none. */
static bool
is_of_issuer(const struct oidc *o, const char *issuer)
{
	return issuer[0] == '\0' ? !o->has_issuer
				 : strcmp(issuer, o->issuer) == 0;
}

/* Takes the exchange; ERR_AGAIN: loep-oidc has it. */
static int
wait_for_word(struct request *r, struct oidc_exchange *e)
{
	struct oidc *o = r->store->oidc;
	const struct oidc_exchange *other;
	size_t count = 0;

	TAILQ_FOREACH (other, &o->exchanges, entry)
		count++;
	if (r->store->oidc_peer == NULL || count >= EXCHANGES_MAX) {
		free(e);
		return request_why(r, ERR_UNAVAILABLE,
		    "the identity provider cannot be asked now");
	}
	e->store = r->store;
	e->request = r;
	e->id = ++o->last;
	e->deadline_ms = loop_now_ms() + EXCHANGE_MS;
	TAILQ_INSERT_TAIL(&o->exchanges, e, entry);
	tx_note_sign_ins(r->store);
	return ERR_AGAIN;
}

int
oidc_finish(struct request *r)
{
	struct oidc *o = r->store->oidc;
	const char *code = param_text(r, 2);
	const char *error = param_text(r, 4);
	struct oidc_exchange *e = xcalloc(1, sizeof(*e));
	auto_free struct oidc_exchange *owned = e;
	int err = take_flow(r, e);

	if (err == ERR_NOT_FOUND) {
		answer(r, "expired", "");
		return ERR_OK;
	}
	if (err != ERR_OK)
		return err;
	if (!is_of_issuer(o, param_text(r, 3)) ||
	    (error[0] == '\0' && code[0] == '\0')) {
		answer(r, "token", "");
		return ERR_OK;
	}
	if (error[0] != '\0') {
		auto_free char *said = xasprintf("%s%s%s", error,
		    param_text(r, 5)[0] == '\0' ? "" : ": ", param_text(r, 5));

		answer(r, "provider", said);
		return ERR_OK;
	}
	owned = NULL;
	return wait_for_word(r, e);
}

/* --- the provider itself --- */

/* RP-Initiated Logout 1.0 section 2. */
int
oidc_leave(struct request *r)
{
	const struct oidc *o = r->store->oidc;
	auto_free char *client = NULL;
	auto_free char *text = NULL;
	struct wire_out url;
	struct values row;
	int err = check_provider(r);

	if (err != ERR_OK)
		return err;
	if (o->leave[0] == '\0')
		return request_why(r, ERR_NOT_FOUND,
		    "nobody can be sent to sign out at the identity provider");
	wire_out_init(&url, URL_BYTES);
	wire_put_raw(&url, o->leave, strlen(o->leave));
	wire_put_raw(&url, strchr(o->leave, '?') == NULL ? "?" : "&", 1);
	wire_put_raw(&url, "client_id=", 10);
	client = uri_encode(o->client);
	wire_put_raw(&url, client, strlen(client));
	if (o->signed_out[0] != '\0')
		put(&url, "post_logout_redirect_uri", o->signed_out);
	text = xstrndup((const char *)url.buf, url.len);
	wire_out_release(&url);
	values_init(&row);
	values_add_text(&row, text);
	request_row(r, &row);
	return ERR_OK;
}

/* Back-Channel Logout 1.0 section 2.5. */
int
oidc_signed_out(struct request *r)
{
	struct oidc_exchange *e;

	if (r->store->oidc->issuer[0] == '\0')
		return request_why(r, ERR_NOT_FOUND,
		    "no identity provider is configured here ([oidc] issuer)");
	e = xcalloc(1, sizeof(*e));
	e->purpose = OIDC_LOGOUT;
	return wait_for_word(r, e);
}
