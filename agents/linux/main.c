/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-agent - runs a sample inside the guest and tells what it does.
 *
 * Started by systemd at boot, as root. Loads its BPF programs once, so that
 * they are in the memory image that each run is restored from; then waits
 * for the controller.
 *
 * Reads:  the virtio-serial port: commands and the sample.
 * Writes: the same port: events, console output, files.
 * Trusts: the controller, until the sample starts; the kernel. After that
 *         the guest is the sample's, and what comes out of it is evidence
 *         to be judged, not truth.
 * Ends:   never by itself; the controller destroys the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "run.h"
#include "trace.h"

#define PORT_WAIT_MS	100
#define DISCONNECTED_MS 10
#define AGENT_PRIORITY	20
#define AGENT_FILES_MAX 65536
/* The image's last unit makes this file: the guest is up and quiet. */
#define BOOTED_PATH  "/run/loep-booted"
#define BOOT_WAIT_MS 240000

/* Static: what is never allocated cannot fail later. */
static struct channel channel;
static struct run run;

static void
acknowledge(uint32_t sequence, enum gwire_ack code, const char *text)
{
	channel_begin(&channel, WIRE_ACK);
	gwire_put_number(&channel.out, WIRE_K_ACKED, sequence);
	gwire_put_number(&channel.out, WIRE_K_CODE, code);
	gwire_put_text(&channel.out, WIRE_K_TEXT, text);
	channel_send(&channel);
}

static enum gwire_ack
set_clock(const struct gwire_frame *frame, const char **ret_text)
{
	uint64_t ns = gwire_number(frame, WIRE_K_WALL_NS, 0);
	struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000u),
	    .tv_nsec = (long)(ns % 1000000000u)};

	*ret_text = "no time given";
	if (ns == 0)
		return WIRE_A_INVALID;
	*ret_text = NULL;
	if (clock_settime(CLOCK_REALTIME, &ts) == 0)
		return WIRE_A_OK;
	*ret_text = strerror(errno);
	return WIRE_A_GUEST;
}

/* START and STOP answer before they act: what follows belongs to the run. */
static void
start(const struct gwire_frame *frame)
{
	if (run.state != RUN_LOADED || run.sample.received != run.sample.size) {
		acknowledge(frame->sequence, WIRE_A_STATE,
		    "the sample is not complete");
		return;
	}
	acknowledge(frame->sequence, WIRE_A_OK, NULL);
	run_start(&run);
}

static void
stop(const struct gwire_frame *frame)
{
	if (run.state != RUN_RUNNING) {
		acknowledge(frame->sequence, WIRE_A_STATE, "nothing runs");
		return;
	}
	acknowledge(frame->sequence, WIRE_A_OK, NULL);
	run_finish(&run, WIRE_C_STOPPED);
}

static void
power_off(void)
{
	(void)channel_wait(&channel, true);
	sync();
	(void)reboot(RB_POWER_OFF);
}

static enum gwire_ack
load(const struct gwire_frame *frame, const char **ret_text)
{
	enum gwire_ack ack;

	*ret_text = "this guest has run a sample already";
	if (run.state != RUN_IDLE && run.state != RUN_LOADED)
		return WIRE_A_STATE;
	ack = sample_begin(&run.sample, frame, ret_text);
	run.state = ack == WIRE_A_OK ? RUN_LOADED : RUN_IDLE;
	return ack;
}

static void
handle(const struct gwire_frame *frame)
{
	const char *text = NULL;
	enum gwire_ack ack = WIRE_A_OK;

	switch (frame->type) {
	case WIRE_HELLO:
		run_send_ready(&run);
		return;
	case WIRE_START:
		start(frame);
		return;
	case WIRE_STOP:
		stop(frame);
		return;
	case WIRE_PING:
		break;
	case WIRE_SET_CLOCK:
		ack = set_clock(frame, &text);
		break;
	case WIRE_SAMPLE:
		ack = load(frame, &text);
		break;
	case WIRE_SAMPLE_DATA:
		ack = sample_data(&run.sample, frame, &text);
		/* Only what went wrong: an answer per chunk would be noise. */
		if (ack == WIRE_A_OK)
			return;
		break;
	case WIRE_COLLECT:
		ack = run_collect(&run, frame, &text);
		break;
	case WIRE_SHUTDOWN:
		acknowledge(frame->sequence, WIRE_A_OK, NULL);
		power_off();
		return;
	default:
		ack = WIRE_A_UNKNOWN;
		text = "unknown frame type";
		break;
	}
	acknowledge(frame->sequence, ack, text);
}

/* Commands that have come. True while the controller is connected. */
static bool
receive(void)
{
	struct gwire_frame frame;
	bool is_connected = channel_fill(&channel);

	while (gwire_next(&channel.in, &frame))
		handle(&frame);
	return is_connected;
}

static void
add_poll(struct pollfd *set, nfds_t *count, int fd, short events)
{
	if (fd == -1)
		return;
	set[*count].fd = fd;
	set[*count].events = events;
	set[*count].revents = 0;
	(*count)++;
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
wait_for_work(bool is_connected)
{
	bool is_running = run.state == RUN_RUNNING;
	struct pollfd set[8];
	nfds_t count = 0;
	int timeout = -1;

	if (is_running)
		timeout = RUN_TICK_MS / 2;
	/* Without a peer the port is always "hung up": look again later. */
	if (!is_connected)
		timeout = DISCONNECTED_MS;
	else
		add_poll(set, &count, channel.fd,
		    channel_is_pending(&channel) ? POLLIN | POLLOUT : POLLIN);
	if (is_running && channel_has_room(&channel)) {
		if (run.trace != NULL)
			add_poll(set, &count, trace_fd(run.trace), POLLIN);
		add_poll(set, &count, run.console[0].fd, POLLIN);
		add_poll(set, &count, run.console[1].fd, POLLIN);
	}
	if (is_running) {
		add_poll(set, &count, run.keep.fan, POLLIN);
		add_poll(set, &count, run.pidfd, POLLIN);
	}
	(void)poll(set, count, timeout);
}

static void __attribute__((noreturn)) serve(void)
{
	uint64_t last_tick = now_ms();

	for (;;) {
		bool is_connected = receive();

		run_pump(&run);
		if (now_ms() - last_tick >= RUN_TICK_MS) {
			last_tick = now_ms();
			run_tick(&run);
		}
		(void)channel_flush(&channel);
		wait_for_work(is_connected);
	}
}

static void
write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
}

/*
 * Make the agent hard to starve, to freeze and to kill: it answers before
 * the sample gets the processor, memory pressure passes it by, and in the
 * root control group nobody can freeze it.
 */
static void
harden(void)
{
	const struct sched_param param = {.sched_priority = AGENT_PRIORITY};
	const struct rlimit files = {AGENT_FILES_MAX, AGENT_FILES_MAX};
	char pid[32];

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	write_to("/sys/fs/cgroup/cgroup.procs", pid);
	write_to("/proc/self/oom_score_adj", "-1000");
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)sched_setscheduler(0, SCHED_RR, &param);
	(void)mlockall(MCL_CURRENT);
}

static void
pause_ms(long ms)
{
	struct timespec ts = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&ts, NULL);
}

/*
 * A guest is saved when the agent answers, so the agent answers when all
 * services are up. One that never gets there is served all the same.
 */
static void
wait_for_boot(void)
{
	uint64_t start = now_ms();

	while (
	    access(BOOTED_PATH, F_OK) != 0 && now_ms() - start < BOOT_WAIT_MS)
		pause_ms(20);
	(void)unlink(BOOTED_PATH);
}

int
main(int argc, char *argv[])
{
	char path[512] = "";

	/* For tests: the channel is a path given, not a port. */
	if (argc == 2)
		(void)snprintf(path, sizeof(path), "%s", argv[1]);
	channel.fd = -1;
	run_init(&run, &channel);
	run.trace = trace_open(run_on_record, &run);
	if (run.trace == NULL)
		(void)fprintf(stderr, "no BPF program could be loaded\n");
	harden();
	if (argc != 2)
		wait_for_boot();
	while ((path[0] == '\0' && !channel_find(path, sizeof(path))) ||
	       channel_open(&channel, path) == -1) {
		if (argc != 2)
			path[0] = '\0';
		pause_ms(PORT_WAIT_MS);
	}
	/* Unasked: in the middle of a run it tells that the agent died. */
	run_send_ready(&run);
	serve();
}
