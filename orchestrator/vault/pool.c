/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - queues of jobs, threads, and the way back into the loop. */
#include "vault/pool.h"

#include "lib/xalloc.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_BYTES (256 * KIB)
#define THREADS_MAX 16
/* Bulk threads wait for disks: some more than there are processors. */
#define BULK_SPARE 2

struct lane {
	pthread_mutex_t mutex;
	pthread_cond_t ready;
	struct job_list jobs;
};

struct pool {
	struct lane lanes[POOL_LANE_COUNT];
	pthread_mutex_t done_mutex;
	struct job_list done;
	int event_fd;
};

void
pool_thread(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_attr_init(&attr) != 0 ||
	    pthread_attr_setstacksize(&attr, STACK_BYTES) != 0 ||
	    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) != 0 ||
	    pthread_create(&thread, &attr, fn, arg) != 0) {
		perror("pthread_create");
		exit(71);
	}
	(void)pthread_attr_destroy(&attr);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void *
work(void *arg)
{
	struct lane *lane = arg;
	struct kit *kit = kit_new();
	struct job *job;

	for (;;) {
		(void)pthread_mutex_lock(&lane->mutex);
		while ((job = TAILQ_FIRST(&lane->jobs)) == NULL)
			(void)pthread_cond_wait(&lane->ready, &lane->mutex);
		TAILQ_REMOVE(&lane->jobs, job, entry);
		(void)pthread_mutex_unlock(&lane->mutex);
		job->work(job, kit);
	}
	return NULL;
}

static void
on_done(void *arg, int fd, unsigned int events)
{
	struct pool *pool = arg;
	struct job_list jobs;
	struct job *job;
	uint64_t count;

	(void)events;
	(void)!read(fd, &count, sizeof(count));
	TAILQ_INIT(&jobs);
	(void)pthread_mutex_lock(&pool->done_mutex);
	TAILQ_CONCAT(&jobs, &pool->done, entry);
	(void)pthread_mutex_unlock(&pool->done_mutex);
	while ((job = TAILQ_FIRST(&jobs)) != NULL) {
		TAILQ_REMOVE(&jobs, job, entry);
		job->done(job);
	}
}

static void
start_lane(struct pool *pool, enum pool_lane which, int threads)
{
	struct lane *lane = &pool->lanes[which];

	TAILQ_INIT(&lane->jobs);
	(void)pthread_mutex_init(&lane->mutex, NULL);
	(void)pthread_cond_init(&lane->ready, NULL);
	for (int i = 0; i < threads; i++)
		pool_thread(work, lane);
}

static int
processors(void)
{
	cpu_set_t set;
	int count;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 2;
	count = CPU_COUNT(&set);
	return count > THREADS_MAX ? THREADS_MAX : count;
}

struct pool *
pool_new(struct loop *loop)
{
	struct pool *pool = xcalloc(1, sizeof(*pool));
	const int cpus = processors();

	TAILQ_INIT(&pool->done);
	(void)pthread_mutex_init(&pool->done_mutex, NULL);
	pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->event_fd == -1) {
		perror("eventfd");
		exit(71);
	}
	(void)loop_watch(loop, pool->event_fd, LOOP_READ, on_done, pool);
	start_lane(pool, POOL_QUICK, cpus < 2 ? 2 : cpus);
	start_lane(pool, POOL_BULK, cpus + BULK_SPARE);
	start_lane(pool, POOL_SLOW, 1);
	return pool;
}

void
pool_submit(struct pool *pool, enum pool_lane which, struct job *job)
{
	struct lane *lane = &pool->lanes[which];

	(void)pthread_mutex_lock(&lane->mutex);
	TAILQ_INSERT_TAIL(&lane->jobs, job, entry);
	(void)pthread_cond_signal(&lane->ready);
	(void)pthread_mutex_unlock(&lane->mutex);
}

void
pool_finish(struct pool *pool, struct job *job)
{
	const uint64_t one = 1;
	bool was_empty;

	(void)pthread_mutex_lock(&pool->done_mutex);
	was_empty = TAILQ_EMPTY(&pool->done);
	TAILQ_INSERT_TAIL(&pool->done, job, entry);
	(void)pthread_mutex_unlock(&pool->done_mutex);
	/* Once is enough: the loop takes all that are there. */
	if (was_empty)
		(void)!write(pool->event_fd, &one, sizeof(one));
}
