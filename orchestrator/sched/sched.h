/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.h - the scheduler's state, and who is at the other ends.
 *
 * Nothing here outlives the process: jobs, leases and results are the store's.
 * What this process knows is which jobs it holds now, and for how long.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "lib/call.h"
#include "lib/chan.h"
#include "lib/limits.h"
#include "lib/program.h"

#include "sched/grams.h"
#include "sched/index.h"
#include "sched/lease.h"
#include "sched/pool.h"
#include "sched/rescan.h"
#include "sched/ruleset.h"
#include "sched/tally.h"

#include <sys/queue.h>

struct job;
struct pgp_asks;
struct outputs;
struct pack;
struct worker;

TAILQ_HEAD(job_list, job);
TAILQ_HEAD(outputs_queue, outputs);
TAILQ_HEAD(pack_list, pack);
TAILQ_HEAD(worker_list, worker);

/* What the store or the vault cannot do now: job_trouble(). */
struct trouble {
	uint64_t results;      /* jobs that ended with a result so far */
	uint64_t results_seen; /* of them, at the last trouble */
	uint64_t back_off_ms;
	uint64_t until_ms;
};

/* Ends of jobs that are not sent yet (ends.h). */
struct ends {
	struct wire_out list;
	struct job **jobs;
	size_t count;
	struct loop_timer *timer;
};

TAILQ_HEAD(triage_list, triage);

struct sched {
	struct program program;
	struct chan *store; /* NULL while there is none */
	struct calls *calls;
	struct pgp_asks *pgp;	    /* questions to loep-pgp */
	struct chan *pgp_chan;	    /* NULL while there is none */
	struct worker_list workers; /* the analysers that are connected */
	struct job_list jobs;	    /* every job that is leased */
	size_t job_count;
	size_t held_count; /* of them, those whose work is not over */
	size_t places_max; /* analyses at a time, of all analysers */
	size_t places_used;
	size_t prefetch;       /* further jobs that are leased and wait */
	uint32_t job_seconds;  /* time of an analyser for a small artefact */
	uint32_t rule_cost_ms; /* what a rule may take; 0 = anything */
	/* Children that are being written, of all jobs (output.h). */
	size_t outputs_open;
	struct outputs_queue outputs_waiting;
	struct loop_timer *outputs_timer;
	struct lease lease;
	bool is_stopping;
	struct pack_list packs;
	struct ends ends;
	struct loop_timer *pump_timer; /* triage_pump() was called */
	bool has_to_look;	       /* it was, for all jobs */
	struct triage_list waiting;    /* without a pack, for a place */
	struct loop_timer *beat_timer;
	struct loop_timer *stop_timer;
	uint64_t stop_ms;     /* when to end, whatever is still open */
	char worker_name[64]; /* what this process calls itself in leases */
	struct ruleset ruleset;
	struct rescan rescan;
	struct pool pool;
	struct tally tally;
	struct trouble trouble;
	struct index_link index;
	struct grams grams;
};

/* The scheduler's whole life; the result is main()'s. */
int sched_main(void);

#endif
