/* SPDX-License-Identifier: Apache-2.0 */
/* move.c - rows that follow their evidence into another case. */
#include "store/move.h"

#include "lib/log.h"
#include "store/job.h"
#include "store/upload.h"

/* Rows that one transaction moves of each kind. */
#define ROWS_MAX 5000

/* What decides comes first: the rest follows artefacts and jobs. */
static const enum stmt steps[] = {STMT_MOVE_SUBMISSIONS, STMT_MOVE_ARTEFACTS,
    STMT_MOVE_JOBS, STMT_MOVE_FINDINGS, STMT_MOVE_ACCESS, STMT_MOVE_CHANGES,
    STMT_MOVE_GAPS, STMT_MOVE_SEARCH, STMT_MOVE_MESSAGES, STMT_MOVE_NOTES,
    STMT_MOVE_HANDOVERS, STMT_MOVE_TASKS, STMT_MOVE_EVENTS, STMT_MOVE_LABELS,
    STMT_MOVE_DISCLOSURES, STMT_MOVE_MAILS, STMT_MOVE_HOOKS,
    STMT_MOVE_EXCEPTIONS, STMT_MOVE_DELETIONS, STMT_MOVE_REPORTS};

struct move {
	char id[UUID_BYTES];
	char from[UUID_BYTES];
	char to[UUID_BYTES];
	bool is_merge;
};

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

/* A file that comes in now is written under the case that it was opened for. */
static int
check_uploads(struct request *r, const char *case_id)
{
	const struct upload *u;
	int err;

	TAILQ_FOREACH (u, &r->store->uploads, entry) {
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_MOVE_SUBMISSION_OF,
		    ARGS(val_text(u->submission_id), val_text(case_id)));
		if (err == ERR_OK)
			return request_why(r, ERR_CONFLICT,
			    "a file is being sent to it: try again in a "
			    "moment");
		if (err != ERR_NOT_FOUND)
			return err;
	}
	return ERR_OK;
}

int
move_load(struct request *r, const char *case_id, struct move_case *ret_case)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_MOVE_LOAD, ARGS(WHO(r), val_text(case_id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such case");
	if (err != ERR_OK)
		return err;
	(void)snprintf(ret_case->id, sizeof(ret_case->id), "%s", case_id);
	copy(ret_case->org, sizeof(ret_case->org), &q, 0);
	copy(ret_case->number, sizeof(ret_case->number), &q, 1);
	ret_case->is_open = strcmp(query_text(&q, 2), "open") == 0;
	ret_case->is_exercise = query_int(&q, 6) != 0;
	if (strcmp(query_text(&q, 3), "withdrawn") == 0 ||
	    strcmp(query_text(&q, 3), "deleted") == 0)
		return request_why(r, ERR_CONFLICT, "case %s is %s for good",
		    ret_case->number, query_text(&q, 3));
	if (query_text(&q, 4)[0] != '\0' &&
	    strcmp(query_text(&q, 4), r->principal.account_id) != 0)
		return request_why(r, ERR_CONFLICT,
		    "%s works on case %s; they can do it, or hand it over",
		    query_text(&q, 5), ret_case->number);
	if (query_int(&q, 7) != 0)
		return request_why(r, ERR_CONFLICT,
		    "the deletion of something in case %s is not decided or "
		    "not done",
		    ret_case->number);
	if (query_int(&q, 8) != 0)
		return request_why(r, ERR_CONFLICT,
		    "case %s is being merged or split: try again in a moment",
		    ret_case->number);
	query_release(&q);
	return check_uploads(r, case_id);
}

/* --- the rows --- */

/* ERR_AGAIN: there may be more of them. */
static int
take_rows(struct store *store, const struct move *m)
{
	bool is_more = false;
	int err = ERR_OK;

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t changes = 0;

		err = db_do(store->db, steps[i],
		    ARGS(val_text(m->from), val_text(m->to), val_int(ROWS_MAX),
			val_int(m->is_merge)),
		    &changes);
		/* A level of children shows which ones are next. */
		if (changes >= ROWS_MAX || (changes > 0 && !m->is_merge &&
					       steps[i] == STMT_MOVE_ARTEFACTS))
			is_more = true;
	}
	return err == ERR_OK && is_more ? (int)ERR_AGAIN : err;
}

/* What stands beside the rows of a case. */
static int
count(struct store *store, const char *case_id)
{
	int err = db_do(store->db, STMT_MOVE_COUNT_SUBMISSIONS,
	    ARGS(val_text(case_id)), NULL);

	if (err == ERR_OK)
		err = db_do(store->db, STMT_MOVE_COUNT_CASE,
		    ARGS(val_text(case_id)), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_CASE_VERDICT,
		    ARGS(val_text(case_id)), NULL);
	tx_note_case(store, case_id);
	return err;
}

static int
step(struct store *store, const struct move *m)
{
	int rows = take_rows(store, m);
	int err = rows == ERR_AGAIN ? ERR_OK : rows;

	if (err == ERR_OK)
		err = count(store, m->from);
	if (err == ERR_OK)
		err = count(store, m->to);
	if (err == ERR_OK && rows == ERR_OK)
		err = db_do(store->db, STMT_MOVE_DONE,
		    ARGS(val_text(m->id), val_int(loop_wall_us())), NULL);
	return err == ERR_OK ? rows : err;
}

int
move_begin(
    struct request *r, const char *kind, const char *from, const char *to)
{
	struct store *store = r->store;
	struct move m = {.is_merge = strcmp(kind, "merge") == 0};
	int err;

	uuid7(m.id);
	(void)snprintf(m.from, sizeof(m.from), "%s", from);
	(void)snprintf(m.to, sizeof(m.to), "%s", to);
	err = db_do(store->db, STMT_MOVE_ADD,
	    ARGS(val_text(m.id), val_text(kind), val_text(from), val_text(to),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    NULL);
	if (err != ERR_OK)
		return err;
	store->db->role = ROLE_STORE;
	/* Archives in archives: a step for each level. */
	for (int depth = 0; depth <= LIMIT_DEPTH; depth++) {
		err = step(store, &m);
		if (err != ERR_AGAIN || m.is_merge)
			break;
	}
	store->db->role = ROLE_WEB;
	if (err != ERR_OK && err != ERR_AGAIN)
		return err;
	err = case_settle(store, to);
	return err == ERR_OK && !m.is_merge ? case_settle(store, from) : err;
}

void
move_tick(struct store *store)
{
	struct move m = {.is_merge = false};
	AUTO(query) q = {0};
	int err;

	if (tx_begin(store, ROLE_STORE) != ERR_OK)
		return;
	err = query_one(&q, store->db, STMT_MOVE_OPEN, NULL, 0);
	if (err == ERR_OK) {
		copy(m.id, sizeof(m.id), &q, 0);
		copy(m.from, sizeof(m.from), &q, 1);
		copy(m.to, sizeof(m.to), &q, 2);
		m.is_merge = query_int(&q, 3) != 0;
		query_release(&q);
		err = step(store, &m);
	}
	if (err != ERR_OK && err != ERR_AGAIN && err != ERR_NOT_FOUND)
		log_line(LOG_WARN,
		    "msg=\"a move does not go on\" id=%s reason=\"%s\"", m.id,
		    store->db->why);
	tx_end(store, err == ERR_OK || err == ERR_AGAIN);
}
