/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - who has to wait before the next attempt to log in.
 *
 * Failures count for a pair of address and name, for an address, and for a
 * name.  The first two make the address wait; many failures of one name (from
 * many addresses) make only those addresses wait that its owner never came
 * from.  So an attacker cannot lock an owner out.  Kept in memory, bounded,
 * forgotten an hour after the last failure.
 */
#ifndef STORE_THROTTLE_H
#define STORE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

struct throttle_who {
	const char *address; /* as web says: IPv6 counts by its first 64 bits */
	const char *name;    /* of the account, in its one form */
	bool is_known;	     /* the account came from there with success */
};

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);
/* Milliseconds to wait; 0 = now. */
uint64_t throttle_wait(const struct throttle *throttle,
    const struct throttle_who *who, uint64_t now_ms);
/* Counts an attempt that begins; a success then takes it back. */
void throttle_attempt(
    struct throttle *throttle, const struct throttle_who *who, uint64_t now_ms);
void throttle_success(
    struct throttle *throttle, const struct throttle_who *who);

#endif
