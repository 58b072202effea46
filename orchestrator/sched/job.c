/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - the life of a leased job. */
#include "sched/job.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include "sched/batch.h"
#include "sched/ends.h"
#include "sched/lease.h"
#include "sched/pack.h"
#include "sched/unseal.h"

/* Far more often than the lease needs: a beat is also how one hears that the
 * job was cancelled. */
#define BEAT_MS ((uint64_t)LIMIT_LEASE_SECONDS * 1000 / 12)
/* Trouble in the store or vault: other jobs would meet it as well.  The time
 * doubles as long as nothing succeeds. */
#define BACK_OFF_MS	((uint64_t)2000)
#define BACK_OFF_MS_MAX ((uint64_t)8000)
/* Leases of a job that only ever met trouble: about a day of it. */
#define TROUBLE_ATTEMPTS_MAX 10000
#define OPTIONS_DEPTH	     ((size_t)16)
/* JOB_DONE must fit in one message. */
#define REASON_BYTES_MAX ((size_t)1024)
#define RESULT_BYTES_MAX (32 * KIB)
#define NEXT_BYTES_MAX	 ((size_t)16000)

static int
column(const char *name)
{
	return call_column(CALL_JOB_LEASE, name);
}

static void
text(const struct values *row, const char *name, char *dst, size_t size)
{
	(void)values_text(row, (size_t)column(name), dst, size);
}

static void
take_name(struct job *job, const struct values *row)
{
	const uint8_t *p;
	size_t len;

	p = values_bytes(row, (size_t)column("name"), &len);
	job->name = xmemdup(p == NULL ? (const void *)"" : p, len);
	job->name_len = len;
	p = values_bytes(row, (size_t)column("sha256"), &len);
	for (size_t i = 0; i < len && i < 32; i++)
		(void)snprintf(job->sha256 + 2 * i, 3, "%02x", p[i]);
}

static json_t *
take_options(const struct values *row)
{
	auto_free char *options =
	    values_text_dup(row, (size_t)column("options"));
	json_t *json;

	if (strcmp(options, "{}") == 0)
		return json_object();
	if (json_parse(options, strlen(options), LIMIT_MSG_BYTES, OPTIONS_DEPTH,
		&json) != ERR_OK)
		return json_object();
	if (!json_is_object(json)) {
		json_decref(json);
		return json_object();
	}
	return json;
}

struct job *
job_new(struct sched *sched, const struct values *row)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->sched = sched;
	job->refs = 1;
	job->beat_ms = loop_now_ms();
	text(row, "job", job->id, sizeof(job->id));
	job->attempt = values_int(row, (size_t)column("attempt"));
	text(row, "kind", job->kind, sizeof(job->kind));
	job->is_sealed = unseal_is_kind(job->kind);
	job->is_packed = pack_is_kind(job->kind);
	text(row, "case", job->case_id, sizeof(job->case_id));
	text(row, "org", job->org, sizeof(job->org));
	text(row, "submission", job->submission, sizeof(job->submission));
	text(row, "artefact", job->artefact, sizeof(job->artefact));
	job->size = values_int(row, (size_t)column("size"));
	text(row, "mime", job->mime, sizeof(job->mime));
	job->magic = values_text_dup(row, (size_t)column("magic"));
	job->depth = values_int(row, (size_t)column("depth"));
	job->rules_at = values_int(row, (size_t)column("rules_at"));
	text(row, "relation", job->relation, sizeof(job->relation));
	take_name(job, row);
	job->options = take_options(row);
	TAILQ_INSERT_TAIL(&sched->jobs, job, entry);
	sched->job_count++;
	sched->held_count++;
	lease_hold(sched, job, true);
	return job;
}

void
job_ref(struct job *job)
{
	job->refs++;
}

void
job_unref(struct job *job)
{
	if (--job->refs > 0)
		return;
	free(job->name);
	free(job->magic);
	json_decref(job->options);
	free(job);
}

/* The work on it is over: another job may be leased in its place. */
static void
unhold(struct job *job, enum job_state state)
{
	if (job->state == JOB_HELD) {
		job->sched->held_count--;
		lease_hold(job->sched, job, false);
		lease_soon(job->sched);
	}
	job->state = state;
}

static void
leave(struct job *job)
{
	struct sched *sched = job->sched;

	if (job->state == JOB_GONE)
		return;
	unhold(job, JOB_GONE);
	TAILQ_REMOVE(&sched->jobs, job, entry);
	sched->job_count--;
	job_unref(job);
}

static void
end_work(struct job *job)
{
	const struct job_ops *ops = job->ops;

	job->ops = NULL;
	if (ops != NULL)
		ops->free(job);
}

void
job_params(const struct job *job, struct values *params)
{
	values_init(params);
	values_add_text(params, job->id);
	values_add_int(params, job->attempt);
}

struct job_call {
	struct job *job;
	struct job_answer answer;
};

static void
on_row(void *arg, const struct values *row)
{
	struct job_call *call = arg;

	if (call->answer.row != NULL)
		call->answer.row(call->job, row);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct job_call *call = arg;

	if (call->answer.end != NULL)
		call->answer.end(call->job, err, why, fd);
	else if (fd != -1)
		(void)close(fd);
	job_unref(call->job);
}

void
job_call_fd(struct job *job, enum call_op op, const struct values *params,
    int fd, const struct job_answer *answer)
{
	struct job_call *call = xcalloc(1, sizeof(*call));

	call->job = job;
	call->answer = *answer;
	job_ref(job);
	(void)calls_start(
	    job->sched->calls, op, 0, params, fd, on_row, on_end, call);
}

void
job_call(struct job *job, enum call_op op, const struct values *params,
    call_row_fn *row, call_end_fn *end)
{
	job_call_fd(
	    job, op, params, -1, &(struct job_answer){.row = row, .end = end});
}

static void on_done(void *arg, enum err err, const char *why, int fd);

static void
send_release(struct job *job)
{
	struct values params;

	job_params(job, &params);
	job_call(job, CALL_JOB_RELEASE, &params, NULL, on_done);
}

static void
on_release_time(void *arg)
{
	struct job *job = arg;

	if (job->state == JOB_ENDING)
		send_release(job);
	job_unref(job);
}

void
job_left(struct job *job, enum err err, const char *why, int fd)
{
	if (fd != -1)
		(void)close(fd);
	/* A full disk: given back as soon as that can be written, rather than
	 * when the lease has run out. */
	if (err == ERR_NO_SPACE && job->state == JOB_ENDING &&
	    !job->sched->is_stopping) {
		job_ref(job);
		(void)loop_timer(job->sched->program.loop, BACK_OFF_MS,
		    on_release_time, job);
		return;
	}
	/* ERR_CONFLICT: the lease had run out and the job is another's. */
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(LOG_WARN,
		    "msg=\"the store refused a result\" job=%s "
		    "attempt=%lld error=%s reason=\"%s\"",
		    job->id, (long long)job->attempt, err_name(err), why);
	if (err == ERR_OK && job->is_good)
		job->sched->trouble.results++;
	leave(job);
}

static void
on_done(void *arg, enum err err, const char *why, int fd)
{
	job_left(arg, err, why, fd);
}

/* The JSON of a result, or of nothing where it would not fit. */
static char *
bounded(const json_t *json, const char *empty, size_t size_max)
{
	char *dumped = json == NULL ? xstrdup(empty) : json_canonical(json);

	if (strlen(dumped) <= size_max)
		return dumped;
	free(dumped);
	return xstrdup(empty);
}

/* First the call: what it says may belong to the work. */
static void
send_end(struct job *job, const struct ends_words *words)
{
	struct values params;

	job_params(job, &params);
	values_add_text(&params, words->outcome);
	values_add_int(&params, words->is_final);
	values_add_text(&params, words->reason);
	values_add_text(&params, words->engine);
	values_add_text(&params, words->result);
	values_add_text(&params, words->next);
	job_call(job, CALL_JOB_DONE, &params, NULL, on_done);
}

void
job_end(struct job *job, const struct job_end *end)
{
	auto_free char *result = bounded(end->result, "{}", RESULT_BYTES_MAX);
	auto_free char *next = bounded(end->next, "[]", NEXT_BYTES_MAX);
	auto_json json_t *reason = NULL;
	const char *text_of_reason = end->reason == NULL ? "" : end->reason;
	size_t len = strlen(text_of_reason);
	struct ends_words words = {
	    .outcome = end->outcome,
	    .is_final = end->is_final,
	    .engine = end->engine == NULL ? "" : end->engine,
	    .result = result,
	    .next = next,
	};

	if (job->state != JOB_HELD)
		return;
	unhold(job, JOB_ENDING);
	/* Reasons may quote foreign bytes: what goes out is UTF-8. */
	reason = record_text(
	    text_of_reason, len < REASON_BYTES_MAX ? len : REASON_BYTES_MAX);
	words.reason = json_string_value(reason);
	log_line(strcmp(end->outcome, "done") == 0 ? LOG_DEBUG : LOG_INFO,
	    "msg=\"job ended\" job=%s kind=%s attempt=%lld outcome=%s "
	    "final=%d reason=\"%s\"",
	    job->id, job->kind, (long long)job->attempt, end->outcome,
	    end->is_final, text_of_reason);
	job->is_good = strcmp(end->outcome, "done") == 0 ||
		       strcmp(end->outcome, "partial") == 0;
	if (end->batch != NULL)
		words.records = &end->batch->out;
	if (end->batch == NULL || !ends_add(job, &words)) {
		if (end->batch != NULL)
			batch_flush(end->batch);
		send_end(job, &words);
	}
	end_work(job);
}

void
job_release(struct job *job)
{
	if (job->state != JOB_HELD)
		return;
	unhold(job, JOB_ENDING);
	/* First the call: what it says may belong to the work. */
	send_release(job);
	end_work(job);
}

void
job_release_or_fail(struct job *job, const char *why)
{
	struct job_end end = {.outcome = "failed", .reason = why};

	/* What another program's death cost is not the job's fault, unless
	 * it happens to this job again and again. */
	if (tally_releases(&job->sched->tally, job->id) <= TALLY_RELEASES_MAX)
		job_release(job);
	else
		job_end(job, &end);
}

/*
 * Backs off, longer each time as long as no job succeeds.  True where that is
 * so: then it is the service that has a problem, not this job.
 */
static bool
is_everywhere(struct sched *sched)
{
	struct trouble *trouble = &sched->trouble;
	uint64_t now_ms = loop_now_ms();
	bool is_first = trouble->back_off_ms == 0 ||
			trouble->results != trouble->results_seen;

	if (is_first)
		trouble->back_off_ms = BACK_OFF_MS;
	else if (now_ms >= trouble->until_ms &&
		 trouble->back_off_ms < BACK_OFF_MS_MAX)
		trouble->back_off_ms *= 2;
	trouble->results_seen = trouble->results;
	trouble->until_ms = now_ms + trouble->back_off_ms;
	lease_back_off(sched, trouble->back_off_ms);
	return !is_first;
}

void
job_trouble(struct job *job, enum err err, const char *why)
{
	struct job_end end = {.outcome = "failed", .reason = why};

	switch (err) {
	case ERR_CONFLICT:
	case ERR_NOT_FOUND:
		job_drop(job);
		return;
	case ERR_UNAVAILABLE:
	case ERR_NO_SPACE:
	case ERR_AGAIN:
		if (is_everywhere(job->sched) &&
		    job->attempt < TROUBLE_ATTEMPTS_MAX)
			job_release(job);
		else
			job_release_or_fail(job, why);
		return;
	default:
		job_end(job, &end);
	}
}

void
job_drop(struct job *job)
{
	job_ref(job);
	end_work(job);
	leave(job);
	job_unref(job);
}

static void
on_beat_row(void *arg, const struct values *row)
{
	struct job *job = arg;

	if (values_int(row, 0) == 0 || job->state != JOB_HELD)
		return;
	log_line(LOG_INFO, "msg=\"job cancelled\" job=%s", job->id);
	if (job->ops != NULL)
		job->ops->cancel(job);
}

static void
on_beat_end(void *arg, enum err err, const char *why, int fd)
{
	struct job *job = arg;

	if (fd != -1)
		(void)close(fd);
	if (err == ERR_OK || err == ERR_UNAVAILABLE || job->state != JOB_HELD)
		return;
	log_line(LOG_WARN,
	    "msg=\"a lease was lost\" job=%s attempt=%lld "
	    "error=%s reason=\"%s\"",
	    job->id, (long long)job->attempt, err_name(err), why);
	job_drop(job);
}

void
job_beat(struct job *job, const char *phase, int progress)
{
	struct values params;

	if (job->state != JOB_HELD)
		return;
	job->beat_ms = loop_now_ms();
	if (phase != job->phase)
		(void)snprintf(job->phase, sizeof(job->phase), "%s", phase);
	job->progress = progress;
	job_params(job, &params);
	values_add_text(&params, job->phase);
	values_add_int(&params, progress);
	job_call(job, CALL_JOB_HEARTBEAT, &params, on_beat_row, on_beat_end);
}

void
job_beat_all(struct sched *sched)
{
	uint64_t now_ms = loop_now_ms();
	struct job *job;

	TAILQ_FOREACH (job, &sched->jobs, entry) {
		if (job->state == JOB_HELD && now_ms - job->beat_ms >= BEAT_MS)
			job_beat(job, job->phase, job->progress);
	}
}
