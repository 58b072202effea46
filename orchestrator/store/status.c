/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - how the service is, in a few named values. */
#include "lib/json.h"
#include "lib/own.h"
#include "store/handlers.h"
#include "store/migrate.h"
#include "store/row_json.h"
#include "store/rules.h"

/* Rules that are named; their reasons must fit into one message. */
#define ASIDE_MAX 20

/* Takes the reference. */
static void
put(struct request *r, const char *name, json_t *value)
{
	auto_json json_t *owned = value;
	auto_free char *text =
	    json_dumps(owned, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	struct values row;

	values_init(&row);
	values_add_text(&row, name);
	values_add_text(&row, text);
	request_row(r, &row);
}

/* One row of a statement with named columns. */
static int
put_row(struct request *r, const char *name, enum stmt stmt)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, stmt, ARGS(WHO(r)));

	if (err == ERR_OK)
		put(r, name, row_json(&q));
	return err;
}

static int
put_list(struct request *r, const char *name, enum stmt stmt)
{
	AUTO(query) q = {0};
	json_t *list = json_array();
	int err = query_start(&q, r->store->db, stmt, ARGS(WHO(r)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		(void)json_array_append_new(list, row_json(&q));
	put(r, name, list);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* {"queued": 3, "running": 1 ...} from rows of word and number. */
static int
put_counts(struct request *r, const char *name, enum stmt stmt)
{
	AUTO(query) q = {0};
	json_t *object = json_object();
	int err = query_start(&q, r->store->db, stmt, ARGS(WHO(r)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		(void)json_object_set_new(
		    object, query_text(&q, 0), json_integer(query_int(&q, 1)));
	put(r, name, object);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* The active version, and what of it is set aside. */
static int
put_rules(struct request *r)
{
	AUTO(query) q = {0};
	json_t *object;
	int err = query_one(&q, r->store->db, STMT_STATUS_RULES, NULL, 0);

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	object = err == ERR_OK ? row_json(&q) : json_object();
	(void)json_object_set_new(
	    object, "single_person", json_boolean(r->store->is_single_person));
	(void)json_object_set_new(
	    object, "fetch", json_boolean(r->store->may_fetch));
	put(r, "rules", object);
	return ERR_OK;
}

static int
put_rules_aside(struct request *r)
{
	AUTO(query) q = {0};
	json_t *list;
	int err;

	/* Names of rules are for those who may read them. */
	if (rules_may_read(r) != ERR_OK) {
		r->why[0] = '\0';
		return ERR_OK;
	}
	list = json_array();
	err = query_start(&q, r->store->db, STMT_STATUS_RULES_ASIDE,
	    ARGS(val_null(), val_null(), val_int(ASIDE_MAX)));
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		(void)json_array_append_new(list, row_json(&q));
	put(r, "rules_aside", list);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* How much of the store the index holds: a count over all organisations. */
static int
put_index(struct request *r)
{
	const struct store_index *index = &r->store->index;
	AUTO(query) q = {0};
	int err;

	if (!r->principal.sees_all)
		return ERR_OK;
	err = query_one(&q, r->store->db, STMT_STATUS_UNITS, ARGS(WHO(r)));
	if (err == ERR_OK)
		put(r, "index",
		    json_pack("{s:s,s:I,s:I,s:I,s:I}", "state",
			index->is_known ? "connected" : "away", "units",
			(json_int_t)query_int(&q, 0), "indexed",
			(json_int_t)index->units, "bytes",
			(json_int_t)index->bytes, "segments",
			(json_int_t)index->segments));
	return err;
}

int
status(struct request *r)
{
	struct store *store = r->store;
	int64_t up = (loop_wall_us() - store->started_at) / 1000000;
	int err;

	put(r, "version", json_string(LOEP_VERSION));
	put(r, "schema", json_integer(migrate_version()));
	put(r, "uptime_seconds", json_integer(up));
	put(r, "vault",
	    json_string(
		vault_chan(store->vault) != NULL ? "connected" : "away"));
	put(r, "scheduler",
	    json_string(store->sched != NULL ? "connected" : "away"));
	err = put_counts(r, "jobs", STMT_STATUS_JOBS);
	if (err == ERR_OK)
		err = put_row(r, "counts", STMT_STATUS_COUNTS);
	if (err == ERR_OK)
		err = put_row(r, "evidence", STMT_STATUS_EVIDENCE);
	if (err == ERR_OK)
		err = put_list(r, "analysers", STMT_STATUS_ANALYSERS);
	if (err == ERR_OK)
		err = put_list(r, "vm_slots", STMT_STATUS_SLOTS);
	if (err == ERR_OK)
		err = put_rules(r);
	if (err == ERR_OK)
		err = put_rules_aside(r);
	if (err == ERR_OK)
		err = put_index(r);
	if (err == ERR_OK && r->principal.sees_all)
		err = put_row(r, "database", STMT_STATUS_DATABASE);
	return err;
}
