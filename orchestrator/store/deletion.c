/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deletion.c - withdrawals, requests for deletion, legal hold: what people ask
 * for.  erase.c does it.
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/access.h"
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/erase.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/outbox.h"
#include "store/row_json.h"
#include "store/task.h"
#include "store/text.h"

#include <sys/mman.h>

static const char held[] =
    "a legal hold keeps it: nothing of this case may be deleted";

static int
answer(struct request *r, const char *id, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, state);
	request_row(r, &row);
	return ERR_OK;
}

/* Adds what was asked for; people decide where it does not run at once. */
static int
ask_for(struct request *r, const struct erase_new *what, const char *org)
{
	char id[UUID_BYTES];
	struct audit_object object = {"deletion", id, org};
	const struct task_new task = {
	    .case_id = what->case_id,
	    .kind = "deletion",
	    .text = what->reason,
	    .by = r->principal.account_id,
	};
	int err = erase_add(r->store, what, id);

	if (err == ERR_CONFLICT)
		return request_why(
		    r, err, "that was asked for already; see its deletions");
	if (err == ERR_OK && !what->is_running)
		err = task_add_new(r->store, &task, NULL);
	if (err == ERR_OK)
		err = history_by(r, what->case_id,
		    strcmp(what->kind, "withdrawal") == 0
			? "withdrawal_requested"
			: "deletion_requested",
		    "", HISTORY_ALL);
	if (err == ERR_OK)
		err = audit_by(r, "deletion.requested", &object,
		    json_pack("{s:s,s:s,s:b}", "case", what->case_id, "kind",
			what->kind, "is_running", what->is_running));
	if (err != ERR_OK)
		return err;
	return answer(r, id, what->is_running ? "running" : "requested");
}

int
submission_withdraw(struct request *r)
{
	char case_id[UUID_BYTES], org[UUID_BYTES];
	struct erase_new what = {
	    .kind = "withdrawal",
	    .case_id = case_id,
	    .submission = param_text(r, 0),
	    .reason = param_text(r, 1),
	    .by = r->principal.account_id,
	};
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_WITHDRAW_LOAD,
	    ARGS(WHO(r), val_text(what.submission)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such submission");
	if (err != ERR_OK)
		return err;
	if (query_int(&q, 2) != 0)
		return request_why(r, ERR_CONFLICT, "%s", held);
	if (query_int(&q, 3) != 0 ||
	    text_has_word("withdrawn deleted", query_text(&q, 4)))
		return request_why(r, ERR_CONFLICT, "it is withdrawn already");
	(void)snprintf(case_id, sizeof(case_id), "%s", query_text(&q, 0));
	(void)snprintf(org, sizeof(org), "%s", query_text(&q, 1));
	/* Nobody has worked on it: it goes as it came. */
	what.is_running = query_int(&q, 5) != 0;
	query_release(&q);
	err = case_check_text(r, "reason", what.reason);
	return err == ERR_OK ? ask_for(r, &what, org) : err;
}

/* What forbids that anything of the request's case is deleted. */
static int
check_case(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_HOLD_LOAD, ARGS(val_text(r->case_id)));

	if (err != ERR_OK)
		return err;
	if (query_int(&q, 0) != 0)
		return request_why(r, ERR_CONFLICT, "%s", held);
	if (query_int(&q, 1) != 0 || strcmp(query_text(&q, 2), "deleted") == 0)
		return request_why(
		    r, ERR_CONFLICT, "it is deleted, or on the way to be");
	return ERR_OK;
}

int
deletion_create(struct request *r)
{
	const struct erase_new what = {
	    .kind = "deletion",
	    .case_id = r->case_id,
	    .submission = "",
	    .reason = param_text(r, 1),
	    .by = r->principal.account_id,
	};
	int err = check_case(r);

	if (err == ERR_OK)
		err = case_check_text(r, "reason", what.reason);
	return err == ERR_OK ? ask_for(r, &what, r->case_org) : err;
}

/* The second person: of the staff, and not who asked. */
static int
check_second(struct request *r, const char *by, bool *ret_is_single)
{
	*ret_is_single = strcmp(by, r->principal.account_id) == 0 &&
			 r->store->is_single_review;
	if (*ret_is_single)
		return ERR_OK;
	return principal_is_other(r, by, "approve this deletion");
}

/* One that waits for somebody of the staff. */
struct waiting {
	char id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char org[UUID_BYTES];
	char by[UUID_BYTES];
	bool is_held;
};

static int
load_waiting(struct request *r, struct waiting *w)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_ERASE_LOAD,
	    ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such deletion");
	if (err != ERR_OK)
		return err;
	if (!principal_is_staff(&r->principal))
		return request_why(
		    r, ERR_DENIED, "the staff decides about deletions");
	(void)snprintf(w->id, sizeof(w->id), "%s", param_text(r, 0));
	(void)snprintf(w->case_id, sizeof(w->case_id), "%s", query_text(&q, 0));
	(void)snprintf(w->org, sizeof(w->org), "%s", query_text(&q, 1));
	(void)snprintf(w->by, sizeof(w->by), "%s", query_text(&q, 3));
	w->is_held = query_int(&q, 4) != 0;
	return ERR_OK;
}

static int
end_tasks(struct request *r, const struct waiting *w)
{
	return db_do(r->store->db, STMT_ERASE_TASKS_DONE,
	    ARGS(val_text(w->case_id), val_int(loop_wall_us()),
		val_text(r->principal.account_id)),
	    NULL);
}

int
deletion_approve(struct request *r)
{
	struct waiting w = {.is_held = false};
	struct audit_object object = {"deletion", w.id, w.org};
	bool is_single = false;
	int64_t changes = 0;
	struct values row;
	int err = load_waiting(r, &w);

	if (err == ERR_OK && w.is_held)
		return request_why(r, ERR_CONFLICT, "%s", held);
	if (err == ERR_OK)
		err = check_second(r, w.by, &is_single);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_ERASE_APPROVE,
		    ARGS(val_text(w.id), val_text(r->principal.account_id),
			val_int(loop_wall_us()), val_int(is_single)),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "it does not wait for approval");
	if (err == ERR_OK)
		err = erase_begin(r->store, w.id);
	if (err == ERR_OK)
		err = end_tasks(r, &w);
	if (err == ERR_OK)
		err = audit_by(r, "deletion.approved", &object,
		    json_pack("{s:s,s:b}", "case", w.case_id, "single_person",
			is_single));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, w.id);
	values_add_text(&row, "running");
	values_add_int(&row, is_single);
	request_row(r, &row);
	return ERR_OK;
}

int
deletion_refuse(struct request *r)
{
	const char *reason = param_text(r, 1);
	struct waiting w = {.is_held = false};
	struct audit_object object = {"deletion", w.id, w.org};
	int64_t changes = 0;
	int err = load_waiting(r, &w);

	if (err == ERR_OK)
		err = case_check_text(r, "reason", reason);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_ERASE_REFUSE,
		    ARGS(val_text(w.id), val_text(r->principal.account_id),
			val_int(loop_wall_us()), val_text(reason)),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "it does not wait for a decision");
	if (err == ERR_OK)
		err = end_tasks(r, &w);
	if (err == ERR_OK)
		err = history_by(
		    r, w.case_id, "deletion_refused", reason, HISTORY_ALL);
	if (err == ERR_OK)
		err = outbox_case(r->store, OUTBOX_KEPT, w.case_id);
	if (err == ERR_OK)
		err = audit_by(r, "deletion.refused", &object,
		    json_pack(
			"{s:s,s:s}", "case", w.case_id, "requested_by", w.by));
	return err == ERR_OK ? answer(r, w.id, "refused") : err;
}

/* The certificate, and the list that its list_sha256 is the digest of. */
static int
put_list(struct request *r, const char *id, json_t *document)
{
	AUTO(query) q = {0};
	json_t *list = json_array();
	char hex[SHA256_HEX_BYTES], at[ROW_JSON_TIME_BYTES];
	size_t len;
	int err = query_start(
	    &q, r->store->db, STMT_ERASE_OBJECTS, ARGS(val_text(id)));

	(void)json_object_set_new(document, "list", list);
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		hex_encode(hex, query_bytes(&q, 0, &len), SHA256_BYTES);
		row_json_time(query_int(&q, 2), at);
		(void)json_array_append_new(list,
		    json_pack("{s:s,s:I,s:s,s:b,s:s}", "sha256", hex, "size",
			(json_int_t)query_int(&q, 1), "received_at", at,
			"is_submitted", query_int(&q, 3) != 0, "state",
			query_text(&q, 4)));
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

int
deletion_certificate(struct request *r)
{
	const char *id = param_text(r, 0);
	auto_json json_t *document = NULL;
	auto_free char *text = NULL;
	auto_close int fd = -1;
	AUTO(query) q = {0};
	struct values row;
	size_t len;
	int err = query_one(&q, r->store->db, STMT_DELETION_CERTIFICATE,
	    ARGS(WHO(r), val_text(id)));

	if (err == ERR_NOT_FOUND)
		return request_why(
		    r, err, "there is no such deletion, or it is not done yet");
	if (err != ERR_OK)
		return err;
	document = json_loads(query_text(&q, 0), 0, NULL);
	query_release(&q);
	if (document == NULL)
		return ERR_FORMAT;
	err = put_list(r, id, document);
	if (err != ERR_OK)
		return err;
	text = json_canonical(document);
	len = strlen(text);
	fd = memfd_create("certificate", MFD_CLOEXEC);
	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) == -1)
		return ERR_SYS;
	values_init(&row);
	values_add_int(&row, (int64_t)len);
	request_row(r, &row);
	r->end_fd = take_fd(fd);
	return ERR_OK;
}

int
case_hold(struct request *r)
{
	struct audit_object object = {"case", r->case_id, r->case_org};
	const bool is_on = param_int(r, 1) != 0;
	AUTO(query) q = {0};
	int err = case_check_text(r, "reason", param_text(r, 2));

	if (err == ERR_OK)
		err = query_one(&q, r->store->db, STMT_HOLD_LOAD,
		    ARGS(val_text(r->case_id)));
	if (err != ERR_OK)
		return err;
	if (is_on && (query_int(&q, 1) != 0 ||
			 strcmp(query_text(&q, 2), "deleted") == 0))
		return request_why(r, ERR_CONFLICT,
		    "it is deleted, or on the way to be: too late");
	query_release(&q);
	err = db_do(r->store->db, STMT_HOLD_SET,
	    ARGS(val_text(r->case_id), val_int(is_on)), NULL);
	if (err == ERR_OK)
		err = history_by(r, r->case_id,
		    is_on ? "legal_hold_on" : "legal_hold_off",
		    param_text(r, 2), HISTORY_STAFF);
	/* That it is kept is the submitter's to know; why may not be. */
	if (err == ERR_OK)
		err = access_by(
		    r, &(struct access){
			   .event = is_on ? "legal_hold_on" : "legal_hold_off",
			   .case_id = r->case_id});
	if (err == ERR_OK)
		err = audit_by(r,
		    is_on ? "case.legal_hold_on" : "case.legal_hold_off",
		    &object, json_pack("{s:s}", "reason", param_text(r, 2)));
	if (err != ERR_OK)
		return err;
	tx_note_case(r->store, r->case_id);
	return request_rows(
	    r, STMT_HOLD_ANSWER, ARGS(WHO(r), val_text(r->case_id)), true);
}
