/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runs.c - the runs of a case.
 *
 * The behaviour analyser reads a run's trace (a child artefact of the sample)
 * and writes facts about it; here they come back to their run, sorted into
 * processes, names, connections, files, console output and the timeline.  What
 * the simulated network saw stands in the run's environment.
 */
#include "report/runs.h"

#include "lib/own.h"
#include "report/dump.h"

/* Entries of each kind in a report; more are only in the event file. */
#define ENTRIES_MAX ((size_t)2000)

/* A behaviour fact's key, and the run's member that collects its values. */
static const struct {
	const char *key;
	const char *member;
} parts[] = {
    {"process", "processes"},
    {"dns", "dns"},
    {"connection", "connections"},
    {"file", "files"},
    {"timeline", "timeline"},
    {"lost", "lost"},
    {"console", "console_text"},
    {"behaviour_summary", "counts"},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void
add_value(json_t *run, const char *member, json_t *value)
{
	json_t *list = json_object_get(run, member);

	if (value == NULL)
		return;
	if (json_array_size(list) < ENTRIES_MAX)
		(void)json_array_append(list, value);
	else
		(void)json_object_set_new(run, "is_cut", json_true());
}

/* A fact goes where its key says; a conclusion is named by its id. */
static void
collect(json_t *run, const json_t *row)
{
	const json_t *detail = json_object_get(row, "detail");
	const char *key = json_member_text(detail, "key", "");

	if (strcmp(json_member_text(row, "type", ""), "fact") != 0) {
		(void)json_array_append(json_object_get(run, "findings"),
		    json_object_get(row, "id"));
		return;
	}
	if (strcmp(json_member_text(row, "analyser", ""), "behaviour") != 0)
		return;
	for (size_t i = 0; i < PARTS; i++) {
		if (strcmp(parts[i].key, key) == 0)
			add_value(run, parts[i].member,
			    json_object_get(detail, "value"));
	}
}

/* by_artefact: the id of a trace or of an event file -> its run. */
static void
collect_all(json_t *tables, const json_t *by_artefact)
{
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "finding"), at, row)
	{
		json_t *run = json_object_get(
		    by_artefact, json_member_text(row, "artefact", ""));

		if (run != NULL)
			collect(run, row);
	}
}

/* Members of a connection that make a request. */
static json_t *
request_of(const json_t *connection)
{
	static const char *const names[] = {"method", "host", "path",
	    "user_agent", "status", "requests", "app", "name", "address",
	    "port", "time_us", NULL};
	json_t *request = json_object();

	for (size_t i = 0; names[i] != NULL; i++) {
		json_t *value = json_object_get(connection, names[i]);

		if (value != NULL)
			(void)json_object_set(request, names[i], value);
	}
	return request;
}

/*
 * What the simulated network saw on the wire (simnet/summary.c): "names" are
 * the names that were asked for, a connection with a method is a request.
 */
static json_t *
network_of(json_t *seen)
{
	json_t *network, *http, *names, *connection;
	size_t at;

	if (!json_is_object(seen))
		return json_null();
	network = json_copy(seen);
	names = json_object_get(network, "names");
	(void)json_object_set_new(network, "dns",
	    json_is_array(names) ? json_incref(names) : json_array());
	(void)json_object_del(network, "names");
	http = json_array();
	json_array_foreach(
	    json_object_get(network, "connections"), at, connection)
	{
		if (json_object_get(connection, "method") != NULL)
			(void)json_array_append_new(
			    http, request_of(connection));
	}
	(void)json_object_set_new(network, "http", http);
	return network;
}

static json_t *
make_run(const json_t *row)
{
	static const char *const names[] = {"id", "artefact", "artefact_name",
	    "profile", "state", "outcome", "reason", "attempt", "started",
	    "ended", "options", "network_mode", "pap_at_run", "trace", "pcap",
	    "console", "events", NULL};
	json_t *environment = json_object_get(row, "environment");
	json_t *run = json_object();

	for (size_t i = 0; names[i] != NULL; i++) {
		json_t *value = json_object_get(row, names[i]);

		(void)json_object_set_new(run, names[i],
		    value == NULL ? json_null() : json_incref(value));
	}
	for (size_t i = 0; i < PARTS; i++)
		(void)json_object_set_new(run, parts[i].member, json_array());
	(void)json_object_set_new(run, "findings", json_array());
	(void)json_object_set_new(run, "is_cut", json_false());
	(void)json_object_set_new(run, "network",
	    network_of(json_object_get(environment, "network")));
	/* Said once: the network is a member of its own. */
	environment =
	    json_is_object(environment) ? json_copy(environment) : json_null();
	(void)json_object_del(environment, "network");
	(void)json_object_set_new(run, "environment", environment);
	return run;
}

json_t *
runs_make(json_t *tables)
{
	auto_json json_t *by_artefact = json_object();
	json_t *runs = json_array();
	size_t at;
	json_t *row;

	json_array_foreach(dump_rows(tables, "run"), at, row)
	{
		static const char *const outputs[] = {"trace", "events"};
		json_t *run = make_run(row);

		for (size_t i = 0; i < 2; i++) {
			const char *id = json_member_text(row, outputs[i], "");

			if (id[0] != '\0')
				(void)json_object_set(by_artefact, id, run);
		}
		(void)json_array_append_new(runs, run);
	}
	collect_all(tables, by_artefact);
	return runs;
}
