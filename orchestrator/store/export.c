/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - what leaves a case for others: rendered, asked for, approved. */
#include "store/export.h"

#include "lib/own.h"
#include "store/access.h"
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/outbox.h"
#include "store/report.h"
#include "store/text.h"

#define DAY_US	   ((int64_t)24 * 3600 * 1000000)
#define DAYS_MAX   30
#define DAYS_USUAL 7

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

int
export_load(struct request *r, struct export *ret_export)
{
	struct export *e = ret_export;
	AUTO(query) q = {0};
	int err = request_query(
	    &q, r, STMT_EXPORT_LOAD, ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such disclosure");
	if (err != ERR_OK)
		return err;
	copy(e->id, sizeof(e->id), &q, 0);
	copy(e->case_id, sizeof(e->case_id), &q, 1);
	copy(e->org_id, sizeof(e->org_id), &q, 2);
	copy(e->report_id, sizeof(e->report_id), &q, 3);
	copy(e->state, sizeof(e->state), &q, 4);
	e->tlp = label_tlp(query_text(&q, 5));
	copy(e->requested_by, sizeof(e->requested_by), &q, 6);
	copy(e->recipient_id, sizeof(e->recipient_id), &q, 7);
	e->is_rendered = query_int(&q, 8) != 0;
	e->is_submitted = query_int(&q, 9) != 0;
	copy(e->consent, sizeof(e->consent), &q, 10);
	e->consent_due = query_int(&q, 11);
	copy(e->purpose, sizeof(e->purpose), &q, 12);
	copy(e->format, sizeof(e->format), &q, 13);
	return ERR_OK;
}

int
export_answer(struct request *r, const struct export *export, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, export->id);
	values_add_text(&row, state);
	request_row(r, &row);
	tx_note_case(r->store, export->case_id);
	return ERR_OK;
}

int
export_audit(struct request *r, const struct export *export, const char *action,
    json_t *detail)
{
	struct audit_object object = {"disclosure", export->id, export->org_id};

	if (detail == NULL)
		detail = json_object();
	(void)json_object_set_new(detail, "case", json_string(export->case_id));
	(void)json_object_set_new(
	    detail, "recipient", json_string(export->recipient_id));
	return audit_by(r, action, &object, detail);
}

/* The label up to which it may go: as asked for, else what is free. */
static int
find_ceiling(struct request *r, const struct recipient *to,
    const struct report *report, enum tlp *ret_ceiling)
{
	const char *asked = param_text(r, 3);
	enum tlp ceiling = recipient_free(to);

	if (asked[0] != '\0') {
		const char *label = text_tlp(asked, NULL);

		if (label == NULL)
			return request_why(r, ERR_FORMAT,
			    "\"ceiling\" is not a label that there is");
		ceiling = label_tlp(label);
	}
	if (ceiling > to->tlp_max)
		return request_why(r, ERR_CONFLICT,
		    "%s gets nothing stricter than %s", to->name,
		    label_tlp_name(to->tlp_max));
	/* Nothing in it is stricter than the report. */
	if (ceiling > label_tlp(report->tlp))
		ceiling = label_tlp(report->tlp);
	*ret_ceiling = ceiling;
	return ERR_OK;
}

/* Queues the job that renders it from what was approved. */
static int
render(struct request *r, const struct export *e, const struct recipient *to,
    char ret_job[UUID_BYTES])
{
	auto_json json_t *options = NULL;
	auto_free char *text = NULL;
	char artefact[UUID_BYTES];
	struct job_new job = {
	    .case_id = e->case_id,
	    .artefact_id = artefact,
	    .kind = "report",
	    .requested_by = r->principal.account_id,
	};
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_EXPORT_SOURCE, ARGS(val_text(e->report_id)));

	if (err != ERR_OK)
		return err;
	copy(artefact, sizeof(artefact), &q, 2);
	options = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:b, s:s, s:s, s:s}}",
	    "report", e->report_id, "disclosure", e->id, "export", "format",
	    e->format, "audience", to->kind, "ceiling", label_tlp_name(e->tlp),
	    "lacks_strict", to->lacks_strict, "sharing_group",
	    to->sharing_group, "scope", query_text(&q, 0), "people",
	    query_text(&q, 1));
	text = json_canonical(options);
	job.options = text;
	query_release(&q);
	return job_add(r->store, &job, ret_job);
}

static int
check_report(struct request *r, struct report *report)
{
	int err = report_load(r, report);

	if (err != ERR_OK)
		return err;
	if (!text_has_word("approved issued", report->state) ||
	    !report->is_rendered)
		return request_why(r, ERR_CONFLICT,
		    "the report is %s; what was approved or issued is given "
		    "to others",
		    report->state);
	return ERR_OK;
}

static int
check_order(struct request *r)
{
	if (!text_has_word("stix misp csv", param_text(r, 2)))
		return request_why(
		    r, ERR_FORMAT, "\"format\" is stix, misp or csv");
	if (case_check_text(r, "purpose", param_text(r, 4)) != ERR_OK ||
	    strlen(param_text(r, 4)) > 200)
		return request_why(r, ERR_FORMAT,
		    "\"purpose\" says in 1 to 200 bytes what for: the source "
		    "reads it");
	return ERR_OK;
}

int
export_create(struct request *r)
{
	struct report report = {.version = 0};
	struct recipient to = {.version = 0};
	struct export e = {.is_rendered = false};
	char job[UUID_BYTES];
	struct values row;
	int err = check_report(r, &report);

	if (err == ERR_OK)
		err = check_order(r);
	if (err == ERR_OK)
		err = recipient_load(r, param_text(r, 1), &to);
	if (err == ERR_OK)
		err = recipient_check(r, &to);
	if (err == ERR_OK)
		err = find_ceiling(r, &to, &report, &e.tlp);
	if (err != ERR_OK)
		return err;
	uuid7(e.id);
	(void)snprintf(e.case_id, sizeof(e.case_id), "%s", report.case_id);
	(void)snprintf(e.org_id, sizeof(e.org_id), "%s", report.org_id);
	(void)snprintf(e.report_id, sizeof(e.report_id), "%s", report.id);
	(void)snprintf(e.recipient_id, sizeof(e.recipient_id), "%s", to.id);
	(void)snprintf(e.format, sizeof(e.format), "%s", param_text(r, 2));
	err = render(r, &e, &to, job);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_EXPORT_ADD,
		    ARGS(val_text(e.id), val_text(report.id), val_text(to.id),
			val_text(param_text(r, 4)),
			val_text(label_tlp_name(e.tlp)), val_text(e.format),
			val_text(r->principal.account_id),
			val_int(loop_wall_us()), val_text(job)),
		    NULL);
	if (err == ERR_OK)
		err = export_audit(r, &e, "export.requested",
		    json_pack("{s:s,s:s,s:s}", "report", report.id, "format",
			e.format, "ceiling", label_tlp_name(e.tlp)));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, e.id);
	values_add_text(&row, job);
	values_add_text(&row, "requested");
	values_add_text(&row, label_tlp_name(e.tlp));
	request_row(r, &row);
	tx_note_case(r->store, e.case_id);
	return ERR_OK;
}

/* The export, whose recipient the one who asks may share with. */
static int
load_mine(struct request *r, struct export *e, struct recipient *to)
{
	int err = export_load(r, e);

	if (err == ERR_OK)
		err = recipient_load(r, e->recipient_id, to);
	return err == ERR_OK ? recipient_check(r, to) : err;
}

static int
ask_consent(struct request *r, const struct export *e,
    const struct recipient *to, const struct report *report)
{
	auto_free char *text = NULL;
	int err;

	/* What they are asked about, they must have been able to read. */
	if (strcmp(report->state, "issued") != 0)
		return request_why(r, ERR_CONFLICT,
		    "the source is asked once the report was issued to them");
	if (asprintf(&text, "%s: %s", to->name, e->purpose) < 0)
		return ERR_SYS;
	err = history_by(r, e->case_id, "consent_asked", text, HISTORY_ALL);
	return err == ERR_OK ? outbox_case(r->store, OUTBOX_CONSENT, e->case_id)
			     : err;
}

int
export_submit(struct request *r)
{
	struct export e = {.is_rendered = false};
	struct recipient to = {.version = 0};
	struct report report = {.version = 0};
	int64_t days = param_int(r, 1) == 0 ? DAYS_USUAL : param_int(r, 1);
	int64_t now = loop_wall_us(), changes = 0;
	bool needs_consent;
	int err = load_mine(r, &e, &to);

	if (err != ERR_OK)
		return err;
	if (days < 1 || days > DAYS_MAX)
		return request_why(
		    r, ERR_FORMAT, "\"days\" is 1 to %d", DAYS_MAX);
	err = report_load_by(r, e.report_id, &report);
	needs_consent = e.tlp > recipient_free(&to);
	if (err == ERR_OK && needs_consent)
		err = ask_consent(r, &e, &to, &report);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_EXPORT_SUBMIT,
		    ARGS(val_text(e.id), val_int(now),
			needs_consent ? val_int(now + days * DAY_US)
				      : val_null()),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    e.is_rendered ? "it was asked for already"
				  : "it is not rendered yet: look at it first, "
				    "in a moment");
	if (err == ERR_OK)
		err = export_audit(r, &e, "export.submitted",
		    json_pack("{s:b}", "consent_asked", needs_consent));
	return err == ERR_OK
		   ? export_answer(
			 r, &e, needs_consent ? "consent_pending" : "requested")
		   : err;
}

static int
check_pii(struct request *r, const struct export *e)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_PII_REVIEWED, ARGS(val_text(e->report_id)));

	if (err != ERR_NOT_FOUND)
		return err;
	return request_refuse(r, ERR_CONFLICT, "pii-unreviewed", NULL,
	    "nobody has looked the report through for personal data yet");
}

/* What holds when it is approved holds when it leaves, too. */
static int
check_leave(struct request *r, const struct export *e, struct recipient *to)
{
	struct report report = {.version = 0};
	int err = recipient_load(r, e->recipient_id, to);

	if (err == ERR_OK && (!to->is_active || e->tlp > to->tlp_max ||
				 (to->agreement_until != 0 &&
				     to->agreement_until <= loop_wall_us())))
		return request_why(r, ERR_CONFLICT,
		    "%s may not have it now: look at the recipient", to->name);
	if (err == ERR_OK && e->tlp > recipient_free(to) &&
	    strcmp(e->consent, "given") != 0)
		return request_why(r, ERR_CONFLICT,
		    "its source has not agreed that %s gets it", to->name);
	if (err == ERR_OK)
		err = report_load_by(r, e->report_id, &report);
	if (err == ERR_OK && !text_has_word("approved issued", report.state))
		return request_why(
		    r, ERR_CONFLICT, "the report is %s", report.state);
	return err == ERR_OK ? report_check_leave(r, &report) : err;
}

int
export_approve(struct request *r)
{
	struct export e = {.is_rendered = false};
	struct recipient to = {.version = 0};
	bool is_single;
	int64_t changes = 0;
	int err = export_load(r, &e);

	if (err != ERR_OK)
		return err;
	if (strcmp(e.state, "requested") != 0 || !e.is_submitted)
		return request_why(r, ERR_CONFLICT,
		    "the export is %s; what was asked for, and agreed to "
		    "where that is needed, is approved",
		    e.is_submitted ? e.state : "a preview");
	is_single = strcmp(e.requested_by, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(
		    r, e.requested_by, "approve this export");
	err = check_pii(r, &e);
	if (err == ERR_OK)
		err = check_leave(r, &e, &to);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_EXPORT_APPROVE,
		    ARGS(val_text(e.id), val_text(r->principal.account_id),
			val_int(loop_wall_us()), val_int(is_single)),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_STALE, "somebody changed it");
	if (err == ERR_OK)
		err = export_audit(r, &e, "export.approved",
		    json_pack("{s:s,s:b}", "requested_by", e.requested_by,
			"single_person", is_single));
	return err == ERR_OK ? export_answer(r, &e, "approved") : err;
}

/* Whoever could share it, or approve it, may say no. */
int
export_deny(struct request *r)
{
	struct export e = {.is_rendered = false};
	int64_t changes = 0;
	int err = export_load(r, &e);

	if (err != ERR_OK)
		return err;
	if (!principal_may(&r->principal, "share_partner") &&
	    !principal_may(&r->principal, "share_community") &&
	    !principal_may(&r->principal, "approve_report"))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"share_partner\", "
		    "\"share_community\" or \"approve_report\"",
		    r->principal.name);
	if (case_check_text(r, "reason", param_text(r, 1)) != ERR_OK)
		return ERR_FORMAT;
	err = db_do(r->store->db, STMT_EXPORT_DENY,
	    ARGS(val_text(e.id), val_text(param_text(r, 1))), &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "the export is %s already", e.state);
	if (err == ERR_OK)
		err = export_audit(r, &e, "export.denied", NULL);
	return err == ERR_OK ? export_answer(r, &e, "denied") : err;
}

/* The first time it leaves, for those whose it is. */
static int
note_sent(struct request *r, const struct export *e, const struct recipient *to)
{
	auto_free char *purpose = NULL;
	struct access access = {.event = "disclosed",
	    .case_id = e->case_id,
	    .report = e->report_id};
	int err;

	if (asprintf(&purpose, "%s: %s", to->name, e->purpose) < 0)
		return ERR_SYS;
	access.purpose = purpose;
	err = access_by(r, &access);
	return err == ERR_OK ? history_by(r, e->case_id, "export_sent",
				   to->name, HISTORY_ALL)
			     : err;
}

int
export_send(struct request *r)
{
	struct export e = {.is_rendered = false};
	struct recipient to = {.version = 0};
	int err = load_mine(r, &e, &to);

	if (err != ERR_OK)
		return err;
	if (!text_has_word("approved sent", e.state))
		return request_why(r, ERR_CONFLICT,
		    "the export is %s; it leaves once somebody approved it",
		    e.state);
	err = check_leave(r, &e, &to);
	if (err == ERR_OK && strcmp(e.state, "approved") == 0)
		err = note_sent(r, &e, &to);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_EXPORT_SENT,
		    ARGS(val_text(e.id), val_int(loop_wall_us())), NULL);
	if (err == ERR_OK)
		err = export_audit(r, &e, "export.sent", NULL);
	return err == ERR_OK ? export_answer(r, &e, "sent") : err;
}

int
disclosure_get(struct request *r)
{
	AUTO(query) q = {0};
	struct values row;
	int err = request_query(&q, r, STMT_DISCLOSURE_GET,
	    ARGS(WHO(r), val_text(param_text(r, 0)), val_int(loop_wall_us())));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such disclosure");
	if (err != ERR_OK)
		return err;
	query_values(&q, &row);
	request_row(r, &row);
	return ERR_OK;
}

int
export_finish(struct store *store, const struct attempt *a, bool *ret_is_export)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, store->db, STMT_EXPORT_OF_JOB, ARGS(val_text(a->job_id)));

	*ret_is_export = err == ERR_OK;
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	query_release(&q);
	return db_do(store->db, STMT_EXPORT_RENDERED,
	    ARGS(val_text(a->job_id), val_int(a->number)), NULL);
}
