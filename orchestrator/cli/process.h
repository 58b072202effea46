/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - another program, whose output is read. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define PROCESS_READABLE_MAX 4

/* A cage for a program that is not ours. */
struct process_cage {
	bool has_network;
	/* Paths beside the system's; NULL and what is not there are no paths. */
	const char *readable[PROCESS_READABLE_MAX];
	const char *writable; /* a folder; may be NULL */
};

struct process {
	pid_t pid;
	FILE *out; /* its standard output */
	int in;	   /* its standard input; -1 = none */
};

/*
 * Starts a program; env ends with NULL.  cage NULL: as we are.  Where a cage
 * cannot be made the program does not run, and process_end() is 126.  has_in:
 * its standard input is written by us, else it is empty.
 */
struct process_spec {
	const char *path;
	char *const *args;
	char *const *env; /* NULL = ours */
	const struct process_cage *cage;
	bool has_in;
};
int must_check process_start(
    struct process *process, const struct process_spec *spec);
/* Closes its descriptors and waits; its status, or 128 + the signal. */
int process_end(struct process *process);

#endif
