/* SPDX-License-Identifier: Apache-2.0 */
/* run_phase.h - the parts of a run, and what they share. */
#ifndef VM_RUN_PHASE_H
#define VM_RUN_PHASE_H

#include "vm/run.h"
#include "vm/watch.h"

/* When each part was over, on the loop_now_ms() clock; 0 = not reached. */
struct run_times {
	uint64_t begin_ms;
	uint64_t proof_ms;
	uint64_t restore_ms;
	uint64_t agent_ms;  /* the agent answered, its clock is right */
	uint64_t sample_ms; /* the sample is in the guest, START was sent */
	uint64_t watch_ms;  /* the last byte of the trace */
	uint64_t end_ms;
};

struct run {
	struct slot *slot;
	struct run_order *order;
	struct port *port;
	struct guest *guest;
	struct watch *watch;
	struct run_times times;
	char why[SLOT_WHY_BYTES];
	bool has_network; /* NET_BEGIN was sent */
};

/* run_load.c: the sample and START; enum run_outcome with run->why set, or
 * RUN_OUTCOME_COUNT where all went well. */
enum run_outcome run_load(struct run *run);
/* run_watch.c: copies until the run is over. */
enum run_outcome run_watch(struct run *run);
/* The outcome when a step failed with err: the guest's fate, a cancel, or
 * fallback. */
enum run_outcome run_blame(const struct run *run, enum run_outcome fallback);

#endif
