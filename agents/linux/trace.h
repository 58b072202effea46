/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - loads the BPF programs and reads their records.
 *
 * The only file of the agent that knows libbpf.
 */
#ifndef AGENTS_LINUX_TRACE_H
#define AGENTS_LINUX_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "record.h"

#define TRACE_PROBES_MAX 80
#define TRACE_CPUS_MAX	 64

struct trace;

/* Called for each record; texts follow it. False: stop reading for now. */
typedef bool trace_fn(void *arg, const struct record *record, size_t size);

/*
 * Load and attach what this kernel allows. A program that cannot be had is
 * listed as off, it is not a failure. NULL when nothing could be loaded.
 */
struct trace *trace_open(trace_fn *fn, void *arg);

/* Names of programs that run, or do not; NULL behind the last one. */
const char *trace_probe(const struct trace *t, size_t i, bool *ret_is_on);

/* Descriptor to wait on for records. */
int trace_fd(const struct trace *t);

/* Start (true) or stop recording. Starting forgets all tasks and losses. */
void trace_arm(struct trace *t, bool is_on);

/* From now on the sample's processes start no others. */
void trace_freeze(struct trace *t, bool is_on);

/* Put a process into the set whose doings are the sample's. */
int trace_add_task(struct trace *t, pid_t pid);

/* enum task_bit of a process; 0 when it has nothing to do with the sample. */
uint32_t trace_task(const struct trace *t, pid_t pid);

/*
 * Processes of the sample that live, victims not counted. With kill, each
 * of them gets SIGKILL.
 */
size_t trace_live(struct trace *t, bool kill);

/* Give waiting records to fn. Returns how many. */
int trace_read(struct trace *t);

/* Records lost on a CPU since the start of the run. */
uint64_t trace_lost(const struct trace *t, unsigned int cpu);

/* Times that a probe could not run because it was running there already. */
uint64_t trace_missed(const struct trace *t);

#endif
