/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmdrive.c - plays loepd and loep-sched for the real loep-vm and loep-simnet.
 *
 *	vmdrive PROGRAMS STATE IMAGES SLOTS COMMAND...
 *
 * Makes the namespace, starts both programs in it as the owner of STATE, wires
 * them, and obeys the commands, each of which prints one line of JSON:
 *
 *	ready SECONDS		waits until every slot is ready
 *	run FILE OPTIONS OUT	runs FILE; outputs go to OUT.trace and so on
 *	start FILE OPTIONS OUT	the same, without waiting for the end
 *	end SECONDS		waits for the end of what was started
 *	cancel			cancels it
 *	state STATE SECONDS	waits until slot 0 is in that state
 *	order WHAT WHOM		a pool order
 *	kill vm|simnet		SIGKILL, then starts it anew and wires it
 *	sleep MS
 *
 * Exit status 0 when all commands got what they waited for.
 */
#include "lib/chan.h"
#include "lib/json.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "parent/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct child {
	const char *name; /* "vm", "simnet" */
	enum role role;
	pid_t pid;
	struct chan *chan;
	bool is_ready;
};

struct drive {
	struct loop *loop;
	struct netns netns;
	const char *programs;
	const char *state;
	const char *images;
	const char *slots;
	uid_t uid;
	gid_t gid;
	struct child vm;
	struct child simnet;
	struct chan *sched; /* our end as sched */
	char slot_state[NETNS_TAPS_MAX][32];
	size_t slot_count;
	uint32_t request;
	bool has_ended;
	uint64_t began_ms;
};

static struct drive d;

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(1);
}

static void
print(json_t *json)
{
	auto_json json_t *owned = json;
	auto_free char *text = json_canonical(owned);

	(void)printf("%s\n", text);
	(void)fflush(stdout);
}

/* --- as loepd --- */

static int
on_ready(void *arg, struct chan *chan, struct msg *msg)
{
	struct child *child = arg;

	(void)chan;
	(void)msg;
	child->is_ready = true;
	return ERR_OK;
}

static int
on_blame(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	(void)msg;
	die("vmdrive: a program was blamed");
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct child *child = arg;

	(void)err;
	(void)fprintf(stderr, "vmdrive: %s ended\n", child->name);
	chan_free(chan);
	child->chan = NULL;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_READY, on_ready},
    {MSG_BLAME, on_blame},
    {MSG_NONE_, NULL},
};

static const struct chan_ops parent_ops = {
    .handlers = parent_handlers,
    .gone = on_gone,
};

static void
conf(const struct child *child, const char *key, const char *value)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	wire_put_str(&body, value);
	(void)chan_send(child->chan, MSG_CONF, 0, &body, -1);
	wire_out_release(&body);
}

static void
conf_tap(const struct child *child, size_t i)
{
	auto_free char *key = xasprintf("tap%zu", i);
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	(void)chan_send(
	    child->chan, MSG_CONF_FD, 0, &body, dup(d.netns.packet_fds[i]));
	wire_out_release(&body);
}

__attribute__((noreturn)) static void
exec_child(const struct child *child, int fd)
{
	auto_free char *path = xasprintf("%s/loep-%s", d.programs, child->name);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getuid() == 0 &&
	    (setgroups(0, NULL) == -1 || setresgid(d.gid, d.gid, d.gid) == -1 ||
		setresuid(d.uid, d.uid, d.uid) == -1))
		_exit(71);
	if (netns_enter(&d.netns) != ERR_OK)
		_exit(72);
	if (dup2(fd, 3) == -1)
		_exit(73);
	if (fd != 3)
		(void)close(fd);
	(void)close_range(4, ~0u, 0);
	(void)execl(path, path, (char *)NULL);
	_exit(74);
}

static void
start(struct child *child)
{
	int fds[2];

	if (chan_pair(fds) != ERR_OK)
		die("vmdrive: socketpair");
	child->is_ready = false;
	child->pid = fork();
	if (child->pid == 0)
		exec_child(child, fds[1]);
	(void)close(fds[1]);
	child->chan = chan_new(d.loop, fds[0], ROLE_PARENT, child->role, "");
	chan_set_ops(child->chan, &parent_ops, child);
	conf(child, "state_dir", d.state);
	conf(child, "image_dir", d.images);
	conf(child, "slots", d.slots);
	conf(child, "libvirt_uri", "qemu:///embed");
	conf(child, "accel", "auto");
	conf(child, "tun_device", d.netns.tun_path);
	for (size_t i = 0; child->role == ROLE_SIMNET && i < d.netns.taps; i++)
		conf_tap(child, i);
	(void)chan_send(child->chan, MSG_CONF_END, 0, NULL, -1);
	while (!child->is_ready && child->chan != NULL)
		loop_turn(d.loop, 1000);
	if (!child->is_ready)
		die("vmdrive: %s does not become ready", child->name);
}

static void
send_peer(const struct child *to, enum role role, int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, (uint16_t)role);
	wire_put_str(&body, "");
	(void)chan_send(to->chan, MSG_PEER, 0, &body, fd);
	wire_out_release(&body);
}

/* --- as loep-sched --- */

static int
on_slot(void *arg, struct chan *chan, struct msg *msg)
{
	char name[64], profile[64], state[32], reason[512];
	unsigned long slot;

	(void)arg;
	(void)chan;
	wire_get_str(&msg->in, name, sizeof(name));
	wire_get_str(&msg->in, profile, sizeof(profile));
	wire_get_str(&msg->in, state, sizeof(state));
	wire_get_str(&msg->in, reason, sizeof(reason));
	slot = strtoul(name + strlen("loep-slot"), NULL, 10);
	if (slot >= NETNS_TAPS_MAX)
		return ERR_PEER;
	(void)snprintf(
	    d.slot_state[slot], sizeof(d.slot_state[slot]), "%s", state);
	if (slot >= d.slot_count)
		d.slot_count = slot + 1;
	(void)fprintf(
	    stderr, "vmdrive: %s %s %s %s\n", name, profile, state, reason);
	return ERR_OK;
}

static int
on_profile(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	(void)msg;
	return ERR_OK;
}

static int
on_run_end(void *arg, struct chan *chan, struct msg *msg)
{
	uint8_t outcome = wire_get_u8(&msg->in);
	auto_free char *why = NULL;
	const uint8_t *p;
	json_t *environment = NULL;
	size_t len;

	(void)arg;
	(void)chan;
	p = wire_get_bytes(&msg->in, &len);
	why = xstrndup((const char *)p, len);
	p = wire_get_bytes(&msg->in, &len);
	if (json_parse(p, len, LIMIT_MSG_BYTES, 16, &environment) != ERR_OK)
		die("vmdrive: the environment is no JSON");
	print(json_pack("{ss ss s:o sI}", "outcome",
	    proto_outcome_name(outcome), "reason", why, "environment",
	    environment, "took_ms", (json_int_t)(loop_now_ms() - d.began_ms)));
	d.has_ended = true;
	return ERR_OK;
}

static const struct chan_handler sched_handlers[] = {
    {MSG_SLOT_STATE, on_slot},
    {MSG_PROFILE_STATE, on_profile},
    {MSG_RUN_PROGRESS, on_profile},
    {MSG_RUN_END, on_run_end},
    {MSG_NONE_, NULL},
};

static void
on_sched_gone(void *arg, struct chan *chan, int err)
{
	(void)arg;
	(void)err;
	chan_free(chan);
	d.sched = NULL;
}

static const struct chan_ops sched_ops = {
    .handlers = sched_handlers,
    .gone = on_sched_gone,
};

static void
wire_sched(void)
{
	int fds[2];

	if (d.sched != NULL)
		chan_free(d.sched);
	if (chan_pair(fds) != ERR_OK)
		die("vmdrive: socketpair");
	d.sched = chan_new(d.loop, fds[0], ROLE_SCHED, ROLE_VM, "");
	chan_set_ops(d.sched, &sched_ops, NULL);
	d.slot_count = 0;
	send_peer(&d.vm, ROLE_SCHED, fds[1]);
}

static void
wire_simnet(void)
{
	int fds[2];

	if (chan_pair(fds) != ERR_OK)
		die("vmdrive: socketpair");
	send_peer(&d.vm, ROLE_SIMNET, fds[0]);
	send_peer(&d.simnet, ROLE_VM, fds[1]);
}

/* --- runs --- */

static int
memory_of(const char *path)
{
	auto_close int in = open(path, O_RDONLY | O_CLOEXEC);
	int out = memfd_create("sample", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint8_t buf[65536];
	ssize_t n;

	if (in == -1 || out == -1)
		die("vmdrive: %s: %s", path, strerror(errno));
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		if (write(out, buf, (size_t)n) != n)
			die("vmdrive: memory");
	}
	(void)fcntl(out, F_ADD_SEALS,
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return out;
}

/* A child copies the pipe into a file, so that we need not. */
static void
send_output(const char *kind, const char *out)
{
	auto_free char *path = xasprintf("%s.%s", out, kind);
	int fds[2];
	struct wire_out body;

	if (pipe2(fds, O_CLOEXEC) == -1)
		die("vmdrive: pipe");
	if (fork() == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		uint8_t buf[65536];
		ssize_t n;

		(void)close(fds[1]);
		while ((n = read(fds[0], buf, sizeof(buf))) > 0) {
			if (write(fd, buf, (size_t)n) != n)
				_exit(1);
		}
		_exit(0);
	}
	(void)close(fds[0]);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, kind);
	(void)chan_send(d.sched, MSG_RUN_OUTPUT, d.request, &body, fds[1]);
	wire_out_release(&body);
}

static void
start_run(const char *path, const char *options, const char *out)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	struct wire_out body;

	d.request++;
	d.has_ended = false;
	d.began_ms = loop_now_ms();
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, "debian-12");
	wire_put_bytes(&body, name, strlen(name));
	wire_put_str(&body, options);
	(void)chan_send(
	    d.sched, MSG_RUN_START, d.request, &body, memory_of(path));
	wire_out_release(&body);
	send_output("trace", out);
	send_output("pcap", out);
	send_output("console", out);
	(void)chan_send(d.sched, MSG_RUN_GO, d.request, NULL, -1);
}

/* --- commands --- */

static bool
all_ready(void)
{
	if (d.slot_count < strtoul(d.slots, NULL, 10))
		return false;
	for (size_t i = 0; i < d.slot_count; i++) {
		if (strcmp(d.slot_state[i], "ready") != 0)
			return false;
	}
	return true;
}

static void
wait_ready(const char *seconds)
{
	uint64_t start_ms = loop_now_ms();
	uint64_t until_ms = start_ms + strtoul(seconds, NULL, 10) * 1000;

	while (!all_ready()) {
		if (loop_now_ms() > until_ms)
			die("vmdrive: the slots are not ready in time");
		loop_turn(d.loop, 200);
	}
	print(json_pack(
	    "{sI}", "ready_ms", (json_int_t)(loop_now_ms() - start_ms)));
}

static void
wait_end(const char *seconds)
{
	uint64_t until_ms = loop_now_ms() + strtoul(seconds, NULL, 10) * 1000;

	while (!d.has_ended) {
		if (loop_now_ms() > until_ms)
			die("vmdrive: the run does not end in time");
		if (d.sched == NULL)
			die("vmdrive: loep-vm went away during a run");
		loop_turn(d.loop, 200);
	}
}

static void
wait_state(const char *state, const char *seconds)
{
	uint64_t until_ms = loop_now_ms() + strtoul(seconds, NULL, 10) * 1000;

	while (strcmp(d.slot_state[0], state) != 0) {
		if (loop_now_ms() > until_ms)
			die("vmdrive: slot 0 is %s, not %s", d.slot_state[0],
			    state);
		loop_turn(d.loop, 100);
	}
}

static void
kill_child(const char *name)
{
	struct child *child = strcmp(name, "vm") == 0 ? &d.vm : &d.simnet;

	(void)kill(child->pid, SIGKILL);
	(void)waitpid(child->pid, NULL, 0);
	while (child->chan != NULL)
		loop_turn(d.loop, 100);
	start(child);
	if (child == &d.vm)
		wire_sched();
	wire_simnet();
}

static void
send_order(const char *what, const char *whom)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, what);
	wire_put_str(&body, whom);
	(void)chan_send(d.sched, MSG_POOL_ORDER, 0, &body, -1);
	wire_out_release(&body);
}

static void
pass_time(const char *ms)
{
	uint64_t until_ms = loop_now_ms() + strtoul(ms, NULL, 10);

	while (loop_now_ms() < until_ms)
		loop_turn(d.loop, 50);
}

struct command {
	const char *name;
	int args;
};

static int
obey(char **argv)
{
	static const struct command commands[] = {{"ready", 1}, {"run", 3},
	    {"start", 3}, {"end", 1}, {"cancel", 0}, {"state", 2}, {"order", 2},
	    {"kill", 1}, {"sleep", 1}};
	size_t i = 0;

	while (i < 9 && strcmp(argv[0], commands[i].name) != 0)
		i++;
	for (int n = 1; i < 9 && n <= commands[i].args; n++) {
		if (argv[n] == NULL)
			die("vmdrive: %s needs more", argv[0]);
	}
	switch (i) {
	case 0:
		wait_ready(argv[1]);
		break;
	case 1:
		start_run(argv[1], argv[2], argv[3]);
		wait_end("900");
		break;
	case 2:
		start_run(argv[1], argv[2], argv[3]);
		break;
	case 3:
		wait_end(argv[1]);
		break;
	case 4:
		(void)chan_send(d.sched, MSG_RUN_CANCEL, d.request, NULL, -1);
		break;
	case 5:
		wait_state(argv[1], argv[2]);
		break;
	case 6:
		send_order(argv[1], argv[2]);
		break;
	case 7:
		kill_child(argv[1]);
		break;
	case 8:
		pass_time(argv[1]);
		break;
	default:
		die("vmdrive: unknown command %s", argv[0]);
	}
	return 1 + commands[i].args;
}

static void
stop(struct child *child)
{
	if (child->chan == NULL)
		return;
	(void)chan_send(child->chan, MSG_STOP, 0, NULL, -1);
	for (int i = 0; i < 300 && child->chan != NULL; i++)
		loop_turn(d.loop, 100);
	(void)kill(child->pid, SIGKILL);
	(void)waitpid(child->pid, NULL, 0);
}

int
main(int argc, char *argv[])
{
	struct netns_conf nc = {.uid = getuid(), .gid = getgid()};
	char why[NETNS_WHY_BYTES];
	struct stat st;

	if (argc < 5)
		die("usage: vmdrive PROGRAMS STATE IMAGES SLOTS COMMAND...");
	log_init("vmdrive");
	(void)signal(SIGPIPE, SIG_IGN);
	d.loop = loop_new();
	d.programs = argv[1];
	d.state = argv[2];
	d.images = argv[3];
	d.slots = argv[4];
	if (stat(d.state, &st) == -1)
		die("vmdrive: %s: %s", d.state, strerror(errno));
	nc.uid = st.st_uid;
	nc.gid = st.st_gid;
	nc.device_dir = d.state;
	nc.taps = strtoul(d.slots, NULL, 10);
	if (netns_create(&nc, why, &d.netns) != ERR_OK)
		die("vmdrive: %s", why);
	d.uid = nc.uid;
	d.gid = nc.gid;
	d.vm = (struct child){.name = "vm", .role = ROLE_VM};
	d.simnet = (struct child){.name = "simnet", .role = ROLE_SIMNET};
	start(&d.simnet);
	start(&d.vm);
	wire_sched();
	wire_simnet();
	for (int i = 5; i < argc;)
		i += obey(argv + i);
	stop(&d.vm);
	stop(&d.simnet);
	return 0;
}
