/* SPDX-License-Identifier: Apache-2.0 */
/* chan.c - message channels over SOCK_SEQPACKET. */
#include "lib/chan.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* Messages handled before others get their turn. */
#define BURST 64

struct packet {
	TAILQ_ENTRY(packet) entry;
	int fd;
	size_t len;
	uint8_t bytes[];
};

TAILQ_HEAD(packet_list, packet);

struct chan {
	struct loop *loop;
	struct loop_watch *watch;
	int fd;
	enum role self;
	enum role peer;
	char instance[CHAN_INSTANCE_BYTES];
	const struct chan_ops *ops;
	void *arg;
	uint32_t request_last;
	struct packet_list queue;
	size_t queued_bytes;
	bool is_paused;
	bool is_in_handler;
	bool is_dead; /* freed inside its own handler */
};

static void chan_ready(void *arg, int fd, unsigned int events);

struct chan *
chan_new(struct loop *loop, int fd, enum role self, enum role peer,
    const char *instance)
{
	struct chan *chan = xcalloc(1, sizeof(*chan));

	chan->loop = loop;
	chan->fd = fd;
	chan->self = self;
	chan->peer = peer;
	(void)snprintf(chan->instance, sizeof(chan->instance), "%s", instance);
	TAILQ_INIT(&chan->queue);
	if (loop != NULL) {
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
		chan->watch = loop_watch(loop, fd, LOOP_READ, chan_ready, chan);
	}
	return chan;
}

void
chan_set_ops(struct chan *chan, const struct chan_ops *ops, void *arg)
{
	chan->ops = ops;
	chan->arg = arg;
}

static void
packet_free(struct packet *packet)
{
	if (packet->fd != -1)
		(void)close(packet->fd);
	free(packet);
}

void
chan_free(struct chan *chan)
{
	struct packet *packet;

	if (chan == NULL || chan->is_dead)
		return;
	loop_unwatch(chan->watch);
	chan->watch = NULL;
	while ((packet = TAILQ_FIRST(&chan->queue)) != NULL) {
		TAILQ_REMOVE(&chan->queue, packet, entry);
		packet_free(packet);
	}
	(void)close(chan->fd);
	chan->fd = -1;
	if (chan->is_in_handler)
		chan->is_dead = true;
	else
		free(chan);
}

enum role
chan_peer(const struct chan *chan)
{
	return chan->peer;
}

const char *
chan_instance(const struct chan *chan)
{
	return chan->instance;
}

size_t
chan_queued(const struct chan *chan)
{
	return chan->queued_bytes;
}

static void
update_events(struct chan *chan)
{
	unsigned int events = chan->is_paused ? 0 : LOOP_READ;

	if (!TAILQ_EMPTY(&chan->queue))
		events |= LOOP_WRITE;
	if (chan->watch != NULL)
		loop_watch_events(chan->watch, events);
}

void
chan_pause(struct chan *chan, bool is_paused)
{
	chan->is_paused = is_paused;
	update_events(chan);
}

uint32_t
chan_next_request(struct chan *chan)
{
	if (++chan->request_last == 0)
		chan->request_last = 1;
	return chan->request_last;
}

static int
send_packet(int sock, const void *bytes, size_t len, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {
	    .iov_base = (void *)(uintptr_t)bytes,
	    .iov_len = len,
	};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd != -1) {
		memset(&control, 0, sizeof(control));
		header.msg_control = control.space;
		header.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	while (sendmsg(sock, &header, MSG_NOSIGNAL) == -1) {
		if (errno == EAGAIN)
			return ERR_AGAIN;
		if (errno != EINTR)
			return ERR_EOF;
	}
	return ERR_OK;
}

static void
put_header(uint8_t *at, enum msg_type type, uint32_t request)
{
	at[0] = (uint8_t)type;
	at[1] = (uint8_t)((unsigned int)type >> 8);
	at[2] = CHAN_VERSION;
	at[3] = 0;
	for (int i = 0; i < 4; i++)
		at[4 + i] = (uint8_t)(request >> (8 * i));
}

int
chan_send(struct chan *chan, enum msg_type type, uint32_t request,
    const struct wire_out *body, int fd)
{
	auto_close int owned_fd = fd;
	size_t body_len = body == NULL ? 0 : body->len;
	struct packet *packet;
	int err = ERR_AGAIN;

	if (chan->fd == -1)
		return ERR_EOF;
	if (body != NULL && body->is_failed)
		return ERR_LIMIT;
	if (body_len > LIMIT_MSG_BYTES - CHAN_HEADER_BYTES)
		return ERR_LIMIT;
	packet = xcalloc(1, sizeof(*packet) + CHAN_HEADER_BYTES + body_len);
	packet->fd = -1;
	packet->len = CHAN_HEADER_BYTES + body_len;
	put_header(packet->bytes, type, request);
	if (body_len > 0)
		memcpy(packet->bytes + CHAN_HEADER_BYTES, body->buf, body_len);
	if (TAILQ_EMPTY(&chan->queue))
		err = send_packet(chan->fd, packet->bytes, packet->len, fd);
	if (err != ERR_AGAIN || chan->loop == NULL) {
		packet_free(packet);
		return err;
	}
	if (packet->len > LIMIT_CHAN_QUEUE_BYTES - chan->queued_bytes) {
		packet_free(packet);
		return ERR_LIMIT;
	}
	packet->fd = take_fd(owned_fd);
	chan->queued_bytes += packet->len;
	TAILQ_INSERT_TAIL(&chan->queue, packet, entry);
	update_events(chan);
	return ERR_OK;
}

/*
 * The one descriptor of a received message, or -1.  ERR_PEER when there are
 * more: alignment leaves room for a second one, which would leak.
 */
static int
take_control(struct msghdr *header, int *ret_fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	bool is_fine = (header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
	size_t count = 0;

	*ret_fd = -1;
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len >= CMSG_LEN(0))
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (count == 1)
			*ret_fd = fd;
		else
			(void)close(fd);
	}
	return is_fine && count <= 1 ? ERR_OK : ERR_PEER;
}

static int
recv_packet(struct chan *chan, uint8_t *buf, struct msg *ret_msg)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = LIMIT_MSG_BYTES};
	struct msghdr header = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space),
	};
	struct wire_in in;
	ssize_t len;
	int err;

	do {
		len = recvmsg(chan->fd, &header, MSG_CMSG_CLOEXEC);
	} while (len == -1 && errno == EINTR);
	if (len == -1)
		return errno == EAGAIN ? ERR_AGAIN : ERR_EOF;
	*ret_msg = (struct msg){.fd = -1};
	err = take_control(&header, &ret_msg->fd);
	if (err == ERR_OK && len == 0 && ret_msg->fd == -1)
		return ERR_EOF;
	wire_in_init(&in, buf, (size_t)len);
	ret_msg->type = (enum msg_type)wire_get_u16(&in);
	if (wire_get_u16(&in) != CHAN_VERSION)
		err = ERR_PEER;
	ret_msg->request = wire_get_u32(&in);
	if (err != ERR_OK || in.is_failed)
		return ERR_PEER;
	wire_in_init(&ret_msg->in, buf + in.pos, in.len - in.pos);
	return proto_check(ret_msg->type, chan->peer, chan->self,
	    ret_msg->fd != -1, ret_msg->in.buf, ret_msg->in.len);
}

int
chan_recv(struct chan *chan, uint8_t *buf, struct msg *ret_msg)
{
	struct pollfd wait = {.fd = chan->fd, .events = POLLIN};
	int err;

	while ((err = recv_packet(chan, buf, ret_msg)) == ERR_AGAIN)
		(void)poll(&wait, 1, -1);
	if (err == ERR_PEER && ret_msg->fd != -1) {
		(void)close(ret_msg->fd);
		ret_msg->fd = -1;
	}
	return err;
}

static int
dispatch(struct chan *chan, struct msg *msg)
{
	const struct chan_handler *h = chan->ops->handlers;

	for (; h->fn != NULL; h++) {
		if (h->type == msg->type)
			return h->fn(chan->arg, chan, msg);
	}
	return ERR_PEER;
}

static void
flush(struct chan *chan)
{
	struct packet *packet;
	int err;

	while ((packet = TAILQ_FIRST(&chan->queue)) != NULL) {
		err = send_packet(
		    chan->fd, packet->bytes, packet->len, packet->fd);
		if (err == ERR_AGAIN)
			break;
		/* A dead peer shows as EOF on the reading side. */
		TAILQ_REMOVE(&chan->queue, packet, entry);
		chan->queued_bytes -= packet->len;
		packet_free(packet);
	}
	update_events(chan);
}

/* One message; false when there is no more or the channel ended. */
static bool
take_one(struct chan *chan, uint8_t *buf)
{
	struct msg msg = {.fd = -1};
	int err = recv_packet(chan, buf, &msg);

	if (err == ERR_AGAIN)
		return false;
	if (err == ERR_OK && chan->ops != NULL)
		err = dispatch(chan, &msg) == ERR_PEER ? ERR_PEER : ERR_OK;
	if (msg.fd != -1)
		(void)close(msg.fd);
	if (chan->is_dead)
		return false;
	if (err != ERR_OK) {
		/* gone() usually frees the channel. */
		loop_unwatch(chan->watch);
		chan->watch = NULL;
		if (chan->ops != NULL && chan->ops->gone != NULL)
			chan->ops->gone(chan->arg, chan, err);
		return false;
	}
	return !chan->is_paused;
}

static void
chan_ready(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[LIMIT_MSG_BYTES];
	struct chan *chan = arg;

	(void)fd;
	if (events & LOOP_WRITE)
		flush(chan);
	if ((events & LOOP_READ) == 0)
		return;
	chan->is_in_handler = true;
	for (int i = 0; i < BURST && take_one(chan, buf); i++)
		continue;
	chan->is_in_handler = false;
	if (chan->is_dead)
		free(chan);
}

int
chan_pair(int ret_fds[2])
{
	/* Room for a burst of full messages, so that queues stay short. */
	int size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) ==
	    -1)
		return ERR_SYS;
	for (int i = 0; i < 2; i++)
		(void)setsockopt(
		    ret_fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return ERR_OK;
}
