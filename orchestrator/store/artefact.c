/* SPDX-License-Identifier: Apache-2.0 */
/* artefact.c - lists of artefacts and findings, and bytes handed out. */
#include "lib/xalloc.h"
#include "store/access.h"
#include "store/custody.h"
#include "store/handlers.h"
#include "store/rules.h"

int
artefact_list(struct request *r)
{
	const char *parent = param_text(r, 1);

	if (strcmp(parent, "*") == 0)
		return request_read(r, STMT_ARTEFACT_LIST);
	if (parent[0] == '\0')
		return request_read(r, STMT_ARTEFACT_LIST_TOP);
	return request_read(r, STMT_ARTEFACT_LIST_CHILDREN);
}

int
finding_list(struct request *r)
{
	if (param_text(r, 1)[0] == '\0')
		return request_read(r, STMT_FINDING_LIST);
	return request_read(r, STMT_FINDING_LIST_ARTEFACT);
}

/* A blob that is being opened for a person, and what is said about it. */
struct opening {
	struct request *r;
	struct blob_ref blob;
	char id[UUID_BYTES];
	char case_id[UUID_BYTES];
	int64_t size;
	int64_t rev;
	char *mime;
	uint8_t *name;
	size_t name_len;
};

static void
opening_free(struct opening *o)
{
	free(o->mime);
	free(o->name);
	free(o);
}

/* Columns: case, organisation, name, sha256, size, mime. */
static struct opening *
opening_new(struct request *r, const struct query *q)
{
	struct opening *o = xcalloc(1, sizeof(*o));
	const uint8_t *p;
	size_t len;

	o->r = r;
	(void)snprintf(o->case_id, sizeof(o->case_id), "%s", query_text(q, 0));
	(void)snprintf(
	    o->blob.org, sizeof(o->blob.org), "%s", query_text(q, 1));
	p = query_bytes(q, 2, &o->name_len);
	o->name = xmemdup(p, o->name_len);
	p = query_bytes(q, 3, &len);
	memcpy(o->blob.sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	o->size = query_int(q, 4);
	o->mime = xstrdup(query_text(q, 5));
	return o;
}

static int
open_blob(struct opening *o, vault_fn *fn)
{
	struct request *r = o->r;
	int err = vault_open(r->store->vault, &o->blob, BLOB_STREAM, fn, o);

	if (err == ERR_OK)
		return ERR_AGAIN;
	opening_free(o);
	return request_why(r, err, "%s", vault_is_away);
}

/* Custody first: the descriptor leaves with the commit. */
static void
on_artefact(void *arg, struct vault_answer *answer)
{
	struct opening *o = arg;
	struct request *r = o->r;
	struct custody what = {
	    .artefact = o->id,
	    .org = o->blob.org,
	    .case_id = o->case_id,
	    .sha256 = o->blob.sha256,
	    .size = o->size,
	};
	struct values row;
	int err = (int)answer->err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		opening_free(o);
		request_end(r, (enum err)err,
		    answer->err != ERR_OK ? answer->why : NULL, -1);
		return;
	}
	err = custody_by(r, "exported", &what,
	    json_pack(
		"{s:s,s:s}", "purpose", param_text(r, 1), "channel", "local"));
	values_init(&row);
	values_add_bytes(&row, o->name, o->name_len);
	values_add_bytes(&row, o->blob.sha256, SHA256_BYTES);
	values_add_int(&row, o->size);
	values_add_text(&row, o->mime);
	if (err == ERR_OK)
		request_row(r, &row);
	opening_free(o);
	request_finish(r, err, take_fd(answer->fd));
}

int
rules_bundle(struct request *r)
{
	struct rules_version v = {.seq = 0};
	AUTO(query) q = {0};
	struct opening *o;
	int err = rules_may_read(r);

	if (err == ERR_OK)
		err = rules_find(r, param_int(r, 0), &v);
	if (err == ERR_OK)
		err = query_one(&q, r->store->db, STMT_RULES_BUNDLE_FIND,
		    ARGS(val_int(v.seq)));
	if (err == ERR_NOT_FOUND && v.seq != 0)
		return request_why(r, err, "its rules were not sent yet");
	if (err != ERR_OK)
		return err;
	o = opening_new(r, &q);
	(void)snprintf(o->id, sizeof(o->id), "%s", query_text(&q, 6));
	return open_blob(o, on_artefact);
}

static void
on_report(void *arg, struct vault_answer *answer)
{
	struct opening *o = arg;
	struct request *r = o->r;
	struct audit_object object = {"report", o->id, o->blob.org};
	struct values row;
	int err = (int)answer->err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		opening_free(o);
		request_end(r, (enum err)err,
		    answer->err != ERR_OK ? answer->why : NULL, -1);
		return;
	}
	err = audit_by(r, "report.read", &object,
	    json_pack(
		"{s:s,s:s}", "case", o->case_id, "format", param_text(r, 2)));
	if (err == ERR_OK && !principal_is_staff(&r->principal))
		err = access_by(r, &(struct access){.event = "received",
				       .case_id = o->case_id,
				       .purpose = "report",
				       .report = o->id});
	values_init(&row);
	values_add_text(&row, o->id);
	values_add_int(&row, o->rev);
	values_add_int(&row, o->size);
	values_add_text(&row, o->mime);
	if (err == ERR_OK)
		request_row(r, &row);
	opening_free(o);
	request_finish(r, err, take_fd(answer->fd));
}

/* The files of a report, and what each is.  All but the first two are of what
 * people wrote. */
static const struct {
	const char *format;
	const char *relation;
	const char *mime;
} report_files[] = {
    {"json", "report_json", "application/json"},
    {"html", "report_html", "text/html; charset=utf-8"},
    {"stix", "report_stix", "application/stix+json;version=2.1"},
    {"misp", "report_misp", "application/json"},
    {"csv", "report_csv", "text/csv; charset=utf-8"},
    {"indicators", "report_notice", "text/plain; charset=utf-8"},
    {"root_cause", "report_cause", "text/plain; charset=utf-8"},
};
#define REPORT_FILES (sizeof(report_files) / sizeof(report_files[0]))

int
report_open(struct request *r)
{
	const char *format = param_text(r, 2);
	AUTO(query) q = {0};
	struct opening *o;
	size_t i = 0;
	int err;

	while (i < REPORT_FILES && strcmp(report_files[i].format, format) != 0)
		i++;
	if (i == REPORT_FILES)
		return request_why(r, ERR_FORMAT,
		    "\"format\" is json, html, stix, misp, csv, indicators or "
		    "root_cause");
	err = request_query(&q, r, STMT_REPORT_FIND,
	    ARGS(WHO(r), val_text(r->case_id), val_text(param_text(r, 1)),
		val_text(report_files[i].relation)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such report%s",
		    param_text(r, 1)[0] == '\0' ? " yet" : "");
	if (err != ERR_OK)
		return err;
	o = opening_new(r, &q);
	(void)snprintf(o->id, sizeof(o->id), "%s", query_text(&q, 6));
	o->rev = query_int(&q, 7);
	free(o->mime);
	o->mime = xstrdup(report_files[i].mime);
	return open_blob(o, on_report);
}

static void
on_export(void *arg, struct vault_answer *answer)
{
	struct opening *o = arg;
	struct request *r = o->r;
	struct audit_object object = {"disclosure", o->id, o->blob.org};
	struct values row;
	int err = (int)answer->err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		opening_free(o);
		request_end(r, (enum err)err,
		    answer->err != ERR_OK ? answer->why : NULL, -1);
		return;
	}
	err = audit_by(r, "export.read", &object,
	    json_pack(
		"{s:s,s:s}", "case", o->case_id, "part", param_text(r, 1)));
	values_init(&row);
	values_add_text(&row, o->id);
	values_add_int(&row, o->size);
	values_add_text(&row, o->mime);
	if (err == ERR_OK)
		request_row(r, &row);
	opening_free(o);
	request_finish(r, err, take_fd(answer->fd));
}

int
export_open(struct request *r)
{
	const char *part = param_text(r, 1);
	bool is_list = strcmp(part, "removed") == 0;
	bool is_file = strcmp(part, "file") == 0;
	AUTO(query) q = {0};
	struct opening *o;
	int err;

	if (!is_list && !is_file && strcmp(part, "preview") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"part\" is preview, removed or file");
	err = request_query(&q, r, STMT_EXPORT_FIND,
	    ARGS(WHO(r), val_text(param_text(r, 0)), val_int(is_list)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err,
		    "there is no such disclosure, or it is not rendered yet");
	if (err != ERR_OK)
		return err;
	if (is_file && strcmp(query_text(&q, 7), "sent") != 0)
		return request_why(r, ERR_CONFLICT,
		    "the export is %s; there is a file once it is sent",
		    query_text(&q, 7));
	o = opening_new(r, &q);
	(void)snprintf(o->id, sizeof(o->id), "%s", query_text(&q, 6));
	/* "csv" or the like, until here. */
	for (size_t i = 0; i < REPORT_FILES; i++) {
		if (strcmp(report_files[i].format,
			is_list ? "json" : query_text(&q, 5)) != 0)
			continue;
		free(o->mime);
		o->mime = xstrdup(report_files[i].mime);
	}
	return open_blob(o, on_export);
}

static void
on_events(void *arg, struct vault_answer *answer)
{
	struct opening *o = arg;
	struct request *r = o->r;
	struct audit_object object = {"run", param_text(r, 0), o->blob.org};
	struct values row;
	int err = (int)answer->err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		opening_free(o);
		request_end(r, (enum err)err,
		    answer->err != ERR_OK ? answer->why : NULL, -1);
		return;
	}
	err = audit_by(r, "run.events_read", &object,
	    json_pack("{s:s}", "case", o->case_id));
	values_init(&row);
	values_add_int(&row, o->size);
	if (err == ERR_OK)
		request_row(r, &row);
	opening_free(o);
	request_finish(r, err, take_fd(answer->fd));
}

int
run_events(struct request *r)
{
	AUTO(query) q = {0};
	int err = request_query(&q, r, STMT_RUN_EVENTS_FIND,
	    ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err,
		    "there is no such run, or it has no "
		    "events yet");
	if (err != ERR_OK)
		return err;
	return open_blob(opening_new(r, &q), on_events);
}
