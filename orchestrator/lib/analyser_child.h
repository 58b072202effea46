/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyser_child.h - the child process of an artefact or a pack: its start and
 * its end.
 * Used by the two halves of the frame (analyser.c, analyser_alone.c) only.
 */
#ifndef LIB_ANALYSER_CHILD_H
#define LIB_ANALYSER_CHILD_H

#include "lib/analyser.h"

#include <sys/types.h>

struct child_order {
	int input_fd; /* owned */
	int out_fd;   /* owned */
	enum blob_open how;
	uint64_t size;
	char *context; /* owned; JSON of context_len bytes; a pack's common */
	size_t context_len;
	bool is_pack;
	char *list; /* owned; of a pack's items */
	size_t list_len;
	int scratch_fd;	     /* owned; -1 where there is none */
	uint32_t memory_mib; /* 0 = the cage's own bound */
};

struct child_end {
	enum analyse_end end;
	uint32_t code; /* status, or the signal where it was killed by one */
	uint64_t peak_kib;
	uint64_t cpu_us;
};

/* Closes and frees what the order owns. */
void child_order_release(struct child_order *order);
/* The cage of the parent half. */
struct cage child_parent_cage(const struct analyser *analyser);
/*
 * Forks the child, which never returns.  *ret_pid and *ret_pidfd (owned) are
 * the parent's.  ERR_SYS when there is no process to be had.
 */
int must_check child_start(const struct analyser *analyser, void *data,
    const struct child_order *order, pid_t *ret_pid, int *ret_pidfd);
/* CPU time for compiling rules, and what its child says when that fails. */
#define CHILD_COMPILE_SECONDS 600
#define CHILD_WHY_BYTES	      ((size_t)2000)
/*
 * The same for a child that compiles rules (analyser.h): input_fd is the
 * units, out_fd memory for the image, or for what went wrong.
 */
int must_check child_compile(const struct analyser *analyser, void *data,
    const struct child_order *order, pid_t *ret_pid, int *ret_pidfd);
/*
 * Reaps an ended child.  killed_as is what it was killed as by its parent
 * (ANALYSE_DONE where it was not).
 */
void child_reap(
    pid_t pid, enum analyse_end killed_as, struct child_end *ret_end);

#endif
