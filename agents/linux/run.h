/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - one run of a sample, from START to DONE. */
#ifndef AGENTS_LINUX_RUN_H
#define AGENTS_LINUX_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "keep.h"
#include "record.h"
#include "sample.h"
#include "trace.h"

#define RUN_TICK_MS 100

enum run_state {
	RUN_IDLE,    /* no sample yet */
	RUN_LOADED,  /* SAMPLE came */
	RUN_RUNNING, /* between START and the end */
	RUN_DONE,    /* DONE was sent; this guest has served */
};

struct console {
	int fd;
	uint64_t sent;
	uint64_t dropped;
};

struct run {
	enum run_state state;
	struct channel *ch;
	struct trace *trace; /* NULL when no BPF program could be loaded */
	struct sample sample;
	struct keep keep;
	struct console console[2]; /* 0 output, 1 error */
	pid_t pid;
	int pidfd;
	bool has_exited;
	bool has_mounted; /* a mount was seen since the last tick */
	unsigned int quiet_ticks;
	uint64_t started_ns; /* monotonic */
	int64_t wall_offset_ns;
	uint64_t events;
	uint64_t event_bytes;
	uint64_t events_cut; /* over the limit of bytes */
};

void run_init(struct run *run, struct channel *ch);

/* START: begin the run, or say why the sample cannot be executed. */
void run_start(struct run *run);

/* What poll() found; called often while running. */
void run_pump(struct run *run);

/* Called about every RUN_TICK_MS while running: ends the run when due. */
void run_tick(struct run *run);

/* End the run now: kill, collect, send everything and DONE. */
void run_finish(struct run *run, enum gwire_cause cause);

/* COLLECT: send one file that the controller names. */
enum gwire_ack run_collect(
    struct run *run, const struct gwire_frame *frame, const char **ret_text);

/* The callback for trace_open(). */
bool run_on_record(void *arg, const struct record *record, size_t size);

/* Send READY: what this agent and this guest are. */
void run_send_ready(struct run *run);

#endif
