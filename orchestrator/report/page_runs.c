/* SPDX-License-Identifier: Apache-2.0 */
/* page_runs.c - the runs: process tree, timeline, network, files. */
#include "report/page.h"

/* How deep the process tree is drawn. */
#define DEPTH_MAX 24

static void
put_cell(struct html *html, const json_t *row, const char *member)
{
	html_raw(html, "<td>");
	html_value(html, json_object_get(row, member));
	html_raw(html, "</td>");
}

/* members: NULL-terminated pairs of title and member. */
static void
put_table(struct html *html, const char *heading, const json_t *rows,
    const char *const *members)
{
	size_t at;
	json_t *row;

	if (json_array_size(rows) == 0)
		return;
	html_raw(html, "<h4>");
	html_text(html, heading);
	html_raw(html, "</h4><table class=\"list\"><thead><tr>");
	for (const char *const *m = members; *m != NULL; m += 2) {
		html_raw(html, "<th>");
		html_text(html, *m);
		html_raw(html, "</th>");
	}
	html_raw(html, "</tr></thead><tbody>\n");
	json_array_foreach(rows, at, row)
	{
		html_raw(html, "<tr>");
		for (const char *const *m = members; *m != NULL; m += 2)
			put_cell(html, row, m[1]);
		html_raw(html, "</tr>\n");
	}
	html_raw(html, "</tbody></table>\n");
}

static void
put_process(struct html *html, const json_t *p)
{
	html_raw(html, "<span class=\"process\"><span class=\"pid\">");
	html_value(html, json_object_get(p, "pid"));
	html_raw(html, "</span><code>");
	html_value(html, json_object_get(p, "command_line"));
	html_raw(html, "</code>");
	if (json_object_get(p, "exit_status") != NULL &&
	    !json_is_null(json_object_get(p, "exit_status"))) {
		html_raw(html, " <span class=\"note\">");
		html_value(html, json_object_get(p, "exit_status"));
		html_raw(html, "</span>");
	}
	html_raw(html, "</span>");
}

/* Each process names its parent by "parent" (an id); roots have none. */
static void
put_children(
    struct html *html, const json_t *children, const char *parent, int depth)
{
	const json_t *list = json_object_get(children, parent);
	size_t at;
	json_t *p;

	if (json_array_size(list) == 0 || depth > DEPTH_MAX)
		return;
	html_raw(html, depth == 0 ? "<ul class=\"tree root\">\n"
				  : "<ul class=\"tree\">\n");
	json_array_foreach(list, at, p)
	{
		html_raw(html, "<li>");
		put_process(html, p);
		put_children(
		    html, children, json_member_text(p, "id", "-"), depth + 1);
		html_raw(html, "</li>\n");
	}
	html_raw(html, "</ul>\n");
}

static void
put_process_tree(struct html *html, const json_t *processes)
{
	json_t *children = json_object();
	size_t at;
	json_t *p;

	json_array_foreach(processes, at, p)
	{
		const char *parent = json_member_text(p, "parent", "");
		json_t *list = json_object_get(children, parent);

		if (list == NULL) {
			list = json_array();
			(void)json_object_set_new(children, parent, list);
		}
		(void)json_array_append(list, p);
	}
	html_raw(html, "<h4>Process tree</h4>\n");
	put_children(html, children, "", 0);
	json_decref(children);
}

static void
put_lost(struct html *html, const json_t *run)
{
	const json_t *lost = json_object_get(run, "lost");

	if (json_array_size(lost) > 0) {
		html_raw(html, "<p><strong>Events were lost:</strong> ");
		html_value(html, lost);
		html_raw(html, "</p>\n");
	}
	if (json_is_true(json_object_get(run, "is_cut")))
		html_raw(html, "<p class=\"note\">The lists are cut; the "
			       "event file has everything.</p>\n");
}

static void
put_network(struct html *html, const json_t *run)
{
	static const char *const dns[] = {
	    "Name", "name", "Type", "type", "Answer", "answer", NULL};
	static const char *const connections[] = {"To", "name", "Address",
	    "address", "Port", "port", "Protocol", "protocol", "Bytes",
	    "bytes_in", NULL};
	static const char *const http[] = {"Method", "method", "Host", "host",
	    "Path", "path", "Agent", "user_agent", NULL};
	static const char *const seen_dns[] = {
	    "Process", "image", "Name", "name", NULL};
	static const char *const seen[] = {"Process", "image", "Address",
	    "address", "Port", "port", "Protocol", "protocol", NULL};
	const json_t *network = json_object_get(run, "network");

	put_table(html, "Names resolved", json_object_get(network, "dns"), dns);
	put_table(
	    html, "HTTP requests", json_object_get(network, "http"), http);
	put_table(html, "Connections on the wire",
	    json_object_get(network, "connections"), connections);
	put_table(html, "Names asked for, by process",
	    json_object_get(run, "dns"), seen_dns);
	put_table(html, "Connections, by process",
	    json_object_get(run, "connections"), seen);
}

static void
put_run(struct html *html, const json_t *run)
{
	static const char *const files[] = {
	    "What", "action", "Path", "path", "Process", "image", NULL};
	static const char *const timeline[] = {"Time (ms)", "at_ms", "What",
	    "class", "Process", "image", "Detail", "text", NULL};
	const json_t *environment = json_object_get(run, "environment");

	html_raw(html, "<h3>");
	html_value(html, json_object_get(run, "artefact_name"));
	html_raw(html, " on ");
	html_value(html, json_object_get(run, "profile"));
	html_raw(html, ": ");
	html_value(html, json_object_get(run, "outcome"));
	html_raw(html, "</h3>\n<table class=\"facts\">\n");
	html_row(html, "Started", json_object_get(run, "started"));
	html_row(html, "Ended", json_object_get(run, "ended"));
	html_row(html, "Reason", json_object_get(run, "reason"));
	html_row(html, "Image", json_object_get(environment, "image_digest"));
	html_row(html, "Acceleration", json_object_get(environment, "accel"));
	html_row(html, "Closed egress",
	    json_object_get(environment, "egress_proof"));
	html_raw(html, "</table>\n");
	put_lost(html, run);
	put_process_tree(html, json_object_get(run, "processes"));
	put_network(html, run);
	put_table(html, "Files", json_object_get(run, "files"), files);
	put_table(html, "Timeline", json_object_get(run, "timeline"), timeline);
}

void
page_runs(struct html *html, const json_t *doc)
{
	const json_t *runs = json_object_get(doc, "runs");
	size_t at;
	json_t *run;

	html_raw(html, "<section id=\"runs\"><h2>Runs in virtual machines</h2>"
		       "\n");
	if (json_array_size(runs) == 0)
		html_raw(html, "<p>Nothing was run in a virtual machine.</p>"
			       "\n");
	json_array_foreach(runs, at, run) put_run(html, run);
	html_raw(html, "</section>\n");
}
