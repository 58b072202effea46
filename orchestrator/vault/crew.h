/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - one thing done many times at once, for a thread that waits for all.
 *
 * Made for syncs: a file system does many at a time for little more than the
 * price of one, but each of them waits.
 */
#ifndef VAULT_CREW_H
#define VAULT_CREW_H

#include <stddef.h>

typedef void crew_fn(void *arg, size_t index);

struct crew;

/* Starts the threads. */
struct crew *crew_new(void);
/*
 * Calls fn(arg, index) for every index below count, in any order and on any
 * thread, the caller's included; returns when all are done.  One caller.
 */
void crew_run(struct crew *crew, size_t count, crew_fn *fn, void *arg);

#endif
