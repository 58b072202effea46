/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan.h - one end of a message channel between two programs.
 *
 * A channel is a SOCK_SEQPACKET socket: one packet is one message of the
 * catalogue (lib/proto.def) with at most one descriptor.  Header: u16 type,
 * u16 version, u32 request id, little-endian.  What is received has already
 * passed proto_check(): handlers may read the declared body without doubt,
 * but not trust its values.
 *
 * Requests: chan_request() gives the message an id; answers carry the same.
 * Programs that send requests keep the id and match it in their handlers.
 */
#ifndef LIB_CHAN_H
#define LIB_CHAN_H

#include "lib/loop.h"
#include "lib/proto.h"
#include "lib/wire.h"

#define CHAN_VERSION	    1
#define CHAN_HEADER_BYTES   ((size_t)8)
#define CHAN_INSTANCE_BYTES 32

struct chan;

struct msg {
	enum msg_type type;
	uint32_t request;
	struct wire_in in; /* at the first field; lives during the handler */
	int fd; /* owned by the message: take_fd(msg->fd) to keep it */
};

/*
 * Handles one message.  ERR_PEER = the sender lied or broke the protocol: the
 * channel is closed and the parent is told to kill it.  Other results count
 * as handled.
 */
typedef int chan_handler_fn(void *arg, struct chan *chan, struct msg *msg);
/* The channel is gone (peer ended: ERR_EOF; misbehaved: ERR_PEER). */
typedef void chan_gone_fn(void *arg, struct chan *chan, int err);

struct chan_handler {
	enum msg_type type;
	chan_handler_fn *fn;
};

struct chan_ops {
	const struct chan_handler *handlers; /* ends with a NULL fn */
	chan_gone_fn *gone;
};

/* Takes fd.  loop may be NULL for chan_send()/chan_recv() by hand. */
struct chan *chan_new(struct loop *loop, int fd, enum role self, enum role peer,
    const char *instance);
void chan_set_ops(struct chan *chan, const struct chan_ops *ops, void *arg);
/* Closes at once; queued messages are lost.  Safe inside a handler. */
void chan_free(struct chan *chan);
enum role chan_peer(const struct chan *chan);
const char *chan_instance(const struct chan *chan);
/* Starts no reading below this many queued bytes; for back-pressure. */
size_t chan_queued(const struct chan *chan);
/* Stop or go on taking messages, so that a slow consumer can push back. */
void chan_pause(struct chan *chan, bool is_paused);

/*
 * Sends or queues one message; takes fd (-1 = none) also on failure.  body
 * may be NULL for an empty one.  ERR_LIMIT: too much is waiting, or the body
 * is too long; ERR_EOF: the peer is gone.
 */
int chan_send(struct chan *chan, enum msg_type type, uint32_t request,
    const struct wire_out *body, int fd);
/* A fresh request id, never 0. */
uint32_t chan_next_request(struct chan *chan);
/*
 * Blocks for one message, without a loop (start-up).  buf must hold
 * LIMIT_MSG_BYTES and lives as long as the message is used.
 */
int must_check chan_recv(struct chan *chan, uint8_t *buf, struct msg *ret_msg);
/* A connected pair of descriptors, close-on-exec. */
int must_check chan_pair(int ret_fds[2]);

#endif
