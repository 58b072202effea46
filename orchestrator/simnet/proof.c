/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - looking, trying, comparing. */
#include "simnet/proof.h"

#include "lib/own.h"
#include "simnet/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SO_NETNS_COOKIE
# define SO_NETNS_COOKIE 71
#endif

/* What is tried: well-known addresses that answer everywhere. */
struct target {
	const char *what;
	int family;
	int type;
	const char *address;
	uint16_t port;
};

static const struct target targets[] = {
    {"dns over udp", AF_INET, SOCK_DGRAM, "8.8.8.8", 53},
    {"dns over udp", AF_INET, SOCK_DGRAM, "9.9.9.9", 53},
    {"https", AF_INET, SOCK_STREAM, "1.1.1.1", 443},
    {"private network", AF_INET, SOCK_STREAM, "192.168.0.1", 80},
    {"private network", AF_INET, SOCK_STREAM, "10.0.0.1", 80},
    {"link-local metadata", AF_INET, SOCK_STREAM, "169.254.169.254", 80},
    {"https over ipv6", AF_INET6, SOCK_STREAM, "2606:4700:4700::1111", 443},
};

struct verdict {
	json_t *json;
	json_t *faults;
	int err;
};

static void
fault(struct verdict *v, int err, const char *text)
{
	(void)json_array_append_new(v->faults, json_string(text));
	if (v->err == ERR_OK)
		v->err = err;
}

static bool
make_address(
    const struct target *t, struct sockaddr_storage *a, socklen_t *ret_len)
{
	struct sockaddr_in6 six = {
	    .sin6_family = AF_INET6, .sin6_port = htons(t->port)};
	struct sockaddr_in four = {
	    .sin_family = AF_INET, .sin_port = htons(t->port)};

	memset(a, 0, sizeof(*a));
	if (t->family == AF_INET) {
		memcpy(a, &four, sizeof(four));
		*ret_len = sizeof(four);
		return inet_pton(AF_INET, t->address,
			   &((struct sockaddr_in *)a)->sin_addr) == 1;
	}
	memcpy(a, &six, sizeof(six));
	*ret_len = sizeof(six);
	return inet_pton(AF_INET6, t->address,
		   &((struct sockaddr_in6 *)a)->sin6_addr) == 1;
}

/* The kernel refuses at once where it knows no way. */
static bool
is_refusal(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH ||
	       error == EADDRNOTAVAIL || error == EAFNOSUPPORT ||
	       error == ENETDOWN;
}

static void
try_target(struct verdict *v, const struct target *t, json_t *tried)
{
	auto_close int sock =
	    socket(t->family, t->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage address;
	socklen_t len = 0;
	int error = 0;

	if (sock == -1)
		error = errno;
	else if (!make_address(t, &address, &len))
		error = EINVAL;
	else if (connect(sock, (const struct sockaddr *)&address, len) == -1)
		error = errno;
	(void)json_array_append_new(
	    tried, json_pack("{ss ss si ss}", "what", t->what, "address",
		       t->address, "port", (int)t->port, "result",
		       error == 0 ? "reached" : strerror(error)));
	if (!is_refusal(error))
		fault(v, ERR_DENIED, "an address outside was not refused");
}

static void
try_all(struct verdict *v)
{
	json_t *tried = json_array();

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		try_target(v, &targets[i], tried);
	(void)json_object_set_new(v->json, "tried", tried);
}

static uint64_t
cookie_of(int sock)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) == -1)
		return 0;
	return cookie;
}

static int
index_of(int packet_fd)
{
	struct sockaddr_ll address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(packet_fd, (struct sockaddr *)&address, &len) == -1 ||
	    address.sll_family != AF_PACKET)
		return -1;
	return address.sll_ifindex;
}

static bool
is_our_tap(const struct proof_conf *conf, const struct rtnl_link *link)
{
	for (size_t i = 0; i < conf->taps; i++) {
		if (conf->packet_fds[i] != -1 &&
		    index_of(conf->packet_fds[i]) == link->index)
			return strcmp(link->kind, "tun") == 0;
	}
	return false;
}

static void
compare_links(struct verdict *v, const struct proof_conf *conf,
    const struct rtnl_seen *seen)
{
	json_t *links = json_array();
	bool has_tap = false;

	for (unsigned int i = 0; i < seen->link_count; i++) {
		const struct rtnl_link *link = &seen->links[i];
		bool is_ours = is_our_tap(conf, link);

		(void)json_array_append_new(
		    links, json_pack("{ss ss}", "name", link->name, "kind",
			       link->is_loopback ? "loopback" : link->kind));
		if (!link->is_loopback && !is_ours)
			fault(v, ERR_DENIED,
			    "an interface is neither loopback nor a tap");
		if (is_ours && strcmp(link->name, conf->tap) == 0)
			has_tap = true;
	}
	if (seen->link_count == RTNL_LINKS_MAX)
		fault(v, ERR_SYS, "there are too many interfaces");
	if (!has_tap)
		fault(v, ERR_SYS, "the slot's tap is not there");
	(void)json_object_set_new(v->json, "interfaces", links);
}

static void
look(struct verdict *v, const struct proof_conf *conf)
{
	struct rtnl_seen seen;

	if (rtnl_look(&seen) != ERR_OK) {
		fault(v, ERR_SYS, "the kernel does not list its network");
		return;
	}
	compare_links(v, conf, &seen);
	if (seen.addresses > 0)
		fault(v, ERR_DENIED, "an interface has an address");
	if (seen.routes > 0)
		fault(v, ERR_DENIED, "there is a route");
	if (seen.forwarding > 0)
		fault(v, ERR_DENIED, "an interface forwards");
	(void)json_object_set_new(
	    v->json, "addresses", json_integer(seen.addresses));
	(void)json_object_set_new(v->json, "routes", json_integer(seen.routes));
	(void)json_object_set_new(
	    v->json, "forwarding", json_integer(seen.forwarding));
}

/* Tap, this process and loep-vm must be in one and the same namespace. */
static void
compare_namespaces(struct verdict *v, const struct proof_conf *conf)
{
	auto_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t own = sock == -1 ? 0 : cookie_of(sock);
	bool is_same = own != 0 && conf->vm_cookie == own;

	for (size_t i = 0; i < conf->taps; i++)
		is_same = is_same && (conf->packet_fds[i] == -1 ||
					 cookie_of(conf->packet_fds[i]) == own);
	(void)json_object_set_new(
	    v->json, "same_namespace", json_boolean(is_same));
	if (!is_same)
		fault(v, ERR_DENIED,
		    "tap, network and VM are not in one namespace");
}

int
proof_make(const struct proof_conf *conf, json_t **ret_json)
{
	struct verdict v = {.json = json_object(), .faults = json_array()};

	look(&v, conf);
	compare_namespaces(&v, conf);
	try_all(&v);
	(void)json_object_set_new(
	    v.json, "is_closed", json_boolean(v.err == ERR_OK));
	(void)json_object_set_new(v.json, "faults", v.faults);
	*ret_json = v.json;
	return v.err;
}
