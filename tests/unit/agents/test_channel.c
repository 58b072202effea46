/* SPDX-License-Identifier: Apache-2.0 */
/* test_channel.c - the agent's queue towards the controller. */
#include "agents/linux/channel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct channel ch;
static struct gwire_decoder dec;
static uint8_t chunk[WIRE_CHUNK_BYTES];
static int peer = -1;

static int
setup(void **state)
{
	int fds[2];

	(void)state;
	memset(&ch, 0, sizeof(ch));
	memset(&dec, 0, sizeof(dec));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		fds) == -1)
		return -1;
	ch.fd = fds[0];
	peer = fds[1];
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)close(ch.fd);
	(void)close(peer);
	return 0;
}

static void
send_chunk(size_t size)
{
	channel_begin(&ch, WIRE_CONSOLE);
	gwire_put_bytes(&ch.out, WIRE_K_DATA, chunk, size);
	channel_send(&ch);
}

/* Take all that is on the way; returns the number of whole frames. */
static unsigned int
drain(void)
{
	uint8_t buf[4096];
	struct gwire_frame frame;
	unsigned int frames = 0;
	ssize_t n;

	do {
		assert_int_equal(channel_flush(&ch), 0);
		n = read(peer, buf, sizeof(buf));
		if (n > 0)
			assert_int_equal(gwire_push(&dec, buf, (size_t)n), n);
		while (gwire_next(&dec, &frame))
			frames++;
	} while (n > 0 || channel_is_pending(&ch));
	return frames;
}

static void
test_order_survives_partial_writes(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 12; i++)
		send_chunk(sizeof(chunk));
	assert_int_equal(drain(), 12);
	assert_int_equal(dec.malformed, 0);
	assert_int_equal(dec.gaps, 0);
	assert_int_equal(ch.frames_dropped, 0);
}

static void
test_room_ends_before_the_queue(void **state)
{
	unsigned int frames = 0;

	(void)state;
	while (channel_has_room(&ch)) {
		send_chunk(sizeof(chunk));
		frames++;
	}
	/* Bulk stops here; answers still fit. */
	channel_begin(&ch, WIRE_ACK);
	channel_send(&ch);
	assert_int_equal(ch.frames_dropped, 0);
	assert_int_equal(drain(), frames + 1);
}

static void
test_overflow_is_counted_and_seen(void **state)
{
	unsigned int i, whole = CHANNEL_QUEUE_BYTES / (WIRE_CHUNK_BYTES + 31);

	(void)state;
	for (i = 0; i < whole + 3; i++)
		send_chunk(sizeof(chunk));
	assert_int_equal(ch.frames_dropped, 3);
	assert_int_equal(drain(), whole);
	send_chunk(1);
	assert_int_equal(drain(), 1);
	assert_int_equal(dec.gaps, 3);
}

static void
test_commands_arrive(void **state)
{
	uint8_t buf[256];
	struct gwire_builder b;
	struct gwire_frame frame;
	size_t n, i;

	(void)state;
	gwire_begin(&b, buf, sizeof(buf), WIRE_SET_CLOCK);
	gwire_put_number(&b, WIRE_K_WALL_NS, 42);
	n = gwire_end(&b, 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(write(peer, buf + i, 1), 1);
		assert_true(channel_fill(&ch));
		assert_int_equal(gwire_next(&ch.in, &frame), i == n - 1);
	}
	assert_int_equal(gwire_number(&frame, WIRE_K_WALL_NS, 0), 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_order_survives_partial_writes, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_room_ends_before_the_queue, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_overflow_is_counted_and_seen, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_commands_arrive, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
