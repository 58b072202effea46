/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - the programs while they run. */
#include "parent/child.h"

#include "lib/cage.h"
#include "lib/chan.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "parent/configure.h"
#include "parent/spawn.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
/* A program that lived this long starts afresh with its back-off. */
#define HEALTHY_MS 30000
/* How long the programs of one phase may take to stop. */
#define STOP_MS 15000
#define PHASES	5
/* Exit status of a refusal to start (sysexits.h EX_CONFIG). */
#define EXIT_REFUSED 78
#define WIRES_MAX    32

struct child {
	struct family *family;
	const struct table_program *program;
	struct chan *chan;
	struct loop_watch *watch;
	struct loop_timer *restart;
	pid_t pid;
	int pidfd;
	bool is_ready;
	bool was_ready;
	uint64_t started_ms;
	uint64_t backoff_ms;
	char *cage;
};

struct wire {
	size_t a;
	size_t b;
	bool is_connected;
};

struct family {
	struct family_conf conf;
	family_fn *fn;
	void *arg;
	struct child *children; /* table_program_count of them */
	struct wire wires[WIRES_MAX];
	size_t wire_count;
	bool is_announced;
	bool is_stopping;
	int phase;
	int status;
	struct loop_timer *stop_timer;
};

static int on_ready(void *arg, struct chan *chan, struct msg *msg);
static int on_blame(void *arg, struct chan *chan, struct msg *msg);
static void on_gone(void *arg, struct chan *chan, int err);
static void child_start(void *arg);
static void stop_next(void *arg);

static const struct chan_handler handlers[] = {
    {MSG_READY, on_ready},
    {MSG_BLAME, on_blame},
    {MSG_NONE_, NULL},
};

static const struct chan_ops ops = {
    .handlers = handlers,
    .gone = on_gone,
};

static void
child_kill(struct child *child)
{
	if (child->pidfd != -1)
		(void)syscall(
		    SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

static void
unwire(struct family *family, size_t at)
{
	for (size_t i = 0; i < family->wire_count; i++) {
		if (family->wires[i].a == at || family->wires[i].b == at)
			family->wires[i].is_connected = false;
	}
}

/* Hands one end of a new pair to the program `to`. */
static void
send_peer(struct child *to, const struct table_program *other, int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, (uint16_t)other->role);
	wire_put_str(&body, other->instance);
	(void)chan_send(to->chan, MSG_PEER, 0, &body, fd);
	wire_out_release(&body);
}

static void
wire_ready(struct family *family)
{
	for (size_t i = 0; i < family->wire_count; i++) {
		struct wire *wire = &family->wires[i];
		struct child *a = &family->children[wire->a];
		struct child *b = &family->children[wire->b];
		int fds[2];

		if (wire->is_connected || !a->is_ready || !b->is_ready)
			continue;
		if (chan_pair(fds) != ERR_OK) {
			log_line(LOG_ERROR,
			    "msg=\"no socket pair\" "
			    "error=\"%s\"",
			    strerror(errno));
			return;
		}
		send_peer(a, b->program, fds[0]);
		send_peer(b, a->program, fds[1]);
		wire->is_connected = true;
	}
}

static void
announce_if_all_ready(struct family *family)
{
	if (family->is_announced || family->is_stopping)
		return;
	for (size_t i = 0; i < table_program_count; i++) {
		if (configure_is_wanted(&family->conf, &table_programs[i]) &&
		    !family->children[i].is_ready)
			return;
	}
	family->is_announced = true;
	family->fn(family->arg, true, 0);
}

static int
on_ready(void *arg, struct chan *chan, struct msg *msg)
{
	struct child *child = arg;
	char cage[sizeof(((struct cage_report *)0)->json)];

	(void)chan;
	wire_get_str(&msg->in, cage, sizeof(cage));
	if (msg->in.is_failed || child->is_ready)
		return ERR_PEER;
	free(child->cage);
	child->cage = xstrdup(cage);
	child->is_ready = true;
	child->was_ready = true;
	log_line(LOG_INFO, "msg=ready child=%s pid=%d", child->program->binary,
	    (int)child->pid);
	wire_ready(child->family);
	announce_if_all_ready(child->family);
	return ERR_OK;
}

static int
on_blame(void *arg, struct chan *chan, struct msg *msg)
{
	struct child *child = arg;
	struct family *family = child->family;
	unsigned int role = wire_get_u16(&msg->in);
	char instance[CHAN_INSTANCE_BYTES];
	char why[256];

	(void)chan;
	wire_get_str(&msg->in, instance, sizeof(instance));
	wire_get_str(&msg->in, why, sizeof(why));
	if (msg->in.is_failed)
		return ERR_PEER;
	for (size_t i = 0; i < table_program_count; i++) {
		struct child *other = &family->children[i];

		if ((unsigned int)other->program->role != role ||
		    strcmp(other->program->instance, instance) != 0)
			continue;
		log_line(LOG_WARN,
		    "msg=\"killing a program\" child=%s pid=%d "
		    "blamed_by=%s reason=\"%s\"",
		    other->program->binary, (int)other->pid,
		    child->program->binary, why);
		child_kill(other);
	}
	return ERR_OK;
}

/* The pidfd tells of the end; a program without its channel is killed. */
static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct child *child = arg;

	(void)err;
	chan_free(chan);
	child->chan = NULL;
	child_kill(child);
}

static void
schedule_restart(struct child *child)
{
	struct family *family = child->family;

	if (loop_now_ms() - child->started_ms > HEALTHY_MS)
		child->backoff_ms = BACKOFF_MIN_MS;
	log_line(LOG_WARN,
	    "msg=\"restarting a program\" child=%s after_ms=%llu",
	    child->program->binary, (unsigned long long)child->backoff_ms);
	child->restart = loop_timer(
	    family->conf.loop, child->backoff_ms, child_start, child);
	child->backoff_ms *= 2;
	if (child->backoff_ms > BACKOFF_MAX_MS)
		child->backoff_ms = BACKOFF_MAX_MS;
}

static void
on_exit_of(void *arg, int fd, unsigned int events)
{
	struct child *child = arg;
	struct family *family = child->family;
	siginfo_t info = {0};

	(void)fd;
	(void)events;
	if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) ==
		-1 ||
	    info.si_pid == 0)
		return;
	loop_unwatch(child->watch);
	child->watch = NULL;
	(void)close(child->pidfd);
	child->pidfd = -1;
	chan_free(child->chan);
	child->chan = NULL;
	child->is_ready = false;
	unwire(family, (size_t)(child - family->children));
	log_line(family->is_stopping ? LOG_INFO : LOG_WARN,
	    "msg=\"a program ended\" child=%s pid=%d %s=%d",
	    child->program->binary, (int)child->pid,
	    info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
	child->pid = 0;
	if (family->is_stopping) {
		stop_next(family);
		return;
	}
	if (!child->was_ready && info.si_code == CLD_EXITED &&
	    info.si_status == EXIT_REFUSED) {
		log_line(LOG_ERROR,
		    "msg=\"a program refuses to start; see its "
		    "line above\" child=%s",
		    child->program->binary);
		family->status = EXIT_REFUSED;
		family_stop(family);
		return;
	}
	schedule_restart(child);
}

static void
child_start(void *arg)
{
	struct child *child = arg;
	struct family *family = child->family;
	int fds[2];

	child->restart = NULL;
	if (family->is_stopping)
		return;
	child->started_ms = loop_now_ms();
	if (chan_pair(fds) != ERR_OK ||
	    configure_spawn(&family->conf, child->program, fds[1], &child->pid,
		&child->pidfd) != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"cannot start a program\" child=%s "
		    "error=\"%s\"",
		    child->program->binary, strerror(errno));
		schedule_restart(child);
		return;
	}
	(void)close(fds[1]);
	child->watch = loop_watch(
	    family->conf.loop, child->pidfd, LOOP_READ, on_exit_of, child);
	child->chan = chan_new(family->conf.loop, fds[0], ROLE_PARENT,
	    child->program->role, child->program->instance);
	chan_set_ops(child->chan, &ops, child);
	configure_send(&family->conf, child->program, child->chan);
}

static size_t
find_role(enum role role, size_t from)
{
	while (from < table_program_count && table_programs[from].role != role)
		from++;
	return from;
}

static void
make_wires(struct family *family)
{
	for (size_t w = 0; w < table_wire_count; w++) {
		size_t b = find_role(table_wires[w].b, 0);

		for (size_t a = find_role(table_wires[w].a, 0);
		     a < table_program_count;
		     a = find_role(table_wires[w].a, a + 1)) {
			if (family->wire_count == WIRES_MAX)
				return;
			family->wires[family->wire_count++] =
			    (struct wire){.a = a, .b = b};
		}
	}
}

struct family *
family_start(const struct family_conf *conf, family_fn *fn, void *arg)
{
	struct family *family = xcalloc(1, sizeof(*family));

	family->conf = *conf;
	family->fn = fn;
	family->arg = arg;
	family->phase = -1;
	family->children =
	    xcalloc(table_program_count, sizeof(*family->children));
	make_wires(family);
	for (size_t i = 0; i < table_program_count; i++) {
		struct child *child = &family->children[i];

		child->family = family;
		child->program = &table_programs[i];
		child->pidfd = -1;
		child->backoff_ms = BACKOFF_MIN_MS;
		if (configure_is_wanted(conf, child->program))
			child_start(child);
	}
	return family;
}

/* True when a program of this phase still runs. */
static bool
phase_runs(const struct family *family, int phase)
{
	for (size_t i = 0; i < table_program_count; i++) {
		if (table_programs[i].stop_phase == phase &&
		    family->children[i].pid != 0)
			return true;
	}
	return false;
}

static void
on_stop_late(void *arg)
{
	struct family *family = arg;

	family->stop_timer = NULL;
	for (size_t i = 0; i < table_program_count; i++) {
		struct child *child = &family->children[i];

		if (table_programs[i].stop_phase != family->phase ||
		    child->pid == 0)
			continue;
		log_line(LOG_WARN,
		    "msg=\"a program does not stop, killing "
		    "it\" child=%s",
		    child->program->binary);
		child_kill(child);
	}
}

static void
stop_phase(struct family *family)
{
	for (size_t i = 0; i < table_program_count; i++) {
		struct child *child = &family->children[i];

		if (table_programs[i].stop_phase != family->phase)
			continue;
		loop_timer_cancel(child->restart);
		child->restart = NULL;
		if (child->chan != NULL)
			(void)chan_send(child->chan, MSG_STOP, 0, NULL, -1);
	}
	loop_timer_cancel(family->stop_timer);
	family->stop_timer =
	    loop_timer(family->conf.loop, STOP_MS, on_stop_late, family);
}

static void
stop_next(void *arg)
{
	struct family *family = arg;

	if (family->phase >= 0 && phase_runs(family, family->phase))
		return;
	while (++family->phase < PHASES) {
		if (phase_runs(family, family->phase)) {
			stop_phase(family);
			return;
		}
	}
	loop_timer_cancel(family->stop_timer);
	family->stop_timer = NULL;
	family->fn(family->arg, false, family->status);
}

void
family_stop(struct family *family)
{
	if (family->is_stopping)
		return;
	family->is_stopping = true;
	for (size_t i = 0; i < table_program_count; i++) {
		loop_timer_cancel(family->children[i].restart);
		family->children[i].restart = NULL;
	}
	stop_next(family);
}

void
family_free(struct family *family)
{
	if (family == NULL)
		return;
	for (size_t i = 0; i < table_program_count; i++) {
		struct child *child = &family->children[i];

		loop_timer_cancel(child->restart);
		loop_unwatch(child->watch);
		chan_free(child->chan);
		free(child->cage);
	}
	free(family->children);
	free(family);
}

const char *
family_cage(const struct family *family, size_t at)
{
	return family->children[at].cage;
}
