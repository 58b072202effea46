/* SPDX-License-Identifier: Apache-2.0 */
/* test_netns.c - the namespace of the virtual machines, really made. */
#include "lib/own.h"
#include "parent/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char device_dir[] = "/tmp/loep-netns-XXXXXX";

static struct netns_conf
conf(size_t taps)
{
	struct netns_conf c = {.uid = getuid(), .gid = getgid(), .taps = taps};

	if (c.uid == 0) {
		c.uid = c.gid = 65534;
		c.device_dir = device_dir;
	}
	return c;
}

static void
create(size_t taps, struct netns *ret_ns)
{
	struct netns_conf c = conf(taps);
	char why[NETNS_WHY_BYTES];
	int err = netns_create(&c, why, ret_ns);

	if (err == ERR_UNAVAILABLE ||
	    (err != ERR_OK && c.uid == getuid() &&
		access("/dev/net/tun", R_OK | W_OK) == -1)) {
		print_message("# skipped: %s\n", why);
		skip();
	}
	if (err != ERR_OK)
		fail_msg("%s", why);
}

/* The first bytes of a file of this namespace; 0 bytes where there is none. */
static size_t
read_own(const char *path, char *buf, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

/* Nothing is routed, and nothing would be if there were somewhere to go. */
static bool
has_no_route(void)
{
	char text[4096];

	/* A line of headings, and no route. */
	if (read_own("/proc/thread-self/net/route", text, sizeof(text)) == 0 ||
	    strchr(text, '\n') == NULL ||
	    strspn(strchr(text, '\n') + 1, " \n") !=
		strlen(strchr(text, '\n') + 1))
		return false;
	return read_own("/proc/sys/net/ipv4/ip_forward", text, sizeof(text)) ==
		   0 ||
	       text[0] == '0';
}

static int
inside(size_t taps)
{
	struct sockaddr_in outside = {
	    .sin_family = AF_INET,
	    .sin_port = htons(53),
	    .sin_addr.s_addr = htonl(0x01010101),
	};
	struct if_nameindex *all = if_nameindex();
	size_t count = 0;
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	for (struct if_nameindex *i = all; i != NULL && i->if_index != 0; i++)
		count++;
	if (count != taps + 1)
		return 2;
	if (if_nametoindex("loep-tap0") == 0)
		return 3;
	if (connect(sock, (const struct sockaddr *)&outside, sizeof(outside)) ==
		0 ||
	    errno != ENETUNREACH)
		return 4;
	if (!has_no_route())
		return 5;
	/* Without exec the capabilities are there: nothing may rely on that. */
	return 0;
}

static void
test_holds_lo_and_taps_only(void **state)
{
	struct netns ns;
	int status = -1;
	pid_t pid;

	(void)state;
	create(3, &ns);
	pid = fork();
	if (pid == 0) {
		if (getuid() == 0 && (setresgid(65534, 65534, 65534) == -1 ||
					 setresuid(65534, 65534, 65534) == -1))
			_exit(9);
		if (netns_enter(&ns) != ERR_OK)
			_exit(1);
		_exit(inside(3));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	netns_release(&ns);
	netns_release(&ns);
}

static void
test_packet_sockets_are_bound(void **state)
{
	struct netns ns;

	(void)state;
	create(2, &ns);
	for (size_t i = 0; i < 2; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);

		assert_int_equal(getsockname(ns.packet_fds[i],
				     (struct sockaddr *)&address, &len),
		    0);
		assert_int_equal(address.ss_family, AF_PACKET);
	}
	netns_release(&ns);
}

static void
test_refuses_root_and_silly_counts(void **state)
{
	struct netns_conf c = conf(1);
	char why[NETNS_WHY_BYTES];
	struct netns ns;

	(void)state;
	c.uid = 0;
	assert_int_equal(netns_create(&c, why, &ns), ERR_CONFLICT);
	c = conf(0);
	assert_int_equal(netns_create(&c, why, &ns), ERR_CONFLICT);
	c = conf(NETNS_TAPS_MAX + 1);
	assert_int_equal(netns_create(&c, why, &ns), ERR_CONFLICT);
	assert_string_not_equal(why, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_holds_lo_and_taps_only),
	    cmocka_unit_test(test_packet_sockets_are_bound),
	    cmocka_unit_test(test_refuses_root_and_silly_counts),
	};
	int failed;

	if (mkdtemp(device_dir) == NULL || chmod(device_dir, 0711) == -1)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (chdir(device_dir) == 0) {
		(void)unlink("net-tun");
		(void)rmdir(device_dir);
	}
	return failed;
}
