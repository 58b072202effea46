/* SPDX-License-Identifier: Apache-2.0 */
/* One run: start, watch, end, collect. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "spawn.h"

/* The tree must be empty for so long: a daemon's double fork takes a while. */
#define QUIET_TICKS 3
/* Rounds of killing, 20 ms each, before the run ends all the same. */
#define KILL_ROUNDS 100

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
pause_ms(unsigned int ms)
{
	struct timespec ts = {.tv_nsec = (long)ms * 1000000};

	(void)nanosleep(&ts, NULL);
}

void
run_init(struct run *run, struct channel *ch)
{
	memset(run, 0, sizeof(*run));
	run->ch = ch;
	run->sample.fd = -1;
	run->keep.fan = -1;
	run->console[0].fd = run->console[1].fd = -1;
	run->pidfd = -1;
}

void
run_send_ready(struct run *run)
{
	struct gwire_builder *b = &run->ch->out;
	struct utsname uts;
	char boot_id[64] = "";
	bool is_on = false;
	const char *name;
	size_t i;
	int fd;

	channel_begin(run->ch, WIRE_READY);
	gwire_put_number(b, WIRE_K_VERSION, WIRE_VERSION);
	gwire_put_text(b, WIRE_K_TEXT, AGENT_VERSION);
	if (uname(&uts) == 0)
		gwire_put_text(b, WIRE_K_KERNEL, uts.release);
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		ssize_t n = read(fd, boot_id, 36);

		if (n > 0)
			gwire_put_bytes(b, WIRE_K_BOOT_ID, boot_id, (size_t)n);
		(void)close(fd);
	}
	gwire_put_number(b, WIRE_K_MONO_NS, clock_ns(CLOCK_MONOTONIC));
	gwire_put_number(b, WIRE_K_WALL_NS, clock_ns(CLOCK_REALTIME));
	for (i = 0; run->trace != NULL &&
		    (name = trace_probe(run->trace, i, &is_on)) != NULL;
	     i++)
		gwire_put_text(
		    b, is_on ? WIRE_K_PROBE_ON : WIRE_K_PROBE_OFF, name);
	channel_send(run->ch);
}

static bool
starts_with(const uint8_t *p, size_t size, const char *text)
{
	return size >= strlen(text) && memcmp(p, text, strlen(text)) == 0;
}

/* What a record asks of the agent at once. */
static void
react(struct run *run, const struct record *record)
{
	char path[EVENT_PATH_BYTES];
	size_t size;
	const uint8_t *text;

	if ((record->flags & WIRE_F_SAMPLE) == 0)
		return;
	switch (record->kind) {
	case WIRE_EV_EXEC:
		/* A link count of 0: the file has no name to find it by. */
		if (record->number[4] == 0)
			keep_executable(&run->keep, (pid_t)record->pid);
		break;
	case WIRE_EV_MEMFD:
		text = event_text(record, TEXT_NAME, &size);
		if (starts_with(text, size, "memfd:"))
			keep_watch_memfd(&run->keep, (pid_t)record->pid);
		break;
	case WIRE_EV_FILE_RENAME:
		text = event_text(record, TEXT_PATH, &size);
		(void)event_path(text, size, false, path);
		keep_renamed(
		    &run->keep, record->number[0], record->number[1], path);
		break;
	case WIRE_EV_MOUNT:
		run->has_mounted = true;
		break;
	default:
		break;
	}
}

bool
run_on_record(void *arg, const struct record *record, size_t size)
{
	struct run *run = arg;
	size_t before = run->ch->tail - run->ch->head;

	if (run->state != RUN_RUNNING)
		return true;
	if (run->event_bytes >= run->sample.event_bytes_max) {
		run->events_cut++;
		return true;
	}
	channel_begin(run->ch, WIRE_EVENT);
	if (!event_put(&run->ch->out, record, size, run->wall_offset_ns))
		return true;
	channel_send(run->ch);
	run->events++;
	run->event_bytes += run->ch->tail - run->ch->head - before;
	react(run, record);
	return channel_has_room(run->ch);
}

static bool
is_sample_task(void *arg, pid_t pid)
{
	struct run *run = arg;

	return run->trace == NULL || trace_task(run->trace, pid) != 0;
}

static void
read_console(struct run *run, unsigned int stream)
{
	struct console *c = &run->console[stream];
	uint8_t buf[32768];
	unsigned int rounds;

	/* A writer faster than the channel must not keep us here. */
	for (rounds = 0; rounds < 16 && c->fd != -1; rounds++) {
		uint64_t room = run->sample.console_bytes_max - c->sent;
		size_t take;
		ssize_t n;

		if (!channel_has_room(run->ch))
			return;
		n = read(c->fd, buf, sizeof(buf));
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			(void)close(c->fd);
			c->fd = -1;
			return;
		}
		take = (uint64_t)n < room ? (size_t)n : (size_t)room;
		c->dropped += (uint64_t)n - take;
		if (take == 0)
			continue;
		c->sent += take;
		channel_begin(run->ch, WIRE_CONSOLE);
		gwire_put_number(&run->ch->out, WIRE_K_STREAM, stream + 1);
		gwire_put_bytes(&run->ch->out, WIRE_K_DATA, buf, take);
		channel_send(run->ch);
	}
}

static void
reap(struct run *run)
{
	int status;

	if (run->has_exited || run->pid <= 0 ||
	    waitpid(run->pid, &status, WNOHANG) != run->pid)
		return;
	run->has_exited = true;
	if (run->pidfd != -1)
		(void)close(run->pidfd);
	run->pidfd = -1;
	channel_begin(run->ch, WIRE_EXITED);
	gwire_put_number(&run->ch->out, WIRE_K_PID, (uint64_t)run->pid);
	gwire_put_number(&run->ch->out, WIRE_K_STATUS, (uint64_t)status);
	gwire_put_number(
	    &run->ch->out, WIRE_K_MONO_NS, clock_ns(CLOCK_MONOTONIC));
	channel_send(run->ch);
}

void
run_pump(struct run *run)
{
	if (run->state != RUN_RUNNING)
		return;
	/* Files first: a descriptor taken early is content not lost. */
	keep_read(&run->keep, is_sample_task, run);
	if (run->trace != NULL && channel_has_room(run->ch))
		(void)trace_read(run->trace);
	read_console(run, 0);
	read_console(run, 1);
	reap(run);
}

static void
send_not_executed(
    struct run *run, enum gwire_refusal reason, int error, const char *text)
{
	channel_begin(run->ch, WIRE_NOT_EXECUTED);
	gwire_put_number(&run->ch->out, WIRE_K_REASON, reason);
	if (error != 0)
		gwire_put_number(&run->ch->out, WIRE_K_CODE, (uint64_t)error);
	gwire_put_text(&run->ch->out, WIRE_K_TEXT, text);
	channel_send(run->ch);
}

static void
send_started(struct run *run, const struct start_plan *plan)
{
	struct gwire_builder *b = &run->ch->out;

	channel_begin(run->ch, WIRE_STARTED);
	gwire_put_number(b, WIRE_K_PID, (uint64_t)run->pid);
	gwire_put_number(b, WIRE_K_MONO_NS, run->started_ns);
	gwire_put_number(
	    b, WIRE_K_WALL_NS, run->started_ns + (uint64_t)run->wall_offset_ns);
	gwire_put_number(b, WIRE_K_UID, run->sample.uid);
	gwire_put_text(b, WIRE_K_PATH, run->sample.path);
	if (plan->interpreter[0] != '\0')
		gwire_put_text(b, WIRE_K_INTERPRETER, plan->interpreter);
	gwire_put_text(b, WIRE_K_TEXT, plan->text);
	channel_send(run->ch);
}

static int
spawn(struct run *run, const struct start_plan *plan, struct spawned *child)
{
	struct sample *s = &run->sample;
	struct spawn_request req = {.interpreter = plan->interpreter,
	    .path = s->path,
	    .directory = s->home,
	    .home = s->home,
	    .user = s->user,
	    .uid = s->uid,
	    .gid = s->gid,
	    .args = s->args,
	    .env = s->env};

	spawn_prepare_cgroup();
	if (spawn_prepare(&req, child) == -1)
		return errno;
	run->pid = child->pid;
	run->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	run->console[0].fd = child->out;
	run->console[1].fd = child->err;
	return 0;
}

void
run_start(struct run *run)
{
	struct start_plan plan;
	struct spawned child;
	int error;

	run->wall_offset_ns = (int64_t)clock_ns(CLOCK_REALTIME) -
			      (int64_t)clock_ns(CLOCK_MONOTONIC);
	run_send_ready(run);
	sample_plan(&run->sample, &plan);
	run->state = RUN_RUNNING;
	run->started_ns = clock_ns(CLOCK_MONOTONIC);
	if (plan.refusal != 0) {
		send_not_executed(run, plan.refusal, 0, plan.text);
		run_finish(run, WIRE_C_NOT_EXECUTED);
		return;
	}
	error = spawn(run, &plan, &child);
	if (error != 0) {
		send_not_executed(run, WIRE_R_GUEST, error, strerror(error));
		run_finish(run, WIRE_C_NOT_EXECUTED);
		return;
	}
	keep_start(&run->keep);
	if (run->trace != NULL) {
		trace_arm(run->trace, true);
		(void)trace_add_task(run->trace, run->pid);
	}
	run->started_ns = clock_ns(CLOCK_MONOTONIC);
	error = spawn_release(&child);
	if (error != 0) {
		send_not_executed(run, WIRE_R_EXEC, error, strerror(error));
		run_finish(run, WIRE_C_NOT_EXECUTED);
		return;
	}
	send_started(run, &plan);
}

static bool
cgroup_is_populated(void)
{
	char text[256] = "";
	int fd = open(SPAWN_CGROUP "/cgroup.events", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	return n > 0 && strstr(text, "populated 1") != NULL;
}

void
run_tick(struct run *run)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	bool is_alive;

	if (run->state != RUN_RUNNING)
		return;
	keep_tick(&run->keep);
	if (run->has_mounted) {
		run->has_mounted = false;
		keep_mark_mounts(&run->keep);
	}
	reap(run);
	if ((now - run->started_ns) / 1000000 >= run->sample.time_limit_ms) {
		run_finish(run, WIRE_C_TIMEOUT);
		return;
	}
	is_alive = !run->has_exited || cgroup_is_populated() ||
		   (run->trace != NULL && trace_live(run->trace, false) > 0);
	run->quiet_ticks = is_alive ? 0 : run->quiet_ticks + 1;
	if (run->quiet_ticks >= QUIET_TICKS)
		run_finish(run, WIRE_C_ENDED);
}

static void
kill_all(struct run *run)
{
	unsigned int i;

	if (run->trace != NULL)
		trace_freeze(run->trace, true);
	for (i = 0; i < KILL_ROUNDS; i++) {
		bool is_alive;

		spawn_kill_cgroup();
		is_alive = cgroup_is_populated();
		if (run->trace != NULL && trace_live(run->trace, true) > 0)
			is_alive = true;
		run_pump(run);
		(void)channel_wait(run->ch, false);
		if (!is_alive && (run->has_exited || run->pid <= 0))
			break;
		pause_ms(20);
	}
	spawn_remove_cgroup();
}

static void
send_lost(struct run *run, enum gwire_source source, uint64_t count, int cpu)
{
	if (count == 0)
		return;
	channel_begin(run->ch, WIRE_LOST);
	gwire_put_number(&run->ch->out, WIRE_K_SOURCE, source);
	gwire_put_number(&run->ch->out, WIRE_K_COUNT, count);
	if (cpu >= 0)
		gwire_put_number(&run->ch->out, WIRE_K_CPU, (uint64_t)cpu);
	channel_send(run->ch);
}

static void
send_losses(struct run *run, uint64_t files)
{
	int cpu;

	for (cpu = 0; run->trace != NULL && cpu < TRACE_CPUS_MAX; cpu++)
		send_lost(run, WIRE_S_RING,
		    trace_lost(run->trace, (unsigned int)cpu), cpu);
	if (run->trace != NULL)
		send_lost(run, WIRE_S_PROBE, trace_missed(run->trace), -1);
	send_lost(
	    run, WIRE_S_LIMIT, run->events_cut + run->ch->frames_dropped, -1);
	send_lost(run, WIRE_S_CONSOLE,
	    run->console[0].dropped + run->console[1].dropped, -1);
	send_lost(run, WIRE_S_FILES, files, -1);
	send_lost(run, WIRE_S_FANOTIFY, run->keep.overflow, -1);
}

/* Everything that still waits in the kernel. */
static void
drain(struct run *run)
{
	unsigned int i;

	for (i = 0; i < 4096; i++) {
		uint64_t before = run->events + run->events_cut;

		run_pump(run);
		if (channel_wait(run->ch, false) == -1)
			break;
		if (run->events + run->events_cut == before)
			break;
	}
}

void
run_finish(struct run *run, enum gwire_cause cause)
{
	struct keep_limits limits = {
	    run->sample.file_bytes_max, run->sample.files_bytes_max};
	struct keep_totals totals;
	unsigned int i;

	if (cause != WIRE_C_NOT_EXECUTED || run->pid > 0)
		kill_all(run);
	drain(run);
	if (run->trace != NULL)
		trace_arm(run->trace, false);
	run->state = RUN_DONE;
	(void)keep_send(&run->keep, run->ch, &limits, &totals);
	send_losses(run, run->keep.lost + totals.skipped);
	channel_begin(run->ch, WIRE_DONE);
	gwire_put_number(&run->ch->out, WIRE_K_CAUSE, cause);
	gwire_put_number(&run->ch->out, WIRE_K_EVENTS, run->events);
	gwire_put_number(&run->ch->out, WIRE_K_FILES, totals.files);
	gwire_put_number(&run->ch->out, WIRE_K_SIZE, totals.bytes);
	gwire_put_number(
	    &run->ch->out, WIRE_K_MONO_NS, clock_ns(CLOCK_MONOTONIC));
	channel_send(run->ch);
	(void)channel_wait(run->ch, true);
	for (i = 0; i < 2; i++) {
		if (run->console[i].fd != -1)
			(void)close(run->console[i].fd);
		run->console[i].fd = -1;
	}
	sample_release(&run->sample);
}

enum gwire_ack
run_collect(
    struct run *run, const struct gwire_frame *frame, const char **ret_text)
{
	size_t size;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_PATH, &size);
	const struct keep_limits limits = {
	    gwire_number(frame, WIRE_K_FILE_BYTES_MAX, SAMPLE_FILE_BYTES_MAX),
	    gwire_number(frame, WIRE_K_FILE_BYTES_MAX, SAMPLE_FILE_BYTES_MAX)};
	char path[PATH_MAX];

	*ret_text = "not while a sample runs";
	if (run->state == RUN_RUNNING)
		return WIRE_A_STATE;
	*ret_text = "a path is needed";
	if (p == NULL || size == 0 || size >= sizeof(path) ||
	    memchr(p, '\0', size) != NULL)
		return WIRE_A_INVALID;
	memcpy(path, p, size);
	path[size] = '\0';
	*ret_text = "not a regular file, or it cannot be read";
	return keep_send_path(run->ch, path, &limits) == 0 ? WIRE_A_OK
							   : WIRE_A_GUEST;
}
