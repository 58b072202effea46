/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - handing out a blob's bytes: in sealed memory or a pipe at once, or
 * as a feed that serves a pipe or a range socket in the background.
 */
#ifndef VAULT_FEED_H
#define VAULT_FEED_H

#include "vault/blob_read.h"
#include "vault/pool.h"

#include "lib/proto.h"

/* Feeds at a time: each holds up to FEED_CHUNKS chunks in memory. */
#define FEEDS_MAX   64
#define FEED_CHUNKS 2

/* In a worker: makes the sealed memory; *ret_fd is the caller's. */
int must_check feed_memory(const struct blob_reader *reader, struct kit *kit,
    struct fault *fault, int *ret_fd);
/*
 * In a worker: a pipe that holds the whole blob already.  ERR_LIMIT where it
 * is too large for one: then it needs a feed.
 */
int must_check feed_small_pipe(const struct blob_reader *reader,
    struct kit *kit, struct fault *fault, int *ret_fd);

struct feed;

/*
 * In a worker: the two ends of a pipe (BLOB_STREAM) or range socket
 * (BLOB_RANGE), and the feed that will serve the first.  Takes reader, which
 * is the feed's also on failure.
 */
int must_check feed_new(struct blob_reader *reader, enum blob_open how,
    struct fault *fault, struct feed **ret_feed, int *ret_fd);
/* A feed that was not started. */
void feed_free(struct feed *feed);
/* In the loop: serves until the other end closes or all is read, then frees
 * itself.  false when there are FEEDS_MAX already: the caller frees it. */
bool must_check feed_start(
    struct feed *feed, struct loop *loop, struct pool *pool);

#endif
