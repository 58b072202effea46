/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - the slots, the runs that wait for them, and the messages about
 * both.  All of it is the main thread's.
 */
#ifndef VM_POOL_H
#define VM_POOL_H

#include "lib/program.h"
#include "vm/worker.h"

#define POOL_SLOTS_MAX ((size_t)32)
/* Runs that may wait for a slot at a time. */
#define POOL_ORDERS_MAX ((size_t)64)

struct pool_order {
	TAILQ_ENTRY(pool_order) entry;
	struct chan *chan;
	struct run_order *order;
	bool is_ready; /* RUN_GO came */
};

TAILQ_HEAD(pool_orders, pool_order);

struct pool {
	struct program *program;
	struct chan *sched;
	struct chan *simnet;
	struct profile profiles[PROFILES_MAX];
	size_t profile_count;
	const char *image_dir;
	/* Told of each guest image that cannot be used. */
	void (*on_bad)(const char *name, const char *why);
	struct worker workers[POOL_SLOTS_MAX];
	size_t slots;
	bool is_prepared; /* the workers may begin */
	bool is_kvm;
	char accel_why[256];
	struct pool_orders orders;
	size_t order_count;
	struct notes notes;
	struct loop_timer *retry;
};

void pool_init(struct pool *pool, struct program *program);
/* A channel to sched or simnet is there (again). */
void pool_peer(struct pool *pool, struct chan *chan);
/* Looks for guest images; only while there is none, or before the start. */
void pool_find_profiles(struct pool *pool);
/* Everything is prepared: build the slots. */
void pool_begin(struct pool *pool);
/* Looks for what can be done now. */
void pool_schedule(struct pool *pool);
/* Stops the workers; their machines are gone when it returns. */
void pool_stop(struct pool *pool);

/* --- pool_order.c: the messages of sched --- */

extern const struct chan_ops pool_sched_ops;
/* Sends RUN_END for a run that never got a slot, and forgets it. */
void pool_refuse(struct pool *pool, struct pool_order *order,
    enum run_outcome outcome, const char *why);
void pool_send_end(
    struct pool *pool, uint32_t request, const struct run_result *result);
void pool_send_progress(struct pool *pool, uint32_t request, const char *state,
    unsigned int percent, const char *text);
void pool_send_slot(struct pool *pool, const struct worker *worker);
void pool_send_profiles(struct pool *pool);

#endif
