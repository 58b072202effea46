/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - requests to the identity provider, by libcurl, over connections
 * that the dialer made.  No redirect is followed, no proxy asked, and an
 * answer is bounded in bytes and time.
 */
#ifndef OIDC_FETCH_H
#define OIDC_FETCH_H

#include "lib/loop.h"
#include "lib/place.h"

#include <stddef.h>
#include <stdint.h>

#define FETCH_BYTES_MAX ((size_t)256 * 1024)
#define FETCH_WHY_BYTES 320
#define FETCH_OPEN_MAX	32

struct fetch_conf {
	const struct place *places; /* that may be asked, as the dialer has
				     * them; live as long as the fetcher */
	size_t count;
	const void *authorities; /* PEM: who signs their certificates */
	size_t authorities_len;
	int dialer; /* borrowed */
};

struct fetch_request {
	const char *url;
	const char *body;	   /* a form to be posted; NULL = GET */
	const char *authorization; /* a header's value, or NULL */
};

/* status 0: there was no answer, and why says the reason. */
struct fetch_answer {
	long status;
	const uint8_t *body; /* borrowed, until the callback returns */
	size_t len;
	const char *why; /* may have text of others in it */
};

typedef void fetch_fn(void *arg, const struct fetch_answer *answer);

struct fetcher;

/* Before the cage: libcurl reads files of its own.  ERR_SYS: it cannot. */
int must_check fetcher_new(struct loop *loop, const struct fetch_conf *conf,
    struct fetcher **ret_fetcher);
/* What is under way ends without its callback. */
void fetcher_free(struct fetcher *fetcher);
/* The dialer is gone: nothing can be asked any more. */
bool fetcher_is_cut_off(const struct fetcher *fetcher);
/*
 * Asks; fn is called from the loop, once.  ERR_DENIED: the address is none of
 * the places; ERR_LIMIT: too many are under way.
 */
int must_check fetch_start(struct fetcher *fetcher,
    const struct fetch_request *request, fetch_fn *fn, void *arg);

#endif
