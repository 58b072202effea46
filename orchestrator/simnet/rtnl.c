/* SPDX-License-Identifier: Apache-2.0 */
/* rtnl.c - asking the kernel over rtnetlink. */
#include "simnet/rtnl.h"

#include "lib/own.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_BYTES 32768u

typedef void take_fn(struct rtnl_seen *seen, const struct nlmsghdr *header);

static bool
is_loopback(const struct rtnl_seen *seen, int index)
{
	for (unsigned int i = 0; i < seen->link_count; i++) {
		if (seen->links[i].index == index)
			return seen->links[i].is_loopback;
	}
	return false;
}

static const void *
payload(const struct nlmsghdr *header)
{
	return (const char *)header + NLMSG_HDRLEN;
}

/* What is left of a list of attributes (struct rtattr: length, type, data). */
struct cursor {
	const char *p;
	size_t len;
};

struct attribute {
	unsigned int type;
	const char *data;
	size_t len;
};

static struct cursor
attributes(const struct nlmsghdr *header, size_t own)
{
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(own);
	struct cursor c = {.p = (const char *)header + skip};

	c.len = header->nlmsg_len < skip ? 0 : header->nlmsg_len - skip;
	return c;
}

static bool
next(struct cursor *c, struct attribute *ret_attribute)
{
	struct rtattr head;
	size_t step;

	if (c->len < sizeof(head))
		return false;
	memcpy(&head, c->p, sizeof(head));
	if (head.rta_len < sizeof(head) || head.rta_len > c->len)
		return false;
	ret_attribute->type = head.rta_type & 0x3fffu;
	ret_attribute->data = c->p + sizeof(head);
	ret_attribute->len = head.rta_len - sizeof(head);
	step = RTA_ALIGN((size_t)head.rta_len);
	if (step > c->len)
		step = c->len;
	c->p += step;
	c->len -= step;
	return true;
}

static void
take_text(char *dst, size_t size, const struct attribute *a)
{
	(void)snprintf(
	    dst, size, "%.*s", (int)strnlen(a->data, a->len), a->data);
}

static int
take_int(const struct attribute *a, int fallback)
{
	int v = fallback;

	if (a->len >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return v;
}

static void
take_link(struct rtnl_seen *seen, const struct nlmsghdr *header)
{
	const struct ifinfomsg *info = payload(header);
	struct cursor c = attributes(header, sizeof(*info));
	struct rtnl_link *link;
	struct attribute a, inner;

	/* One too many is seen as such by who compares the counts. */
	if (header->nlmsg_type != RTM_NEWLINK ||
	    seen->link_count == RTNL_LINKS_MAX)
		return;
	link = &seen->links[seen->link_count++];
	link->index = info->ifi_index;
	link->is_loopback = info->ifi_type == ARPHRD_LOOPBACK;
	while (next(&c, &a)) {
		struct cursor nested = {.p = a.data, .len = a.len};

		if (a.type == IFLA_IFNAME)
			take_text(link->name, sizeof(link->name), &a);
		while (a.type == IFLA_LINKINFO && next(&nested, &inner)) {
			if (inner.type == IFLA_INFO_KIND)
				take_text(
				    link->kind, sizeof(link->kind), &inner);
		}
	}
}

static void
take_address(struct rtnl_seen *seen, const struct nlmsghdr *header)
{
	const struct ifaddrmsg *info = payload(header);

	if (header->nlmsg_type == RTM_NEWADDR &&
	    !is_loopback(seen, (int)info->ifa_index))
		seen->addresses++;
}

static void
take_route(struct rtnl_seen *seen, const struct nlmsghdr *header)
{
	const struct rtmsg *info = payload(header);
	struct cursor c = attributes(header, sizeof(*info));
	bool is_inside = false;
	struct attribute a;

	if (header->nlmsg_type != RTM_NEWROUTE)
		return;
	/* A route that leads nowhere on purpose is none. */
	if (info->rtm_type == RTN_UNREACHABLE ||
	    info->rtm_type == RTN_BLACKHOLE || info->rtm_type == RTN_PROHIBIT)
		return;
	while (next(&c, &a)) {
		if (a.type == RTA_OIF)
			is_inside = is_loopback(seen, take_int(&a, -1));
	}
	if (!is_inside)
		seen->routes++;
}

static void
take_netconf(struct rtnl_seen *seen, const struct nlmsghdr *header)
{
	struct cursor c = attributes(header, sizeof(struct netconfmsg));
	struct attribute a;

	if (header->nlmsg_type != RTM_NEWNETCONF)
		return;
	while (next(&c, &a)) {
		if (a.type == NETCONFA_FORWARDING && take_int(&a, 0) != 0)
			seen->forwarding++;
	}
}

/* Reads one dump to its end. */
static int
read_dump(int sock, take_fn *take, struct rtnl_seen *seen)
{
	static _Alignas(struct nlmsghdr) char buf[ANSWER_BYTES];

	for (;;) {
		const struct nlmsghdr *header = (const void *)buf;
		ssize_t n = recv(sock, buf, sizeof(buf), 0);
		size_t left = (size_t)n;

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_SYS;
		while (left >= sizeof(*header) &&
		       header->nlmsg_len >= sizeof(*header) &&
		       header->nlmsg_len <= left) {
			size_t step = NLMSG_ALIGN((size_t)header->nlmsg_len);

			if (header->nlmsg_type == NLMSG_DONE)
				return ERR_OK;
			if (header->nlmsg_type == NLMSG_ERROR) {
				errno = EIO;
				return ERR_SYS;
			}
			take(seen, header);
			left -= step < left ? step : left;
			header = (const void *)((const char *)header + step);
		}
	}
}

static int
dump(int sock, unsigned int type, unsigned int family, take_fn *take,
    struct rtnl_seen *seen)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info; /* the longest of the four */
	} ask = {
	    .header =
		{
		    .nlmsg_len = sizeof(ask),
		    .nlmsg_type = (uint16_t)type,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	    .info = {.ifi_family = (unsigned char)family},
	};

	if (send(sock, &ask, sizeof(ask), 0) == -1)
		return ERR_SYS;
	return read_dump(sock, take, seen);
}

int
rtnl_look(struct rtnl_seen *ret_seen)
{
	auto_close int sock =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err;

	memset(ret_seen, 0, sizeof(*ret_seen));
	if (sock == -1)
		return ERR_SYS;
	err = dump(sock, RTM_GETLINK, AF_UNSPEC, take_link, ret_seen);
	if (err == ERR_OK)
		err =
		    dump(sock, RTM_GETADDR, AF_UNSPEC, take_address, ret_seen);
	if (err == ERR_OK)
		err = dump(sock, RTM_GETROUTE, AF_UNSPEC, take_route, ret_seen);
	if (err == ERR_OK)
		err =
		    dump(sock, RTM_GETNETCONF, AF_INET, take_netconf, ret_seen);
	/* A kernel without IPv6 does not know the question. */
	if (err == ERR_OK)
		(void)!dump(
		    sock, RTM_GETNETCONF, AF_INET6, take_netconf, ret_seen);
	return err;
}
