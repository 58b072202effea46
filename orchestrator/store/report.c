/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - reports that people write: drafted, edited, rendered. */
#include "store/report.h"

#include "lib/label.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "store/audit.h"
#include "store/export.h"
#include "store/handlers.h"
#include "store/text.h"

#define SECTIONS_DEPTH 3

/* Scope, damage and root cause, and what may stand beside them.  There is no
 * field for who did it: that is not this service's to say. */
static const char sections_known[] = "summary scope damage root_cause "
				     "recommendations methods limitations";
static const char kinds[] = "triage analysis postmortem late_detection";
static const char languages[] = "nl fr de en";

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

int
report_load(struct request *r, struct report *ret_report)
{
	return report_load_by(r, param_text(r, 0), ret_report);
}

int
report_load_by(struct request *r, const char *id, struct report *ret_report)
{
	struct report *p = ret_report;
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_REPORT_LOAD,
	    ARGS(WHO(r), val_text(id),
		val_int(principal_is_staff(&r->principal))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such report");
	if (err != ERR_OK)
		return err;
	copy(p->id, sizeof(p->id), &q, 0);
	copy(p->case_id, sizeof(p->case_id), &q, 1);
	copy(p->org_id, sizeof(p->org_id), &q, 2);
	copy(p->kind, sizeof(p->kind), &q, 3);
	copy(p->state, sizeof(p->state), &q, 4);
	copy(p->language, sizeof(p->language), &q, 5);
	copy(p->author, sizeof(p->author), &q, 6);
	copy(p->submitter, sizeof(p->submitter), &q, 7);
	p->tlp = label_tlp_name(label_tlp(query_text(&q, 8)));
	p->pap = label_pap_name(label_pap(query_text(&q, 9)));
	p->version = query_int(&q, 10);
	p->is_rendered = query_int(&q, 11) != 0;
	p->is_single_person = query_int(&q, 12) != 0;
	return ERR_OK;
}

int
report_sections(struct request *r, const char *text, char **ret_text)
{
	auto_json json_t *given = NULL;
	auto_json json_t *kept = json_object();
	const char *name;
	json_t *value;

	if (json_parse(text, strlen(text), LIMIT_MSG_BYTES, SECTIONS_DEPTH,
		&given) != ERR_OK ||
	    !json_is_object(given))
		return request_why(
		    r, ERR_FORMAT, "\"sections\" is a JSON object of texts");
	json_object_foreach(given, name, value)
	{
		if (!text_has_word(sections_known, name))
			return request_why(r, ERR_FORMAT,
			    "a report has the sections %s, and no other",
			    sections_known);
		if (!json_is_string(value))
			return request_why(r, ERR_FORMAT,
			    "the section \"%s\" is no text", name);
		if (json_string_length(value) > 0)
			(void)json_object_set(kept, name, value);
	}
	*ret_text = json_canonical(kept);
	return ERR_OK;
}

int
report_render(
    struct request *r, const struct report *report, char ret_job[UUID_BYTES])
{
	auto_json json_t *options = json_pack("{s:s,s:I}", "report", report->id,
	    "version", (json_int_t)report->version);
	auto_free char *text = json_canonical(options);
	struct job_new job = {
	    .case_id = report->case_id,
	    .kind = "report",
	    .options = text,
	    .requested_by = r->principal.account_id,
	};

	return job_add(r->store, &job, ret_job);
}

int
report_answer(struct request *r, const struct report *report, const char *state,
    const struct values *more)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, report->id);
	values_add_text(&row, state);
	for (size_t i = 0; more != NULL && i < more->count; i++)
		row.v[row.count++] = more->v[i];
	request_row(r, &row);
	tx_note_case(r->store, report->case_id);
	return ERR_OK;
}

/* The machine's own: a job makes it, and it is a row afterwards. */
static int
order_machine(struct request *r)
{
	char id[UUID_BYTES];
	struct audit_object object = {"case", r->case_id, r->case_org};
	struct job_new job = {
	    .case_id = r->case_id,
	    .kind = "report",
	    .options = "{}",
	    .requested_by = r->principal.account_id,
	};
	struct values row;
	int err = job_add(r->store, &job, id);

	if (err == ERR_OK)
		err = audit_by(r, "report.requested", &object,
		    json_pack("{s:s}", "job", id));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_null(&row);
	request_row(r, &row);
	return ERR_OK;
}

static int
draft(struct request *r, const char *sections)
{
	struct report report = {.version = 1};
	struct audit_object object = {"report", report.id, r->case_org};
	char job[UUID_BYTES];
	struct values row;
	int64_t changes;
	int err;

	uuid7(report.id);
	(void)snprintf(
	    report.case_id, sizeof(report.case_id), "%s", r->case_id);
	err = db_do(r->store->db, STMT_REPORT_DRAFT,
	    ARGS(val_text(report.id), val_text(r->case_id),
		val_text(param_text(r, 1)), val_text(param_text(r, 2)),
		val_text(sections), val_text(r->principal.account_id),
		val_int(loop_wall_us())),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_CONFLICT, "this case is being deleted");
	if (err == ERR_OK)
		err = report_render(r, &report, job);
	if (err == ERR_OK)
		err = audit_by(r, "report.drafted", &object,
		    json_pack("{s:s,s:s,s:s}", "case", r->case_id, "kind",
			param_text(r, 1), "language", param_text(r, 2)));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, job);
	values_add_text(&row, report.id);
	request_row(r, &row);
	tx_note_case(r->store, r->case_id);
	return ERR_OK;
}

int
report_create(struct request *r)
{
	const char *kind = param_text(r, 1);
	auto_free char *sections = NULL;
	int err;

	if (!principal_is_staff(&r->principal))
		return request_why(
		    r, ERR_DENIED, "reports are written by the staff");
	if (!text_has_word(kinds, kind))
		return request_why(
		    r, ERR_FORMAT, "\"kind\" is one of %s", kinds);
	if (!text_has_word(languages, param_text(r, 2)))
		return request_why(
		    r, ERR_FORMAT, "\"language\" is one of %s", languages);
	err = report_sections(r, param_text(r, 3), &sections);
	if (err != ERR_OK)
		return err;
	if (strcmp(kind, "triage") == 0 && strcmp(sections, "{}") == 0)
		return order_machine(r);
	return draft(r, sections);
}

/* The labels that an edit asks for: never below what it is made of. */
static int
edit_labels(struct request *r, struct report *report)
{
	const char *tlp = text_tlp(param_text(r, 4), report->tlp);
	const char *pap = text_pap(param_text(r, 6), report->pap);
	struct label wanted, least;
	AUTO(query) q = {0};
	int err;

	if (tlp == NULL || pap == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"tlp\" or \"pap\" is not a label that there is");
	err = query_one(&q, r->store->db, STMT_CASE_LABEL_MAX,
	    ARGS(val_text(report->case_id)));
	if (err != ERR_OK)
		return err;
	least = (struct label){
	    (enum tlp)query_int(&q, 0), (enum pap)query_int(&q, 1)};
	wanted = (struct label){label_tlp(tlp), label_pap(pap)};
	if (!label_covers(wanted, least))
		return request_why(r, ERR_CONFLICT,
		    "a report is at least as strict as what it is made of: %s "
		    "and %s; lower the case's labels first, with its source's "
		    "permission",
		    label_tlp_name(least.tlp), label_pap_name(least.pap));
	report->tlp = tlp;
	report->pap = pap;
	return ERR_OK;
}

static int
check_edit(struct request *r, struct report *report, char **ret_sections)
{
	int err = report_load(r, report);

	if (err != ERR_OK)
		return err;
	if (!text_has_word("draft returned", report->state))
		return request_why(r, ERR_CONFLICT,
		    "the report is %s; drafts and returned ones are edited",
		    report->state);
	if (param_int(r, 1) != report->version)
		return request_why(r, ERR_STALE,
		    "somebody changed it meanwhile, it is version %lld "
		    "now",
		    (long long)report->version);
	if (!param_is_null(r, 3) && !text_has_word(languages, param_text(r, 3)))
		return request_why(
		    r, ERR_FORMAT, "\"language\" is one of %s", languages);
	if (!param_is_null(r, 2))
		err = report_sections(r, param_text(r, 2), ret_sections);
	return err == ERR_OK ? edit_labels(r, report) : err;
}

int
report_edit(struct request *r)
{
	struct report report = {.version = 0};
	struct audit_object object = {"report", report.id, report.org_id};
	auto_free char *sections = NULL;
	char job[UUID_BYTES];
	struct values more;
	int64_t changes;
	int err = check_edit(r, &report, &sections);

	if (err != ERR_OK)
		return err;
	err = db_do(r->store->db, STMT_REPORT_EDIT,
	    ARGS(val_text(report.id), val_int(report.version),
		val_text(sections),
		val_text(param_is_null(r, 3) ? NULL : param_text(r, 3)),
		val_text(report.tlp),
		val_text(param_is_null(r, 5) ? NULL : param_text(r, 5)),
		val_text(report.pap), val_text(r->principal.account_id)),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(
		    r, ERR_STALE, "somebody changed it meanwhile");
	report.version++;
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_REPORT_EDITOR_ADD,
		    ARGS(
			val_text(report.id), val_text(r->principal.account_id)),
		    NULL);
	if (err == ERR_OK)
		err = report_render(r, &report, job);
	if (err == ERR_OK)
		err = audit_by(r, "report.edited", &object,
		    json_pack("{s:s,s:I,s:s,s:s}", "case", report.case_id,
			"version", (json_int_t)report.version, "tlp",
			report.tlp, "pap", report.pap));
	if (err != ERR_OK)
		return err;
	values_init(&more);
	values_add_int(&more, report.version);
	values_add_text(&more, job);
	return report_answer(r, &report, report.state, &more);
}

/* What a job's options ask for; false: a report of the machine's. */
static int
finish_asked(struct store *store, const struct attempt *a, bool *ret_is_asked)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, store->db, STMT_REPORT_OF_JOB, ARGS(val_text(a->job_id)));

	*ret_is_asked = err == ERR_OK;
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	query_release(&q);
	/* A version is rendered once: what was approved stays. */
	return db_do(store->db, STMT_REPORT_RENDERED,
	    ARGS(val_text(a->job_id), val_int(a->number)), NULL);
}

int
report_finish(struct store *store, const struct attempt *a)
{
	char id[UUID_BYTES];
	struct audit_object object = {"report", id, a->org_id};
	bool is_asked;
	int64_t changes;
	int err = export_finish(store, a, &is_asked);

	if (err == ERR_OK && !is_asked)
		err = finish_asked(store, a, &is_asked);
	if (err != ERR_OK || is_asked)
		return err;
	uuid7(id);
	err = db_do(store->db, STMT_REPORT_ADD,
	    ARGS(val_text(id), val_text(a->job_id), val_int(a->number),
		val_int(loop_wall_us())),
	    &changes);
	if (err != ERR_OK || changes == 0)
		return err;
	return audit_own(store, "report.made", &object,
	    json_pack("{s:s,s:s}", "case", a->case_id, "job", a->job_id));
}
