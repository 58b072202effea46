/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - one leased job, from its lease to the store's word that it is over.
 *
 * A job is worked on by an analysis (analysis.h) or a run (run.h), which own
 * `work`.  Every call to the store that concerns a job goes through job_call()
 * or takes a reference, so that the answer finds the job still there.
 */
#ifndef SCHED_JOB_H
#define SCHED_JOB_H

#include "sched/sched.h"

#include "lib/json.h"

struct batch;

struct job_ops {
	/* The case's people cancelled it: stop, then job_end(). */
	void (*cancel)(struct job *job);
	/* The store has answered something: there may be room again. */
	void (*ready)(struct job *job);
	/* Stops whatever still goes on, and frees `work`. */
	void (*free)(struct job *job);
};

enum job_state {
	JOB_HELD,   /* leased; being worked on */
	JOB_ENDING, /* JOB_DONE or JOB_RELEASE is under way */
	JOB_GONE    /* the lease is not ours any more */
};

struct job {
	TAILQ_ENTRY(job) entry;
	struct sched *sched;
	enum job_state state;
	unsigned int refs; /* itself in the list, and open calls */
	const struct job_ops *ops;
	void *work;
	uint64_t beat_ms;	   /* when the lease was last prolonged */
	char phase[32];		   /* where the work is, for people */
	int progress;		   /* 0-100 */
	unsigned int records_open; /* unanswered JOB_RECORDS */
	bool is_good;		   /* ends with a result */
	/* What the store says of it. */
	char id[64];
	int64_t attempt;
	char kind[32];
	bool is_sealed; /* its artefact is open for it alone (unseal.h) */
	bool is_packed; /* of a kind that goes in packs */
	char case_id[64];
	char org[64];
	char submission[64];
	char artefact[64];
	char sha256[65];
	int64_t size;
	uint8_t *name;
	size_t name_len;
	char mime[128];
	char *magic;
	int64_t depth;
	int64_t rules_at; /* the activation whose rules it is leased for */
	char relation[64];
	json_t *options; /* an object, never NULL */
};

/* How an attempt ended, for JOB_DONE. */
struct job_end {
	const char *outcome; /* done, partial, failed, cancelled */
	/* False = worth another attempt, as long as the store grants one;
	 * without one this outcome is the last. */
	bool is_final;
	const char *reason;
	const char *engine;
	json_t *result; /* borrowed; NULL = {} */
	json_t *next;	/* borrowed; NULL = [] */
	/* Findings that are not sent yet; not NULL = all of it may go out
	 * together with other jobs' ends (ends.h).  Borrowed. */
	struct batch *batch;
};

/* A job from a row of JOB_LEASE; NULL when the row makes no sense. */
struct job *job_new(struct sched *sched, const struct values *row);
void job_ref(struct job *job);
void job_unref(struct job *job);
/* The parameters that every call about a job begins with. */
void job_params(const struct job *job, struct values *params);
/*
 * Starts a call about a job.  end may be NULL.  arg is job itself.  The
 * call holds the job: end is called even after job_drop().
 */
void job_call(struct job *job, enum call_op op, const struct values *params,
    call_row_fn *row, call_end_fn *end);
/* The same with a descriptor, which is taken. */
struct job_answer {
	call_row_fn *row; /* may be NULL */
	call_end_fn *end; /* may be NULL */
};
void job_call_fd(struct job *job, enum call_op op, const struct values *params,
    int fd, const struct job_answer *answer);
/* Sends JOB_DONE; the job is over for its worker. */
void job_end(struct job *job, const struct job_end *end);
/* The store has answered the end of a job: it is not ours any more. */
void job_left(struct job *job, enum err err, const char *why, int fd);
/* Gives the job back without counting the attempt. */
void job_release(struct job *job);
/* The same because something else died, with a bound on how often. */
void job_release_or_fail(struct job *job, const char *why);
/*
 * The store or the vault refused what the job needs: gives it back where that
 * may pass, drops it where the lease is lost, fails the attempt otherwise.
 */
void job_trouble(struct job *job, enum err err, const char *why);
/* Stops the work; the store is not told. */
void job_drop(struct job *job);
/* Prolongs the lease now and says where the work is (phase is copied). */
void job_beat(struct job *job, const char *phase, int progress);
/* Prolongs every lease that needs it; every few seconds. */
void job_beat_all(struct sched *sched);

#endif
