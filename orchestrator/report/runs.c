/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runs.c - the runs of a case.
 *
 * The behaviour analyser reads a run's trace (a child artefact of the sample)
 * and writes facts about it; here they come back to their run, sorted into
 * processes, names, connections, requests, files and the timeline.
 */
#include "report/runs.h"

#include "report/dump.h"

/* Entries of each kind in a report; more are counted. */
#define ENTRIES_MAX ((size_t)2000)

/* A behaviour fact's key, and the run's member that collects its values. */
static const struct {
	const char *key;
	const char *member;
} parts[] = {
    {"process", "processes"},
    {"dns", "dns"},
    {"connection", "connections"},
    {"http", "http"},
    {"file", "files"},
    {"timeline", "timeline"},
    {"lost", "lost"},
    {"behaviour_summary", "counts"},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void
add_value(json_t *run, const char *member, json_t *value)
{
	json_t *list = json_object_get(run, member);

	if (json_array_size(list) < ENTRIES_MAX)
		(void)json_array_append(list, value);
	else
		(void)json_object_set_new(run, "is_cut", json_true());
}

static void
collect(json_t *run, json_t *tables, const char *trace)
{
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "finding"), at, row)
	{
		json_t *detail = json_object_get(row, "detail");
		const char *key = json_member_text(detail, "key", "");

		if (strcmp(json_member_text(row, "artefact", ""), trace) != 0)
			continue;
		if (strcmp(json_member_text(row, "type", ""), "fact") != 0) {
			(void)json_array_append_new(
			    json_object_get(run, "findings"),
			    json_incref(json_object_get(row, "id")));
			continue;
		}
		for (size_t i = 0; i < PARTS; i++) {
			if (strcmp(parts[i].key, key) == 0)
				add_value(run, parts[i].member,
				    json_object_get(detail, "value"));
		}
	}
}

static void
copy_member(json_t *to, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	(void)json_object_set_new(
	    to, name, value == NULL ? json_null() : json_deep_copy(value));
}

/* What simnet saw on the wire: names, connections, requests. */
static void
add_network(json_t *run, const json_t *row)
{
	const json_t *environment = json_object_get(row, "environment");
	json_t *network = json_object_get(environment, "network");

	(void)json_object_set_new(run, "network",
	    network == NULL ? json_null() : json_deep_copy(network));
}

static json_t *
make_run(json_t *tables, const json_t *row)
{
	static const char *const names[] = {"id", "artefact", "artefact_name",
	    "profile", "state", "outcome", "reason", "attempt", "started",
	    "ended", "options", "environment", "trace", "pcap", "console",
	    "events", NULL};
	json_t *run = json_object();

	for (size_t i = 0; names[i] != NULL; i++)
		copy_member(run, row, names[i]);
	for (size_t i = 0; i < PARTS; i++)
		(void)json_object_set_new(run, parts[i].member, json_array());
	(void)json_object_set_new(run, "findings", json_array());
	(void)json_object_set_new(run, "is_cut", json_false());
	collect(run, tables, json_member_text(row, "trace", "-"));
	add_network(run, row);
	return run;
}

json_t *
runs_make(json_t *tables)
{
	json_t *runs = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "run"), at, row)(void)
	    json_array_append_new(runs, make_run(tables, row));
	return runs;
}
