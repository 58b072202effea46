/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - sessions that are open, API tokens, invitations. */
#include "lib/own.h"
#include "lib/secret.h"
#include "lib/xalloc.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/text.h"

#define DAY_US	 ((int64_t)24 * 3600 * 1000000)
#define DAYS_MAX 400

/* --- sessions --- */

int
sessions_close(struct request *r, const char *account, const uint8_t *but)
{
	sessions_drop(r->store->sessions, account, false);
	return db_do(r->store->db, STMT_SESSION_DELETE_ALL,
	    ARGS(val_text(account),
		but == NULL ? val_null() : val_bytes(but, SHA256_BYTES)),
	    NULL);
}

int
session_list(struct request *r)
{
	int64_t now = loop_wall_us();

	return request_rows(r, STMT_SESSION_LIST,
	    ARGS(val_text(r->principal.account_id),
		val_bytes(r->principal.digest, SHA256_BYTES), val_int(now),
		val_int(now - r->store->session_idle_us)),
	    false);
}

/* The digest of a session of one's own. */
static int
find_session(struct request *r, const char *id, uint8_t digest[SHA256_BYTES])
{
	AUTO(query) q = {0};
	const uint8_t *p;
	size_t len;
	int err;

	if (id[0] == '\0') {
		memcpy(digest, r->principal.digest, SHA256_BYTES);
		return r->principal.via == VIA_SESSION
			   ? ERR_OK
			   : request_why(r, ERR_CONFLICT,
				 "nobody logged in here: there is no session");
	}
	err = query_one(&q, r->store->db, STMT_SESSION_DIGEST,
	    ARGS(val_text(r->principal.account_id), val_text(id)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such session");
	if (err != ERR_OK)
		return err;
	p = query_bytes(&q, 0, &len);
	memcpy(digest, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	return ERR_OK;
}

int
session_close(struct request *r)
{
	bool is_everywhere = param_int(r, 1) != 0;
	struct audit_object object = {
	    "account", r->principal.account_id, r->principal.org_id};
	uint8_t digest[SHA256_BYTES];
	int err;

	if (is_everywhere) {
		err = sessions_close(r, r->principal.account_id, NULL);
	} else {
		err = find_session(r, param_text(r, 0), digest);
		if (err != ERR_OK)
			return err;
		sessions_drop_secret(r->store->sessions, digest);
		err = db_do(r->store->db, STMT_SESSION_DELETE,
		    ARGS(val_bytes(digest, SHA256_BYTES)), NULL);
	}
	if (err != ERR_OK)
		return err;
	return audit_by(r, "session.closed", &object,
	    json_pack("{s:b}", "everywhere", is_everywhere));
}

/* --- API tokens --- */

/* Whose token it is to be: one's own, or a service's that one manages. */
static int
find_owner(struct request *r, struct managed *m)
{
	const char *account = param_text(r, 0);
	int err;

	if (account[0] == '\0' ||
	    strcmp(account, r->principal.account_id) == 0) {
		*m = (struct managed){.kind = "own"};
		(void)snprintf(
		    m->id, sizeof(m->id), "%s", r->principal.account_id);
		(void)snprintf(
		    m->org, sizeof(m->org), "%s", r->principal.org_id);
		(void)snprintf(m->capabilities, sizeof(m->capabilities), "%s",
		    r->principal.capabilities);
		return ERR_OK;
	}
	err = account_manage(r, account, m);
	if (err == ERR_OK && strcmp(m->kind, "service") != 0)
		return request_why(r, ERR_DENIED,
		    "people make their own tokens; you can for services");
	return err;
}

static int
check_token(struct request *r, const struct managed *m)
{
	const char *name = param_text(r, 1);
	auto_free char *copy = xstrdup(param_text(r, 2));
	int64_t days = param_int(r, 3);
	char *rest = copy;
	char *word;

	if (name[0] == '\0' || strlen(name) > 256)
		return request_why(
		    r, ERR_FORMAT, "\"name\" has 1 to 256 characters");
	if (days < 1 || days > DAYS_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"days\" is 1 to %d: no token is for ever", DAYS_MAX);
	if (strlen(copy) >= SESSION_CAPABILITIES_BYTES)
		return request_why(
		    r, ERR_LIMIT, "\"capabilities\" is too long");
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] != '\0' && !text_has_word(m->capabilities, word))
			return request_why(r, ERR_DENIED,
			    "the account does not have \"%.64s\"", word);
	}
	return ERR_OK;
}

static char *
show_secret(const char *prefix, const uint8_t secret[SECRET_BYTES])
{
	char text[SECRET_LENGTH + 1];

	secret_encode(text, secret);
	return xasprintf("%s%s", prefix, text);
}

int
token_create(struct request *r)
{
	uint8_t secret[SECRET_BYTES], digest[SHA256_BYTES];
	int64_t now = loop_wall_us();
	int64_t expires;
	auto_free char *shown = NULL;
	struct managed m;
	char id[UUID_BYTES];
	struct audit_object object = {"token", id, m.org};
	struct values row;
	int err = find_owner(r, &m);

	if (err == ERR_OK)
		err = check_token(r, &m);
	if (err != ERR_OK)
		return err;
	/* The days were checked: nothing overflows. */
	expires = now + param_int(r, 3) * DAY_US;
	random_bytes(secret, sizeof(secret));
	login_digest("token", secret, sizeof(secret), digest);
	shown = show_secret(SECRET_TOKEN_PREFIX, secret);
	uuid7(id);
	err = db_do(r->store->db, STMT_TOKEN_ADD,
	    ARGS(val_text(id), val_bytes(digest, sizeof(digest)),
		val_text(m.id), val_text(param_text(r, 1)),
		val_text(param_text(r, 2)), val_text(r->principal.account_id),
		val_int(now), val_int(expires)),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "token.created", &object,
		    json_pack("{s:s,s:s,s:s}", "account", m.id, "name",
			param_text(r, 1), "capabilities", param_text(r, 2)));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, shown);
	values_add_int(&row, expires);
	request_row(r, &row);
	return ERR_OK;
}

#define MANAGER(r) \
 val_text((r)->principal.org_id), val_int(principal_is_admin(&(r)->principal))

int
token_list(struct request *r)
{
	return request_rows(r, STMT_TOKEN_LIST,
	    ARGS(MANAGER(r), val_int(param_limit(r, 0)),
		val_text(param_text(r, 1)), val_text(r->principal.account_id),
		val_int(account_is_manager(&r->principal))),
	    false);
}

int
token_revoke(struct request *r)
{
	const char *id = param_text(r, 0);
	char org[UUID_BYTES];
	struct audit_object object = {"token", id, org};
	int err;

	{
		AUTO(query) q = {0};
		const uint8_t *p;
		size_t len;

		err = query_one(&q, r->store->db, STMT_TOKEN_FIND,
		    ARGS(MANAGER(r), val_text(id),
			val_text(r->principal.account_id),
			val_int(account_is_manager(&r->principal))));
		if (err == ERR_NOT_FOUND)
			return request_why(r, err, "there is no such token");
		if (err != ERR_OK)
			return err;
		p = query_bytes(&q, 0, &len);
		if (len == SHA256_BYTES)
			sessions_drop_secret(r->store->sessions, p);
		(void)snprintf(org, sizeof(org), "%s", query_text(&q, 2));
	}
	err = db_do(r->store->db, STMT_TOKEN_REVOKE,
	    ARGS(val_text(id), val_int(loop_wall_us())), NULL);
	return err == ERR_OK ? audit_by(r, "token.revoked", &object, NULL)
			     : err;
}

/* --- invitations --- */

static int
check_invite(struct request *r, const struct managed *m)
{
	if (m->login[0] == '\0')
		return request_why(r, ERR_CONFLICT,
		    "the account has no login name; give it one first");
	/* That would be a way around one's own password and second factor. */
	if (strcmp(m->id, r->principal.account_id) == 0 &&
	    r->principal.via != VIA_LOCAL)
		return request_why(r, ERR_DENIED,
		    "somebody else must invite you; to change your password, "
		    "use the old one");
	/* Who may set a password may become the account: who manages one
	 * organisation must not become more than they are. */
	if (principal_is_admin(&r->principal))
		return ERR_OK;
	return account_check_capabilities(r, m->capabilities, m->org_class);
}

int
invite_create(struct request *r)
{
	uint8_t secret[SECRET_BYTES], digest[SHA256_BYTES];
	int64_t now = loop_wall_us();
	int64_t expires = now + r->store->invite_us;
	auto_free char *shown = NULL;
	struct managed m;
	struct audit_object object = {"account", m.id, m.org};
	struct values row;
	int err = account_manage(r, param_text(r, 0), &m);

	if (err == ERR_OK)
		err = check_invite(r, &m);
	if (err != ERR_OK)
		return err;
	random_bytes(secret, sizeof(secret));
	login_digest("invitation", secret, sizeof(secret), digest);
	shown = show_secret(SECRET_INVITE_PREFIX, secret);
	err =
	    db_do(r->store->db, STMT_INVITE_CLEAR, ARGS(val_text(m.id)), NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_INVITE_ADD,
		    ARGS(val_bytes(digest, sizeof(digest)), val_text(m.id),
			val_int(param_int(r, 1)),
			val_text(r->principal.account_id), val_int(now),
			val_int(expires)),
		    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "invitation.created", &object,
		    json_pack("{s:b}", "resets_totp", param_int(r, 1) != 0));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, shown);
	values_add_text(&row, m.login);
	values_add_int(&row, expires);
	request_row(r, &row);
	return ERR_OK;
}
