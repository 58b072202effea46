/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - the guest's bytes while a sample runs: copied as they come into
 * the trace, counted, and never interpreted but for this: the frame types
 * that end a run, found by the bounded decoder of agents/wire.h, and the one
 * number each of them carries.  A guest that forges them ends its own run.
 */
#ifndef VM_WATCH_H
#define VM_WATCH_H

#include "agents/wire.h"
#include "lib/err.h"
#include "lib/proto.h"

struct watch {
	uint64_t bytes;
	uint64_t bytes_max;
	bool is_acked;	      /* START's answer came */
	bool is_started;      /* STARTED came */
	bool is_done;	      /* DONE came: nothing follows */
	bool is_collecting;   /* files or the end came after the sample's end */
	bool is_flooded;      /* bytes_max was met */
	bool is_restarted;    /* READY came behind STARTED: another agent */
	unsigned int cause;   /* of DONE, enum gwire_cause */
	unsigned int refusal; /* of NOT_EXECUTED, enum gwire_refusal */
	char refusal_text[256]; /* quoted */
	uint64_t started_ms;
	uint64_t ended_ms;
	uint64_t last_ms; /* of the last byte */
	uint32_t start_sequence;
	char start_refusal[256]; /* START's ACK said no; quoted */
	struct gwire_decoder in;
};

void watch_init(struct watch *watch, uint64_t bytes_max,
    uint32_t start_sequence, uint64_t now_ms);
/*
 * Looks at bytes that came.  Returns how many of them belong into the trace:
 * less than len where bytes_max is met.
 */
size_t watch_take(
    struct watch *watch, const uint8_t *p, size_t len, uint64_t now_ms);
/* The outcome that DONE stands for. */
enum run_outcome watch_outcome(const struct watch *watch);

#endif
