/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.c - what people say of an artefact, how sure they are, and why.
 *
 * A verdict is never changed: a later one supersedes it.  Whoever confirms one
 * is not its author, unless [review] single_person says so.
 */
#include "store/verdict.h"

#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/text.h"

int
verdict_count_unconfirmed(
    struct store *store, const char *case_id, int64_t *ret_count)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, store->db, STMT_CASE_UNCONFIRMED, ARGS(val_text(case_id)));

	if (err == ERR_OK)
		*ret_count = query_int(&q, 0);
	return err;
}

/* Of the staff alone; the artefact's case becomes the request's. */
static int
find_artefact(struct request *r, const char *artefact)
{
	AUTO(query) q = {0};
	int err = ERR_NOT_FOUND;

	if (r->principal.sees_all)
		err = request_query(&q, r, STMT_ARTEFACT_FIND,
		    ARGS(WHO(r), val_text(artefact)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such artefact");
	if (err != ERR_OK)
		return err;
	(void)snprintf(r->case_id, sizeof(r->case_id), "%s", query_text(&q, 0));
	(void)snprintf(
	    r->case_org, sizeof(r->case_org), "%s", query_text(&q, 1));
	return ERR_OK;
}

int
verdict_list(struct request *r)
{
	int err = find_artefact(r, param_text(r, 0));

	return err == ERR_OK ? request_read(r, STMT_VERDICT_LIST) : err;
}

static int
answer(struct request *r, const char *id)
{
	return request_rows(
	    r, STMT_VERDICT_GET, ARGS(WHO(r), val_text(id)), true);
}

/* What the artefact and its case are said to be, beside their rows. */
static int
settle(struct request *r, const char *artefact, const char *value,
    bool is_confirmed)
{
	int err = db_do(r->store->db, STMT_ARTEFACT_VERDICT,
	    ARGS(val_text(artefact), val_text(value), val_int(is_confirmed)),
	    NULL);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_CASE_VERDICT,
		    ARGS(val_text(r->case_id)), NULL);
	return err;
}

static int
insert(struct request *r, const char *id, const char *artefact)
{
	char last[UUID_BYTES] = "";
	int err;

	{
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_VERDICT_LAST,
		    ARGS(val_text(artefact)));
		if (err == ERR_OK)
			(void)snprintf(
			    last, sizeof(last), "%s", query_text(&q, 0));
	}
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	return db_do(r->store->db, STMT_VERDICT_ADD,
	    ARGS(val_text(id), val_text(r->case_org), val_text(artefact),
		val_text(param_text(r, 1)), val_text(param_text(r, 2)),
		val_text(param_text(r, 3)), val_text(r->principal.account_id),
		val_int(loop_wall_us()),
		val_text(last[0] == '\0' ? NULL : last)),
	    NULL);
}

int
verdict_add(struct request *r)
{
	const char *artefact = param_text(r, 0);
	const char *value = param_text(r, 1);
	struct audit_object object = {"artefact", artefact, r->case_org};
	char id[UUID_BYTES];
	int err = find_artefact(r, artefact);

	if (err != ERR_OK)
		return err;
	if (!text_has_word(
		"malicious suspicious benign no_finding undetermined", value))
		return request_why(r, ERR_FORMAT,
		    "\"value\" is one of malicious suspicious benign "
		    "no_finding undetermined");
	if (!text_has_word("low moderate high", param_text(r, 2)))
		return request_why(r, ERR_FORMAT,
		    "\"confidence\" is one of low moderate high");
	err = case_check_text(r, "reason", param_text(r, 3));
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = insert(r, id, artefact);
	if (err == ERR_OK)
		err = settle(r, artefact, value, false);
	if (err == ERR_OK)
		err =
		    history_by(r, r->case_id, "verdict", value, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "verdict.set", &object,
		    json_pack("{s:s,s:s,s:s,s:s}", "case", r->case_id,
			"verdict", id, "value", value, "confidence",
			param_text(r, 2)));
	return err == ERR_OK ? answer(r, id) : err;
}

/* What is to be confirmed. */
struct found {
	char artefact[UUID_BYTES];
	char author[UUID_BYTES];
	char value[16];
	bool is_confirmed;
	bool is_last;
};

static int
find_verdict(struct request *r, const char *id, struct found *f)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_VERDICT_FIND, ARGS(WHO(r), val_text(id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such verdict");
	if (err != ERR_OK)
		return err;
	(void)snprintf(
	    f->artefact, sizeof(f->artefact), "%s", query_text(&q, 0));
	(void)snprintf(f->author, sizeof(f->author), "%s", query_text(&q, 1));
	f->is_confirmed = !query_is_null(&q, 2);
	(void)snprintf(r->case_id, sizeof(r->case_id), "%s", query_text(&q, 3));
	(void)snprintf(
	    r->case_org, sizeof(r->case_org), "%s", query_text(&q, 4));
	(void)snprintf(f->value, sizeof(f->value), "%s", query_text(&q, 5));
	f->is_last = query_int(&q, 6) != 0;
	return ERR_OK;
}

int
verdict_confirm(struct request *r)
{
	const char *id = param_text(r, 0);
	struct found f = {.is_last = false};
	struct audit_object object = {"artefact", f.artefact, r->case_org};
	bool is_own;
	int64_t changes = 0;
	int err = find_verdict(r, id, &f);

	if (err != ERR_OK)
		return err;
	is_own = strcmp(f.author, r->principal.account_id) == 0;
	if (is_own && !r->store->is_single_review)
		return principal_is_other(r, f.author, "confirm this verdict");
	if (!f.is_last)
		return request_why(
		    r, ERR_CONFLICT, "a later verdict took this one's place");
	if (!f.is_confirmed)
		err = db_do(r->store->db, STMT_VERDICT_CONFIRM,
		    ARGS(val_text(id), val_text(r->principal.account_id),
			val_int(loop_wall_us()), val_int(is_own)),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT, "it is confirmed already");
	if (err == ERR_OK)
		err = settle(r, f.artefact, f.value, true);
	if (err == ERR_OK)
		err = history_by(
		    r, r->case_id, "verdict_confirmed", f.value, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "verdict.confirmed", &object,
		    json_pack("{s:s,s:s,s:s,s:b}", "case", r->case_id,
			"verdict", id, "author", f.author, "single_person",
			(int)is_own));
	return err == ERR_OK ? answer(r, id) : err;
}
