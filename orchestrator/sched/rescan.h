/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan.h - drives re-scans: one at a time, from its checkpoint on.
 *
 * RESCAN_LEASE says which; its rules go to loep-hunt (RULESET), the index says
 * which units can match at all, and these are scanned in rising order.  What
 * comes out goes to the store together with how far everything is done, so
 * that whoever is killed, nothing is lost and nothing counted twice: the next
 * lease begins at the checkpoint.
 *
 * Live work goes first: while jobs wait, one unit at a time is scanned.
 */
#ifndef SCHED_RESCAN_H
#define SCHED_RESCAN_H

#include "lib/wire.h"
#include "sched/rescan_find.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop_timer;
struct rescan_grant;
struct sched;

TAILQ_HEAD(rescan_grant_list, rescan_grant);

/* Matches on their way to the store: as much as one message takes. */
struct rescan_chunk {
	TAILQ_ENTRY(rescan_chunk) entry;
	struct wire_out out;
};

TAILQ_HEAD(rescan_chunk_list, rescan_chunk);

enum rescan_phase {
	RESCAN_IDLE,
	RESCAN_LEASING,	  /* the store: rules and conditions */
	RESCAN_PREPARING, /* the index finds, loep-hunt compiles */
	RESCAN_RUNNING,
	RESCAN_ENDING /* all is scanned: the store settles */
};

struct rescan {
	struct sched *sched;
	enum rescan_phase phase;
	unsigned int epoch; /* answers of an earlier one are not ours */
	bool is_hinted;	    /* there may be something (else) to do */
	bool is_scanned;    /* all units are done: the store settles */
	bool is_yielding;   /* stops at the next checkpoint, to look again */
	int64_t id;
	int64_t scope;
	int64_t rules;
	int64_t next;	 /* the lowest unit that nobody was given yet */
	int64_t done;	 /* checkpoint that the store knows */
	int64_t scanned; /* since the last result */
	int64_t bytes;
	int units_fd;	   /* the rules, until loep-hunt has them */
	int conditions_fd; /* the question, until the index has it */
	struct find find;
	bool is_finding;    /* the index is asked */
	bool is_indexed;    /* and has answered */
	bool is_whole;	    /* loep-hunt has all rules as one set */
	unsigned int loads; /* RULESETs that are not answered yet */
	/* By level: units that were tried by their first bytes, and those for
	 * which these were not enough. */
	size_t heads[FIND_LEVELS + 1];
	size_t heads_missed[FIND_LEVELS + 1];
	struct rescan_grant_list grants; /* in rising order */
	size_t grant_count;
	size_t grants_active; /* of them, those that are not done */
	struct rescan_chunk_list chunks;
	size_t chunk_count;
	bool is_result_open;
	bool is_chunk_open; /* the first chunk is in it */
	size_t losses;	    /* of loep-hunt with the same re-scan */
	int64_t lost_id;
	struct loop_timer *timer;
	char engine[256];
};

void rescan_init(struct rescan *rescan, struct sched *sched);
/* Looks for something to do at the end of this turn. */
void rescan_soon(struct sched *sched);
/* The store is gone, or we end: forgets everything. */
void rescan_drop(struct sched *sched);
/* loep-hunt is gone, or has answered a RULESET. */
void rescan_worker_gone(struct sched *sched);
void rescan_loaded(
    struct sched *sched, uint64_t number, unsigned int err, const char *why);

/* --- between rescan.c and rescan_unit.c --- */

/* Candidates of one grant. */
#define RESCAN_GRANT_UNITS ((size_t)128)

/* A piece of the list of candidates that is being worked on. */
struct rescan_grant {
	TAILQ_ENTRY(rescan_grant) entry;
	struct rescan *rescan;
	unsigned int epoch;
	int64_t first; /* where the units begin that it answers for */
	size_t count;
	int64_t units[RESCAN_GRANT_UNITS];
	bool is_done;
	void *work; /* rescan_unit.c's */
};

/* Begins the grant; calls rescan_grant_done() at its end, however it ends. */
void rescan_unit_begin(struct rescan_grant *grant);
/* Stops its work. */
void rescan_unit_drop(struct rescan_grant *grant);
void rescan_grant_done(struct rescan_grant *grant);
/* It could not be done now: all goes back to the checkpoint, after a while. */
void rescan_trouble(struct rescan *rescan, const char *why);
/* Adds a record (its body is JSON) to what the store gets. */
void rescan_put(
    struct rescan *rescan, unsigned int type, const void *body, size_t len);
/* The level whose rules a unit is scanned with; 0 = all of them. */
unsigned int rescan_level(const struct rescan *rescan, int64_t unit);
/* The number under which loep-hunt knows them. */
uint64_t rescan_set(const struct rescan *rescan, int64_t unit);

#endif
