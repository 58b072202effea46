/* SPDX-License-Identifier: Apache-2.0 */
/* policy_version.c - versions of the policy: proposed, approved, in force. */
#include "store/policy.h"

#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"

#include <inttypes.h>

#define DAY_US ((int64_t)24 * 3600 * 1000000)
/* Rows of a difference: more says "another document". */
#define DIFF_ROWS_MAX 1000
#define DIFF_DEPTH    6
#define PATH_BYTES    512

/* The first version, as the file says it (store/rules.mk). */
__asm__(".section .rodata\n"
	".global store_policy_charter\n"
	"store_policy_charter:\n"
	".incbin \"orchestrator/store/policy/charter.json\"\n"
	".byte 0\n"
	".previous\n");
extern const char store_policy_charter[];

/* So many months later, on the same day of the month or its last one. */
static int64_t
add_months(int64_t at, int64_t months)
{
	int64_t days = at / DAY_US, year, month, day, last;

	tz_date(days, &year, &month, &day);
	month += months - 1;
	year += month / 12;
	month = month % 12 + 1;
	last = (month == 12 ? tz_days(year + 1, 1, 1)
			    : tz_days(year, month + 1, 1)) -
	       tz_days(year, month, 1);
	return tz_days(year, month, day < last ? day : last) * DAY_US +
	       at % DAY_US;
}

/* --- what is in force --- */

static int
add_charter(struct store *store)
{
	const char *text = store_policy_charter;
	struct policy *policy;
	uint8_t digest[SHA256_BYTES];
	struct audit_object object = {"policy", "1", NULL};
	char why[256];
	int64_t now = loop_wall_us();
	int err = policy_parse(text, strlen(text), why, sizeof(why), &policy);

	if (err != ERR_OK)
		return err;
	sha256_once(text, strlen(text), digest);
	err = db_do(store->db, STMT_POLICY_ADD,
	    ARGS(val_null(), val_text("active"), val_text(policy->regime),
		val_text(text), val_bytes(digest, sizeof(digest)),
		val_text("came with the program"), val_int(now),
		val_int(add_months(now, POLICY_REVIEW_MONTHS)), val_null(),
		val_int(now), val_int(now)),
	    NULL);
	policy_free(policy);
	return err == ERR_OK
		   ? audit_own(store, "policy.activated", &object, NULL)
		   : err;
}

/* Sets store->policy; ERR_NOT_FOUND: none is active. */
static int
load_active(struct store *store)
{
	AUTO(query) q = {0};
	struct policy *policy;
	const char *text;
	char why[256];
	int64_t version;
	int err = query_one(&q, store->db, STMT_POLICY_ACTIVE, NULL, 0);

	if (err != ERR_OK)
		return err;
	version = query_int(&q, 0);
	text = query_text(&q, 1);
	err = policy_parse(text, strlen(text), why, sizeof(why), &policy);
	if (err != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"the active policy cannot be read\" "
		    "version=%" PRId64 " reason=\"%s\"",
		    version, why);
		return err;
	}
	policy->version = version;
	policy_free(store->policy);
	store->policy = policy;
	return ERR_OK;
}

/* After the commit; before it, the other one is in force. */
static void
on_activated(void *arg, bool is_committed)
{
	struct store *store = arg;

	if (is_committed && load_active(store) != ERR_OK)
		log_line(LOG_ERROR,
		    "msg=\"the new policy is not in use\" "
		    "reason=\"%s\"",
		    store->db->why);
}

/* Ranks that came from the old policy come from the new one now. */
static int
move_ranks(struct store *store, int64_t version, const struct policy *policy)
{
	static const char *const codes[] = {
	    "C1", "C1b", "C2", "C3", "C4", "C5"};
	int err = ERR_OK;

	for (size_t i = 0;
	     i < sizeof(codes) / sizeof(codes[0]) && err == ERR_OK; i++)
		err = db_do(store->db, STMT_POLICY_RANKS,
		    ARGS(val_text(codes[i]),
			val_int(policy_rank(store->policy, codes[i])),
			val_int(policy_rank(policy, codes[i])),
			val_int(version)),
		    NULL);
	return err;
}

static int
activate(struct store *store, int64_t version, const char *text)
{
	struct policy *policy = NULL;
	char why[256];
	int64_t changes = 0;
	int err = policy_parse(text, strlen(text), why, sizeof(why), &policy);

	if (err == ERR_OK)
		err = db_do(store->db, STMT_POLICY_RETIRE,
		    ARGS(val_int(loop_wall_us())), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_POLICY_ACTIVATE,
		    ARGS(val_int(version)), &changes);
	if (err == ERR_OK && changes == 0)
		err = ERR_CONFLICT;
	if (err == ERR_OK)
		err = move_ranks(store, version, policy);
	policy_free(policy);
	if (err == ERR_OK)
		tx_after(store, on_activated, store);
	return err;
}

/* The text of a version, as the staff may see it; the caller frees. */
static int
load_text(struct store *store, int64_t version, char **ret_text)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_POLICY_LOAD,
	    ARGS(val_null(), val_int(1), val_int(1), val_null(),
		val_int(version)));

	if (err == ERR_OK)
		*ret_text = xstrdup(query_text(&q, 4));
	return err;
}

/* Makes one active whose time has come; ERR_NOT_FOUND: there is none. */
static int
activate_due(struct store *store)
{
	auto_free char *text = NULL;
	char number[24];
	struct audit_object object = {"policy", number, NULL};
	int64_t version;
	int err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, store->db, STMT_POLICY_DUE,
		    ARGS(val_int(loop_wall_us())));
		if (err != ERR_OK)
			return err;
		version = query_int(&q, 0);
	}
	(void)snprintf(number, sizeof(number), "%" PRId64, version);
	err = load_text(store, version, &text);
	if (err == ERR_OK)
		err = activate(store, version, text);
	return err == ERR_OK
		   ? audit_own(store, "policy.activated", &object, NULL)
		   : err;
}

void
policies_tick(struct store *store)
{
	int err = tx_begin(store, ROLE_STORE);

	if (err != ERR_OK)
		return;
	err = activate_due(store);
	tx_end(store, err == ERR_OK);
}

int
policies_load(struct store *store)
{
	int err;

	store->db->role = ROLE_STORE;
	err = load_active(store);
	if (err != ERR_NOT_FOUND)
		return err;
	err = tx_begin(store, ROLE_STORE);
	if (err != ERR_OK)
		return err;
	err = add_charter(store);
	tx_end(store, err == ERR_OK);
	tx_commit(store);
	return err == ERR_OK ? load_active(store) : err;
}

/* --- reading --- */

/* Behind the principal's two: is it staff, and now. */
#define SEEN(r) \
 WHO(r), val_int((r)->principal.is_staff), val_int(loop_wall_us())

int
policy_list(struct request *r)
{
	return request_rows(r, STMT_POLICY_LIST,
	    ARGS(SEEN(r), val_int(param_limit(r, 0)),
		val_text(param_text(r, 1))),
	    false);
}

int
policy_get(struct request *r)
{
	return request_rows(
	    r, STMT_POLICY_GET, ARGS(SEEN(r), val_int(param_int(r, 0))), true);
}

struct diff {
	struct request *r;
	size_t rows;
	char path[PATH_BYTES];
};

static void
put_difference(struct diff *d, const json_t *before, const json_t *after)
{
	auto_free char *old = before == NULL ? NULL : json_canonical(before);
	auto_free char *new = after == NULL ? NULL : json_canonical(after);
	struct values row;

	if (++d->rows > DIFF_ROWS_MAX)
		return;
	values_init(&row);
	values_add_text(&row, d->path);
	values_add_text(&row, old);
	values_add_text(&row, new);
	request_row(d->r, &row);
}

static void compare(struct diff *d, json_t *before, json_t *after, int depth);

/* A member of either, at "path.name". */
static void
compare_member(
    struct diff *d, json_t *before, json_t *after, const char *name, int depth)
{
	size_t len = strlen(d->path);

	(void)snprintf(d->path + len, sizeof(d->path) - len, "%s%.64s",
	    len == 0 ? "" : ".", name);
	compare(d, json_object_get(before, name), json_object_get(after, name),
	    depth - 1);
	d->path[len] = '\0';
}

/* Documents were checked: DIFF_DEPTH is as deep as they go. */
static void
compare(struct diff *d, json_t *before, json_t *after, int depth)
{
	const char *name;
	json_t *item;

	if (json_equal(before, after))
		return;
	if (depth == 0 || !json_is_object(before) || !json_is_object(after)) {
		put_difference(d, before, after);
		return;
	}
	json_object_foreach(before, name, item)
	    compare_member(d, before, after, name, depth);
	json_object_foreach(after, name, item)
	{
		if (json_object_get(before, name) == NULL)
			compare_member(d, before, after, name, depth);
	}
}

int
policy_diff(struct request *r)
{
	struct diff d = {.r = r};
	auto_free char *old = NULL;
	auto_free char *new = NULL;
	auto_json json_t *before = NULL;
	auto_json json_t *after = NULL;
	int64_t base = param_int(r, 1);
	int err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_POLICY_LOAD,
		    ARGS(SEEN(r), val_int(param_int(r, 0))));
		if (err == ERR_NOT_FOUND)
			return request_why(r, err, "there is no such policy");
		if (err != ERR_OK)
			return err;
		if (base == 0)
			base = query_int(&q, 0);
		new = xstrdup(query_text(&q, 4));
	}
	if (base != 0) {
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_POLICY_LOAD,
		    ARGS(SEEN(r), val_int(base)));
		if (err == ERR_NOT_FOUND)
			return request_why(r, err, "there is no such policy");
		if (err != ERR_OK)
			return err;
		old = xstrdup(query_text(&q, 4));
	}
	if (json_parse(new, strlen(new), LIMIT_DOCUMENT_BYTES, 8, &after) !=
		ERR_OK ||
	    (old != NULL && json_parse(old, strlen(old), LIMIT_DOCUMENT_BYTES,
				8, &before) != ERR_OK))
		return ERR_FORMAT;
	if (before == NULL)
		before = json_object();
	compare(&d, before, after, DIFF_DEPTH);
	return ERR_OK;
}

/* --- changing --- */

static int
answer(struct request *r, int64_t version, const char *state, bool is_single)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, version);
	values_add_text(&row, state);
	values_add_int(&row, is_single);
	request_row(r, &row);
	return ERR_OK;
}

static int
audit_version(
    struct request *r, const char *action, int64_t version, json_t *detail)
{
	char number[24];
	struct audit_object object = {"policy", number, NULL};

	(void)snprintf(number, sizeof(number), "%" PRId64, version);
	return audit_by(r, action, &object, detail);
}

int
policy_create(struct request *r)
{
	const char *text = param_text(r, 0);
	uint8_t digest[SHA256_BYTES];
	struct policy *policy;
	AUTO(query) q = {0};
	int64_t version;
	int err =
	    policy_parse(text, strlen(text), r->why, sizeof(r->why), &policy);

	if (err != ERR_OK)
		return err;
	sha256_once(text, strlen(text), digest);
	err = db_do(r->store->db, STMT_POLICY_ADD,
	    ARGS(val_int(r->store->policy->version), val_text("draft"),
		val_text(policy->regime), val_text(text),
		val_bytes(digest, sizeof(digest)), val_text(param_text(r, 1)),
		param_is_null(r, 2) ? val_null() : val_int(param_int(r, 2)),
		val_null(), val_text(r->principal.account_id),
		val_int(loop_wall_us()), val_null()),
	    NULL);
	policy_free(policy);
	if (err == ERR_OK)
		err = query_one(&q, r->store->db, STMT_POLICY_LAST, NULL, 0);
	if (err != ERR_OK)
		return err;
	version = query_int(&q, 0);
	err = audit_version(r, "policy.proposed", version,
	    json_pack("{s:s}", "comment", param_text(r, 1)));
	return err == ERR_OK ? answer(r, version, "draft", false) : err;
}

/* What is decided about. */
struct proposal {
	int64_t version;
	int64_t parent;
	int64_t effective_from; /* 0 = at once */
	char author[UUID_BYTES];
	bool is_draft;
	char *text;
};

static void
proposal_release(struct proposal *p)
{
	free(p->text);
}

OWN_RELEASE(proposal)

static int
load_proposal(struct request *r, struct proposal *p)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_POLICY_LOAD,
	    ARGS(SEEN(r), val_int(param_int(r, 0))));
	const char *state;

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such policy");
	if (err != ERR_OK)
		return err;
	state = query_text(&q, 1);
	p->version = param_int(r, 0);
	p->parent = query_int(&q, 0);
	p->is_draft = strcmp(state, "draft") == 0;
	(void)snprintf(p->author, sizeof(p->author), "%s", query_text(&q, 2));
	p->effective_from = query_int(&q, 3);
	p->text = xstrdup(query_text(&q, 4));
	if (p->is_draft || strcmp(state, "approved") == 0)
		return ERR_OK;
	return request_why(r, ERR_CONFLICT,
	    "version %" PRId64 " is %s: it is decided about already",
	    p->version, state);
}

static int
decide(struct request *r, const struct proposal *p, const char *state,
    bool is_single)
{
	int64_t now = loop_wall_us();
	int64_t from = p->effective_from > now ? p->effective_from : now;
	bool is_no = strcmp(state, "rejected") == 0;
	int64_t changes;
	int err = db_do(r->store->db, STMT_POLICY_DECIDE,
	    ARGS(val_int(p->version), val_text(state),
		val_text(is_no ? param_text(r, 1) : ""),
		val_text(r->principal.account_id), val_int(is_single),
		val_int(now), val_int(from),
		is_no ? val_null()
		      : val_int(add_months(from, POLICY_REVIEW_MONTHS))),
	    &changes);

	return err == ERR_OK && changes == 0 ? (int)ERR_CONFLICT : err;
}

int
policy_approve(struct request *r)
{
	AUTO(proposal) p = {0};
	bool is_single;
	bool is_later;
	int err = load_proposal(r, &p);

	if (err != ERR_OK)
		return err;
	is_single = strcmp(p.author, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(r, p.author, "approve this policy");
	if (!p.is_draft)
		return request_why(r, ERR_CONFLICT, "it is approved already");
	/* Whoever approves has seen the difference to what is in force. */
	if (p.parent != r->store->policy->version)
		return request_why(r, ERR_STALE,
		    "version %" PRId64 " was made from version %" PRId64
		    ", and another one is in force now: propose it anew",
		    p.version, p.parent);
	is_later = p.effective_from > loop_wall_us();
	err = decide(r, &p, "approved", is_single);
	if (err == ERR_OK)
		err = audit_version(r, "policy.approved", p.version,
		    json_pack("{s:b}", "single_person", is_single));
	if (err == ERR_OK && !is_later)
		err = activate(r->store, p.version, p.text);
	if (err == ERR_OK && !is_later)
		err = audit_version(r, "policy.activated", p.version,
		    json_pack("{s:I}", "previous",
			(json_int_t)r->store->policy->version));
	return err == ERR_OK ? answer(r, p.version,
				   is_later ? "approved" : "active", is_single)
			     : err;
}

int
policy_reject(struct request *r)
{
	AUTO(proposal) p = {0};
	int err;

	/* Others do not learn whether there is such a draft. */
	if (!principal_may(&r->principal, "manage_policy") &&
	    !principal_may(&r->principal, "approve_policy"))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"approve_policy\"",
		    r->principal.name);
	err = load_proposal(r, &p);
	if (err != ERR_OK)
		return err;
	if (strcmp(p.author, r->principal.account_id) != 0 &&
	    !principal_may(&r->principal, "approve_policy"))
		return request_why(r, ERR_DENIED,
		    "its author takes it back, or who may approve it rejects "
		    "it");
	err = decide(r, &p, "rejected", false);
	if (err == ERR_OK)
		err = audit_version(r, "policy.rejected", p.version,
		    json_pack("{s:s}", "reason", param_text(r, 1)));
	return err == ERR_OK ? answer(r, p.version, "rejected", false) : err;
}
