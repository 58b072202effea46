/* SPDX-License-Identifier: Apache-2.0 */
/* consent.c - the source's word on an export: yes, no, or none in time. */
#include "lib/log.h"
#include "store/audit.h"
#include "store/export.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/timewatch.h"

/* Those whose case it is, and nobody in their place. */
static int
may_answer(struct request *r, const struct export *e)
{
	if (strcmp(r->principal.org_id, e->org_id) == 0 &&
	    principal_may(&r->principal, "submit"))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "only the organisation whose case it is agrees to this (capability "
	    "\"submit\")");
}

int
export_consent(struct request *r)
{
	struct export e = {.is_rendered = false};
	const char *answer = param_text(r, 1);
	bool is_yes = strcmp(answer, "yes") == 0;
	int64_t now = loop_wall_us(), changes = 0;
	int err = export_load(r, &e);

	if (err == ERR_OK)
		err = may_answer(r, &e);
	if (err != ERR_OK)
		return err;
	if (!is_yes && strcmp(answer, "no") != 0)
		return request_why(r, ERR_FORMAT, "\"answer\" is yes or no");
	if (strcmp(e.state, "consent_pending") != 0 || e.consent_due <= now)
		return request_why(r, ERR_CONFLICT,
		    "there is no question any more: it is %s",
		    strcmp(e.state, "consent_pending") == 0 ? "too late"
							    : e.state);
	err = db_do(r->store->db, STMT_EXPORT_CONSENT,
	    ARGS(val_text(e.id), val_text(is_yes ? "requested" : "denied"),
		val_text(is_yes ? "given" : "denied"),
		val_text(r->principal.account_id), val_int(now),
		val_text(param_text(r, 2))),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_STALE, "somebody answered it");
	if (err == ERR_OK)
		err = history_by(r, e.case_id,
		    is_yes ? "consent_given" : "consent_denied",
		    param_text(r, 2), HISTORY_ALL);
	if (err == ERR_OK)
		err = export_audit(r, &e, "export.consent",
		    json_pack("{s:b}", "given", is_yes));
	return err == ERR_OK
		   ? export_answer(r, &e, is_yes ? "requested" : "denied")
		   : err;
}

/* Says no for who said nothing. */
static int
give_up(struct store *store, const struct export *e, int64_t now)
{
	struct audit_object object = {"disclosure", e->id, e->org_id};
	int err = db_do(store->db, STMT_EXPORT_CONSENT,
	    ARGS(val_text(e->id), val_text("denied"), val_text("timeout"),
		val_null(), val_int(now), val_text("")),
	    NULL);

	if (err == ERR_OK)
		err = history_own(
		    store, e->case_id, "consent_timeout", "", HISTORY_ALL);
	if (err == ERR_OK)
		err = audit_own(store, "export.consent", &object,
		    json_pack("{s:b,s:b,s:s}", "given", 0, "timeout", 1, "case",
			e->case_id));
	tx_note_case(store, e->case_id);
	return err;
}

#define BATCH 20

/* Takes a few that are over; how many there were. */
static size_t
find_overdue(struct store *store, int64_t now, struct export *found)
{
	AUTO(query) q = {0};
	size_t count = 0;
	int err;

	store->db->role = ROLE_STORE;
	err =
	    query_start(&q, store->db, STMT_EXPORT_OVERDUE, ARGS(val_int(now)));
	while (err == ERR_OK && count < BATCH &&
	       (err = query_next(&q)) == ERR_OK) {
		struct export *e = &found[count++];

		(void)snprintf(e->id, sizeof(e->id), "%s", query_text(&q, 0));
		(void)snprintf(
		    e->org_id, sizeof(e->org_id), "%s", query_text(&q, 1));
		(void)snprintf(
		    e->case_id, sizeof(e->case_id), "%s", query_text(&q, 2));
	}
	return count;
}

void
export_tick(struct store *store)
{
	static struct export found[BATCH];
	int64_t now = loop_wall_us();
	size_t count;
	int err;

	if (!timewatch_is_calm(store))
		return;
	count = find_overdue(store, now, found);
	if (count == 0)
		return;
	err = tx_begin(store, ROLE_STORE);
	if (err != ERR_OK)
		return;
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = give_up(store, &found[i], now);
	tx_end(store, err == ERR_OK);
	if (err != ERR_OK)
		log_line(LOG_WARN,
		    "msg=\"unanswered consents are not closed yet\" err=%s",
		    err_name((enum err)err));
}
