/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - which rules loep-yara runs, and which the store counts on.
 *
 * A yara job carries the activation whose rules it was leased for (rules_at);
 * it starts only while loep-yara runs those.  Rules that take long to compile
 * hold nothing up: until loep-yara has them, jobs are leased for those before,
 * and the store has each of them done once more with the new ones
 * (RULESET_USED), so that nothing has been seen by the old ones alone.
 */
#ifndef SCHED_RULESET_H
#define SCHED_RULESET_H

#include "lib/digest.h"

#include <stdbool.h>
#include <stdint.h>

struct job;
struct loop_timer;
struct sched;
struct worker;

/* What loep-yara runs before it has said that it has what it was sent. */
#define RULES_UNKNOWN ((int64_t)-1)

struct ruleset {
	int fd;		 /* sealed memory of units; -1 = none is active */
	int image_fd;	 /* how they look compiled; -1 = not known */
	int64_t version; /* 0 = none */
	int64_t rules_at;
	char digest[SHA256_HEX_BYTES];
	int64_t in_use;	  /* the activation whose rules loep-yara runs */
	uint32_t request; /* of the RULESET that was sent last */
	bool is_asked;	  /* RULESET_GET is open */
	bool is_again;	  /* and what it answers is old */
	bool is_known;	  /* the store has answered since it came */
	bool is_sent;	  /* to the loep-yara that is connected */
	bool is_bad;	  /* which did not take it */
	struct loop_timer *timer;
	uint64_t retry_ms; /* the last pause; 0 = it was answered */
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
/* What loep-yara says of the rules that it was sent with that request. */
void ruleset_loaded(
    struct worker *worker, uint32_t request, unsigned int err, const char *why);
/* Rules that it has compiled, for another time; takes fd. */
void ruleset_image(
    struct worker *worker, uint32_t request, const char *digest, int fd);
/* For JOB_LEASE: the activation whose rules it runs, or RULES_UNKNOWN. */
int64_t ruleset_in_use(const struct sched *sched);
/* Whether the analyser of the job runs what the job was leased for. */
bool ruleset_is_ready(const struct sched *sched, const struct job *job);
/* Whether it was leased for rules that are no longer active. */
bool ruleset_is_stale(const struct sched *sched, const struct job *job);

#endif
