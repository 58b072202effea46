/* SPDX-License-Identifier: Apache-2.0 */
/* recipient.c - those outside whom this CSIRT exchanges with. */
#include "store/recipient.h"

#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/text.h"

#define NAME_MAX_BYTES ((size_t)200)

static const char kinds[] =
    "community partner authority organisation individual";

int
recipient_load(struct request *r, const char *id, struct recipient *ret)
{
	struct recipient *p = ret;
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_RECIPIENT_LOAD, ARGS(val_text(id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such recipient");
	if (err != ERR_OK)
		return err;
	*p = (struct recipient){.lacks_strict = query_int(&q, 3) != 0,
	    .tlp_max = label_tlp(query_text(&q, 2)),
	    .agreement_until = query_int(&q, 5),
	    .is_active = query_int(&q, 6) != 0,
	    .version = query_int(&q, 7)};
	(void)snprintf(p->id, sizeof(p->id), "%s", id);
	(void)snprintf(p->kind, sizeof(p->kind), "%s", query_text(&q, 0));
	(void)snprintf(p->name, sizeof(p->name), "%s", query_text(&q, 1));
	(void)snprintf(p->sharing_group, sizeof(p->sharing_group), "%s",
	    query_text(&q, 4));
	return ERR_OK;
}

int
recipient_check(struct request *r, const struct recipient *recipient)
{
	const char *word = strcmp(recipient->kind, "community") == 0
			       ? "share_community"
			       : "share_partner";

	if (!principal_may(&r->principal, word))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"%s\"",
		    r->principal.name, word);
	if (!recipient->is_active)
		return request_why(r, ERR_CONFLICT,
		    "the recipient is not active: an administrator says when "
		    "it is");
	if (recipient->agreement_until != 0 &&
	    recipient->agreement_until <= loop_wall_us())
		return request_why(r, ERR_CONFLICT,
		    "the agreement with the recipient has ended");
	return ERR_OK;
}

enum tlp
recipient_free(const struct recipient *recipient)
{
	/* Whoever is registered belongs to a community that exchanges; none
	 * of them is of the organisation that a case names. */
	struct label_recipient to = {.is_of_community = recipient->is_active};
	enum tlp most = TLP_CLEAR;

	for (int i = TLP_CLEAR; i <= (int)recipient->tlp_max; i++) {
		if (label_may_send((enum tlp)i, &to))
			most = (enum tlp)i;
	}
	return most;
}

int
recipient_list(struct request *r)
{
	return request_read(r, STMT_RECIPIENT_LIST);
}

static int
check_words(struct request *r, const char *name, const char *tlp)
{
	if (name != NULL && (case_check_text(r, "name", name) != ERR_OK ||
				strlen(name) > NAME_MAX_BYTES))
		return request_why(r, ERR_FORMAT, "\"name\" has 1 to %zu bytes",
		    NAME_MAX_BYTES);
	if (tlp != NULL && text_tlp(tlp, NULL) == NULL)
		return request_why(
		    r, ERR_FORMAT, "\"tlp_max\" is not a label that there is");
	return ERR_OK;
}

static struct value
given(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? val_null() : val_text(param_text(r, at));
}

static struct value
given_int(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? val_null() : val_int(param_int(r, at));
}

int
recipient_create(struct request *r)
{
	char id[UUID_BYTES];
	struct audit_object object = {"recipient", id, r->principal.org_id};
	struct values row;
	int err = ERR_OK;

	if (!text_has_word(kinds, param_text(r, 0)))
		return request_why(
		    r, ERR_FORMAT, "\"kind\" is one of %s", kinds);
	err = check_words(r, param_text(r, 1), param_text(r, 3));
	uuid7(id);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_RECIPIENT_ADD,
		    ARGS(val_text(id), val_text(param_text(r, 0)),
			val_text(param_text(r, 1)), val_text(param_text(r, 2)),
			val_text(text_tlp(param_text(r, 3), "TLP:GREEN")),
			val_int(param_int(r, 4) != 0),
			val_text(param_text(r, 5)), val_text(param_text(r, 6)),
			given_int(r, 7), val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_CONFLICT)
		return request_why(r, err, "there is a recipient of that name");
	if (err == ERR_OK)
		err = audit_by(r, "recipient.created", &object,
		    json_pack("{s:s,s:s}", "kind", param_text(r, 0), "name",
			param_text(r, 1)));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}

int
recipient_set(struct request *r)
{
	struct recipient before = {.version = 0};
	struct audit_object object = {
	    "recipient", before.id, r->principal.org_id};
	const char *tlp = param_is_null(r, 4) ? NULL : param_text(r, 4);
	bool is_active;
	struct values row;
	int64_t changes = 0;
	int err = recipient_load(r, param_text(r, 0), &before);

	if (err == ERR_OK)
		err = check_words(
		    r, param_is_null(r, 2) ? NULL : param_text(r, 2), tlp);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_RECIPIENT_SET,
		    ARGS(val_text(before.id), val_int(param_int(r, 1)),
			given(r, 2), given(r, 3),
			tlp == NULL ? val_null()
				    : val_text(text_tlp(tlp, NULL)),
			given_int(r, 5), given(r, 6), given(r, 7),
			given_int(r, 8), given_int(r, 9)),
		    &changes);
	if (err == ERR_CONFLICT)
		return request_why(r, err, "there is a recipient of that name");
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_STALE,
		    "somebody changed it meanwhile, it is version %lld now",
		    (long long)before.version);
	is_active =
	    param_is_null(r, 9) ? before.is_active : param_int(r, 9) != 0;
	if (err == ERR_OK)
		err = audit_by(r, "recipient.changed", &object,
		    json_pack("{s:s,s:b,s:b,s:s}", "name", before.name,
			"was_active", before.is_active, "active", is_active,
			"tlp_max",
			tlp == NULL ? label_tlp_name(before.tlp_max)
				    : text_tlp(tlp, "")));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, before.id);
	values_add_int(&row, before.version + 1);
	values_add_int(&row, is_active);
	request_row(r, &row);
	return ERR_OK;
}
