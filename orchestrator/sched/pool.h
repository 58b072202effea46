/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - the VM pool as loep-vm reports it: profiles, slots, orders.
 */
#ifndef SCHED_POOL_H
#define SCHED_POOL_H

#include "lib/chan.h"

#define POOL_PROFILES_MAX ((size_t)32)
#define POOL_SLOTS_MAX	  ((size_t)64)

struct sched;

struct pool_profile {
	char name[64];
	char digest[128];
	char state[32];
	char *manifest; /* JSON, owned */
};

struct pool_slot {
	char name[64];
	char profile[64];
	char state[32];
	char reason[512];
	char *detail; /* JSON, owned */
};

struct pool {
	struct sched *sched;
	struct chan *vm;    /* NULL while there is none */
	uint64_t since_ms;  /* when this process began to wait for it */
	uint64_t settle_ms; /* how long it may take to show itself */
	size_t runs;	    /* jobs that hold, or soon will, a slot */
	struct pool_profile profiles[POOL_PROFILES_MAX];
	size_t profile_count;
	struct pool_slot slots[POOL_SLOTS_MAX];
	size_t slot_count;
};

void pool_init(struct pool *pool, struct sched *sched, uint64_t settle_ms);
/* Takes the channel of loep-vm. */
void pool_attach(struct pool *pool, struct chan *chan);
/* The store has come (again): tells it all that is known. */
void pool_report_all(struct pool *pool);
/* Fetches the orders that people gave, and passes them on. */
void pool_fetch_orders(struct pool *pool);
/* True when the pool has shown a profile of this name. */
bool pool_has_profile(const struct pool *pool, const char *name);
/* True while a pool that there is may not have shown itself yet. */
bool pool_is_settling(const struct pool *pool);
/*
 * Slots that are ready and not spoken for, whatever profile they hold now:
 * loep-vm rebuilds one for another profile when a run asks for that.
 */
size_t pool_places(const struct pool *pool);

#endif
