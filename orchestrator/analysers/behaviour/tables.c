/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - files, names, connections and the timeline of a run. */
#include "analysers/behaviour/tables.h"

#include "analysers/behaviour/process.h"
#include "lib/xalloc.h"

#define FILES_MAX	((size_t)2000)
#define NAMES_MAX	((size_t)1000)
#define CONNECTIONS_MAX ((size_t)1000)
#define TIMELINE_MAX	((size_t)600)
/* Of one class, so that a loop of writes does not push out the rest. */
#define TIMELINE_CLASS_MAX 120
#define ENDING_BYTES	   16

struct tables {
	json_t *files;	     /* path -> {action, image} */
	json_t *names;	     /* "image name" -> value */
	json_t *connections; /* "image address port" -> value */
	json_t *timeline;
	size_t per_class[64];
	size_t left_out;
	char ending[ENDING_BYTES]; /* the last one added by a rename */
	size_t renamed_alike;
};

struct tables *
tables_new(void)
{
	struct tables *t = xcalloc(1, sizeof(*t));

	t->files = json_object();
	t->names = json_object();
	t->connections = json_object();
	t->timeline = json_array();
	return t;
}

void
tables_free(struct tables *t)
{
	if (t == NULL)
		return;
	json_decref(t->files);
	json_decref(t->names);
	json_decref(t->connections);
	json_decref(t->timeline);
	free(t);
}

size_t
tables_renamed_alike(const struct tables *t)
{
	return t->renamed_alike;
}

static json_t *
image_of(const struct event *event)
{
	const char *image =
	    event->process == NULL ? NULL : event->process->image;

	return image == NULL ? json_string("")
			     : record_text(image, strlen(image));
}

static const char *
action_of(unsigned int kind)
{
	switch (kind) {
	case WIRE_EV_FILE_CREATE:
		return "created";
	case WIRE_EV_FILE_WRITE:
	case WIRE_EV_FILE_WRITTEN:
	case WIRE_EV_FILE_TRUNCATE:
		return "written";
	case WIRE_EV_FILE_RENAME:
		return "renamed";
	case WIRE_EV_FILE_DELETE:
		return "deleted";
	case WIRE_EV_FILE_LINK:
	case WIRE_EV_FILE_SYMLINK:
		return "linked";
	case WIRE_EV_FILE_MODE:
		return "mode changed";
	case WIRE_EV_FILE_OWNER:
		return "owner changed";
	case WIRE_EV_DIR_CREATE:
		return "folder created";
	case WIRE_EV_DIR_DELETE:
		return "folder deleted";
	default:
		return NULL;
	}
}

static void
add_action(struct tables *t, const struct event *event, const char *path,
    const char *action)
{
	json_t *key = record_text(path, strlen(path));
	const char *name = json_string_value(key);
	json_t *file = json_object_get(t->files, name);

	if (file == NULL && json_object_size(t->files) >= FILES_MAX) {
		t->left_out++;
	} else if (file == NULL) {
		(void)json_object_set_new(t->files, name,
		    json_pack("{s:s, s:s, s:o}", "path", name, "action", action,
			"image", image_of(event)));
	} else {
		const char *old = json_member_text(file, "action", "");

		if (strstr(old, action) == NULL)
			(void)json_object_set_new(file, "action",
			    json_sprintf("%s, %s", old, action));
	}
	json_decref(key);
}

/* a.doc -> a.doc.locked: the same ending many times is telling. */
static void
watch_endings(struct tables *t, const struct event *event)
{
	size_t len = strlen(event->path);
	const char *ending = event->target + len;

	if (strncmp(event->target, event->path, len) != 0 || ending[0] != '.' ||
	    strlen(ending) >= ENDING_BYTES)
		return;
	if (strcmp(ending, t->ending) == 0) {
		t->renamed_alike++;
		return;
	}
	(void)snprintf(t->ending, sizeof(t->ending), "%s", ending);
	t->renamed_alike = 1;
}

static void
file_event(struct tables *t, const struct event *event)
{
	const char *action = action_of(event->kind);

	if (action == NULL || event->path[0] == '\0')
		return;
	add_action(t, event, event->path, action);
	if (event->kind == WIRE_EV_FILE_RENAME && event->target[0] != '\0') {
		add_action(t, event, event->target, "created by renaming");
		watch_endings(t, event);
	}
}

/* Adds value under key where it is new; takes value. */
static void
add_once(struct tables *t, json_t *table, size_t max, char *key, json_t *value)
{
	json_t *clean = record_text(key, strlen(key));
	json_t *old = json_object_get(table, json_string_value(clean));

	if (old != NULL)
		(void)json_object_set_new(old, "count",
		    json_integer(json_member_int(old, "count", 1) + 1));
	else if (json_object_size(table) >= max)
		t->left_out++;
	else
		(void)json_object_set(table, json_string_value(clean), value);
	json_decref(value);
	json_decref(clean);
	free(key);
}

static void
network_event(struct tables *t, const struct event *event)
{
	const char *image =
	    event->process != NULL && event->process->image != NULL
		? event->process->image
		: "";
	uint64_t port = event_number(event, WIRE_K_REMOTE_PORT);
	char address[64];
	json_t *name;

	if (event->kind == WIRE_EV_DNS_QUERY) {
		name = event_text(event, WIRE_K_DNS_NAME);
		if (name == NULL)
			return;
		add_once(t, t->names, NAMES_MAX,
		    xasprintf("%s %s", image, json_string_value(name)),
		    json_pack("{s:o, s:I, s:o}", "name", name, "type",
			(json_int_t)event_number(event, WIRE_K_DNS_TYPE),
			"image", image_of(event)));
	} else if (event->kind == WIRE_EV_CONNECT &&
		   event_number(event, WIRE_K_FAMILY) != 1) {
		(void)event_address(
		    event, WIRE_K_REMOTE_ADDRESS, address, sizeof(address));
		add_once(t, t->connections, CONNECTIONS_MAX,
		    xasprintf(
			"%s %s %llu", image, address, (unsigned long long)port),
		    json_pack("{s:s, s:I, s:s, s:o}", "address", address,
			"port", (json_int_t)port, "protocol",
			event_number(event, WIRE_K_PROTOCOL) == 17 ? "udp"
								   : "tcp",
			"image", image_of(event)));
	}
}

/* The words of an event for the timeline, or NULL where it has no place. */
static json_t *
words_of(const struct event *event)
{
	char address[64];
	json_t *name;

	switch (event->kind) {
	case WIRE_EV_EXEC:
		if (event->process == NULL || event->process->command == NULL)
			return NULL;
		return record_text(
		    event->process->command, strlen(event->process->command));
	case WIRE_EV_DNS_QUERY:
		return event_text(event, WIRE_K_DNS_NAME);
	case WIRE_EV_CONNECT:
		if (event_number(event, WIRE_K_FAMILY) == 1)
			return NULL;
		return json_sprintf("%s port %llu",
		    event_address(
			event, WIRE_K_REMOTE_ADDRESS, address, sizeof(address)),
		    (unsigned long long)event_number(
			event, WIRE_K_REMOTE_PORT));
	case WIRE_EV_KILL:
		return json_sprintf("signal %llu to process %llu",
		    (unsigned long long)event_number(event, WIRE_K_SIGNAL),
		    (unsigned long long)event_number(event, WIRE_K_OTHER_PID));
	case WIRE_EV_FORK:
	case WIRE_EV_EXIT:
	case WIRE_EV_FILE_READ:
	case WIRE_EV_DATAGRAM:
	case WIRE_EV_FILE_WRITTEN:
		return NULL;
	case WIRE_EV_FILE_RENAME:
	case WIRE_EV_FILE_LINK: {
		json_t *path = record_text(event->path, strlen(event->path));
		json_t *target =
		    record_text(event->target, strlen(event->target));
		json_t *both = json_sprintf("%s -> %s", json_string_value(path),
		    json_string_value(target));

		json_decref(path);
		json_decref(target);
		return both;
	}
	default:
		if (event->path[0] != '\0')
			return record_text(event->path, strlen(event->path));
		name = event_text(event, WIRE_K_NAME);
		return name != NULL ? name : json_string("");
	}
}

static void
timeline_event(const struct behaviour *b, const struct event *event)
{
	struct tables *t = b->tables;
	const char *class = gwire_event_name(event->kind);
	json_t *words;

	if (event->kind >= 64 || class == NULL)
		return;
	if (t->per_class[event->kind] >= TIMELINE_CLASS_MAX ||
	    json_array_size(t->timeline) >= TIMELINE_MAX) {
		t->left_out++;
		return;
	}
	words = words_of(event);
	if (words == NULL)
		return;
	t->per_class[event->kind]++;
	(void)json_array_append_new(
	    t->timeline, json_pack("{s:I, s:s, s:o, s:o}", "at_ms",
			     behaviour_ms(b, event->mono_ns), "class", class,
			     "image", image_of(event), "text", words));
}

void
tables_event(struct behaviour *b, const struct event *event)
{
	if (!event_is_of_sample(event))
		return;
	file_event(b->tables, event);
	network_event(b->tables, event);
	timeline_event(b, event);
}

static void
report(const struct behaviour *b, const char *key, json_t *table)
{
	const char *name;
	json_t *value;

	json_object_foreach(table, name, value)
	    record_fact(b->out, key, json_incref(value));
}

void
tables_report(const struct behaviour *b)
{
	const struct tables *t = b->tables;
	size_t at;
	json_t *value;

	report(b, "dns", t->names);
	report(b, "connection", t->connections);
	report(b, "file", t->files);
	json_array_foreach(t->timeline, at, value)
	    record_fact(b->out, "timeline", json_incref(value));
	if (t->left_out > 0)
		record_limit(b->out, "tables",
		    "%zu further entries are not in the report's tables; the "
		    "event file has them",
		    t->left_out);
}
