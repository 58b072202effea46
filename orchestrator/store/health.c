/* SPDX-License-Identifier: Apache-2.0 */
/* health.c - is the service alive, and can it take files in? */
#include "lib/own.h"
#include "store/handlers.h"

#include "lib/json.h"

/* Alive: it answers, from its database. */
int
health(struct request *r)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, "ok");
	values_add_text(&row, r->store->mode.word);
	values_add_int(&row, r->store->mode.is_exercise);
	request_row(r, &row);
	return ERR_OK;
}

static int
add_where(struct request *r, enum stmt stmt, const char *word, json_t *list)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, stmt, NULL, 0);

	if (err == ERR_OK && query_int(&q, 0) != 0)
		(void)json_array_append_new(list, json_string(word));
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

/* Files can come in: that takes the database and the vault, and no more.
 * What else is missing is named, and nothing of whose or how much. */
int
ready(struct request *r)
{
	struct store *store = r->store;
	auto_json json_t *degraded = json_array();
	auto_free char *text = NULL;
	bool is_ready = vault_chan(store->vault) != NULL;
	struct values row;
	int err;

	if (!is_ready)
		(void)json_array_append_new(degraded, json_string("vault"));
	if (store->sched == NULL)
		(void)json_array_append_new(degraded, json_string("scheduler"));
	if (!store->index.is_known)
		(void)json_array_append_new(degraded, json_string("index"));
	err = add_where(r, STMT_READY_ANALYSERS, "analysers", degraded);
	if (err == ERR_OK)
		err = add_where(
		    r, STMT_READY_SLOTS, "virtual_machines", degraded);
	if (err == ERR_OK)
		err = add_where(r, STMT_READY_MAIL, "mail", degraded);
	if (err != ERR_OK)
		return err;
	if (!is_ready)
		return request_why(r, ERR_UNAVAILABLE,
		    "no file can be taken in: the vault is away");
	text = json_canonical(degraded);
	values_init(&row);
	values_add_int(&row, is_ready);
	values_add_text(&row, text);
	values_add_text(&row, store->mode.word);
	values_add_int(&row, store->mode.is_exercise);
	request_row(r, &row);
	return ERR_OK;
}
