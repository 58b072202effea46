/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_away.c - browsers on their way to an identity provider, and back. */
#include "lib/base64.h"
#include "lib/own.h"
#include "lib/secret.h"
#include "lib/uri.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/oidc.h"
#include "store/proof.h"

#include <inttypes.h>

/* Browsers that are away, from one address and in all: older ones make room. */
#define FLOWS_PER_ADDRESS 100
#define FLOWS_MAX	  20000
/* What the provider has to answer loep-oidc. */
#define EXCHANGE_MS   ((uint64_t)30000)
#define EXCHANGES_MAX 256
#define URL_BYTES     ((size_t)8192)

static const char *const purposes[] = {
    [OIDC_LOGIN] = "login",
    [OIDC_OWN] = "link",
    [OIDC_INVITATION] = "invited",
    [OIDC_PROOF] = "proof",
};

/* --- on their way --- */

int
oidc_find(struct request *r, const char *name, const struct oidc_provider **ret)
{
	const struct oidc_provider *p = oidc_named(r->store->oidc, name);

	if (p == NULL) {
		(void)request_why(r, ERR_NOT_FOUND,
		    r->store->oidc->count == 0
			? "no identity provider is configured here ([oidc] "
			  "issuer)"
			: "there is no such identity provider here");
		return ERR_NOT_FOUND;
	}
	if (p->authorization[0] == '\0') {
		/* Somebody waits: it looks again. */
		tx_note_sign_ins(r->store);
		(void)request_why(r, ERR_UNAVAILABLE,
		    "the identity provider cannot be reached now; try again "
		    "later, or log in with a password");
		return ERR_UNAVAILABLE;
	}
	*ret = p;
	return ERR_OK;
}

static void
put(struct wire_out *url, const char *name, const char *value)
{
	auto_free char *encoded = uri_encode(value);
	auto_free char *text = xasprintf("&%s=%s", name, encoded);

	wire_put_raw(url, text, strlen(text));
}

struct flow {
	const struct oidc_provider *provider;
	enum oidc_purpose purpose;
	const char *account;	   /* or NULL */
	const uint8_t *invitation; /* a digest, or NULL */
	const uint8_t *session;	   /* a digest, or NULL */
	const char *target;	   /* a page of ours, or "" */
	const char *address;
	uint8_t browser[SECRET_BYTES];
	char state[SECRET_LENGTH + 1];
	char nonce[SECRET_LENGTH + 1];
	char verifier[SECRET_LENGTH + 1];
};

/*
 * Core section 3.1.2.1: who asks for an age is told when they signed in there.
 * A proof takes a sign-in that is new; a log-in one that is no older than a
 * session here may become.
 */
static void
put_age(struct wire_out *url, const struct request *r, const struct flow *flow)
{
	const bool is_proof = flow->purpose == OIDC_PROOF;
	char seconds[24];

	(void)snprintf(seconds, sizeof(seconds), "%" PRId64,
	    (is_proof ? r->store->step_up_us : r->store->session_max_us) /
		1000000);
	if (is_proof)
		put(url, "prompt", "login");
	put(url, "max_age", seconds);
}

/* Core section 3.1.2.1, RFC 7636 section 4.3. */
static char *
make_url(const struct request *r, const struct flow *flow)
{
	const struct oidc_provider *p = flow->provider;
	const char *join = strchr(p->authorization, '?') == NULL ? "?" : "&";
	uint8_t digest[SHA256_BYTES];
	auto_free char *challenge = NULL;
	struct wire_out url;
	char *text;

	sha256_once(flow->verifier, strlen(flow->verifier), digest);
	challenge = base64url_encode(digest, sizeof(digest));
	wire_out_init(&url, URL_BYTES);
	wire_put_raw(&url, p->authorization, strlen(p->authorization));
	wire_put_raw(&url, join, 1);
	wire_put_raw(&url, "response_type=code", 18);
	put(&url, "scope", "openid");
	put(&url, "client_id", p->client);
	put(&url, "redirect_uri", p->redirect);
	put(&url, "state", flow->state);
	put(&url, "nonce", flow->nonce);
	put(&url, "code_challenge", challenge);
	put(&url, "code_challenge_method", "S256");
	if (p->required_acr[0] != '\0')
		put(&url, "acr_values", p->required_acr);
	put_age(&url, r, flow);
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

static struct value
digest_or_null(const uint8_t *digest)
{
	return digest == NULL ? val_null() : val_bytes(digest, SHA256_BYTES);
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
		val_text(flow->account), digest_or_null(flow->invitation),
		val_text(flow->address), val_int(now),
		val_int(now + r->store->oidc->flow_us),
		val_text(flow->provider->issuer), digest_or_null(flow->session),
		val_text(flow->target == NULL ? "" : flow->target)),
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
begin(struct request *r, const char *name, struct flow *flow)
{
	auto_free char *url = NULL;
	struct values row;
	int err = oidc_find(r, name, &flow->provider);

	if (err != ERR_OK)
		return err;
	random_bytes(flow->browser, sizeof(flow->browser));
	make_secret(flow->state);
	make_secret(flow->nonce);
	make_secret(flow->verifier);
	err = remember(r, flow);
	if (err != ERR_OK)
		return err;
	url = make_url(r, flow);
	values_init(&row);
	values_add_text(&row, url);
	values_add_bytes(&row, flow->browser, sizeof(flow->browser));
	request_row(r, &row);
	return ERR_OK;
}

/*
 * A page of this app, and of nobody else's: one slash, then what paths and
 * queries are made of.  "//host" and "/\host" are other sites to a browser
 * (WHATWG URL, "relative slash state"), and our API is no page.
 */
static bool
is_target(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < OIDC_TARGET_BYTES && text[0] == '/' &&
	       text[1] != '/' && strncmp(text, "/api", 4) != 0 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-._~%/?&=+:@,!") == len;
}

int
oidc_begin(struct request *r)
{
	const char *target = param_text(r, 1);
	struct flow flow = {
	    .target = is_target(target) ? target : "",
	    .address = param_text(r, 2),
	};

	return begin(r, param_text(r, 0), &flow);
}

int
oidc_invited(struct request *r)
{
	uint8_t digest[SHA256_BYTES];
	struct flow flow = {
	    .purpose = OIDC_INVITATION,
	    .invitation = digest,
	    .address = param_text(r, 2),
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
	return err == ERR_OK ? begin(r, param_text(r, 1), &flow) : err;
}

int
oidc_link(struct request *r)
{
	struct flow flow = {
	    .purpose = OIDC_OWN,
	    .account = r->principal.account_id,
	    .address = param_text(r, 2),
	};
	int err = login_confirm(r, param_text(r, 0), true);

	return err == ERR_OK ? begin(r, param_text(r, 1), &flow) : err;
}

int
oidc_prove(struct request *r)
{
	struct flow flow = {
	    .purpose = OIDC_PROOF,
	    .account = r->principal.account_id,
	    .session = r->principal.digest,
	    .address = param_text(r, 1),
	};

	if (!proof_is_asked(r))
		return request_why(
		    r, ERR_CONFLICT, "nothing is asked of you here");
	return begin(r, param_text(r, 0), &flow);
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
	values_add_text(&row, "");
	request_row(r, &row);
}

static void
copy_digest(const struct query *q, int column, uint8_t dst[SHA256_BYTES])
{
	size_t len;
	const uint8_t *p = query_bytes(q, column, &len);

	if (p != NULL && len == SHA256_BYTES)
		memcpy(dst, p, len);
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
	for (int i = 0; i <= OIDC_PROOF; i++) {
		if (strcmp(query_text(&q, 0), purposes[i]) == 0)
			e->purpose = (enum oidc_purpose)i;
	}
	(void)snprintf(e->nonce, sizeof(e->nonce), "%s", query_text(&q, 1));
	(void)snprintf(
	    e->verifier, sizeof(e->verifier), "%s", query_text(&q, 2));
	(void)snprintf(e->account, sizeof(e->account), "%s", query_text(&q, 3));
	copy_digest(&q, 4, e->invitation);
	e->provider = oidc_of_issuer(r->store->oidc, query_text(&q, 5));
	copy_digest(&q, 6, e->session);
	(void)snprintf(e->target, sizeof(e->target), "%s", query_text(&q, 7));
	e->begun_at = query_int(&q, 8);
	query_release(&q);
	err = db_do(r->store->db, STMT_OIDC_FLOW_DELETE,
	    ARGS(val_bytes(state, sizeof(state))), NULL);
	/* It was taken out of the configuration meanwhile. */
	return err == ERR_OK && e->provider == NULL ? (int)ERR_NOT_FOUND : err;
}

/* RFC 9207 section 2.4: an answer of another provider is none. */
static bool
is_of_issuer(const struct oidc_provider *p, const char *issuer)
{
	return issuer[0] == '\0' ? !p->has_issuer
				 : strcmp(issuer, p->issuer) == 0;
}

int
oidc_wait(struct request *r, struct oidc_exchange *e)
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
	if (!is_of_issuer(e->provider, param_text(r, 3)) ||
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
	return oidc_wait(r, e);
}

/* --- the provider itself --- */

/* RP-Initiated Logout 1.0 section 2. */
int
oidc_leave(struct request *r)
{
	const struct oidc_provider *p;
	auto_free char *client = NULL;
	auto_free char *text = NULL;
	struct wire_out url;
	struct values row;
	int err = oidc_find(r, param_text(r, 0), &p);

	if (err != ERR_OK)
		return err;
	if (p->leave[0] == '\0')
		return request_why(r, ERR_NOT_FOUND,
		    "nobody can be sent to sign out at the identity provider");
	wire_out_init(&url, URL_BYTES);
	wire_put_raw(&url, p->leave, strlen(p->leave));
	wire_put_raw(&url, strchr(p->leave, '?') == NULL ? "?" : "&", 1);
	wire_put_raw(&url, "client_id=", 10);
	client = uri_encode(p->client);
	wire_put_raw(&url, client, strlen(client));
	if (p->signed_out[0] != '\0')
		put(&url, "post_logout_redirect_uri", p->signed_out);
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

	if (r->store->oidc->count == 0)
		return request_why(r, ERR_NOT_FOUND,
		    "no identity provider is configured here ([oidc] issuer)");
	e = xcalloc(1, sizeof(*e));
	e->purpose = OIDC_LOGOUT;
	return oidc_wait(r, e);
}
