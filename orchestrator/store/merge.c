/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.c - two cases about one thing become one, for good.
 *
 * Both numbers stay valid: the one that went leads to the other, for who may
 * see it.  Cases of two organisations are never merged: their evidence, labels
 * and readers differ.
 */
#include "store/audit.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/move.h"
#include "store/number.h"
#include "store/outbox.h"

/* The other case, by number or id. */
static int
find_into(struct request *r, char ret_id[UUID_BYTES])
{
	const char *text = param_text(r, 1);
	char number[NUMBER_BYTES];
	AUTO(query) q = {0};
	int err;

	if (!uuid_is_valid(text, strlen(text))) {
		err = number_parse(
		    text, strlen(text), number, r->why, sizeof(r->why));
		if (err != ERR_OK)
			return err;
		text = number;
	}
	err = query_one(
	    &q, r->store->db, STMT_CASE_FIND, ARGS(WHO(r), val_text(text)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such case");
	if (err == ERR_OK)
		(void)snprintf(ret_id, UUID_BYTES, "%s", query_text(&q, 0));
	return err;
}

static int
check(
    struct request *r, const struct move_case *from, const struct move_case *to)
{
	if (strcmp(from->id, to->id) == 0)
		return request_why(
		    r, ERR_CONFLICT, "both numbers are those of one case");
	if (strcmp(from->org, to->org) != 0)
		return request_why(r, ERR_CONFLICT,
		    "the cases are of two organisations: what is one's own is "
		    "not put together with what is another's");
	if (from->is_exercise != to->is_exercise)
		return request_why(r, ERR_CONFLICT,
		    "one of them is an exercise, the other is not");
	if (!to->is_open)
		return request_why(r, ERR_CONFLICT,
		    "case %s is closed: open it again first", to->number);
	return ERR_OK;
}

/* Statements about both, in order; each takes $1 from and $2 into. */
static int
join(
    struct request *r, const struct move_case *from, const struct move_case *to)
{
	static const enum stmt both[] = {STMT_MERGE_INTO, STMT_MERGE_ISSUED,
	    STMT_MERGE_RESCANS, STMT_MERGE_RESCANS_END, STMT_MERGE_LATE,
	    STMT_MERGE_LATE_END, STMT_MERGE_LINKS, STMT_MERGE_TEXT_END};
	struct db *db = r->store->db;
	char comment[96];
	int err = ERR_OK;

	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		if (err == ERR_OK)
			err = db_do(db, both[i],
			    ARGS(val_text(from->id), val_text(to->id)), NULL);
	}
	(void)snprintf(comment, sizeof(comment),
	    "case %s was merged into case %s", from->number, to->number);
	if (err == ERR_OK)
		err = db_do(db, STMT_MERGE_REVIEWED,
		    ARGS(val_text(from->id), val_text(to->id),
			val_text(comment)),
		    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_MERGE_REPORT_JOBS,
		    ARGS(val_text(from->id), val_int(loop_wall_us())), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_MERGE_TEXT,
		    ARGS(val_text(to->id), val_text(from->number)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_MERGE_FROM,
		    ARGS(val_text(from->id), val_text(to->id),
			val_int(loop_wall_us())),
		    NULL);
	return err;
}

static int
record(
    struct request *r, const struct move_case *from, const struct move_case *to)
{
	const char *reason = param_text(r, 2);
	struct audit_object one = {"case", from->id, from->org};
	struct audit_object other = {"case", to->id, to->org};
	int err = history_by(r, to->id, "merged", from->number, HISTORY_ALL);

	if (err == ERR_OK)
		err = history_by(
		    r, to->id, "merge_reason", reason, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "case.merged_into", &one,
		    json_pack("{s:s,s:s,s:s,s:s}", "number", from->number,
			"into", to->id, "into_number", to->number, "reason",
			reason));
	if (err == ERR_OK)
		err = audit_by(r, "case.merged", &other,
		    json_pack("{s:s,s:s,s:s}", "from", from->id, "from_number",
			from->number, "reason", reason));
	if (err == ERR_OK)
		err = outbox_case(r->store, OUTBOX_MERGED, to->id);
	return err == ERR_OK ? stat_note_queue(r->store) : err;
}

int
case_merge(struct request *r)
{
	struct move_case from = {.is_open = false}, to = {.is_open = false};
	char into[UUID_BYTES];
	int err = case_staff_only(r);

	if (err == ERR_OK)
		err = case_check_text(r, "reason", param_text(r, 2));
	if (err == ERR_OK)
		err = find_into(r, into);
	if (err == ERR_OK)
		err = move_load(r, r->case_id, &from);
	if (err == ERR_OK)
		err = move_load(r, into, &to);
	if (err == ERR_OK)
		err = check(r, &from, &to);
	if (err == ERR_OK)
		err = join(r, &from, &to);
	if (err == ERR_OK)
		err = move_begin(r, "merge", from.id, to.id);
	if (err == ERR_OK)
		err = record(r, &from, &to);
	if (err != ERR_OK)
		return err;
	(void)snprintf(r->case_id, sizeof(r->case_id), "%s", to.id);
	return case_answer(r);
}
