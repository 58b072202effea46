/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pii_review.c - personal data in what people wrote into a report: where it
 * may be, and who looked.
 *
 * Where it stands and of what kind is told, never what it is: whoever may read
 * the report sees that there, and no list of it comes to be.
 */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pii.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/report.h"

/* Hits of a report that are told; nobody looks through more. */
#define HITS_MAX 1000

struct pii_search {
	struct request *r; /* gets the rows; NULL = count only */
	struct pii_own own;
	int64_t count;
};

static void
search_text(struct pii_search *s, const char *section, const char *text)
{
	struct pii_hit hit;
	size_t at = 0;

	while (s->count < HITS_MAX &&
	       pii_next(text, strlen(text), &s->own, &at, &hit)) {
		struct values row;

		s->count++;
		if (s->r == NULL)
			continue;
		values_init(&row);
		values_add_text(&row, section);
		values_add_text(&row, pii_type_name(hit.type));
		values_add_int(&row, (int64_t)hit.offset);
		values_add_int(&row, (int64_t)hit.len);
		request_row(s->r, &row);
	}
}

/* All that people wrote and that a report shows. */
static int
search_report(struct request *r, const char *id, struct pii_search *s)
{
	AUTO(query) q = {0};
	auto_json json_t *sections = NULL;
	const char *text;
	const char *name;
	json_t *value;
	int err =
	    query_one(&q, r->store->db, STMT_PII_TEXTS, ARGS(val_text(id)));

	if (err != ERR_OK)
		return err;
	pii_own_scope(&s->own, query_text(&q, 3));
	pii_own_word(&s->own, query_text(&q, 4));
	text = query_text(&q, 0);
	err = json_parse(text, strlen(text), LIMIT_MSG_BYTES, 3, &sections);
	if (err != ERR_OK)
		return err;
	json_object_foreach(sections, name, value)
	{
		if (json_is_string(value))
			search_text(s, name, json_string_value(value));
	}
	search_text(s, "tlp_restriction", query_text(&q, 1));
	search_text(s, "title", query_text(&q, 2));
	return ERR_OK;
}

int
pii_list(struct request *r)
{
	struct report report = {.version = 0};
	struct pii_search search = {.r = r};
	int err = report_load(r, &report);

	return err == ERR_OK ? search_report(r, report.id, &search) : err;
}

int
pii_review(struct request *r)
{
	struct report report = {.version = 0};
	struct audit_object object = {"report", report.id, report.org_id};
	struct pii_search search = {.count = 0};
	struct values row;
	int64_t changes = 0;
	int err = report_load(r, &report);

	if (err != ERR_OK)
		return err;
	if (!principal_may(&r->principal, "analyse") &&
	    !principal_may(&r->principal, "approve_report"))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"analyse\" or "
		    "\"approve_report\"",
		    r->principal.name);
	err = db_do(r->store->db, STMT_PII_REVIEW,
	    ARGS(val_text(report.id), val_int(param_int(r, 1)),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_STALE,
		    "somebody changed it meanwhile, it is version %lld now",
		    (long long)report.version);
	if (err == ERR_OK)
		err = search_report(r, report.id, &search);
	if (err == ERR_OK)
		err = audit_by(r, "report.pii_reviewed", &object,
		    json_pack("{s:s,s:I,s:I}", "case", report.case_id,
			"version", (json_int_t)report.version, "hits",
			(json_int_t)search.count));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, report.id);
	values_add_int(&row, report.version);
	values_add_int(&row, search.count);
	request_row(r, &row);
	tx_note_case(r->store, report.case_id);
	return ERR_OK;
}
