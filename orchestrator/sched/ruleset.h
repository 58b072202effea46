/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - which rules loep-yara runs, and which the store counts on.
 *
 * A yara job carries the activation under which it was leased (rules_at); it
 * starts only where loep-yara was sent that activation's rules.  Should other
 * rules become active before it is done, the store queues it again.
 */
#ifndef SCHED_RULESET_H
#define SCHED_RULESET_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct loop_timer;
struct sched;
struct worker;

struct ruleset {
	int fd;		 /* sealed memory of units; -1 = none is active */
	int64_t version; /* 0 = none */
	int64_t rules_at;
	bool is_asked; /* RULESET_GET is open */
	bool is_again; /* and what it answers is old */
	bool is_known; /* the store has answered since it came */
	bool is_sent;  /* to the loep-yara that is connected */
	bool is_bad;   /* which did not take it */
	struct loop_timer *timer;
};

void ruleset_init(struct ruleset *ruleset);
/* Other rules are active, or the store has come: asks what they are. */
void ruleset_fetch(struct sched *sched);
/* The same a little later: the re-scan that comes with it goes first. */
void ruleset_fetch_soon(struct sched *sched);
/* The store is gone: what it said may not hold any more. */
void ruleset_forget(struct sched *sched);
/* loep-yara has come. */
void ruleset_worker(struct sched *sched);
/* What loep-yara says of the rules that it was sent. */
void ruleset_loaded(
    struct worker *worker, uint64_t number, unsigned int err, const char *why);
/* Whether the analyser of the job runs what the job was leased for. */
bool ruleset_is_ready(const struct sched *sched, const struct job *job);
/* Whether it was leased for rules that are no longer active. */
bool ruleset_is_stale(const struct sched *sched, const struct job *job);

#endif
