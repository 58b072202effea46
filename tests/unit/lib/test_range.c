/* SPDX-License-Identifier: Apache-2.0 */
/* test_range.c - range requests and answers, honest and not. */
#include "lib/own.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

static void
test_request(void **state)
{
	static const uint8_t request[RANGE_REQUEST_BYTES + 1] = {
	    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00, 0x10, 0, 0};
	uint8_t bad[RANGE_REQUEST_BYTES];
	uint64_t offset = 0;
	uint32_t len = 0;

	(void)state;
	assert_int_equal(
	    range_get_request(request, RANGE_REQUEST_BYTES, &offset, &len),
	    ERR_OK);
	assert_int_equal(offset, 0x1122334455667788);
	assert_int_equal(len, 0x1000);
	for (size_t n = 0; n < RANGE_REQUEST_BYTES; n++)
		assert_int_equal(
		    range_get_request(request, n, &offset, &len), ERR_PEER);
	assert_int_equal(
	    range_get_request(request, RANGE_REQUEST_BYTES + 1, &offset, &len),
	    ERR_PEER);
	memset(bad, 0xff, sizeof(bad));
	assert_int_equal(
	    range_get_request(bad, sizeof(bad), &offset, &len), ERR_PEER);
}

/* One answer from a server that may lie. */
struct server {
	int sock;
	const uint8_t *answer;
	size_t len;
};

static void *
serve(void *arg)
{
	struct server *server = arg;
	uint8_t request[64];

	if (recv(server->sock, request, sizeof(request), 0) <= 0)
		return NULL;
	if (server->answer != NULL)
		(void)send(
		    server->sock, server->answer, server->len, MSG_NOSIGNAL);
	else
		(void)shutdown(server->sock, SHUT_RDWR);
	return NULL;
}

static int
ask(const uint8_t *answer, size_t answer_len, void *p, size_t len,
    size_t *ret_len)
{
	struct server server = {.answer = answer, .len = answer_len};
	pthread_t thread;
	int fds[2];
	int err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	server.sock = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
	err = range_read(fds[0], 5, p, len, ret_len);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return err;
}

static void
test_answers(void **state)
{
	uint8_t answer[RANGE_ANSWER_BYTES + 4];
	uint8_t got[4] = {0};
	size_t len = 99;

	(void)state;
	range_put_answer(answer, ERR_OK, 4);
	memcpy(answer + RANGE_ANSWER_BYTES, "abcd", 4);
	assert_int_equal(ask(answer, sizeof(answer), got, 4, &len), ERR_OK);
	assert_int_equal(len, 4);
	assert_memory_equal(got, "abcd", 4);
	/* Nothing there: the end. */
	range_put_answer(answer, ERR_OK, 0);
	assert_int_equal(ask(answer, RANGE_ANSWER_BYTES, got, 4, &len), ERR_OK);
	assert_int_equal(len, 0);
	/* Damage. */
	range_put_answer(answer, ERR_FORMAT, 0);
	len = 99;
	errno = 0;
	assert_int_equal(
	    ask(answer, RANGE_ANSWER_BYTES, got, 4, &len), ERR_SYS);
	assert_int_equal(errno, EIO);
	assert_int_equal(len, 99);
}

static void
test_lies(void **state)
{
	uint8_t answer[RANGE_ANSWER_BYTES + 8] = {0};
	uint8_t got[4] = {0};
	size_t len = 99;

	(void)state;
	/* A count that is not what came. */
	range_put_answer(answer, ERR_OK, 3);
	assert_int_equal(
	    ask(answer, RANGE_ANSWER_BYTES + 4, got, 4, &len), ERR_SYS);
	range_put_answer(answer, ERR_OK, 0xffffffff);
	assert_int_equal(
	    ask(answer, RANGE_ANSWER_BYTES + 4, got, 4, &len), ERR_SYS);
	/* More than was asked for. */
	range_put_answer(answer, ERR_OK, 8);
	assert_int_equal(
	    ask(answer, RANGE_ANSWER_BYTES + 8, got, 4, &len), ERR_SYS);
	/* Too short for a head; and nobody there. */
	assert_int_equal(ask(answer, 3, got, 4, &len), ERR_SYS);
	assert_int_equal(ask(NULL, 0, got, 4, &len), ERR_SYS);
	assert_int_equal(len, 99);
	assert_memory_equal(got, "\0\0\0\0", 1);
}

/* A request never asks for more than an answer can hold. */
static void
test_clamp(void **state)
{
	const size_t size = RANGE_BYTES_MAX + RANGE_ANSWER_BYTES;
	auto_free uint8_t *answer = xcalloc(1, size);
	auto_free uint8_t *got = xmalloc(2 * size);
	size_t len = 0;

	(void)state;
	range_put_answer(answer, ERR_OK, (uint32_t)RANGE_BYTES_MAX);
	assert_int_equal(ask(answer, size, got, 2 * size, &len), ERR_OK);
	assert_int_equal(len, RANGE_BYTES_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_clamp),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
