/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - the table of moves and the decisions. */
#include "vm/state.h"

#include <assert.h>

#define BACKOFF_FIRST_MS 2000u
#define BACKOFF_MAX_MS	 300000u

#define TO(s) (1u << (SLOT_##s))

static const struct {
	const char *name;
	unsigned int next; /* bits of states */
} table[SLOT_STATE_COUNT] = {
    [SLOT_EMPTY] = {"empty", TO(BUILDING)},
    [SLOT_BUILDING] = {"building", TO(READY) | TO(QUARANTINED)},
    [SLOT_READY] = {"ready", TO(STARTING) | TO(CHECKING) | TO(BUILDING)},
    [SLOT_CHECKING] = {"checking", TO(READY) | TO(QUARANTINED)},
    [SLOT_STARTING] = {"starting",
	TO(RUNNING) | TO(CLEANING) | TO(QUARANTINED)},
    [SLOT_RUNNING] = {"running", TO(CLEANING) | TO(QUARANTINED)},
    [SLOT_CLEANING] = {"cleaning", TO(READY) | TO(QUARANTINED)},
    [SLOT_QUARANTINED] = {"quarantined", TO(BUILDING)},
};

void
state_init(struct slot_core *core)
{
	*core = (struct slot_core){
	    .state = SLOT_EMPTY,
	    .profile = STATE_NO_PROFILE,
	};
}

const char *
state_name(enum slot_state state)
{
	return table[state].name;
}

bool
state_may(enum slot_state from, enum slot_state to)
{
	return (table[from].next >> to & 1) != 0;
}

void
state_move(struct slot_core *core, enum slot_state to)
{
	assert(state_may(core->state, to));
	core->state = to;
}

static enum slot_action
decide_ready(const struct slot_core *core, size_t waiting)
{
	if (core->wants_rebuild)
		return ACTION_REBUILD;
	if (waiting != STATE_NO_PROFILE)
		return waiting == core->profile ? ACTION_RUN : ACTION_BUILD;
	return core->wants_check ? ACTION_CHECK : ACTION_NONE;
}

enum slot_action
state_decide(const struct slot_core *core, uint64_t now_ms, size_t waiting,
    size_t fallback)
{
	switch (core->state) {
	case SLOT_READY:
		return decide_ready(core, waiting);
	case SLOT_EMPTY:
		if (waiting == STATE_NO_PROFILE && fallback == STATE_NO_PROFILE)
			return ACTION_NONE;
		return ACTION_BUILD;
	case SLOT_QUARANTINED:
		/* What failed once is made from the ground up. */
		return now_ms >= core->retry_ms || core->wants_rebuild
			   ? ACTION_REBUILD
			   : ACTION_NONE;
	case SLOT_BUILDING:
	case SLOT_CHECKING:
	case SLOT_STARTING:
	case SLOT_RUNNING:
	case SLOT_CLEANING:
	case SLOT_STATE_COUNT:
		break;
	}
	return ACTION_NONE;
}

void
state_begin(struct slot_core *core, enum slot_action action, size_t profile)
{
	switch (action) {
	case ACTION_BUILD:
	case ACTION_REBUILD:
		core->profile = profile;
		core->wants_rebuild = false;
		core->wants_check = false;
		state_move(core, SLOT_BUILDING);
		break;
	case ACTION_CHECK:
		core->wants_check = false;
		state_move(core, SLOT_CHECKING);
		break;
	case ACTION_RUN:
		core->runs++;
		state_move(core, SLOT_STARTING);
		break;
	case ACTION_NONE:
		break;
	}
}

void
state_end(struct slot_core *core, bool is_good, uint64_t now_ms)
{
	if (is_good) {
		core->failures = 0;
		/* A run that ended before its sample started is cleaned, too. */
		if (core->state == SLOT_STARTING || core->state == SLOT_RUNNING)
			state_move(core, SLOT_CLEANING);
		state_move(core, SLOT_READY);
		return;
	}
	core->failures++;
	core->retry_ms = now_ms + state_backoff_ms(core->failures);
	state_move(core, SLOT_QUARANTINED);
}

uint64_t
state_backoff_ms(unsigned int failures)
{
	uint64_t ms = BACKOFF_FIRST_MS;

	for (unsigned int i = 1; i < failures && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}
