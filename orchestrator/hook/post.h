/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.h - one message to one receiver (HTTP/1.1 over TLS), over a connection
 * that the dialer made.
 *
 * Of the answer only its status counts, and Retry-After.  What comes behind is
 * dropped, and not waited for.  Redirects are not followed.
 */
#ifndef HOOK_POST_H
#define HOOK_POST_H

#include "lib/place.h"
#include "transfer/transfer.h"

#include <stdint.h>

/* Until a receiver must have answered. */
#define POST_TIMEOUT_MS 15000L
/* Of an answer's body; then it is as good as read. */
#define POST_ANSWER_BYTES_MAX ((size_t)64 * 1024)

struct post_request {
	const char *url;
	const struct place *place; /* of it */
	const char *id;
	int64_t at_s;
	const char *signature;
	const char *body;
	int fd; /* connected; it takes it */
};

/* status 0: there was no answer, and why says the reason. */
struct post_answer {
	long status;
	int64_t retry_after_s;
	const char *why; /* may have text of others in it */
};

typedef void post_fn(void *arg, const struct post_answer *answer);

struct post;

/* authorities: who signs receivers' certificates (PEM). */
struct post_conf {
	struct transfers *transfers;
	const void *authorities;
	size_t authorities_len;
};

/* Sends; fn is called from the loop, once.  NULL: libcurl refuses (fd is
 * closed all the same). */
struct post *post_new(const struct post_conf *conf,
    const struct post_request *request, post_fn *fn, void *arg);
/* Not from fn, behind which it frees itself. */
void post_free(struct post *post);

#endif
