/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - the order of a run's parts, and its result. */
#include "vm/run.h"

#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "vm/run_phase.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>

#define PROOF_MS	 10000u
#define SUMMARY_MS	 15000u
#define CONSOLE_MAX	 (16 * MIB)
#define CONSOLE_STUCK_MS 10000

static void
close_fd(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

void
run_order_free(struct run_order *order)
{
	if (order == NULL)
		return;
	options_release(&order->options);
	close_fd(&order->sample_fd);
	close_fd(&order->trace_fd);
	close_fd(&order->pcap_fd);
	close_fd(&order->console_fd);
	free(order->name);
	free(order);
}

void
run_result_release(struct run_result *result)
{
	json_decref(result->environment);
	result->environment = NULL;
}

enum run_outcome
run_blame(const struct run *run, enum run_outcome fallback)
{
	const struct slot *slot = run->slot;

	if (slot->is_cancelled || slot->is_quitting)
		return RUN_CANCELLED;
	switch (slot->driver.fate(slot->driver.arg, &slot->machine)) {
	case GUEST_CRASHED:
		return RUN_GUEST_CRASHED;
	case GUEST_OFF:
		return RUN_GUEST_OFF;
	case GUEST_RUNS:
	default:
		return fallback;
	}
}

/* --- network --- */

/* The namespace that this thread, libvirt and QEMU are in (socket(7)). */
static uint64_t
netns_cookie(void)
{
#ifndef SO_NETNS_COOKIE
# define SO_NETNS_COOKIE 71
#endif
	auto_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (sock == -1 ||
	    getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) == -1)
		return 0;
	return cookie;
}

/* Waits until *flag, guarded by the slot's lock, is set. */
static bool
wait_net(
    struct run *run, const bool *flag, uint64_t timeout_ms, bool minds_verdict)
{
	struct slot *slot = run->slot;
	uint64_t until_ms = loop_now_ms() + timeout_ms, count;
	bool is_set;

	for (;;) {
		struct pollfd set = {.fd = slot->wake_fd, .events = POLLIN};

		(void)pthread_mutex_lock(&slot->lock);
		is_set = *flag;
		(void)pthread_mutex_unlock(&slot->lock);
		if (is_set || loop_now_ms() >= until_ms)
			return is_set;
		if (minds_verdict && (slot->is_cancelled || slot->is_quitting))
			return false;
		if (poll(&set, 1, 200) > 0)
			(void)!read(slot->wake_fd, &count, sizeof(count));
	}
}

static enum run_outcome
begin_network(struct run *run)
{
	struct slot *slot = run->slot;
	auto_free char *policy = xasprintf("{\"mode\":\"%s\","
					   "\"netns_cookie\":\"%" PRIu64 "\"}",
	    run->order->options.has_network ? "simulated" : "none",
	    netns_cookie());
	bool is_good;

	slot_net_reset(slot);
	run->has_network = true;
	slot->hooks.net_begin(
	    slot->hooks.arg, slot, policy, take_fd(run->order->pcap_fd));
	if (!wait_net(run, &slot->net.is_ready, PROOF_MS, true)) {
		(void)snprintf(run->why, sizeof(run->why),
		    "the closed-egress proof did not come in time");
		return run_blame(run, RUN_NO_PROOF);
	}
	(void)pthread_mutex_lock(&slot->lock);
	is_good = slot->net.err == ERR_OK;
	(void)pthread_mutex_unlock(&slot->lock);
	if (!is_good) {
		(void)snprintf(run->why, sizeof(run->why),
		    "closed egress could not be proved; see \"proof\" of the "
		    "environment");
		return RUN_NO_PROOF;
	}
	return RUN_OUTCOME_COUNT;
}

static void
end_network(struct run *run)
{
	struct slot *slot = run->slot;

	if (!run->has_network)
		return;
	slot->hooks.net_end(slot->hooks.arg, slot);
	(void)wait_net(run, &slot->net.is_done, SUMMARY_MS, false);
}

/* --- console --- */

static uint64_t
copy_console(struct run *run)
{
	auto_close int in =
	    open(run->slot->machine.serial, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int out = run->order->console_fd;
	uint8_t buf[65536];
	uint64_t copied = 0;
	ssize_t n;

	if (in == -1 || out == -1)
		return 0;
	while (copied < CONSOLE_MAX && (n = read(in, buf, sizeof(buf))) > 0) {
		for (size_t at = 0; at < (size_t)n;) {
			struct pollfd set = {.fd = out, .events = POLLOUT};
			ssize_t w = write(out, buf + at, (size_t)n - at);

			if (w > 0)
				at += (size_t)w;
			else if (errno != EAGAIN ||
				 poll(&set, 1, CONSOLE_STUCK_MS) <= 0)
				return copied;
		}
		copied += (uint64_t)n;
	}
	return copied;
}

/* --- result --- */

static json_int_t
between(uint64_t from_ms, uint64_t to_ms)
{
	return from_ms == 0 || to_ms < from_ms ? 0
					       : (json_int_t)(to_ms - from_ms);
}

static json_t *
times_json(const struct run *run)
{
	const struct run_times *t = &run->times;
	const struct watch *w = run->watch;
	uint64_t ended_ms = w->ended_ms != 0 ? w->ended_ms : t->watch_ms;
	uint64_t started_ms = w->started_ms != 0 ? w->started_ms : t->sample_ms;
	json_int_t sample = between(started_ms, ended_ms);
	json_int_t total = between(t->begin_ms, t->end_ms);

	return json_pack("{sI sI sI sI sI sI sI sI sI sI}", "waited_ms",
	    between(run->order->accepted_ms, t->begin_ms), "proof_ms",
	    between(t->begin_ms, t->proof_ms), "restore_ms",
	    between(t->proof_ms, t->restore_ms), "agent_ms",
	    between(t->restore_ms, t->agent_ms), "hand_over_ms",
	    between(t->agent_ms, started_ms), "sample_ms", sample, "collect_ms",
	    between(ended_ms, t->watch_ms), "finish_ms",
	    between(t->watch_ms, t->end_ms), "total_ms", total, "overhead_ms",
	    total - sample);
}

static json_t *
parsed(const char *text)
{
	json_t *json = NULL;

	if (text == NULL || json_parse(text, strlen(text), LIMIT_MSG_BYTES, 16,
				&json) != ERR_OK)
		return json_null();
	return json;
}

static json_int_t
pcap_bytes(const char *summary)
{
	auto_json json_t *json = parsed(summary);

	return json_member_int(json, "pcap_bytes", 0);
}

static json_t *
environment(struct run *run, uint64_t console_bytes)
{
	const struct profile *p = run->slot->machine.profile;
	struct slot_net *net = &run->slot->net;
	json_t *json;

	(void)pthread_mutex_lock(&run->slot->lock);
	json = json_pack("{s:o ss ss ss s:o s:o s:o s:o s:{sI sI sI} sI}",
	    "profile", profile_summary(p), "slot", run->slot->machine.name,
	    "accel", run->slot->machine.is_kvm ? "kvm" : "tcg", "cpu",
	    run->slot->machine.is_kvm ? "host-model" : p->cpu, "hypervisor",
	    parsed(run->slot->versions), "timing", times_json(run), "proof",
	    parsed(net->proof), "network", parsed(net->summary), "outputs",
	    "trace", (json_int_t)run->watch->bytes, "pcap",
	    pcap_bytes(net->summary), "console", (json_int_t)console_bytes,
	    "malformed_frames", (json_int_t)run->watch->in.malformed);
	(void)pthread_mutex_unlock(&run->slot->lock);
	(void)json_object_set_new(json, "time_limit_s",
	    json_integer(run->order->options.time_limit_s));
	return json;
}

static enum run_outcome
execute(struct run *run)
{
	enum run_outcome outcome = begin_network(run);
	struct slot_hooks *hooks = &run->slot->hooks;
	int err;

	run->times.proof_ms = loop_now_ms();
	if (outcome != RUN_OUTCOME_COUNT)
		return outcome;
	hooks->progress(hooks->arg, run->slot, "starting", 2, "restoring");
	err = slot_restore(run->slot, run->why, &run->port);
	run->times.restore_ms = loop_now_ms();
	if (err != ERR_OK)
		return run_blame(run, RUN_VM_FAILED);
	guest_init(
	    run->guest, run->port, run->slot->wake_fd, slot_verdict, run->slot);
	outcome = run_load(run);
	if (outcome != RUN_OUTCOME_COUNT)
		return outcome;
	hooks->progress(hooks->arg, run->slot, "running", 10, "");
	return run_watch(run);
}

void
run_execute(
    struct slot *slot, struct run_order *order, struct run_result *ret_result)
{
	auto_free struct guest *guest = xcalloc(1, sizeof(*guest));
	auto_free struct watch *watch = xcalloc(1, sizeof(*watch));
	struct run run = {
	    .slot = slot, .order = order, .guest = guest, .watch = watch};
	uint64_t console_bytes;

	run.times.begin_ms = loop_now_ms();
	if (order->trace_fd != -1)
		(void)fcntl(order->trace_fd, F_SETFL, O_NONBLOCK);
	if (order->console_fd != -1)
		(void)fcntl(order->console_fd, F_SETFL, O_NONBLOCK);
	ret_result->outcome = execute(&run);
	port_close(run.port);
	end_network(&run);
	console_bytes = copy_console(&run);
	close_fd(&order->trace_fd);
	close_fd(&order->console_fd);
	run.times.end_ms = loop_now_ms();
	ret_result->environment = environment(&run, console_bytes);
	/* A guest that could not be had, not one that the sample broke. */
	ret_result->is_slot_bad = ret_result->outcome == RUN_VM_FAILED;
	(void)snprintf(
	    ret_result->reason, sizeof(ret_result->reason), "%s", run.why);
}
