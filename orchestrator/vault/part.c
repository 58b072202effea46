/* SPDX-License-Identifier: Apache-2.0 */
/* part.c - unfinished uploads: one opener at a time, save, finish, drop. */
#include "vault/part.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/queue.h>

struct part {
	LIST_ENTRY(part) entry;
	const struct place *place;
	char id[BLOB_ORG_BYTES];
	_Atomic uint64_t saved; /* bytes that are durable; for part_stat() */
	struct journal *journal;
	struct blob_writer *writer;
};

LIST_HEAD(part_list, part);

/* Those that are open, under the mutex. */
static struct part_list parts = LIST_HEAD_INITIALIZER(parts);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Under the mutex. */
static struct part *
find(const char *id)
{
	struct part *part;

	LIST_FOREACH(part, &parts, entry)
	{
		if (strcmp(part->id, id) == 0)
			return part;
	}
	return NULL;
}

/* NULL where somebody else has it. */
static struct part *
reserve(const struct place *place, const char *id)
{
	struct part *part = NULL;

	(void)pthread_mutex_lock(&mutex);
	if (find(id) == NULL) {
		part = xcalloc(1, sizeof(*part));
		part->place = place;
		(void)snprintf(part->id, sizeof(part->id), "%s", id);
		LIST_INSERT_HEAD(&parts, part, entry);
	}
	(void)pthread_mutex_unlock(&mutex);
	return part;
}

void
part_free(struct part *part)
{
	if (part == NULL)
		return;
	blob_writer_free(part->writer);
	journal_free(part->journal);
	/* Only now may another one open the files. */
	(void)pthread_mutex_lock(&mutex);
	LIST_REMOVE(part, entry);
	(void)pthread_mutex_unlock(&mutex);
	free(part);
}

static int
make(struct part *part, const struct org_key *org_key, struct fault *fault)
{
	char name[PLACE_NAME_BYTES];
	int err;

	/* The journal last: without it there is no upload. */
	place_part_name(name, part->id, "");
	err =
	    blob_writer_start(part->place, name, org_key, fault, &part->writer);
	if (err == ERR_OK)
		err = journal_new(
		    part->place, part->id, org_key, fault, &part->journal);
	return err;
}

static int
open_file(struct part *part, const struct org_key *org_key, struct fault *fault)
{
	char name[PLACE_NAME_BYTES];
	int err;

	/* A file that is whole is never written again. */
	if (journal_whole(part->journal) != NULL)
		return ERR_OK;
	place_part_name(name, part->id, "");
	err = blob_writer_resume(
	    part->place, name, org_key, fault, &part->writer);
	if (err == ERR_OK)
		err = blob_writer_rewind(part->writer,
		    &journal_progress(part->journal)->mark, fault);
	return err;
}

int
part_open(const struct place *place, const char *id,
    const struct org_key *org_key, bool is_new, struct fault *fault,
    struct part **ret_part)
{
	struct part *part = reserve(place, id);
	int err;

	if (part == NULL)
		return fault_set(fault, ERR_CONFLICT,
		    "the upload is being written to by another request");
	err = journal_open(place, id, org_key, fault, &part->journal);
	if (err == ERR_OK)
		err = open_file(part, org_key, fault);
	else if (err == ERR_NOT_FOUND && is_new)
		err = make(part, org_key, fault);
	if (err != ERR_OK) {
		part_free(part);
		return err;
	}
	atomic_store(&part->saved, journal_progress(part->journal)->size);
	*ret_part = part;
	return ERR_OK;
}

int
part_stat(const struct place *place, const char *id,
    const struct org_key *org_key, uint64_t *ret_size, bool *ret_is_open,
    struct fault *fault)
{
	struct part *part;
	int err;

	(void)pthread_mutex_lock(&mutex);
	part = find(id);
	*ret_is_open = part != NULL;
	*ret_size = part != NULL ? atomic_load(&part->saved) : 0;
	(void)pthread_mutex_unlock(&mutex);
	if (*ret_is_open)
		return ERR_OK;
	err = part_open(place, id, org_key, false, fault, &part);
	if (err == ERR_OK)
		*ret_size = part_progress(part)->size;
	if (err == ERR_OK)
		part_free(part);
	return err;
}

const char *
part_id(const struct part *part)
{
	return part->id;
}

struct blob_writer *
part_writer(const struct part *part)
{
	return part->writer;
}

const struct progress *
part_progress(const struct part *part)
{
	return journal_progress(part->journal);
}

int
part_save(struct part *part, const uint8_t sha256[SHA256_STATE_BYTES],
    const uint8_t *rest, size_t rest_len, struct fault *fault)
{
	struct progress now = {.rest = rest, .rest_len = rest_len};
	int err;

	blob_writer_mark(part->writer, &now.mark);
	memcpy(now.sha256, sha256, SHA256_STATE_BYTES);
	now.size = now.mark.chunk_count * BLOB_CHUNK_BYTES + rest_len;
	/* The journal must not speak of what is not there. */
	if (now.mark.end > part_progress(part)->mark.end &&
	    fdatasync(blob_writer_fd(part->writer)) == -1)
		return fault_sys(fault, "syncing an upload");
	err = journal_save(part->journal, &now, fault);
	if (err == ERR_OK)
		atomic_store(&part->saved, now.size);
	return err;
}

/* The last chunk, footer and trailer. */
static int
write_end(struct part *part, struct kit *kit, struct whole *whole,
    struct fault *fault)
{
	const struct progress *now = part_progress(part);
	struct blob_piece piece = {
	    .index = now->mark.chunk_count,
	    .plain = now->rest,
	    .len = now->rest_len,
	};
	struct sha256 *sha256 = sha256_new();
	int err = sha256_load(sha256, now->sha256);

	if (err != ERR_OK) {
		sha256_free(sha256);
		return fault_set(fault, err, "the running digest is damaged");
	}
	sha256_update(sha256, now->rest, now->rest_len);
	sha256_final(sha256, whole->sha256);
	sha256_free(sha256);
	if (piece.len > 0 &&
	    (blob_writer_put(part->writer, kit, &piece, fault) != ERR_OK ||
		blob_writer_note(part->writer, &piece, fault) != ERR_OK))
		return fault->err;
	if (blob_writer_end(part->writer, whole->size, whole->sha256, fault) !=
	    ERR_OK)
		return fault->err;
	if (fdatasync(blob_writer_fd(part->writer)) == -1)
		return fault_sys(fault, "syncing an upload");
	whole->file_size = blob_writer_file_size(part->writer);
	return ERR_OK;
}

int
part_finish(struct part *part, struct kit *kit, uint64_t size,
    struct whole *ret_whole, struct fault *fault)
{
	struct whole whole = {.size = size};

	if (part_progress(part)->size != size)
		return fault_set(fault, ERR_CONFLICT,
		    "%llu bytes of the upload are here, not %llu",
		    (unsigned long long)part_progress(part)->size,
		    (unsigned long long)size);
	if (journal_whole(part->journal) != NULL) {
		*ret_whole = *journal_whole(part->journal);
		return ERR_OK;
	}
	if (write_end(part, kit, &whole, fault) != ERR_OK ||
	    journal_close(part->journal, &whole, fault) != ERR_OK)
		return fault->err;
	*ret_whole = whole;
	return ERR_OK;
}

int
part_drop(const struct place *place, const char *id, struct fault *fault)
{
	static const char *const suffixes[] = {".log", ".new", ""};
	struct part *part = reserve(place, id);
	int err = ERR_OK;

	if (part == NULL)
		return fault_set(fault, ERR_CONFLICT,
		    "the upload is being written to by another request");
	/* The journal first, durably: without it the file is nothing. */
	for (size_t i = 0; err == ERR_OK && i < 3; i++) {
		char name[PLACE_NAME_BYTES];

		place_part_name(name, id, suffixes[i]);
		if (unlinkat(place->fd, name, 0) == -1) {
			if (errno != ENOENT ||
			    faccessat(place->fd, "tmp", X_OK, AT_EACCESS) != 0)
				err = fault_sys(fault, "removing an upload");
		} else if (place_sync_tmp(place) != ERR_OK) {
			err = fault_sys(fault, "syncing a folder");
		}
	}
	part_free(part);
	return err;
}
