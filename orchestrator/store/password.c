/* SPDX-License-Identifier: Apache-2.0 */
/* password.c - passwords: what is good enough, invitations, changes. */
#include "lib/secret.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/throttle.h"

#include <ctype.h>
#include <strings.h>

/* NIST SP 800-63B-4 section 3.1.1.2: fifteen where it is the only factor,
 * and nobody knows whether there will be another. */
#define LENGTH_MIN 15
/* What must be left of it without names and common words. */
#define REST_MIN 8

/* Parts that a guesser begins with; longer passwords are mostly made of
 * them. */
static const char *const common[] = {
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "passphrase",
    "wachtwoord",
    "motdepasse",
    "passwort",
    "kennwort",
    "geheim",
    "secret",
    "welcome",
    "welkom",
    "bienvenue",
    "willkommen",
    "letmein",
    "iloveyou",
    "qwertyuiop",
    "qwerty",
    "azertyuiop",
    "azerty",
    "asdfghjkl",
    "zxcvbnm",
    "administrator",
    "admin",
    "changeme",
    "default",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "dragon",
    "monkey",
    "football",
    "sunshine",
    "princess",
    "computer",
    "internet",
    "security",
    "sandbox",
    "csirt",
    "loep",
};

void
password_new(const struct store *store, struct password_hash *ret_hash)
{
	*ret_hash = (struct password_hash){
	    .cost = {store->password_log2n, 8, 1},
	};
	random_bytes(ret_hash->salt, sizeof(ret_hash->salt));
}

/* Cuts every occurrence of a word out of text. */
static void
cut(char *text, const char *word)
{
	size_t len = strlen(word);
	char *at;

	if (len < 3)
		return;
	while ((at = strcasestr(text, word)) != NULL)
		memmove(at, at + len, strlen(at + len) + 1);
}

/* Each part of a name: "an.peeters@example.org" and "Water Company". */
static void
cut_name(char *text, const char *name)
{
	auto_free char *copy = xstrdup(name);
	char *rest = copy;
	char *word;

	cut(text, name);
	while ((word = strsep(&rest, " .@_+-")) != NULL)
		cut(text, word);
}

/* Characters that do not merely repeat, or count on from, the one before. */
static size_t
surprises(const char *text)
{
	size_t count = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		int step = i == 0 ? 9 : text[i] - text[i - 1];
		int before = i < 2 ? 9 : text[i] - text[i - 2];
		int third = i < 3 ? 9 : text[i] - text[i - 3];

		if (step < -1 || step > 1)
			count += before != 0 && third != 0;
	}
	return count;
}

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

int
password_check(struct request *r, const char *password,
    const struct credential *credential)
{
	auto_free char *rest = xstrdup(password);

	if (characters(password) < LENGTH_MIN ||
	    strlen(password) > HASHER_PASSWORD_MAX)
		return request_why(r, ERR_FORMAT,
		    "a password has at least %d characters (spaces are fine; "
		    "a few words that do not belong together are good), at "
		    "most %d bytes",
		    LENGTH_MIN, HASHER_PASSWORD_MAX);
	cut_name(rest, credential->login);
	cut_name(rest, credential->name);
	cut_name(rest, credential->org_name);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		cut(rest, common[i]);
	if (surprises(rest) < REST_MIN)
		return request_why(r, ERR_FORMAT,
		    "this password is little more than names, common words or "
		    "repetition, which are guessed first; take another one");
	return ERR_OK;
}

int
password_start(
    struct request *r, const struct hasher_job *job, hasher_fn *fn, void *arg)
{
	int err = hasher_start(r->store->hasher, job, fn, arg);

	if (err == ERR_OK)
		return ERR_AGAIN;
	return request_why(r, err,
	    err == ERR_LIMIT ? "too many passwords wait to be checked; try "
			       "again shortly"
			     : "passwords cannot be checked now");
}

int
password_store(struct request *r, const char *account,
    const struct password_hash *hash, const uint8_t *but)
{
	char text[PASSWORD_TEXT_BYTES];
	int err;

	password_put(text, hash);
	err = db_do(r->store->db, STMT_PASSWORD_SET,
	    ARGS(val_text(account), val_text(text), val_int(loop_wall_us())),
	    NULL);
	return err == ERR_OK ? sessions_close(r, account, but) : err;
}

/* --- a change by its owner, or with an invitation --- */

struct change {
	struct request *r;
	struct credential credential;
	struct password_hash old;
	struct password_hash new;
	bool is_invited;
	bool resets_totp;
	struct throttle_who who;
	char address[LOGIN_ADDRESS_BYTES];
	uint8_t digest[SHA256_BYTES]; /* of the invitation */
};

static int
start_new(struct change *c, const char *password, hasher_fn *fn)
{
	const struct hasher_job job = {
	    .hash = &c->new,
	    .password = password,
	    .len = strlen(password),
	    .source = c->is_invited ? c->address : c->credential.account,
	};

	password_new(c->r->store, &c->new);
	return password_start(c->r, &job, fn, c);
}

/* Ends the request, and what belongs to it. */
static void
finish(struct change *c, int err)
{
	request_finish(c->r, err, -1);
	free(c);
}

static bool
resume(struct change *c, enum err hash_err)
{
	int err = (int)hash_err;

	if (err == ERR_OK)
		err = request_begin(c->r);
	if (err == ERR_OK)
		return true;
	request_end(c->r, (enum err)err, "passwords cannot be checked now", -1);
	free(c);
	return false;
}

static void
on_new(void *arg, enum err hash_err, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct change *c = arg;
	struct request *r = c->r;
	struct audit_object object = {
	    "account", c->credential.account, c->credential.org};
	int err;

	if (!resume(c, hash_err))
		return;
	memcpy(c->new.key, key, PASSWORD_KEY_BYTES);
	err = password_store(r, c->credential.account, &c->new,
	    r->principal.via == VIA_SESSION ? r->principal.digest : NULL);
	if (err == ERR_OK)
		err = audit_by(r, "password.changed", &object, NULL);
	finish(c, err);
}

static void
on_old(void *arg, enum err hash_err, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct change *c = arg;
	struct request *r = c->r;
	int err;

	if (!resume(c, hash_err))
		return;
	if (!password_is_same(key, c->old.key, PASSWORD_KEY_BYTES)) {
		finish(c, request_why(
			      r, ERR_DENIED, "the old password is not right"));
		return;
	}
	throttle_success(r->store->throttle, &c->who);
	err = start_new(c, param_text(r, 1), on_new);
	if (err == ERR_AGAIN)
		tx_end(r->store, true);
	else
		finish(c, err);
}

static int
start_old(struct change *c)
{
	struct request *r = c->r;
	const char *old = param_text(r, 0);
	const struct hasher_job job = {
	    .hash = &c->old,
	    .password = old,
	    .len = strlen(old),
	    .source = c->credential.account,
	};
	uint64_t now_ms = loop_now_ms();
	int err;

	/* Who came by uid is known better than by a password. */
	if (r->principal.via == VIA_LOCAL || c->credential.password[0] == '\0')
		return start_new(c, param_text(r, 1), on_new);
	/* A stolen session must not become a place to guess from. */
	c->who = (struct throttle_who){
	    .address = "change", .name = c->credential.login};
	if (throttle_wait(r->store->throttle, &c->who, now_ms) > 0)
		return request_why(r, ERR_LIMIT,
		    "the old password was wrong too often; try again later");
	if (password_get(c->credential.password, &c->old) != ERR_OK)
		return ERR_SYS;
	err = password_start(r, &job, on_old, c);
	if (err == ERR_AGAIN)
		throttle_attempt(r->store->throttle, &c->who, now_ms);
	return err;
}

int
password_set(struct request *r)
{
	struct change *c = xcalloc(1, sizeof(*c));
	int err;

	c->r = r;
	err = credential_load(r, STMT_CREDENTIAL_BY_ACCOUNT,
	    r->principal.account_id, &c->credential);
	if (err == ERR_NOT_FOUND)
		err = request_why(r, ERR_CONFLICT,
		    "this account has no login name; who manages accounts can "
		    "give it one");
	if (err == ERR_OK)
		err = password_check(r, param_text(r, 1), &c->credential);
	if (err == ERR_OK)
		err = start_old(c);
	if (err != ERR_AGAIN)
		free(c);
	return err;
}

static int
find_invitation(struct change *c)
{
	struct request *r = c->r;
	AUTO(query) q = {0};
	char account[UUID_BYTES];
	int err = query_one(&q, r->store->db, STMT_INVITE_FIND,
	    ARGS(val_bytes(c->digest, SHA256_BYTES), val_int(loop_wall_us())));

	if (err == ERR_OK) {
		(void)snprintf(
		    account, sizeof(account), "%s", query_text(&q, 0));
		c->resets_totp = query_int(&q, 1) != 0;
		err = credential_load(
		    r, STMT_CREDENTIAL_BY_ACCOUNT, account, &c->credential);
	}
	return err;
}

static void
answer_invited(struct request *r, const char *state, const char *login)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	values_add_int(&row, 0);
	values_add_text(&row, login);
	request_row(r, &row);
}

static int
accept(struct change *c)
{
	struct request *r = c->r;
	struct audit_object object;
	int err = find_invitation(c);

	/* Two at once: one was first. */
	if (err == ERR_NOT_FOUND) {
		answer_invited(r, "refused", NULL);
		return ERR_OK;
	}
	object = (struct audit_object){
	    "account", c->credential.account, c->credential.org};
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_INVITE_USE,
		    ARGS(val_bytes(c->digest, SHA256_BYTES),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = password_store(r, c->credential.account, &c->new, NULL);
	if (err == ERR_OK && c->resets_totp)
		err = db_do(r->store->db, STMT_TOTP_REMOVE,
		    ARGS(val_text(c->credential.account)), NULL);
	if (err == ERR_OK && c->resets_totp)
		err = db_do(r->store->db, STMT_RECOVERY_CLEAR,
		    ARGS(val_text(c->credential.account)), NULL);
	if (err == ERR_OK)
		err = audit_own(r->store, "invitation.accepted", &object,
		    json_pack("{s:s,s:b}", "address", c->address, "resets_totp",
			c->resets_totp));
	if (err == ERR_OK)
		answer_invited(r, "ok", c->credential.login);
	return err;
}

static void
on_accepted(void *arg, enum err hash_err, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct change *c = arg;

	if (!resume(c, hash_err))
		return;
	memcpy(c->new.key, key, PASSWORD_KEY_BYTES);
	finish(c, c->r->is_cancelled ? ERR_OK : accept(c));
}

int
invite_accept(struct request *r)
{
	struct change *c = xcalloc(1, sizeof(*c));
	size_t len;
	const uint8_t *secret = param_bytes(r, 0, &len);
	int err;

	c->r = r;
	c->is_invited = true;
	(void)snprintf(c->address, sizeof(c->address), "%s", param_text(r, 2));
	login_digest("invitation", secret, len, c->digest);
	err = find_invitation(c);
	if (err == ERR_NOT_FOUND) {
		/* 256 bits are not guessed; no need to count. */
		answer_invited(r, "refused", NULL);
		err = ERR_OK;
	} else if (err == ERR_OK) {
		err = password_check(r, param_text(r, 1), &c->credential);
		if (err == ERR_OK)
			err = start_new(c, param_text(r, 1), on_accepted);
	}
	if (err != ERR_AGAIN)
		free(c);
	return err;
}
