/* SPDX-License-Identifier: Apache-2.0 */
/* test_chan.c - message channels: order, descriptors, pressure, lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/chan.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "mutate.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

/* The scheduler at one end, the store at the other. */
struct pair {
	struct loop *loop;
	struct chan *sched;
	struct chan *store;
	int store_fd; /* used by hand where store is NULL */
	size_t heard;
	uint32_t last;
	int fd;
	int gone;
	int answer; /* of the handler */
	bool frees_itself;
};

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	struct pair *p = arg;
	char what[64], id[64];

	wire_get_str(&msg->in, what, sizeof(what));
	wire_get_str(&msg->in, id, sizeof(id));
	assert_string_equal(what, "jobs");
	p->heard++;
	/* In the order in which they were sent. */
	assert_true(msg->request == 0 || msg->request == p->last + 1);
	p->last = msg->request;
	if (p->frees_itself) {
		p->sched = NULL;
		chan_free(chan);
	}
	return p->answer;
}

static int
on_end(void *arg, struct chan *chan, struct msg *msg)
{
	struct pair *p = arg;

	(void)chan;
	p->heard++;
	p->fd = take_fd(msg->fd);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct pair *p = arg;

	/* The other end goes because this one went. */
	if (p->gone == ERR_OK)
		p->gone = err;
	if (chan == p->sched)
		p->sched = NULL;
	else
		p->store = NULL;
	chan_free(chan);
}

static const struct chan_handler handlers[] = {
    {MSG_CHANGED, on_changed},
    {MSG_CALL_END, on_end},
    {MSG_NONE_, NULL},
};
static const struct chan_ops ops = {handlers, on_gone};
static const struct chan_handler no_handlers[] = {{MSG_NONE_, NULL}};
static const struct chan_ops store_ops = {no_handlers, on_gone};

static struct pair *
pair_new(bool is_by_hand)
{
	struct pair *p = xcalloc(1, sizeof(*p));
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	p->fd = -1;
	p->loop = loop_new();
	p->sched = chan_new(p->loop, fds[0], ROLE_SCHED, ROLE_STORE, "");
	chan_set_ops(p->sched, &ops, p);
	p->store_fd = fds[1];
	if (!is_by_hand) {
		p->store =
		    chan_new(p->loop, fds[1], ROLE_STORE, ROLE_SCHED, "one");
		chan_set_ops(p->store, &store_ops, p);
	}
	return p;
}

static void
pair_free(struct pair *p)
{
	bool is_by_hand = p->store == NULL && p->gone == ERR_OK;

	chan_free(p->sched);
	chan_free(p->store);
	if (is_by_hand)
		(void)close(p->store_fd);
	if (p->fd != -1)
		(void)close(p->fd);
	loop_free(p->loop);
	free(p);
}

static void
turn(struct pair *p, int turns)
{
	for (int i = 0; i < turns; i++)
		loop_turn(p->loop, 0);
}

static void
put_changed(struct wire_out *body, size_t id_len)
{
	auto_free char *id = xcalloc(1, id_len + 1);

	memset(id, 'x', id_len);
	wire_out_init(body, LIMIT_MSG_BYTES);
	wire_put_str(body, "jobs");
	wire_put_str(body, id);
}

static int
send_changed(struct pair *p, uint32_t request, size_t id_len)
{
	struct wire_out body;
	int err;

	put_changed(&body, id_len);
	err = chan_send(p->store, MSG_CHANGED, request, &body, -1);
	wire_out_release(&body);
	return err;
}

static void
test_message_arrives(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	assert_int_equal(send_changed(p, 1, 3), ERR_OK);
	turn(p, 2);
	assert_int_equal(p->heard, 1);
	assert_int_equal(chan_peer(p->sched), ROLE_STORE);
	assert_string_equal(chan_instance(p->store), "one");
	assert_int_equal(chan_next_request(p->store), 1);
	assert_int_equal(chan_next_request(p->store), 2);
	pair_free(p);
}

static void
test_descriptor_travels(void **state)
{
	struct pair *p = pair_new(false);
	struct wire_out body;
	int pipe_fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(write(pipe_fds[1], "!", 1), 1);
	wire_out_init(&body, 100);
	wire_put_u8(&body, 0);
	wire_put_str(&body, "");
	/* The sender's copy is gone either way. */
	assert_int_equal(
	    chan_send(p->store, MSG_CALL_END, 1, &body, pipe_fds[0]), ERR_OK);
	assert_int_equal(fcntl(pipe_fds[0], F_GETFD), -1);
	turn(p, 2);
	assert_int_not_equal(p->fd, -1);
	assert_int_equal(fcntl(p->fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(read(p->fd, &byte, 1), 1);
	assert_int_equal(byte, '!');
	(void)close(pipe_fds[1]);
	wire_out_release(&body);
	pair_free(p);
}

static void
test_queue_and_order(void **state)
{
	struct pair *p = pair_new(false);
	uint32_t sent = 0;

	(void)state;
	/* More than the socket takes: the rest waits here, in order. */
	while (chan_queued(p->store) < MIB)
		assert_int_equal(send_changed(p, ++sent, 10000), ERR_OK);
	for (int i = 0; i < 2000 && p->last < sent; i++)
		turn(p, 1);
	assert_int_equal(p->last, sent);
	assert_int_equal(chan_queued(p->store), 0);
	pair_free(p);
}

static void
test_queue_is_bounded(void **state)
{
	struct pair *p = pair_new(false);
	int err = ERR_OK;

	(void)state;
	for (uint32_t i = 1; err == ERR_OK; i++) {
		assert_true(i < 2 * LIMIT_CHAN_QUEUE_BYTES / 60000);
		err = send_changed(p, i, 60000);
	}
	assert_int_equal(err, ERR_LIMIT);
	assert_true(chan_queued(p->store) <= LIMIT_CHAN_QUEUE_BYTES);
	pair_free(p);
}

static void
test_pause(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	chan_pause(p->sched, true);
	assert_int_equal(send_changed(p, 1, 1), ERR_OK);
	turn(p, 5);
	assert_int_equal(p->heard, 0);
	chan_pause(p->sched, false);
	turn(p, 2);
	assert_int_equal(p->heard, 1);
	pair_free(p);
}

static void
test_too_long(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	assert_int_equal(send_changed(p, 1, LIMIT_MSG_BYTES), ERR_LIMIT);
	assert_int_equal(
	    send_changed(p, 1, LIMIT_MSG_BYTES - CHAN_HEADER_BYTES - 12),
	    ERR_OK);
	turn(p, 2);
	assert_int_equal(p->heard, 1);
	pair_free(p);
}

static void
test_peer_ends(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	assert_int_equal(send_changed(p, 1, 1), ERR_OK);
	chan_free(take_ptr(p->store));
	turn(p, 3);
	/* What it said before its end is heard. */
	assert_int_equal(p->heard, 1);
	assert_int_equal(p->gone, ERR_EOF);
	pair_free(p);
}

static void
test_send_to_the_dead(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	chan_free(take_ptr(p->sched));
	assert_int_equal(send_changed(p, 1, 1), ERR_EOF);
	turn(p, 2);
	assert_int_equal(p->gone, ERR_EOF);
	pair_free(p);
}

static void
test_handler_says_peer(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	p->answer = ERR_PEER;
	assert_int_equal(send_changed(p, 1, 1), ERR_OK);
	assert_int_equal(send_changed(p, 2, 1), ERR_OK);
	turn(p, 3);
	assert_int_equal(p->heard, 1);
	assert_int_equal(p->gone, ERR_PEER);
	pair_free(p);
}

static void
test_freed_in_its_handler(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	p->frees_itself = true;
	assert_int_equal(send_changed(p, 1, 1), ERR_OK);
	assert_int_equal(send_changed(p, 2, 1), ERR_OK);
	turn(p, 3);
	assert_int_equal(p->heard, 1);
	assert_null(p->sched);
	pair_free(p);
}

static void
test_no_handler(void **state)
{
	struct pair *p = pair_new(false);

	(void)state;
	/* CALL_CANCEL is for the store; it has no handler here. */
	assert_int_equal(
	    chan_send(p->sched, MSG_CALL_CANCEL, 1, NULL, -1), ERR_OK);
	turn(p, 3);
	assert_int_equal(p->gone, ERR_PEER);
	pair_free(p);
}

/* Sends raw bytes with some descriptors; true where the channel lives on. */
static bool
survives_raw(const void *bytes, size_t len, int fd_count)
{
	struct pair *p = pair_new(true);
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = {(void *)(uintptr_t)bytes, len};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[2] = {0, 0};
	bool is_alive;

	memset(&control, 0, sizeof(control));
	if (fd_count > 0) {
		header.msg_control = control.space;
		header.msg_controllen =
		    CMSG_SPACE((size_t)fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len =
		    CMSG_LEN((size_t)fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds,
		    (size_t)fd_count * sizeof(int));
	}
	assert_int_equal(sendmsg(p->store_fd, &header, 0), len);
	turn(p, 3);
	is_alive = p->sched != NULL;
	if (!is_alive) {
		assert_int_not_equal(p->gone, ERR_OK);
		(void)close(p->store_fd);
	}
	pair_free(p);
	return is_alive;
}

static bool
is_alive_after(void *arg, const uint8_t *bytes, size_t len)
{
	(void)arg;
	/* An empty packet is the end of the stream: no wrong message. */
	return survives_raw(bytes, len, 0);
}

static void
test_raw_lies(void **state)
{
	struct wire_out body;
	struct wire_out whole;
	int fd_before, fd_after;

	(void)state;
	put_changed(&body, 2);
	wire_out_init(&whole, LIMIT_MSG_BYTES);
	wire_put_u16(&whole, MSG_CHANGED);
	wire_put_u16(&whole, CHAN_VERSION);
	wire_put_u32(&whole, 0);
	wire_put_raw(&whole, body.buf, body.len);
	assert_true(survives_raw(whole.buf, whole.len, 0));
	assert_false(survives_raw(whole.buf, whole.len, 1));
	fd_before = dup(0);
	assert_false(survives_raw(whole.buf, whole.len, 2));
	/* Nothing of it stays open. */
	fd_after = dup(0);
	assert_int_equal(fd_after, fd_before + 1);
	(void)close(fd_before);
	(void)close(fd_after);
	assert_int_equal(
	    mutate_truncate(whole.buf, whole.len, is_alive_after, NULL).taken,
	    0);
	assert_int_equal(
	    mutate_extend(whole.buf, whole.len, is_alive_after, NULL).taken, 0);
	/* Flips of the header's type and version, and of lengths, kill. */
	for (size_t bit = 0; bit < 32; bit++) {
		whole.buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		assert_false(survives_raw(whole.buf, whole.len, 0));
		whole.buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	wire_out_release(&body);
	wire_out_release(&whole);
}

static void
test_oversized_packet(void **state)
{
	auto_free uint8_t *big = xcalloc(1, LIMIT_MSG_BYTES + 1);

	(void)state;
	assert_false(survives_raw(big, LIMIT_MSG_BYTES + 1, 0));
}

static void
test_recv_by_hand(void **state)
{
	auto_free uint8_t *buf = xmalloc(LIMIT_MSG_BYTES);
	struct chan *a, *b;
	struct wire_out body;
	struct msg msg;
	int fds[2];

	(void)state;
	assert_int_equal(chan_pair(fds), ERR_OK);
	a = chan_new(NULL, fds[0], ROLE_PARENT, ROLE_VAULT, "");
	b = chan_new(NULL, fds[1], ROLE_VAULT, ROLE_PARENT, "");
	wire_out_init(&body, 100);
	wire_put_str(&body, "k");
	wire_put_str(&body, "v");
	assert_int_equal(chan_send(a, MSG_CONF, 0, &body, -1), ERR_OK);
	assert_int_equal(chan_recv(b, buf, &msg), ERR_OK);
	assert_int_equal(msg.type, MSG_CONF);
	/* Not what a vault may send to its parent. */
	assert_int_equal(chan_send(b, MSG_CONF, 0, &body, -1), ERR_OK);
	assert_int_equal(chan_recv(a, buf, &msg), ERR_PEER);
	chan_free(b);
	assert_int_equal(chan_recv(a, buf, &msg), ERR_EOF);
	chan_free(a);
	wire_out_release(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_message_arrives),
	    cmocka_unit_test(test_descriptor_travels),
	    cmocka_unit_test(test_queue_and_order),
	    cmocka_unit_test(test_queue_is_bounded),
	    cmocka_unit_test(test_pause),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_peer_ends),
	    cmocka_unit_test(test_send_to_the_dead),
	    cmocka_unit_test(test_handler_says_peer),
	    cmocka_unit_test(test_freed_in_its_handler),
	    cmocka_unit_test(test_no_handler),
	    cmocka_unit_test(test_raw_lies),
	    cmocka_unit_test(test_oversized_packet),
	    cmocka_unit_test(test_recv_by_hand),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
