/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - the analysers that are connected, and their children.
 *
 * An errand is one artefact, or several of a pack, sent to an analyser
 * (ANALYSE or ANALYSE_PACK, ANALYSE_OUT).  It occupies a place until the analyser
 * says how its child ended, also when
 * nobody waits for that any more.
 */
#ifndef SCHED_WORKER_H
#define SCHED_WORKER_H

#include "sched/sched.h"

struct errand;

TAILQ_HEAD(errand_list, errand);

struct worker {
	TAILQ_ENTRY(worker) entry;
	struct sched *sched;
	struct chan *chan;
	char name[CHAN_INSTANCE_BYTES]; /* the job kind that it serves */
	char engine[256];
	char *detail;	/* JSON about its rules, owned; NULL until it says */
	bool is_packed; /* of a kind that goes in packs */
	size_t used;	/* places taken */
	struct errand_list errands;
};

/* How an errand ended; end is ANALYSE_REFUSED too when the analyser died. */
struct errand_end {
	enum analyse_end end;
	uint32_t code;
	uint64_t peak_kib;
	uint64_t cpu_us;
	bool is_lost; /* the analyser itself is gone */
};

typedef void errand_fn(void *arg, const struct errand_end *end);

struct errand_spec {
	int input_fd; /* taken */
	int out_fd;   /* taken */
	enum blob_open how;
	uint64_t size;
	const char *context;
	const struct wire_out *list; /* of a pack's items; NULL: no pack */
	uint32_t seconds;
	uint32_t memory_mib;
	errand_fn *ended;
	void *arg;
};

/* Takes the channel of an analyser that has come. */
void worker_attach(struct sched *sched, struct chan *chan);
/* The store has come (again): tells it which analysers there are. */
void worker_report_all(struct sched *sched);
/* NULL where no analyser of this name is connected. */
struct worker *worker_find(struct sched *sched, const char *name);
/*
 * The comma-separated kinds of jobs that can be served now: those that travel
 * in packs, or the others.
 */
void worker_kinds(struct sched *sched, bool is_packed, char *dst, size_t size);
/* True when one more child may run there. */
bool worker_has_place(const struct worker *worker);
/* Takes a place; NULL when the analyser cannot be reached. */
struct errand *errand_start(
    struct worker *worker, const struct errand_spec *spec);
/* Asks for the child's end; `ended` is still called. */
void errand_cancel(struct errand *errand);
/* The same, and `ended` is not called any more. */
void errand_forget(struct errand *errand);

#endif
