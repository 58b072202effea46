/* SPDX-License-Identifier: Apache-2.0 */
/* access.c - who saw, took or was given what of a case. */
#include "store/access.h"

#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"

/* What the submitter is told in the place of a name. */
static const char *
role_of(const struct principal *p)
{
	if (!principal_is_staff(p))
		return "submitter";
	if (strcmp(p->kind, "service") == 0)
		return "service";
	if (principal_may(p, "analyse"))
		return "analyst";
	return principal_may(p, "approve_report") ? "reviewer" : "staff";
}

static int
add(struct store *store, const struct access *access, const char *account,
    const char *role)
{
	enum role before = store->db->role;
	int err;

	/* Whoever's request it is, these rows are the store's to write. */
	store->db->role = ROLE_STORE;
	err = db_do(store->db, STMT_ACCESS_ADD,
	    ARGS(val_text(access->case_id), val_int(loop_wall_us()),
		val_text(access->event), val_text(account), val_text(role),
		val_text(access->purpose == NULL ? "" : access->purpose),
		val_text(access->artefact), val_text(access->report)),
	    NULL);
	store->db->role = before;
	return err;
}

int
access_by(struct request *r, const struct access *access)
{
	return add(
	    r->store, access, r->principal.account_id, role_of(&r->principal));
}

int
access_own(struct store *store, const struct access *access)
{
	return add(store, access, NULL, "service");
}

int
access_view(struct request *r, const struct access *access, bool *ret_is_new)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_ACCESS_SEEN,
	    ARGS(val_text(access->artefact), val_text(r->principal.account_id),
		val_int(loop_wall_us() - ACCESS_VIEW_US)));

	*ret_is_new = err == ERR_NOT_FOUND;
	return err == ERR_NOT_FOUND ? access_by(r, access) : err;
}

int
access_stage(struct request *r, const char *case_id, const char *stage,
    const char *action)
{
	int err = case_stage_auto(r->store, r, case_id,
	    "received checking waiting analysing in_review reported", stage);

	return err == ERR_OK ? history_by(r, case_id, action, "", HISTORY_ALL)
			     : err;
}
