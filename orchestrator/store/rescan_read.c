/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_read.c - re-scans as people see and order them. */
#include "store/rescan.h"

#include "store/audit.h"
#include "store/handlers.h"
#include "store/text.h"

/* They tell of matches: results of analyses, which the staff alone reads. */
static int
hide(struct request *r)
{
	if (principal_is_staff(&r->principal))
		return ERR_OK;
	return request_why(r, ERR_NOT_FOUND, "there is no such re-scan");
}

/* What every statement here begins with. */
#define BY(r) WHO(r), val_text((r)->principal.account_id)

int
rescan_list(struct request *r)
{
	if (!principal_is_staff(&r->principal))
		return ERR_OK;
	return request_rows(r, STMT_RESCAN_LIST,
	    ARGS(BY(r), val_int(loop_wall_us()), val_int(param_limit(r, 0)),
		val_text(param_text(r, 1))),
	    false);
}

int
rescan_get(struct request *r)
{
	int err = hide(r);

	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_RESCAN_GET,
	    ARGS(BY(r), val_int(loop_wall_us()), val_int(param_int(r, 0))),
	    true);
}

/* Its kind and state, where the principal may know of it. */
static int
find(struct request *r, char kind[16], char state[16], bool *ret_is_last)
{
	AUTO(query) q = {0};
	int err = hide(r);

	if (err == ERR_OK)
		err = query_one(&q, r->store->db, STMT_RESCAN_FIND,
		    ARGS(BY(r), val_int(param_int(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such re-scan");
	if (err != ERR_OK)
		return err;
	(void)snprintf(kind, 16, "%s", query_text(&q, 0));
	(void)snprintf(state, 16, "%s", query_text(&q, 1));
	*ret_is_last = query_int(&q, 2) != 0;
	return ERR_OK;
}

static int
page(struct request *r, enum stmt stmt)
{
	char kind[16], state[16];
	bool is_last;
	int err = find(r, kind, state, &is_last);

	if (err != ERR_OK)
		return err;
	return request_rows(r, stmt,
	    ARGS(BY(r), val_int(param_int(r, 0)), val_int(param_limit(r, 1)),
		val_text(param_text(r, 2))),
	    false);
}

int
rescan_changes(struct request *r)
{
	return page(r, STMT_RESCAN_CHANGES);
}

int
rescan_gaps(struct request *r)
{
	return page(r, STMT_RESCAN_GAPS);
}

static int
audit(struct request *r, const char *action, int64_t id, json_t *detail)
{
	char text[24];
	struct audit_object object = {"rescan", text, ""};

	(void)snprintf(text, sizeof(text), "%lld", (long long)id);
	return audit_by(r, action, &object, detail);
}

int
rescan_create(struct request *r)
{
	const char *kind = param_text(r, 0);
	int64_t version = param_int(r, 1);
	int64_t from = 0;
	int64_t id;
	AUTO(query) q = {0};
	struct values row;
	int err;

	if (!text_has_word("preview hunt", kind))
		return request_why(
		    r, ERR_FORMAT, "\"kind\" is preview or hunt");
	err = query_one(&q, r->store->db, STMT_RESCAN_VERSION,
	    ARGS(WHO(r), val_int(version)));
	if (err == ERR_NOT_FOUND || !principal_is_staff(&r->principal))
		return request_why(
		    r, ERR_NOT_FOUND, "there is no such rule set");
	if (err != ERR_OK)
		return err;
	if (query_int(&q, 0) == 0)
		return request_why(r, ERR_CONFLICT,
		    "the rules of this set are not read yet, or it was "
		    "rejected");
	if (strcmp(kind, "preview") == 0)
		from = query_int(&q, 1);
	query_release(&q);
	err = rescan_plan_trial(r, kind, from, version, &id);
	if (err == ERR_OK)
		err = audit(r, "rescan.ordered", id,
		    json_pack("{s:s,s:I}", "kind", kind, "version",
			(json_int_t)version));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, id);
	request_row(r, &row);
	return ERR_OK;
}

/* The state that an order leads to; NULL = it does not apply. */
static const char *
next_state(const char *order, const char *state, bool is_last)
{
	bool is_open =
	    strcmp(state, "queued") == 0 || strcmp(state, "running") == 0;
	bool is_paused = strcmp(state, "paused") == 0;
	/* One that another activation took over stays cancelled. */
	bool is_stopped = is_last && (strcmp(state, "cancelled") == 0 ||
					 strcmp(state, "failed") == 0);

	if (strcmp(order, "pause") == 0)
		return is_open ? "paused" : NULL;
	if (strcmp(order, "resume") == 0)
		return is_paused || is_stopped ? "queued" : NULL;
	return is_open || is_paused ? "cancelled" : NULL;
}

/* The matches of a hunt: nothing of it is kept but that it was. */
static int
forget(struct request *r, int64_t id, const char *kind)
{
	int err;

	if (strcmp(kind, "hunt") != 0)
		return request_why(
		    r, ERR_CONFLICT, "only what a hunt found is forgotten");
	err = db_do(r->store->db, STMT_RESCAN_FORGET, ARGS(val_int(id)), NULL);
	return err == ERR_OK ? audit(r, "rescan.ordered", id,
				   json_pack("{s:s}", "order", "forget"))
			     : err;
}

/* What a re-scan that is done could not tell of, once more. */
static int
retry(struct request *r, int64_t id, const char *kind, const char *state)
{
	int64_t made;
	int err;

	if (text_has_word("preview hunt", kind) || strcmp(state, "done") != 0)
		return request_why(r, ERR_CONFLICT,
		    "only the gaps of a re-scan that is done are tried again");
	err = rescan_plan_retry(r->store, id, r->principal.account_id, &made);
	if (err == ERR_OK && made == 0)
		return request_why(r, ERR_CONFLICT,
		    "it has no gap that another try could close");
	return err == ERR_OK ? audit(r, "rescan.ordered", id,
				   json_pack("{s:s,s:I}", "order", "retry",
				       "rescan", (json_int_t)made))
			     : err;
}

int
rescan_order(struct request *r)
{
	int64_t id = param_int(r, 0);
	const char *order = param_text(r, 1);
	char kind[16], state[16], reason[SESSION_NAME_BYTES + 32];
	const char *next;
	bool is_last;
	int err;

	if (!text_has_word("pause resume cancel forget retry", order))
		return request_why(r, ERR_FORMAT,
		    "\"order\" is pause, resume, cancel, retry or "
		    "forget");
	err = find(r, kind, state, &is_last);
	if (err != ERR_OK)
		return err;
	if (!r->principal.sees_all && !text_has_word("preview hunt", kind))
		return request_why(r, ERR_DENIED,
		    "a re-scan of everybody's artefacts is ordered by who "
		    "may see them");
	if (strcmp(order, "forget") == 0)
		return forget(r, id, kind);
	if (strcmp(order, "retry") == 0)
		return retry(r, id, kind, state);
	next = next_state(order, state, is_last);
	if (next == NULL)
		return request_why(r, ERR_CONFLICT, "it is %s", state);
	(void)snprintf(reason, sizeof(reason), "%s by %s",
	    strcmp(order, "resume") == 0 ? "resumed" : next, r->principal.name);
	err = db_do(r->store->db, STMT_RESCAN_STATE,
	    ARGS(val_int(id), val_text(next), val_text(reason),
		strcmp(next, "cancelled") == 0 ? val_int(loop_wall_us())
					       : val_null()),
	    NULL);
	if (err == ERR_OK)
		err = audit(r, "rescan.ordered", id,
		    json_pack("{s:s}", "order", order));
	tx_note_rescans(r->store);
	return err;
}
