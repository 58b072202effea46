/* SPDX-License-Identifier: Apache-2.0 */
/* tap.c - frames between a tap, a stack and a capture. */
#include "simnet/tap.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "simnet/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define TICK_MS 100u
#define BURST	64
/* For the capture's reader, after the end of the run. */
#define END_MS 10000u

static void on_frames(void *arg, int fd, unsigned int events);

void
tap_init(struct tap *tap, struct loop *loop, int fd)
{
	struct sockaddr_ll address = {0};
	socklen_t len = sizeof(address);

	*tap = (struct tap){.loop = loop, .fd = fd, .pcap.fd = -1};
	if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
		(void)if_indextoname(
		    (unsigned int)address.sll_ifindex, tap->name);
	tap->watch = loop_watch(loop, fd, LOOP_READ, on_frames, tap);
}

static struct stack_time
now(void)
{
	return (struct stack_time){loop_now_ms(), loop_wall_us()};
}

static void
on_send(void *arg, const uint8_t *frame, size_t len)
{
	struct tap *tap = arg;

	pcap_add(&tap->pcap, loop_wall_us(), frame, len);
	/* A full queue loses the frame, as a wire would. */
	(void)!send(tap->fd, frame, len, MSG_NOSIGNAL);
}

static void on_pcap(void *arg, int fd, unsigned int events);

/* Writes what waits; watches the pipe and pauses the tap as needed. */
static void
update(struct tap *tap)
{
	bool was_full = pcap_is_full(&tap->pcap);

	pcap_flush(&tap->pcap);
	if (!pcap_is_pending(&tap->pcap)) {
		loop_unwatch(tap->pcap_watch);
		tap->pcap_watch = NULL;
	} else if (tap->pcap_watch == NULL) {
		tap->pcap_watch = loop_watch(
		    tap->loop, tap->pcap.fd, LOOP_WRITE, on_pcap, tap);
	}
	if (was_full || pcap_is_full(&tap->pcap))
		loop_watch_events(
		    tap->watch, pcap_is_full(&tap->pcap) ? 0 : LOOP_READ);
}

static void
finish(struct tap *tap)
{
	auto_free char *summary = summary_make(tap->stack, &tap->pcap);
	void (*done)(void *, struct tap *, const char *) = tap->done;

	tap_abort(tap);
	done(tap->arg, tap, summary);
}

static void
on_pcap(void *arg, int fd, unsigned int events)
{
	struct tap *tap = arg;

	(void)fd;
	(void)events;
	/* The pipe may be closed below: not under a watch. */
	loop_unwatch(tap->pcap_watch);
	tap->pcap_watch = NULL;
	update(tap);
	if (tap->is_ending && !pcap_is_pending(&tap->pcap))
		finish(tap);
}

static void
on_tick(void *arg)
{
	struct tap *tap = arg;
	struct stack_time time = now();

	tap->tick = loop_timer(tap->loop, TICK_MS, on_tick, tap);
	if (tap->answers && !tap->is_ending)
		stack_tick(tap->stack, &time);
	update(tap);
	if (tap->is_ending &&
	    (!pcap_is_pending(&tap->pcap) || time.now_ms >= tap->end_ms))
		finish(tap);
}

static void
take_frame(struct tap *tap, const uint8_t *frame, size_t len)
{
	struct stack_time time = now();

	if (tap->stack == NULL || tap->is_ending)
		return;
	pcap_add(&tap->pcap, time.wall_us, frame, len);
	if (tap->answers) {
		stack_input(tap->stack, &time, frame, len);
	} else {
		tap->stack->counts.frames++;
		tap->stack->counts.bytes += len;
	}
}

static void
on_frames(void *arg, int fd, unsigned int events)
{
	static uint8_t frame[FRAME_IN_BYTES];
	struct tap *tap = arg;

	(void)events;
	for (int i = 0; i < BURST && !pcap_is_full(&tap->pcap); i++) {
		ssize_t n = recv(fd, frame, sizeof(frame), 0);

		if (n == -1 && errno == EINTR)
			continue;
		/* ENETDOWN is told once when the tap goes. */
		if (n < 0)
			break;
		take_frame(tap, frame, (size_t)n);
	}
	if (tap->stack != NULL)
		update(tap);
}

/* What came before belongs to nobody. */
static void
drain(const struct tap *tap)
{
	static uint8_t frame[FRAME_IN_BYTES];

	for (int i = 0; i < 4096; i++) {
		if (recv(tap->fd, frame, sizeof(frame), 0) == -1 &&
		    errno != EINTR)
			break;
	}
}

void
tap_begin(struct tap *tap, int pcap_fd, bool answers)
{
	const struct stack_ops ops = {on_send, tap};

	tap_abort(tap);
	drain(tap);
	(void)fcntl(pcap_fd, F_SETFL, O_NONBLOCK);
	pcap_init(&tap->pcap, pcap_fd, LIMIT_PCAP_BYTES);
	tap->stack = stack_new(&ops);
	tap->answers = answers;
	tap->tick = loop_timer(tap->loop, TICK_MS, on_tick, tap);
}

void
tap_end(struct tap *tap)
{
	if (tap->stack == NULL || tap->is_ending)
		return;
	tap->is_ending = true;
	tap->end_ms = loop_now_ms() + END_MS;
	update(tap);
	if (!pcap_is_pending(&tap->pcap))
		finish(tap);
}

void
tap_abort(struct tap *tap)
{
	if (tap->stack == NULL)
		return;
	loop_unwatch(tap->pcap_watch);
	tap->pcap_watch = NULL;
	loop_timer_cancel(tap->tick);
	tap->tick = NULL;
	stack_free(tap->stack);
	tap->stack = NULL;
	pcap_release(&tap->pcap);
	tap->is_ending = false;
	loop_watch_events(tap->watch, LOOP_READ);
}
