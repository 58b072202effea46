/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - finding the end of a run in the guest's stream. */
#include "vm/watch.h"

#include "lib/log.h"

#include <string.h>

void
watch_init(struct watch *watch, uint64_t bytes_max, uint32_t start_sequence,
    uint64_t now_ms)
{
	memset(watch, 0, sizeof(*watch));
	watch->bytes_max = bytes_max;
	watch->start_sequence = start_sequence;
	watch->last_ms = now_ms;
}

static void
quote_text(char *dst, size_t dst_size, const struct gwire_frame *frame)
{
	size_t size;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_TEXT, &size);

	if (p != NULL)
		(void)log_quote_text(dst, dst_size, p, size);
}

static void
take_ack(struct watch *w, const struct gwire_frame *frame)
{
	if (gwire_number(frame, WIRE_K_ACKED, 0) != w->start_sequence)
		return;
	w->is_acked = true;
	if (gwire_number(frame, WIRE_K_CODE, 0) == WIRE_A_OK)
		return;
	(void)snprintf(w->start_refusal, sizeof(w->start_refusal),
	    "the agent refused to start");
	quote_text(w->start_refusal, sizeof(w->start_refusal), frame);
}

static void
mark_end(struct watch *w, uint64_t now_ms)
{
	if (w->ended_ms == 0)
		w->ended_ms = now_ms;
	w->is_collecting = true;
}

static void
take_frame(struct watch *w, const struct gwire_frame *frame, uint64_t now_ms)
{
	switch (frame->type) {
	case WIRE_ACK:
		take_ack(w, frame);
		break;
	case WIRE_READY:
		/* It says so before STARTED, and whenever it begins anew. */
		w->is_restarted |= w->is_started;
		break;
	case WIRE_STARTED:
		w->is_started = true;
		if (w->started_ms == 0)
			w->started_ms = now_ms;
		break;
	case WIRE_NOT_EXECUTED:
		w->refusal = (unsigned int)gwire_number(
		    frame, WIRE_K_REASON, WIRE_R_GUEST);
		quote_text(w->refusal_text, sizeof(w->refusal_text), frame);
		break;
	case WIRE_FILE_BEGIN:
		/* The agent sends files when the sample is dead. */
		mark_end(w, now_ms);
		break;
	case WIRE_DONE:
		mark_end(w, now_ms);
		w->cause = (unsigned int)gwire_number(frame, WIRE_K_CAUSE, 0);
		w->is_done = true;
		break;
	default:
		break;
	}
}

size_t
watch_take(struct watch *watch, const uint8_t *p, size_t len, uint64_t now_ms)
{
	struct gwire_frame frame;
	size_t keep = len, at = 0;

	watch->last_ms = now_ms;
	if (len > watch->bytes_max - watch->bytes) {
		keep = (size_t)(watch->bytes_max - watch->bytes);
		watch->is_flooded = true;
	}
	watch->bytes += keep;
	while (at < len && !watch->is_done) {
		at += gwire_push(&watch->in, p + at, len - at);
		while (!watch->is_done && gwire_next(&watch->in, &frame))
			take_frame(watch, &frame, now_ms);
	}
	return keep;
}

enum run_outcome
watch_outcome(const struct watch *watch)
{
	switch (watch->cause) {
	case WIRE_C_ENDED:
		return RUN_DONE;
	case WIRE_C_TIMEOUT:
	case WIRE_C_STOPPED:
		return RUN_TIMEOUT;
	case WIRE_C_NOT_EXECUTED:
		return RUN_NOT_EXECUTED;
	default:
		/* No agent of ours says so. */
		return RUN_AGENT_LOST;
	}
}
