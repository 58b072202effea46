/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - what people are to look at in a case. */
#include "store/task.h"

#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"

int
task_add_new(struct store *store, const struct task_new *task, int64_t *ret_id)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_TASK_ADD,
	    ARGS(val_text(task->case_id), val_text(task->kind),
		val_text(task->text), val_text(task->by),
		val_text(task->assignee),
		task->due_at == 0 ? val_null() : val_int(task->due_at),
		val_int(loop_wall_us())));

	if (err == ERR_OK && ret_id != NULL)
		*ret_id = query_int(&q, 0);
	tx_note_case(store, task->case_id);
	return err;
}

static int
check_assignee(struct request *r, const char *account)
{
	AUTO(query) q = {0};
	int err;

	if (account == NULL || account[0] == '\0')
		return ERR_OK;
	err = query_one(
	    &q, r->store->db, STMT_STAFF_FIND, ARGS(val_text(account)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_FORMAT,
		    "\"assignee\" is nobody who may work on cases; see "
		    "/api/v1/staff");
	return err;
}

static const char *
given(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? NULL : param_text(r, at);
}

int
case_tasks(struct request *r)
{
	int err = case_staff_only(r);

	return err == ERR_OK ? request_read(r, STMT_CASE_TASKS) : err;
}

static int
answer(struct request *r, int64_t id)
{
	return request_rows(r, STMT_TASK_GET, ARGS(WHO(r), val_int(id)), true);
}

int
task_add(struct request *r)
{
	struct audit_object object = {"case", r->case_id, r->case_org};
	struct task_new task = {
	    .case_id = r->case_id,
	    .kind = "manual",
	    .text = param_text(r, 1),
	    .by = r->principal.account_id,
	    .assignee = given(r, 2),
	    .due_at = param_int(r, 3),
	};
	int64_t id = 0;
	int err = case_staff_only(r);

	if (err == ERR_OK)
		err = case_check_text(r, "text", task.text);
	if (err == ERR_OK)
		err = check_assignee(r, task.assignee);
	if (task.assignee != NULL && task.assignee[0] == '\0')
		task.assignee = NULL;
	if (err == ERR_OK)
		err = task_add_new(r->store, &task, &id);
	if (err == ERR_OK)
		err = history_by(
		    r, r->case_id, "task_added", task.text, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "case.task", &object,
		    json_pack("{s:I}", "task", (json_int_t)id));
	return err == ERR_OK ? answer(r, id) : err;
}

/* The task's case becomes the request's. */
static int
find(struct request *r, int64_t id)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_TASK_FIND, ARGS(WHO(r), val_int(id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such task");
	if (err != ERR_OK)
		return err;
	(void)snprintf(r->case_id, sizeof(r->case_id), "%s", query_text(&q, 0));
	(void)snprintf(
	    r->case_org, sizeof(r->case_org), "%s", query_text(&q, 1));
	return ERR_OK;
}

int
task_set(struct request *r)
{
	int64_t id = param_int(r, 0);
	const char *state = given(r, 1);
	struct audit_object object = {"case", r->case_id, r->case_org};
	int err = find(r, id);

	if (err == ERR_OK && state != NULL && strcmp(state, "open") != 0 &&
	    strcmp(state, "done") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"state\" is one of open done");
	if (err == ERR_OK)
		err = check_assignee(r, given(r, 2));
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_TASK_SET,
		    ARGS(val_int(id), val_text(state), val_text(given(r, 2)),
			param_is_null(r, 3) ? val_null()
					    : val_int(param_int(r, 3)),
			val_int(loop_wall_us()),
			val_text(r->principal.account_id)),
		    NULL);
	if (err == ERR_OK && state != NULL)
		err = history_by(r, r->case_id,
		    state[0] == 'd' ? "task_done" : "task_opened", "",
		    HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "case.task", &object,
		    json_pack(
			"{s:I,s:s?}", "task", (json_int_t)id, "state", state));
	return err == ERR_OK ? answer(r, id) : err;
}
