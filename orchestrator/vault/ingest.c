/* SPDX-License-Identifier: Apache-2.0 */
/* ingest.c - the stages of an upload. */
#include "vault/ingest.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>

/* A slot starts small, because most files are. */
#define SLOT_BYTES_MIN (64 * KIB)
/* What the pipe grows to once the upload is not small. */
#define PIPE_BYTES (1 << 20)
/* A fast writer is back within this; then the way through the loop is saved. */
#define LINGER_MS 2
/* After a commit the pipe has to end, or to bring something, within this. */
#define SILENCE_MS 60000

enum slot_state {
	SLOT_FREE = 0,
	SLOT_GRANTED,
	SLOT_SEALING
};

struct slot {
	struct job job;
	struct ingest *ingest;
	atomic_int state; /* enum slot_state */
	bool is_extra;	  /* counted in extra_slots */
	uint8_t *buf;
	size_t len;
	size_t size;
	struct blob_piece piece;
	struct fault fault;
};

/* Why a drain job ended. */
enum drained {
	DRAINED_EMPTY,
	DRAINED_STALLED,
	DRAINED_EOF,
	DRAINED_FAULT
};

struct ingest {
	struct job drain;
	struct job last; /* end, commit or discard: one at a time */
	struct ingest_env env;
	uint64_t id;
	struct org_key *org_key;
	int pipe_fd;
	struct loop_watch *watch;
	struct loop_timer *timer;

	/* The drain job's while it is out, else the loop's. */
	struct slot slots[INGEST_SLOTS];
	struct slot *current;
	struct sha256 *sha256;
	uint8_t digest[SHA256_BYTES];
	uint64_t size;
	uint64_t next_index;
	struct blob_writer *writer;
	enum drained drained;
	bool is_hurried; /* the sender is faster than sealing */
	struct fault drain_fault;
	bool is_written; /* footer and all */
	atomic_size_t sealing;

	/* The loop's. */
	bool is_draining;
	bool is_eof;
	bool is_last_out; /* the job `last` is out */
	bool is_discarded;
	bool is_aborted;
	bool has_commit;
	uint64_t announced;
	uint64_t size_at_timer;
	ingest_stored_fn *fn;
	void *arg;
	struct commit commit;
	struct fault fault;
};

/* The loop's: slots beyond the first one of each upload. */
static size_t extra_slots;

static void step(struct ingest *ig);

static struct ingest *
from_drain(struct job *job)
{
	return (struct ingest *)(void *)((char *)job -
					 offsetof(struct ingest, drain));
}

static struct ingest *
from_last(struct job *job)
{
	return (struct ingest *)(void *)((char *)job -
					 offsetof(struct ingest, last));
}

/* --- in workers --- */

static void
seal_work(struct job *job, struct kit *kit)
{
	struct slot *slot = (struct slot *)job;

	slot->fault.err = blob_writer_put(
	    slot->ingest->writer, kit, &slot->piece, &slot->fault);
	pool_finish(slot->ingest->env.pool, job);
}

/* The current slot becomes the next chunk; its place is free again later. */
static int
ship(struct ingest *ig)
{
	struct slot *slot = ig->current;

	sha256_update(ig->sha256, slot->buf, slot->len);
	if (ig->writer == NULL &&
	    blob_writer_new(ig->env.place, ig->id, ig->org_key,
		&ig->drain_fault, &ig->writer) != ERR_OK)
		return ig->drain_fault.err;
	slot->piece = (struct blob_piece){
	    .index = ig->next_index++,
	    .plain = slot->buf,
	    .len = slot->len,
	    .is_hurried = ig->is_hurried,
	};
	slot->state = SLOT_SEALING;
	slot->fault.err = ERR_OK;
	ig->current = NULL;
	atomic_fetch_add(&ig->sealing, 1);
	pool_submit(ig->env.pool, POOL_BULK, &slot->job);
	return ERR_OK;
}

/* A blob of at most one chunk, written at once. */
static int
write_small(struct ingest *ig, struct kit *kit)
{
	struct slot *slot = ig->current;
	struct fault *fault = &ig->drain_fault;

	if (blob_writer_new(ig->env.place, ig->id, ig->org_key, fault,
		&ig->writer) != ERR_OK)
		return fault->err;
	if (slot != NULL && slot->len > 0) {
		slot->piece =
		    (struct blob_piece){.plain = slot->buf, .len = slot->len};
		if (blob_writer_put(ig->writer, kit, &slot->piece, fault) !=
			ERR_OK ||
		    blob_writer_note(ig->writer, &slot->piece, fault) != ERR_OK)
			return fault->err;
	}
	if (blob_writer_end(ig->writer, ig->size, ig->digest, fault) != ERR_OK)
		return fault->err;
	ig->is_written = true;
	return ERR_OK;
}

static enum drained
drain_eof(struct ingest *ig, struct kit *kit)
{
	const bool has_rest = ig->current != NULL && ig->current->len > 0;
	int err = ERR_OK;

	if (ig->next_index > 0) {
		if (has_rest)
			err = ship(ig);
		sha256_final(ig->sha256, ig->digest);
	} else {
		if (has_rest)
			sha256_update(
			    ig->sha256, ig->current->buf, ig->current->len);
		sha256_final(ig->sha256, ig->digest);
		err = write_small(ig, kit);
	}
	return err == ERR_OK ? DRAINED_EOF : DRAINED_FAULT;
}

/* Room in the current slot; false when there is none and no slot either. */
static bool
make_room(struct ingest *ig)
{
	struct slot *slot;

	for (size_t i = 0; ig->current == NULL && i < INGEST_SLOTS; i++) {
		if (ig->slots[i].state == SLOT_GRANTED) {
			ig->current = &ig->slots[i];
			ig->current->len = 0;
		}
	}
	slot = ig->current;
	if (slot == NULL)
		return false;
	if (slot->len < slot->size)
		return true;
	if (ig->next_index > 0) {
		slot->size = BLOB_CHUNK_BYTES;
	} else if (slot->size == 0) {
		slot->size = SLOT_BYTES_MIN;
	} else {
		slot->size *= 4;
		/* Not small: fewer, larger steps from here on.  A user has
		 * only so many large pipes, so this may fail. */
		(void)fcntl(ig->pipe_fd, F_SETPIPE_SZ, PIPE_BYTES);
	}
	slot->buf = xrealloc(slot->buf, slot->size);
	return true;
}

static bool
linger(const struct ingest *ig)
{
	struct pollfd wait = {.fd = ig->pipe_fd, .events = POLLIN};

	return ig->next_index > 0 && poll(&wait, 1, LINGER_MS) == 1;
}

static enum drained
drain(struct ingest *ig, struct kit *kit)
{
	for (;;) {
		struct slot *slot;
		ssize_t n;

		if (ig->current != NULL &&
		    ig->current->len == BLOB_CHUNK_BYTES && ship(ig) != ERR_OK)
			return DRAINED_FAULT;
		if (!make_room(ig)) {
			ig->is_hurried = ig->next_index > 1;
			return DRAINED_STALLED;
		}
		slot = ig->current;
		n = read(
		    ig->pipe_fd, slot->buf + slot->len, slot->size - slot->len);
		if (n > 0) {
			slot->len += (size_t)n;
			ig->size += (size_t)n;
			continue;
		}
		if (n == 0)
			return drain_eof(ig, kit);
		if (errno == EINTR || (errno == EAGAIN && linger(ig)))
			continue;
		if (errno == EAGAIN) {
			ig->is_hurried = false;
			return DRAINED_EMPTY;
		}
		(void)fault_sys(&ig->drain_fault, "reading an upload");
		return DRAINED_FAULT;
	}
}

static void
drain_work(struct job *job, struct kit *kit)
{
	struct ingest *ig = from_drain(job);

	ig->drained = drain(ig, kit);
	pool_finish(ig->env.pool, job);
}

static void
end_work(struct job *job, struct kit *kit)
{
	struct ingest *ig = from_last(job);

	(void)kit;
	/* The sync is here, not in the group, so that small blobs do not wait
	 * for the last windows of a large one. */
	if (blob_writer_end(
		ig->writer, ig->size, ig->digest, &ig->drain_fault) == ERR_OK &&
	    fdatasync(blob_writer_fd(ig->writer)) == -1)
		(void)fault_sys(&ig->drain_fault, "syncing a blob");
	pool_finish(ig->env.pool, job);
}

static void
discard_work(struct job *job, struct kit *kit)
{
	struct ingest *ig = from_last(job);
	char name[PLACE_NAME_BYTES];

	(void)kit;
	if (ig->writer != NULL && !ig->commit.is_linked) {
		place_tmp_name(name, ig->id);
		(void)unlinkat(ig->env.place->fd, name, 0);
	}
	blob_writer_free(ig->writer);
	ig->writer = NULL;
	pool_finish(ig->env.pool, job);
}

/* --- in the loop --- */

/* Gives the memory of slots that are not in use to other uploads. */
static void
release_idle_slots(struct ingest *ig)
{
	for (size_t i = 0; i < INGEST_SLOTS; i++) {
		struct slot *slot = &ig->slots[i];

		if (slot == ig->current || slot->state == SLOT_SEALING)
			continue;
		free(take_ptr(slot->buf));
		slot->size = 0;
		slot->state = SLOT_FREE;
		extra_slots -= slot->is_extra;
		slot->is_extra = false;
	}
}

static void
release_slots(struct ingest *ig)
{
	ig->current = NULL;
	release_idle_slots(ig);
}

/* The first slot is an upload's own; the others are shared by all. */
static bool
may_have_slot(struct slot *slot, bool is_first)
{
	if (is_first || slot->is_extra)
		return true;
	if (extra_slots == INGEST_EXTRA_SLOTS_MAX)
		return false;
	extra_slots++;
	slot->is_extra = true;
	return true;
}

static void
close_pipe(struct ingest *ig)
{
	loop_unwatch(ig->watch);
	ig->watch = NULL;
	if (ig->pipe_fd != -1)
		(void)close(ig->pipe_fd);
	ig->pipe_fd = -1;
}

static void
ingest_free(struct ingest *ig)
{
	close_pipe(ig);
	release_slots(ig);
	loop_timer_cancel(ig->timer);
	sha256_free(ig->sha256);
	org_key_unref(ig->org_key);
	free(ig);
}

/* Where this upload's jobs belong; not while a drain job is out. */
static enum pool_lane
lane(const struct ingest *ig)
{
	return ig->next_index > 0 ? POOL_BULK : POOL_QUICK;
}

static void
fail(struct ingest *ig, const struct fault *fault)
{
	if (ig->fault.err == ERR_OK)
		ig->fault = *fault;
}

static void
submit_last(struct ingest *ig, enum pool_lane lane, job_work_fn *work,
    job_done_fn *done)
{
	ig->is_last_out = true;
	ig->last.work = work;
	ig->last.done = done;
	pool_submit(ig->env.pool, lane, &ig->last);
}

static void
start_drain(struct ingest *ig)
{
	bool has_slot = ig->current != NULL;

	for (size_t i = 0; i < INGEST_SLOTS; i++) {
		/* The first chunk decides whether it is a small blob: until
		 * then one slot is enough. */
		if (i > 0 && ig->next_index == 0)
			break;
		if (ig->slots[i].state == SLOT_FREE &&
		    may_have_slot(&ig->slots[i], i == 0))
			ig->slots[i].state = SLOT_GRANTED;
		has_slot |= ig->slots[i].state == SLOT_GRANTED;
	}
	if (!has_slot)
		return;
	ig->is_draining = true;
	pool_submit(ig->env.pool, lane(ig), &ig->drain);
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	struct ingest *ig = arg;

	(void)fd;
	(void)events;
	/* A pipe that has ended would be reported again and again. */
	loop_unwatch(ig->watch);
	ig->watch = NULL;
	start_drain(ig);
}

static void
drain_done(struct job *job)
{
	struct ingest *ig = from_drain(job);

	ig->is_draining = false;
	if (ig->drained == DRAINED_EOF) {
		ig->is_eof = true;
		close_pipe(ig);
	} else if (ig->drained == DRAINED_FAULT) {
		fail(ig, &ig->drain_fault);
	} else if (ig->drained == DRAINED_EMPTY && !ig->is_aborted &&
		   ig->fault.err == ERR_OK) {
		release_idle_slots(ig);
		ig->watch = loop_watch(
		    ig->env.loop, ig->pipe_fd, LOOP_READ, on_readable, ig);
	}
	step(ig);
}

static void
seal_done(struct job *job)
{
	struct slot *slot = (struct slot *)job;
	struct ingest *ig = slot->ingest;
	struct fault fault = slot->fault;

	if (fault.err == ERR_OK)
		fault.err = blob_writer_note(ig->writer, &slot->piece, &fault);
	if (fault.err != ERR_OK)
		fail(ig, &fault);
	slot->state = SLOT_FREE;
	atomic_fetch_sub(&ig->sealing, 1);
	step(ig);
}

static void
end_done(struct job *job)
{
	struct ingest *ig = from_last(job);

	ig->is_last_out = false;
	ig->is_written = true;
	if (ig->drain_fault.err != ERR_OK)
		fail(ig, &ig->drain_fault);
	step(ig);
}

static void
tell(struct ingest *ig)
{
	struct ingest_result result = {
	    .fault = ig->fault,
	    .size = ig->size,
	    .disk_bytes = ig->commit.disk_bytes,
	    .is_new = ig->commit.is_new,
	};

	memcpy(result.sha256, ig->digest, sizeof(result.sha256));
	ig->fn(ig->arg, &result);
	ingest_free(ig);
}

static void
discard_done(struct job *job)
{
	struct ingest *ig = from_last(job);

	ig->is_last_out = false;
	ig->is_discarded = true;
	release_slots(ig);
	if (ig->is_aborted)
		ingest_free(ig);
	else if (ig->has_commit)
		tell(ig);
	/* Else it stays, so that a later commit hears what went wrong. */
}

static void
commit_done(struct job *job)
{
	struct ingest *ig = from_last(job);

	ig->is_last_out = false;
	if (ig->commit.fault.err != ERR_OK)
		fail(ig, &ig->commit.fault);
	/* Closes the file, and removes a second copy of known bytes. */
	submit_last(ig, lane(ig), discard_work, discard_done);
}

static void
start_commit(struct ingest *ig)
{
	struct fault fault;

	if (ig->size != ig->announced) {
		(void)fault_set(&fault, ERR_FORMAT,
		    "%llu bytes arrived, %llu were announced",
		    (unsigned long long)ig->size,
		    (unsigned long long)ig->announced);
		fail(ig, &fault);
		submit_last(ig, lane(ig), discard_work, discard_done);
		return;
	}
	ig->commit.job = &ig->last;
	ig->commit.writer = ig->writer;
	ig->commit.org_key = ig->org_key;
	ig->commit.tmp_id = ig->id;
	memcpy(ig->commit.sha256, ig->digest, sizeof(ig->digest));
	ig->is_last_out = true;
	ig->last.done = commit_done;
	committer_submit(ig->env.committer, &ig->commit);
}

/* Whatever can be done next is started. */
static void
step(struct ingest *ig)
{
	const bool is_busy = ig->is_draining || atomic_load(&ig->sealing) > 0;

	if (ig->is_last_out || ig->is_discarded)
		return;
	if (ig->is_aborted || ig->fault.err != ERR_OK) {
		/* The writer at the other end learns it by EPIPE. */
		if (!ig->is_draining)
			close_pipe(ig);
		if (!is_busy)
			submit_last(ig, lane(ig), discard_work, discard_done);
		return;
	}
	if (!ig->is_eof) {
		if (!ig->is_draining && ig->watch == NULL)
			start_drain(ig);
		return;
	}
	if (is_busy)
		return;
	if (!ig->is_written)
		submit_last(ig, POOL_BULK, end_work, end_done);
	else if (ig->has_commit)
		start_commit(ig);
}

static void
on_silence(void *arg)
{
	struct ingest *ig = arg;
	struct fault fault;

	ig->timer = NULL;
	if (ig->is_eof || ig->fault.err != ERR_OK)
		return;
	/* While a drain job is out the size is moving. */
	if (!ig->is_draining && ig->size == ig->size_at_timer) {
		(void)fault_set(&fault, ERR_UNAVAILABLE,
		    "the upload was not ended by its sender");
		fail(ig, &fault);
		step(ig);
		return;
	}
	if (!ig->is_draining)
		ig->size_at_timer = ig->size;
	ig->timer = loop_timer(ig->env.loop, SILENCE_MS, on_silence, ig);
}

int
ingest_new(const struct ingest_env *env, uint64_t id, struct org_key *org_key,
    struct fault *fault, struct ingest **ret_ingest, int *ret_pipe)
{
	struct ingest *ig;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1) {
		org_key_unref(org_key);
		return fault_sys(fault, "making a pipe");
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	ig = xcalloc(1, sizeof(*ig));
	ig->env = *env;
	ig->id = id;
	ig->org_key = org_key;
	ig->pipe_fd = fds[0];
	ig->sha256 = sha256_new();
	ig->drain.work = drain_work;
	ig->drain.done = drain_done;
	for (size_t i = 0; i < INGEST_SLOTS; i++) {
		ig->slots[i].ingest = ig;
		ig->slots[i].job.work = seal_work;
		ig->slots[i].job.done = seal_done;
	}
	ig->watch =
	    loop_watch(env->loop, ig->pipe_fd, LOOP_READ, on_readable, ig);
	*ret_ingest = ig;
	*ret_pipe = fds[1];
	return ERR_OK;
}

void
ingest_commit(
    struct ingest *ingest, uint64_t size, ingest_stored_fn *fn, void *arg)
{
	ingest->has_commit = true;
	ingest->announced = size;
	ingest->fn = fn;
	ingest->arg = arg;
	if (ingest->is_discarded) {
		/* It failed before: say so from the loop. */
		ingest->is_last_out = true;
		ingest->last.done = discard_done;
		pool_finish(ingest->env.pool, &ingest->last);
		return;
	}
	if (!ingest->is_eof)
		ingest->timer = loop_timer(
		    ingest->env.loop, SILENCE_MS, on_silence, ingest);
	step(ingest);
}

void
ingest_abort(struct ingest *ingest)
{
	ingest->is_aborted = true;
	if (ingest->is_discarded && !ingest->is_last_out) {
		ingest_free(ingest);
		return;
	}
	step(ingest);
}

uint64_t
ingest_id(const struct ingest *ingest)
{
	return ingest->id;
}
