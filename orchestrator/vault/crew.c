/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c - threads that share the indexes of one task. */
#include "vault/crew.h"

#include "vault/pool.h"

#include "lib/xalloc.h"

#include <pthread.h>

/* Besides the caller.  They only wait for the disk. */
#define CREW_THREADS 7

struct crew {
	pthread_mutex_t mutex;
	pthread_cond_t work;
	pthread_cond_t done;
	crew_fn *fn;
	void *arg;
	size_t count;
	size_t next;
	size_t left; /* not done yet */
};

/* Takes indexes until there are no more; the mutex is held. */
static void
take_part(struct crew *crew)
{
	while (crew->next < crew->count) {
		size_t index = crew->next++;

		(void)pthread_mutex_unlock(&crew->mutex);
		crew->fn(crew->arg, index);
		(void)pthread_mutex_lock(&crew->mutex);
		if (--crew->left == 0)
			(void)pthread_cond_signal(&crew->done);
	}
}

static void *
run(void *arg)
{
	struct crew *crew = arg;

	(void)pthread_mutex_lock(&crew->mutex);
	for (;;) {
		take_part(crew);
		(void)pthread_cond_wait(&crew->work, &crew->mutex);
	}
	return NULL;
}

struct crew *
crew_new(void)
{
	struct crew *crew = xcalloc(1, sizeof(*crew));

	(void)pthread_mutex_init(&crew->mutex, NULL);
	(void)pthread_cond_init(&crew->work, NULL);
	(void)pthread_cond_init(&crew->done, NULL);
	for (int i = 0; i < CREW_THREADS; i++)
		pool_thread(run, crew);
	return crew;
}

void
crew_run(struct crew *crew, size_t count, crew_fn *fn, void *arg)
{
	if (count == 0)
		return;
	(void)pthread_mutex_lock(&crew->mutex);
	crew->fn = fn;
	crew->arg = arg;
	crew->count = count;
	crew->next = 0;
	crew->left = count;
	if (count > 1)
		(void)pthread_cond_broadcast(&crew->work);
	take_part(crew);
	while (crew->left > 0)
		(void)pthread_cond_wait(&crew->done, &crew->mutex);
	(void)pthread_mutex_unlock(&crew->mutex);
}
