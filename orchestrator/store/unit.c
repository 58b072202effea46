/* SPDX-License-Identifier: Apache-2.0 */
/* unit.c - the units as the index needs them: listed, opened, forgotten. */
#include "lib/limits.h"
#include "store/handlers.h"
#include "store/vault.h"

/* Units from a number on, and what is to be done with each. */
int
index_work(struct request *r)
{
	return request_rows(r, STMT_UNIT_LIST,
	    ARGS(val_int(param_int(r, 0)), val_int(param_limit(r, 1))), false);
}

/* Units whose artefact was deleted, and that the index may still hold. */
int
units_gone(struct request *r)
{
	return request_rows(
	    r, STMT_UNIT_GONE, ARGS(val_int(param_limit(r, 0))), false);
}

int
unit_forgotten(struct request *r)
{
	return db_do(r->store->db, STMT_UNIT_FORGET,
	    ARGS(val_int(param_int(r, 0))), NULL);
}

int
index_report(struct request *r)
{
	struct store_index *index = &r->store->index;

	index->units = param_int(r, 0);
	index->bytes = param_int(r, 1);
	index->segments = param_int(r, 2);
	index->is_known = true;
	return ERR_OK;
}

/* --- opening --- */

static void
put_row(struct request *r, const char *state, uint64_t size, uint8_t how)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	values_add_int(&row, (int64_t)size);
	values_add_int(&row, how);
	request_row(r, &row);
}

static void
on_opened(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	int fd = -1;
	int err;

	/* What may be better later is no verdict about the unit. */
	if (answer->err == ERR_UNAVAILABLE || answer->err == ERR_NO_SPACE ||
	    answer->err == ERR_AGAIN) {
		request_end(r, answer->err, answer->why, -1);
		return;
	}
	err = request_begin(r);
	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	if (answer->err == ERR_OK) {
		put_row(r, "ok", answer->size, answer->how);
		fd = take_fd(answer->fd);
	} else {
		put_row(r, "damaged", 0, 0);
	}
	request_finish(r, ERR_OK, fd);
}

int
unit_open(struct request *r)
{
	struct blob_ref blob = {.org = ""};
	AUTO(query) q = {0};
	const uint8_t *sha256;
	const char *state;
	size_t len;
	int err = query_one(
	    &q, r->store->db, STMT_UNIT_LOAD, ARGS(val_int(param_int(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such unit");
	if (err != ERR_OK)
		return err;
	state = query_text(&q, 0);
	if (strcmp(state, "ok") != 0) {
		put_row(r, state, 0, 0);
		return ERR_OK;
	}
	(void)snprintf(blob.org, sizeof(blob.org), "%s", query_text(&q, 1));
	sha256 = query_bytes(&q, 2, &len);
	memcpy(blob.sha256, sha256, len < SHA256_BYTES ? len : SHA256_BYTES);
	err = vault_open(r->store->vault, &blob, BLOB_AUTO, on_opened, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	return err == ERR_OK ? (int)ERR_AGAIN : err;
}
