/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h - asks the store for as many jobs as there are places for.
 *
 * Three lanes, because their places differ: jobs that travel in packs (many,
 * as long as they are small), other analyses (children of analysers, with a
 * few jobs more so that none of them waits for the store), and runs (free
 * slots of the VM pool).
 */
#ifndef SCHED_LEASE_H
#define SCHED_LEASE_H

#include "lib/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct loop_timer;
struct sched;

/*
 * Jobs that may be held for packs, and what they may have (an artefact counts
 * once for each): about a second's work, since an answer of the store is behind
 * a commit, and that may have to wait for the disk.
 */
#define LEASE_PACKED_MAX   ((size_t)4096)
#define LEASE_PACKED_BYTES (128 * MIB)

enum lease_lane {
	LEASE_PACKS,
	LEASE_ANALYSES,
	LEASE_RUNS,
	LEASE_LANE_COUNT
};

struct lease_ask {
	struct sched *sched;
	enum lease_lane lane;
	bool is_open;  /* JOB_LEASE is not answered yet */
	bool is_again; /* something changed meanwhile */
	size_t asked;
	size_t got;
};

/* What is held for packs, and for analyses one by one. */
struct held {
	size_t packed;
	size_t packed_bytes;
	size_t single;
};

/* Jobs of one kind that are held. */
#define LEASE_KINDS_MAX 32

struct held_kind {
	char kind[32];
	size_t count;
};

struct lease {
	struct held held;
	struct held_kind kinds[LEASE_KINDS_MAX];
	size_t kind_count;
	struct lease_ask lanes[LEASE_LANE_COUNT];
	struct loop_timer *timer;
	bool is_soon;		/* the timer is for the end of this turn */
	uint64_t not_before_ms; /* back-off after trouble */
};

/* The job's work begins, or is over: counted, since thousands may be held. */
void lease_hold(struct sched *sched, const struct job *job, bool is_held);
/* Jobs of this kind that are held. */
size_t lease_held_of(const struct sched *sched, const char *kind);
/* Looks for jobs at the end of this turn of the event loop. */
void lease_soon(struct sched *sched);
/* Lets some time pass before jobs are asked for again. */
void lease_back_off(struct sched *sched, uint64_t delay_ms);
void lease_stop(struct sched *sched);

#endif
