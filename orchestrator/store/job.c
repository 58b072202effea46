/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - jobs: queued, taken back, given up; and what people order. */
#include "store/job.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/job_finish.h"
#include "store/rules.h"
#include "store/unseal.h"

#define OPTIONS_DEPTH 8
#define EXPIRE_MAX    256

int
job_add(struct store *store, const struct job_new *job, char ret_id[UUID_BYTES])
{
	char id[UUID_BYTES];
	int64_t changes;
	int err;

	uuid7(id);
	err = db_do(store->db, STMT_JOB_ADD,
	    ARGS(val_text(id), val_text(job->case_id),
		val_text(job->artefact_id), val_text(job->kind),
		val_text(job->options), val_text(job->requested_by),
		val_text(job->parent_job_id), val_int(loop_wall_us())),
	    &changes);
	if (err == ERR_OK && changes == 0)
		err = ERR_NOT_FOUND;
	if (err == ERR_OK && strcmp(job->kind, "detonate") == 0) {
		err = db_do(store->db, STMT_RUN_ADD, ARGS(val_text(id)), NULL);
		if (err == ERR_OK)
			err = stat_add(store, "runs", 1, job->case_id);
	}
	if (err != ERR_OK)
		return err;
	tx_note_jobs(store);
	tx_note_case(store, job->case_id);
	if (ret_id != NULL)
		memcpy(ret_id, id, sizeof(id));
	return ERR_OK;
}

static void
copy(char *dst, size_t dst_size, const struct query *q, int column)
{
	(void)snprintf(dst, dst_size, "%s", query_text(q, column));
}

static void
fill(struct attempt *a, const struct query *q)
{
	copy(a->job_id, sizeof(a->job_id), q, 0);
	a->number = query_int(q, 1);
	copy(a->org_id, sizeof(a->org_id), q, 2);
	copy(a->case_id, sizeof(a->case_id), q, 3);
	copy(a->artefact_id, sizeof(a->artefact_id), q, 4);
	copy(a->submission_id, sizeof(a->submission_id), q, 5);
	copy(a->kind, sizeof(a->kind), q, 6);
	a->depth = query_int(q, 7);
	a->findings = query_int(q, 8);
	a->children = query_int(q, 9);
	a->failures = query_int(q, 10);
	a->losses = query_int(q, 11);
	a->has_outcome = !query_is_null(q, 12);
	a->is_cancelled = query_int(q, 13) != 0;
}

int
attempt_find(struct request *r, const char *job_id, int64_t number,
    struct attempt *ret_attempt)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_ATTEMPT_LOAD,
	    ARGS(val_text(job_id), val_int(number)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT, "this attempt is over");
	if (err == ERR_OK)
		fill(ret_attempt, &q);
	return err;
}

int
attempt_load(struct request *r, struct attempt *ret_attempt)
{
	return attempt_find(r, param_text(r, 0), param_int(r, 1), ret_attempt);
}

int
attempt_sweep(struct store *store, const char *job_id, int64_t number)
{
	struct db *db = store->db;
	int err;

	err = db_do(db, STMT_SWEEP_FINDINGS,
	    ARGS(val_text(job_id), val_int(number)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_SWEEP_BLOBS,
		    ARGS(val_text(job_id), val_int(number),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_SWEEP_ARTEFACTS,
		    ARGS(val_text(job_id), val_int(number)), NULL);
	return err;
}

static int
requeue(struct store *store, const struct attempt *a, enum loss loss,
    const char *reason)
{
	static const char *const outcomes[] = {"failed", "lost", "released"};
	int64_t now = loop_wall_us();
	int err = ERR_OK;

	if (a->findings > 0 || a->children > 0)
		err = attempt_sweep(store, a->job_id, a->number);
	if (err == ERR_OK && strcmp(a->kind, "rules") == 0)
		err = rules_job_sweep(store, a->job_id);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ATTEMPT_END,
		    ARGS(val_text(a->job_id), val_int(a->number),
			val_text(outcomes[loss]), val_text(reason),
			val_int(now), val_null()),
		    NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_JOB_REQUEUE,
		    ARGS(val_text(a->job_id), val_int(a->number),
			val_int(loss == LOSS_FAILED),
			val_int(loss == LOSS_LOST), val_text(reason)),
		    NULL);
	if (err == ERR_OK)
		err = job_copy_gone(store, a);
	tx_note_jobs(store);
	tx_note_case(store, a->case_id);
	return err;
}

int
attempt_lose(struct store *store, const struct attempt *a, enum loss loss,
    const char *reason)
{
	struct job_outcome outcome = {
	    .state = a->is_cancelled ? "cancelled" : "failed",
	    .reason = reason,
	    .engine = "",
	};
	bool is_parked =
	    a->is_cancelled ||
	    (loss == LOSS_FAILED && a->failures + 1 >= LIMIT_ATTEMPTS) ||
	    (loss == LOSS_LOST && a->losses + 1 >= JOB_LOSSES_MAX);

	if (!is_parked)
		return requeue(store, a, loss, reason);
	log_line(LOG_WARN, "msg=\"job parked\" job=%s kind=%s attempt=%lld",
	    a->job_id, a->kind, (long long)a->number);
	return job_finish(store, a, &outcome);
}

int
case_settle(struct store *store, const char *case_id)
{
	struct job_new job = {
	    .case_id = case_id,
	    .kind = "report",
	    .options = "{}",
	};
	int64_t changes = 0;
	int err = unseal_settle(store, case_id);

	if (err == ERR_OK)
		err = db_do(store->db, STMT_CASE_SETTLE,
		    ARGS(val_text(case_id)), &changes);
	if (err != ERR_OK || changes == 0)
		return err;
	return job_add(store, &job, NULL);
}

/*
 * Ends leases: those that ran out before `until`.  Attempts are read first,
 * because ending one changes what is read.
 */
static int
expire(
    struct store *store, int64_t until, const char *reason, size_t *ret_count)
{
	static struct attempt lost[EXPIRE_MAX];
	AUTO(query) q = {0};
	size_t count = 0;
	int err = query_start(&q, store->db, STMT_JOBS_EXPIRED,
	    ARGS(val_int(until), val_int(EXPIRE_MAX)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		fill(&lost[count++], &q);
	if (err != ERR_EOF)
		return err;
	query_release(&q);
	err = ERR_OK;
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = attempt_lose(store, &lost[i], LOSS_LOST, reason);
	*ret_count = count;
	return err;
}

static void
expire_all(struct store *store, int64_t until, const char *reason)
{
	size_t count = EXPIRE_MAX;
	int err = ERR_OK;

	while (err == ERR_OK && count == EXPIRE_MAX) {
		err = tx_begin(store, ROLE_STORE);
		if (err != ERR_OK)
			break;
		err = expire(store, until, reason, &count);
		tx_end(store, err == ERR_OK);
	}
	if (err != ERR_OK)
		log_line(LOG_WARN, "msg=\"cannot end leases\" reason=\"%s\"",
		    store->db->why);
}

void
jobs_expire(struct store *store)
{
	expire_all(store, loop_wall_us(), "the lease ran out");
}

void
jobs_forget_worker(struct store *store)
{
	expire_all(store, INT64_MAX, "the scheduler ended");
}

/* A job that the principal may see; its case, organisation and state. */
struct job_seen {
	char case_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char state[16];
	char kind[64];
};

static int
see(struct request *r, struct job_seen *ret_job)
{
	AUTO(query) q = {0};
	int err = request_query(
	    &q, r, STMT_JOB_FIND, ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such job");
	if (err != ERR_OK)
		return err;
	copy(ret_job->case_id, sizeof(ret_job->case_id), &q, 0);
	copy(ret_job->org_id, sizeof(ret_job->org_id), &q, 1);
	copy(ret_job->state, sizeof(ret_job->state), &q, 2);
	copy(ret_job->kind, sizeof(ret_job->kind), &q, 3);
	return ERR_OK;
}

int
job_retry(struct request *r)
{
	const char *id = param_text(r, 0);
	struct job_seen job;
	struct audit_object object = {"job", id, job.org_id};
	struct values row;
	int64_t changes;
	int err = see(r, &job);

	if (err != ERR_OK)
		return err;
	if (strcmp(job.kind, "rules") == 0)
		return request_why(r, ERR_CONFLICT,
		    "its rule-set version is final; send the rules again with "
		    "`loep rules add`");
	err = db_do(r->store->db, STMT_JOB_RETRY, ARGS(val_text(id)), &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    "the job is %s; failed, "
		    "partial and cancelled ones can be tried again, where "
		    "the artefact is not restricted",
		    job.state);
	if (err == ERR_OK)
		err = audit_by(r, "job.retried", &object,
		    json_pack("{s:s,s:s}", "kind", job.kind, "was", job.state));
	if (err != ERR_OK)
		return err;
	tx_note_jobs(r->store);
	tx_note_case(r->store, job.case_id);
	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}

int
job_cancel(struct request *r)
{
	const char *id = param_text(r, 0);
	struct job_seen job;
	struct audit_object object = {"job", id, job.org_id};
	int64_t changes;
	int err = see(r, &job);

	if (err != ERR_OK)
		return err;
	/* One that runs hears of it with its next heartbeat. */
	err = db_do(r->store->db, STMT_JOB_CANCEL,
	    ARGS(val_text(id), val_int(loop_wall_us()),
		val_text("cancelled by request")),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "the job is %s already", job.state);
	if (err == ERR_OK)
		err = audit_by(r, "job.cancelled", &object,
		    json_pack("{s:s}", "kind", job.kind));
	if (err == ERR_OK && strcmp(job.kind, "rules") == 0 &&
	    strcmp(job.state, "queued") == 0)
		err = rules_job_finish(r->store, id,
		    &(struct job_outcome){
			.state = "cancelled",
			.reason = "cancelled by request",
			.engine = "",
		    });
	if (err == ERR_OK)
		err = case_settle(r->store, job.case_id);
	tx_note_case(r->store, job.case_id);
	return err;
}

/* Options of a run, checked and canonical; the caller frees. */
static int
read_options(struct request *r, char **ret_text)
{
	const char *text = param_text(r, 1);
	auto_json json_t *options = NULL;
	const char *network;

	if (text[0] == '\0')
		text = "{}";
	if (json_parse(text, strlen(text), LIMIT_TEXT_BYTES, OPTIONS_DEPTH,
		&options) != ERR_OK ||
	    !json_is_object(options))
		return request_why(r, ERR_FORMAT,
		    "\"options\" is a JSON "
		    "object");
	network = json_member_text(options, "network", "simulated");
	if (strcmp(network, "simulated") != 0 && strcmp(network, "none") != 0)
		return request_why(r, ERR_DENIED,
		    "\"network\" is none or "
		    "simulated; a route to the real one is not configured");
	*ret_text = json_canonical(options);
	return ERR_OK;
}

int
run_create(struct request *r)
{
	auto_free char *options = NULL;
	char id[UUID_BYTES], case_id[UUID_BYTES], org_id[UUID_BYTES];
	struct audit_object object = {"run", id, org_id};
	struct job_new job = {
	    .case_id = case_id,
	    .artefact_id = param_text(r, 0),
	    .kind = "detonate",
	    .requested_by = r->principal.account_id,
	};
	AUTO(query) q = {0};
	struct values row;
	int err = read_options(r, &options);

	if (err == ERR_OK)
		err = request_query(&q, r, STMT_ARTEFACT_FIND,
		    ARGS(WHO(r), val_text(job.artefact_id)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such artefact");
	if (err != ERR_OK)
		return err;
	if (strcmp(query_text(&q, 6), "none") != 0)
		return request_why(r, ERR_CONFLICT,
		    "the artefact is restricted (%s)", query_text(&q, 6));
	copy(case_id, sizeof(case_id), &q, 0);
	copy(org_id, sizeof(org_id), &q, 1);
	job.options = options;
	err = job_add(r->store, &job, id);
	if (err == ERR_OK)
		err = audit_by(r, "run.requested", &object,
		    json_pack("{s:s,s:s}", "artefact", job.artefact_id, "case",
			case_id));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}
