/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.h - the Internet that one guest sees, as a function of its frames.
 *
 * Frames go in, frames come out through ops; no socket, no kernel network
 * code, no route is involved, so that nothing that a guest sends can go
 * anywhere.  Every address is there: ARP is answered for all of them, TCP on
 * every port, UDP where there is something to say, ICMP echo.  IPv6 and
 * fragments are captured and counted, not answered.
 */
#ifndef SIMNET_STACK_H
#define SIMNET_STACK_H

#include "simnet/flow.h"
#include "simnet/names.h"
#include "simnet/packet.h"

#include <stdbool.h>

struct stack_ops {
	/* Sends a frame of at most FRAME_OUT_BYTES to the guest. */
	void (*send)(void *arg, const uint8_t *frame, size_t len);
	void *arg;
};

struct stack_counts {
	uint64_t frames; /* from the guest */
	uint64_t bytes;
	uint64_t ipv6;
	uint64_t fragments;
	uint64_t malformed;
	uint64_t refused; /* connections over the bound */
};

/* The clock of one call: monotonic for timers, wall for people. */
struct stack_time {
	uint64_t now_ms;
	int64_t wall_us;
};

struct tcp_table;

struct stack {
	struct stack_ops ops;
	struct stack_counts counts;
	struct names names;
	struct flows flows;
	struct tcp_table *tcp;
	struct stack_time time;
	uint8_t guest[ETHER_ADDR_BYTES]; /* learned from what it sends */
	uint8_t out[FRAME_OUT_BYTES];
};

/* A received IPv4 packet: checked lengths, host-order addresses. */
struct packet {
	uint32_t src;
	uint32_t dst;
	const uint8_t *payload;
	size_t len;
};

struct stack *stack_new(const struct stack_ops *ops);
void stack_free(struct stack *stack);
/* Takes one frame of the guest. */
void stack_input(struct stack *stack, const struct stack_time *time,
    const uint8_t *frame, size_t len);
/* Sends again what was not acknowledged, ends what is idle. */
void stack_tick(struct stack *stack, const struct stack_time *time);

/* --- for the protocols inside --- */

/* Where the payload of the next frame to the guest goes. */
uint8_t *stack_payload(struct stack *stack);
/* Sends it, from src (an address that the guest thinks it reached). */
void stack_send(struct stack *stack, unsigned int proto, uint32_t src,
    uint32_t dst, size_t payload_len);
/* The flow of a packet, made where it is new; NULL over the bound. */
struct flow *stack_flow(struct stack *stack, const struct flow_key *key);

#endif
