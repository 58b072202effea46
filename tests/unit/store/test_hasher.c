/* SPDX-License-Identifier: Apache-2.0 */
/* test_hasher.c - the process that hashes passwords: its cage, its queue, its
 * end. */
#include "fake.h"

#include "lib/own.h"
#include "lib/trial.h"
#include "lib/xalloc.h"
#include "store/hasher.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static bool
is_refused(const char *act)
{
	int fds[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		hasher_work(fds[1], act);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS;
	return WEXITSTATUS(status) == TRIAL_REFUSED;
}

static void
test_cage(void **state)
{
	static const char *const acts[] = {"open:/etc/passwd",
	    "write:/tmp/loep-hasher-was-here", "connect", "exec", "fork",
	    "ptrace", "kill", "code"};

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (!is_refused(acts[i]))
			fail_msg("%s", acts[i]);
	}
	/* The test can fail. */
	assert_false(is_refused("memory:1048576"));
}

struct seen {
	size_t done;
	size_t failed;
	uint8_t key[PASSWORD_KEY_BYTES];
};

static void
on_hashed(void *arg, enum err err, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct seen *seen = arg;

	seen->done++;
	seen->failed += err != ERR_OK;
	if (err == ERR_OK)
		memcpy(seen->key, key, PASSWORD_KEY_BYTES);
}

static int
start(struct hasher *h, const char *source, const char *password,
    struct seen *seen)
{
	struct password_hash hash = {.cost = {10, 8, 1}};
	const struct hasher_job job = {
	    .hash = &hash,
	    .password = password,
	    .len = strlen(password),
	    .source = source,
	};

	return hasher_start(h, &job, on_hashed, seen);
}

static void
test_queue(void **state)
{
	struct loop *loop = loop_new();
	struct seen seen = {0};
	struct password_hash expected = {.cost = {10, 8, 1}};
	struct hasher *h;
	char source[16];
	size_t queued = 0;
	int fd;

	(void)state;
	assert_int_equal(hasher_fork(&fd), ERR_OK);
	h = hasher_new(loop, fd);
	/* One source has four places, all of them together 32. */
	for (size_t i = 0; i < HASHER_SOURCE_MAX; i++, queued++)
		assert_int_equal(start(h, "a", "x", &seen), ERR_OK);
	assert_int_equal(start(h, "a", "x", &seen), ERR_LIMIT);
	for (; queued < HASHER_QUEUE_MAX; queued++) {
		(void)snprintf(source, sizeof(source), "b%zu", queued);
		assert_int_equal(start(h, source, "word", &seen), ERR_OK);
	}
	assert_int_equal(start(h, "c", "x", &seen), ERR_LIMIT);
	for (int i = 0; i < 5000 && seen.done < queued; i++)
		loop_turn(loop, 100);
	assert_int_equal(seen.done, queued);
	assert_int_equal(seen.failed, 0);
	assert_int_equal(password_derive(&expected, "word", 4), ERR_OK);
	assert_memory_equal(seen.key, expected.key, PASSWORD_KEY_BYTES);
	hasher_free(h);
	loop_free(loop);
}

/* Nobody waits for a process that is gone. */
static void
test_end(void **state)
{
	struct loop *loop = loop_new();
	struct seen seen = {0};
	struct hasher *h;
	int fds[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	h = hasher_new(loop, fds[0]);
	assert_int_equal(start(h, "a", "x", &seen), ERR_OK);
	assert_int_equal(start(h, "b", "x", &seen), ERR_OK);
	assert_int_equal(seen.done, 0);
	(void)close(fds[1]);
	for (int i = 0; i < 50 && seen.done < 2; i++)
		loop_turn(loop, 100);
	assert_int_equal(seen.done, 2);
	assert_int_equal(seen.failed, 2);
	assert_int_equal(start(h, "a", "x", &seen), ERR_UNAVAILABLE);
	assert_int_equal(start(NULL, "a", "x", &seen), ERR_UNAVAILABLE);
	hasher_free(h);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cage),
	    cmocka_unit_test(test_queue),
	    cmocka_unit_test(test_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
