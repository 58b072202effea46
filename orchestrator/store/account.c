/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - accounts of people and services, and who manages them. */
#include "store/account.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/text.h"
#include "store/throttle.h"

/* What brings somebody to the content of cases. */
static const char content[] =
    "submit analyse run_vm download_sample read_all_orgs manage_rules "
    "approve_rules activate_rules claim verdict approve_report withdraw "
    "legal_hold unseal share_partner share_community";
/* What an account of an organisation that is no CSIRT may hold. */
static const char operators[] =
    "submit analyse run_vm download_sample audit_read manage_org_users "
    "withdraw";

bool
account_is_manager(const struct principal *p)
{
	return principal_may(p, "manage_staff") ||
	       principal_may(p, "manage_org_users");
}

static int
deny(struct request *r)
{
	return request_why(r, ERR_DENIED,
	    "the account %s lacks the capability \"manage_org_users\" or "
	    "\"manage_staff\"",
	    r->principal.name);
}

/* The first word of list that stands in (or, is_in false, not in) words. */
static bool
find_word(const char *list, const char *words, bool is_in, char ret_word[64])
{
	auto_free char *copy = xstrdup(list);
	char *rest = copy;
	char *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0' || text_has_word(words, word) != is_in)
			continue;
		(void)snprintf(ret_word, 64, "%.63s", word);
		return true;
	}
	return false;
}

int
account_check_capabilities(
    struct request *r, const char *list, const char *org_class)
{
	char word[64];

	if (strlen(list) >= SESSION_CAPABILITIES_BYTES)
		return request_why(r, ERR_LIMIT,
		    "\"capabilities\" is too "
		    "long");
	if (find_word(list, text_capabilities, false, word))
		return request_why(r, ERR_FORMAT,
		    "there is no capability \"%s\"; see /api/v1/openapi.yaml",
		    word);
	if (text_has_word(list, "manage_staff") &&
	    find_word(list, content, true, word))
		return request_why(r, ERR_DENIED,
		    "who administers accounts (\"manage_staff\") does not see "
		    "or change cases (\"%s\"): use two accounts",
		    word);
	if (strcmp(org_class, "CSIRT") != 0 &&
	    find_word(list, operators, false, word))
		return request_why(
		    r, ERR_DENIED, "\"%s\" is for the staff of a CSIRT", word);
	/* An administrator gives what they may not have; who manages one
	 * organisation, only what they have. */
	if (!principal_is_admin(&r->principal) &&
	    find_word(list, r->principal.capabilities, false, word))
		return request_why(
		    r, ERR_DENIED, "you do not have \"%s\" yourself", word);
	return ERR_OK;
}

int
account_manage(struct request *r, const char *id, struct managed *m)
{
	AUTO(query) q = {0};
	int err;

	if (!account_is_manager(&r->principal))
		return deny(r);
	err = query_one(&q, r->store->db, STMT_ACCOUNT_FIND,
	    ARGS(val_text(r->principal.org_id),
		val_int(principal_is_admin(&r->principal)), val_text(id)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such account");
	if (err != ERR_OK)
		return err;
	(void)snprintf(m->id, sizeof(m->id), "%s", query_text(&q, 0));
	(void)snprintf(m->org, sizeof(m->org), "%s", query_text(&q, 1));
	(void)snprintf(m->kind, sizeof(m->kind), "%s", query_text(&q, 2));
	(void)snprintf(
	    m->capabilities, sizeof(m->capabilities), "%s", query_text(&q, 3));
	(void)snprintf(
	    m->org_class, sizeof(m->org_class), "%s", query_text(&q, 4));
	(void)snprintf(m->login, sizeof(m->login), "%s", query_text(&q, 5));
	return ERR_OK;
}

static int
answer_id(struct request *r, const char *id)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}

/*
 * Login names are one space for all organisations, as mail addresses are: that
 * one is taken, and not where, is all that anybody hears.  Who manages one
 * organisation could still ask for name after name, and so may be wrong a few
 * times only.
 */
static int
add_login(struct request *r, const char *account, const char *text)
{
	const struct throttle_who who = {
	    .address = "login name", .name = r->principal.account_id};
	const bool is_bounded = !principal_is_admin(&r->principal);
	const uint64_t now_ms = loop_now_ms();
	char name[LOGIN_NAME_BYTES];
	int err;

	if (text[0] == '\0')
		return ERR_OK;
	err = login_name(r, text, name);
	if (err != ERR_OK)
		return err;
	if (is_bounded && throttle_wait(r->store->throttle, &who, now_ms) > 0)
		return request_why(r, ERR_LIMIT,
		    "too many login names were taken; try again later");
	err = db_do(r->store->db, STMT_CREDENTIAL_ADD,
	    ARGS(val_text(account), val_text(name), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_CONFLICT && is_bounded)
		throttle_attempt(r->store->throttle, &who, now_ms);
	if (err == ERR_CONFLICT)
		return request_why(r, err, "that login name is taken");
	return err;
}

/* The class of an organisation whose accounts the one who asks manages. */
static int
find_class(struct request *r, const char *org, char ret_class[8])
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_ORG_CLASS,
	    ARGS(val_text(r->principal.org_id),
		val_int(principal_is_admin(&r->principal)), val_text(org)));

	if (err == ERR_OK)
		(void)snprintf(ret_class, 8, "%s", query_text(&q, 0));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such organisation");
	return err;
}

/* A uid is a way in without a password: it is the administrators' to give. */
static int
check_uid(struct request *r, int64_t uid)
{
	if (uid < -1 || uid >= UINT32_MAX)
		return request_why(
		    r, ERR_FORMAT, "\"uid\" is -1 or a user's number");
	if (uid != -1 && !principal_is_admin(&r->principal))
		return request_why(r, ERR_DENIED,
		    "only who has \"manage_staff\" may say which uid an "
		    "account has");
	return ERR_OK;
}

static int
check_new(struct request *r, const struct account_new *new)
{
	const char *name = new->name;
	const char *kind = new->kind;
	char org_class[8];
	int err;

	if (!account_is_manager(&r->principal))
		return deny(r);
	if (strcmp(kind, "human") != 0 && strcmp(kind, "service") != 0)
		return request_why(r, ERR_FORMAT,
		    "\"kind\" is human or "
		    "service");
	if (name[0] == '\0' || strlen(name) > 256)
		return request_why(r, ERR_FORMAT,
		    "\"name\" has 1 to 256 "
		    "characters");
	if (strcmp(kind, "service") == 0 && new->login[0] != '\0')
		return request_why(
		    r, ERR_FORMAT, "a service does not log in; it has tokens");
	err = find_class(r, new->org, org_class);
	if (err == ERR_OK)
		err = check_uid(r, new->uid);
	return err == ERR_OK
		   ? account_check_capabilities(r, new->capabilities, org_class)
		   : err;
}

int
account_make(
    struct request *r, const struct account_new *asked, char ret_id[UUID_BYTES])
{
	struct account_new new = *asked;
	struct audit_object object = {.kind = "account", .id = ret_id};
	int err;

	if (new.org[0] == '\0')
		new.org = r->principal.org_id;
	if (new.kind[0] == '\0')
		new.kind = "human";
	object.org = new.org;
	err = check_new(r, &new);
	if (err != ERR_OK)
		return err;
	uuid7(ret_id);
	err = db_do(r->store->db, STMT_ACCOUNT_ADD,
	    ARGS(val_text(r->principal.org_id),
		val_int(principal_is_admin(&r->principal)), val_text(ret_id),
		val_text(new.org), val_text(new.name), val_text(new.kind),
		new.uid == -1 ? val_null() : val_int(new.uid),
		val_text(new.capabilities), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_CONFLICT)
		return request_why(r, err, "that uid has an account");
	if (err == ERR_OK)
		err = add_login(r, ret_id, new.login);
	return err == ERR_OK ? audit_by(r, "account.created", &object,
				   json_pack("{s:s,s:s,s:I,s:s,s:s}", "name",
				       new.name, "kind", new.kind, "uid",
				       (json_int_t) new.uid, "capabilities",
				       new.capabilities, "login", new.login))
			     : err;
}

int
account_create(struct request *r)
{
	const struct account_new new = {
	    .org = param_text(r, 0),
	    .name = param_text(r, 1),
	    .kind = param_text(r, 2),
	    .uid = param_int(r, 3),
	    .capabilities = param_text(r, 4),
	    .login = param_text(r, 5),
	};
	char id[UUID_BYTES];
	int err = account_make(r, &new, id);

	return err == ERR_OK ? answer_id(r, id) : err;
}

int
account_list(struct request *r)
{
	if (!account_is_manager(&r->principal))
		return deny(r);
	/* Who manages accounts sees accounts, and no more of the others. */
	r->principal.sees_all = principal_is_admin(&r->principal);
	return request_read(r, STMT_ACCOUNT_LIST);
}

static int
check_change(struct request *r, const struct managed *m)
{
	const char *state = param_text(r, 2);
	int err;

	if (strcmp(m->id, r->principal.account_id) == 0)
		return request_why(r, ERR_DENIED,
		    "nobody changes what they may do themselves; somebody "
		    "else must");
	if (!param_is_null(r, 2) && strcmp(state, "active") != 0 &&
	    strcmp(state, "disabled") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"state\" is active or disabled");
	if (!param_is_null(r, 3) && strcmp(m->kind, "service") == 0)
		return request_why(
		    r, ERR_FORMAT, "a service does not log in; it has tokens");
	err = account_check_mail(r, param_text(r, 4));
	if (err != ERR_OK || param_is_null(r, 1))
		return err;
	return account_check_capabilities(r, param_text(r, 1), m->org_class);
}

int
account_set(struct request *r)
{
	struct managed m;
	struct audit_object object = {"account", m.id, m.org};
	int err = account_manage(r, param_text(r, 0), &m);

	if (err == ERR_OK)
		err = check_change(r, &m);
	if (err != ERR_OK)
		return err;
	err = db_do(r->store->db, STMT_ACCOUNT_SET,
	    ARGS(val_text(m.id),
		val_text(param_is_null(r, 1) ? NULL : param_text(r, 1)),
		val_text(param_is_null(r, 2) ? NULL : param_text(r, 2))),
	    NULL);
	if (err == ERR_OK && !param_is_null(r, 4))
		err = db_do(r->store->db, STMT_ACCOUNT_SELF,
		    ARGS(
			val_text(m.id), val_null(), val_text(param_text(r, 4))),
		    NULL);
	if (err == ERR_OK && !param_is_null(r, 3))
		err = add_login(r, m.id, param_text(r, 3));
	/* What an open session may do was said when it began its request. */
	sessions_drop(r->store->sessions, m.id, true);
	if (err == ERR_OK && strcmp(param_text(r, 2), "disabled") == 0)
		err = sessions_close(r, m.id, NULL);
	if (err == ERR_OK)
		err = audit_by(r, "account.changed", &object,
		    json_pack("{s:s,s:s?,s:s?,s:s?}", "before", m.capabilities,
			"capabilities",
			param_is_null(r, 1) ? NULL : param_text(r, 1), "state",
			param_is_null(r, 2) ? NULL : param_text(r, 2), "login",
			param_is_null(r, 3) ? NULL : param_text(r, 3)));
	return err == ERR_OK ? answer_id(r, m.id) : err;
}

int
account_key(struct request *r)
{
	char hex[SHA256_HEX_BYTES] = "";
	struct managed m;
	struct audit_object object = {"account", m.id, m.org};
	size_t len;
	const uint8_t *spki = param_bytes(r, 1, &len);
	int err = account_manage(r, param_text(r, 0), &m);

	if (err != ERR_OK)
		return err;
	if (strcmp(m.kind, "service") != 0)
		return request_why(r, ERR_FORMAT,
		    "certificates are for services; people log in");
	if (!param_is_null(r, 1) && len != SHA256_BYTES)
		return request_why(
		    r, ERR_FORMAT, "\"spki\" is a SHA-256: 64 digits");
	err = db_do(
	    r->store->db, STMT_CLIENT_KEY_CLEAR, ARGS(val_text(m.id)), NULL);
	sessions_drop(r->store->sessions, m.id, false);
	if (err == ERR_OK && len == SHA256_BYTES) {
		hex_encode(hex, spki, len);
		err = db_do(r->store->db, STMT_CLIENT_KEY_ADD,
		    ARGS(val_bytes(spki, len), val_text(m.id),
			val_text(r->principal.account_id),
			val_int(loop_wall_us())),
		    NULL);
		if (err == ERR_CONFLICT)
			return request_why(
			    r, err, "that key is another account's");
	}
	return err == ERR_OK ? audit_by(r, "account.key", &object,
				   json_pack("{s:s}", "spki", hex))
			     : err;
}
