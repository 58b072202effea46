/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.h - where messages of syslog go: a receiver over TLS (RFC 5425), or
 * a local socket that takes datagrams.
 */
#ifndef SYSLOG_CARRIER_H
#define SYSLOG_CARRIER_H

#include "lib/err.h"
#include "lib/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARRIER_WHY_BYTES 320

struct carrier_conf {
	const char *host; /* as its certificate names it */
	const char *port;
	bool is_local; /* the dialer's place is a socket of this machine */
	const void *authorities;
	size_t authorities_len;
	int dialer; /* borrowed */
};

struct carrier;

/* ready: there is a connection, or it is over (err), and why. */
typedef void carrier_fn(void *arg, enum err err, const char *why);

/* Before the cage: libcurl reads files of its own.  ERR_SYS: it cannot. */
int must_check carrier_new(struct loop *loop, const struct carrier_conf *conf,
    struct carrier **ret_carrier);
void carrier_free(struct carrier *carrier);
/* Connects; fn is called once from the loop. */
void carrier_open(struct carrier *carrier, carrier_fn *fn, void *arg);
void carrier_close(struct carrier *carrier);
bool carrier_is_open(const struct carrier *carrier);
/*
 * Sends some of it: *ret_sent may be less, and 0 where nothing goes now.
 * ERR_UNAVAILABLE: the connection is over, and why.  A datagram goes whole.
 */
int must_check carrier_send(struct carrier *carrier, const void *p, size_t len,
    size_t *ret_sent, char why[CARRIER_WHY_BYTES]);
/*
 * Whether the other machine has all that was sent: ERR_OK, ERR_AGAIN, or
 * ERR_UNAVAILABLE where the connection is over.
 */
int must_check carrier_settled(
    struct carrier *carrier, char why[CARRIER_WHY_BYTES]);

#endif
