/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entitlement.c - who may send artefacts, before the first byte of them; and
 * what a case gets at its intake.
 */
#include "store/audit.h"
#include "store/handlers.h"
#include "store/mode.h"
#include "store/number.h"
#include "store/outbox.h"
#include "store/policy.h"

/* Numbers are random: a clash is rare, twice in a row means a bug. */
#define NUMBER_TRIES 8
#define CHANNEL	     "local"

int
intake_number(struct request *r, const char *case_id, const char *refused,
    const char *org_id, char ret_number[])
{
	int64_t changes = 0;
	int err = ERR_OK;

	for (int i = 0; i < NUMBER_TRIES && err == ERR_OK && changes == 0;
	     i++) {
		number_new(loop_wall_us(), ret_number);
		err = db_do(r->store->db, STMT_NUMBER_TAKE,
		    ARGS(val_text(ret_number), val_int(loop_wall_us()),
			val_text(CHANNEL), val_text(case_id), val_text(refused),
			val_text(org_id), val_int(r->store->policy->version)),
		    &changes);
	}
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "no free case number was found");
	return err;
}

/* A slot that two persons opened; ERR_NOT_FOUND: none. */
static int
find_exception(struct request *r, const char *org_id, const char *case_id,
    struct entitlement *e)
{
	AUTO(query) q = {0};
	int err;

	if (case_id[0] != '\0')
		return query_one(&q, r->store->db, STMT_EXCEPTION_FOR_CASE,
		    ARGS(val_text(org_id), val_text(case_id),
			val_int(loop_wall_us())));
	err = query_one(&q, r->store->db, STMT_EXCEPTION_FREE,
	    ARGS(val_text(org_id), val_int(loop_wall_us())));
	if (err == ERR_OK)
		(void)snprintf(e->exception, sizeof(e->exception), "%s",
		    query_text(&q, 0));
	return err;
}

/* Not entitled: a number and what the class does have, and no byte. */
static int
refuse(struct request *r, const char *org_id, const char *case_id,
    const struct entitlement *e)
{
	char number[NUMBER_BYTES];
	struct audit_object object = {"number", number, org_id};
	const struct outbox_refusal refusal = {org_id, number, e->class_code};
	int err = intake_number(r, case_id[0] == '\0' ? NULL : case_id,
	    "not_entitled", org_id, number);

	if (err == ERR_OK)
		err = audit_by(r, "contact.refused", &object,
		    json_pack("{s:s,s:I}", "class", e->class_code, "policy",
			(json_int_t)r->store->policy->version));
	if (err == ERR_OK)
		err = outbox_refused(r, &refusal);
	if (err != ERR_OK)
		return err;
	r->is_kept = true;
	return request_refuse(r, ERR_DENIED, "not-entitled",
	    json_pack("{s:s,s:s,s:o}", "number", number, "class", e->class_code,
		"services", policy_services(r->store->policy, e->class_code)),
	    "organisations of class %s have no artefact analysis; this contact "
	    "has the number %s, and \"services\" names what they do have",
	    e->class_code, number);
}

int
entitlement_check(struct request *r, const char *org_id, const char *case_id,
    struct entitlement *ret_entitlement)
{
	struct entitlement e = {.exception = ""};
	int err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_ENTITLED_ORG,
		    ARGS(WHO(r), val_text(org_id)));
		if (err == ERR_NOT_FOUND)
			return request_why(
			    r, err, "there is no such organisation");
		if (err != ERR_OK)
			return err;
		(void)snprintf(e.class_code, sizeof(e.class_code), "%s",
		    query_text(&q, 0));
		e.rank = query_int(&q, 1);
	}
	if (!policy_allows(r->store->policy, e.class_code, POLICY_ARTEFACTS)) {
		err = find_exception(r, org_id, case_id, &e);
		if (err == ERR_NOT_FOUND)
			return refuse(r, org_id, case_id, &e);
		if (err != ERR_OK)
			return err;
	}
	*ret_entitlement = e;
	return ERR_OK;
}

int
entitlement_use(
    struct request *r, const struct entitlement *e, const char *case_id)
{
	struct audit_object object = {"exception", e->exception, NULL};
	int err;

	if (e->exception[0] == '\0')
		return ERR_OK;
	err = db_do(r->store->db, STMT_EXCEPTION_USE,
	    ARGS(val_text(e->exception), val_text(case_id)), NULL);
	return err == ERR_OK ? audit_by(r, "exception.used", &object,
				   json_pack("{s:s}", "case", case_id))
			     : err;
}

static struct value
due_or_null(
    const struct store *store, const struct policy_case *c, const char *stage)
{
	int64_t due = policy_due(store->policy, c, stage);

	return due == -1 ? val_null() : val_int(due);
}

int
intake_mark(struct store *store, const char *case_id)
{
	AUTO(query) q = {0};
	struct policy_case c;
	int err =
	    query_one(&q, store->db, STMT_INTAKE_LOAD, ARGS(val_text(case_id)));

	if (err != ERR_OK)
		return err;
	c.class_code = query_text(&q, 0);
	c.severity = query_text(&q, 1);
	c.at = query_int(&q, 2);
	c.is_24x7 = mode_is_24x7(store, c.class_code);
	return db_do(store->db, STMT_INTAKE_MARK,
	    ARGS(val_text(case_id), val_int(store->policy->version),
		due_or_null(store, &c, "ack"), due_or_null(store, &c, "triage"),
		due_or_null(store, &c, "report"),
		val_int(store->mode.is_exercise)),
	    NULL);
}
