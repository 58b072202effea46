/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - who asks: principals, made from the uid of a local peer. */
#include "store/session.h"

#include "lib/digest.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/policy.h"
#include "store/resume.h"
#include "store/text.h"

#include <inttypes.h>
#include <sys/socket.h>

#define BUCKETS 256
/* Connections that web may keep open at a time. */
#define SESSIONS_MAX 8192

struct session {
	TAILQ_ENTRY(session) entry;
	uint64_t handle;
	struct principal principal;
};

TAILQ_HEAD(session_list, session);

struct sessions {
	size_t count;
	struct session_list buckets[BUCKETS];
};

struct sessions *
sessions_new(void)
{
	struct sessions *sessions = xcalloc(1, sizeof(*sessions));

	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&sessions->buckets[i]);
	return sessions;
}

static void
drop(struct sessions *sessions, struct session *s)
{
	TAILQ_REMOVE(&sessions->buckets[s->handle % BUCKETS], s, entry);
	sessions->count--;
	free(s);
}

void
sessions_clear(struct sessions *sessions)
{
	struct session *s;

	for (size_t i = 0; i < BUCKETS; i++) {
		while ((s = TAILQ_FIRST(&sessions->buckets[i])) != NULL)
			drop(sessions, s);
	}
}

void
sessions_free(struct sessions *sessions)
{
	if (sessions == NULL)
		return;
	sessions_clear(sessions);
	free(sessions);
}

static struct session *
find(const struct sessions *sessions, uint64_t handle)
{
	struct session *s;

	TAILQ_FOREACH (s, &sessions->buckets[handle % BUCKETS], entry) {
		if (s->handle == handle)
			return s;
	}
	return NULL;
}

const struct principal *
sessions_find(const struct sessions *sessions, uint64_t handle)
{
	const struct session *s = find(sessions, handle);

	return s == NULL ? NULL : &s->principal;
}

bool
principal_may(const struct principal *p, const char *capability)
{
	return text_has_word(p->capabilities, capability);
}

bool
principal_is_staff(const struct principal *p)
{
	return p->is_staff || p->sees_all;
}

bool
principal_is_admin(const struct principal *p)
{
	return principal_may(p, "manage_staff") && (p->is_staff || p->sees_all);
}

int
principal_is_other(struct request *r, const char *author, const char *what)
{
	if (author != NULL && strcmp(author, r->principal.account_id) != 0)
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "nobody may %s alone: it takes somebody other than its author",
	    what);
}

/* Of an account (not its local ones, unless has_local), or of a secret. */
static void
drop_some(struct sessions *sessions, const char *account_id, bool has_local,
    const uint8_t *digest)
{
	struct session *s, *next;

	for (size_t i = 0; i < BUCKETS; i++) {
		for (s = TAILQ_FIRST(&sessions->buckets[i]); s != NULL;
		     s = next) {
			const struct principal *p = &s->principal;
			bool is_hit = has_local || p->via != VIA_LOCAL;

			next = TAILQ_NEXT(s, entry);
			if (account_id != NULL)
				is_hit &=
				    strcmp(p->account_id, account_id) == 0;
			else if (digest != NULL)
				is_hit &= memcmp(p->digest, digest,
					      SHA256_BYTES) == 0;
			if (is_hit)
				drop(sessions, s);
		}
	}
}

void
sessions_drop(struct sessions *sessions, const char *account_id, bool has_local)
{
	drop_some(sessions, account_id, has_local, NULL);
}

void
sessions_clear_org(struct sessions *sessions, const char *org_id)
{
	struct session *s, *next;

	for (size_t i = 0; i < BUCKETS; i++) {
		for (s = TAILQ_FIRST(&sessions->buckets[i]); s != NULL;
		     s = next) {
			next = TAILQ_NEXT(s, entry);
			if (strcmp(s->principal.org_id, org_id) == 0)
				drop(sessions, s);
		}
	}
}

void
sessions_drop_secret(struct sessions *sessions, const uint8_t *digest)
{
	drop_some(sessions, NULL, false, digest);
}

void
principal_fill(struct principal *p, const struct query *q)
{
	(void)snprintf(
	    p->account_id, sizeof(p->account_id), "%s", query_text(q, 0));
	(void)snprintf(p->name, sizeof(p->name), "%s", query_text(q, 1));
	(void)snprintf(p->org_id, sizeof(p->org_id), "%s", query_text(q, 2));
	(void)snprintf(p->kind, sizeof(p->kind), "%s", query_text(q, 3));
	(void)snprintf(
	    p->capabilities, sizeof(p->capabilities), "%s", query_text(q, 4));
	p->is_staff = query_int(q, 5) != 0;
	p->sees_all = principal_may(p, "read_all_orgs");
}

/*
 * Whoever is root here, or runs this service, owns the database file anyway:
 * such a uid becomes an administrator of the first organisation when it comes
 * for the first time.
 */
static int
adopt_owner(struct request *r, int64_t uid)
{
	char id[UUID_BYTES];
	auto_free char *name = xasprintf("uid %" PRId64, uid);
	struct audit_object object = {.kind = "account", .id = id};
	int64_t changes;
	int err;

	uuid7(id);
	err = db_do(r->store->db, STMT_ACCOUNT_ADOPT,
	    ARGS(val_text(id), val_text(name), val_int(uid),
		val_text(text_capabilities), val_int(loop_wall_us())),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    "there is no organisation "
		    "yet; run: loep init");
	if (err != ERR_OK)
		return err;
	return audit_own(r->store, "account.adopted", &object,
	    json_pack("{s:I}", "uid", (json_int_t)uid));
}

static int
load(struct request *r, int64_t uid, struct principal *ret_principal)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_ACCOUNT_BY_UID, ARGS(val_int(uid)));

	if (err == ERR_OK)
		principal_fill(ret_principal, &q);
	return err;
}

static int
find_account(struct request *r, int64_t uid, struct principal *ret_principal)
{
	bool is_owner = uid == 0 || uid == (int64_t)geteuid();
	int err = load(r, uid, ret_principal);

	if (err == ERR_NOT_FOUND && is_owner) {
		err = adopt_owner(r, uid);
		if (err == ERR_OK)
			err = load(r, uid, ret_principal);
	}
	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_DENIED,
		    "the user with uid %" PRId64
		    " has no account here; an administrator can add one "
		    "(POST /api/v1/accounts with that uid)",
		    uid);
	return err;
}

static uint64_t
keep(struct sessions *sessions, const struct principal *p)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->principal = *p;
	do {
		random_bytes(&s->handle, sizeof(s->handle));
		s->handle &= INT64_MAX;
	} while (s->handle == 0 || find(sessions, s->handle) != NULL);
	TAILQ_INSERT_TAIL(&sessions->buckets[s->handle % BUCKETS], s, entry);
	sessions->count++;
	return s->handle;
}

/* Whom they belong to, what that may have, how the service runs. */
static int
add_surroundings(
    struct request *r, const struct principal *p, struct values *row)
{
	struct store *store = r->store;
	AUTO(query) q = {0};
	auto_json json_t *services = NULL;
	auto_free char *text = NULL;
	int err = query_one(
	    &q, store->db, STMT_WHOAMI, ARGS(val_text(p->account_id)));

	if (err != ERR_OK)
		return err;
	services = policy_services(store->policy, query_text(&q, 1));
	text = json_canonical(services);
	values_add_text(row, query_text(&q, 0));
	values_add_text(row, query_text(&q, 1));
	values_add_text(row, query_text(&q, 2));
	values_add_text(row, query_is_null(&q, 3) ? NULL : query_text(&q, 3));
	values_add_text(row, store->mode.word);
	values_add_int(row, store->mode.is_exercise);
	values_add_text(row, text);
	/* What it borrows ends with the query. */
	request_row(r, row);
	return ERR_OK;
}

int
session_answer(struct request *r, const struct principal *p)
{
	static const char *const via[] = {
	    "local", "session", "token", "certificate"};
	struct values row;

	if (r->store->sessions->count >= SESSIONS_MAX)
		return request_why(r, ERR_LIMIT,
		    "too many connections are "
		    "open");
	values_init(&row);
	values_add_int(&row, (int64_t)keep(r->store->sessions, p));
	values_add_text(&row, p->account_id);
	values_add_text(&row, p->name);
	values_add_text(&row, p->org_id);
	values_add_text(&row, p->kind);
	values_add_text(&row, p->capabilities);
	values_add_text(&row, via[p->via]);
	return add_surroundings(r, p, &row);
}

int
session_peer(struct request *r)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct principal p = {.via = VIA_LOCAL};
	int err;

	if (r->fd == -1 ||
	    getsockopt(r->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    cred.uid == (uid_t)-1)
		return request_why(r, ERR_DENIED,
		    "the connection does not say "
		    "who is at its other end");
	err = find_account(r, (int64_t)cred.uid, &p);
	return err == ERR_OK ? session_answer(r, &p) : err;
}

int
session_end(struct request *r)
{
	struct session *s = find(r->store->sessions, (uint64_t)param_int(r, 0));

	resume_end_session(r->store, (uint64_t)param_int(r, 0));
	/* Ending twice is no error: the end was wanted. */
	if (s != NULL)
		drop(r->store->sessions, s);
	return ERR_OK;
}
