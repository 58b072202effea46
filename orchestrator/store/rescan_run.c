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
	request_row(r, &row);
	err = db_do(r->store->db, STMT_RESCAN_START,
	    ARGS(val_int(id), val_int(loop_wall_us())), NULL);
	tx_hurry(r->store);
	return err == ERR_OK
		   ? make_set(r->store, STMT_RESCAN_UNITS, id, &r->end_fd)
		   : err;
}

/* A rule without a condition may match anything. */
int
rescan_conditions(struct request *r)
{
	static const uint8_t any[] = {COND_VERSION, COND_TRUE};
	AUTO(query) next = {0};
	AUTO(query) q = {0};
	struct candidates_ask ask;
	struct values row;
	int err = query_one(&next, r->store->db, STMT_RESCAN_NEXT, NULL, 0);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	values_init(&row);
	values_add_int(&row, query_int(&next, 0));
	request_row(r, &row);
	candidates_ask_init(&ask);
	err = query_start(&q, r->store->db, STMT_RESCAN_CONDITIONS,
	    ARGS(val_int(query_int(&next, 0))));
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		size_t len;
		const uint8_t *p = query_bytes(&q, 0, &len);

		err = candidates_ask_add(
		    &ask, len == 0 ? any : p, len == 0 ? sizeof(any) : len);
	}
	if (err == ERR_EOF)
		err = candidates_ask_seal(&ask, &r->end_fd);
	candidates_ask_release(&ask);
	return err;
}

/* --- artefacts --- */

/* The unit that waits for the vault. */
struct pack_wait {
	int64_t seq;
	int64_t size;
	char *mime;
	char *magic;
	uint8_t *name;
	size_t name_len;
};

static void
wait_free(struct pack_wait *wait)
{
	free(wait->mime);
	free(wait->magic);
	free(wait->name);
	free(wait);
}

static void
put_row(struct request *r, int64_t seq, const char *state, const char *text,
    const struct pack_wait *wait)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, seq);
	values_add_text(&row, state);
	values_add_text(&row, text);
	values_add_int(&row, wait == NULL ? 0 : wait->size);
	values_add_bytes(&row, wait == NULL ? (const void *)"" : wait->name,
	    wait == NULL ? 0 : wait->name_len);
	values_add_text(&row, wait == NULL ? "" : wait->mime);
	values_add_text(&row, wait == NULL ? "" : wait->magic);
	request_row(r, &row);
}

static void
on_opened(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	struct pack_wait *wait = r->state;
	int fd = -1;
	int err;

	r->state = NULL;
	/* Later is better than a gap. */
	if (answer->err == ERR_UNAVAILABLE || answer->err == ERR_NO_SPACE ||
	    answer->err == ERR_AGAIN) {
		wait_free(wait);
		request_end(r, answer->err, answer->why, -1);
		return;
	}
	err = request_begin(r);
	if (err != ERR_OK) {
		wait_free(wait);
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	if (answer->err == ERR_OK) {
		put_row(r, wait->seq,
		    answer->how == BLOB_MEMFD ? "memory" : "range", "", wait);
		fd = take_fd(answer->fd);
	} else {
		put_row(r, wait->seq, "damaged", answer->why, NULL);
	}
	wait_free(wait);
	request_finish(r, ERR_OK, fd);
}

/* Why a unit is not scanned; NULL = it is. */
static const char *
refusal(const struct query *q, const struct rescan *rescan)
{
	const char *job = query_text(q, 14);

	if (query_text(q, 1)[0] == '\0' || query_int(q, 9) == 0 ||
	    (rescan->org_id[0] != '\0' &&
		strcmp(rescan->org_id, query_text(q, 3)) != 0))
		return "gone";
	if (query_int(q, 10) != 0)
		return "sealed";
	if (strcmp(query_text(q, 11), "none") != 0)
		return "quarantined";
	if (strcmp(job, "queued") == 0 || strcmp(job, "running") == 0 ||
	    (!rescan->is_trial && query_int(q, 15) >= rescan->id))
		return "live";
	return query_is_null(q, 13) ? "unscanned" : NULL;
}

static int
open_unit(struct request *r, const struct query *q, int64_t seq)
{
	struct pack_wait *wait = xcalloc(1, sizeof(*wait));
	struct blob_ref blob = {.org = ""};
	const uint8_t *p;
	size_t len;
	int err;

	wait->seq = seq;
	wait->size = query_int(q, 5);
	wait->mime = xstrdup(query_text(q, 7));
	wait->magic = xstrdup(query_text(q, 8));
	p = query_bytes(q, 6, &len);
	wait->name = xmemdup(p == NULL ? (const void *)"" : p, len);
	wait->name_len = len;
	(void)snprintf(blob.org, sizeof(blob.org), "%s", query_text(q, 3));
	p = query_bytes(q, 4, &len);
	memcpy(blob.sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	r->state = wait;
	err = vault_open(r->store->vault, &blob, BLOB_AUTO, on_opened, r);
	if (err == ERR_OK)
		return ERR_AGAIN;
	r->state = NULL;
	wait_free(wait);
	return err == ERR_UNAVAILABLE ? request_why(r, err, "%s", vault_is_away)
				      : err;
}

/* Answers for units in their order until one is opened. */
int
rescan_pack(struct request *r)
{
	struct rescan rescan;
	struct wire_in in;
	size_t len;
	const uint8_t *p = param_bytes(r, 1, &len);
	int err = rescan_load(r->store, param_int(r, 0), &rescan);

	if (err == ERR_NOT_FOUND || (err == ERR_OK && !rescan.is_open))
		return request_why(
		    r, ERR_CONFLICT, "this re-scan does not go on");
	wire_in_init(&in, p, len);
	while (err == ERR_OK && len - in.pos >= 8) {
		AUTO(query) q = {0};
		int64_t seq = wire_get_i64(&in);
		const char *why = "gone";

		err = query_one(
		    &q, r->store->db, STMT_RESCAN_UNIT, ARGS(val_int(seq)));
		if (err == ERR_OK)
			why = refusal(&q, &rescan);
		else if (err == ERR_NOT_FOUND)
			err = ERR_OK;
		if (err == ERR_OK && why == NULL)
			return open_unit(r, &q, seq);
		if (err == ERR_OK)
			put_row(r, seq, why, "", NULL);
	}
	return err;
}
