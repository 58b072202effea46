/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - writing a long text into a pipe, a piece per turn of the loop. */
#ifndef STORE_FEED_H
#define STORE_FEED_H

#include "lib/loop.h"
#include "lib/wire.h"

/*
 * Appends the next piece; ERR_EOF when there is no more.  Any other failure
 * closes the pipe early.
 */
typedef int feed_fill_fn(void *arg, struct wire_out *out);
/* The feed is over; releases arg. */
typedef void feed_done_fn(void *arg);

struct feed_ops {
	feed_fill_fn *fill;
	feed_done_fn *done;
};

/*
 * Makes a pipe and starts to write; *ret_fd is its reading end.  ops must
 * live on.  Ends by itself, also when the reader goes away.  On failure arg
 * still belongs to the caller.
 */
int must_check feed_start(
    struct loop *loop, const struct feed_ops *ops, void *arg, int *ret_fd);

#endif
