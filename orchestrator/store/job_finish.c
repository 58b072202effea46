/* SPDX-License-Identifier: Apache-2.0 */
/* job_finish.c - an attempt becomes the outcome of its job. */
#include "store/job_finish.h"
#include "store/custody.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/facts.h"
#include "store/history.h"
#include "store/report.h"
#include "store/rules.h"
#include "store/unseal.h"

#define NEXT_MAX 1024

static bool
is_kind(const struct attempt *a, const char *kind)
{
	return strcmp(a->kind, kind) == 0;
}

/* What an earlier outcome of the same job had shown is replaced. */
static int
supersede(struct store *store, const struct attempt *a)
{
	int64_t hidden;
	int err = db_do(store->db, STMT_SUPERSEDE_JOBS,
	    ARGS(val_text(a->job_id), val_int(a->number),
		val_int(loop_wall_us())),
	    NULL);

	if (err == ERR_OK)
		err = db_do(store->db, STMT_SUPERSEDE_ARTEFACTS,
		    ARGS(val_text(a->job_id), val_int(a->number)), &hidden);
	if (err == ERR_OK && hidden > 0 && !is_kind(a, "report"))
		err = db_do(store->db, STMT_CASE_COUNT,
		    ARGS(val_text(a->case_id), val_int(-hidden)), NULL);
	return err;
}

static int
show_children(struct store *store, const struct attempt *a)
{
	int64_t shown;
	int err;

	err = db_do(store->db, STMT_CHILDREN_SHOW,
	    ARGS(val_text(a->job_id), val_int(a->number)), &shown);
	if (err != ERR_OK || is_kind(a, "report"))
		return err;
	err = db_do(store->db, STMT_CASE_COUNT,
	    ARGS(val_text(a->case_id), val_int(shown)), NULL);
	if (err == ERR_OK && shown > 0)
		err = stat_add(store, "artefacts", shown, a->case_id);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_CHILDREN_JOBS,
		    ARGS(val_text(a->job_id), val_int(a->number),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK && unseal_is_kind(a->kind))
		err = unseal_children(store, a);
	tx_note_jobs(store);
	return err;
}

static int
add_next(struct store *store, const struct attempt *a, const json_t *item)
{
	const char *artefact = json_member_text(item, "artefact", "");
	const char *kind = json_member_text(item, "kind", "");
	const json_t *options = json_object_get(item, "options");
	auto_free char *text = NULL;
	char id[UUID_BYTES];
	int64_t changes;
	int err;

	if (kind[0] == '\0' || (options != NULL && !json_is_object(options)))
		return ERR_FORMAT;
	if (unseal_is_kind(a->kind))
		return artefact[0] == '\0' ? unseal_next(store, a, kind)
					   : (int)ERR_FORMAT;
	if (unseal_is_kind(kind))
		return ERR_FORMAT;
	if (artefact[0] == '\0')
		artefact = a->artefact_id;
	text = options == NULL ? xstrdup("{}") : json_canonical(options);
	uuid7(id);
	err = db_do(store->db, STMT_JOB_ADD_NEXT,
	    ARGS(val_text(id), val_text(a->case_id), val_text(artefact),
		val_text(kind), val_text(text), val_text(a->job_id),
		val_int(loop_wall_us())),
	    &changes);
	/* A kind with strange letters is the asker's mistake. */
	if (err == ERR_CONFLICT)
		return ERR_FORMAT;
	if (err == ERR_OK && changes > 0 && strcmp(kind, "detonate") == 0) {
		err = db_do(store->db, STMT_RUN_ADD, ARGS(val_text(id)), NULL);
		if (err == ERR_OK)
			err = stat_add(store, "runs", 1, a->case_id);
	}
	tx_note_jobs(store);
	return err;
}

static int
add_all_next(struct store *store, const struct attempt *a, const json_t *next)
{
	const json_t *item;
	size_t i;
	int err = ERR_OK;

	if (next == NULL)
		return ERR_OK;
	if (json_array_size(next) > NEXT_MAX)
		return ERR_LIMIT;
	json_array_foreach(next, i, item)
	{
		err = add_next(store, a, item);
		if (err != ERR_OK)
			break;
	}
	return err;
}

static int
write_outcome(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome)
{
	int64_t now = loop_wall_us();
	int err;

	if (outcome->is_held)
		err = db_do(store->db, STMT_JOB_FINISH_HELD,
		    ARGS(val_text(a->job_id), val_int(a->number),
			val_text(outcome->reason), val_text(outcome->engine),
			val_text(outcome->result), val_int(now)),
		    NULL);
	else
		err = db_do(store->db, STMT_JOB_FINISH,
		    ARGS(val_text(a->job_id), val_int(a->number),
			val_text(outcome->state), val_text(outcome->reason),
			val_text(outcome->engine), val_text(outcome->result),
			val_int(now)),
		    NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ATTEMPT_END,
		    ARGS(val_text(a->job_id), val_int(a->number),
			val_text(outcome->state), val_text(outcome->reason),
			val_int(now), val_int(a->findings)),
		    NULL);
	if (err == ERR_OK && is_kind(a, "detonate"))
		err = db_do(store->db, STMT_RUN_FINISH,
		    ARGS(val_text(a->job_id), val_text(outcome->result)), NULL);
	return err;
}

/* The machine is gone, and with it the copy that was in it. */
int
job_copy_gone(struct store *store, const struct attempt *a)
{
	struct custody what = {
	    .artefact = a->artefact_id,
	    .org = a->org_id,
	    .case_id = a->case_id,
	};
	uint8_t sha256[SHA256_BYTES];
	AUTO(query) q = {0};
	size_t len;
	int err;

	if (unseal_is_kind(a->kind))
		return unseal_copy_gone(store, a);
	if (!is_kind(a, "detonate"))
		return ERR_OK;
	err = query_one(&q, store->db, STMT_RUN_COPIED,
	    ARGS(val_text(a->artefact_id), val_text(a->job_id),
		val_int(a->number)));
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	what.sha256 = query_bytes(&q, 0, &len);
	if (len != SHA256_BYTES)
		return ERR_FORMAT;
	memcpy(sha256, what.sha256, sizeof(sha256));
	what.sha256 = sha256;
	what.size = query_int(&q, 1);
	query_release(&q);
	return custody_own(store, "destroyed_copy", &what,
	    json_pack("{s:s,s:I}", "job", a->job_id, "attempt",
		(json_int_t)a->number));
}

static int
apply_facts(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome)
{
	if (a->findings == 0 || !is_kind(a, "identify"))
		return ERR_OK;
	if (outcome->facts != NULL)
		return facts_write(store, a, outcome->facts);
	return facts_apply(store, a);
}

static int
apply_score(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome)
{
	bool may_change =
	    a->has_outcome || (a->findings > 0 && !outcome->is_scoreless);

	if (a->artefact_id[0] == '\0' || !may_change)
		return ERR_OK;
	return db_do(store->db, STMT_ARTEFACT_SCORE,
	    ARGS(val_text(a->artefact_id)), NULL);
}

int
job_finish_one(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome)
{
	int err = ERR_OK;

	if (a->has_outcome)
		err = supersede(store, a);
	if (err == ERR_OK)
		err = write_outcome(store, a, outcome);
	if (err == ERR_OK)
		err = job_copy_gone(store, a);
	if (err == ERR_OK && a->children > 0)
		err = show_children(store, a);
	if (err == ERR_OK)
		err = apply_facts(store, a, outcome);
	if (err == ERR_OK)
		err = apply_score(store, a, outcome);
	if (err == ERR_OK)
		err = add_all_next(store, a, outcome->next);
	if (err == ERR_OK && is_kind(a, "rules"))
		err = rules_job_finish(store, a->job_id, outcome);
	if (err == ERR_OK && is_kind(a, "report") &&
	    strcmp(outcome->state, "done") == 0)
		err = report_finish(store, a);
	tx_note_case(store, a->case_id);
	return err;
}

bool
job_changes_case(const struct attempt *a)
{
	return !is_kind(a, "report");
}

int
job_finish_case(struct store *store, const char *case_id, bool is_changed)
{
	int err = ERR_OK;

	if (is_changed)
		err = db_do(store->db, STMT_CASE_CHANGED,
		    ARGS(val_text(case_id)), NULL);
	return err == ERR_OK ? case_settle(store, case_id) : err;
}

int
job_finish(struct store *store, const struct attempt *a,
    const struct job_outcome *outcome)
{
	int err = job_finish_one(store, a, outcome);

	if (err != ERR_OK)
		return err;
	return job_finish_case(store, a->case_id, job_changes_case(a));
}
