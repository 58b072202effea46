/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - small inputs of one organisation that are fetched together, and
 * that children of several analysers read (lib/pack.h).
 *
 * Only the first attempt of a job travels in company.  What ends a child
 * before its time is looked at again in a child of its own, as if it had never
 * been in a pack: the verdict about an artefact comes from it alone.
 */
#ifndef SCHED_PACK_H
#define SCHED_PACK_H

#include "sched/sched.h"

struct triage;
struct worker;

struct pack {
	TAILQ_ENTRY(pack) entry;
	struct sched *sched;
	size_t refs; /* triages, children, and the open call */
	bool is_ready;
	int fd;
	uint64_t size;
	char org[64];
	uint64_t bytes; /* of the items, as planned */
	size_t count;
	char (*artefacts)[64];	/* by item */
	struct triage **askers; /* by item: the job that it is asked by */
};

/* True when jobs of this kind may share children. */
bool pack_is_kind(const char *kind);
/* True when all analysers of such kinds are there. */
bool pack_has_workers(struct sched *sched);
/* True when the job may share a child with others. */
bool pack_takes(const struct triage *t);
/* Puts leased jobs together and asks for their inputs. */
void pack_gather(struct sched *sched);
void pack_unref(struct pack *pack);
/* The triage has nothing more to do with its pack. */
void pack_leave(struct triage *t);

#endif
