/* SPDX-License-Identifier: Apache-2.0 */
/* run_watch.c - copying the guest's stream while the sample runs. */
#include "vm/run_phase.h"

#include "lib/limits.h"
#include "lib/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* A trace that nobody takes. */
#define STUCK_MS     60000u
#define SERIAL_BYTES (32 * MIB)
#define CHECK_MS     1000u
#define READ_BYTES   65536u

struct copy {
	uint8_t buf[READ_BYTES];
	size_t start;
	size_t end;
	uint64_t limit_ms; /* when the time is up for the sample */
	uint64_t over_ms;  /* when it is up for the agent, too */
	uint64_t ping_ms;
	uint64_t check_ms;
	uint64_t stuck_ms; /* since when the trace takes nothing; 0 */
	bool is_stopped;   /* STOP was sent */
};

static enum run_outcome
give_up(struct run *run, enum run_outcome outcome, const char *why)
{
	(void)snprintf(run->why, sizeof(run->why), "%s", why);
	return outcome;
}

/* Sends a command that nobody waits for the answer of. */
static void
command(struct run *run, enum gwire_type type)
{
	char ignored[GUEST_WHY_BYTES];

	(void)guest_begin(run->guest, type);
	if (guest_send(run->guest, loop_now_ms() + 200, NULL, ignored) !=
	    ERR_OK)
		return; /* a deaf guest shows as a silent one */
}

/* Writes what waits; ERR_AGAIN while the pipe is full. */
static int
write_trace(struct run *run, struct copy *c)
{
	while (c->start < c->end) {
		ssize_t n = write(
		    run->order->trace_fd, c->buf + c->start, c->end - c->start);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			if (c->stuck_ms == 0)
				c->stuck_ms = loop_now_ms();
			return ERR_AGAIN;
		}
		if (n == -1)
			return ERR_EOF;
		c->start += (size_t)n;
		c->stuck_ms = 0;
	}
	c->start = c->end = 0;
	return ERR_OK;
}

/* Reads and looks at one buffer; ERR_AGAIN when nothing is there. */
static int
read_guest(struct run *run, struct copy *c)
{
	size_t n = 0;
	int err = port_read(run->port, c->buf, sizeof(c->buf), &n);

	if (err != ERR_OK)
		return err;
	c->end = watch_take(run->watch, c->buf, n, loop_now_ms());
	if (run->order->trace_fd == -1)
		c->end = 0;
	return ERR_OK;
}

/* Until the guest or the trace is ready, a timer is due or we are woken. */
static int
wait_some(struct run *run, struct copy *c, bool is_writing)
{
	struct pollfd set[2];
	uint64_t count;

	if (!is_writing)
		port_arm(run->port, false);
	set[0] = (struct pollfd){
	    .fd = is_writing ? run->order->trace_fd : run->port->fd,
	    .events = is_writing ? POLLOUT : run->port->events,
	};
	set[1] = (struct pollfd){.fd = run->slot->wake_fd, .events = POLLIN};
	(void)c;
	if (poll(set, 2, 500) == -1 && errno != EINTR)
		return ERR_SYS;
	if (set[1].revents & POLLIN)
		(void)!read(run->slot->wake_fd, &count, sizeof(count));
	return slot_verdict(run->slot, run->why);
}

static bool
serial_is_flooded(const struct run *run)
{
	struct stat st;

	return stat(run->slot->machine.serial, &st) == 0 &&
	       (uint64_t)st.st_size > SERIAL_BYTES;
}

static enum run_outcome
check_clock(struct run *run, struct copy *c, uint64_t now_ms)
{
	if (!c->is_stopped && !run->watch->is_collecting &&
	    now_ms > c->limit_ms) {
		command(run, WIRE_STOP);
		c->is_stopped = true;
		c->over_ms = now_ms + run->slot->limits.collect_ms;
	}
	if (now_ms > c->over_ms)
		return give_up(run, RUN_TIMEOUT,
		    "the time was up and the agent did not finish in time");
	if (now_ms - run->watch->last_ms > run->slot->limits.silent_ms)
		return give_up(run, RUN_AGENT_LOST,
		    "the agent fell silent while the guest still ran");
	if (now_ms - run->watch->last_ms > run->slot->limits.ping_ms &&
	    now_ms > c->ping_ms) {
		command(run, WIRE_PING);
		c->ping_ms = now_ms + run->slot->limits.ping_ms;
	}
	if (now_ms > c->check_ms) {
		c->check_ms = now_ms + CHECK_MS;
		if (serial_is_flooded(run))
			return give_up(run, RUN_FLOODED,
			    "more console output than a run may make");
	}
	if (c->stuck_ms != 0 && now_ms - c->stuck_ms > STUCK_MS)
		return give_up(
		    run, RUN_CANCELLED, "nobody takes the trace any more");
	return RUN_OUTCOME_COUNT;
}

static enum run_outcome
check_stream(struct run *run)
{
	const struct watch *w = run->watch;

	if (w->is_flooded)
		return give_up(
		    run, RUN_FLOODED, "more bytes than a run may send");
	if (w->start_refusal[0] != '\0')
		return give_up(run, RUN_NOT_EXECUTED, w->start_refusal);
	if (w->is_restarted)
		return give_up(run, RUN_AGENT_LOST,
		    "the agent ended while the sample ran; the guest "
		    "started another");
	if (!w->is_done)
		return RUN_OUTCOME_COUNT;
	if (w->cause == WIRE_C_NOT_EXECUTED)
		return give_up(run, RUN_NOT_EXECUTED, w->refusal_text);
	return give_up(run, watch_outcome(w), "");
}

/* One turn; RUN_OUTCOME_COUNT while the run goes on. */
static enum run_outcome
turn(struct run *run, struct copy *c)
{
	enum run_outcome outcome;
	bool is_writing = false;
	int err = write_trace(run, c);

	if (err == ERR_EOF)
		return give_up(
		    run, RUN_CANCELLED, "the reader of the trace is gone");
	if (err == ERR_OK) {
		outcome = check_stream(run);
		if (outcome != RUN_OUTCOME_COUNT)
			return outcome;
		err = read_guest(run, c);
	} else {
		is_writing = true;
	}
	if (err == ERR_AGAIN)
		err = wait_some(run, c, is_writing);
	if (err == ERR_CONFLICT)
		return run_blame(run, RUN_CANCELLED);
	if (err != ERR_OK) {
		/* The stream ends a moment before libvirt tells why. */
		for (int i = 0; i < 20; i++) {
			if (slot_verdict(run->slot, run->why) != ERR_OK)
				return run_blame(run, RUN_AGENT_LOST);
			(void)usleep(100000);
		}
		return give_up(
		    run, RUN_AGENT_LOST, "the agent's channel ended");
	}
	return check_clock(run, c, loop_now_ms());
}

static unsigned int
percent(const struct run *run, uint64_t now_ms)
{
	uint64_t limit_ms = run->order->options.time_limit_s * 1000ull;
	uint64_t spent_ms = now_ms - run->times.sample_ms;

	return spent_ms >= limit_ms
		   ? 90
		   : 10 + (unsigned int)(spent_ms * 80 / limit_ms);
}

enum run_outcome
run_watch(struct run *run)
{
	struct copy *c = calloc(1, sizeof(*c));
	enum run_outcome outcome = RUN_OUTCOME_COUNT;
	uint64_t now_ms = loop_now_ms(), told_ms = now_ms;

	if (c == NULL)
		abort();
	c->limit_ms = now_ms + run->order->options.time_limit_s * 1000ull +
		      run->slot->limits.grace_ms;
	c->over_ms = c->limit_ms + run->slot->limits.collect_ms;
	while (outcome == RUN_OUTCOME_COUNT) {
		outcome = turn(run, c);
		now_ms = loop_now_ms();
		if (now_ms - told_ms < 1000)
			continue;
		told_ms = now_ms;
		run->slot->hooks.progress(run->slot->hooks.arg, run->slot,
		    run->watch->is_collecting ? "collecting" : "running",
		    percent(run, now_ms), "");
	}
	/* What came before the end belongs to the trace, whatever the end. */
	for (int i = 0; i < 100 && write_trace(run, c) == ERR_AGAIN; i++)
		(void)usleep(50000);
	run->times.watch_ms = loop_now_ms();
	free(c);
	return outcome;
}
