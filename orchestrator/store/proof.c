/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - who has a session shows again that it is them. */
#include "store/proof.h"

#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/oidc.h"
#include "store/throttle.h"

struct proving {
	struct request *r;
	struct throttle_who who;
	struct credential credential;
	struct password_hash hash;
};

bool
proof_is_asked(const struct request *r)
{
	return r->store->step_up_us > 0 && r->principal.via != VIA_LOCAL;
}

/* A person's, and no service's. */
static bool
has_person(const struct principal *p)
{
	return p->via == VIA_SESSION ||
	       (p->via == VIA_TOKEN && strcmp(p->kind, "human") == 0);
}

/* A clock that was set back proves nothing. */
static bool
is_fresh(const struct request *r, int64_t proved_at)
{
	const int64_t now = loop_wall_us();

	return proved_at <= now && now - proved_at < r->store->step_up_us;
}

/* Where the one who asks can show it. */
static int
list_ways(struct request *r, json_t **ret_members)
{
	auto_json json_t *ways = json_array();
	const struct oidc_provider *provider = NULL;
	struct credential c;
	int err = credential_load(
	    r, STMT_CREDENTIAL_BY_ACCOUNT, r->principal.account_id, &c);

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	if (c.password[0] != '\0')
		(void)json_array_append_new(ways, json_string("password"));
	else if (c.has_totp)
		(void)json_array_append_new(ways, json_string("code"));
	/* Only a browser can go there. */
	if (r->principal.via == VIA_SESSION) {
		err = oidc_prover(r, c.has_totp, &provider);
		if (err != ERR_OK)
			return err;
	}
	if (provider != NULL)
		(void)json_array_append_new(ways, json_string("provider"));
	*ret_members = json_pack("{s:O,s:b,s:s,s:I}", "how", ways, "code",
	    c.has_totp, "provider", provider == NULL ? "" : provider->name,
	    "seconds", (json_int_t)(r->store->step_up_us / 1000000));
	return ERR_OK;
}

int
proof_check(struct request *r)
{
	json_t *members = NULL;
	int err;

	if (!proof_is_asked(r) || is_fresh(r, r->principal.proved_at))
		return ERR_OK;
	if (!has_person(&r->principal))
		return request_refuse(r, ERR_DENIED, "step-up",
		    json_pack("{s:[],s:b,s:I}", "how", "code", 0, "seconds",
			(json_int_t)0),
		    "this takes a person who shows that they are there; a "
		    "service has none");
	err = list_ways(r, &members);
	if (err != ERR_OK)
		return err;
	return request_refuse(r, ERR_DENIED, "step-up", members,
	    "show again that it is you (POST /api/v1/proof), then repeat this");
}

int
proof_keep(struct request *r, const uint8_t *digest, int64_t proved_at)
{
	const struct value args[] = {
	    val_bytes(digest, SHA256_BYTES), val_int(proved_at)};
	int err = db_do(r->store->db, STMT_SESSION_PROVED, args, 2, NULL);

	return err == ERR_OK
		   ? db_do(r->store->db, STMT_TOKEN_PROVED, args, 2, NULL)
		   : err;
}

static int
answer(struct request *r, const char *state, uint64_t wait_ms, int64_t until)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	values_add_int(&row, (int64_t)wait_ms);
	if (until == 0)
		values_add_null(&row);
	else
		values_add_int(&row, until);
	request_row(r, &row);
	return ERR_OK;
}

static int
note(struct proving *p, const char *action, const char *how)
{
	struct request *r = p->r;
	struct audit_object object = {
	    "account", p->credential.account, p->credential.org};

	return audit_by(r, action, &object,
	    json_pack("{s:s,s:s}", "address", param_text(r, 2), "how", how));
}

static int
refuse(struct proving *p, const char *reason)
{
	int err = note(p, "proof.failed", reason);

	return err == ERR_OK ? answer(p->r, "refused", 0, 0) : err;
}

/* The password was right, or there is none. */
static int
decide(struct proving *p)
{
	static const char *const ways[] = {
	    "password", "password and code", "code"};
	struct request *r = p->r;
	const int64_t now = loop_wall_us();
	const bool has_code = p->credential.has_totp;
	const char *how = p->credential.password[0] == '\0' ? ways[2]
			  : has_code			    ? ways[1]
							    : ways[0];
	int err;

	if (has_code) {
		err = totp_second(r, &p->credential, param_text(r, 1));
		if (err == ERR_DENIED || err == ERR_AGAIN)
			return refuse(p, "code");
		if (err != ERR_OK)
			return err;
	}
	throttle_success(r->store->throttle, &p->who);
	err = proof_keep(r, r->principal.digest, now);
	if (err == ERR_OK)
		err = note(p, "proof.given", how);
	return err == ERR_OK ? answer(r, "ok", 0, now + r->store->step_up_us)
			     : err;
}

/* Nothing may have changed while we waited: the code counts once, now. */
static int
load_again(struct proving *p)
{
	char expected[PASSWORD_TEXT_BYTES];
	int err;

	memcpy(expected, p->credential.password, sizeof(expected));
	err = credential_load(p->r, STMT_CREDENTIAL_BY_ACCOUNT,
	    p->r->principal.account_id, &p->credential);
	if (err == ERR_OK && strcmp(expected, p->credential.password) != 0)
		return ERR_NOT_FOUND;
	return err;
}

static void
on_hashed(void *arg, enum err hash_err, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct proving *p = arg;
	struct request *r = p->r;
	int err = (int)hash_err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		request_end(
		    r, (enum err)err, "passwords cannot be checked now", -1);
		free(p);
		return;
	}
	if (!r->is_cancelled) {
		err = load_again(p);
		err = err == ERR_NOT_FOUND ? answer(r, "refused", 0, 0)
		      : err != ERR_OK	   ? err
		      : password_is_same(key, p->hash.key, PASSWORD_KEY_BYTES)
			  ? decide(p)
			  : refuse(p, "password");
	}
	request_finish(r, err, -1);
	free(p);
}

static int
begin(struct proving *p)
{
	struct request *r = p->r;
	const char *password = param_text(r, 0);
	const struct hasher_job job = {
	    .hash = &p->hash,
	    .password = password,
	    .len = strlen(password),
	    .source = p->credential.account,
	};
	uint64_t now_ms = loop_now_ms();
	uint64_t wait_ms;
	int err;

	/* A stolen session must not become a place to guess from. */
	p->who = (struct throttle_who){
	    .address = "proof", .name = p->credential.login};
	wait_ms = throttle_wait(r->store->throttle, &p->who, now_ms);
	if (wait_ms > 0)
		return answer(r, "wait", wait_ms, 0);
	if (p->credential.password[0] == '\0') {
		throttle_attempt(r->store->throttle, &p->who, now_ms);
		return decide(p);
	}
	if (password_get(p->credential.password, &p->hash) != ERR_OK)
		return ERR_SYS;
	err = password_start(r, &job, on_hashed, p);
	if (err == ERR_LIMIT)
		return answer(r, "wait", 1000, 0);
	if (err == ERR_AGAIN)
		throttle_attempt(r->store->throttle, &p->who, now_ms);
	return err;
}

int
prove(struct request *r)
{
	struct proving *p;
	int err;

	if (!proof_is_asked(r) || !has_person(&r->principal))
		return request_why(r, ERR_CONFLICT,
		    "nothing is asked of you here; or you are no person");
	p = xcalloc(1, sizeof(*p));
	p->r = r;
	err = credential_load(r, STMT_CREDENTIAL_BY_ACCOUNT,
	    r->principal.account_id, &p->credential);
	if (err == ERR_NOT_FOUND ||
	    (err == ERR_OK && p->credential.password[0] == '\0' &&
		!p->credential.has_totp))
		err = request_why(r, ERR_CONFLICT,
		    "this account has no password here; its person signs in "
		    "at the provider (POST /api/v1/proof/oidc)");
	else if (err == ERR_OK)
		err = begin(p);
	if (err != ERR_AGAIN)
		free(p);
	return err;
}
