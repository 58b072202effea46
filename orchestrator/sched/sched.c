/* SPDX-License-Identifier: Apache-2.0 */
/* sched.c - the scheduler's start, its peers and its end. */
#include "sched/sched.h"

#include "lib/log.h"
#include "lib/own.h"

#include "sched/ends.h"
#include "sched/job.h"
#include "sched/proof.h"
#include "sched/triage.h"
#include "sched/unseal.h"
#include "sched/worker.h"

/* How often leases are looked at for their heartbeat. */
#define BEAT_LOOK_MS ((uint64_t)1000)
/* How long jobs that were given back may take at the end. */
#define STOP_MS ((uint64_t)2000)
/* How long a pool may take to show its profiles after a start. */
#define POOL_SETTLE_MS 30000
/* Jobs that wait beside those that run, so that places never stand empty. */
/* An hour; more is no bound. */
#define RULE_COST_MS_MAX 3600000
#define PREFETCH	 24

static const struct cage cage = {
    .name = "sched",
    .groups = CAGE_MEMFD, /* the pipes that records come through */
    .files_max = 4096,
};

static void
on_beat(void *arg)
{
	struct sched *sched = arg;

	sched->beat_timer =
	    loop_timer(sched->program.loop, BEAT_LOOK_MS, on_beat, sched);
	if (calls_is_connected(sched->calls))
		job_beat_all(sched);
}

/* --- the store --- */

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	struct sched *sched = arg;

	(void)chan;
	return calls_handle(sched->calls, msg);
}

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	struct sched *sched = arg;
	char what[32];

	(void)chan;
	wire_get_str(&msg->in, what, sizeof(what));
	if (strcmp(what, "jobs") == 0) {
		lease_soon(sched);
		grams_soon(&sched->grams);
	} else if (strcmp(what, "orders") == 0)
		pool_fetch_orders(&sched->pool);
	else if (strcmp(what, "rules") == 0)
		ruleset_fetch_soon(sched);
	else if (strcmp(what, "rescans") == 0)
		rescan_soon(sched);
	else if (strcmp(what, "proofs") == 0)
		proof_fetch(sched);
	return ERR_OK;
}

static void
drop_all(struct sched *sched)
{
	struct job *job;

	/* The leases are the store's: it gives the jobs out again. */
	while ((job = TAILQ_FIRST(&sched->jobs)) != NULL)
		job_drop(job);
}

static void
on_store_gone(void *arg, struct chan *chan, int err)
{
	struct sched *sched = arg;

	if (err == ERR_PEER)
		program_blame(
		    &sched->program, chan, "broke the protocol of calls");
	log_line(LOG_WARN, "msg=\"the store is gone\"");
	if (sched->store == chan) {
		sched->store = NULL;
		drop_all(sched);
		rescan_drop(sched);
		calls_set_chan(sched->calls, NULL);
		ruleset_forget(sched);
		for (size_t i = 0; i < LEASE_LANE_COUNT; i++)
			sched->lease.lanes[i].is_open = false;
	}
	chan_free(chan);
}

static void
attach_store(struct sched *sched, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_CALL_ROWS, on_answer},
	    {MSG_CALL_END, on_answer},
	    {MSG_CHANGED, on_changed},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_store_gone,
	};

	if (sched->store != NULL)
		on_store_gone(sched, sched->store, ERR_EOF);
	sched->store = chan;
	chan_set_ops(chan, &ops, sched);
	calls_set_chan(sched->calls, chan);
	worker_report_all(sched);
	pool_report_all(&sched->pool);
	ruleset_fetch(sched);
	rescan_soon(sched);
	index_report(&sched->index);
	lease_soon(sched);
	grams_soon(&sched->grams);
}

/* --- start and end --- */

static void
on_peer(void *arg, struct chan *chan)
{
	struct sched *sched = arg;

	switch (chan_peer(chan)) {
	case ROLE_STORE:
		attach_store(sched, chan);
		return;
	case ROLE_ANALYSER:
		worker_attach(sched, chan);
		return;
	case ROLE_INDEX:
		index_attach(&sched->index, chan);
		return;
	case ROLE_PGP:
		unseal_attach(sched, chan);
		return;
	case ROLE_VM:
		pool_attach(&sched->pool, chan);
		return;
	default:
		chan_free(chan);
	}
}

static void
on_stop_time(void *arg)
{
	struct sched *sched = arg;

	sched->stop_timer = NULL;
	if (TAILQ_EMPTY(&sched->jobs) || loop_now_ms() >= sched->stop_ms)
		loop_stop(sched->program.loop);
	else
		sched->stop_timer =
		    loop_timer(sched->program.loop, 10, on_stop_time, sched);
}

static void
on_stop(void *arg)
{
	struct sched *sched = arg;
	struct job *job;

	if (sched->is_stopping)
		return;
	sched->is_stopping = true;
	rescan_drop(sched);
	lease_stop(sched);
	grams_drop(&sched->grams);
	ends_flush(sched);
	TAILQ_FOREACH (job, &sched->jobs, entry)
		job_release(job);
	sched->stop_ms = loop_now_ms() + STOP_MS;
	on_stop_time(sched);
}

static void
configure(struct sched *sched)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t workers = program_conf_int(&sched->program, "workers", 0);
	int64_t seconds = program_conf_int(
	    &sched->program, "job_seconds", LIMIT_ANALYSER_SECONDS);
	int64_t settle_ms =
	    program_conf_int(&sched->program, "pool_settle_ms", POOL_SETTLE_MS);
	int64_t rule_ms = program_conf_int(&sched->program, "rule_cost_ms", 0);

	if (workers <= 0 || workers > 128)
		workers = (processors > 0 ? processors : 1) + 1;
	sched->places_max = (size_t)workers;
	sched->prefetch = PREFETCH;
	sched->job_seconds = seconds > 0 && seconds < 86400
				 ? (uint32_t)seconds
				 : LIMIT_ANALYSER_SECONDS;
	sched->rule_cost_ms =
	    rule_ms > 0 && rule_ms <= RULE_COST_MS_MAX ? (uint32_t)rule_ms : 0;
	(void)snprintf(sched->worker_name, sizeof(sched->worker_name),
	    "sched-%d", (int)getpid());
	pool_init(&sched->pool, sched, (uint64_t)settle_ms);
}

int
sched_main(void)
{
	static const struct program_ops ops = {
	    .peer = on_peer,
	    .stop = on_stop,
	};
	static struct sched sched;

	TAILQ_INIT(&sched.workers);
	TAILQ_INIT(&sched.jobs);
	TAILQ_INIT(&sched.waiting);
	TAILQ_INIT(&sched.outputs_waiting);
	ruleset_init(&sched.ruleset);
	rescan_init(&sched.rescan, &sched);
	TAILQ_INIT(&sched.packs);
	ends_init(&sched);
	program_start(&sched.program, ROLE_SCHED, "loep-sched");
	configure(&sched);
	sched.calls = calls_new(sched.program.loop);
	sched.pgp = pgp_asks_new(sched.program.loop);
	index_init(&sched.index, &sched);
	grams_init(&sched.grams, &sched);
	program_enter_cage(&sched.program, &cage);
	on_beat(&sched);
	program_run(&sched.program, &ops, &sched);
	return 0;
}
