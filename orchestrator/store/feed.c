/* SPDX-License-Identifier: Apache-2.0 */
/* feed.c - writing a long text into a pipe, a piece per turn of the loop. */
#include "store/feed.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>

#define PIECE_BYTES_MAX (4 * MIB)

struct feed {
	const struct feed_ops *ops;
	void *arg;
	int fd;
	struct loop_watch *watch;
	struct wire_out piece;
	size_t sent;
	bool is_last;
};

static void
feed_end(struct feed *feed)
{
	loop_unwatch(feed->watch);
	(void)close(feed->fd);
	wire_out_release(&feed->piece);
	feed->ops->done(feed->arg);
	free(feed);
}

/* The next piece where this one is gone; false when the feed is over. */
static bool
refill(struct feed *feed)
{
	int err;

	if (feed->sent < feed->piece.len)
		return true;
	if (feed->is_last)
		return false;
	wire_out_reset(&feed->piece);
	feed->sent = 0;
	err = feed->ops->fill(feed->arg, &feed->piece);
	if ((err != ERR_OK && err != ERR_EOF) || feed->piece.is_failed)
		return false;
	feed->is_last = err == ERR_EOF;
	return feed->piece.len > 0 || !feed->is_last;
}

static void
on_writable(void *arg, int fd, unsigned int events)
{
	struct feed *feed = arg;
	ssize_t n;

	/* Without LOOP_WRITE the reader hung up: writing says so. */
	(void)events;
	if (!refill(feed)) {
		feed_end(feed);
		return;
	}
	n = write(
	    fd, feed->piece.buf + feed->sent, feed->piece.len - feed->sent);
	if (n >= 0)
		feed->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		feed_end(feed);
}

int
feed_start(
    struct loop *loop, const struct feed_ops *ops, void *arg, int *ret_fd)
{
	struct feed *feed;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return ERR_SYS;
	(void)fcntl(fds[1], F_SETFL, O_NONBLOCK);
	feed = xcalloc(1, sizeof(*feed));
	feed->ops = ops;
	feed->arg = arg;
	feed->fd = fds[1];
	wire_out_init(&feed->piece, PIECE_BYTES_MAX);
	feed->watch = loop_watch(loop, fds[1], LOOP_WRITE, on_writable, feed);
	*ret_fd = fds[0];
	return ERR_OK;
}
