/* SPDX-License-Identifier: Apache-2.0 */
/* rtnl.h - lists that the kernel gives over rtnetlink(7). */
#ifndef SIMNET_RTNL_H
#define SIMNET_RTNL_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RTNL_LINKS_MAX 64

struct rtnl_link {
	char name[16];
	int index;
	bool is_loopback;
	char kind[16]; /* "tun", "veth" ... or "" */
};

struct rtnl_seen {
	struct rtnl_link links[RTNL_LINKS_MAX];
	unsigned int link_count;
	/* Addresses and routes over other interfaces than the loopback. */
	unsigned int addresses;
	unsigned int routes;
	unsigned int forwarding; /* interfaces that forward, v4 and v6 */
};

/* ERR_SYS with errno when the kernel does not answer as it should. */
int must_check rtnl_look(struct rtnl_seen *ret_seen);

#endif
