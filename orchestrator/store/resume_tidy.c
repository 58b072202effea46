/* SPDX-License-Identifier: Apache-2.0 */
/* resume_tidy.c - uploads that were not continued, and what the vault still
 * has of those that are over. */
#include "store/resume.h"

#include "lib/log.h"
#include "lib/xalloc.h"
#include "store/audit.h"

/* Parts that the vault is asked to delete at a time. */
#define DROPS_MAX 8
/* Rows that one tick lets expire. */
#define EXPIRE_MAX 100

static int
expire(struct store *store)
{
	AUTO(query) q = {0};
	int err = query_start(&q, store->db, STMT_UPLOADS_EXPIRE,
	    ARGS(val_int(loop_wall_us()), val_int(EXPIRE_MAX)));

	if (err != ERR_OK)
		return err;
	while ((err = query_next(&q)) == ERR_OK) {
		struct audit_object object = {
		    "upload", query_text(&q, 0), query_text(&q, 1)};

		err = audit_own(store, "upload.expired", &object,
		    json_pack(
			"{s:I}", "received", (json_int_t)query_int(&q, 2)));
		if (err != ERR_OK)
			return err;
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

struct drop {
	struct store *store;
	char id[UUID_BYTES];
};

static void
on_dropped(void *arg, struct vault_answer *answer)
{
	struct drop *d = arg;
	struct store *store = d->store;

	store->drops_in_flight--;
	if (answer->err == ERR_OK && tx_begin(store, ROLE_STORE) == ERR_OK) {
		int err = db_do(store->db, STMT_UPLOAD_PART_GONE,
		    ARGS(val_text(d->id)), NULL);

		tx_end(store, err == ERR_OK);
	}
	free(d);
}

static void
drop_parts(struct store *store)
{
	AUTO(query) q = {0};
	int err;

	store->db->role = ROLE_STORE;
	err = query_start(
	    &q, store->db, STMT_UPLOAD_PARTS, ARGS(val_int(DROPS_MAX)));
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		const struct part_ref part = {
		    .upload = query_text(&q, 0), .org = query_text(&q, 1)};
		struct drop *d = xcalloc(1, sizeof(*d));

		d->store = store;
		(void)snprintf(d->id, sizeof(d->id), "%s", part.upload);
		if (vault_part_drop(store->vault, &part, on_dropped, d) ==
		    ERR_OK)
			store->drops_in_flight++;
		else
			free(d);
	}
	if (err != ERR_EOF)
		log_line(LOG_WARN,
		    "msg=\"cannot list ended uploads\" reason=\"%s\"",
		    store->db->why);
}

void
resume_tick(struct store *store)
{
	if (timewatch_is_calm(store) && tx_begin(store, ROLE_STORE) == ERR_OK)
		tx_end(store, expire(store) == ERR_OK);
	tx_commit(store);
	if (vault_chan(store->vault) != NULL && store->drops_in_flight == 0)
		drop_parts(store);
}
