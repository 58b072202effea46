/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_run.c - what the scheduler needs to drive a re-scan. */
#include "store/rescan.h"

#include "lib/candidates.h"
#include "lib/cond.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

/* --- rules --- */

static int
add_unit(struct unitset_out *out, const struct query *q)
{
	size_t closure_len, digest_len, text_len;
	const uint8_t *closure = query_bytes(q, 2, &closure_len);
	const uint8_t *digest = query_bytes(q, 3, &digest_len);
	const uint8_t *text = query_bytes(q, 4, &text_len);
	struct unit unit = {
	    .closure = closure,
	    .text_digest = digest,
	    .namespace_name = query_text(q, 0),
	    .name = query_text(q, 1),
	    .text = (const char *)text,
	    .text_len = text_len,
	    .flags = strcmp(query_text(q, 5), "noisy") == 0 ? UNIT_NOISY : 0,
	};

	if (query_int(q, 6) > LIMIT_RULE_SLOW_MS)
		unit.flags |= UNIT_SLOW;
	if (closure_len != SHA256_BYTES || digest_len != SHA256_BYTES)
		return ERR_FORMAT;
	return unitset_add(out, &unit);
}

/* The rules that a statement names, as sealed memory. */
static int
make_set(struct store *store, enum stmt stmt, int64_t number, int *ret_fd)
{
	AUTO(query) q = {0};
	struct unitset_out out;
	int err = query_start(&q, store->db, stmt, ARGS(val_int(number)));

	unitset_out_init(&out);
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		err = add_unit(&out, &q);
	if (err == ERR_EOF)
		err = unitset_seal(&out, ret_fd);
	unitset_out_release(&out);
	return err;
}

int
ruleset_get(struct request *r)
{
	AUTO(query) q = {0};
	struct values row;
	int64_t version;
	int err = query_one(&q, r->store->db, STMT_RULESET_ACTIVE, NULL, 0);

	/* No rows: no version is active, and the folder's rules hold. */
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	version = query_int(&q, 0);
	query_values(&q, &row);
	request_row(r, &row);
	return make_set(r->store, STMT_RULESET_UNITS, version, &r->end_fd);
}

int
rescan_lease(struct request *r)
{
	AUTO(query) q = {0};
	struct values row;
	int64_t id;
	int err = query_one(&q, r->store->db, STMT_RESCAN_NEXT, NULL, 0);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	id = query_int(&q, 0);
	query_values(&q, &row);
	row.count = r->spec->column_count;
	request_row(r, &row);
	/* Nothing is written: it is running once there is a result. */
	if (r->store->leased_rescan != id)
		r->store->leased_us = loop_wall_us();
	r->store->leased_rescan = id;
	return make_set(r->store, STMT_RESCAN_UNITS, id, &r->end_fd);
}

/* A rule without a condition may match anything. */
static int
make_question(struct store *store, int64_t id, int *ret_fd)
{
	static const uint8_t any[] = {COND_VERSION, COND_TRUE};
	AUTO(query) q = {0};
	struct candidates_ask ask;
	int err = query_start(
	    &q, store->db, STMT_RESCAN_CONDITIONS, ARGS(val_int(id)));

	candidates_ask_init(&ask);
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		size_t len;
		const uint8_t *p = query_bytes(&q, 0, &len);

		err = candidates_ask_add(
		    &ask, len == 0 ? any : p, len == 0 ? sizeof(any) : len);
	}
	if (err == ERR_EOF)
		err = candidates_ask_seal(&ask, ret_fd);
	candidates_ask_release(&ask);
	return err;
}

/* The units of a retry, as if the index knew none of them. */
static int
make_answer(struct store *store, int64_t of, int64_t rules, int *ret_fd)
{
	size_t count = (size_t)rules + 1;
	auto_free struct candidates_list *lists =
	    xcalloc(count, sizeof(*lists));
	AUTO(query) q = {0};
	int err =
	    query_start(&q, store->db, STMT_RETRY_UNITS, ARGS(val_int(of)));

	for (size_t i = 0; i < count; i++)
		candidates_list_init(&lists[i]);
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		candidates_list_add(&lists[0], (uint64_t)query_int(&q, 0), 1);
	if (err == ERR_EOF)
		err = candidates_seal(lists, count, ret_fd);
	for (size_t i = 0; i < count; i++)
		candidates_list_release(&lists[i]);
	return err;
}

int
rescan_conditions(struct request *r)
{
	AUTO(query) q = {0};
	struct values row;
	int64_t id, rules, retry_of;
	int err = query_one(&q, r->store->db, STMT_RESCAN_NEXT, NULL, 0);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	id = query_int(&q, 0);
	rules = query_int(&q, 5);
	retry_of = query_int(&q, 7);
	values_init(&row);
	values_add_int(&row, id);
	values_add_int(&row, retry_of != 0);
	request_row(r, &row);
	return retry_of == 0
		   ? make_question(r->store, id, &r->end_fd)
		   : make_answer(r->store, retry_of, rules, &r->end_fd);
}
