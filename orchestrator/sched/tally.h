/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - small sums by name that this process keeps while it lives: what
 * one submission has had, how often one job was given back.
 *
 * The tables are bounded; the oldest name makes room.  A restart forgets them,
 * which makes the bounds per process, not weaker in kind.
 */
#ifndef SCHED_TALLY_H
#define SCHED_TALLY_H

#include <stdint.h>

#define TALLY_NAMES	   1024
#define TALLY_RELEASES_MAX 5

struct tally_sum {
	char name[64];
	uint64_t sum;
};

struct tally_table {
	struct tally_sum sums[TALLY_NAMES];
	unsigned int count;
	unsigned int next; /* where the next new name goes */
};

struct tally {
	struct tally_table bytes;    /* unpacked, by submission */
	struct tally_table runs;     /* detonations, by submission */
	struct tally_table releases; /* by job */
};

/* Adds n (0 = only looks) and returns the sum. */
uint64_t tally_bytes(struct tally *tally, const char *submission, uint64_t n);
uint64_t tally_runs(struct tally *tally, const char *submission, uint64_t n);
/* Counts one more. */
uint64_t tally_releases(struct tally *tally, const char *job);

#endif
