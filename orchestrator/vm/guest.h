/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h - the controller's half of agents/PROTOCOL.md: commands to the
 * agent and its answers, until the sample starts.  From then on nothing that
 * the guest sends is decoded here beyond the frame types that end a run
 * (watch.h).
 */
#ifndef VM_GUEST_H
#define VM_GUEST_H

#include "agents/wire.h"
#include "lib/err.h"
#include "vm/port.h"

#define GUEST_WHY_BYTES ((size_t)512)

struct guest {
	struct port *port; /* borrowed */
	int wake_fd;	   /* readable: call check(); -1 = none */
	/* ERR_OK to go on waiting, or why not (sets the text). */
	int (*check)(void *arg, char *why);
	void *arg;
	uint32_t sequence;
	struct gwire_builder out;
	struct gwire_decoder in;
	uint8_t frame[WIRE_FRAME_BYTES];
};

/* Zeroes all but what is given. */
void guest_init(struct guest *guest, struct port *port, int wake_fd,
    int (*check)(void *arg, char *why), void *arg);
/*
 * Waits until the port may be ready or until_ms (loop_now_ms() clock).
 * ERR_AGAIN at that time, or what check() said.
 */
int must_check guest_wait(
    struct guest *guest, uint64_t until_ms, bool wants_write, char *why);
/* Begins a frame; fields go into guest->out. */
struct gwire_builder *guest_begin(struct guest *guest, enum gwire_type type);
/* Finishes and sends it; *ret_sequence may be NULL. */
int must_check guest_send(
    struct guest *guest, uint64_t until_ms, uint32_t *ret_sequence, char *why);
/*
 * The same, and waits for its ACK.  ERR_DENIED with the agent's own words
 * where it says other than OK.
 */
int must_check guest_ask(struct guest *guest, uint64_t until_ms, char *why);
/* Says HELLO until READY comes. */
int must_check guest_hello(struct guest *guest, uint64_t until_ms, char *why);
int must_check guest_ping(struct guest *guest, uint64_t until_ms, char *why);
int must_check guest_set_clock(
    struct guest *guest, uint64_t until_ms, char *why);

#endif
