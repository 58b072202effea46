/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - one run of one sample, in the thread of its slot.
 *
 * network and its proof -> new overlay -> restore -> clock -> sample -> START
 * -> watch -> network's summary -> result.  Destroying the machine comes
 * after the result (slot_clean()): nobody has to wait for it.
 */
#ifndef VM_RUN_H
#define VM_RUN_H

#include "lib/proto.h"
#include "vm/options.h"
#include "vm/slot.h"

#define RUN_REASON_BYTES ((size_t)512)

struct run_order {
	uint32_t request;
	size_t profile;
	struct options options;
	uint8_t *name; /* the sample's file name, any bytes */
	size_t name_len;
	int sample_fd;
	int trace_fd; /* -1 = not wanted, as the next two */
	int pcap_fd;
	int console_fd;
	uint64_t accepted_ms; /* loop_now_ms() of RUN_GO */
};

struct run_result {
	enum run_outcome outcome;
	char reason[RUN_REASON_BYTES];
	json_t *environment; /* owned */
	/* The slot itself is at fault and is to be built anew. */
	bool is_slot_bad;
};

/* Frees what it owns and itself. */
void run_order_free(struct run_order *order);
void run_result_release(struct run_result *result);
/* Closes the outputs of order when they are complete. */
void run_execute(
    struct slot *slot, struct run_order *order, struct run_result *ret_result);

#endif
