/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - work on an artefact or a case: queued, leased, done.
 *
 * A job is leased to one worker at a time; each lease is an attempt with its
 * own number, and everything that an attempt makes carries that number.  One
 * attempt becomes the outcome: only what it made is seen.
 */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include "store/request.h"

/* Leases that ended with the worker, not with the work, before it is parked:
 * more than attempts, for they mostly say nothing about the job. */
#define JOB_LOSSES_MAX 20

struct job_new {
	const char *case_id;
	const char *artefact_id; /* NULL: the case's own (report) */
	const char *kind;
	const char *options;	   /* JSON object */
	const char *requested_by;  /* account, or NULL */
	const char *parent_job_id; /* or NULL */
};

/* A leased attempt, as long as it is valid. */
struct attempt {
	char job_id[UUID_BYTES];
	int64_t number;
	char org_id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char artefact_id[UUID_BYTES]; /* "" for a report */
	char submission_id[UUID_BYTES];
	char kind[64];
	int64_t depth;
	int64_t findings;
	int64_t children;
	int64_t failures;
	int64_t losses;
	bool has_outcome; /* an earlier attempt is the outcome */
	bool is_cancelled;
};

/* Queues a job inside the unit that runs; ret_id may be NULL. */
int must_check job_add(
    struct store *store, const struct job_new *job, char ret_id[UUID_BYTES]);
/*
 * Loads the attempt that parameters 0 and 1 of a scheduler's call name.
 * ERR_CONFLICT where it is over, ERR_NOT_FOUND where there is no such job.
 */
int must_check attempt_load(struct request *r, struct attempt *ret_attempt);
/* The same for an attempt that is named otherwise. */
int must_check attempt_find(struct request *r, const char *job_id,
    int64_t number, struct attempt *ret_attempt);
/* Removes what an attempt left: findings, children and their blobs. */
int must_check attempt_sweep(
    struct store *store, const char *job_id, int64_t number);

enum loss {
	LOSS_FAILED,  /* counts as a failure of the work */
	LOSS_LOST,    /* the worker went away */
	LOSS_RELEASED /* given back, counts nothing */
};

/*
 * Ends an attempt without a result, inside a unit: swept away and queued
 * again, or, when that was too often, parked as failed with what it found.
 */
int must_check attempt_lose(struct store *store, const struct attempt *a,
    enum loss loss, const char *reason);
/* Queues the case's report when nothing else is left to do. */
int must_check case_settle(struct store *store, const char *case_id);
/* Ends leases that ran out; from the tick. */
void jobs_expire(struct store *store);
/* The scheduler is gone: all leases end. */
void jobs_forget_worker(struct store *store);

#endif
