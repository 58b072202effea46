/* SPDX-License-Identifier: Apache-2.0 */
/* org.c - organisations. */
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
	if (!principal_is_admin(&r->principal))
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
