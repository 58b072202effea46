/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - the processes of a run. */
#include "analysers/behaviour/process.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <signal.h>
#include <sys/wait.h>

#define BUCKETS 4096

struct processes {
	struct process *buckets[BUCKETS];
	struct process **all; /* in the order of their appearance */
	size_t count;
	size_t left_out;
};

struct processes *
processes_new(void)
{
	struct processes *p = xcalloc(1, sizeof(*p));

	p->all = xcalloc(PROCESSES_MAX, sizeof(*p->all));
	return p;
}

void
processes_free(struct processes *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++) {
		free(p->all[i]->image);
		free(p->all[i]->command);
		free(p->all[i]->directory);
		free(p->all[i]);
	}
	free(p->all);
	free(p);
}

size_t
processes_count(const struct processes *p)
{
	return p->count + p->left_out;
}

static struct process *
find(struct processes *p, uint64_t pid, uint64_t start_ns)
{
	struct process *q = p->buckets[(pid ^ start_ns) % BUCKETS];

	while (q != NULL && (q->pid != pid || q->start_ns != start_ns))
		q = q->next;
	return q;
}

static struct process *
make(struct processes *p, uint64_t pid, uint64_t start_ns)
{
	struct process *q = find(p, pid, start_ns);
	struct process **bucket = &p->buckets[(pid ^ start_ns) % BUCKETS];

	if (q != NULL)
		return q;
	if (p->count == PROCESSES_MAX) {
		p->left_out++;
		return NULL;
	}
	q = xcalloc(1, sizeof(*q));
	q->pid = pid;
	q->start_ns = start_ns;
	q->next = *bucket;
	*bucket = q;
	p->all[p->count++] = q;
	return q;
}

static void
inherit(struct process *child, struct process *parent)
{
	if (child->parent == NULL && parent != child)
		child->parent = parent;
	if (child->image == NULL && parent->image != NULL)
		child->image = xstrdup(parent->image);
	if (child->command == NULL && parent->command != NULL)
		child->command = xstrdup(parent->command);
}

/* A parent that is named must be older: that keeps the tree free of rings. */
static void
adopt(struct processes *p, struct process *q, const struct event *event)
{
	struct process *parent;

	if (q->parent != NULL || event->ppid == 0 ||
	    event->parent_start_ns > q->start_ns)
		return;
	parent = find(p, event->ppid, event->parent_start_ns);
	if (parent != NULL)
		inherit(q, parent);
}

struct process *
processes_of(struct processes *p, const struct event *event)
{
	struct process *q = make(p, event->pid, event->start_ns);
	size_t len;
	const uint8_t *comm;

	if (q == NULL)
		return NULL;
	if (q->first_ns == 0)
		q->first_ns = event->mono_ns;
	q->uid = event->uid;
	q->is_of_sample |= (event->flags & WIRE_F_SAMPLE) != 0;
	q->is_injected |= (event->flags & WIRE_F_INJECTED) != 0;
	adopt(p, q, event);
	if (q->image == NULL) {
		comm = gwire_bytes(event->frame, WIRE_K_COMM, &len);
		if (comm != NULL && len > 0)
			q->image =
			    xstrndup((const char *)comm, len < 64 ? len : 64);
	}
	return q;
}

/* An argument as a shell would take it; only what needs quotes gets them. */
static size_t
put_argument(char *dst, size_t size, const char *arg, size_t len)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_./=:,+@%^";
	bool is_plain = len > 0;
	size_t at = 0;

	for (size_t i = 0; i < len; i++)
		is_plain &= memchr(plain, arg[i], sizeof(plain) - 1) != NULL;
	if (!is_plain && at < size)
		dst[at++] = '\'';
	for (size_t i = 0; i < len && at < size; i++)
		dst[at++] = arg[i];
	if (!is_plain && at < size)
		dst[at++] = '\'';
	return at;
}

/* The NUL-terminated strings of ARGV as one line. */
static char *
command_of(const struct event *event)
{
	char line[COMMAND_BYTES];
	size_t len, at = 0;
	const char *argv =
	    (const char *)gwire_bytes(event->frame, WIRE_K_ARGV, &len);

	for (size_t from = 0;
	     argv != NULL && from < len && at < sizeof(line) - 2;) {
		size_t arg = strnlen(argv + from, len - from);

		if (at > 0)
			line[at++] = ' ';
		at += put_argument(
		    line + at, sizeof(line) - 1 - at, argv + from, arg);
		from += arg + 1;
	}
	return xstrndup(line, at);
}

static void
replace(char **text, const char *p, size_t len, size_t len_max)
{
	free(*text);
	*text = xstrndup(p, len < len_max ? len : len_max);
}

static void
take_exec(struct process *q, const struct event *event)
{
	size_t len;
	const char *cwd =
	    (const char *)gwire_bytes(event->frame, WIRE_K_CWD, &len);

	replace(&q->image, event->path, strlen(event->path), IMAGE_BYTES);
	free(q->command);
	q->command = command_of(event);
	if (cwd != NULL)
		replace(&q->directory, cwd, len, IMAGE_BYTES);
	q->has_execed = true;
}

void
processes_event(struct processes *p, const struct event *event)
{
	struct process *q = event->process;
	struct process *child;
	uint64_t start_ns;

	if (q == NULL)
		return;
	switch (event->kind) {
	case WIRE_EV_EXEC:
		take_exec(q, event);
		break;
	case WIRE_EV_FORK:
		start_ns = event_number(event, WIRE_K_OTHER_START_NS);
		child =
		    make(p, event_number(event, WIRE_K_OTHER_PID), start_ns);
		if (child == NULL || start_ns < q->start_ns)
			break;
		child->is_of_sample |= q->is_of_sample;
		if (child->first_ns == 0)
			child->first_ns = event->mono_ns;
		inherit(child, q);
		break;
	case WIRE_EV_EXIT:
		q->end_ns = event->mono_ns;
		q->status = event_number(event, WIRE_K_STATUS);
		break;
	default:
		break;
	}
}

static json_t *
id_of(const struct process *q)
{
	return json_sprintf("%llu-%llx", (unsigned long long)q->pid,
	    (unsigned long long)q->start_ns);
}

static json_t *
status_of(const struct process *q)
{
	int status = (int)(q->status & 0xffff);

	if (q->end_ns == 0)
		return json_string("still running");
	if (WIFSIGNALED(status))
		return json_sprintf("killed by signal %d", WTERMSIG(status));
	return json_sprintf("exit %d", WEXITSTATUS(status));
}

static json_t *
text_of(const char *s)
{
	return s == NULL ? json_string("") : record_text(s, strlen(s));
}

static void
report_one(const struct behaviour *b, const struct process *q)
{
	const struct process *parent = q->parent;
	json_t *value = json_object();
	bool has_parent = parent != NULL && parent->is_of_sample;

	(void)json_object_set_new(value, "id", id_of(q));
	(void)json_object_set_new(
	    value, "parent", has_parent ? id_of(parent) : json_string(""));
	(void)json_object_set_new(
	    value, "pid", json_integer((json_int_t)q->pid));
	(void)json_object_set_new(value, "image", text_of(q->image));
	(void)json_object_set_new(value, "command_line",
	    text_of(q->command != NULL ? q->command : q->image));
	(void)json_object_set_new(value, "directory", text_of(q->directory));
	(void)json_object_set_new(
	    value, "uid", json_integer((json_int_t)q->uid));
	(void)json_object_set_new(
	    value, "start_ms", json_integer(behaviour_ms(b, q->first_ns)));
	(void)json_object_set_new(value, "end_ms",
	    q->end_ns == 0 ? json_null()
			   : json_integer(behaviour_ms(b, q->end_ns)));
	(void)json_object_set_new(value, "exit_status", status_of(q));
	(void)json_object_set_new(value, "is_injected",
	    json_boolean(q->is_injected && !q->is_of_sample));
	record_fact(b->out, "process", value);
}

void
processes_report(const struct behaviour *b)
{
	const struct processes *p = b->processes;
	size_t reported = 0, left_out = p->left_out;

	for (size_t i = 0; i < p->count; i++) {
		const struct process *q = p->all[i];

		if (!q->is_of_sample && !q->is_injected)
			continue;
		if (reported == PROCESS_FACTS_MAX) {
			left_out++;
			continue;
		}
		reported++;
		report_one(b, q);
	}
	if (left_out > 0)
		record_limit(b->out, "processes",
		    "%zu more processes are not in the tree; the event file "
		    "has those that the limit of events let through",
		    left_out);
}
