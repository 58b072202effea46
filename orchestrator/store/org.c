/* SPDX-License-Identifier: Apache-2.0 */
/* org.c - organisations. */
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/policy.h"
#include "store/text.h"

struct new_org {
	struct store *store;
	char id[UUID_BYTES];
};

static void
on_org_committed(void *arg, bool is_committed)
{
	struct new_org *made = arg;

	if (is_committed)
		vault_create_key(made->store->vault, made->id);
	free(made);
}

static void
make_key_after(struct store *store, const char *id)
{
	struct new_org *made = xcalloc(1, sizeof(*made));

	made->store = store;
	(void)snprintf(made->id, sizeof(made->id), "%s", id);
	tx_after(store, on_org_committed, made);
}

static int
answer_id(struct request *r, const char *id)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}

int
org_create(struct request *r)
{
	const char *name = param_text(r, 0);
	const char *class_code = text_class(param_text(r, 1));
	char id[UUID_BYTES];
	struct audit_object object = {"organisation", id, id};
	int err;

	if (class_code == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"class\" is one of C1 C1b "
		    "C2 C3 C4 C5 CSIRT");
	if (name[0] == '\0' || strlen(name) > 256)
		return request_why(r, ERR_FORMAT,
		    "\"name\" has 1 to 256 "
		    "characters");
	if (!principal_is_admin(&r->principal))
		return request_why(r, ERR_DENIED,
		    "only staff may add "
		    "organisations");
	uuid7(id);
	err = db_do(r->store->db, STMT_ORG_ADD,
	    ARGS(val_text(id), val_text(name), val_text(class_code),
		val_int(policy_rank(r->store->policy, class_code)),
		val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_CONFLICT)
		return request_why(r, err,
		    "there is an organisation of that "
		    "name");
	if (err != ERR_OK)
		return err;
	err = audit_by(r, "organisation.created", &object,
	    json_pack("{s:s,s:s}", "name", name, "class", class_code));
	if (err != ERR_OK)
		return err;
	make_key_after(r->store, id);
	return answer_id(r, id);
}

int
org_get(struct request *r)
{
	r->principal.sees_all |= principal_is_admin(&r->principal);
	return request_read(r, STMT_ORG_GET);
}

int
org_list(struct request *r)
{
	/* Who administers accounts must know whose there are. */
	r->principal.sees_all |= principal_is_admin(&r->principal);
	return request_read(
	    r, r->principal.sees_all ? STMT_ORG_LIST_ALL : STMT_ORG_LIST);
}

enum {
	P_ID,
	P_VERSION,
	P_NAME,
	P_CLASS,
	P_RANK,
	P_SECTOR,
	P_LANGUAGES,
	P_STATE,
	P_QUOTA_BYTES,
	P_QUOTA_UPLOADS
};

static bool
is_one_of(const char *word, const char *words)
{
	return text_has_word(words, word);
}

static int
check_change(struct request *r, const char **ret_class)
{
	const char *name = param_text(r, P_NAME);
	int64_t rank = param_int(r, P_RANK);

	*ret_class = NULL;
	if (!principal_is_admin(&r->principal))
		return request_why(
		    r, ERR_DENIED, "only staff may change organisations");
	if (!param_is_null(r, P_NAME) &&
	    (name[0] == '\0' || strlen(name) > 256))
		return request_why(
		    r, ERR_FORMAT, "\"name\" has 1 to 256 characters");
	if (!param_is_null(r, P_CLASS)) {
		*ret_class = text_class(param_text(r, P_CLASS));
		if (*ret_class == NULL ||
		    !policy_knows(r->store->policy, *ret_class))
			return request_why(r, ERR_FORMAT,
			    "\"class\" is none that the policy knows");
	}
	if (!param_is_null(r, P_RANK) && (rank < 1 || rank > 9))
		return request_why(r, ERR_FORMAT, "\"rank\" is 1 to 9");
	if (!param_is_null(r, P_LANGUAGES) &&
	    !is_one_of(param_text(r, P_LANGUAGES), "nl fr de en"))
		return request_why(
		    r, ERR_FORMAT, "\"languages\" is nl, fr, de or en");
	if (!param_is_null(r, P_STATE) &&
	    !is_one_of(param_text(r, P_STATE), "active suspended closed"))
		return request_why(
		    r, ERR_FORMAT, "\"state\" is active, suspended or closed");
	return ERR_OK;
}

static struct value
text_or_null(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? val_null() : val_text(param_text(r, at));
}

static struct value
int_or_null(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? val_null() : val_int(param_int(r, at));
}

/* The whole change as it is kept; a new class brings its rank along. */
static int
change(struct request *r, const char *class_code)
{
	struct value rank = int_or_null(r, P_RANK);
	int64_t changes;
	int err;

	if (class_code != NULL && param_is_null(r, P_RANK))
		rank = val_int(policy_rank(r->store->policy, class_code));
	err = db_do(r->store->db, STMT_ORG_SET,
	    ARGS(val_text(param_text(r, P_ID)), text_or_null(r, P_NAME),
		val_text(class_code), rank, text_or_null(r, P_SECTOR),
		text_or_null(r, P_LANGUAGES), text_or_null(r, P_STATE),
		int_or_null(r, P_QUOTA_BYTES), int_or_null(r, P_QUOTA_UPLOADS),
		val_int(r->store->policy->version),
		val_int(param_int(r, P_VERSION))),
	    &changes);
	if (err == ERR_CONFLICT)
		return request_why(
		    r, err, "there is an organisation of that name");
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_STALE,
		    "somebody changed it meanwhile: look at it again");
	return err;
}

int
org_set(struct request *r)
{
	const char *id = param_text(r, P_ID);
	struct audit_object object = {"organisation", id, id};
	auto_json json_t *detail = json_object();
	const char *class_code;
	int err = check_change(r, &class_code);
	{
		AUTO(query) q = {0};

		if (err == ERR_OK)
			err = query_one(&q, r->store->db, STMT_ORG_LOAD,
			    ARGS(val_null(), val_int(1), val_text(id)));
		if (err == ERR_NOT_FOUND)
			return request_why(
			    r, err, "there is no such organisation");
		if (err != ERR_OK)
			return err;
		/* What it was, and what it shall be: class and rank decide. */
		(void)json_object_set_new(
		    detail, "class_before", json_string(query_text(&q, 1)));
		(void)json_object_set_new(
		    detail, "rank_before", json_integer(query_int(&q, 2)));
	}
	for (size_t i = P_NAME; i < r->params.count; i++) {
		if (param_is_null(r, i))
			continue;
		(void)json_object_set_new(detail, r->spec->params[i].name,
		    r->params.v[i].type == VALUE_INT
			? json_integer(param_int(r, i))
			: json_string(param_text(r, i)));
	}
	err = change(r, class_code);
	/* Who belongs to it may do other things now. */
	if (err == ERR_OK && strcmp(param_text(r, P_STATE), "closed") == 0)
		sessions_clear_org(r->store->sessions, id);
	if (err == ERR_OK)
		err = audit_by(
		    r, "organisation.changed", &object, json_incref(detail));
	return err == ERR_OK ? answer_id(r, id) : err;
}
