/* SPDX-License-Identifier: Apache-2.0 */
/* netns_setup.c - filling the namespace of the virtual machines. */
#include "parent/netns_setup.h"

#include "lib/own.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* A linux/if_packet.h of Debian 12's kernel has it; glibc's header has not. */
#ifndef PACKET_IGNORE_OUTGOING
# define PACKET_IGNORE_OUTGOING 23
#endif
#define PACKET_BUFFER_BYTES (4 << 20)

static int
fail(char *why, const char *what, const char *object)
{
	int saved = errno;

	(void)snprintf(
	    why, NETNS_WHY_BYTES, "%s %s: %s", what, object, strerror(saved));
	errno = saved;
	return ERR_SYS;
}

static int
write_text(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		return ERR_SYS;
	return ERR_OK;
}

int
netns_setup_maps(uid_t uid, gid_t gid, char *why)
{
	char map[64];

	/* Without this an ordinary user may not map its group. */
	if (write_text("/proc/self/setgroups", "deny") != ERR_OK)
		return fail(why, "writing", "/proc/self/setgroups");
	(void)snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	if (write_text("/proc/self/uid_map", map) != ERR_OK)
		return fail(why, "writing", "/proc/self/uid_map");
	(void)snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	if (write_text("/proc/self/gid_map", map) != ERR_OK)
		return fail(why, "writing", "/proc/self/gid_map");
	return ERR_OK;
}

static int
interface_up(const char *name)
{
	auto_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {0};

	if (sock == -1)
		return ERR_SYS;
	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ioctl(sock, SIOCGIFFLAGS, &req) == -1)
		return ERR_SYS;
	req.ifr_flags = (short)(req.ifr_flags | IFF_UP);
	if (ioctl(sock, SIOCSIFFLAGS, &req) == -1)
		return ERR_SYS;
	return ERR_OK;
}

int
netns_setup_base(char *why)
{
	static const char *const off[] = {
	    "/proc/sys/net/ipv6/conf/all/disable_ipv6",
	    "/proc/sys/net/ipv6/conf/default/disable_ipv6",
	};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		/* A kernel without IPv6 has no such file: as good. */
		if (write_text(off[i], "1") != ERR_OK && errno != ENOENT)
			return fail(why, "writing", off[i]);
	}
	if (interface_up("lo") != ERR_OK)
		return fail(why, "taking up", "lo");
	return ERR_OK;
}

int
netns_setup_tap(const char *tun_path, size_t slot, uid_t uid, char *why)
{
	auto_close int fd = open(tun_path, O_RDWR | O_CLOEXEC);
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	if (fd == -1)
		return fail(why, "opening", tun_path);
	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), NETNS_TAP_NAME,
	    (unsigned char)slot);
	if (ioctl(fd, TUNSETIFF, &req) == -1)
		return fail(why, "making", req.ifr_name);
	if (ioctl(fd, TUNSETOWNER, (unsigned long)uid) == -1)
		return fail(why, "giving away", req.ifr_name);
	if (ioctl(fd, TUNSETPERSIST, 1UL) == -1)
		return fail(why, "keeping", req.ifr_name);
	if (interface_up(req.ifr_name) != ERR_OK)
		return fail(why, "taking up", req.ifr_name);
	return ERR_OK;
}

int
netns_setup_filter(size_t taps, char *why)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	char rules[256];
	int failed = 0;

	if (nft == NULL)
		return fail(why, "starting", "nftables");
	(void)nft_ctx_buffer_output(nft);
	(void)nft_ctx_buffer_error(nft);
	failed = nft_run_cmd_from_buffer(nft, "add table netdev loep");
	for (size_t i = 0; i < taps && failed == 0; i++) {
		(void)snprintf(rules, sizeof(rules),
		    "add chain netdev loep guest%hhu { type filter hook ingress "
		    "device \"" NETNS_TAP_NAME "\" priority 0; policy drop; }",
		    (unsigned char)i, (unsigned char)i);
		failed = nft_run_cmd_from_buffer(nft, rules);
	}
	if (failed != 0)
		(void)snprintf(why, NETNS_WHY_BYTES,
		    "setting the ingress filter (needs nf_tables in the "
		    "kernel): %.120s",
		    nft_ctx_get_error_buffer(nft));
	nft_ctx_free(nft);
	return failed == 0 ? ERR_OK : ERR_SYS;
}

static bool
is_tap(const char *name, size_t taps)
{
	char tap[IFNAMSIZ];

	for (size_t i = 0; i < taps; i++) {
		(void)snprintf(
		    tap, sizeof(tap), NETNS_TAP_NAME, (unsigned char)i);
		if (strcmp(name, tap) == 0)
			return true;
	}
	return false;
}

int
netns_setup_verify(size_t taps, char *why)
{
	struct if_nameindex *all = if_nameindex();
	size_t found = 0;
	int err = ERR_OK;

	if (all == NULL)
		return fail(why, "listing", "interfaces");
	for (struct if_nameindex *i = all; i->if_index != 0; i++) {
		if (is_tap(i->if_name, taps)) {
			found++;
		} else if (strcmp(i->if_name, "lo") != 0) {
			(void)snprintf(why, NETNS_WHY_BYTES,
			    "the new namespace holds %.16s, which is neither "
			    "lo nor a tap",
			    i->if_name);
			err = ERR_SYS;
		}
	}
	if_freenameindex(all);
	if (err == ERR_OK && found != taps) {
		(void)snprintf(why, NETNS_WHY_BYTES,
		    "%zu taps were made, %zu are there", taps, found);
		err = ERR_SYS;
	}
	return err;
}

int
netns_setup_packet(size_t slot, int *ret_fd, char *why)
{
	auto_close int fd =
	    socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int size = PACKET_BUFFER_BYTES, on = 1;
	struct sockaddr_ll address = {
	    .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	};
	char name[IFNAMSIZ];

	(void)snprintf(name, sizeof(name), NETNS_TAP_NAME, (unsigned char)slot);
	address.sll_ifindex = (int)if_nametoindex(name);
	if (fd == -1 || address.sll_ifindex == 0)
		return fail(why, "making a packet socket for", name);
	/* The kernel caps it; a full buffer drops, and the guest sends again. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(
		fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == -1)
		return fail(why, "hiding own frames of", name);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == -1)
		return fail(why, "binding to", name);
	*ret_fd = take_fd(fd);
	return ERR_OK;
}
