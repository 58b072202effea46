/* SPDX-License-Identifier: Apache-2.0 */
/* case_stage.c - the stage of a case: what its submitter is told. */
#include "store/case_stage.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/hook.h"
#include "store/outbox.h"
#include "store/text.h"

int
case_load(struct request *r, struct case_state *s)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_CASE_LOAD,
	    ARGS(WHO(r), val_text(r->case_id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such case");
	if (err != ERR_OK)
		return err;
	(void)snprintf(s->number, sizeof(s->number), "%s", query_text(&q, 0));
	s->is_open = strcmp(query_text(&q, 1), "open") == 0;
	(void)snprintf(s->stage, sizeof(s->stage), "%s", query_text(&q, 2));
	(void)snprintf(s->owner, sizeof(s->owner), "%s", query_text(&q, 3));
	(void)snprintf(
	    s->owner_name, sizeof(s->owner_name), "%s", query_text(&q, 4));
	s->edits = query_int(&q, 5);
	(void)snprintf(
	    s->rsit_class, sizeof(s->rsit_class), "%s", query_text(&q, 6));
	(void)snprintf(
	    s->rsit_type, sizeof(s->rsit_type), "%s", query_text(&q, 7));
	s->is_merged = !query_is_null(&q, 8);
	return ERR_OK;
}

int
case_answer(struct request *r)
{
	return request_rows(
	    r, STMT_CASE_BRIEF, ARGS(WHO(r), val_text(r->case_id)), true);
}

int
case_staff_only(struct request *r)
{
	if (r->principal.sees_all)
		return ERR_OK;
	return request_why(r, ERR_NOT_FOUND, "there is no such case");
}

int
case_check_text(struct request *r, const char *name, const char *text)
{
	if (text[strspn(text, " \t\r\n")] != '\0')
		return ERR_OK;
	return request_why(r, ERR_FORMAT, "\"%s\" is empty", name);
}

/* What endpoints hear of a new stage, about each submission. */
static int
hook_stage(struct store *store, const char *case_id, const char *stage)
{
	const char *event = strcmp(stage, "analysing") == 0  ? HOOK_ACCEPTED
			    : strcmp(stage, "waiting") == 0  ? HOOK_DEFERRED
			    : strcmp(stage, "declined") == 0 ? HOOK_DECLINED
							     : NULL;

	return event == NULL ? (int)ERR_OK
			     : hook_submissions(store, event, case_id);
}

/* History has a word for each stage, so that clients can translate it. */
static int
record(struct store *store, struct request *r, const char *case_id,
    const char *stage, const char *reason)
{
	auto_free char *action = xasprintf("stage_%s", stage);

	int err = hook_stage(store, case_id, stage);

	if (err != ERR_OK)
		return err;
	if (r != NULL)
		return history_by(r, case_id, action, reason, HISTORY_ALL);
	return history_own(store, case_id, action, reason, HISTORY_ALL);
}

int
case_stage_auto(struct store *store, struct request *r, const char *case_id,
    const char *from, const char *to)
{
	int64_t now = loop_wall_us();
	int64_t changes;
	int err = db_do(store->db, STMT_CASE_STAGE_MOVE,
	    ARGS(val_text(case_id), val_text(from), val_text(to), val_int(now)),
	    &changes);

	if (err != ERR_OK || changes == 0)
		return err;
	err = record(store, r, case_id, to, "");
	if (err == ERR_OK && strcmp(to, "reported") == 0) {
		AUTO(query) q = {0};

		/* Only the first report of a case counts. */
		err = query_one(&q, store->db, STMT_CASE_REPORTED_AT,
		    ARGS(val_text(case_id), val_int(now)));
		query_release(&q);
		if (err == ERR_NOT_FOUND)
			return ERR_OK;
		if (err == ERR_OK)
			err = stat_add(store, "reported", 1, case_id);
	}
	return err;
}

static int
set(struct request *r, const char *case_id, const char *stage,
    const char *reason)
{
	struct audit_object object = {"case", case_id, r->case_org};
	bool is_end = text_has_word("closed declined withdrawn deleted", stage);
	int64_t now = loop_wall_us();
	int err = db_do(r->store->db, STMT_CASE_STAGE_SET,
	    ARGS(val_text(case_id), val_text(stage),
		val_text(is_end ? "closed" : "open"),
		is_end ? val_int(now) : val_null(), val_int(now)),
	    NULL);

	if (err == ERR_OK)
		err = record(r->store, r, case_id, stage, reason);
	if (err == ERR_OK)
		err = audit_by(r, "case.stage", &object,
		    json_pack("{s:s}", "stage", stage));
	return err;
}

int
case_stage_end(struct request *r, const char *case_id, const char *stage,
    const char *reason)
{
	int err = set(r, case_id, stage, reason);

	if (err == ERR_OK && strcmp(stage, "declined") == 0)
		err = outbox_case(r->store, OUTBOX_DECLINED, case_id);
	if (err == ERR_OK && strcmp(stage, "withdrawn") == 0)
		err = outbox_case(r->store, OUTBOX_WITHDRAWN, case_id);
	return err == ERR_OK ? stat_add(r->store, "closed", 1, case_id) : err;
}

/* Why the case may not go there; ERR_OK where it may. */
static int
check(struct request *r, const struct case_state *s, const char *stage,
    const char *reason)
{
	if (!text_has_word("checking waiting analysing closed declined", stage))
		return request_why(r, ERR_FORMAT,
		    "\"stage\" is one of checking waiting analysing closed "
		    "declined; the others come by themselves");
	if (s->is_merged || text_has_word("withdrawn deleted", s->stage))
		return request_why(r, ERR_CONFLICT, "the case is %s for good",
		    s->is_merged ? "merged into another one" : s->stage);
	if (strcmp(s->stage, stage) == 0)
		return request_why(
		    r, ERR_CONFLICT, "the case is \"%s\" already", stage);
	if (strcmp(stage, "closed") == 0 &&
	    strcmp(s->rsit_class, "other") == 0 &&
	    strcmp(s->rsit_type, "undetermined") == 0)
		return request_why(r, ERR_CONFLICT,
		    "say first what it was (\"rsit_class\" and \"rsit_type\"): "
		    "a case is not closed as other, undetermined");
	if (!s->is_open && text_has_word("closed declined", stage))
		return request_why(r, ERR_CONFLICT, "the case is closed");
	if ((!s->is_open || text_has_word("waiting declined", stage)) &&
	    case_check_text(r, "reason", reason) != ERR_OK)
		return request_why(r, ERR_FORMAT,
		    "that needs a \"reason\"; the submitter "
		    "reads it");
	return ERR_OK;
}

int
case_stage(struct request *r)
{
	const char *stage = param_text(r, 1);
	const char *reason = param_text(r, 2);
	struct case_state s = {.edits = 0};
	int err = case_load(r, &s);

	if (err == ERR_OK)
		err = check(r, &s, stage, reason);
	if (err != ERR_OK)
		return err;
	if (text_has_word("closed declined", stage))
		err = case_stage_end(r, r->case_id, stage, reason);
	else
		err = set(r, r->case_id, stage, reason);
	return err == ERR_OK ? case_answer(r) : err;
}
