/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timewatch.h - whether the clock can be believed.
 *
 * A clock that was set by hours (a bad time server, a dead battery, a restored
 * machine) would let uploads expire, retention delete and mails be given up,
 * none of which can be undone.  So the wall clock is compared with the one
 * that nobody sets: after a jump, nothing is deleted or given up because its
 * time has come until it has run for a day without another one.  Everything
 * that fails safe (sessions, tokens, codes) follows the clock at once.
 */
#ifndef STORE_TIMEWATCH_H
#define STORE_TIMEWATCH_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Off by more than this between two ticks, it was set. */
#define TIMEWATCH_JUMP_US ((int64_t)60 * 1000000)
/* At the start: further than this behind the last entry of the audit chain. */
#define TIMEWATCH_AWAY_US ((int64_t)3 * 86400 * 1000000)
/* How long nothing is deleted then. */
#define TIMEWATCH_HOLD_US ((int64_t)86400 * 1000000)

struct timewatch {
	bool is_started;
	int64_t wall_us; /* at the last look */
	int64_t boot_us;
	int64_t hold_until_us; /* of boot_us; 0 = none */
};

/* Looks at both clocks: at the start, and with each tick. */
void timewatch_tick(struct store *store);
/* The same with these times: wall, and since the machine's start. */
void timewatch_look(struct store *store, int64_t wall_us, int64_t boot_us);
/* May what is due be deleted, or given up? */
bool timewatch_is_calm(const struct store *store);

#endif
