/* SPDX-License-Identifier: Apache-2.0 */
/* test_input.c - inputs as memory, range socket and pipe. */
#include "lib/input.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
#define TEXT_LEN (sizeof(text) - 1)

static int
make_memory(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, TEXT_LEN), TEXT_LEN);
	return fd;
}

static void
expect(struct input *input, uint64_t at, size_t len, const char *expected)
{
	char got[64] = "";
	size_t got_len = 99;

	assert_int_equal(input_read_at(input, at, got, len, &got_len), ERR_OK);
	assert_int_equal(got_len, strlen(expected));
	assert_memory_equal(got, expected, got_len);
}

static void
expect_ranges(struct input *input)
{
	expect(input, 0, 4, "0123");
	expect(input, 10, 3, "abc");
	expect(input, 35, 10, "z");
	expect(input, 36, 10, "");
	expect(input, 1000, 10, "");
	expect(input, UINT64_MAX, 10, "");
	expect(input, 5, 0, "");
}

static void
test_memory(void **state)
{
	struct input *input = input_new(make_memory(), BLOB_MEMFD, TEXT_LEN);

	(void)state;
	assert_int_equal(input_size(input), TEXT_LEN);
	expect_ranges(input);
	assert_memory_equal(input_map(input), text, TEXT_LEN);
	assert_ptr_equal(input_map(input), input_map(input));
	expect_ranges(input);
	input_free(input);
	input_free(NULL);
}

/* A size that is not true must be no SIGBUS later. */
static void
test_memory_that_is_too_short(void **state)
{
	struct input *input =
	    input_new(make_memory(), BLOB_MEMFD, TEXT_LEN + 1);
	char got[64];
	size_t len = 99;

	(void)state;
	assert_null(input_map(input));
	assert_int_equal(
	    input_read_at(input, 0, got, sizeof(got), &len), ERR_SYS);
	assert_int_equal(errno, EIO);
	assert_int_equal(len, 99);
	input_free(input);
}

static void
test_empty(void **state)
{
	struct input *input =
	    input_new(memfd_create("test", MFD_CLOEXEC), BLOB_MEMFD, 0);

	(void)state;
	assert_non_null(input_map(input));
	expect(input, 0, 10, "");
	input_free(input);
}

static int
make_pipe(void)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], text, TEXT_LEN), TEXT_LEN);
	(void)close(fds[1]);
	return fds[0];
}

static void
test_stream(void **state)
{
	struct input *input = input_new(make_pipe(), BLOB_STREAM, TEXT_LEN);
	char got[8];
	size_t len = 99;

	(void)state;
	assert_null(input_map(input));
	expect(input, 0, 4, "0123");
	expect(input, 4, 2, "45");
	expect(input, 10, 3, "abc");
	/* A pipe does not go back. */
	assert_int_equal(input_read_at(input, 9, got, 1, &len), ERR_SYS);
	assert_int_equal(errno, ESPIPE);
	expect(input, 35, 10, "z");
	expect(input, 36, 10, "");
	input_free(input);
}

static void
test_stream_that_breaks_off(void **state)
{
	struct input *input = input_new(make_pipe(), BLOB_STREAM, 100);
	char got[100];
	size_t len = 99;

	(void)state;
	assert_int_equal(
	    input_read_at(input, 0, got, sizeof(got), &len), ERR_SYS);
	assert_int_equal(errno, EIO);
	input_free(input);
	input = input_new(make_pipe(), BLOB_STREAM, 100);
	assert_int_equal(input_read_at(input, 50, got, 1, &len), ERR_SYS);
	input_free(input);
}

/* Answers at most three bytes at a time, then ends after `answers`. */
struct server {
	int sock;
	int answers;
};

static void *
serve(void *arg)
{
	struct server *server = arg;
	uint8_t bytes[64];
	uint64_t offset;
	uint32_t len;
	ssize_t n;

	while (server->answers-- > 0 &&
	       (n = recv(server->sock, bytes, sizeof(bytes), 0)) > 0 &&
	       range_get_request(bytes, (size_t)n, &offset, &len) == ERR_OK) {
		len = len > 3 ? 3 : len;
		range_put_answer(bytes, ERR_OK, len);
		memcpy(bytes + RANGE_ANSWER_BYTES, text + offset, len);
		(void)send(server->sock, bytes, RANGE_ANSWER_BYTES + len,
		    MSG_NOSIGNAL);
	}
	(void)shutdown(server->sock, SHUT_RDWR);
	return NULL;
}

static void
test_range(void **state)
{
	struct server server = {.answers = 1000};
	struct input *input;
	pthread_t thread;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	server.sock = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
	input = input_new(fds[0], BLOB_RANGE, TEXT_LEN);
	expect_ranges(input);
	expect(input, 0, 36, text);
	assert_null(input_map(input));
	input_free(input);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fds[1]);
}

static void
test_range_that_breaks_off(void **state)
{
	struct server server = {.answers = 2};
	struct input *input;
	pthread_t thread;
	char got[36];
	size_t len = 99;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	server.sock = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
	input = input_new(fds[0], BLOB_RANGE, TEXT_LEN);
	assert_int_equal(
	    input_read_at(input, 0, got, sizeof(got), &len), ERR_SYS);
	assert_int_equal(len, 99);
	input_free(input);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_memory_that_is_too_short),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_stream_that_breaks_off),
	    cmocka_unit_test(test_range),
	    cmocka_unit_test(test_range_that_breaks_off),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
