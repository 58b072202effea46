/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sift.h - what an analyser wrote, checked and bounded, on its way on.
 *
 * Findings go to a batch, children and events to outputs.  Nothing that an
 * analyser writes is believed: order (CHILD, DATA, CHILD_END), relations,
 * counts and sizes are checked here, against lib/limits.h.
 */
#ifndef SCHED_SIFT_H
#define SCHED_SIFT_H

#include "sched/batch.h"
#include "sched/output.h"

#include "lib/record.h"

enum sift_verdict {
	SIFT_GOOD,
	SIFT_MALFORMED, /* the analyser lies or is broken */
	SIFT_STOPPED	/* a bound was met: its child is to be ended */
};

struct sift {
	struct job *job;
	struct record_in *in;
	struct batch batch;
	struct outputs outputs;
	struct output *child;	  /* between CHILD and CHILD_END */
	uint64_t child_bytes;	  /* of it, so far */
	char child_name[128];	  /* for people, quoted */
	struct sift_rules *rules; /* from the first RULE on (sift_rule.h) */
	struct output *events;	  /* events.ndjson, from the first EVENT on */
	enum sift_verdict verdict;
	char why[256];
	size_t findings; /* kept and not kept */
	size_t children;
	size_t children_lost; /* without CHILD_END */
	size_t events_count;
	size_t limits;
	uint64_t bytes; /* of children and events */
	uint64_t bytes_max;
	bool is_done; /* DONE was the last record */
	/* What identify says, for what comes next. */
	char mime[128];
	char magic[512];
};

/* changed(arg): see struct outputs. */
void sift_init(
    struct sift *sift, struct job *job, void (*changed)(void *arg), void *arg);
void sift_release(struct sift *sift);
/*
 * Forgets what was taken, for the same job's next child.  False, and nothing
 * is forgotten, where some of it has left already.
 */
bool must_check sift_restart(struct sift *sift);
/* Takes bytes from the analyser's pipe; see verdict and why afterwards. */
void sift_feed(struct sift *sift, const void *p, size_t len);
/* The pipe has ended: closes what is open, counts what was lost. */
void sift_end(struct sift *sift);
/* True when no more should be read for now. */
bool sift_is_full(const struct sift *sift);
/* The store met a bound with an output: stops, and says which. */
void sift_note_limit(struct sift *sift);
/* Adds a finding of our own, in plain words. */
void sift_limit(struct sift *sift, const char *limit, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Numbers about it, for the job's result.  New reference. */
json_t *sift_result(const struct sift *sift);
/* The bytes that this job may unpack. */
uint64_t sift_bytes_max(const struct job *job);

#endif
