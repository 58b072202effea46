/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of the BPF programs, and the ring they write into. */
#include "trace.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <probe.skel.h>

/* One try for each program that the verifier may refuse. */
#define LOAD_TRIES 12
/* Of a log that can be megabytes: what is kept, and what is shown. */
#define LOG_BYTES      (256 * 1024)
#define LOG_TAIL_BYTES 1200
/* Entries of the map of tasks that are read at a time. */
#define TASKS_BATCH 4096

struct trace {
	struct probe *skel;
	struct ring_buffer *ring;
	trace_fn *fn;
	void *arg;
	size_t probe_count;
	bool is_on[TRACE_PROBES_MAX];
	const char *name[TRACE_PROBES_MAX];
	uint64_t missed_before;
	unsigned int cpus;
};

/* Name of the program that the last load failed on, from libbpf's log. */
static char load_culprit[64];

static int
on_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static char line[LOG_BYTES];
	const char *start, *tail = line;

	if (level != LIBBPF_WARN)
		return 0;
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	/* A verifier's log says at its end what is wrong. */
	if (strlen(line) > LOG_TAIL_BYTES)
		tail = line + strlen(line) - LOG_TAIL_BYTES;
	(void)fprintf(stderr, "%s", tail);
	start = strstr(line, "prog '");
	if (start != NULL && load_culprit[0] == '\0')
		(void)snprintf(load_culprit, sizeof(load_culprit), "%.*s",
		    (int)strcspn(start + 6, "'"), start + 6);
	return 0;
}

static bool
has_bpf_lsm(void)
{
	char list[256] = "";
	int fd = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, list, sizeof(list) - 1);
	(void)close(fd);
	return n > 0 && strstr(list, "bpf") != NULL;
}

static struct probe *
open_once(char off[][64], size_t off_count)
{
	struct probe *skel = probe__open();
	struct bpf_program *prog;
	bool has_lsm = has_bpf_lsm();
	size_t i;

	if (skel == NULL)
		return NULL;
	bpf_object__for_each_program(prog, skel->obj)
	{
		const char *section = bpf_program__section_name(prog);
		bool is_wanted = true;

		if (strncmp(section, "lsm/", 4) == 0)
			is_wanted = has_lsm;
		for (i = 0; i < off_count; i++)
			if (strcmp(off[i], bpf_program__name(prog)) == 0)
				is_wanted = false;
		(void)bpf_program__set_autoload(prog, is_wanted);
	}
	return skel;
}

/*
 * One program that the verifier refuses, or whose function this kernel does
 * not have, fails the whole object: leave it out and begin again. To look
 * for all functions beforehand would cost each boot what one retry costs.
 */
static struct probe *
load(unsigned int cpus)
{
	char off[LOAD_TRIES][64];
	struct probe *skel = NULL;
	size_t i;

	for (i = 0; i < LOAD_TRIES; i++) {
		load_culprit[0] = '\0';
		skel = open_once(off, i);
		if (skel == NULL)
			break;
		(void)bpf_map__set_max_entries(skel->maps.scratches, cpus);
		if (probe__load(skel) == 0)
			break;
		probe__destroy(skel);
		skel = NULL;
		if (load_culprit[0] == '\0')
			break;
		memcpy(off[i], load_culprit, sizeof(off[i]));
	}
	return skel;
}

static int
on_record(void *arg, void *data, size_t size)
{
	struct trace *t = arg;

	if (size < sizeof(struct record))
		return 0;
	return t->fn(t->arg, data, size) ? 0 : -EAGAIN;
}

static void
attach(struct trace *t)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, t->skel->obj)
	{
		struct bpf_link *link = NULL;

		if (t->probe_count >= TRACE_PROBES_MAX - 1)
			break;
		if (bpf_program__autoload(prog))
			link = bpf_program__attach(prog);
		/* A link lives as long as the agent: nothing detaches it. */
		t->name[t->probe_count] = bpf_program__name(prog);
		t->is_on[t->probe_count] = link != NULL;
		t->probe_count++;
	}
}

struct trace *
trace_open(trace_fn *fn, void *arg)
{
	struct trace *t = calloc(1, sizeof(*t));
	int cpus = libbpf_num_possible_cpus();

	if (t == NULL)
		return NULL;
	(void)libbpf_set_print(on_log);
	t->fn = fn;
	t->arg = arg;
	t->cpus = cpus < 1 ? 1 : (unsigned int)cpus;
	if (t->cpus > TRACE_CPUS_MAX)
		t->cpus = TRACE_CPUS_MAX;
	t->skel = load(t->cpus);
	if (t->skel == NULL) {
		free(t);
		return NULL;
	}
	t->skel->bss->agent_pid = (unsigned int)getpid();
	t->ring = ring_buffer__new(
	    bpf_map__fd(t->skel->maps.events), on_record, t, NULL);
	if (t->ring == NULL) {
		probe__destroy(t->skel);
		free(t);
		return NULL;
	}
	attach(t);
	return t;
}

const char *
trace_probe(const struct trace *t, size_t i, bool *ret_is_on)
{
	if (i >= t->probe_count)
		return NULL;
	*ret_is_on = t->is_on[i];
	return t->name[i];
}

int
trace_fd(const struct trace *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

static uint64_t
missed(const struct trace *t)
{
	struct bpf_program *prog;
	uint64_t total = 0;

	bpf_object__for_each_program(prog, t->skel->obj)
	{
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		if (bpf_program__fd(prog) >= 0 &&
		    bpf_obj_get_info_by_fd(
			bpf_program__fd(prog), &info, &size) == 0)
			total += info.recursion_misses;
	}
	return total;
}

static void
forget(struct trace *t)
{
	int map = bpf_map__fd(t->skel->maps.tasks);
	uint64_t zeros[TRACE_CPUS_MAX] = {0};
	uint32_t key, next, zero = 0;
	bool has_next = bpf_map_get_next_key(map, NULL, &next) == 0;

	while (has_next) {
		key = next;
		has_next = bpf_map_get_next_key(map, &key, &next) == 0;
		(void)bpf_map_delete_elem(map, &key);
	}
	(void)bpf_map_update_elem(
	    bpf_map__fd(t->skel->maps.lost), &zero, zeros, BPF_ANY);
	t->missed_before = missed(t);
}

void
trace_arm(struct trace *t, bool is_on)
{
	if (is_on) {
		(void)ring_buffer__consume(t->ring);
		forget(t);
		t->skel->bss->is_frozen = 0;
	}
	t->skel->bss->is_armed = is_on;
}

void
trace_freeze(struct trace *t, bool is_on)
{
	t->skel->bss->is_frozen = is_on;
}

int
trace_add_task(struct trace *t, pid_t pid)
{
	uint32_t key = (uint32_t)pid, bits = TASK_SAMPLE;

	return bpf_map_update_elem(
	    bpf_map__fd(t->skel->maps.tasks), &key, &bits, BPF_ANY);
}

uint32_t
trace_task(const struct trace *t, pid_t pid)
{
	uint32_t key = (uint32_t)pid, bits = 0;

	if (bpf_map_lookup_elem(
		bpf_map__fd(t->skel->maps.tasks), &key, &bits) != 0)
		return 0;
	return bits;
}

/* One entry of the map of tasks: does that process live? */
static bool
task_lives(uint32_t pid, uint32_t bits, bool is_kill)
{
	if ((bits & (TASK_DEAD | TASK_VICTIM)) != 0)
		return false;
	/* An exit that no probe saw must not hold the run open. */
	return kill((pid_t)pid, is_kill ? SIGKILL : 0) == 0 || errno != ESRCH;
}

size_t
trace_live(struct trace *t, bool is_kill)
{
	static uint32_t keys[TASKS_BATCH], values[TASKS_BATCH];
	int map = bpf_map__fd(t->skel->maps.tasks), error = 0;
	uint32_t cursor = 0, count, i;
	bool is_first = true;
	size_t live = 0;

	/* In batches: a fork bomb leaves tens of thousands of entries. */
	while (error == 0) {
		count = TASKS_BATCH;
		error = bpf_map_lookup_batch(map, is_first ? NULL : &cursor,
		    &cursor, keys, values, &count, NULL);
		if (error != 0 && error != -ENOENT)
			break;
		is_first = false;
		for (i = 0; i < count; i++)
			live += task_lives(keys[i], values[i], is_kill);
	}
	return live;
}

int
trace_read(struct trace *t)
{
	return ring_buffer__consume(t->ring);
}

uint64_t
trace_lost(const struct trace *t, unsigned int cpu)
{
	uint64_t counts[TRACE_CPUS_MAX] = {0};
	uint32_t zero = 0;

	if (cpu >= t->cpus ||
	    bpf_map_lookup_elem(
		bpf_map__fd(t->skel->maps.lost), &zero, counts) != 0)
		return 0;
	return counts[cpu];
}

uint64_t
trace_missed(const struct trace *t)
{
	return missed(t) - t->missed_before;
}
