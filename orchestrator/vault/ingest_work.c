/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_work.c - the stages of an upload that run in workers. */
#include "vault/ingest_own.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

/* A slot starts small, because most files are. */
#define SLOT_BYTES_MIN (64 * KIB)
/* What the pipe grows to once the upload is not small. */
#define PIPE_BYTES (1 << 20)
/* A fast writer is back within this; then the way through the loop is saved. */
#define LINGER_MS 2
/* Chunks of a part that are saved together, so that a crash costs no more. */
#define SAVE_CHUNKS ((uint64_t)64)

void
ingest_seal_work(struct job *job, struct kit *kit)
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

	/* A part has no end yet that is known here. */
	if (ig->part != NULL)
		return DRAINED_EOF;
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

/* A part must not lose much when this process is killed. */
static bool
is_save_due(struct ingest *ig)
{
	if (ig->part != NULL && !ig->is_atomic &&
	    ig->next_index - ig->saved_index >= SAVE_CHUNKS)
		atomic_store(&ig->is_due, true);
	return atomic_load(&ig->is_due);
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
		if (is_save_due(ig))
			return DRAINED_STALLED;
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

void
ingest_drain_work(struct job *job, struct kit *kit)
{
	struct ingest *ig = from_drain(job);

	ig->drained = drain(ig, kit);
	pool_finish(ig->env.pool, job);
}

void
ingest_end_work(struct job *job, struct kit *kit)
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

void
ingest_save_work(struct job *job, struct kit *kit)
{
	struct ingest *ig = from_last(job);
	const struct slot *rest = ig->current;
	uint8_t state[SHA256_STATE_BYTES];
	int err = sha256_save(ig->sha256, state);

	(void)kit;
	/* Only full chunks went into the digest. */
	if (err == ERR_OK)
		err =
		    part_save(ig->part, state, rest == NULL ? NULL : rest->buf,
			rest == NULL ? 0 : rest->len, &ig->drain_fault);
	else
		(void)fault_set(
		    &ig->drain_fault, err, "the running digest cannot be kept");
	ig->drain_fault.err = err;
	pool_finish(ig->env.pool, job);
}

void
ingest_discard_work(struct job *job, struct kit *kit)
{
	struct ingest *ig = from_last(job);
	char name[PLACE_NAME_BYTES];

	(void)kit;
	if (ig->part != NULL) {
		/* The file is the part's. */
		ig->writer = NULL;
		part_free(take_ptr(ig->part));
	}
	if (ig->writer != NULL && !ig->commit.is_linked) {
		place_tmp_name(name, ig->id);
		(void)unlinkat(ig->env.place->fd, name, 0);
	}
	blob_writer_free(ig->writer);
	ig->writer = NULL;
	pool_finish(ig->env.pool, job);
}
