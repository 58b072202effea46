/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - worker threads, so that the message loop never waits for a disk.
 *
 * A job's work() runs in a worker and ends with pool_finish(), or hands the
 * job on to another thread that does so; then its done() runs in the loop.
 * All decisions are made there, so that what belongs to the loop needs no
 * locks: a job owns its data from pool_submit() until done() is called.
 *
 * Three lanes keep one kind of work from delaying another: small answers,
 * bulk bytes, and background work that takes minutes.
 */
#ifndef VAULT_POOL_H
#define VAULT_POOL_H

#include "vault/chunk.h"

#include "lib/loop.h"

#include <sys/queue.h>

enum pool_lane {
	POOL_QUICK,
	POOL_BULK,
	POOL_SLOW,
	POOL_LANE_COUNT
};

struct job;

typedef void job_work_fn(struct job *job, struct kit *kit);
typedef void job_done_fn(struct job *job);

/* First member of what the job is about. */
struct job {
	TAILQ_ENTRY(job) entry;
	job_work_fn *work;
	job_done_fn *done;
};

TAILQ_HEAD(job_list, job);

struct pool;

/* Starts the threads; exits the process where that fails. */
struct pool *pool_new(struct loop *loop);
/* From any thread. */
void pool_submit(struct pool *pool, enum pool_lane lane, struct job *job);
/* Has done() called in the loop.  From any thread; not for the same job twice. */
void pool_finish(struct pool *pool, struct job *job);
/* A thread of this program's own: small stack, all signals blocked. */
void pool_thread(void *(*fn)(void *), void *arg);

#endif
