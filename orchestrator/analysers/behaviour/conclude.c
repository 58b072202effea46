/* SPDX-License-Identifier: Apache-2.0 */
/* conclude.c - what the events of a run mean. */
#include "analysers/behaviour/conclude.h"

#include "analysers/behaviour/process.h"
#include "analysers/behaviour/tables.h"
#include "lib/xalloc.h"

#include <fnmatch.h>

/* Pieces of evidence shown for one conclusion; more are counted. */
#define EVIDENCE_MAX ((size_t)8)
/* Processes that only a fork bomb or a scanner makes. */
#define PROCESSES_MANY ((size_t)300)
/* Files renamed with one new ending: what ransomware does. */
#define RENAMED_MANY ((size_t)10)

#define BIT(kind) (1ULL << (kind))
#define KINDS_WRITE                                      \
 (BIT(WIRE_EV_FILE_CREATE) | BIT(WIRE_EV_FILE_WRITE) |   \
     BIT(WIRE_EV_FILE_RENAME) | BIT(WIRE_EV_FILE_LINK) | \
     BIT(WIRE_EV_FILE_SYMLINK))
#define KINDS_REMOVE (BIT(WIRE_EV_FILE_DELETE) | BIT(WIRE_EV_FILE_TRUNCATE))

struct rule {
	const char *name;
	int score;
	const char *attack;
	uint64_t kinds;
	const char *pattern; /* NULL = any */
	const char *title;
};

#define PATH_RULE(name, score, attack, kinds, pattern, title) \
 {name, score, attack, kinds, pattern, title},
#define EVENT_RULE(name, score, attack, kind, title) \
 {name, score, attack, BIT(kind), NULL, title},
static const struct rule rules[] = {
#include "analysers/behaviour/conclude.def"
};
#undef PATH_RULE
#undef EVENT_RULE
#define RULES (sizeof(rules) / sizeof(rules[0]))

struct conclusions {
	json_t *found; /* name -> FINDING body, in the order of the events */
	char *sample;  /* the file that was started; of a script, itself */
};

struct conclusions *
conclusions_new(void)
{
	struct conclusions *c = xcalloc(1, sizeof(*c));

	c->found = json_object();
	return c;
}

void
conclusions_free(struct conclusions *c)
{
	if (c == NULL)
		return;
	json_decref(c->found);
	free(c->sample);
	free(c);
}

/* "T1 T2" as a list. */
static json_t *
attack_list(const char *attack)
{
	json_t *list = json_array();

	while (*attack != '\0') {
		size_t len = strcspn(attack, " ");

		(void)json_array_append_new(list, json_stringn(attack, len));
		attack += len + (attack[len] == ' ');
	}
	return list;
}

/* Adds one piece of evidence (taken) to the conclusion of that rule. */
static void
add(struct conclusions *c, const struct rule *rule, json_t *evidence)
{
	json_t *body = json_object_get(c->found, rule->name);
	json_t *list;

	if (body == NULL) {
		body = json_pack("{s:s, s:i, s:s, s:o, s:[], s:i}", "name",
		    rule->name, "score", rule->score, "title", rule->title,
		    "attack", attack_list(rule->attack), "evidence", "count",
		    0);
		(void)json_object_set_new(c->found, rule->name, body);
	}
	(void)json_object_set_new(
	    body, "count", json_integer(json_member_int(body, "count", 0) + 1));
	if (json_member_int(body, "score", 0) < rule->score)
		(void)json_object_set_new(
		    body, "score", json_integer(rule->score));
	list = json_object_get(body, "evidence");
	if (json_array_size(list) < EVIDENCE_MAX)
		(void)json_array_append(list, evidence);
	json_decref(evidence);
}

static json_t *
evidence_of(const struct behaviour *b, const struct event *event)
{
	const struct process *q = event->process;
	const char *image = q == NULL || q->image == NULL ? "" : q->image;
	json_t *e = json_object();
	char address[64];

	(void)json_object_set_new(
	    e, "at_ms", json_integer(behaviour_ms(b, event->mono_ns)));
	(void)json_object_set_new(
	    e, "what", json_string(gwire_event_name(event->kind)));
	(void)json_object_set_new(
	    e, "pid", json_integer((json_int_t)event->pid));
	(void)json_object_set_new(
	    e, "image", record_text(image, strlen(image)));
	if (event->path[0] != '\0')
		(void)json_object_set_new(
		    e, "path", record_text(event->path, strlen(event->path)));
	if (event->target[0] != '\0')
		(void)json_object_set_new(e, "target",
		    record_text(event->target, strlen(event->target)));
	if (event_address(event, WIRE_K_REMOTE_ADDRESS, address,
		sizeof(address))[0] != '\0')
		(void)json_object_set_new(e, "address",
		    json_sprintf("%s:%llu", address,
			(unsigned long long)event_number(
			    event, WIRE_K_REMOTE_PORT)));
	if (event->kind == WIRE_EV_DNS_QUERY) {
		json_t *name = event_text(event, WIRE_K_DNS_NAME);

		(void)json_object_set_new(
		    e, "name", name == NULL ? json_string("") : name);
	}
	return e;
}

static bool
matches(const struct rule *rule, const struct event *event)
{
	if (event->kind >= 64 || (rule->kinds & BIT(event->kind)) == 0)
		return false;
	/* Local sockets are not the network. */
	if (event->kind == WIRE_EV_CONNECT &&
	    event_number(event, WIRE_K_FAMILY) == 1)
		return false;
	if (rule->pattern == NULL)
		return true;
	if (fnmatch(rule->pattern, event->path, FNM_NOESCAPE) == 0)
		return true;
	/* A symbolic link's target is only text. */
	return event->kind != WIRE_EV_FILE_SYMLINK &&
	       event->target[0] != '\0' &&
	       fnmatch(rule->pattern, event->target, FNM_NOESCAPE) == 0;
}

static bool
is_below(const char *path, const char *folder)
{
	return strncmp(path, folder, strlen(folder)) == 0;
}

/* The name that exec was called with, where it is a path: of a script, the
 * script and not its interpreter. */
static char *
started_file(const struct event *event)
{
	size_t len;
	const char *name =
	    (const char *)gwire_bytes(event->frame, WIRE_K_NAME, &len);

	if (name != NULL && len > 1 && name[0] == '/')
		return xstrndup(name, strnlen(name, len));
	return xstrdup(event->path);
}

/* What a table of paths and kinds cannot say. */
static void
watch_special(struct behaviour *b, const struct event *event)
{
	static const struct rule self_delete = {"self_delete", 60, "T1070.004",
	    0, NULL, "Deletes its own file while it runs"};
	static const struct rule from_memory = {"fileless_execution", 80,
	    "T1620", 0, NULL, "Executes a program that is only in memory"};
	static const struct rule dropped_runs = {"runs_from_scratch", 45,
	    "T1036.005", 0, NULL,
	    "Executes a file in a folder for temporary files"};
	static const struct rule setuid_bit = {"setuid_bit", 70, "T1548.001", 0,
	    NULL, "Makes a file run as its owner (setuid)"};
	struct conclusions *c = b->conclusions;

	if (event->kind == WIRE_EV_EXEC && c->sample == NULL)
		c->sample = started_file(event);
	else if (event->kind == WIRE_EV_EXEC &&
		 strstr(event->path, "memfd:") != NULL)
		add(c, &from_memory, evidence_of(b, event));
	else if (event->kind == WIRE_EV_EXEC &&
		 (is_below(event->path, "/tmp/") ||
		     is_below(event->path, "/dev/shm/") ||
		     is_below(event->path, "/var/tmp/")) &&
		 strcmp(event->path, c->sample) != 0)
		add(c, &dropped_runs, evidence_of(b, event));
	if (event->kind == WIRE_EV_FILE_DELETE && c->sample != NULL &&
	    (strcmp(event->path, c->sample) == 0 ||
		(event->process != NULL && event->process->image != NULL &&
		    strcmp(event->path, event->process->image) == 0)))
		add(c, &self_delete, evidence_of(b, event));
	if (event->kind == WIRE_EV_FILE_MODE &&
	    (event_number(event, WIRE_K_MODE) & 06000) != 0)
		add(c, &setuid_bit, evidence_of(b, event));
}

void
conclusions_event(struct behaviour *b, const struct event *event)
{
	if (!event_is_of_sample(event))
		return;
	for (size_t i = 0; i < RULES; i++) {
		if (matches(&rules[i], event))
			add(b->conclusions, &rules[i], evidence_of(b, event));
	}
	watch_special(b, event);
}

void
conclusions_report(struct behaviour *b)
{
	static const struct rule many_processes = {"process_flood", 50,
	    "T1499.001", 0, NULL, "Starts a flood of processes"};
	static const struct rule encryption = {"files_renamed_alike", 85,
	    "T1486", 0, NULL,
	    "Gives many files the same new ending, as ransomware does"};
	struct conclusions *c = b->conclusions;
	const char *name;
	json_t *body;

	if (processes_count(b->processes) > PROCESSES_MANY)
		add(c, &many_processes,
		    json_pack("{s:I}", "processes",
			(json_int_t)processes_count(b->processes)));
	if (tables_renamed_alike(b->tables) >= RENAMED_MANY)
		add(c, &encryption,
		    json_pack("{s:I}", "files",
			(json_int_t)tables_renamed_alike(b->tables)));
	json_object_foreach(c->found, name, body)
	    record_put(b->out, RECORD_FINDING, json_incref(body));
}
