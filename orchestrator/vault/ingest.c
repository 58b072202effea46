/* SPDX-License-Identifier: Apache-2.0 */
/* ingest.c - the stages of an upload. */
#include "vault/ingest_own.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>

/* After a commit the pipe has to end, or to bring something, within this. */
#define SILENCE_MS 60000
/* What a slow sender brought to a part is saved this often. */
#define SAVE_MS 10000

/* The loop's: slots beyond the first one of each upload. */
static size_t extra_slots;

static void step(struct ingest *ig);

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
	loop_timer_cancel(ig->save_timer);
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
	/* While a part is saved its slots must stay as they are. */
	if (!ig->is_last_out)
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
	if (ig->fn != NULL)
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
	submit_last(ig, lane(ig), ingest_discard_work, discard_done);
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
		submit_last(ig, lane(ig), ingest_discard_work, discard_done);
		return;
	}
	ig->commit.job = &ig->last;
	ig->commit.fd = blob_writer_fd(ig->writer);
	ig->commit.file_size = blob_writer_file_size(ig->writer);
	ig->commit.org_key = ig->org_key;
	place_tmp_name(ig->commit.tmp, ig->id);
	memcpy(ig->commit.sha256, ig->digest, sizeof(ig->digest));
	ig->is_last_out = true;
	ig->last.done = commit_done;
	committer_submit(ig->env.committer, &ig->commit);
}

static void
saved_done(struct job *job)
{
	struct ingest *ig = from_last(job);

	ig->is_last_out = false;
	ig->saved_index = ig->next_index;
	atomic_store(&ig->is_due, false);
	if (ig->drain_fault.err != ERR_OK)
		fail(ig, &ig->drain_fault);
	step(ig);
}

/* All that was to come is here and at rest. */
static void
step_part_end(struct ingest *ig)
{
	const bool is_new = ig->size != part_progress(ig->part)->size;
	struct fault fault;

	if (ig->is_atomic && ig->has_commit &&
	    ig->size - ig->start != ig->announced) {
		(void)fault_set(&fault, ERR_FORMAT,
		    "%llu bytes arrived, %llu were announced",
		    (unsigned long long)(ig->size - ig->start),
		    (unsigned long long)ig->announced);
		fail(ig, &fault);
	} else if (is_new && (!ig->is_atomic || ig->has_commit)) {
		submit_last(ig, lane(ig), ingest_save_work, saved_done);
		return;
	}
	if (ig->has_commit)
		submit_last(ig, lane(ig), ingest_discard_work, discard_done);
}

static void
step_part(struct ingest *ig, bool is_busy)
{
	if (ig->is_leaving && !ig->is_draining) {
		close_pipe(ig);
		ig->is_eof = true;
	}
	if (is_busy && (ig->is_eof || atomic_load(&ig->is_due)))
		return;
	if (ig->is_eof)
		step_part_end(ig);
	else if (atomic_load(&ig->is_due))
		submit_last(ig, lane(ig), ingest_save_work, saved_done);
	else if (!ig->is_draining && ig->watch == NULL)
		start_drain(ig);
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
			submit_last(
			    ig, lane(ig), ingest_discard_work, discard_done);
		return;
	}
	if (ig->part != NULL) {
		step_part(ig, is_busy);
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
		submit_last(ig, POOL_BULK, ingest_end_work, end_done);
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
	ig->drain.work = ingest_drain_work;
	ig->drain.done = drain_done;
	for (size_t i = 0; i < INGEST_SLOTS; i++) {
		ig->slots[i].ingest = ig;
		ig->slots[i].job.work = ingest_seal_work;
		ig->slots[i].job.done = seal_done;
	}
	ig->watch =
	    loop_watch(env->loop, ig->pipe_fd, LOOP_READ, on_readable, ig);
	*ret_ingest = ig;
	*ret_pipe = fds[1];
	return ERR_OK;
}

static void
on_save_time(void *arg)
{
	struct ingest *ig = arg;

	ig->save_timer = NULL;
	if (ig->is_eof || ig->fault.err != ERR_OK)
		return;
	/* While a drain job is out the size is moving. */
	if (ig->is_draining || ig->size != part_progress(ig->part)->size) {
		atomic_store(&ig->is_due, true);
		step(ig);
	}
	ig->save_timer = loop_timer(ig->env.loop, SAVE_MS, on_save_time, ig);
}

/* Where the part stands: digest and the chunk that is not full yet. */
static int
load_part(struct ingest *ig, struct fault *fault)
{
	const struct progress *now = part_progress(ig->part);
	struct slot *slot = &ig->slots[0];

	if (sha256_load(ig->sha256, now->sha256) != ERR_OK)
		return fault_set(
		    fault, ERR_FORMAT, "the running digest is damaged");
	ig->writer = part_writer(ig->part);
	ig->start = ig->size = now->size;
	ig->next_index = ig->saved_index = now->mark.chunk_count;
	if (now->rest_len == 0)
		return ERR_OK;
	slot->size = BLOB_CHUNK_BYTES;
	slot->buf = xmalloc(slot->size);
	slot->len = now->rest_len;
	memcpy(slot->buf, now->rest, now->rest_len);
	slot->state = SLOT_GRANTED;
	ig->current = slot;
	return ERR_OK;
}

int
ingest_resume(const struct ingest_env *env, uint64_t id,
    const struct ingest_part *what, struct fault *fault,
    struct ingest **ret_ingest, int *ret_pipe)
{
	struct ingest *ig = NULL;
	int err = ingest_new(env, id, what->org_key, fault, &ig, ret_pipe);

	if (err != ERR_OK) {
		part_free(what->part);
		return err;
	}
	ig->part = what->part;
	ig->is_atomic = what->is_atomic;
	err = load_part(ig, fault);
	if (err != ERR_OK) {
		(void)close(*ret_pipe);
		part_free(take_ptr(ig->part));
		ingest_free(ig);
		return err;
	}
	if (!ig->is_atomic)
		ig->save_timer =
		    loop_timer(env->loop, SAVE_MS, on_save_time, ig);
	*ret_ingest = ig;
	return ERR_OK;
}

void
ingest_leave(struct ingest *ingest)
{
	if (ingest->part == NULL || ingest->is_atomic || ingest->is_discarded) {
		ingest_abort(ingest);
		return;
	}
	ingest->is_leaving = true;
	ingest->has_commit = true;
	ingest->fn = NULL;
	atomic_store(&ingest->is_due, true);
	step(ingest);
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
