/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * record.h - what a BPF program writes into the ring for the agent.
 *
 * Both sides are built together for one machine, so the layout is plain C.
 * Paths travel as the kernel holds them, leaf first, each component with a
 * terminating zero; the agent puts them into order.
 */
#ifndef AGENTS_LINUX_RECORD_H
#define AGENTS_LINUX_RECORD_H

#define RECORD_COMM_BYTES    16
#define RECORD_NUMBERS	     8
#define RECORD_PATH_BYTES    4096
#define RECORD_STRINGS_BYTES 8192
#define RECORD_NAME_BYTES    512
/* Ring for all CPUs: several seconds of a busy sample under emulation. */
#define RECORD_RING_BYTES (8 * 1024 * 1024)

/* The texts of a record follow each other in this order. */
enum record_text {
	TEXT_PATH,   /* components, leaf first */
	TEXT_TARGET, /* components, leaf first */
	TEXT_CWD,    /* components, leaf first */
	TEXT_ARGV,   /* strings, each with its zero */
	TEXT_ENVP,   /* strings, each with its zero */
	TEXT_NAME,   /* bytes */
	TEXT_COUNT
};

/* Bits of a task's entry in the map of tasks. */
enum task_bit {
	TASK_SAMPLE = 1,   /* the sample or something that it started */
	TASK_INJECTED = 2, /* acts for the sample because that wrote into it */
	TASK_VICTIM = 4,   /* was there before; its end is not waited for */
	TASK_DEAD = 8,	   /* has ended; kept for late questions about it */
};

struct record {
	unsigned short kind; /* enum gwire_event_kind */
	unsigned short flags;
	unsigned int cpu;
	unsigned long long mono_ns;
	unsigned long long start_ns;
	unsigned long long parent_start_ns;
	unsigned int pid;
	unsigned int tid;
	unsigned int ppid;
	unsigned int uid;
	unsigned int euid;
	unsigned int gid;
	unsigned int syscall;
	unsigned int reserved;
	unsigned long long number[RECORD_NUMBERS]; /* meaning: record.c */
	unsigned int text_bytes[TEXT_COUNT];
	char comm[RECORD_COMM_BYTES];
	/* texts */
};

#endif
