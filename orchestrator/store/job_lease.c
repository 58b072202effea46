/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_lease.c - which jobs a worker gets, and how it keeps them.
 *
 * Order: crisis tier, class rank, then organisations in fair turn, within one
 * by severity and age.  Queued jobs lie in buckets (kind, tier, rank,
 * organisation) of one index; a lease finds the buckets of the best tier and
 * rank and takes from their heads, so its cost does not grow with the queue.
 */
#include "lib/limits.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/job.h"

#define LEASE_MAX 2048
#define KINDS_MAX 32
/* Organisations of one rank that one lease looks at. */
#define ORGS_MAX 1024
#define LEASE_US ((int64_t)LIMIT_LEASE_SECONDS * 1000000)
/* A run keeps a VM for a minute, an analyser a core for a moment. */
#define COST_RUN   100
#define COST_OTHER 1

struct level {
	int64_t tier;
	int64_t rank;
};

struct lease {
	struct request *r;
	size_t kinds_count;
	char *kinds[KINDS_MAX];
	struct level level;
	size_t orgs_count;
	char (*orgs)[UUID_BYTES];
	int64_t left;	    /* jobs that the worker still wants */
	int64_t bytes_left; /* and bytes; it gets what goes just beyond */
	/* The activation whose rules its jobs are to run; 0 = none. */
	int64_t rules_at;
};

/* The head of one bucket. */
struct head {
	int64_t urgency;
	char job_id[UUID_BYTES];
	const char *kind;
};

static int
split_kinds(struct lease *l, char *list)
{
	char *kind;

	while ((kind = strsep(&list, ",")) != NULL) {
		if (kind[0] == '\0')
			continue;
		if (l->kinds_count == KINDS_MAX)
			return request_why(l->r, ERR_LIMIT, "too many kinds");
		l->kinds[l->kinds_count++] = kind;
	}
	return ERR_OK;
}

static bool
is_before(const struct level *a, const struct level *b)
{
	return a->tier != b->tier ? a->tier < b->tier : a->rank < b->rank;
}

/* The next bucket of a kind behind (tier, rank, org). */
static int
next_bucket(struct lease *l, const char *kind, struct level *level,
    char org[UUID_BYTES])
{
	AUTO(query) q = {0};
	int err = query_one(&q, l->r->store->db, STMT_JOB_BUCKET,
	    ARGS(val_text(kind), val_int(level->tier), val_int(level->rank),
		val_text(org)));

	if (err != ERR_OK)
		return err;
	level->tier = query_int(&q, 0);
	level->rank = query_int(&q, 1);
	(void)snprintf(org, UUID_BYTES, "%s", query_text(&q, 2));
	return ERR_OK;
}

/* The best tier and rank that have a job of any kind; ERR_NOT_FOUND: none. */
static int
find_level(struct lease *l)
{
	bool has_level = false;

	for (size_t i = 0; i < l->kinds_count; i++) {
		struct level level = {INT64_MIN, INT64_MIN};
		char org[UUID_BYTES] = "";
		int err = next_bucket(l, l->kinds[i], &level, org);

		if (err == ERR_NOT_FOUND)
			continue;
		if (err != ERR_OK)
			return err;
		if (!has_level || is_before(&level, &l->level))
			l->level = level;
		has_level = true;
	}
	return has_level ? ERR_OK : ERR_NOT_FOUND;
}

static void
add_org(struct lease *l, const char *org)
{
	for (size_t i = 0; i < l->orgs_count; i++) {
		if (strcmp(l->orgs[i], org) == 0)
			return;
	}
	if (l->orgs_count < ORGS_MAX)
		memcpy(l->orgs[l->orgs_count++], org, UUID_BYTES);
}

/* What the scheduler asks for is what it can start: only that waits. */
static void
note_kinds(struct store *store, const struct lease *l)
{
	for (size_t i = 0; i < l->kinds_count; i++) {
		size_t at = 0;

		while (at < store->kinds_count &&
		       strcmp(store->kinds[at], l->kinds[i]) != 0)
			at++;
		if (at == store->kinds_count && at < STORE_KINDS_MAX)
			(void)snprintf(store->kinds[store->kinds_count++],
			    STORE_KIND_BYTES, "%s", l->kinds[i]);
	}
}

/*
 * In a crisis nothing is started while something before it waits, of whatever
 * kind it is.
 */
static int
check_level(struct lease *l)
{
	struct store *store = l->r->store;

	if (!store->mode.is_on)
		return ERR_OK;
	for (size_t i = 0; i < store->kinds_count; i++) {
		struct level level = {INT64_MIN, INT64_MIN};
		char org[UUID_BYTES] = "";
		int err = next_bucket(l, store->kinds[i], &level, org);

		if (err == ERR_OK && is_before(&level, &l->level))
			return ERR_NOT_FOUND;
		if (err != ERR_OK && err != ERR_NOT_FOUND)
			return err;
	}
	return ERR_OK;
}

/* Who has jobs at this tier and rank. */
static int
find_orgs(struct lease *l)
{
	l->orgs_count = 0;
	for (size_t i = 0; i < l->kinds_count; i++) {
		struct level level = l->level;
		char org[UUID_BYTES] = "";
		int err;

		while ((err = next_bucket(l, l->kinds[i], &level, org)) ==
			   ERR_OK &&
		       !is_before(&l->level, &level))
			add_org(l, org);
		if (err != ERR_OK && err != ERR_NOT_FOUND)
			return err;
	}
	return ERR_OK;
}

/* The most urgent, then oldest job of an organisation at this level. */
static int
find_head(struct lease *l, const char *org, struct head *best)
{
	best->kind = NULL;
	for (size_t i = 0; i < l->kinds_count; i++) {
		AUTO(query) q = {0};
		int err = query_one(&q, l->r->store->db, STMT_JOB_HEAD,
		    ARGS(val_text(l->kinds[i]), val_int(l->level.tier),
			val_int(l->level.rank), val_text(org)));

		if (err == ERR_NOT_FOUND)
			continue;
		if (err != ERR_OK)
			return err;
		if (best->kind != NULL &&
		    (query_int(&q, 0) > best->urgency ||
			(query_int(&q, 0) == best->urgency &&
			    strcmp(query_text(&q, 1), best->job_id) > 0)))
			continue;
		best->urgency = query_int(&q, 0);
		(void)snprintf(best->job_id, sizeof(best->job_id), "%s",
		    query_text(&q, 1));
		best->kind = l->kinds[i];
	}
	return best->kind == NULL ? (int)ERR_NOT_FOUND : ERR_OK;
}

static int
take(struct lease *l, const struct head *head)
{
	struct db *db = l->r->store->db;
	int64_t now = loop_wall_us();
	const char *worker = param_text(l->r, 0);
	AUTO(query) q = {0};
	struct values row;
	int err;

	err = db_do(db, STMT_JOB_TAKE,
	    ARGS(val_text(head->job_id), val_text(worker),
		val_int(now + LEASE_US), val_int(now)),
	    NULL);
	if (err == ERR_OK && l->rules_at != 0 &&
	    strcmp(head->kind, "yara") == 0)
		err = db_do(db, STMT_JOB_TAKE_RULES,
		    ARGS(val_text(head->job_id), val_int(l->rules_at)), NULL);
	if (err == ERR_OK)
		err = query_one(
		    &q, db, STMT_JOB_LEASED, ARGS(val_text(head->job_id)));
	if (err != ERR_OK)
		return err;
	query_values(&q, &row);
	err = db_do(db, STMT_ATTEMPT_ADD,
	    ARGS(val_text(head->job_id),
		val_int(values_int(
		    &row, (size_t)call_column(CALL_JOB_LEASE, "attempt"))),
		val_text(worker), val_int(now)),
	    NULL);
	if (err != ERR_OK)
		return err;
	request_row(l->r, &row);
	l->left--;
	l->bytes_left -=
	    values_int(&row, (size_t)call_column(CALL_JOB_LEASE, "size"));
	return ERR_OK;
}

static bool
has_enough(const struct lease *l)
{
	return l->left <= 0 || l->bytes_left <= 0;
}

/* Takes jobs at the level until there is none or the worker has enough. */
static int
take_level(struct lease *l)
{
	struct fair *fair = l->r->store->fair;
	const char *names[ORGS_MAX];
	struct head head;
	size_t at;
	int err;

	while (!has_enough(l) && l->orgs_count > 0) {
		for (size_t i = 0; i < l->orgs_count; i++)
			names[i] = l->orgs[i];
		at = fair_pick(fair, names, l->orgs_count);
		err = find_head(l, l->orgs[at], &head);
		if (err == ERR_NOT_FOUND) {
			memcpy(
			    l->orgs[at], l->orgs[--l->orgs_count], UUID_BYTES);
			continue;
		}
		if (err == ERR_OK)
			err = take(l, &head);
		if (err != ERR_OK)
			return err;
		fair_charge(fair, l->orgs[at],
		    strcmp(head.kind, "detonate") == 0 ? COST_RUN : COST_OTHER);
	}
	return ERR_OK;
}

static int
find_rules(struct lease *l)
{
	AUTO(query) q = {0};
	int err = query_one(&q, l->r->store->db, STMT_LAST_ACTIVATION, NULL, 0);

	l->rules_at = err == ERR_OK ? query_int(&q, 0) : 0;
	/* What loep-yara runs; never what there is not yet. */
	if (param_int(l->r, 4) >= 0 && param_int(l->r, 4) < l->rules_at)
		l->rules_at = param_int(l->r, 4);
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

int
job_lease(struct request *r)
{
	struct lease l = {.r = r, .left = param_int(r, 2)};
	auto_free char *kinds = xstrdup(param_text(r, 1));
	auto_free void *orgs = NULL;
	int err;

	l.bytes_left = param_int(r, 3) > 0 ? param_int(r, 3) : INT64_MAX;
	if (l.left < 1 || l.left > LEASE_MAX)
		return request_why(
		    r, ERR_LIMIT, "\"limit\" is 1 to %d", LEASE_MAX);
	err = split_kinds(&l, kinds);
	if (err == ERR_OK)
		err = find_rules(&l);
	if (err != ERR_OK)
		return err;
	note_kinds(r->store, &l);
	l.orgs = orgs = xcalloc(ORGS_MAX, sizeof(*l.orgs));
	while (!has_enough(&l)) {
		err = find_level(&l);
		if (err == ERR_OK)
			err = check_level(&l);
		if (err == ERR_NOT_FOUND)
			return ERR_OK;
		if (err == ERR_OK)
			err = find_orgs(&l);
		if (err == ERR_OK)
			err = take_level(&l);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

int
job_heartbeat(struct request *r)
{
	AUTO(query) q = {0};
	struct values row;
	int64_t progress = param_int(r, 3);
	int err;

	if (progress < 0 || progress > 100)
		return request_why(r, ERR_FORMAT, "\"progress\" is 0 to 100");
	err = query_one(&q, r->store->db, STMT_JOB_HEARTBEAT,
	    ARGS(val_text(param_text(r, 0)), val_int(param_int(r, 1)),
		val_int(loop_wall_us() + LEASE_US), val_text(param_text(r, 2)),
		val_int(progress)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT, "this attempt is over");
	if (err != ERR_OK)
		return err;
	tx_note_case(r->store, query_text(&q, 1));
	values_init(&row);
	values_add_int(&row, query_int(&q, 0));
	request_row(r, &row);
	return ERR_OK;
}

int
job_release(struct request *r)
{
	struct attempt a;
	int err = attempt_load(r, &a);

	if (err != ERR_OK)
		return err;
	return attempt_lose(r->store, &a, LOSS_RELEASED, "given back");
}
