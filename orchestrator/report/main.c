/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-report - renders the report of one case.
 *
 * An analyser like the others (lib/analyser.h): reads a case's dump on
 * descriptor 3 and writes report.json and report.html, and of what people
 * wrote the indicators in the forms that a submitter can use.  With an order
 * for an export it reads a report.json and writes what may leave of it, and
 * what may not (report/export.h).
 * Trusts: that the dump's lines are the store's; no text in them.
 */
#include "lib/analyser.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "report/canonical.h"
#include "report/dump.h"
#include "report/export.h"
#include "report/page.h"

static const struct cage cage = {
    .name = "report",
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
};

static void *
load(struct program *program)
{
	(void)program;
	return NULL;
}

static void
info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)data;
	(void)snprintf(engine, engine_size, "loep-report %s", LOEP_VERSION);
	*ret_detail = json_object();
}

static void
put_child(struct record_out *out, const char *name, const char *relation,
    const void *p, size_t len)
{
	const char *at = p;

	record_put(out, RECORD_CHILD,
	    json_pack("{s:s, s:s, s:s}", "name", name, "relation", relation,
		"kind", "other"));
	for (size_t done = 0; done < len; done += LIMIT_DATA_BYTES) {
		size_t piece = len - done;

		if (piece > LIMIT_DATA_BYTES)
			piece = LIMIT_DATA_BYTES;
		record_data(out, at + done, piece);
	}
	record_put(
	    out, RECORD_CHILD_END, json_pack("{s:I}", "size", (json_int_t)len));
}

static void
put_text(struct record_out *out, const char *name, const char *relation,
    const char *text)
{
	put_child(out, name, relation, text, strlen(text));
}

static int
write_export(struct analysis *analysis, const struct export_order *order)
{
	static const char *const kept[] = {
	    "tlp", "pap", "removed", "removed_count"};
	static const char *const counted[] = {"samples", "runs", "indicators"};
	auto_json json_t *doc = NULL;
	auto_json json_t *content = NULL;
	auto_json json_t *removed = json_object();
	auto_free char *text = NULL;
	auto_free char *list = NULL;
	int err = dump_read_document(analysis->input, &doc);

	if (err != ERR_OK) {
		record_error(analysis->out, "report",
		    "the report cannot be read: %s", err_name((enum err)err));
		return err;
	}
	content = export_content(doc, order);
	text = export_write(content, order);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		(void)json_object_set(
		    removed, kept[i], json_object_get(content, kept[i]));
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		(void)json_object_set_new(removed, counted[i],
		    json_integer((json_int_t)json_array_size(
			json_object_get(content, counted[i]))));
	list = json_canonical(removed);
	put_text(analysis->out, "export", "export", text);
	put_text(analysis->out, "removed.json", "export_removed", list);
	return ERR_OK;
}

/* What the submitter gets beside the page of a report that people wrote. */
static void
write_own(struct record_out *out, const json_t *doc)
{
	static const char *const formats[][3] = {
	    {"stix", "report.stix.json", "report_stix"},
	    {"misp", "report.misp.json", "report_misp"},
	    {"csv", "indicators.csv", "report_csv"}};
	struct export_order order = export_own("csv");
	auto_json json_t *content = export_content(doc, &order);
	auto_free char *notice = notice_indicators(doc, content);
	auto_free char *cause = notice_cause(doc);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		auto_free char *text = NULL;

		order.format = formats[i][0];
		text = export_write(content, &order);
		put_text(out, formats[i][1], formats[i][2], text);
	}
	put_text(out, "indicators.txt", "report_notice", notice);
	put_text(out, "root-cause.txt", "report_cause", cause);
}

static int
analyse(struct analysis *analysis)
{
	const json_t *options = json_object_get(analysis->context, "options");
	auto_json json_t *tables = NULL;
	auto_json json_t *doc = NULL;
	auto_free char *text = NULL;
	struct export_order order;
	struct html html;
	int err;

	if (json_object_get(options, "export") != NULL)
		return export_order(options, &order) == ERR_OK
			   ? write_export(analysis, &order)
			   : (int)ERR_FORMAT;
	err = dump_read(analysis->input, &tables);
	if (err != ERR_OK) {
		record_error(analysis->out, "dump",
		    "the case's dump cannot be read: %s",
		    err_name((enum err)err));
		return err;
	}
	doc = canonical_make(tables);
	text = json_canonical(doc);
	put_text(analysis->out, "report.json", "report_json", text);
	if (canonical_is_human(doc))
		write_own(analysis->out, doc);
	html_init(&html);
	page_render(&html, doc);
	if (html.out.is_failed) {
		record_limit(analysis->out, "html",
		    "the page is too long; the JSON form is whole");
		err = ERR_LIMIT;
	} else {
		put_child(analysis->out, "report.html", "report_html",
		    html.out.buf, html.out.len);
	}
	html_release(&html);
	return err;
}

static const struct analyser report_analyser = {
    .name = "report",
    .cage = &cage,
    .load = load,
    .info = info,
    .analyse = analyse,
};

int
main(void)
{
	return analyser_main(&report_analyser);
}
