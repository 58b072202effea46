/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc_stranger.c - people whom a provider knows, and nobody here.
 *
 * Who signs in and has no account may wait ([oidc] strangers = wait): a row, and
 * a code that they tell whoever manages accounts where they work.  A stranger is
 * of no organisation, so only those who administer all see the list; a manager
 * of one organisation takes in whom they have the code of, and learns nothing
 * of anybody else: a code that is wrong, used, refused or over is the same.
 */
#include "lib/totp.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/oidc.h"
#include "store/throttle.h"

#define WAITS_US ((int64_t)30 * 24 * 3600 * 1000000)
/* How many may wait; how many may come in an hour, and from one address. */
#define STRANGERS_MAX	      1000
#define STRANGERS_PER_HOUR    100
#define STRANGERS_PER_ADDRESS 10
#define HOUR_US		      ((int64_t)3600 * 1000000)
/* 40 bits, eight characters: to be told on the telephone. */
#define CODE_RAW_BYTES 5
#define CODE_BYTES     10

struct stranger {
	char id[UUID_BYTES];
	char issuer[OIDC_ISSUER_BYTES];
	char subject[256];
};

/* --- they come --- */

static void
make_code(char code[CODE_BYTES])
{
	uint8_t bytes[CODE_RAW_BYTES];
	char text[CODE_BYTES];

	random_bytes(bytes, sizeof(bytes));
	base32_encode(text, bytes, sizeof(bytes));
	(void)snprintf(code, CODE_BYTES, "%.4s-%.4s", text, text + 4);
}

/* ERR_LIMIT: too many are here, or come. */
static int
check_crowd(struct oidc_exchange *e, int64_t now)
{
	AUTO(query) q = {0};
	int err = query_one(&q, e->store->db, STMT_OIDC_STRANGER_COUNT,
	    ARGS(val_int(now - HOUR_US), val_text(param_text(e->request, 6))));

	if (err != ERR_OK)
		return err;
	return query_int(&q, 0) >= STRANGERS_MAX ||
		       query_int(&q, 1) >= STRANGERS_PER_HOUR ||
		       query_int(&q, 2) >= STRANGERS_PER_ADDRESS
		   ? ERR_LIMIT
		   : ERR_OK;
}

static int
add(struct oidc_exchange *e)
{
	const char *address = param_text(e->request, 6);
	const char *issuer = e->provider->issuer;
	const int64_t now = loop_wall_us();
	char id[UUID_BYTES], code[CODE_BYTES];
	struct audit_object object = {"identity", id, NULL};
	int err = check_crowd(e, now);

	if (err == ERR_LIMIT)
		return oidc_refuse(e, "crowd", "");
	if (err != ERR_OK)
		return err;
	uuid7(id);
	make_code(code);
	/* One that ran out, and was not swept away yet. */
	err = db_do(e->store->db, STMT_OIDC_STRANGER_FORGET,
	    ARGS(val_text(issuer), val_text(e->subject)), NULL);
	if (err == ERR_OK)
		err = db_do(e->store->db, STMT_OIDC_STRANGER_ADD,
		    ARGS(val_text(id), val_text(code), val_text(issuer),
			val_text(e->subject), val_text(address), val_int(now),
			val_int(now + WAITS_US)),
		    NULL);
	if (err == ERR_OK)
		err = audit_own(e->store, "stranger.came", &object,
		    json_pack("{s:s,s:s,s:s}", "issuer", issuer, "subject",
			e->subject, "address", address));
	return err == ERR_OK ? oidc_refuse(e, "waiting", code) : err;
}

int
oidc_stranger(struct oidc_exchange *e)
{
	const struct value issuer = val_text(e->provider->issuer);
	const struct value subject = val_text(e->subject);
	const int64_t now = loop_wall_us();
	char code[CODE_BYTES];
	bool is_refused;
	int err;

	if (!e->store->oidc->takes_strangers)
		return oidc_refuse(e, "unlinked", e->subject);
	{
		AUTO(query) q = {0};

		err = query_one(&q, e->store->db, STMT_OIDC_STRANGER_OF,
		    ARGS(issuer, subject, val_int(now)));
		if (err == ERR_NOT_FOUND)
			return add(e);
		if (err != ERR_OK)
			return err;
		(void)snprintf(code, sizeof(code), "%s", query_text(&q, 0));
		is_refused = !query_is_null(&q, 1);
	}
	if (is_refused)
		return oidc_refuse(e, "turned_away", "");
	err = db_do(e->store->db, STMT_OIDC_STRANGER_TOUCH,
	    ARGS(issuer, subject, val_int(now),
		val_text(param_text(e->request, 6))),
	    NULL);
	return err == ERR_OK ? oidc_refuse(e, "waiting", code) : err;
}

/* --- and are taken in --- */

int
stranger_list(struct request *r)
{
	if (!principal_is_admin(&r->principal))
		return request_why(r, ERR_DENIED,
		    "only who administers all organisations sees who waits");
	return request_read(r, STMT_STRANGER_LIST);
}

/* As it may be typed: in any case, with its hyphen or without. */
static void
normalise(const char *text, char code[CODE_BYTES])
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < CODE_BYTES; text++) {
		if (n == 4)
			code[n++] = '-';
		if (*text >= 'a' && *text <= 'z')
			code[n++] = (char)(*text - 'a' + 'A');
		else if (*text != '-' && *text != ' ')
			code[n++] = *text;
	}
	/* What is longer is no code. */
	code[*text == '\0' ? n : 0] = '\0';
}

static int
load(struct request *r, const char *text, struct stranger *s)
{
	char code[CODE_BYTES];
	AUTO(query) q = {0};
	int err;

	normalise(text, code);
	err = query_one(&q, r->store->db, STMT_OIDC_STRANGER_BY_CODE,
	    ARGS(val_text(code), val_int(loop_wall_us())));
	if (err != ERR_OK)
		return err;
	(void)snprintf(s->id, sizeof(s->id), "%s", query_text(&q, 0));
	(void)snprintf(s->issuer, sizeof(s->issuer), "%s", query_text(&q, 1));
	(void)snprintf(s->subject, sizeof(s->subject), "%s", query_text(&q, 2));
	return ERR_OK;
}

/* Who waits with that code; managers do not get to guess. */
static int
find(struct request *r, struct stranger *s)
{
	const struct throttle_who who = {
	    .address = "stranger", .name = r->principal.account_id};
	uint64_t now_ms = loop_now_ms();
	int err;

	if (!account_is_manager(&r->principal))
		return request_why(r, ERR_DENIED,
		    "the account %s manages nobody's accounts",
		    r->principal.name);
	if (throttle_wait(r->store->throttle, &who, now_ms) > 0)
		return request_why(
		    r, ERR_LIMIT, "too many codes were wrong; try again later");
	throttle_attempt(r->store->throttle, &who, now_ms);
	err = load(r, param_text(r, 0), s);
	if (err == ERR_OK)
		throttle_success(r->store->throttle, &who);
	if (err == ERR_NOT_FOUND)
		return request_why(
		    r, err, "nobody waits with that code; is it right?");
	return err;
}

int
stranger_accept(struct request *r)
{
	const struct account_new new = {
	    .org = param_text(r, 1),
	    .name = param_text(r, 2),
	    .kind = "human",
	    .uid = -1,
	    .capabilities = param_text(r, 3),
	    .login = "",
	};
	char id[UUID_BYTES];
	struct stranger s;
	const struct oidc_link link = {
	    s.issuer, s.subject, id, r->principal.account_id};
	struct audit_object object = {"account", id, new.org};
	struct values row;
	int err = find(r, &s);

	if (err == ERR_OK)
		err = account_make(r, &new, id);
	if (err == ERR_OK)
		err = oidc_link_add(r, &link);
	if (err == ERR_CONFLICT && r->why[0] == '\0')
		return request_why(r, err, "somebody linked them meanwhile");
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_OIDC_STRANGER_FORGET,
		    ARGS(val_text(s.issuer), val_text(s.subject)), NULL);
	if (new.org[0] == '\0')
		object.org = r->principal.org_id;
	if (err == ERR_OK)
		err = audit_by(r, "stranger.accepted", &object,
		    json_pack(
			"{s:s,s:s}", "issuer", s.issuer, "subject", s.subject));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}

int
stranger_refuse(struct request *r)
{
	struct stranger s;
	struct audit_object object = {"identity", s.id, NULL};
	int err = find(r, &s);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_OIDC_STRANGER_REFUSE,
		    ARGS(val_text(s.id), val_int(loop_wall_us())), NULL);
	return err == ERR_OK ? audit_by(r, "stranger.refused", &object,
				   json_pack("{s:s,s:s}", "issuer", s.issuer,
				       "subject", s.subject))
			     : err;
}
