/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - the thread that syncs and links. */
#include "vault/commit.h"

#include "vault/blob_read.h"
#include "vault/crew.h"

#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

/* More at once would make the first wait for the last. */
#define GROUP_MAX ((size_t)64)

TAILQ_HEAD(commit_list, commit);

struct committer {
	struct pool *pool;
	const struct place *place;
	pthread_mutex_t mutex;
	pthread_cond_t ready;
	struct commit_list waiting;
	struct crew *crew;
	struct place_dirs dirs; /* of this group; the thread's own */
	int folder_errno[PLACE_DIRS_MAX];
};

/* The name is taken: by the same bytes, or by a file that is damaged. */
static int
join_existing(struct committer *c, struct commit *commit, const char *name)
{
	struct blob_reader *reader = NULL;
	struct fault fault = {0};
	struct stat st;
	int err;

	err = blob_reader_open(
	    c->place, commit->org_key, commit->sha256, &fault, &reader);
	blob_reader_free(reader);
	if (err == ERR_FORMAT) {
		/* We hold the right bytes: this is the time to repair it. */
		if (place_replace(c->place, commit->tmp, name) != ERR_OK)
			return ERR_SYS;
		commit->is_linked = true;
		return ERR_OK;
	}
	if (err != ERR_OK) {
		commit->fault = fault;
		return ERR_UNAVAILABLE;
	}
	if (fstatat(c->place->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return ERR_SYS;
	commit->disk_bytes = (uint64_t)st.st_size;
	return ERR_OK;
}

static void
link_one(struct committer *c, struct commit *commit)
{
	char name[PLACE_NAME_BYTES];
	int err;

	if (commit->fault.err != ERR_OK)
		return;
	if (atomic_load(&commit->org_key->is_destroyed)) {
		(void)fault_set(&commit->fault, ERR_NOT_FOUND,
		    "the organisation's key was destroyed meanwhile");
		return;
	}
	if (place_check(c->place, &commit->fault) != ERR_OK)
		return;
	place_blob_name(name, commit->org_key->org, commit->sha256);
	commit->disk_bytes = commit->file_size;
	if (commit->keeps_tmp)
		err = place_link_also(
		    c->place, commit->tmp, name, &c->dirs, &commit->is_new);
	else
		err = place_link(
		    c->place, commit->tmp, name, &c->dirs, &commit->is_new);
	if (err == ERR_OK) {
		commit->is_linked = commit->is_new;
		if (!commit->is_new)
			err = join_existing(c, commit, name);
	}
	if (err == ERR_SYS)
		(void)fault_sys(&commit->fault, "linking a blob");
}

static void
sync_file(void *arg, size_t index)
{
	struct commit *commit = ((struct commit **)arg)[index];

	commit->fault.err = ERR_OK;
	if (commit->fd != -1 && fdatasync(commit->fd) == -1)
		(void)fault_sys(&commit->fault, "syncing a blob");
}

static void
sync_folder(void *arg, size_t index)
{
	struct committer *c = arg;

	if (place_sync(c->place, &c->dirs, index) != ERR_OK)
		c->folder_errno[index] = errno;
}

/* ERR_OK once everything that was linked is durable. */
static int
sync_folders(struct committer *c, struct fault *fault)
{
	const size_t count = place_sync_count(&c->dirs);

	memset(c->folder_errno, 0, sizeof(c->folder_errno));
	crew_run(c->crew, count, sync_folder, c);
	for (size_t i = 0; i < count; i++) {
		errno = c->folder_errno[i];
		if (errno != 0)
			return fault_sys(fault, "syncing folders");
	}
	return ERR_OK;
}

static void
run_group(struct committer *c, struct commit **group, size_t count)
{
	struct fault folders = {.err = ERR_OK};

	c->dirs.count = 0;
	c->dirs.is_full = false;
	/* All disk writes start before the first is waited for. */
	for (size_t i = 0; count > 1 && i < count; i++) {
		if (group[i]->fd != -1)
			(void)sync_file_range(
			    group[i]->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	crew_run(c->crew, count, sync_file, group);
	for (size_t i = 0; i < count; i++)
		link_one(c, group[i]);
	(void)sync_folders(c, &folders);
	for (size_t i = 0; i < count; i++) {
		if (group[i]->fault.err == ERR_OK)
			group[i]->fault = folders;
		pool_finish(c->pool, group[i]->job);
	}
}

static void *
run(void *arg)
{
	struct commit *group[GROUP_MAX];
	struct committer *c = arg;
	struct commit *commit;

	for (;;) {
		size_t count = 0;

		(void)pthread_mutex_lock(&c->mutex);
		while (TAILQ_EMPTY(&c->waiting))
			(void)pthread_cond_wait(&c->ready, &c->mutex);
		while (count < GROUP_MAX &&
		       (commit = TAILQ_FIRST(&c->waiting)) != NULL) {
			TAILQ_REMOVE(&c->waiting, commit, entry);
			group[count++] = commit;
		}
		(void)pthread_mutex_unlock(&c->mutex);
		run_group(c, group, count);
	}
	return NULL;
}

struct committer *
committer_new(struct pool *pool, const struct place *place)
{
	struct committer *c = xcalloc(1, sizeof(*c));

	c->pool = pool;
	c->place = place;
	TAILQ_INIT(&c->waiting);
	(void)pthread_mutex_init(&c->mutex, NULL);
	(void)pthread_cond_init(&c->ready, NULL);
	c->crew = crew_new();
	pool_thread(run, c);
	return c;
}

void
committer_submit(struct committer *committer, struct commit *commit)
{
	(void)pthread_mutex_lock(&committer->mutex);
	TAILQ_INSERT_TAIL(&committer->waiting, commit, entry);
	(void)pthread_cond_signal(&committer->ready);
	(void)pthread_mutex_unlock(&committer->mutex);
}
