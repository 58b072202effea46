/* SPDX-License-Identifier: Apache-2.0 */
/* rescan.c - planning re-scans. */
#include "store/rescan.h"

#include "store/audit.h"

struct plan {
	int64_t id;
	int64_t from; /* 0 = none */
	int64_t to;
	int64_t last; /* the activation before; 0 = none */
	bool is_last_done;
	int64_t retry_of; /* 0 = none */
	int64_t rules;
	int64_t scope;
};

static struct value
int_or_null(int64_t i)
{
	return i == 0 ? val_null() : val_int(i);
}

static int
find_last(struct store *store, struct plan *plan)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_RESCAN_LAST, NULL, 0);

	plan->last = err == ERR_OK ? query_int(&q, 0) : 0;
	plan->is_last_done =
	    err == ERR_OK && strcmp(query_text(&q, 1), "done") == 0;
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

static int
add(struct store *store, struct plan *plan, const char *kind,
    const char *account_id, const char *org_id)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_RESCAN_ADD,
	    ARGS(val_text(kind), int_or_null(plan->from), val_int(plan->to),
		val_text(account_id), val_text(org_id),
		int_or_null(plan->retry_of), val_int(loop_wall_us())));

	if (err == ERR_OK)
		plan->id = query_int(&q, 0);
	return err;
}

static int
count(struct store *store, struct plan *plan)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, store->db, STMT_RESCAN_PLAN_COUNT, ARGS(val_int(plan->id)));

	if (err != ERR_OK)
		return err;
	plan->rules = query_int(&q, 0);
	plan->scope = query_int(&q, 1);
	return ERR_OK;
}

/* The difference of two versions, where it was made before. */
static int
plan_delta(struct store *store, const struct plan *plan, bool *ret_is_known)
{
	AUTO(query) q = {0};
	int err;

	*ret_is_known = false;
	/* What the last one did not get done is no part of it. */
	if (plan->from == 0 || !plan->is_last_done)
		return ERR_OK;
	err = query_one(&q, store->db, STMT_DELTA_KNOWN,
	    ARGS(val_int(plan->from), val_int(plan->to)));
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	*ret_is_known = true;
	return db_do(store->db, STMT_RESCAN_PLAN_DELTA,
	    ARGS(val_int(plan->id), val_int(plan->from), val_int(plan->to)),
	    NULL);
}

static int
make_delta(struct db *db, int64_t from, int64_t to)
{
	int err = db_do(
	    db, STMT_DELTA_FORGET, ARGS(val_int(from), val_int(to)), NULL);

	if (err == ERR_OK)
		err = db_do(db, STMT_DELTA_RULES,
		    ARGS(val_int(from), val_int(to)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_DELTA_WITHDRAW,
		    ARGS(val_int(from), val_int(to)), NULL);
	return err == ERR_OK ? db_do(db, STMT_DELTA_WHOLE,
				   ARGS(val_int(from), val_int(to)), NULL)
			     : err;
}

int
rescan_prepare(struct store *store, int64_t from, int64_t to)
{
	int err = from == 0 ? ERR_OK : make_delta(store->db, from, to);

	/* The way back, too: who rolls back is in a hurry. */
	return err == ERR_OK && from != 0 ? make_delta(store->db, to, from)
					  : err;
}

/* What is to be done about each rule. */
static int
plan_rules(struct store *store, struct plan *plan, bool is_trial)
{
	static const enum stmt stmts[] = {STMT_RESCAN_PLAN_SCAN,
	    STMT_RESCAN_PLAN_RELABEL, STMT_RESCAN_PLAN_WITHDRAW};
	size_t n = sizeof(stmts) / sizeof(stmts[0]);
	bool is_known;
	int err = plan_delta(store, plan, &is_known);

	if (err == ERR_OK && is_known)
		return count(store, plan);
	for (size_t i = 0; err == ERR_OK && i < n; i++)
		err = db_do(store->db, stmts[i],
		    ARGS(val_int(plan->id), val_int(plan->from),
			val_int(plan->to), val_int(plan->last)),
		    NULL);
	if (err == ERR_OK && plan->from == 0 && !is_trial)
		err = db_do(store->db, STMT_RESCAN_PLAN_FIRST,
		    ARGS(val_int(plan->id), val_null(), val_int(plan->to)),
		    NULL);
	return err == ERR_OK ? count(store, plan) : err;
}

/* Without rules to scan, or units, only the settling is left. */
static int
settle_now(struct store *store, const struct plan *plan)
{
	struct rescan rescan;
	bool is_done;
	int err = db_do(store->db, STMT_RESCAN_MOVE,
	    ARGS(val_int(plan->id), val_int(plan->scope), val_int(0),
		val_int(0), val_int(0), val_int(0), val_text(""), val_int(1),
		val_int(loop_wall_us())),
	    NULL);

	if (err == ERR_OK)
		err = rescan_load(store, plan->id, &rescan);
	if (err == ERR_OK)
		err = rescan_settle(store, &rescan, &is_done);
	return err == ERR_OK ? rescan_count(store, &rescan) : err;
}

int
rescan_plan(struct store *store, int64_t from, int64_t to,
    const char *account_id, int64_t *ret_id)
{
	struct plan plan = {.from = from, .to = to};
	int err = find_last(store, &plan);

	if (err == ERR_OK)
		err = add(store, &plan, "activation", account_id, NULL);
	if (err == ERR_OK)
		err = plan_rules(store, &plan, false);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_RESCAN_SUPERSEDE,
		    ARGS(val_int(plan.id), val_int(loop_wall_us())), NULL);
	if (err == ERR_OK)
		err = db_run(store->db, STMT_RESCAN_FORGET_SEEN);
	if (err == ERR_OK && (plan.rules == 0 || plan.scope == 0))
		err = settle_now(store, &plan);
	if (err != ERR_OK)
		return err;
	tx_note_rescans(store);
	if (ret_id != NULL)
		*ret_id = plan.id;
	return ERR_OK;
}

int
rescan_plan_trial(struct request *r, const char *kind, int64_t from, int64_t to,
    int64_t *ret_id)
{
	const struct principal *p = &r->principal;
	struct plan plan = {.from = from, .to = to};
	int err = add(r->store, &plan, kind, p->account_id,
	    p->sees_all ? NULL : p->org_id);

	if (err == ERR_OK)
		err = plan_rules(r->store, &plan, true);
	if (err == ERR_OK && (plan.rules == 0 || plan.scope == 0))
		err = settle_now(r->store, &plan);
	if (err != ERR_OK)
		return err;
	tx_note_rescans(r->store);
	*ret_id = plan.id;
	return ERR_OK;
}

int
rescan_load(struct store *store, int64_t id, struct rescan *ret_rescan)
{
	AUTO(query) q = {0};
	const char *kind;
	int err = query_one(&q, store->db, STMT_RESCAN_LOAD, ARGS(val_int(id)));

	if (err != ERR_OK)
		return err;
	*ret_rescan = (struct rescan){.id = id};
	kind = query_text(&q, 0);
	ret_rescan->is_hunt = strcmp(kind, "hunt") == 0;
	ret_rescan->is_trial =
	    ret_rescan->is_hunt || strcmp(kind, "preview") == 0;
	(void)snprintf(ret_rescan->state, sizeof(ret_rescan->state), "%s",
	    query_text(&q, 1));
	ret_rescan->is_open = strcmp(ret_rescan->state, "queued") == 0 ||
			      strcmp(ret_rescan->state, "running") == 0;
	ret_rescan->version = query_int(&q, 2);
	ret_rescan->scope = query_int(&q, 3);
	ret_rescan->checkpoint = query_int(&q, 4);
	ret_rescan->is_scanned = query_int(&q, 5) != 0;
	(void)snprintf(ret_rescan->org_id, sizeof(ret_rescan->org_id), "%s",
	    query_text(&q, 6));
	ret_rescan->retry_of = query_int(&q, 7);
	return ERR_OK;
}

int
rescan_plan_retry(
    struct store *store, int64_t of, const char *account_id, int64_t *ret_id)
{
	AUTO(query) wanted = {0};
	AUTO(query) active = {0};
	struct plan plan = {.retry_of = of};
	int err =
	    query_one(&wanted, store->db, STMT_RETRY_WANTED, ARGS(val_int(of)));

	*ret_id = 0;
	if (err == ERR_OK)
		err = query_one(&active, store->db, STMT_RULES_ACTIVE, NULL, 0);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	plan.to = query_int(&active, 0);
	query_release(&active);
	err = add(store, &plan, "retry", account_id, NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_RETRY_RULES,
		    ARGS(val_int(plan.id), val_int(of)), NULL);
	if (err == ERR_OK)
		err = count(store, &plan);
	if (err == ERR_OK && plan.rules == 0)
		err = settle_now(store, &plan);
	if (err == ERR_OK)
		*ret_id = plan.id;
	tx_note_rescans(store);
	return err;
}

int
rescan_count(struct store *store, struct rescan *rescan)
{
	int err = db_do(store->db, STMT_RESCAN_COUNT,
	    ARGS(val_int(rescan->id), val_int(rescan->new),
		val_int(rescan->lost), val_int(rescan->changed),
		val_int(rescan->same), val_int(rescan->gaps)),
	    NULL);

	rescan->new = rescan->lost = rescan->changed = 0;
	rescan->same = rescan->gaps = 0;
	return err;
}

int
rescan_note(struct store *store, struct rescan *rescan,
    const struct rescan_change *change)
{
	const struct rescan_unit *unit = change->unit;
	const bool is_new = strcmp(change->what, "new") == 0;
	const bool is_lost = strcmp(change->what, "lost") == 0;
	const bool is_changed = strcmp(change->what, "changed") == 0;
	int64_t changes;
	int err = db_do(store->db, STMT_RESCAN_CHANGE_ADD,
	    ARGS(val_int(rescan->id), val_int(unit->seq),
		val_text(unit->artefact_id), val_text(unit->case_id),
		val_text(unit->org_id), val_text(change->namespace_name),
		val_text(change->name),
		change->closure == NULL
		    ? val_null()
		    : val_bytes(change->closure, SHA256_BYTES),
		val_text(change->what), val_int(change->score),
		int_or_null(change->finding_id), val_text(change->detail),
		val_int(loop_wall_us())),
	    &changes);

	/* Said before: counted before. */
	if (err != ERR_OK || changes == 0)
		return err;
	rescan->new += is_new;
	rescan->lost += is_lost;
	rescan->changed += is_changed;
	if (rescan->is_trial)
		return ERR_OK;
	tx_note_case(store, unit->case_id);
	return db_do(store->db, STMT_RESCAN_CASE_ADD,
	    ARGS(val_int(rescan->id), val_text(unit->case_id),
		val_text(unit->org_id), val_int(is_new), val_int(is_lost),
		val_int(is_changed)),
	    NULL);
}

int
rescan_job_rules(
    struct store *store, const char *job_id, enum rescan_rules *ret_rules)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, store->db, STMT_JOB_RULES_STALE, ARGS(val_text(job_id)));

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	*ret_rules = err == ERR_NOT_FOUND    ? RESCAN_RULES_NOW
		     : query_int(&q, 0) != 0 ? RESCAN_RULES_BEFORE
					     : RESCAN_RULES_OLD;
	return ERR_OK;
}

int
ruleset_used(struct request *r)
{
	const struct value rules_at = val_int(param_int(r, 0));
	int64_t changes;
	int err = db_do(r->store->db, STMT_RULES_USED,
	    ARGS(rules_at, val_int(loop_wall_us())), NULL);

	if (err == ERR_OK)
		err = db_do(
		    r->store->db, STMT_RULES_HELD_GO, ARGS(rules_at), &changes);
	if (err == ERR_OK && changes > 0)
		tx_note_jobs(r->store);
	return err;
}
