/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.c - what submitter and staff write to each other, and the notes that
 * the staff writes for itself: two tables, two sets of statements.
 */
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/outbox.h"
#include "store/search.h"

static int
need(struct request *r, const char *capability)
{
	if (principal_may(&r->principal, capability))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "the account %s lacks the capability \"%s\"", r->principal.name,
	    capability);
}

/* To be found again. */
static int
search_words(
    struct request *r, const char *kind, const char *text, bool is_shown)
{
	const struct search_doc doc = {
	    .kind = kind,
	    .case_id = r->case_id,
	    .org = r->case_org,
	    .is_shown = is_shown,
	};

	return search_add(r->store, &doc, text, strlen(text));
}

static int
add_message(struct request *r, const char *id, const char *direction)
{
	struct audit_object object = {"case", r->case_id, r->case_org};
	const char *text = param_text(r, 1);
	int64_t now = loop_wall_us();
	int err = db_do(r->store->db, STMT_MESSAGE_ADD,
	    ARGS(WHO(r), val_text(id), val_text(r->case_id),
		val_text(direction), val_text(r->principal.account_id),
		val_text(text), val_int(now)),
	    NULL);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_MESSAGE_COUNT,
		    ARGS(val_text(r->case_id), val_text(direction),
			val_int(now)),
		    NULL);
	if (err == ERR_OK)
		err = history_by(r, r->case_id,
		    direction[0] == 'i' ? "message_in" : "message_out", "",
		    HISTORY_ALL);
	if (err == ERR_OK)
		err = search_words(r, "message", text, true);
	if (err == ERR_OK && direction[0] == 'o')
		err = outbox_case(r->store, OUTBOX_MESSAGE, r->case_id);
	/* What was written stays out of the chain: it may have to be deleted.
	 */
	if (err == ERR_OK)
		err = audit_by(r, "case.message", &object,
		    json_pack("{s:s,s:s,s:I}", "message", id, "direction",
			direction, "bytes", (json_int_t)strlen(text)));
	return err;
}

int
message_add(struct request *r)
{
	bool is_staff = r->principal.sees_all;
	char id[UUID_BYTES];
	int err = need(r, is_staff ? "claim" : "submit");

	if (err == ERR_OK)
		err = case_check_text(r, "text", param_text(r, 1));
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = add_message(r, id, is_staff ? "out" : "in");
	if (err != ERR_OK)
		return err;
	return request_rows(
	    r, STMT_MESSAGE_GET, ARGS(WHO(r), val_text(id)), true);
}

int
messages_read(struct request *r)
{
	bool is_staff = r->principal.sees_all;
	const char *direction = is_staff ? "in" : "out";
	int err = is_staff ? need(r, "claim") : (int)ERR_OK;

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_MESSAGES_READ,
		    ARGS(val_text(r->case_id), val_text(direction),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_MESSAGES_READ_COUNT,
		    ARGS(val_text(r->case_id), val_text(direction)), NULL);
	tx_note_case(r->store, r->case_id);
	return err;
}

int
note_list(struct request *r)
{
	int err = case_staff_only(r);

	return err == ERR_OK ? request_read(r, STMT_NOTE_LIST) : err;
}

int
note_add(struct request *r)
{
	struct audit_object object = {"case", r->case_id, r->case_org};
	const char *text = param_text(r, 1);
	char id[UUID_BYTES];
	int err = case_staff_only(r);

	if (err == ERR_OK)
		err = case_check_text(r, "text", text);
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = db_do(r->store->db, STMT_NOTE_ADD,
	    ARGS(val_text(id), val_text(r->case_id),
		val_text(r->principal.account_id), val_text(text),
		val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = history_by(r, r->case_id, "note", "", HISTORY_STAFF);
	if (err == ERR_OK)
		err = search_words(r, "note", text, false);
	if (err == ERR_OK)
		err = audit_by(r, "case.note", &object,
		    json_pack("{s:s,s:I}", "note", id, "bytes",
			(json_int_t)strlen(text)));
	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_NOTE_GET, ARGS(WHO(r), val_text(id)), true);
}
