/* SPDX-License-Identifier: Apache-2.0 */
/* lease.c - leasing jobs for free places. */
#include "sched/lease.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/pack.h"

#include "sched/job.h"
#include "sched/pack.h"
#include "sched/run.h"
#include "sched/triage.h"
#include "sched/worker.h"

/* The store says when jobs come; this is for what was missed. */
#define LOOK_MS ((uint64_t)5000)
/* Jobs whose JOB_DONE is not answered; more would only queue in the store. */
#define JOBS_MAX ((size_t)12288)
/*
 * What one JOB_LEASE asks for: little where nothing is held, so that work
 * begins soon, and much where there is time.
 */
#define ASK_FIRST ((size_t)512)
#define ASK_MAX	  ((size_t)2048)

static void lease_now(struct sched *sched);

static void
on_row(void *arg, const struct values *row)
{
	struct lease_ask *ask = arg;
	struct job *job = job_new(ask->sched, row);

	ask->got++;
	log_line(LOG_DEBUG, "msg=leased job=%s kind=%s attempt=%lld", job->id,
	    job->kind, (long long)job->attempt);
	if (ask->sched->is_stopping)
		job_release(job);
	else if (strcmp(job->kind, "detonate") == 0)
		run_begin(job);
	else
		triage_begin(job);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct lease_ask *ask = arg;

	if (fd != -1)
		(void)close(fd);
	ask->is_open = false;
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(LOG_WARN,
		    "msg=\"no jobs to be had\" error=%s "
		    "reason=\"%s\"",
		    err_name(err), why);
	if (ask->lane == LEASE_PACKS)
		triage_pump_packs(ask->sched);
	/* A full answer means that there may be more. */
	if (err == ERR_OK && (ask->is_again || ask->got == ask->asked))
		lease_soon(ask->sched);
}

static void
ask_for(struct sched *sched, enum lease_lane lane, const char *kinds,
    size_t count, size_t bytes)
{
	struct lease_ask *ask = &sched->lease.lanes[lane];
	struct values params;

	if (kinds[0] == '\0' || count == 0)
		return;
	if (ask->is_open) {
		ask->is_again = true;
		return;
	}
	*ask = (struct lease_ask){
	    .sched = sched,
	    .lane = lane,
	    .is_open = true,
	    .asked = count,
	};
	values_init(&params);
	values_add_text(&params, sched->worker_name);
	values_add_text(&params, kinds);
	values_add_int(&params, (int64_t)count);
	values_add_int(&params, (int64_t)bytes);
	values_add_int(&params, ruleset_in_use(sched));
	(void)calls_start(
	    sched->calls, CALL_JOB_LEASE, 0, &params, -1, on_row, on_end, ask);
}

static void
on_timer(void *arg)
{
	struct sched *sched = arg;

	sched->lease.timer = NULL;
	sched->lease.is_soon = false;
	lease_now(sched);
}

static void
set_timer(struct sched *sched, uint64_t delay_ms)
{
	loop_timer_cancel(sched->lease.timer);
	sched->lease.timer =
	    loop_timer(sched->program.loop, delay_ms, on_timer, sched);
}

/* The count of a kind; NULL where there are too many kinds to count. */
static size_t *
count_of(struct lease *lease, const char *kind)
{
	struct held_kind *k = lease->kinds;

	for (size_t i = 0; i < lease->kind_count; i++, k++) {
		if (strcmp(k->kind, kind) == 0)
			return &k->count;
	}
	if (lease->kind_count == LEASE_KINDS_MAX)
		return NULL;
	lease->kind_count++;
	(void)snprintf(k->kind, sizeof(k->kind), "%s", kind);
	k->count = 0;
	return &k->count;
}

static void
count(size_t *sum, size_t n, bool is_more)
{
	*sum = is_more ? *sum + n : *sum - n;
}

/* Those that are too large for a pack are few at a time. */
static size_t
pack_bytes(const struct job *job)
{
	if (job->size <= 0)
		return 0;
	return (uint64_t)job->size < PACK_ITEM_BYTES_MAX
		   ? (size_t)job->size
		   : (size_t)PACK_ITEM_BYTES_MAX;
}

void
lease_hold(struct sched *sched, const struct job *job, bool is_held)
{
	struct held *held = &sched->lease.held;
	size_t *of_kind = count_of(&sched->lease, job->kind);

	if (of_kind != NULL)
		count(of_kind, 1, is_held);
	if (!job->is_packed) {
		count(&held->single, 1, is_held);
		return;
	}
	count(&held->packed, 1, is_held);
	count(&held->packed_bytes, pack_bytes(job), is_held);
}

size_t
lease_held_of(const struct sched *sched, const char *kind)
{
	const struct lease *lease = &sched->lease;

	for (size_t i = 0; i < lease->kind_count; i++) {
		if (strcmp(lease->kinds[i].kind, kind) == 0)
			return lease->kinds[i].count;
	}
	return 0;
}

/* Small jobs, many at a time: their packs are made of one answer. */
static void
lease_packed(struct sched *sched, const struct held *held)
{
	struct lease_ask *ask = &sched->lease.lanes[LEASE_PACKS];
	char kinds[512];

	if (ask->is_open) {
		ask->is_again = true;
		return;
	}
	if (held->packed > LEASE_PACKED_MAX / 3 * 2 ||
	    held->packed_bytes > LEASE_PACKED_BYTES / 3 * 2)
		return;
	worker_kinds(sched, true, kinds, sizeof(kinds));
	ask_for(sched, LEASE_PACKS, kinds,
	    held->packed == 0 ? ASK_FIRST : ASK_MAX,
	    LEASE_PACKED_BYTES - held->packed_bytes);
}

static void
lease_now(struct sched *sched)
{
	const size_t held_max =
	    sched->places_max + sched->prefetch + sched->pool.runs;
	const size_t runs = run_places(sched);
	uint64_t now_ms = loop_now_ms();
	const struct held *held = &sched->lease.held;
	char kinds[512];

	if (sched->is_stopping || !calls_is_connected(sched->calls))
		return;
	if (now_ms < sched->lease.not_before_ms) {
		set_timer(sched, sched->lease.not_before_ms - now_ms);
		return;
	}
	set_timer(sched, LOOK_MS);
	if (sched->job_count >= JOBS_MAX)
		return;
	lease_packed(sched, held);
	/* Each JOB_LEASE is a transaction: many jobs at once, while those
	 * that wait here keep the places busy. */
	if (held->single < held_max &&
	    held_max - held->single >= sched->prefetch / 2) {
		worker_kinds(sched, false, kinds, sizeof(kinds));
		ask_for(
		    sched, LEASE_ANALYSES, kinds, held_max - held->single, 0);
	}
	ask_for(sched, LEASE_RUNS, "detonate", runs, 0);
}

void
lease_soon(struct sched *sched)
{
	if (!sched->is_stopping && !sched->lease.is_soon) {
		sched->lease.is_soon = true;
		set_timer(sched, 0);
	}
}

void
lease_back_off(struct sched *sched, uint64_t delay_ms)
{
	uint64_t until_ms = loop_now_ms() + delay_ms;

	if (until_ms > sched->lease.not_before_ms)
		sched->lease.not_before_ms = until_ms;
	lease_soon(sched);
}

void
lease_stop(struct sched *sched)
{
	loop_timer_cancel(sched->lease.timer);
	sched->lease.timer = NULL;
}
