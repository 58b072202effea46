/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-report - renders the report of one case.
 *
 * An analyser like the others (lib/analyser.h): reads a case's dump on
 * descriptor 3 and writes two children, report.json and report.html.
 * Trusts: that the dump's lines are the store's; no text in them.
 */
#include "lib/analyser.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "report/canonical.h"
#include "report/dump.h"
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

static int
analyse(struct analysis *analysis)
{
	auto_json json_t *tables = NULL;
	auto_json json_t *doc = NULL;
	auto_free char *text = NULL;
	struct html html;
	int err = dump_read(analysis->input, &tables);

	if (err != ERR_OK) {
		record_error(analysis->out, "dump",
		    "the case's dump cannot be read: %s",
		    err_name((enum err)err));
		return err;
	}
	doc = canonical_make(tables);
	text = json_canonical(doc);
	put_child(
	    analysis->out, "report.json", "report_json", text, strlen(text));
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
