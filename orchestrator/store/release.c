/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.c - a report on its way out: submitted, approved by somebody else,
 * issued to whose case it is, recalled.
 */
#include "lib/label.h"
#include "lib/own.h"
#include "store/access.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/hook.h"
#include "store/outbox.h"
#include "store/report.h"
#include "store/text.h"
#include "store/verdict.h"

/* What the charter asks of a post-mortem analysis, besides advice. */
static const char *const postmortem[] = {"scope", "damage", "root_cause"};

static int
audit(struct request *r, const struct report *report, const char *action,
    json_t *detail)
{
	struct audit_object object = {"report", report->id, report->org_id};

	if (detail == NULL)
		detail = json_object();
	(void)json_object_set_new(detail, "case", json_string(report->case_id));
	return audit_by(r, action, &object, detail);
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int
check_sections(struct request *r, const struct report *report)
{
	AUTO(query) q = {0};
	auto_json json_t *sections = NULL;
	int err;

	if (strcmp(report->kind, "postmortem") != 0)
		return ERR_OK;
	err = query_one(
	    &q, r->store->db, STMT_REPORT_SECTIONS, ARGS(val_text(report->id)));
	if (err != ERR_OK)
		return err;
	sections = json_loads(query_text(&q, 0), 0, NULL);
	for (size_t i = 0; i < sizeof(postmortem) / sizeof(postmortem[0]);
	     i++) {
		if (is_blank(json_member_text(sections, postmortem[i], "")))
			return request_why(r, ERR_CONFLICT,
			    "a post-mortem says something of scope, damage and "
			    "root_cause before it is submitted (\"unknown, "
			    "because ...\" will do); \"%s\" is empty",
			    postmortem[i]);
	}
	return ERR_OK;
}

int
report_submit(struct request *r)
{
	struct report report = {.version = 0};
	char job[UUID_BYTES];
	struct values more;
	int64_t changes;
	int err = report_load(r, &report);

	if (err == ERR_OK && !text_has_word("draft returned", report.state))
		return request_why(
		    r, ERR_CONFLICT, "the report is %s already", report.state);
	if (err == ERR_OK)
		err = check_sections(r, &report);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_REPORT_SUBMIT,
		    ARGS(val_text(report.id), val_int(report.version),
			val_text(r->principal.account_id),
			val_int(loop_wall_us())),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_STALE, "somebody changed it meanwhile");
	/* With what the case holds now: that is what gets reviewed. */
	report.version++;
	if (err == ERR_OK)
		err = report_render(r, &report, job);
	if (err == ERR_OK)
		err = access_stage(
		    r, report.case_id, "in_review", "report_submitted");
	if (err == ERR_OK)
		err = audit(r, &report, "report.submitted",
		    json_pack("{s:I}", "version", (json_int_t)report.version));
	if (err != ERR_OK)
		return err;
	values_init(&more);
	values_add_int(&more, report.version);
	values_add_text(&more, job);
	return report_answer(r, &report, "submitted", &more);
}

static int
load_submitted(struct request *r, struct report *report)
{
	int err = report_load(r, report);

	if (err == ERR_OK && strcmp(report->state, "submitted") != 0)
		return request_why(r, ERR_CONFLICT,
		    "the report is %s; those that were submitted are reviewed",
		    report->state);
	return err;
}

/* Whether the one who asks wrote some of it, or sent it to review. */
static int
find_part(struct request *r, const struct report *report, bool *ret_has_part)
{
	const char *own = r->principal.account_id;
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_REPORT_EDITOR_FIND,
	    ARGS(val_text(report->id), val_text(own)));

	*ret_has_part = err == ERR_OK || strcmp(report->author, own) == 0 ||
			strcmp(report->submitter, own) == 0;
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

/* Four eyes: nobody who had a part in it. */
static int
check_other(struct request *r, const struct report *report, bool *ret_is_single)
{
	bool has_part;
	int err = find_part(r, report, &has_part);

	*ret_is_single = false;
	if (err != ERR_OK || !has_part)
		return err;
	*ret_is_single = r->store->is_single_review;
	return *ret_is_single ? (int)ERR_OK
			      : principal_is_other(r, r->principal.account_id,
				    "approve this report");
}

int
report_approve(struct request *r)
{
	struct report report = {.version = 0};
	struct values more;
	bool is_single = false;
	int64_t changes;
	int err = load_submitted(r, &report);

	if (err == ERR_OK)
		err = check_other(r, &report, &is_single);
	if (err == ERR_OK && !report.is_rendered)
		return request_why(r, ERR_CONFLICT,
		    "it is not rendered yet: read what you approve, in a "
		    "moment");
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_REPORT_APPROVE,
		    ARGS(val_text(report.id), val_int(report.version),
			val_text(r->principal.account_id),
			val_text(param_text(r, 1)), val_int(is_single),
			val_int(loop_wall_us())),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_STALE, "somebody changed it meanwhile");
	if (err == ERR_OK)
		err = audit(r, &report, "report.approved",
		    json_pack("{s:s,s:s,s:b}", "author", report.author,
			"submitter", report.submitter, "single_person",
			is_single));
	if (err != ERR_OK)
		return err;
	values_init(&more);
	values_add_int(&more, is_single);
	return report_answer(r, &report, "approved", &more);
}

int
report_return(struct request *r)
{
	struct report report = {.version = 0};
	int64_t changes;
	int err = report_load(r, &report);

	if (err == ERR_OK && !text_has_word("submitted approved", report.state))
		return request_why(r, ERR_CONFLICT,
		    "the report is %s; it is returned before it is issued",
		    report.state);
	if (err == ERR_OK && is_blank(param_text(r, 1)))
		return request_why(
		    r, ERR_FORMAT, "\"comment\" says what is missing");
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_REPORT_RETURN,
		    ARGS(val_text(report.id), val_text(report.state),
			val_text(param_text(r, 1))),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_STALE, "somebody changed it meanwhile");
	if (err == ERR_OK)
		err = audit(r, &report, "report.returned", NULL);
	return err == ERR_OK ? report_answer(r, &report, "returned", NULL)
			     : err;
}

static int
may_release(struct request *r)
{
	if (principal_may(&r->principal, "analyse") ||
	    principal_may(&r->principal, "approve_report"))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "the account %s lacks the capability \"analyse\" or "
	    "\"approve_report\"",
	    r->principal.name);
}

/* The case may have become stricter since the report was made. */
static int
check_label(struct request *r, const struct report *report)
{
	struct label own = {label_tlp(report->tlp), label_pap(report->pap)};
	struct label least;
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_CASE_LABEL_MAX,
	    ARGS(val_text(report->case_id)));

	if (err != ERR_OK)
		return err;
	least = (struct label){
	    (enum tlp)query_int(&q, 0), (enum pap)query_int(&q, 1)};
	if (label_covers(own, least))
		return ERR_OK;
	return request_why(r, ERR_CONFLICT,
	    "what the report is made of is %s and %s now, stricter than the "
	    "report: return it and raise its labels",
	    label_tlp_name(least.tlp), label_pap_name(least.pap));
}

/*
 * The disclosure: to the organisation whose case it is, or, where the label
 * lets named persons have it only, to those who sent something in.
 */
static int
disclose(struct request *r, const struct report *report, const char *id)
{
	struct label_recipient to = {.is_of_named_org = true};
	int64_t persons = 0;
	int err = db_do(r->store->db, STMT_DISCLOSURE_ADD,
	    ARGS(val_text(id), val_text(report->id),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    NULL);

	if (err != ERR_OK || label_may_send(label_tlp(report->tlp), &to))
		return err;
	err = db_do(r->store->db, STMT_DISCLOSURE_READERS,
	    ARGS(val_text(id), val_text(report->case_id)), &persons);
	to.is_named = persons > 0;
	if (err == ERR_OK && !label_may_send(label_tlp(report->tlp), &to))
		return request_why(r, ERR_CONFLICT,
		    "%s goes to named persons only, and nobody of the "
		    "organisation has sent anything to this case",
		    report->tlp);
	return err;
}

/*
 * What it says of artefacts is what people say now, and of the grave words
 * somebody else said the same.
 */
static int
check_verdicts(struct request *r, const struct report *report)
{
	AUTO(query) q = {0};
	int64_t count = 0;
	int err = query_one(
	    &q, r->store->db, STMT_REPORT_OUTDATED, ARGS(val_text(report->id)));

	if (err == ERR_OK)
		return request_refuse(r, ERR_CONFLICT, "verdict-changed", NULL,
		    "a verdict was set after the report was made: return it "
		    "and submit it again, so that it says the same");
	if (err != ERR_NOT_FOUND || r->store->is_single_review)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	query_release(&q);
	err = verdict_count_unconfirmed(r->store, report->case_id, &count);
	if (err != ERR_OK || count == 0)
		return err;
	return request_refuse(r, ERR_CONFLICT, "unconfirmed-verdict",
	    json_pack("{s:I}", "unconfirmed", (json_int_t)count),
	    "%lld verdict(s) of the case (malicious or benign) wait for a "
	    "second person to confirm them; then the report may leave",
	    (long long)count);
}

int
report_check_leave(struct request *r, const struct report *report)
{
	int err = check_label(r, report);

	return err == ERR_OK ? check_verdicts(r, report) : err;
}

static int
issue(struct request *r, const struct report *report, const char *disclosure,
    char ret_before[UUID_BYTES])
{
	AUTO(query) q = {0};
	int64_t changes;
	int err = query_one(&q, r->store->db, STMT_REPORT_ISSUED,
	    ARGS(val_text(report->case_id)));

	if (err == ERR_OK) {
		(void)snprintf(ret_before, UUID_BYTES, "%s", query_text(&q, 0));
		query_release(&q);
		err = db_do(r->store->db, STMT_REPORT_SUPERSEDE,
		    ARGS(val_text(ret_before)), NULL);
	} else if (err == ERR_NOT_FOUND) {
		err = ERR_OK;
	}
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_REPORT_ISSUE,
		    ARGS(val_text(report->id),
			val_text(ret_before[0] == '\0' ? NULL : ret_before),
			val_int(loop_wall_us())),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_STALE, "somebody changed it meanwhile");
	return err == ERR_OK ? disclose(r, report, disclosure) : err;
}

int
report_issue(struct request *r)
{
	struct report report = {.version = 0};
	struct access access = {.event = "disclosed",
	    .case_id = report.case_id,
	    .purpose = "report to the submitter",
	    .report = report.id};
	char disclosure[UUID_BYTES];
	char before[UUID_BYTES] = "";
	struct values more;
	int err = may_release(r);

	if (err == ERR_OK)
		err = report_load(r, &report);
	if (err == ERR_OK && strcmp(report.state, "approved") != 0)
		return request_why(r, ERR_CONFLICT,
		    "the report is %s; it is issued once somebody approved it",
		    report.state);
	if (err == ERR_OK)
		err = report_check_leave(r, &report);
	uuid7(disclosure);
	if (err == ERR_OK)
		err = issue(r, &report, disclosure, before);
	if (err == ERR_OK)
		err = access_by(r, &access);
	if (err == ERR_OK)
		err = access_stage(
		    r, report.case_id, "reported", "report_issued");
	if (err == ERR_OK)
		err = outbox_case(r->store,
		    strcmp(report.kind, "late_detection") == 0
			? OUTBOX_LATE_DETECTION
			: OUTBOX_REPORT,
		    report.case_id);
	if (err == ERR_OK)
		err = hook_case(r->store,
		    strcmp(report.kind, "late_detection") == 0 ? HOOK_VERDICT
							       : HOOK_REPORT,
		    report.case_id);
	if (err == ERR_OK)
		err = audit(r, &report, "report.issued",
		    json_pack("{s:s,s:s,s:s}", "disclosure", disclosure, "tlp",
			report.tlp, "superseded", before));
	if (err != ERR_OK)
		return err;
	values_init(&more);
	values_add_text(&more, disclosure);
	if (before[0] == '\0')
		values_add_null(&more);
	else
		values_add_text(&more, before);
	return report_answer(r, &report, "issued", &more);
}

int
report_recall(struct request *r)
{
	struct report report = {.version = 0};
	struct access access = {.event = "recalled",
	    .case_id = report.case_id,
	    .purpose = param_text(r, 1),
	    .report = report.id};
	int err = may_release(r);

	if (err == ERR_OK)
		err = report_load(r, &report);
	if (err == ERR_OK && !text_has_word("issued superseded", report.state))
		return request_why(r, ERR_CONFLICT,
		    "the report is %s; what was issued is recalled",
		    report.state);
	if (err == ERR_OK && is_blank(param_text(r, 1)))
		return request_why(
		    r, ERR_FORMAT, "\"reason\" is what the submitter is told");
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_REPORT_RECALL,
		    ARGS(val_text(report.id), val_text(param_text(r, 1)),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_DISCLOSURE_RECALL,
		    ARGS(val_text(report.id)), NULL);
	if (err == ERR_OK)
		err = access_by(r, &access);
	if (err == ERR_OK)
		err = history_by(r, report.case_id, "report_recalled",
		    param_text(r, 1), HISTORY_ALL);
	if (err == ERR_OK)
		err = outbox_case(r->store, OUTBOX_RECALLED, report.case_id);
	if (err == ERR_OK)
		err = audit(r, &report, "report.recalled", NULL);
	return err == ERR_OK ? report_answer(r, &report, "recalled", NULL)
			     : err;
}
