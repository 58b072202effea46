/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - libcurl as programs use it that can make no socket: over
 * connections that a dialer made, in the loop, without proxies, signals, and
 * authorities but the given ones.
 *
 * Not a program: part of those that send (mail, oidc, hook).
 */
#ifndef TRANSFER_TRANSFER_H
#define TRANSFER_TRANSFER_H

#include "lib/err.h"
#include "lib/loop.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Part of whatever uses it; set open, end and arg before transfer_init(). */
struct transfer {
	TAILQ_ENTRY(transfer) entry;
	struct transfers *transfers; /* it runs there; NULL = it does not */
	CURL *easy;
	struct curl_slist *resolve;
	/* A connected descriptor, which libcurl takes; -1 = none. */
	int (*open)(void *arg);
	/* Its end; it may be released or started again from here. */
	void (*end)(void *arg, CURLcode code);
	void *arg;
	bool is_done; /* kept, and no more in the list */
	bool is_kept; /* connected, it stays until it is released */
	char said[CURL_ERROR_SIZE]; /* libcurl's words for a failure */
};

/* What runs in one loop. */
struct transfers;

/* Before the cage: libcurl reads files of its own.  NULL: it cannot. */
struct transfers *transfers_new(struct loop *loop);
/* What is under way ends without a word. */
void transfers_free(struct transfers *transfers);

/* false: libcurl refuses; release it all the same. */
bool transfer_init(struct transfer *t);
void transfer_release(struct transfer *t);
/* This host is not looked up: any address does, the dialer has the true one. */
bool transfer_know(struct transfer *t, const char *host, const char *port);
/* TLS 1.2 and up, with certificates of these authorities alone (PEM, copied);
 * without any, nobody is believed. */
bool transfer_trust(struct transfer *t, const void *authorities, size_t len);
bool transfer_start(struct transfers *transfers, struct transfer *t);

#endif
