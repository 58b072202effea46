/* SPDX-License-Identifier: Apache-2.0 */
/* netns.c - making and entering the namespace of the virtual machines. */
#include "parent/netns.h"

#include "lib/own.h"
#include "parent/netns_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define TUN_DEVICE "/dev/net/tun"
/* Linux's allocated devices: misc, 200 = TUN/TAP. */
#define TUN_MAJOR 10
#define TUN_MINOR 200
#define FDS_MAX	  (NETNS_TAPS_MAX + 2)

static int
fail(char *why, const char *what)
{
	int saved = errno;

	(void)snprintf(why, NETNS_WHY_BYTES, "%s: %s", what, strerror(saved));
	errno = saved;
	return ERR_SYS;
}

/* --- the child: makes everything, sends descriptors, ends --- */

static int
become(const struct netns_conf *conf, char *why)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) == -1 ||
		setresgid(conf->gid, conf->gid, conf->gid) == -1 ||
		setresuid(conf->uid, conf->uid, conf->uid) == -1))
		return fail(why, "taking the ids of the virtual machines");
	/* Changing ids hides /proc/self, where the maps are written. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1)
		return fail(why, "becoming dumpable");
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1) {
		(void)snprintf(why, NETNS_WHY_BYTES,
		    "no user namespace can be made (%s): allow them with "
		    "sysctl user.max_user_namespaces, "
		    "kernel.unprivileged_userns_clone or the security module",
		    strerror(errno));
		return ERR_UNAVAILABLE;
	}
	return netns_setup_maps(conf->uid, conf->gid, why);
}

static int
fill(const struct netns_conf *conf, const char *tun_path, int *fds, char *why)
{
	int err = become(conf, why);

	if (err == ERR_OK)
		err = netns_setup_base(why);
	for (size_t i = 0; i < conf->taps && err == ERR_OK; i++)
		err = netns_setup_tap(tun_path, i, conf->uid, why);
	if (err == ERR_OK)
		err = netns_setup_filter(conf->taps, why);
	if (err == ERR_OK)
		err = netns_setup_verify(conf->taps, why);
	for (size_t i = 0; i < conf->taps && err == ERR_OK; i++)
		err = netns_setup_packet(i, &fds[2 + i], why);
	if (err != ERR_OK)
		return err;
	fds[0] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	fds[1] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fds[0] == -1 || fds[1] == -1)
		return fail(why, "opening /proc/self/ns");
	return ERR_OK;
}

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* One packet: the result, then the reason; descriptors where it is ERR_OK. */
static void
answer(int sock, int err, const char *why, const int *fds, size_t count)
{
	union control control = {0};
	uint8_t code = (uint8_t)err;
	char text[NETNS_WHY_BYTES];
	struct iovec iov[2] = {
	    {.iov_base = &code, .iov_len = 1},
	    {.iov_base = text, .iov_len = sizeof(text)},
	};
	struct msghdr header = {.msg_iov = iov, .msg_iovlen = 2};

	memset(text, 0, sizeof(text));
	(void)snprintf(text, sizeof(text), "%s", why);
	if (err == ERR_OK) {
		size_t bytes = count * sizeof(int);

		header.msg_control = control.space;
		header.msg_controllen = CMSG_SPACE(bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(&control.header), fds, bytes);
	}
	(void)sendmsg(sock, &header, MSG_NOSIGNAL);
}

__attribute__((noreturn)) static void
child_main(const struct netns_conf *conf, const char *tun_path, int sock)
{
	char why[NETNS_WHY_BYTES] = "";
	int fds[FDS_MAX];
	int err;

	err = fill(conf, tun_path, fds, why);
	answer(sock, err, why, fds, conf->taps + 2);
	_exit(0);
}

/* --- the parent --- */

static int
take_answer(
    int sock, const struct netns_conf *conf, char *why, struct netns *ret_ns)
{
	union control control;
	uint8_t code = ERR_SYS;
	char text[NETNS_WHY_BYTES] = "";
	struct iovec iov[2] = {
	    {.iov_base = &code, .iov_len = 1},
	    {.iov_base = text, .iov_len = sizeof(text)},
	};
	struct msghdr header = {
	    .msg_iov = iov,
	    .msg_iovlen = 2,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space),
	};
	int fds[FDS_MAX];
	ssize_t len;

	do {
		len = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	} while (len == -1 && errno == EINTR);
	if (len != (ssize_t)(1 + sizeof(text))) {
		(void)snprintf(why, NETNS_WHY_BYTES,
		    "the process that makes the namespace died");
		return ERR_SYS;
	}
	text[sizeof(text) - 1] = '\0';
	(void)snprintf(why, NETNS_WHY_BYTES, "%s", text);
	if (code != ERR_OK)
		return code;
	if (header.msg_controllen == 0 || (header.msg_flags & MSG_CTRUNC) ||
	    control.header.cmsg_len !=
		CMSG_LEN((conf->taps + 2) * sizeof(int))) {
		(void)snprintf(why, NETNS_WHY_BYTES,
		    "the descriptors of the namespace did not arrive; is "
		    "RLIMIT_NOFILE very low?");
		return ERR_SYS;
	}
	memcpy(fds, CMSG_DATA(&control.header), (conf->taps + 2) * sizeof(int));
	ret_ns->user_fd = fds[0];
	ret_ns->net_fd = fds[1];
	ret_ns->taps = conf->taps;
	for (size_t i = 0; i < conf->taps; i++)
		ret_ns->packet_fds[i] = fds[2 + i];
	return ERR_OK;
}

/*
 * A stock system opens /dev/net/tun to everyone.  Where it does not, root
 * gives the owner of the virtual machines a node of its own instead of
 * changing the system's.
 */
static int
choose_tun(const struct netns_conf *conf, char *path, char *why)
{
	const mode_t all = S_IROTH | S_IWOTH;
	struct stat st;

	(void)snprintf(path, NETNS_PATH_BYTES, TUN_DEVICE);
	if (geteuid() != 0 || conf->device_dir == NULL)
		return ERR_OK;
	if (stat(TUN_DEVICE, &st) == 0 && (st.st_mode & all) == all)
		return ERR_OK;
	if (snprintf(path, NETNS_PATH_BYTES, "%s/net-tun", conf->device_dir) >=
	    NETNS_PATH_BYTES) {
		errno = ENAMETOOLONG;
		return fail(why, "naming a tun device");
	}
	(void)unlink(path);
	if (mknod(path, S_IFCHR | 0600, makedev(TUN_MAJOR, TUN_MINOR)) == -1 ||
	    chown(path, conf->uid, conf->gid) == -1)
		return fail(why, "making a tun device");
	return ERR_OK;
}

int
netns_create(const struct netns_conf *conf, char why[NETNS_WHY_BYTES],
    struct netns *ret_ns)
{
	struct netns ns = {.user_fd = -1, .net_fd = -1};
	auto_close int mine = -1;
	int pair[2], err;
	pid_t pid;

	why[0] = '\0';
	if (conf->taps == 0 || conf->taps > NETNS_TAPS_MAX || conf->uid == 0) {
		(void)snprintf(why, NETNS_WHY_BYTES,
		    "virtual machines need 1 to %zu taps and a uid that is "
		    "not root's",
		    NETNS_TAPS_MAX);
		return ERR_CONFLICT;
	}
	err = choose_tun(conf, ns.tun_path, why);
	if (err != ERR_OK)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return fail(why, "making a socket pair");
	pid = fork();
	if (pid == 0)
		child_main(conf, ns.tun_path, pair[1]);
	(void)close(pair[1]);
	mine = pair[0];
	if (pid == -1)
		return fail(why, "forking");
	err = take_answer(mine, conf, why, &ns);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	if (err == ERR_OK)
		*ret_ns = ns;
	return err;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
netns_release_packets(struct netns *ns)
{
	for (size_t i = 0; i < ns->taps; i++)
		close_one(&ns->packet_fds[i]);
}

void
netns_release(struct netns *ns)
{
	netns_release_packets(ns);
	close_one(&ns->user_fd);
	close_one(&ns->net_fd);
	ns->taps = 0;
}

int
netns_enter(const struct netns *ns)
{
	/* The user namespace first: it gives the right to the other. */
	if (setns(ns->user_fd, CLONE_NEWUSER) == -1 ||
	    setns(ns->net_fd, CLONE_NEWNET) == -1)
		return ERR_SYS;
	return ERR_OK;
}

int
netns_probe(const struct netns_conf *conf, char why[NETNS_WHY_BYTES])
{
	struct netns ns;
	int err = netns_create(conf, why, &ns);

	if (err == ERR_OK)
		netns_release(&ns);
	return err;
}
