/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unseal.c - who may open a sealed artefact, for what, and who agreed: asked
 * for, decided, told to those whose it is.
 *
 * The second person is needed where the policy says so for the case's class;
 * elsewhere the one who asks decides, and the row says that.
 */
#include "store/unseal.h"

#include "lib/xalloc.h"
#include "store/access.h"
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/policy.h"
#include "store/task.h"
#include "store/text.h"

struct act {
	char id[UUID_BYTES];
	char artefact[UUID_BYTES];
	char case_id[UUID_BYTES];
	char org[UUID_BYTES];
	char state[16];
	char analyst[UUID_BYTES];
	char *necessity;
	bool is_double; /* the policy wants a second person */
};

static void
act_release(struct act *act)
{
	free(act->necessity);
}

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

/* The artefact: seen, sealed as a message, its case open. */
static int
find_artefact(struct request *r, const char *artefact, struct act *act)
{
	AUTO(query) q = {0};
	int err = request_query(
	    &q, r, STMT_UNSEAL_FIND, ARGS(WHO(r), val_text(artefact)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such artefact");
	if (err != ERR_OK)
		return err;
	if (artefact != act->artefact)
		(void)snprintf(
		    act->artefact, sizeof(act->artefact), "%s", artefact);
	copy(act->case_id, sizeof(act->case_id), &q, 0);
	copy(act->org, sizeof(act->org), &q, 1);
	if (query_int(&q, 4) == 0 ||
	    !text_has_word("openpgp enclosed", query_text(&q, 5)))
		return request_why(r, ERR_CONFLICT,
		    "the artefact is no sealed OpenPGP message: there is "
		    "nothing to decrypt");
	if (strcmp(query_text(&q, 6), "open") != 0 || query_int(&q, 8) != 0)
		return request_why(r, ERR_CONFLICT,
		    "its case is closed: seals are opened for a case that is "
		    "worked on");
	act->is_double =
	    policy_is_unseal_double(r->store->policy, query_text(&q, 7));
	return ERR_OK;
}

static int
check_necessity(struct request *r, const char *text)
{
	const char *start = text + strspn(text, " \t\r\n");
	size_t len = strlen(start);
	size_t count = 0;

	while (len > 0 && strchr(" \t\r\n", start[len - 1]) != NULL)
		len--;
	for (const char *p = start; p < start + len; p++)
		count += ((unsigned char)*p & 0xc0) != 0x80;
	if (count >= UNSEAL_NECESSITY_MIN && count <= UNSEAL_NECESSITY_MAX)
		return ERR_OK;
	return request_why(r, ERR_FORMAT,
	    "\"necessity\" says in %d to %d characters why the incident cannot "
	    "be resolved without opening it",
	    UNSEAL_NECESSITY_MIN, UNSEAL_NECESSITY_MAX);
}

static int
answer(struct request *r, const struct act *act)
{
	return request_rows(
	    r, STMT_UNSEAL_GET, ARGS(WHO(r), val_text(act->id)), true);
}

static int
add_jobs(struct request *r, const struct act *act)
{
	static const char *const kinds[] = {"unseal_identify", "unseal_yara"};
	char id[UUID_BYTES];
	int err = ERR_OK;

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uuid7(id);
		err = db_do(r->store->db, STMT_UNSEAL_JOB_ADD,
		    ARGS(val_text(id), val_text(act->id),
			val_text(act->artefact), val_text(kinds[i]),
			val_int(loop_wall_us())),
		    NULL);
	}
	tx_note_jobs(r->store);
	tx_note_case(r->store, act->case_id);
	return err;
}

/* Decided: the work begins, and those whose it is can read of it. */
static int
run(struct request *r, const struct act *act, bool is_single)
{
	struct audit_object object = {"unseal", act->id, act->org};
	int64_t changes = 0;
	int err = db_do(r->store->db, STMT_UNSEAL_RUN,
	    ARGS(val_text(act->id), val_text(r->principal.account_id),
		val_int(loop_wall_us()), val_int(is_single)),
	    &changes);

	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "it does not wait for a decision");
	if (err == ERR_OK)
		err = add_jobs(r, act);
	if (err == ERR_OK)
		err = access_by(r, &(struct access){
				       .event = "unsealed",
				       .case_id = act->case_id,
				       .purpose = act->necessity,
				       .artefact = act->artefact,
				   });
	if (err == ERR_OK)
		err = history_by(
		    r, act->case_id, "unseal_approved", "", HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "unseal.approved", &object,
		    json_pack("{s:s,s:s,s:s,s:b}", "case", act->case_id,
			"artefact", act->artefact, "analyst", act->analyst,
			"single_person", (int)is_single));
	return err;
}

static int
ask(struct request *r, const struct act *act)
{
	struct audit_object object = {"unseal", act->id, act->org};
	const struct task_new task = {
	    .case_id = act->case_id,
	    .kind = "unseal",
	    .text = act->necessity,
	    .by = r->principal.account_id,
	};
	int err = db_do(r->store->db, STMT_UNSEAL_ADD,
	    ARGS(val_text(act->id), val_text(act->artefact), val_text(act->org),
		val_text(act->analyst), val_text(act->necessity),
		val_int(loop_wall_us()), val_int(act->is_double)),
	    NULL);

	if (err == ERR_CONFLICT)
		return request_why(r, err,
		    "that it is opened was asked for already, or goes on");
	if (err == ERR_OK && act->is_double)
		err = task_add_new(r->store, &task, NULL);
	if (err == ERR_OK)
		err = history_by(
		    r, act->case_id, "unseal_requested", "", HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "unseal.requested", &object,
		    json_pack("{s:s,s:s,s:s,s:b}", "case", act->case_id,
			"artefact", act->artefact, "necessity", act->necessity,
			"second_person", (int)act->is_double));
	return err;
}

int
unseal_create(struct request *r)
{
	const char *necessity = param_text(r, 1);
	struct act act = {.is_double = true};
	int err = find_artefact(r, param_text(r, 0), &act);

	if (err == ERR_OK)
		err = check_necessity(r, necessity);
	if (err != ERR_OK)
		return err;
	uuid7(act.id);
	(void)snprintf(
	    act.analyst, sizeof(act.analyst), "%s", r->principal.account_id);
	act.necessity = xstrdup(necessity);
	err = ask(r, &act);
	/* A class whose cases need no second person. */
	if (err == ERR_OK && !act.is_double)
		err = run(r, &act, false);
	if (err == ERR_OK)
		err = answer(r, &act);
	act_release(&act);
	return err;
}

static int
load(struct request *r, struct act *act)
{
	AUTO(query) q = {0};
	const char *id = param_text(r, 0);
	int err =
	    request_query(&q, r, STMT_UNSEAL_LOAD, ARGS(WHO(r), val_text(id)));

	if (err == ERR_NOT_FOUND)
		return request_why(
		    r, err, "nobody asked for such an opening of a seal");
	if (err != ERR_OK)
		return err;
	(void)snprintf(act->id, sizeof(act->id), "%s", id);
	copy(act->artefact, sizeof(act->artefact), &q, 0);
	copy(act->state, sizeof(act->state), &q, 1);
	copy(act->analyst, sizeof(act->analyst), &q, 2);
	act->necessity = xstrdup(query_text(&q, 3));
	if (strcmp(act->state, "requested") != 0)
		return request_why(
		    r, ERR_CONFLICT, "it does not wait for a decision");
	return ERR_OK;
}

static int
end_tasks(struct request *r, const struct act *act)
{
	return db_do(r->store->db, STMT_UNSEAL_TASKS_DONE,
	    ARGS(val_text(act->case_id), val_int(loop_wall_us()),
		val_text(r->principal.account_id)),
	    NULL);
}

static int
approve(struct request *r, struct act *act)
{
	bool is_single = false;
	int err = load(r, act);

	/* Since it was asked for, much may have happened to it. */
	if (err == ERR_OK)
		err = find_artefact(r, act->artefact, act);
	if (err != ERR_OK)
		return err;
	is_single = strcmp(act->analyst, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(
		    r, act->analyst, "approve the opening of a seal");
	err = run(r, act, is_single);
	if (err == ERR_OK)
		err = end_tasks(r, act);
	return err == ERR_OK ? answer(r, act) : err;
}

int
unseal_approve(struct request *r)
{
	struct act act = {.is_double = true};
	int err = approve(r, &act);

	act_release(&act);
	return err;
}

static int
refuse(struct request *r, struct act *act, const char *reason)
{
	struct audit_object object = {"unseal", act->id, act->org};
	int64_t changes = 0;
	int err = db_do(r->store->db, STMT_UNSEAL_REFUSE,
	    ARGS(val_text(act->id), val_text(r->principal.account_id),
		val_int(loop_wall_us()), val_text(reason)),
	    &changes);

	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "it does not wait for a decision");
	if (err == ERR_OK)
		err = end_tasks(r, act);
	if (err == ERR_OK)
		err = history_by(
		    r, act->case_id, "unseal_refused", reason, HISTORY_STAFF);
	if (err == ERR_OK)
		err = audit_by(r, "unseal.refused", &object,
		    json_pack("{s:s,s:s,s:s}", "case", act->case_id, "artefact",
			act->artefact, "reason", reason));
	return err;
}

/* Who asked may take it back so, too. */
int
unseal_refuse(struct request *r)
{
	const char *reason = param_text(r, 1);
	struct act act = {.is_double = true};
	int err = load(r, &act);

	if (err == ERR_OK)
		err = case_check_text(r, "reason", reason);
	if (err == ERR_OK) {
		AUTO(query) q = {0};

		err = request_query(&q, r, STMT_ARTEFACT_FIND,
		    ARGS(WHO(r), val_text(act.artefact)));
		if (err == ERR_OK) {
			copy(act.case_id, sizeof(act.case_id), &q, 0);
			copy(act.org, sizeof(act.org), &q, 1);
		}
	}
	if (err == ERR_OK)
		err = refuse(r, &act, reason);
	if (err == ERR_OK)
		err = answer(r, &act);
	act_release(&act);
	return err;
}

int
unseal_list(struct request *r)
{
	int err = case_staff_only(r);

	return err == ERR_OK ? request_read(r, STMT_UNSEAL_LIST) : err;
}

int
unseal_of(struct request *r)
{
	AUTO(query) q = {0};
	int err = ERR_NOT_FOUND;

	if (principal_is_staff(&r->principal))
		err = request_query(&q, r, STMT_ARTEFACT_FIND,
		    ARGS(WHO(r), val_text(param_text(r, 0))));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such artefact");
	query_release(&q);
	return err == ERR_OK ? request_read(r, STMT_UNSEAL_OF) : err;
}
