/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - the cage of programs that are not ours. */
#include "cli/process.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs a line of bash in the cage; its status, and its first line. */
static int
run(const struct process_cage *cage, const char *line, char said[256])
{
	auto_free char *copy = xstrdup(line);
	char *args[] = {(char[]){"bash"}, (char[]){"-c"}, copy, NULL};
	char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
	const struct process_spec spec = {
	    .path = "/bin/bash",
	    .args = args,
	    .env = env,
	    .cage = cage,
	};
	struct process process;

	assert_int_equal(process_start(&process, &spec), ERR_OK);
	if (fgets(said, 256, process.out) == NULL)
		said[0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return process_end(&process);
}

/* A socket that listens on loopback, and its port. */
static int
listen_here(unsigned int *ret_port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static bool
was_called(int fd)
{
	auto_close int peer = accept(fd, NULL, NULL);

	return peer != -1;
}

/* Some machines let nobody make a user namespace: nothing runs there. */
static bool
can_cage(void)
{
	const struct process_cage cage = {.has_network = false};
	char said[256];

	if (run(&cage, "echo in", said) == 0)
		return true;
	print_message("# no cage on this machine\n");
	return false;
}

static void
test_network(void **state)
{
	const struct process_cage caged = {.has_network = false};
	const struct process_cage open = {.has_network = true};
	unsigned int port;
	auto_close int fd = listen_here(&port);
	auto_free char *line =
	    xasprintf("exec 3<>/dev/tcp/127.0.0.1/%u && echo in", port);
	char said[256];

	(void)state;
	if (!can_cage())
		skip();
	assert_int_not_equal(run(&caged, line, said), 0);
	assert_string_equal(said, "");
	assert_false(was_called(fd));
	/* No interface leads anywhere. */
	assert_int_equal(
	    run(&caged, "tail -n +2 /proc/self/net/route | wc -l", said), 0);
	assert_string_equal(said, "0");
	/* Where fetching is configured, there is. */
	assert_int_equal(run(&open, line, said), 0);
	assert_true(was_called(fd));
}

static void
test_files(void **state)
{
	char ours[] = "/tmp/loep-test-process-XXXXXX";
	char theirs[] = "/tmp/loep-test-process-XXXXXX";
	auto_free char *write = NULL;
	auto_free char *read = NULL;
	auto_free char *elsewhere = NULL;
	char said[256];

	(void)state;
	assert_non_null(mkdtemp(ours));
	assert_non_null(mkdtemp(theirs));
	if (!can_cage())
		skip();
	for (int has_network = 0; has_network < 2; has_network++) {
		const struct process_cage cage = {
		    .has_network = has_network != 0,
		    .readable = {theirs, NULL, "/nowhere/at/all"},
		    .writable = ours,
		};

		free(write);
		free(read);
		free(elsewhere);
		write = xasprintf("echo text >%s/f && cat %s/f", ours, ours);
		read = xasprintf("echo text >%s/f", theirs);
		elsewhere = xasprintf(
		    "echo text >/tmp/loep-test-process-%d", (int)getpid());
		assert_int_equal(run(&cage, write, said), 0);
		assert_string_equal(said, "text");
		assert_int_not_equal(run(&cage, read, said), 0);
		assert_int_not_equal(run(&cage, elsewhere, said), 0);
		assert_int_not_equal(run(&cage, "ls /tmp", said), 0);
		assert_int_not_equal(run(&cage, "ls \"$PWD\"", said), 0);
		assert_int_equal(run(&cage, "ls /etc/hostname", said), 0);
	}
	auto_free char *f = xasprintf("%s/f", ours);
	assert_int_equal(unlink(f), 0);
	assert_int_equal(rmdir(ours), 0);
	assert_int_equal(rmdir(theirs), 0);
}

/* Nothing of ours comes along: descriptors, environment, privileges. */
static void
test_inherits_nothing(void **state)
{
	const struct process_cage cage = {.has_network = false};
	auto_close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char said[256];

	(void)state;
	if (!can_cage())
		skip();
	assert_int_equal(setenv("LOEP_TEST_SECRET", "s3cret", 1), 0);
	assert_int_equal(run(&cage, "echo \"<$LOEP_TEST_SECRET>\"", said), 0);
	assert_string_equal(said, "<>");
	assert_int_equal(
	    run(&cage, "grep NoNewPrivs /proc/self/status", said), 0);
	assert_string_equal(said, "NoNewPrivs:\t1");
	assert_int_equal(run(&cage, "ls /proc/self/fd | wc -l", said), 0);
	/* 0, 1, 2 and that of ls. */
	assert_string_equal(said, "4");
	assert_int_not_equal(fd, -1);
}

static void
test_bounds(void **state)
{
	const struct process_cage cage = {.has_network = false};
	char said[256];

	(void)state;
	if (!can_cage())
		skip();
	assert_int_equal(run(&cage, "ulimit -v", said), 0);
	assert_string_equal(said, "6291456");
	assert_int_equal(run(&cage, "ulimit -t", said), 0);
	assert_string_equal(said, "600");
	assert_int_equal(run(&cage, "exit 7", said), 7);
	assert_int_equal(run(&cage, "kill -KILL $$", said), 128 + 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_network),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_inherits_nothing),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
