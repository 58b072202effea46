/* SPDX-License-Identifier: Apache-2.0 */
/* blob.c - rows of blobs, and the lazy deletion of unused ones. */
#include "store/blob.h"

#include "lib/log.h"
#include "lib/xalloc.h"
#include "store/backup.h"

/* How many go at a time. */
#define DELETES_MAX 32

/* A commit that waits for deletions. */
struct waiting_commit {
	TAILQ_ENTRY(waiting_commit) entry;
	struct blob_writer writer;
	vault_fn *fn;
	void *arg;
};

static int
ask(struct store *store, const struct blob_writer *w, vault_fn *fn, void *arg)
{
	const struct part_ref part = {.org = w->org, .upload = w->upload};

	if (w->upload[0] == '\0')
		return vault_commit(store->vault, w->id, w->size, fn, arg);
	return vault_part_commit(store->vault, &part, w->size, fn, arg);
}

int
blob_commit(
    struct store *store, const struct blob_writer *w, vault_fn *fn, void *arg)
{
	struct waiting_commit *waiting;
	int err = ERR_OK;

	if (vault_chan(store->vault) == NULL)
		return ERR_UNAVAILABLE;
	if (store->deletes_in_flight == 0) {
		err = ask(store, w, fn, arg);
	} else {
		waiting = xcalloc(1, sizeof(*waiting));
		waiting->writer = *w;
		waiting->fn = fn;
		waiting->arg = arg;
		TAILQ_INSERT_TAIL(&store->commits, waiting, entry);
	}
	if (err == ERR_OK)
		store->commits_in_flight++;
	return err;
}

void
blob_commit_end(struct store *store)
{
	store->commits_in_flight--;
}

/* Deletions are done: what waited for that is asked now. */
static void
ask_waiting(struct store *store)
{
	struct waiting_commit *w;

	while ((w = TAILQ_FIRST(&store->commits)) != NULL) {
		struct vault_answer answer = {
		    .type = MSG_VAULT_DONE,
		    .err = ERR_UNAVAILABLE,
		    .fd = -1,
		};

		TAILQ_REMOVE(&store->commits, w, entry);
		if (ask(store, &w->writer, w->fn, w->arg) != ERR_OK) {
			(void)snprintf(answer.why, sizeof(answer.why), "%s",
			    vault_is_away);
			w->fn(w->arg, &answer);
		}
		free(w);
	}
}

int
blob_add(struct store *store, const char *org,
    const struct vault_answer *stored, bool is_used)
{
	int64_t now = loop_wall_us();

	return db_do(store->db, STMT_BLOB_ADD,
	    ARGS(val_text(org), val_bytes(stored->sha256, SHA256_BYTES),
		val_int((int64_t)stored->size),
		val_int((int64_t)stored->stored_size), val_int(now),
		is_used ? val_null() : val_int(now), val_int(stored->is_new)),
	    NULL);
}

struct deletion {
	struct store *store;
	struct blob_ref blob;
};

static void
on_deleted(void *arg, struct vault_answer *answer)
{
	struct deletion *d = arg;

	/* The row is gone; a file that stays costs space, nothing else. */
	if (answer->err != ERR_OK && answer->err != ERR_NOT_FOUND)
		log_line(LOG_WARN, "msg=\"unused blob stays\" reason=\"%s\"",
		    answer->why);
	if (--d->store->deletes_in_flight == 0)
		ask_waiting(d->store);
	free(d);
}

static void
on_row_gone(void *arg, bool is_committed)
{
	struct deletion *d = arg;

	if (is_committed &&
	    vault_delete(d->store->vault, &d->blob, on_deleted, d) == ERR_OK) {
		d->store->deletes_in_flight++;
		return;
	}
	free(d);
}

static int
delete_rows(struct store *store)
{
	AUTO(query) q = {0};
	const uint8_t *sha256;
	size_t len;
	int err = query_start(&q, store->db, STMT_BLOB_DELETE_UNUSED,
	    ARGS(val_int(loop_wall_us() - BLOB_UNUSED_US),
		val_int(DELETES_MAX)));

	if (err != ERR_OK)
		return err;
	while ((err = query_next(&q)) == ERR_OK) {
		struct deletion *d = xcalloc(1, sizeof(*d));

		d->store = store;
		(void)snprintf(
		    d->blob.org, sizeof(d->blob.org), "%s", query_text(&q, 0));
		sha256 = query_bytes(&q, 1, &len);
		if (len == SHA256_BYTES)
			memcpy(d->blob.sha256, sha256, SHA256_BYTES);
		tx_after(store, on_row_gone, d);
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

void
blob_delete_unused(struct store *store)
{
	int err;

	if (backup_is_open(store) || store->commits_in_flight > 0 ||
	    store->deletes_in_flight > 0 || vault_chan(store->vault) == NULL ||
	    tx_begin(store, ROLE_STORE) != ERR_OK)
		return;
	err = delete_rows(store);
	tx_end(store, err == ERR_OK);
	/* Now, while nothing is in flight: later in this turn there may be. */
	tx_commit(store);
}
