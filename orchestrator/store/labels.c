/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labels.c - the labels of a case and all its parts: raised by whoever may
 * work on it, lowered with the permission of its source only.
 */
#include "lib/label.h"
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/text.h"

struct relabel {
	struct label from; /* the strictest of the case's parts */
	struct label to;
	const char *restriction; /* NULL = stays */
	const char *permission;
};

/* Staff that works on cases, or whose case it is. */
static int
may_label(struct request *r)
{
	const struct principal *p = &r->principal;
	bool is_own = strcmp(p->org_id, r->case_org) == 0;

	if (principal_is_staff(p) &&
	    (principal_may(p, "claim") || principal_may(p, "analyse")))
		return ERR_OK;
	if (is_own && principal_may(p, "submit"))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "the account %s lacks the capability \"claim\", \"analyse\" or, of "
	    "an own case, \"submit\"",
	    p->name);
}

static int
read_wanted(struct request *r, struct relabel *l)
{
	AUTO(query) q = {0};
	const char *tlp, *pap;
	int err = query_one(
	    &q, r->store->db, STMT_CASE_LABEL_MAX, ARGS(val_text(r->case_id)));

	if (err != ERR_OK)
		return err;
	l->from = (struct label){
	    (enum tlp)query_int(&q, 0), (enum pap)query_int(&q, 1)};
	tlp = text_tlp(param_text(r, 1), label_tlp_name(l->from.tlp));
	pap = text_pap(param_text(r, 3), label_pap_name(l->from.pap));
	if (tlp == NULL || pap == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"tlp\" or \"pap\" is not a label that there is");
	l->to = (struct label){label_tlp(tlp), label_pap(pap)};
	l->restriction = param_is_null(r, 2) ? NULL : param_text(r, 2);
	l->permission = param_text(r, 4);
	if (label_may_change(l->from, l->to,
		case_check_text(r, "permission", l->permission) == ERR_OK))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "%s and %s are what the source asked for: less takes its "
	    "\"permission\": who gave it there, and when",
	    label_tlp_name(l->from.tlp), label_pap_name(l->from.pap));
}

/* The case and each of its parts carry the new labels. */
static int
write_labels(struct request *r, const struct relabel *l)
{
	struct db *db = r->store->db;
	const struct value id = val_text(r->case_id);
	const struct value tlp = val_text(label_tlp_name(l->to.tlp));
	const struct value pap = val_text(label_pap_name(l->to.pap));
	int err = db_do(db, STMT_LABEL_CHANGE_ADD,
	    ARGS(id, val_int(loop_wall_us()), val_text(r->principal.account_id),
		val_text(label_tlp_name(l->from.tlp)), tlp,
		val_text(label_pap_name(l->from.pap)), pap,
		val_text(l->restriction), val_text(l->permission)),
	    NULL);

	if (err == ERR_OK)
		err = db_do(db, STMT_LABEL_CASE,
		    ARGS(id, tlp, pap, val_text(l->restriction)), NULL);
	if (err == ERR_OK)
		err =
		    db_do(db, STMT_LABEL_SUBMISSIONS, ARGS(id, tlp, pap), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_LABEL_ARTEFACTS, ARGS(id, tlp, pap), NULL);
	/* Of what is not out yet; what is out was given away with its label. */
	if (err == ERR_OK)
		err = db_do(db, STMT_LABEL_REPORTS,
		    ARGS(id, val_int(l->to.tlp), val_int(l->to.pap), tlp, pap,
			val_text(l->restriction)),
		    NULL);
	return err;
}

int
case_labels(struct request *r)
{
	struct relabel l = {.permission = ""};
	struct audit_object object = {"case", r->case_id, r->case_org};
	int err = may_label(r);

	if (err == ERR_OK)
		err = read_wanted(r, &l);
	if (err == ERR_OK)
		err = write_labels(r, &l);
	if (err == ERR_OK)
		err = history_by(r, r->case_id, "labels_changed",
		    label_tlp_name(l.to.tlp), HISTORY_ALL);
	if (err == ERR_OK)
		err = audit_by(r, "case.labels", &object,
		    json_pack("{s:s,s:s,s:s,s:s,s:b}", "tlp_from",
			label_tlp_name(l.from.tlp), "tlp",
			label_tlp_name(l.to.tlp), "pap_from",
			label_pap_name(l.from.pap), "pap",
			label_pap_name(l.to.pap), "is_lowered",
			!label_covers(l.to, l.from)));
	if (err != ERR_OK)
		return err;
	r->why[0] = '\0';
	tx_note_case(r->store, r->case_id);
	return request_rows(
	    r, STMT_LABEL_ANSWER, ARGS(WHO(r), val_text(r->case_id)), true);
}
