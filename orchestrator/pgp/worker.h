/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - the process that works on one question. */
#ifndef PGP_WORKER_H
#define PGP_WORKER_H

#include "lib/cage.h"
#include "pgp/op.h"

#include <sys/types.h>

struct worker_order {
	enum pgp_what what;
	enum blob_open how;
	uint64_t size;
	int input_fd;	 /* owned */
	int out_fd;	 /* owned; a pipe, or memory */
	int report_fd;	 /* owned; memory */
	bool has_memory; /* out_fd is that */
	json_t *options; /* owned */
	struct op_to to[PGP_TO_MAX];
	size_t to_count;
};

struct worker_end {
	enum err err;
	char why[PGP_WHY_BYTES];
	char *detail; /* owned; JSON */
};

/* The cage of loep-pgp, whose children narrow it further. */
extern const struct cage worker_cage;

void worker_order_init(struct worker_order *order);
/* Closes and frees what it holds. */
void worker_order_release(struct worker_order *order);
/* Opens what children need that cannot be had in the cage. */
void worker_prepare(void);
/*
 * Forks; the process never returns.  *ret_pidfd is the caller's.  ERR_SYS when
 * there is none to be had.
 */
int must_check worker_start(const struct worker_order *order,
    struct keyring *keyring, pid_t *ret_pid, int *ret_pidfd);
/*
 * Reaps it and reads what it reported.  killed_as: a word where it was killed
 * by its parent, else NULL.  The caller frees ret_end->detail.
 */
void worker_reap(pid_t pid, const struct worker_order *order,
    const char *killed_as, struct worker_end *ret_end);

#endif
