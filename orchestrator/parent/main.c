/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loepd - the parent: starts and restarts the other programs, and no more.
 *
 * Reads:  its arguments, the configuration file.
 * Makes:  the lock, the listening socket, the namespaces of the VMs.
 * Trusts: the configuration; READY, BLAME of its children, whose texts it
 *         only logs.
 * Ends:   at SIGTERM or SIGINT, after its children, phase by phase; its death
 *         is theirs (PR_SET_PDEATHSIG, and descriptor 3 closes).
 */
#include "lib/conf.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "parent/account.h"
#include "parent/child.h"
#include "parent/init.h"
#include "parent/listen.h"
#include "parent/netns.h"
#include "parent/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct daemon {
	struct loop *loop;
	struct family *family;
	const char *state_dir;
	bool is_check; /* --check: print the cages and end */
	int status;
};

static const char usage[] =
    "usage: loepd [--state DIR] [--config FILE] [--programs DIR]\n"
    "       loepd --init [--state DIR] [--org NAME] [--class CODE]\n"
    "       loepd --check [--state DIR]   start all, print each cage, end\n"
    "       loepd --version | --help\n"
    "\n"
    "Usually started by `loep start` or by systemd; see loepd(8).\n";

struct options {
	char *state_dir;
	char *config;
	char *programs_dir;
	const char *org;
	const char *class;
	const char *admin_uid;
	bool is_init;
	bool is_check;
};

/* Where the programs are: beside this one. */
static char *
own_folder(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len == -1)
		return xstrdup(".");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	return xstrdup(path);
}

static char *
default_state(void)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (geteuid() == 0)
		return xstrdup("/var/lib/loep");
	if (xdg != NULL && xdg[0] == '/')
		return xasprintf("%s/loep", xdg);
	return xasprintf("%s/.local/state/loep", home ? home : "");
}

static void
parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"state", required_argument, NULL, 's'},
	    {"config", required_argument, NULL, 'c'},
	    {"programs", required_argument, NULL, 'p'},
	    {"init", no_argument, NULL, 'i'},
	    {"org", required_argument, NULL, 'o'},
	    {"class", required_argument, NULL, 'k'},
	    {"admin-uid", required_argument, NULL, 'u'},
	    {"check", no_argument, NULL, 'C'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			o->state_dir = xstrdup(optarg);
			break;
		case 'c':
			o->config = xstrdup(optarg);
			break;
		case 'p':
			o->programs_dir = xstrdup(optarg);
			break;
		case 'i':
			o->is_init = true;
			break;
		case 'o':
			o->org = optarg;
			break;
		case 'k':
			o->class = optarg;
			break;
		case 'u':
			o->admin_uid = optarg;
			break;
		case 'C':
			o->is_check = true;
			break;
		case 'V':
			printf("loepd %s\n", LOEP_VERSION);
			exit(0);
		case 'h':
			printf("%s", usage);
			exit(0);
		default:
			fprintf(stderr, "%s", usage);
			exit(64);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "%s", usage);
		exit(64);
	}
}

/* Tells systemd (sd_notify(3)) where it listens; else does nothing. */
static void
notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	auto_close int fd = -1;
	size_t len;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd != -1)
		(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		    (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

static void
print_cages(const struct daemon *d)
{
	static char buf[64 * 1024];

	/* In one piece: programs log to the same pipe meanwhile. */
	(void)setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	printf("[");
	for (size_t i = 0; i < table_program_count; i++) {
		const char *cage = family_cage(d->family, i);

		printf("%s\n{\"program\":\"%s\",\"cage\":%s}", i ? "," : "",
		    table_programs[i].binary, cage ? cage : "null");
	}
	printf("\n]\n");
	(void)fflush(stdout);
}

static void
on_family(void *arg, bool is_ready, int status)
{
	struct daemon *d = arg;

	if (!is_ready) {
		d->status = status;
		loop_stop(d->loop);
		return;
	}
	log_line(LOG_INFO,
	    "msg=\"all programs are ready\" socket=%s/run/"
	    "loep.sock",
	    d->state_dir);
	notify("READY=1\n");
	if (d->is_check) {
		print_cages(d);
		family_stop(d->family);
	}
}

static void
on_signal(void *arg, int fd, unsigned int events)
{
	struct daemon *d = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	log_line(LOG_INFO, "msg=stopping signal=%u", info.ssi_signo);
	notify("STOPPING=1\n");
	family_stop(d->family);
}

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The namespaces of the VMs; without them Loep runs, but detonates nothing. */
static int
make_netns(const struct conf *conf, const char *state_dir,
    struct family_conf *family, struct netns *netns)
{
	const char *wanted = conf_get(conf, "loepd.vm");
	long slots = strtol(conf_get(conf, "vm.slots"), NULL, 10);
	auto_free char *device_dir = xasprintf("%s/vm", state_dir);
	struct netns_conf nc = {.device_dir = device_dir};
	char why[NETNS_WHY_BYTES] = "";

	if (strcmp(wanted, "no") == 0 || slots <= 0) {
		log_line(LOG_INFO, "msg=\"VMs are off\" vm=%s slots=%ld",
		    wanted, slots);
		return ERR_OK;
	}
	nc.uid = account_uid("loep-vm", &nc.gid);
	nc.taps = (size_t)slots;
	if (netns_create(&nc, why, netns) != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"VMs are off: no network namespace\" "
		    "reason=\"%s\" help=\"see loep doctor\"",
		    why);
		return strcmp(wanted, "yes") == 0 ? ERR_UNAVAILABLE : ERR_OK;
	}
	family->user_ns = netns->user_fd;
	family->net_ns = netns->net_fd;
	family->tap_fds = netns->packet_fds;
	family->tap_count = netns->taps;
	family->tun_path = netns->tun_path;
	return ERR_OK;
}

static int
lock_state(const char *state_dir, int *ret_fd)
{
	pid_t holder;
	int err = statedir_lock(state_dir, ret_fd, &holder);

	if (err == ERR_CONFLICT)
		fprintf(stderr,
		    "loepd: another loepd (process %d) serves %s; "
		    "stop it first, or choose another folder with --state\n",
		    (int)holder, state_dir);
	else if (err != ERR_OK)
		fprintf(stderr, "loepd: cannot lock %s: %s\n", state_dir,
		    strerror(errno));
	return err;
}

/* The addresses, and a certificate that can be read and a key that is kept. */
static int
make_https(const struct conf *conf, const char *state_dir,
    struct family_conf *family, struct listen *https)
{
	const char *named = conf_get(conf, "web.tls_key");
	auto_free char *own = xasprintf("%s/tls/key.pem", state_dir);
	const char *path = named[0] != '\0' ? named : own;
	char why[LISTEN_WHY_BYTES] = "";
	struct stat st;

	if (listen_addresses(conf_get(conf, "web.listen"), https, why) !=
	    ERR_OK) {
		fprintf(stderr, "loepd: web.listen: %s\n", why);
		return ERR_SYS;
	}
	family->https_fds = https->fds;
	family->https_count = https->count;
	if (https->count == 0)
		return ERR_OK;
	if (stat(path, &st) == -1) {
		fprintf(stderr,
		    "loepd: web.listen wants a certificate and key, but %s: "
		    "%s.\nMake them with `loep tls-cert`, or name yours in "
		    "[web] tls_certificate and tls_key.\n",
		    path, strerror(errno));
		return ERR_NOT_FOUND;
	}
	if ((st.st_mode & 077) != 0) {
		fprintf(stderr,
		    "loepd: others may read the key %s; chmod 600 it\n", path);
		return ERR_DENIED;
	}
	return ERR_OK;
}

static int
serve(struct options *o, const struct conf *conf)
{
	struct daemon d = {.state_dir = o->state_dir, .is_check = o->is_check};
	struct family_conf family = {
	    .conf = conf,
	    .listen_fd = -1,
	    .user_ns = -1,
	    .net_ns = -1,
	};
	auto_free char *socket_path =
	    xasprintf("%s/run/loep.sock", o->state_dir);
	auto_close int lock_fd = -1;
	auto_close int signal_fd = -1;
	struct listen https;
	struct netns netns = {.user_fd = -1, .net_fd = -1};

	if (lock_state(o->state_dir, &lock_fd) != ERR_OK)
		return 75;
	if (init_folders(o->state_dir) != ERR_OK)
		return 73;
	if (listen_unix(socket_path, &family.listen_fd) != ERR_OK) {
		fprintf(stderr, "loepd: cannot listen on %s: %s\n", socket_path,
		    strerror(errno));
		return 73;
	}
	if (make_https(conf, o->state_dir, &family, &https) != ERR_OK)
		return 78;
	if (make_netns(conf, o->state_dir, &family, &netns) != ERR_OK)
		return 69;
	signal_fd = open_signals();
	d.loop = loop_new();
	(void)loop_watch(d.loop, signal_fd, LOOP_READ, on_signal, &d);
	family.loop = d.loop;
	family.state_dir = o->state_dir;
	family.programs_dir = o->programs_dir;
	family.uid_of = account_uid;
	d.family = family_start(&family, on_family, &d);
	loop_run(d.loop);
	family_free(d.family);
	(void)unlink(socket_path);
	netns_release(&netns);
	loop_free(d.loop);
	return d.status;
}

static int
init(struct options *o)
{
	auto_free char *own_uid = xasprintf("%u", (unsigned int)getuid());
	struct init init = {
	    .state_dir = o->state_dir,
	    .programs_dir = o->programs_dir,
	    .org_name = o->org ? o->org : "CSIRT",
	    .org_class = o->class ? o->class : "CSIRT",
	    .admin_uid = o->admin_uid ? o->admin_uid : own_uid,
	};

	return init_run(&init) == ERR_OK ? 0 : 73;
}

static void
find_state(struct options *o)
{
	char *real;

	if (o->state_dir == NULL)
		o->state_dir = default_state();
	real = realpath(o->state_dir, NULL);
	if (real != NULL)
		o->state_dir = real;
	else if (!o->is_init) {
		fprintf(stderr,
		    "loepd: no state folder %s: make one with "
		    "`loep init`, or name yours with --state\n",
		    o->state_dir);
		exit(66);
	} else if (o->state_dir[0] != '/') {
		char cwd[PATH_MAX];

		if (getcwd(cwd, sizeof(cwd)) != NULL)
			o->state_dir = xasprintf("%s/%s", cwd, o->state_dir);
	}
	if (o->config == NULL)
		o->config = xasprintf("%s/loep.conf", o->state_dir);
	if (o->programs_dir == NULL)
		o->programs_dir = own_folder();
}

int
main(int argc, char **argv)
{
	struct options o = {0};
	struct conf *conf = NULL;
	const char *user;
	char why[512];
	int status;

	log_init("loepd");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(022);
	parse(argc, argv, &o);
	find_state(&o);
	if (conf_read(o.config, true, why, sizeof(why), &conf) != ERR_OK) {
		fprintf(stderr, "loepd: %s: %s\n", o.config, why);
		return 78;
	}
	if (account_load(conf_get(conf, "loepd.user"), &user) != ERR_OK) {
		fprintf(stderr,
		    "loepd: started as root, but there is no user "
		    "\"%s\" to run the programs as.\nMake it (useradd "
		    "--system %s), name another in [loepd] user, or start "
		    "loepd as an ordinary user.\n",
		    user, user);
		return 78;
	}
	status = o.is_init ? init(&o) : serve(&o, conf);
	conf_free(conf);
	return status;
}
