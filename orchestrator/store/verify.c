/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - re-hashing stored evidence: what is asked for, and what is due.
 *
 * The vault reads each blob; a few at a time, so that it has time for others.
 * Each result is recorded as it comes; a damaged one is custody.
 */
#include "store/verify.h"

#include "lib/log.h"
#include "lib/xalloc.h"
#include "store/custody.h"
#include "store/handlers.h"

#define AT_ONCE 4

struct verification {
	struct store *store;
	struct request *r; /* NULL: nobody asked, it was due */
	bool is_single;
	bool is_listed; /* nothing more to start */
	bool is_starting;
	enum err err;
	size_t in_flight;
	int64_t checked;
	int64_t damaged;
	struct blob_ref last; /* where the list goes on */
};

struct item {
	struct verification *v;
	struct blob_ref blob;
	int64_t size;
	char artefact[UUID_BYTES]; /* one that uses it */
	char case_id[UUID_BYTES];
};

static void go_on(struct verification *v);

static void
finish(struct verification *v)
{
	struct request *r = v->r;
	struct audit_object object = {"evidence", "", ""};
	json_t *detail;
	int err = (int)v->err;

	if (r == NULL) {
		free(v);
		return;
	}
	detail = json_pack("{s:I,s:I}", "checked", (json_int_t)v->checked,
	    "damaged", (json_int_t)v->damaged);
	free(v);
	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		json_decref(detail);
		request_end(r, (enum err)err,
		    err == ERR_UNAVAILABLE ? vault_is_away : NULL, -1);
		return;
	}
	request_finish(
	    r, audit_by(r, "evidence.verified", &object, detail), -1);
}

static const char *
state_of(enum err err)
{
	switch ((int)err) {
	case ERR_OK:
		return "ok";
	case ERR_NOT_FOUND:
		return "missing";
	default:
		return "damaged";
	}
}

static int
record(const struct item *item, const char *state, const char *reason)
{
	struct store *store = item->v->store;
	struct custody what = {
	    .artefact = item->artefact,
	    .org = item->blob.org,
	    .case_id = item->case_id,
	    .sha256 = item->blob.sha256,
	    .size = item->size,
	};
	bool is_fine = strcmp(state, "ok") == 0;
	int err;

	err = db_do(store->db, STMT_BLOB_VERIFIED,
	    ARGS(val_text(item->blob.org),
		val_bytes(item->blob.sha256, SHA256_BYTES), val_text(state),
		val_text(reason), val_int(loop_wall_us())),
	    NULL);
	if (err != ERR_OK || (is_fine && !item->v->is_single))
		return err;
	return custody_own(store, is_fine ? "verified_ok" : "verified_failed",
	    &what, json_pack("{s:s,s:s}", "state", state, "reason", reason));
}

static void
answer_row(const struct item *item, const char *state, const char *reason)
{
	struct values row;

	if (item->v->r == NULL)
		return;
	values_init(&row);
	values_add_text(&row, item->artefact);
	values_add_bytes(&row, item->blob.sha256, SHA256_BYTES);
	values_add_int(&row, item->size);
	values_add_text(&row, state);
	values_add_text(&row, reason);
	request_row(item->v->r, &row);
}

static void
on_verified(void *arg, struct vault_answer *answer)
{
	struct item *item = arg;
	struct verification *v = item->v;
	struct store *store = v->store;
	const char *state = state_of(answer->err);
	int err = ERR_OK;

	v->in_flight--;
	store->verifies_in_flight--;
	if (answer->err == ERR_UNAVAILABLE) {
		v->err = ERR_UNAVAILABLE;
	} else {
		v->checked++;
		if (answer->err != ERR_OK) {
			v->damaged++;
			log_line(LOG_ERROR,
			    "msg=\"evidence is damaged\" "
			    "artefact=%s state=%s",
			    item->artefact, state);
		}
		err = tx_begin(store, ROLE_STORE);
		if (err == ERR_OK) {
			answer_row(item, state, answer->why);
			err = record(item, state, answer->why);
			tx_end(store, err == ERR_OK);
		}
		if (err != ERR_OK)
			v->err = (enum err)err;
	}
	free(item);
	go_on(v);
}

static int
start_one(struct verification *v, const struct query *q)
{
	struct item *item = xcalloc(1, sizeof(*item));
	const uint8_t *p;
	size_t len;
	int err;

	item->v = v;
	(void)snprintf(
	    item->blob.org, sizeof(item->blob.org), "%s", query_text(q, 0));
	p = query_bytes(q, 1, &len);
	memcpy(item->blob.sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	item->size = query_int(q, 2);
	(void)snprintf(
	    item->artefact, sizeof(item->artefact), "%s", query_text(q, 3));
	(void)snprintf(
	    item->case_id, sizeof(item->case_id), "%s", query_text(q, 4));
	v->last = item->blob;
	err = vault_verify(v->store->vault, &item->blob, on_verified, item);
	if (err != ERR_OK) {
		free(item);
		return err;
	}
	v->in_flight++;
	v->store->verifies_in_flight++;
	return ERR_OK;
}

/* The next blob: the asked one, the next of the list, or one that is due. */
static int
next_blob(struct verification *v, struct query *q)
{
	struct store *store = v->store;
	struct request *r = v->r;

	store->db->role = ROLE_STORE;
	if (r == NULL)
		return query_one(q, store->db, STMT_VERIFY_DUE,
		    ARGS(val_int(loop_wall_us() - store->verify_period_us)));
	if (v->is_single)
		return query_one(q, store->db, STMT_VERIFY_ONE,
		    ARGS(WHO(r), val_text(param_text(r, 0)),
			val_int(principal_is_staff(&r->principal))));
	return query_one(q, store->db, STMT_VERIFY_NEXT,
	    ARGS(WHO(r), val_text(v->last.org),
		val_bytes(v->last.sha256, SHA256_BYTES),
		val_int(principal_is_staff(&r->principal))));
}

static void
start_next(struct verification *v)
{
	AUTO(query) q = {0};
	int err = next_blob(v, &q);

	if (err == ERR_NOT_FOUND) {
		v->is_listed = true;
		return;
	}
	if (err == ERR_OK)
		err = start_one(v, &q);
	if (err != ERR_OK)
		v->err = (enum err)err;
	if (v->is_single)
		v->is_listed = true;
}

static void
go_on(struct verification *v)
{
	/* What is due is done one by one: its row changes what is next. */
	size_t max = v->r == NULL ? 1 : AT_ONCE;

	while (v->err == ERR_OK && !v->is_listed && v->in_flight < max) {
		if (v->r != NULL && v->r->is_cancelled)
			break;
		start_next(v);
	}
	if (v->in_flight == 0 && !v->is_starting)
		finish(v);
}

int
verify(struct request *r)
{
	struct verification *v;
	const char *artefact = param_text(r, 0);
	AUTO(query) q = {0};
	int err;

	if (vault_chan(r->store->vault) == NULL)
		return request_why(r, ERR_UNAVAILABLE, "%s", vault_is_away);
	v = xcalloc(1, sizeof(*v));
	v->store = r->store;
	v->r = r;
	v->is_single = artefact[0] != '\0';
	if (v->is_single) {
		err = next_blob(v, &q);
		query_release(&q);
		if (err != ERR_OK) {
			free(v);
			return err == ERR_NOT_FOUND
				   ? request_why(
					 r, err, "there is no such artefact")
				   : err;
		}
	}
	/* The end must not come while the request's own unit is open. */
	v->is_starting = true;
	go_on(v);
	v->is_starting = false;
	if (v->in_flight > 0)
		return ERR_AGAIN;
	err = (int)v->err;
	free(v);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	return err;
}

void
verify_due(struct store *store)
{
	struct verification *v;

	if (store->verify_period_us <= 0 || store->verifies_in_flight > 0 ||
	    vault_chan(store->vault) == NULL)
		return;
	v = xcalloc(1, sizeof(*v));
	v->store = store;
	go_on(v);
}
