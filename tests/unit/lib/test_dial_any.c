/* SPDX-License-Identifier: Apache-2.0 */
/* The dialer for places that others name: it goes where it may, and only there. */
#include "lib/dial_any.h"

#include "lib/own.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Listens on a port of 127.0.0.2. */
static int
listen_there(char port[8])
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(port, 8, "%d", ntohs(at.sin_port));
	return fd;
}

static int
dial(int fd, const char *host, const char *port, char why[128])
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int connection = -1;
	int err = dial_any_ask(fd, host, port);

	assert_int_equal(err, ERR_OK);
	assert_int_equal(poll(&ready, 1, 60000), 1);
	err = dial_any_take(fd, why, 128, &connection);
	if (err == ERR_OK)
		(void)close(connection);
	return err;
}

static void
test_dial(void **state)
{
	struct inet_ranges allowed;
	char port[8], why[128];
	auto_close int listener = listen_there(port);
	auto_close int fd = -1;

	(void)state;
	assert_int_equal(inet_ranges_read("127.0.0.2/32", &allowed), ERR_OK);
	assert_int_equal(dial_any_fork(&allowed, &fd), ERR_OK);
	assert_int_equal(dial(fd, "127.0.0.2", port, why), ERR_OK);
	assert_int_equal(dial(fd, "::ffff:127.0.0.2", port, why), ERR_OK);
	/* Spelled in any way, it is the same address. */
	assert_int_equal(dial(fd, "2130706434", port, why), ERR_OK);
	assert_int_equal(dial(fd, "0x7f.2", port, why), ERR_OK);
	assert_int_equal(dial(fd, "127.0.0.1", port, why), ERR_DENIED);
	assert_non_null(strstr(why, "not one on the open internet"));
	assert_int_equal(dial(fd, "localhost", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "::1", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "::ffff:127.0.0.1", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "0", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "2130706433", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "0177.1", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "169.254.169.254", port, why), ERR_DENIED);
	assert_int_equal(dial(fd, "[::1]", port, why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, "cannot be looked up"));
	/* It lives on, and says why where nobody listens. */
	(void)close(take_fd(listener));
	assert_int_equal(dial(fd, "127.0.0.2", port, why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, "refused"));
}

static void
test_gone(void **state)
{
	char why[128];
	int connection = -1;
	char long_name[600];

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(dial_any_ask(-1, "a", "1"), ERR_EOF);
	assert_int_equal(dial_any_ask(-1, long_name, "1"), ERR_LIMIT);
	assert_int_equal(
	    dial_any_take(-1, why, sizeof(why), &connection), ERR_EOF);
	assert_int_equal(connection, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dial),
	    cmocka_unit_test(test_gone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
