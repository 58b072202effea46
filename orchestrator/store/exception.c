/* SPDX-License-Identifier: Apache-2.0 */
/* exception.c - slots for who is not entitled: reason, and two persons. */
#include "store/audit.h"
#include "store/handlers.h"
#include "store/number.h"
#include "store/policy.h"

#include <inttypes.h>

#define DAY_US ((int64_t)24 * 3600 * 1000000)

/* Slots are for the staff to open: nobody opens their own. */
static int
check_staff(struct request *r)
{
	if (r->principal.is_staff && r->principal.sees_all)
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "exceptions are for staff who may see all organisations "
	    "(\"read_all_orgs\")");
}

/* The case that is named, which must be the organisation's. */
static int
find_case(struct request *r, const char *text, const char *org,
    char ret_id[UUID_BYTES])
{
	char number[NUMBER_BYTES];
	AUTO(query) q = {0};
	int err;

	ret_id[0] = '\0';
	if (text[0] == '\0')
		return ERR_OK;
	if (!uuid_is_valid(text, strlen(text))) {
		err = number_parse(
		    text, strlen(text), number, r->why, sizeof(r->why));
		if (err != ERR_OK)
			return err;
		text = number;
	}
	err = query_one(
	    &q, r->store->db, STMT_CASE_FIND, ARGS(WHO(r), val_text(text)));
	if (err == ERR_NOT_FOUND ||
	    (err == ERR_OK && strcmp(query_text(&q, 1), org) != 0))
		return request_why(
		    r, ERR_NOT_FOUND, "the organisation has no such case");
	if (err == ERR_OK)
		(void)snprintf(ret_id, UUID_BYTES, "%s", query_text(&q, 0));
	return err;
}

static int
check_org(struct request *r, const char *org)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_ENTITLED_ORG, ARGS(WHO(r), val_text(org)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such organisation");
	if (err == ERR_OK && policy_allows(r->store->policy, query_text(&q, 0),
				 POLICY_ARTEFACTS))
		return request_why(r, ERR_CONFLICT,
		    "the organisation is entitled: it needs no exception");
	return err;
}

static int
answer(struct request *r, const char *id, const char *state, bool is_single)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, state);
	values_add_int(&row, is_single);
	request_row(r, &row);
	return ERR_OK;
}

int
exception_create(struct request *r)
{
	const char *org = param_text(r, 0);
	const char *reason = param_text(r, 2);
	char id[UUID_BYTES], case_id[UUID_BYTES];
	struct audit_object object = {"exception", id, org};
	int err = check_staff(r);

	if (err == ERR_OK && reason[0] == '\0')
		return request_why(
		    r, ERR_FORMAT, "\"reason\" says why, for others to judge");
	if (err == ERR_OK)
		err = check_org(r, org);
	if (err == ERR_OK)
		err = find_case(r, param_text(r, 1), org, case_id);
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = db_do(r->store->db, STMT_EXCEPTION_ADD,
	    ARGS(val_text(id), val_text(org),
		val_text(case_id[0] == '\0' ? NULL : case_id), val_text(reason),
		val_int(r->store->policy->version),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "exception.proposed", &object,
		    json_pack("{s:s,s:s}", "reason", reason, "case", case_id));
	return err == ERR_OK ? answer(r, id, "proposed", false) : err;
}

int
exception_approve(struct request *r)
{
	const char *id = param_text(r, 0);
	char author[UUID_BYTES], org[UUID_BYTES];
	struct audit_object object = {"exception", id, org};
	int64_t days = json_member_int(
	    json_object_get(r->store->policy->document, "exceptions"), "days",
	    1);
	int64_t now = loop_wall_us();
	bool is_single;
	int err = check_staff(r);
	{
		AUTO(query) q = {0};

		if (err == ERR_OK)
			err = query_one(&q, r->store->db, STMT_EXCEPTION_LOAD,
			    ARGS(WHO(r), val_text(id)));
		if (err == ERR_NOT_FOUND)
			return request_why(
			    r, err, "there is no such exception");
		if (err != ERR_OK)
			return err;
		(void)snprintf(org, sizeof(org), "%s", query_text(&q, 0));
		(void)snprintf(author, sizeof(author), "%s", query_text(&q, 2));
		if (strcmp(query_text(&q, 1), "proposed") != 0)
			return request_why(
			    r, ERR_CONFLICT, "it is approved already");
	}
	is_single = strcmp(author, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(r, author, "approve this exception");
	err = db_do(r->store->db, STMT_EXCEPTION_APPROVE,
	    ARGS(val_text(id), val_text(r->principal.account_id),
		val_int(is_single), val_int(now), val_int(now + days * DAY_US)),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "exception.approved", &object,
		    json_pack("{s:b,s:I}", "single_person", is_single, "days",
			(json_int_t)days));
	return err == ERR_OK ? answer(r, id, "approved", is_single) : err;
}

int
exception_list(struct request *r)
{
	return request_rows(r, STMT_EXCEPTION_LIST,
	    ARGS(WHO(r), val_int(param_limit(r, 0)), val_text(param_text(r, 1)),
		val_int(r->principal.is_staff)),
	    false);
}
