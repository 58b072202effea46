/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netns.h - the user and network namespace that the virtual machines live in.
 *
 * It holds `lo` and one tap device for each slot, and nothing else: there is
 * no interface through which a packet could leave.  An ordinary user can make
 * it.  A short-lived child makes it as the user that will own the virtual
 * machines, and hands back descriptors; the namespace lives as long as they
 * (or a process inside it) do.  The taps have no address, IPv6 is off, and an
 * ingress filter drops every frame before the kernel's own network code sees
 * it: the only reader is the packet socket of each tap, which loep-simnet
 * gets.
 */
#ifndef PARENT_NETNS_H
#define PARENT_NETNS_H

#include "lib/err.h"

#include <stddef.h>
#include <sys/types.h>

#define NETNS_TAPS_MAX	 ((size_t)32)
#define NETNS_PATH_BYTES 256
#define NETNS_WHY_BYTES	 ((size_t)256)
/* The name of a slot's tap; %hhu is the slot's number. */
#define NETNS_TAP_NAME "loep-tap%hhu"

struct netns_conf {
	/*
	 * Who owns the namespace and its taps.  Must be the caller's own ids,
	 * unless the caller is root; never 0 then.
	 */
	uid_t uid;
	gid_t gid;
	size_t taps; /* 1 to NETNS_TAPS_MAX */
	/*
	 * A folder of the site in which root may make a device node for uid
	 * where /dev/net/tun is closed to it; NULL = do not.
	 */
	const char *device_dir;
};

struct netns {
	int user_fd; /* /proc/PID/ns/user */
	int net_fd;  /* /proc/PID/ns/net */
	size_t taps;
	/* A packet socket on each tap, for CONF_FD "tap0" ... of simnet. */
	int packet_fds[NETNS_TAPS_MAX];
	/* What opens taps: for the key "tun_device" of vm. */
	char tun_path[NETNS_PATH_BYTES];
};

/*
 * Makes the namespace.  On failure (ERR_SYS, ERR_UNAVAILABLE) why says what
 * was tried and what to do; *ret_ns is then untouched.  netns_release() frees.
 */
int must_check netns_create(const struct netns_conf *conf,
    char why[NETNS_WHY_BYTES], struct netns *ret_ns);
/* Closes the descriptors; idempotent. */
void netns_release(struct netns *ns);
/* Closes the packet sockets only, once simnet has them. */
void netns_release_packets(struct netns *ns);
/*
 * Enters the namespace: for a forked child, after it took the ids that the
 * namespace was made for and before exec.  Makes system calls only.
 */
int must_check netns_enter(const struct netns *ns);
/*
 * Tries all of the above once and undoes it, for `loep doctor`: ERR_OK, or an
 * error and a sentence in why.
 */
int must_check netns_probe(
    const struct netns_conf *conf, char why[NETNS_WHY_BYTES]);

#endif
