/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - the processes of a run, each named by pid and start time. */
#ifndef BEHAVIOUR_PROCESS_H
#define BEHAVIOUR_PROCESS_H

#include "analysers/behaviour/behaviour.h"

/* More processes are counted, not kept: a fork bomb tells nothing new. */
#define PROCESSES_MAX ((size_t)20000)
/* FACT records of processes. */
#define PROCESS_FACTS_MAX ((size_t)2000)
#define IMAGE_BYTES	  ((size_t)1024)
#define COMMAND_BYTES	  ((size_t)4096)

struct process {
	struct process *next; /* of its bucket */
	struct process *parent;
	uint64_t pid;
	uint64_t start_ns;
	uint64_t uid;
	uint64_t first_ns; /* first seen */
	uint64_t end_ns;   /* 0 = still there */
	uint64_t status;   /* as wait(2), where end_ns is set */
	bool is_of_sample;
	bool is_injected; /* the sample wrote into it */
	bool has_execed;
	char *image;
	char *command; /* its argument vector, shown as a shell would take it */
	char *directory;
};

struct processes *processes_new(void);
void processes_free(struct processes *p);
/* The event's own process, made where it is new; NULL when the table is full. */
struct process *processes_of(struct processes *p, const struct event *event);
/* Takes what exec, fork and exit say of processes. */
void processes_event(struct processes *p, const struct event *event);
/* The sample's processes as FACT records "process". */
void processes_report(const struct behaviour *b);
size_t processes_count(const struct processes *p);

#endif
