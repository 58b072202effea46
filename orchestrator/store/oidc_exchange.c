/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_exchange.c - who somebody is at the provider becomes a session. */
#include "lib/secret.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/oidc.h"
#include "store/proof.h"
#include "store/text.h"
#include "store/throttle.h"

#define HALF_US	   ((int64_t)5 * 60 * 1000000)
#define HALF_TRIES 5

/* A clock of the provider's that runs behind ours. */
#define SKEW_US ((int64_t)60 * 1000000)
/* How long a log-out token could be taken: its age and both clocks' errors
 * (oidc/claims.h), and much more. */
#define HEARD_US ((int64_t)24 * 3600 * 1000000)

struct end {
	const char *state;
	const char *reason;
	const char *detail;
	const uint8_t *secret; /* or NULL */
	int64_t expires;
};

static int
answer(struct oidc_exchange *e, const struct end *end)
{
	struct request *r = e->request;
	struct values row;

	values_init(&row);
	values_add_text(&row, end->state);
	values_add_text(&row, end->reason == NULL ? "" : end->reason);
	values_add_text(&row, end->detail == NULL ? "" : end->detail);
	if (end->secret == NULL) {
		values_add_null(&row);
		values_add_null(&row);
	} else {
		values_add_bytes(&row, end->secret, SECRET_BYTES);
		values_add_int(&row, end->expires);
	}
	values_add_text(&row, e->target);
	request_row(r, &row);
	return ERR_OK;
}

int
oidc_refuse(struct oidc_exchange *e, const char *reason, const char *detail)
{
	return answer(
	    e, &(struct end){
		   .state = "refused", .reason = reason, .detail = detail});
}

/* An account that is there; but not so, or not now. */
static int
refuse_account(struct oidc_exchange *e, const char *account, const char *org,
    const char *reason)
{
	struct audit_object object = {"account", account, org};
	int err = audit_own(e->store, "login.failed", &object,
	    json_pack("{s:s,s:s,s:s}", "address", param_text(e->request, 6),
		"how", "identity provider", "reason", reason));

	return err == ERR_OK ? oidc_refuse(e, reason, "") : err;
}

/* Is one of the needed words among those that were stated? */
static bool
has_any(const char *needed, const char *stated)
{
	char words[512];
	char *rest = words;
	const char *word;

	(void)snprintf(words, sizeof(words), "%s", needed);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] != '\0' && text_has_word(stated, word))
			return true;
	}
	return false;
}

/* --- a session --- */

static int
ask_code(struct oidc_exchange *e, const char *account)
{
	uint8_t secret[SECRET_BYTES], digest[SHA256_BYTES];
	int64_t expires = loop_wall_us() + HALF_US;
	int err;

	random_bytes(secret, sizeof(secret));
	login_digest("oidc-half", secret, sizeof(secret), digest);
	err = db_do(e->store->db, STMT_OIDC_HALF_ADD,
	    ARGS(val_bytes(digest, sizeof(digest)), val_text(account),
		val_int(expires), val_text(e->subject), val_text(e->sid),
		val_text(e->provider->issuer)),
	    NULL);
	return err == ERR_OK ? answer(e, &(struct end){.state = "code",
					     .secret = secret,
					     .expires = expires})
			     : err;
}

static int
let_in(struct oidc_exchange *e, const char *account, const char *org)
{
	struct request *r = e->request;
	const int64_t now = loop_wall_us();
	bool has_second = oidc_has_second(e->provider);
	struct session_start start = {
	    .account = account,
	    .org = org,
	    .address = param_text(r, 6),
	    .has_second = has_second,
	    .issuer = e->provider->issuer,
	    .subject = e->subject,
	    .sid = e->sid,
	    .proved_at = e->auth_time_us < now ? e->auth_time_us : now,
	    .how = has_second ? "identity provider, with its second factor"
			      : "identity provider",
	};
	uint8_t secret[SECRET_BYTES];
	struct credential c;
	int64_t expires;
	int err = db_do(e->store->db, STMT_OIDC_LINK_TOUCH,
	    ARGS(val_text(e->provider->issuer), val_text(e->subject),
		val_int(now)),
	    NULL);

	if (err == ERR_OK)
		err =
		    credential_load(r, STMT_CREDENTIAL_BY_ACCOUNT, account, &c);
	if (err == ERR_OK && c.has_totp && !has_second)
		return ask_code(e, account);
	if (err == ERR_OK || err == ERR_NOT_FOUND)
		err = session_start(r, &start, secret, &expires);
	return err == ERR_OK ? answer(e, &(struct end){.state = "ok",
					     .secret = secret,
					     .expires = expires})
			     : err;
}

/* --- what the sign-in was for --- */

/* Nobody's: an account takes more than the provider's word. */
static int
refuse_stranger(struct oidc_exchange *e)
{
	struct audit_object object = {"identity", e->subject, NULL};
	int err = audit_own(e->store, "login.failed", &object,
	    json_pack("{s:s,s:s,s:s}", "address", param_text(e->request, 6),
		"how", "identity provider", "reason", "unlinked"));

	return err == ERR_OK ? oidc_stranger(e) : err;
}

/* Whose it is, unless it was closed while its owner was away. */
static int
find_org(struct oidc_exchange *e, const char *account, char org[UUID_BYTES])
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, e->store->db, STMT_OIDC_ACCOUNT, ARGS(val_text(account)));

	if (err == ERR_OK)
		(void)snprintf(org, UUID_BYTES, "%s", query_text(&q, 0));
	return err;
}

static int
link_account(struct oidc_exchange *e, const char *account, const char *org)
{
	const struct oidc_link link = {
	    e->provider->issuer, e->subject, account, account};
	struct audit_object object = {"account", account, org};
	int err = oidc_link_add(e->request, &link);

	if (err != ERR_OK)
		return err;
	return audit_own(e->store, "account.oidc_linked", &object,
	    json_pack("{s:s,s:s,s:s,s:s}", "issuer", e->provider->issuer,
		"subject", e->subject, "address", param_text(e->request, 6),
		"how",
		e->purpose == OIDC_OWN ? "by its owner"
				       : "with an "
					 "invitation"));
}

static int
link_own(struct oidc_exchange *e)
{
	char org[UUID_BYTES];
	int err = find_org(e, e->account, org);

	if (err == ERR_NOT_FOUND)
		return oidc_refuse(e, "closed", "");
	if (err == ERR_OK)
		err = link_account(e, e->account, org);
	if (err == ERR_CONFLICT)
		return oidc_refuse(e, "taken", "");
	return err == ERR_OK ? answer(e, &(struct end){.state = "linked"})
			     : err;
}

/* The account that somebody there is; "" = none. */
static int
find_linked(struct oidc_exchange *e, char account[UUID_BYTES],
    char org[UUID_BYTES], bool *ret_is_open)
{
	AUTO(query) q = {0};
	int err = query_one(&q, e->store->db, STMT_OIDC_LINK_FIND,
	    ARGS(val_text(e->provider->issuer), val_text(e->subject)));

	if (err != ERR_OK)
		return err;
	(void)snprintf(account, UUID_BYTES, "%s", query_text(&q, 0));
	(void)snprintf(org, UUID_BYTES, "%s", query_text(&q, 1));
	*ret_is_open = query_int(&q, 2) != 0;
	return ERR_OK;
}

static int
log_in(struct oidc_exchange *e)
{
	char account[UUID_BYTES], org[UUID_BYTES];
	bool is_open = false;
	int err = find_linked(e, account, org, &is_open);

	if (err == ERR_NOT_FOUND)
		return refuse_stranger(e);
	if (err != ERR_OK)
		return err;
	return is_open ? let_in(e, account, org)
		       : refuse_account(e, account, org, "closed");
}

/* The same person, and just now: an older sign-in there shows nothing. */
static int
prove_session(struct oidc_exchange *e)
{
	char account[UUID_BYTES], org[UUID_BYTES];
	struct audit_object object = {"account", account, org};
	const int64_t now = loop_wall_us();
	bool is_open = false;
	int err = find_linked(e, account, org, &is_open);

	if (err == ERR_NOT_FOUND ||
	    (err == ERR_OK && (!is_open || strcmp(account, e->account) != 0)))
		return oidc_refuse(e, "another", "");
	if (err != ERR_OK)
		return err;
	if (e->auth_time_us < e->begun_at - SKEW_US ||
	    e->auth_time_us > now + SKEW_US)
		return oidc_refuse(e, "not_now", "");
	err = proof_keep(e->request, e->session,
	    e->auth_time_us < now ? e->auth_time_us : now);
	if (err == ERR_OK)
		err = audit_own(e->store, "proof.given", &object,
		    json_pack("{s:s,s:s}", "address", param_text(e->request, 6),
			"how", "identity provider"));
	return err == ERR_OK ? answer(e, &(struct end){.state = "proved"})
			     : err;
}

static int
use_invitation(struct oidc_exchange *e, const char *account, bool resets_totp)
{
	struct db *db = e->store->db;
	int err = db_do(db, STMT_INVITE_USE,
	    ARGS(val_bytes(e->invitation, SHA256_BYTES),
		val_int(loop_wall_us())),
	    NULL);

	if (err == ERR_OK)
		err = sessions_close(e->request, account, NULL);
	if (err != ERR_OK || !resets_totp)
		return err;
	err = db_do(db, STMT_TOTP_REMOVE, ARGS(val_text(account)), NULL);
	return err == ERR_OK ? db_do(db, STMT_RECOVERY_CLEAR,
				   ARGS(val_text(account)), NULL)
			     : err;
}

static int
accept_invitation(struct oidc_exchange *e)
{
	char account[UUID_BYTES], org[UUID_BYTES];
	bool resets_totp;
	struct credential c;
	int err;

	{
		AUTO(query) q = {0};

		err = query_one(&q, e->store->db, STMT_INVITE_FIND,
		    ARGS(val_bytes(e->invitation, SHA256_BYTES),
			val_int(loop_wall_us())));
		if (err == ERR_NOT_FOUND)
			return oidc_refuse(e, "invitation", "");
		if (err != ERR_OK)
			return err;
		(void)snprintf(
		    account, sizeof(account), "%s", query_text(&q, 0));
		resets_totp = query_int(&q, 1) != 0;
	}
	err = find_org(e, account, org);
	if (err == ERR_NOT_FOUND)
		return oidc_refuse(e, "closed", "");
	if (err == ERR_OK)
		err = credential_load(
		    e->request, STMT_CREDENTIAL_BY_ACCOUNT, account, &c);
	/* An invitation is no way around a second factor that it leaves. */
	if (err == ERR_OK && c.has_totp && !resets_totp)
		return oidc_refuse(e, "second", "");
	if (err == ERR_OK || err == ERR_NOT_FOUND)
		err = link_account(e, account, org);
	if (err == ERR_CONFLICT)
		return oidc_refuse(e, "taken", "");
	if (err == ERR_OK)
		err = use_invitation(e, account, resets_totp);
	return err == ERR_OK ? let_in(e, account, org) : err;
}

/* --- somebody signed out there --- */

static int
tell(struct request *r, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	request_row(r, &row);
	return ERR_OK;
}

/* One of the sessions that began there; ERR_NOT_FOUND: there is none left. */
static int
end_session(struct oidc_exchange *e)
{
	struct store *store = e->store;
	char account[UUID_BYTES], org[UUID_BYTES];
	struct audit_object object = {"account", account, org};
	uint8_t digest[SHA256_BYTES] = {0};
	int err;

	{
		AUTO(query) q = {0};
		const uint8_t *p;
		size_t len;

		err = query_one(&q, store->db, STMT_OIDC_SESSION,
		    ARGS(val_text(e->subject), val_text(e->sid),
			val_text(e->provider->issuer)));
		if (err != ERR_OK)
			return err;
		p = query_bytes(&q, 0, &len);
		memcpy(digest, p, len < sizeof(digest) ? len : sizeof(digest));
		(void)snprintf(
		    account, sizeof(account), "%s", query_text(&q, 1));
		(void)snprintf(org, sizeof(org), "%s", query_text(&q, 2));
	}
	sessions_drop_secret(store->sessions, digest);
	err = db_do(store->db, STMT_SESSION_DELETE,
	    ARGS(val_bytes(digest, sizeof(digest))), NULL);
	return err == ERR_OK ? audit_own(store, "session.closed", &object,
				   json_pack("{s:s}", "how",
				       "signed out at the identity provider"))
			     : err;
}

/* Each token is heard once (Back-Channel Logout 1.0 section 2.6, step 7);
 * ERR_CONFLICT: it was. */
static int
hear(struct oidc_exchange *e)
{
	uint8_t digest[SHA256_BYTES];
	struct sha256 *ctx = sha256_new();
	int64_t changes = 0;
	int err;

	sha256_update(
	    ctx, e->provider->issuer, strlen(e->provider->issuer) + 1);
	sha256_update(ctx, e->token_id, strlen(e->token_id));
	sha256_final(ctx, digest);
	sha256_free(ctx);
	err = db_do(e->store->db, STMT_OIDC_HEARD_ADD,
	    ARGS(val_bytes(digest, sizeof(digest)),
		val_int(loop_wall_us() + HEARD_US)),
	    &changes);
	return err == ERR_OK && changes == 0 ? (int)ERR_CONFLICT : err;
}

/* Of a session there, or ("" = it names none) all of the subject's. */
static int
sign_out(struct oidc_exchange *e)
{
	int err;

	if (strcmp(e->outcome, "ok") != 0)
		return tell(e->request, e->outcome);
	err = hear(e);
	if (err == ERR_CONFLICT)
		return tell(e->request, "refused");
	if (err == ERR_OK)
		err = db_do(e->store->db, STMT_OIDC_HALF_FORGET,
		    ARGS(val_text(e->subject), val_text(e->sid),
			val_text(e->provider->issuer)),
		    NULL);
	while (err == ERR_OK)
		err = end_session(e);
	return err == ERR_NOT_FOUND ? tell(e->request, "ok") : err;
}

static int
decide(struct oidc_exchange *e)
{
	const struct oidc_provider *o = e->provider;

	if (e->purpose == OIDC_LOGOUT)
		return sign_out(e);
	if (strcmp(e->outcome, "unavailable") == 0)
		return answer(e, &(struct end){.state = "unavailable"});
	if (strcmp(e->outcome, "ok") != 0)
		return oidc_refuse(e, "token", "");
	if ((o->required_acr[0] != '\0' && !has_any(o->required_acr, e->acr)) ||
	    (o->required_amr[0] != '\0' && !has_any(o->required_amr, e->amr)))
		return oidc_refuse(e, "acr", "");
	switch (e->purpose) {
	case OIDC_OWN:
		return link_own(e);
	case OIDC_INVITATION:
		return accept_invitation(e);
	case OIDC_PROOF:
		return prove_session(e);
	default:
		return log_in(e);
	}
}

void
oidc_settle(struct oidc_exchange *e)
{
	struct request *r = e->request;
	int err = request_begin(r);

	if (err != ERR_OK) {
		request_end(
		    r, (enum err)err, "signing in does not work now", -1);
	} else {
		err = r->is_cancelled ? ERR_OK : decide(e);
		request_finish(r, err, -1);
	}
	oidc_exchange_free(e);
}

/* --- the second factor, after it --- */

/* A sign-in whose second factor is missing. */
struct half {
	uint8_t digest[SHA256_BYTES];
	char account[UUID_BYTES];
	char issuer[OIDC_ISSUER_BYTES];
	char subject[256];
	char sid[256];
};

/* By its digest. */
static int
find_half(struct request *r, struct half *half)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_OIDC_HALF_FIND,
	    ARGS(val_bytes(half->digest, sizeof(half->digest)),
		val_int(loop_wall_us()), val_int(HALF_TRIES)));

	if (err != ERR_OK)
		return err;
	(void)snprintf(
	    half->account, sizeof(half->account), "%s", query_text(&q, 0));
	(void)snprintf(
	    half->subject, sizeof(half->subject), "%s", query_text(&q, 1));
	(void)snprintf(half->sid, sizeof(half->sid), "%s", query_text(&q, 2));
	(void)snprintf(
	    half->issuer, sizeof(half->issuer), "%s", query_text(&q, 3));
	return ERR_OK;
}

static void
answer_code(struct request *r, const char *state, uint64_t wait_ms,
    const uint8_t *secret, int64_t expires)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	values_add_int(&row, (int64_t)wait_ms);
	if (secret == NULL) {
		values_add_null(&row);
		values_add_null(&row);
	} else {
		values_add_bytes(&row, secret, SECRET_BYTES);
		values_add_int(&row, expires);
	}
	request_row(r, &row);
}

static int
finish_code(
    struct request *r, const struct credential *c, const struct half *half)
{
	const struct session_start start = {
	    .account = c->account,
	    .org = c->org,
	    .address = param_text(r, 2),
	    .issuer = half->issuer,
	    .subject = half->subject,
	    .sid = half->sid,
	    .how = "identity provider and code",
	    .proved_at = loop_wall_us(),
	};
	uint8_t secret[SECRET_BYTES];
	int64_t expires;
	int err = db_do(r->store->db, STMT_OIDC_HALF_DELETE,
	    ARGS(val_bytes(half->digest, SHA256_BYTES)), NULL);

	if (err == ERR_OK)
		err = session_start(r, &start, secret, &expires);
	if (err == ERR_OK)
		answer_code(r, "ok", 0, secret, expires);
	return err;
}

static int
try_code(struct request *r, const struct credential *c, const struct half *half)
{
	struct throttle *throttle = r->store->throttle;
	const struct throttle_who who = {
	    .address = param_text(r, 2), .name = c->login};
	uint64_t now_ms = loop_now_ms();
	uint64_t wait_ms = throttle_wait(throttle, &who, now_ms);
	struct audit_object object = {"account", c->account, c->org};
	int err;

	if (wait_ms > 0) {
		answer_code(r, "wait", wait_ms, NULL, 0);
		return ERR_OK;
	}
	throttle_attempt(throttle, &who, now_ms);
	err = db_do(r->store->db, STMT_OIDC_HALF_TRY,
	    ARGS(val_bytes(half->digest, SHA256_BYTES)), NULL);
	if (err == ERR_OK)
		err = totp_second(r, c, param_text(r, 1));
	if (err == ERR_DENIED || err == ERR_AGAIN) {
		answer_code(r, "refused", 0, NULL, 0);
		return audit_own(r->store, "login.failed", &object,
		    json_pack("{s:s,s:s,s:s}", "address", param_text(r, 2),
			"how", "identity provider", "reason", "code"));
	}
	if (err != ERR_OK)
		return err;
	throttle_success(throttle, &who);
	return finish_code(r, c, half);
}

int
oidc_code(struct request *r)
{
	struct half half;
	struct credential c;
	size_t len;
	const uint8_t *secret = param_bytes(r, 0, &len);
	int err;

	login_digest("oidc-half", secret, len, half.digest);
	err = find_half(r, &half);
	if (err == ERR_OK)
		err = credential_load(
		    r, STMT_CREDENTIAL_BY_ACCOUNT, half.account, &c);
	if (err == ERR_NOT_FOUND || (err == ERR_OK && !c.has_totp)) {
		answer_code(r, "refused", 0, NULL, 0);
		return ERR_OK;
	}
	return err == ERR_OK ? try_code(r, &c, &half) : err;
}
