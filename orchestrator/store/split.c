/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split.c - some of what was sent to a case becomes a case of its own.
 *
 * The new case has the labels, clocks, hold and owner of the first, and a new
 * number.  What was sent in company is told apart: the artefacts that go get a
 * submission of their own that says the same of itself.
 */
#include "lib/own.h"
#include "store/audit.h"
#include "store/custody.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/move.h"
#include "store/number.h"
#include "store/outbox.h"
#include "store/policy.h"

/* Artefacts that one request may name. */
#define ARTEFACTS_MAX 1000

struct split {
	struct request *r;
	struct move_case from;
	char id[UUID_BYTES]; /* of the new case */
	char number[NUMBER_BYTES];
};

static int
open_case(struct split *s)
{
	const char *title = param_text(s->r, 2);
	struct db *db = s->r->store->db;
	int err = intake_number(s->r, s->id, NULL, NULL, s->number);

	if (title[0] == '\0')
		title = s->from.number;
	if (err == ERR_OK)
		err = db_do(db, STMT_SPLIT_CASE,
		    ARGS(val_text(s->from.id), val_text(s->id),
			val_text(s->number), val_text(title),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_CASE_TEXT_ADD,
		    ARGS(val_text(s->id), val_text(s->from.org),
			val_text(title), val_text(s->number)),
		    NULL);
	return err == ERR_OK ? stat_add(s->r->store, "opened", 1, s->id) : err;
}

/* The submission's part in the new case. */
static int
find_part(struct split *s, const char *submission, char ret_id[UUID_BYTES])
{
	AUTO(query) q = {0};
	int err = query_one(&q, s->r->store->db, STMT_SPLIT_SUBMISSION_FIND,
	    ARGS(val_text(s->id), val_text(submission)));

	if (err == ERR_OK)
		(void)snprintf(ret_id, UUID_BYTES, "%s", query_text(&q, 0));
	if (err != ERR_NOT_FOUND)
		return err;
	uuid7(ret_id);
	return db_do(s->r->store->db, STMT_SPLIT_SUBMISSION_ADD,
	    ARGS(val_text(ret_id), val_text(s->id), val_text(submission)),
	    NULL);
}

static int
record_artefact(
    struct split *s, const char *artefact, const uint8_t *sha256, int64_t size)
{
	struct custody what = {
	    .artefact = artefact,
	    .org = s->from.org,
	    .case_id = s->id,
	    .sha256 = sha256,
	    .size = size,
	};

	return custody_by(s->r, "moved", &what,
	    json_pack("{s:s,s:s,s:s}", "from_number", s->from.number,
		"to_number", s->number, "reason", param_text(s->r, 3)));
}

static int
take(struct split *s, const char *artefact)
{
	char submission[UUID_BYTES], part[UUID_BYTES];
	uint8_t sha256[SHA256_BYTES];
	AUTO(query) q = {0};
	const uint8_t *p;
	size_t len;
	int64_t size;
	int err = query_one(&q, s->r->store->db, STMT_SPLIT_ARTEFACT,
	    ARGS(val_text(artefact), val_text(s->from.id)));

	if (err == ERR_NOT_FOUND)
		return request_why(s->r, err,
		    "of what was sent to the case there is no such artefact; "
		    "what was found in one goes with it");
	if (err != ERR_OK)
		return err;
	(void)snprintf(submission, sizeof(submission), "%s", query_text(&q, 0));
	p = query_bytes(&q, 1, &len);
	if (len != SHA256_BYTES)
		return ERR_FORMAT;
	memcpy(sha256, p, SHA256_BYTES);
	size = query_int(&q, 2);
	query_release(&q);
	err = find_part(s, submission, part);
	if (err == ERR_OK)
		err = db_do(s->r->store->db, STMT_SPLIT_TAKE,
		    ARGS(val_text(artefact), val_text(s->id), val_text(part)),
		    NULL);
	if (err == ERR_OK)
		err = db_do(s->r->store->db, STMT_SPLIT_UPLOADS,
		    ARGS(val_text(artefact), val_text(part),
			val_text(submission)),
		    NULL);
	return err == ERR_OK ? record_artefact(s, artefact, sha256, size) : err;
}

/* Takes all that are named; something of what was sent must stay. */
static int
take_all(struct split *s)
{
	auto_json json_t *list = json_loads(param_text(s->r, 1), 0, NULL);
	AUTO(query) q = {0};
	int err = ERR_OK;

	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > ARTEFACTS_MAX)
		return request_why(s->r, ERR_FORMAT,
		    "\"artefacts\" is a list of ids, 1 to %d of them",
		    ARTEFACTS_MAX);
	for (size_t i = 0; err == ERR_OK && i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));

		err = take(s, id == NULL ? "" : id);
	}
	if (err != ERR_OK)
		return err;
	err = query_one(
	    &q, s->r->store->db, STMT_SPLIT_LEFT, ARGS(val_text(s->from.id)));
	if (err == ERR_NOT_FOUND)
		return request_why(s->r, ERR_CONFLICT,
		    "that would leave nothing in case %s", s->from.number);
	return err;
}

static int
record(struct split *s)
{
	struct request *r = s->r;
	const char *reason = param_text(r, 3);
	struct audit_object one = {"case", s->from.id, s->from.org};
	struct audit_object other = {"case", s->id, s->from.org};
	int err = history_by(r, s->from.id, "split", s->number, HISTORY_ALL);

	if (err == ERR_OK)
		err = history_by(
		    r, s->id, "split_from", s->from.number, HISTORY_ALL);
	if (err == ERR_OK)
		err =
		    history_by(r, s->id, "split_reason", reason, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "case.split", &one,
		    json_pack("{s:s,s:s,s:s}", "to", s->id, "to_number",
			s->number, "reason", reason));
	if (err == ERR_OK)
		err = audit_by(r, "case.split_from", &other,
		    json_pack("{s:s,s:s,s:s,s:s}", "number", s->number, "from",
			s->from.id, "from_number", s->from.number, "reason",
			reason));
	return err == ERR_OK ? outbox_case(r->store, OUTBOX_SPLIT, s->id) : err;
}

int
case_split(struct request *r)
{
	struct split s = {.r = r};
	struct values row;
	int err = case_staff_only(r);

	if (err == ERR_OK)
		err = case_check_text(r, "reason", param_text(r, 3));
	if (err == ERR_OK)
		err = move_load(r, r->case_id, &s.from);
	if (err == ERR_OK && !s.from.is_open)
		return request_why(r, ERR_CONFLICT,
		    "case %s is closed: open it again first", s.from.number);
	uuid7(s.id);
	if (err == ERR_OK)
		err = open_case(&s);
	if (err == ERR_OK)
		err = take_all(&s);
	if (err == ERR_OK)
		err = move_begin(r, "split", s.from.id, s.id);
	if (err == ERR_OK)
		err = record(&s);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, s.id);
	values_add_text(&row, s.number);
	request_row(r, &row);
	return ERR_OK;
}
