/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap.h - one slot's network: its packet socket, and while a run is on, the
 * stack that answers and the capture.
 */
#ifndef SIMNET_TAP_H
#define SIMNET_TAP_H

#include "lib/loop.h"
#include "simnet/pcap.h"
#include "simnet/stack.h"

struct tap {
	struct loop *loop;
	int fd; /* packet socket, owned */
	char name[16];
	struct loop_watch *watch;
	struct loop_watch *pcap_watch;
	struct loop_timer *tick;
	struct stack *stack; /* NULL while no run is on */
	struct pcap pcap;
	bool answers; /* else the capture is all */
	bool is_ending;
	uint64_t end_ms; /* when to stop waiting for the pipe */
	/* The run is over and its capture written: called once. */
	void (*done)(void *arg, struct tap *tap, const char *summary);
	void *arg;
	char slot[64]; /* who asked, for the answer */
};

/* Takes fd; finds its name. */
void tap_init(struct tap *tap, struct loop *loop, int fd);
/* Begins a run; takes pcap_fd. */
void tap_begin(struct tap *tap, int pcap_fd, bool answers);
/* Ends it; done() follows when the capture is written. */
void tap_end(struct tap *tap);
/* Forgets it without an answer. */
void tap_abort(struct tap *tap);

#endif
