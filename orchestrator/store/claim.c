/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c - who works on a case: claimed, given back, handed over. */
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"

/* From the one who has it (as it was read) to somebody, or nobody (NULL). */
static int
give(struct request *r, const struct case_state *s, const char *to)
{
	int64_t changes;
	int err = db_do(r->store->db, STMT_CASE_OWNER_SET,
	    ARGS(val_text(r->case_id), val_text(to),
		val_text(s->owner[0] == '\0' ? NULL : s->owner),
		val_int(loop_wall_us())),
	    &changes);

	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    "somebody else changed the case at the same moment");
	if (err == ERR_OK && to != NULL)
		err = case_stage_auto(r->store, r, r->case_id,
		    "received checking waiting", "analysing");
	tx_note_case(r->store, r->case_id);
	return err;
}

static int
load_open(struct request *r, struct case_state *s)
{
	int err = case_load(r, s);

	if (err == ERR_OK && !s->is_open)
		return request_why(r, ERR_CONFLICT, "the case is closed");
	return err;
}

static int
audit(struct request *r, const char *action, json_t *detail)
{
	struct audit_object object = {"case", r->case_id, r->case_org};

	return audit_by(r, action, &object, detail);
}

int
case_claim(struct request *r)
{
	struct case_state s;
	int err = load_open(r, &s);

	if (err != ERR_OK)
		return err;
	if (strcmp(s.owner, r->principal.account_id) == 0)
		return case_answer(r);
	if (s.owner[0] != '\0')
		return request_why(r, ERR_CONFLICT,
		    "%s works on it; they can hand it over", s.owner_name);
	err = give(r, &s, r->principal.account_id);
	if (err == ERR_OK)
		err = history_by(r, r->case_id, "claimed", "", HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit(r, "case.claimed", NULL);
	if (err == ERR_OK)
		err = stat_note_queue(r->store);
	return err == ERR_OK ? case_answer(r) : err;
}

int
case_unclaim(struct request *r)
{
	struct case_state s;
	int err = load_open(r, &s);

	if (err != ERR_OK)
		return err;
	if (s.owner[0] == '\0')
		return request_why(r, ERR_CONFLICT, "nobody has the case");
	if (strcmp(s.owner, r->principal.account_id) != 0)
		return request_why(r, ERR_CONFLICT,
		    "%s has the case; hand it over instead", s.owner_name);
	err = give(r, &s, NULL);
	if (err == ERR_OK)
		err = history_by(r, r->case_id, "unclaimed", "", HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit(r, "case.unclaimed", NULL);
	if (err == ERR_OK)
		err = stat_note_queue(r->store);
	return err == ERR_OK ? case_answer(r) : err;
}

/* Somebody of the staff who may work on cases; their name is not needed. */
static int
find_staff(struct request *r, const char *account)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_STAFF_FIND, ARGS(val_text(account)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err,
		    "there is no such person who may work on cases; see "
		    "/api/v1/staff");
	return err;
}

/*
 * Whoever works on cases may hand one over, also for somebody who is not
 * there: it is told who did.
 */
int
case_handover(struct request *r)
{
	const char *to = param_text(r, 1);
	const char *note = param_text(r, 2);
	char id[UUID_BYTES];
	struct case_state s;
	int err = load_open(r, &s);

	if (err == ERR_OK)
		err = find_staff(r, to);
	if (err == ERR_OK)
		err = case_check_text(r, "note", note);
	if (err != ERR_OK)
		return err;
	if (strcmp(s.owner, to) == 0)
		return request_why(
		    r, ERR_CONFLICT, "%s has the case already", s.owner_name);
	uuid7(id);
	err = give(r, &s, to);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_HANDOVER_ADD,
		    ARGS(val_text(id), val_text(r->case_id),
			val_text(s.owner[0] == '\0' ? NULL : s.owner),
			val_text(to), val_text(r->principal.account_id),
			val_text(note), val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = history_by(
		    r, r->case_id, "handed_over", note, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit(r, "case.handed_over",
		    json_pack("{s:s,s:s}", "from", s.owner, "to", to));
	if (err == ERR_OK)
		err = stat_note_queue(r->store);
	return err == ERR_OK ? case_answer(r) : err;
}

int
handover_list(struct request *r)
{
	int err = case_staff_only(r);

	return err == ERR_OK ? request_read(r, STMT_HANDOVER_LIST) : err;
}
