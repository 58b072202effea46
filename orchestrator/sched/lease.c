/* SPDX-License-Identifier: Apache-2.0 */
/* lease.c - leasing jobs for free places. */
#include "sched/lease.h"

#include "lib/log.h"
#include "lib/own.h"

#include "sched/job.h"
#include "sched/run.h"
#include "sched/triage.h"
#include "sched/worker.h"

/* The store says when jobs come; this is for what was missed. */
#define LOOK_MS ((uint64_t)5000)
/* Jobs whose JOB_DONE is not answered; more would only queue in the store. */
#define JOBS_MAX ((size_t)256)

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
	/* A full answer means that there may be more. */
	if (err == ERR_OK && (ask->is_again || ask->got == ask->asked))
		lease_soon(ask->sched);
}

static void
ask_for(
    struct sched *sched, enum lease_lane lane, const char *kinds, size_t count)
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
	(void)calls_start(
	    sched->calls, CALL_JOB_LEASE, 0, &params, -1, on_row, on_end, ask);
}

static void
on_timer(void *arg)
{
	struct sched *sched = arg;

	sched->lease.timer = NULL;
	lease_now(sched);
}

static void
set_timer(struct sched *sched, uint64_t delay_ms)
{
	loop_timer_cancel(sched->lease.timer);
	sched->lease.timer =
	    loop_timer(sched->program.loop, delay_ms, on_timer, sched);
}

static void
lease_now(struct sched *sched)
{
	const size_t held_max = sched->places_max + sched->prefetch;
	const size_t runs = run_places(sched);
	uint64_t now_ms = loop_now_ms();
	char kinds[512];
	size_t room;

	if (sched->is_stopping || !calls_is_connected(sched->calls))
		return;
	if (now_ms < sched->lease.not_before_ms) {
		set_timer(sched, sched->lease.not_before_ms - now_ms);
		return;
	}
	set_timer(sched, LOOK_MS);
	if (sched->job_count >= JOBS_MAX)
		return;
	/* Each JOB_LEASE is a transaction: many jobs at once, while those
	 * that wait here keep the places busy. */
	room = held_max + sched->pool.runs;
	room = room > sched->held_count ? room - sched->held_count : 0;
	if (room >= sched->prefetch / 2) {
		worker_kinds(sched, kinds, sizeof(kinds));
		ask_for(sched, LEASE_ANALYSES, kinds, room);
	}
	ask_for(sched, LEASE_RUNS, "detonate", runs);
}

void
lease_soon(struct sched *sched)
{
	if (!sched->is_stopping)
		set_timer(sched, 0);
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
