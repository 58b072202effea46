/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair.h - fair share of work between organisations of one rank.
 *
 * Start-time fair queueing: each organisation has a virtual time, which grows
 * by the cost of what it gets; the one that is furthest behind is next.  One
 * that was idle starts at the present, so that it neither waits for others'
 * past nor takes revenge for its own.
 */
#ifndef STORE_FAIR_H
#define STORE_FAIR_H

#include <stddef.h>
#include <stdint.h>

struct fair;

struct fair *fair_new(void);
void fair_free(struct fair *fair);
/*
 * The index of the organisation that is next; count is at least 1.  Between
 * equals the earlier one wins.  Charges nothing.
 */
size_t fair_pick(struct fair *fair, const char *const *orgs, size_t count);
/* The organisation got work of that cost. */
void fair_charge(struct fair *fair, const char *org, uint64_t cost);

#endif
