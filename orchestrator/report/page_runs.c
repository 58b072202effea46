/* SPDX-License-Identifier: Apache-2.0 */
/* page_runs.c - the runs: findings, process tree, network, files, timeline. */
#include "report/page.h"
#include "report/page_parts.h"

/* How deep the process tree is drawn. */
#define DEPTH_MAX 24
/* What is shown of each run; the JSON form has more. */
#define RUNS_SHOWN	((size_t)50)
#define PROCESSES_SHOWN ((size_t)400)
#define ROWS_SHOWN	((size_t)200)
#define TIMELINE_SHOWN	((size_t)300)
#define CONSOLE_BYTES	((size_t)4096)

/* A part of a sentence, after a comma. */
static void
put_part(struct html *html, enum word word, json_int_t count)
{
	html_raw(html, ", ");
	html_count(html, word, count);
}

/* "<p>A sentence.</p>", start is its tag. */
static void
put_sentence(struct html *html, const char *start, enum word word)
{
	html_raw(html, start);
	html_word(html, word);
	html_raw(html, "</p>\n");
}

static void
put_heading(struct html *html, enum word word)
{
	html_raw(html, "<h4>");
	html_word(html, word);
	html_raw(html, "</h4>\n");
}

/* --- findings --- */

static void
put_evidence(struct html *html, const json_t *evidence)
{
	static const char *const texts[] = {
	    "image", "path", "target", "name", "address", NULL};
	const char *what = json_member_text(evidence, "what", NULL);
	json_t *at_ms = json_object_get(evidence, "at_ms");

	html_raw(html, "<div class=\"evidence\">");
	if (what == NULL) {
		json_t *copy = json_deep_copy(evidence);

		page_brief(html, copy);
		json_decref(copy);
		html_raw(html, "</div>\n");
		return;
	}
	if (json_is_integer(at_ms))
		html_print(html, "%.3f s ",
		    (double)json_integer_value(at_ms) / 1000.0);
	html_text(html, what);
	if (json_is_integer(json_object_get(evidence, "pid")))
		put_part(
		    html, WORD_IN_PROCESS, json_member_int(evidence, "pid", 0));
	for (size_t i = 0; texts[i] != NULL; i++) {
		json_t *value = json_object_get(evidence, texts[i]);

		if (json_string_length(value) == 0)
			continue;
		html_raw(html, " <code>");
		page_brief(html, value);
		html_raw(html, "</code>");
	}
	html_raw(html, "</div>\n");
}

static void
put_finding(struct html *html, const json_t *f)
{
	const json_t *detail = json_object_get(f, "detail");
	const json_t *list = json_object_get(detail, "evidence");
	size_t shown = json_array_size(list);
	json_int_t count = json_member_int(detail, "count", (json_int_t)shown);
	size_t at;
	json_t *evidence;

	html_raw(html, "<tr><td class=\"score ");
	html_raw(html, page_class(json_member_int(f, "score", 0)));
	html_raw(html, "\">");
	html_value(html, json_object_get(f, "score"));
	html_raw(html, "</td><td>");
	html_text(html, page_finding_text(f));
	html_raw(html, "<br><code>");
	html_value(html, json_object_get(f, "name"));
	html_raw(html, "</code> <span class=\"note\">");
	html_value(html, json_object_get(f, "type"));
	html_raw(html, "</span></td><td class=\"attack\">");
	page_brief(html, json_object_get(detail, "attack"));
	html_raw(html, "</td><td>");
	json_array_foreach(list, at, evidence) put_evidence(html, evidence);
	if (count > (json_int_t)shown) {
		html_raw(html, "<div class=\"note\">");
		html_count(html, WORD_SEEN_TIMES, count);
		html_raw(html, "</div>");
	}
	html_raw(html, "</td></tr>\n");
}

static const json_t *
finding_of(const json_t *by_id, const json_t *id)
{
	char key[32];

	(void)snprintf(
	    key, sizeof(key), "%lld", (long long)json_integer_value(id));
	return json_object_get(by_id, key);
}

/* 0 is read first. */
static int
level_of(const json_t *finding)
{
	json_int_t score = json_member_int(finding, "score", 0);

	if (score >= 70)
		return 0;
	return score >= 40 ? 1 : 2;
}

/* by_id: the id of a finding, as text -> the finding. */
static void
put_findings(struct html *html, const json_t *run, const json_t *by_id)
{
	json_t *ids = json_object_get(run, "findings");
	size_t at, shown = 0;
	json_t *id;

	put_heading(html, WORD_BEHAVIOUR);
	if (json_array_size(ids) == 0) {
		put_sentence(html, "<p>", WORD_NO_BEHAVIOUR);
		return;
	}
	html_raw(html, "<table class=\"list\"><thead><tr>");
	page_head(html, WORD_SCORE);
	page_head(html, WORD_FINDING);
	page_head(html, WORD_ATTACK);
	page_head(html, WORD_EVIDENCE);
	html_raw(html, "</tr></thead><tbody>\n");
	for (int level = 0; level < 3; level++) {
		json_array_foreach(ids, at, id)
		{
			const json_t *f = finding_of(by_id, id);

			if (f == NULL || level_of(f) != level)
				continue;
			if (shown++ < ROWS_SHOWN)
				put_finding(html, f);
		}
	}
	html_raw(html, "</tbody></table>\n");
	page_more(html, shown > ROWS_SHOWN ? shown - ROWS_SHOWN : 0,
	    WORD_MORE_FINDINGS);
}

/* --- processes --- */

static void
put_process(struct html *html, const json_t *p)
{
	json_int_t start = json_member_int(p, "start_ms", -1);
	json_int_t end = json_member_int(p, "end_ms", -1);

	html_raw(html, "<span class=\"process\"><span class=\"pid\">");
	html_value(html, json_object_get(p, "pid"));
	html_raw(html, "</span><code>");
	page_brief(html, json_object_get(p, "command_line"));
	html_raw(html, "</code> <span class=\"note\">");
	html_value(html, json_object_get(p, "image"));
	if (json_is_integer(json_object_get(p, "uid")))
		put_part(html, WORD_USER, json_member_int(p, "uid", 0));
	if (start >= 0) {
		put_part(html, WORD_FROM, 0);
		html_print(html, " %.3f s", (double)start / 1000.0);
	}
	if (end >= 0) {
		html_raw(html, " ");
		html_word(html, WORD_UNTIL);
		html_print(html, " %.3f s", (double)end / 1000.0);
	}
	if (json_is_string(json_object_get(p, "exit_status"))) {
		html_raw(html, ", ");
		html_value(html, json_object_get(p, "exit_status"));
	} else {
		put_part(html, WORD_NOT_ENDED, 0);
	}
	if (json_is_true(json_object_get(p, "is_injected")))
		put_part(html, WORD_INJECTED, 0);
	html_raw(html, "</span></span>");
}

struct process_tree {
	json_t *children; /* parent id -> array of processes */
	size_t shown;
};

/* Each process names its parent by "parent" (an id); roots have none. */
static void
put_children(
    struct html *html, struct process_tree *tree, const char *parent, int depth)
{
	const json_t *list = json_object_get(tree->children, parent);
	size_t at;
	json_t *p;

	if (json_array_size(list) == 0 || depth > DEPTH_MAX)
		return;
	html_raw(html, depth == 0 ? "<ul class=\"tree root\">\n"
				  : "<ul class=\"tree\">\n");
	json_array_foreach(list, at, p)
	{
		if (tree->shown == PROCESSES_SHOWN)
			break;
		tree->shown++;
		html_raw(html, "<li>");
		put_process(html, p);
		put_children(
		    html, tree, json_member_text(p, "id", "-"), depth + 1);
		html_raw(html, "</li>\n");
	}
	html_raw(html, "</ul>\n");
}

/* A process whose parent is not among them (it was cut, or never seen) is a
 * root: it must not vanish. */
static void
put_process_tree(struct html *html, const json_t *processes)
{
	struct process_tree tree = {.children = json_object()};
	json_t *known = json_object();
	size_t count = json_array_size(processes);
	size_t at;
	json_t *p;

	json_array_foreach(processes, at, p)(void) json_object_set_new(
	    known, json_member_text(p, "id", "-"), json_true());
	json_array_foreach(processes, at, p)
	{
		const char *parent = json_member_text(p, "parent", "");
		json_t *list;

		if (json_object_get(known, parent) == NULL)
			parent = "";
		list = json_object_get(tree.children, parent);
		if (list == NULL) {
			list = json_array();
			(void)json_object_set_new(tree.children, parent, list);
		}
		(void)json_array_append(list, p);
	}
	put_heading(html, WORD_PROCESS_TREE);
	if (count == 0)
		put_sentence(html, "<p>", WORD_NO_PROCESS);
	put_children(html, &tree, "", 0);
	page_more(html, count - tree.shown, WORD_MORE_PROCESSES);
	json_decref(known);
	json_decref(tree.children);
}

/* --- network, files, timeline --- */

static void
put_list(struct html *html, enum word heading, const json_t *rows,
    const struct column *columns)
{
	if (json_array_size(rows) == 0)
		return;
	put_heading(html, heading);
	page_table(html, rows, columns, ROWS_SHOWN);
}

static void
put_network(struct html *html, const json_t *run)
{
	static const struct column dns[] = {{WORD_NAME, "name", "mono"},
	    {WORD_TYPES, "types", NULL}, {WORD_ANSWERED, "address", NULL},
	    {WORD_QUERIES, "queries", "number"}, {WORD_COUNT, NULL, NULL}};
	static const struct column http[] = {{WORD_METHOD, "method", NULL},
	    {WORD_HOST, "host", "mono"}, {WORD_PATH, "path", "mono"},
	    {WORD_AGENT, "user_agent", NULL}, {WORD_STATUS, "status", "number"},
	    {WORD_COUNT, NULL, NULL}};
	static const struct column wire[] = {{WORD_NAME, "name", "mono"},
	    {WORD_ADDRESS, "address", NULL}, {WORD_PORT, "port", "number"},
	    {WORD_PROTOCOL, "proto", NULL}, {WORD_SEEN_AS, "app", NULL},
	    {WORD_SENT, "sent", "number"},
	    {WORD_RECEIVED, "received", "number"},
	    {WORD_FIRST_BYTES, "head", "mono"}, {WORD_COUNT, NULL, NULL}};
	static const struct column seen_dns[] = {
	    {WORD_PROCESS, "image", "mono"}, {WORD_NAME, "name", "mono"},
	    {WORD_TIMES, "count", "number"}, {WORD_COUNT, NULL, NULL}};
	static const struct column seen[] = {{WORD_PROCESS, "image", "mono"},
	    {WORD_ADDRESS, "address", NULL}, {WORD_PORT, "port", "number"},
	    {WORD_PROTOCOL, "protocol", NULL}, {WORD_TIMES, "count", "number"},
	    {WORD_COUNT, NULL, NULL}};
	const json_t *network = json_object_get(run, "network");

	put_list(html, WORD_DNS_WIRE, json_object_get(network, "dns"), dns);
	put_list(html, WORD_HTTP, json_object_get(network, "http"), http);
	put_list(html, WORD_CONNECTIONS_WIRE,
	    json_object_get(network, "connections"), wire);
	put_list(html, WORD_DNS_PROCESS, json_object_get(run, "dns"), seen_dns);
	put_list(html, WORD_CONNECTIONS_PROCESS,
	    json_object_get(run, "connections"), seen);
	if (json_is_true(json_object_get(network, "is_cut")))
		put_sentence(html, "<p class=\"note\">", WORD_NETWORK_CUT);
}

static void
put_timeline(struct html *html, const json_t *timeline)
{
	size_t count = json_array_size(timeline);
	size_t at;
	json_t *e;

	if (count == 0)
		return;
	put_heading(html, WORD_TIMELINE);
	html_raw(html, "<table class=\"list timeline\"><thead><tr>");
	page_head(html, WORD_SECONDS);
	page_head(html, WORD_WHAT);
	page_head(html, WORD_PROCESS);
	page_head(html, WORD_DETAIL);
	html_raw(html, "</tr></thead><tbody>\n");
	json_array_foreach(timeline, at, e)
	{
		if (at == TIMELINE_SHOWN)
			break;
		html_raw(html, "<tr><td class=\"number\">");
		html_print(html, "%.3f",
		    (double)json_member_int(e, "at_ms", 0) / 1000.0);
		html_raw(html, "</td><td>");
		html_value(html, json_object_get(e, "class"));
		html_raw(html, "</td><td class=\"mono\">");
		page_brief(html, json_object_get(e, "image"));
		html_raw(html, "</td><td class=\"mono\">");
		page_brief(html, json_object_get(e, "text"));
		html_raw(html, "</td></tr>\n");
	}
	html_raw(html, "</tbody></table>\n");
	page_more(html, count > TIMELINE_SHOWN ? count - TIMELINE_SHOWN : 0,
	    WORD_MORE_EVENTS);
}

static void
put_console(struct html *html, const json_t *pieces)
{
	size_t bytes = 0;
	size_t at;
	json_t *piece;

	if (json_array_size(pieces) == 0)
		return;
	put_heading(html, WORD_PRINTED);
	html_raw(html, "<pre>");
	json_array_foreach(pieces, at, piece)
	{
		if (bytes > CONSOLE_BYTES)
			break;
		bytes += json_string_length(piece);
		page_brief(html, piece);
	}
	html_raw(html, "</pre>\n");
	page_more(html, json_array_size(pieces) - at, WORD_MORE_PIECES);
}

/* --- the run --- */

static void
put_lost(struct html *html, const json_t *run)
{
	json_t *lost = json_object_get(run, "lost");

	if (json_array_size(lost) > 0) {
		html_raw(html, "<div class=\"warning\"><strong>");
		html_word(html, WORD_LOST);
		html_raw(html, "</strong> ");
		page_brief(html, lost);
		html_raw(html, "</div>\n");
	}
	if (json_is_true(json_object_get(run, "is_cut")))
		put_sentence(html, "<p class=\"note\">", WORD_LISTS_CUT);
}

static void
put_environment(struct html *html, const json_t *run)
{
	const json_t *environment = json_object_get(run, "environment");
	const json_t *profile = json_object_get(environment, "profile");
	const json_t *proof = json_object_get(environment, "proof");
	json_t *is_closed = json_object_get(proof, "is_closed");

	put_heading(html, WORD_RUN_ENVIRONMENT);
	html_raw(html, "<table class=\"facts\">\n");
	page_row(html, WORD_SYSTEM, json_object_get(profile, "title"));
	page_row(
	    html, WORD_IMAGE_SHA256, json_object_get(profile, "image_sha256"));
	page_row(html, WORD_PROFILE_DIGEST, json_object_get(profile, "digest"));
	page_row(html, WORD_MEMORY_MIB, json_object_get(profile, "memory_mib"));
	page_row(
	    html, WORD_HYPERVISOR, json_object_get(environment, "hypervisor"));
	page_row(
	    html, WORD_ACCELERATION, json_object_get(environment, "accel"));
	page_row(html, WORD_CPU, json_object_get(environment, "cpu"));
	page_row(html, WORD_TIME_LIMIT,
	    json_object_get(environment, "time_limit_s"));
	page_row(html, WORD_TIMES_MS, json_object_get(environment, "timing"));
	if (is_closed != NULL) {
		html_raw(html, "<tr>");
		page_head(html, WORD_EGRESS);
		html_raw(html, "<td>");
		html_word(html, json_is_true(is_closed) ? WORD_EGRESS_CLOSED
							: WORD_EGRESS_OPEN);
		html_raw(html, "</td></tr>\n");
		page_row(html, WORD_PROOF, json_object_get(proof, "tried"));
	}
	html_raw(html, "</table>\n");
}

static void
put_run(struct html *html, const json_t *run, const json_t *by_id)
{
	static const struct column files[] = {{WORD_ACTION, "action", NULL},
	    {WORD_PATH, "path", "mono"}, {WORD_PROCESS, "image", "mono"},
	    {WORD_COUNT, NULL, NULL}};

	html_raw(html, "<h3>");
	html_value(html, json_object_get(run, "artefact_name"));
	html_raw(html, " ");
	html_word(html, WORD_ON);
	html_raw(html, " ");
	html_value(html, json_object_get(run, "profile"));
	html_raw(html, ": ");
	html_value(html, json_object_get(run, "outcome"));
	html_raw(html, "</h3>\n<table class=\"facts\">\n");
	page_row(html, WORD_STARTED, json_object_get(run, "started"));
	page_row(html, WORD_ENDED, json_object_get(run, "ended"));
	page_row(html, WORD_REASON, json_object_get(run, "reason"));
	page_row(html, WORD_OPTIONS, json_object_get(run, "options"));
	page_row(html, WORD_NETWORK, json_object_get(run, "network_mode"));
	page_row(html, WORD_EVENTS,
	    json_object_get(
		json_array_get(json_object_get(run, "counts"), 0), "events"));
	html_raw(html, "</table>\n");
	put_lost(html, run);
	put_findings(html, run, by_id);
	put_process_tree(html, json_object_get(run, "processes"));
	put_network(html, run);
	put_list(html, WORD_FILES, json_object_get(run, "files"), files);
	put_console(html, json_object_get(run, "console_text"));
	put_timeline(html, json_object_get(run, "timeline"));
	put_environment(html, run);
}

void
page_runs(struct html *html, const json_t *doc)
{
	const json_t *runs = json_object_get(doc, "runs");
	json_t *by_id = json_object();
	size_t at;
	json_t *row;

	html_raw(html, "<section id=\"runs\"><h2>");
	html_word(html, WORD_RUNS);
	html_raw(html, "</h2>\n");
	if (json_array_size(runs) == 0)
		put_sentence(html, "<p>", WORD_NO_RUN);
	json_array_foreach(json_object_get(doc, "findings"), at, row)
	{
		char key[32];

		(void)snprintf(key, sizeof(key), "%lld",
		    (long long)json_member_int(row, "id", 0));
		(void)json_object_set(by_id, key, row);
	}
	json_array_foreach(runs, at, row)
	{
		if (at == RUNS_SHOWN)
			break;
		put_run(html, row, by_id);
	}
	page_more(html, json_array_size(runs) - at, WORD_MORE_RUNS);
	html_raw(html, "</section>\n");
	json_decref(by_id);
}
