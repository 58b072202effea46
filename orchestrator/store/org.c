/* SPDX-License-Identifier: Apache-2.0 */
/* org.c - organisations and their accounts. */
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
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
	if (!r->principal.sees_all)
		return request_why(r, ERR_DENIED,
		    "only staff may add "
		    "organisations");
	uuid7(id);
	err = db_do(r->store->db, STMT_ORG_ADD,
	    ARGS(val_text(id), val_text(name), val_text(class_code),
		val_int(text_class_rank(class_code)), val_int(loop_wall_us())),
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
org_list(struct request *r)
{
	return request_read(
	    r, r->principal.sees_all ? STMT_ORG_LIST_ALL : STMT_ORG_LIST);
}

/* Nobody hands out what they do not have. */
static int
check_capabilities(struct request *r, const char *list)
{
	auto_free char *copy = xstrdup(list);
	char *rest = copy;
	char *word;

	if (strlen(list) >= SESSION_CAPABILITIES_BYTES)
		return request_why(r, ERR_LIMIT,
		    "\"capabilities\" is too "
		    "long");
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (!text_has_word(text_capabilities, word))
			return request_why(r, ERR_FORMAT,
			    "there is no "
			    "capability \"%.64s\"; there are: %s",
			    word, text_capabilities);
		if (!principal_may(&r->principal, word))
			return request_why(r, ERR_DENIED,
			    "you do not have "
			    "\"%s\" yourself",
			    word);
	}
	return ERR_OK;
}

int
account_create(struct request *r)
{
	const char *org = param_text(r, 0);
	const char *name = param_text(r, 1);
	const char *kind = param_text(r, 2);
	int64_t uid = param_int(r, 3);
	char id[UUID_BYTES];
	struct audit_object object = {"account", id, org};
	int64_t changes;
	int err = check_capabilities(r, param_text(r, 4));

	if (err != ERR_OK)
		return err;
	if (org[0] == '\0')
		org = object.org = r->principal.org_id;
	if (kind[0] == '\0')
		kind = "human";
	if (strcmp(kind, "human") != 0 && strcmp(kind, "service") != 0)
		return request_why(r, ERR_FORMAT,
		    "\"kind\" is human or "
		    "service");
	if (name[0] == '\0' || strlen(name) > 256 || uid < -1 ||
	    uid >= UINT32_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"name\" has 1 to 256 "
		    "characters, \"uid\" is -1 or a user's number");
	uuid7(id);
	err = db_do(r->store->db, STMT_ACCOUNT_ADD,
	    ARGS(WHO(r), val_text(id), val_text(org), val_text(name),
		val_text(kind), uid == -1 ? val_null() : val_int(uid),
		val_text(param_text(r, 4)), val_int(loop_wall_us())),
	    &changes);
	if (err == ERR_CONFLICT)
		return request_why(r, err, "that uid has an account");
	if (err != ERR_OK)
		return err;
	if (changes == 0)
		return request_why(r, ERR_NOT_FOUND,
		    "there is no such "
		    "organisation");
	err = audit_by(r, "account.created", &object,
	    json_pack("{s:s,s:s,s:I,s:s}", "name", name, "kind", kind, "uid",
		(json_int_t)uid, "capabilities", param_text(r, 4)));
	return err == ERR_OK ? answer_id(r, id) : err;
}
