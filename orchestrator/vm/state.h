/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - the life of a slot as a pure state machine.
 *
 *	empty -> building -> ready -> starting -> running -> cleaning -> ready
 *	                          \-> checking -> ready
 *	anything that fails -> quarantined -> (back-off) -> building
 *
 * state_decide() says what to do next, state_begin() and state_end() record
 * that it was begun and how it ended.  No clock, no thread, no libvirt here.
 */
#ifndef VM_STATE_H
#define VM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slot_state {
	SLOT_EMPTY,
	SLOT_BUILDING,
	SLOT_READY,
	SLOT_CHECKING,
	SLOT_STARTING,
	SLOT_RUNNING,
	SLOT_CLEANING,
	SLOT_QUARANTINED,
	SLOT_STATE_COUNT
};

enum slot_action {
	ACTION_NONE,
	ACTION_BUILD,	/* boot, save; or take a saved image that fits */
	ACTION_REBUILD, /* the same, from a cold boot in any case */
	ACTION_CHECK,	/* restore, ask the agent, destroy */
	ACTION_RUN
};

#define STATE_NO_PROFILE SIZE_MAX

struct slot_core {
	enum slot_state state;
	size_t profile;	       /* what it is built for; STATE_NO_PROFILE */
	unsigned int failures; /* in a row */
	uint64_t retry_ms;     /* not before, while quarantined */
	bool wants_rebuild;
	bool wants_check;
	uint64_t runs;
};

void state_init(struct slot_core *core);
const char *state_name(enum slot_state state);
bool state_may(enum slot_state from, enum slot_state to);
/* Moves; asserts that it may. */
void state_move(struct slot_core *core, enum slot_state to);
/*
 * What to do now.  waiting is the profile of a run that waits for this slot,
 * or STATE_NO_PROFILE; fallback the profile to build where nothing waits.
 */
enum slot_action state_decide(const struct slot_core *core, uint64_t now_ms,
    size_t waiting, size_t fallback);
/* An action begins, for this profile. */
void state_begin(
    struct slot_core *core, enum slot_action action, size_t profile);
/* It ended; a failure quarantines the slot with a back-off. */
void state_end(struct slot_core *core, bool is_good, uint64_t now_ms);
/* 2 s, 4 s ... 5 min. */
uint64_t state_backoff_ms(unsigned int failures);

#endif
