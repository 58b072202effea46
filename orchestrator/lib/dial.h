/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h - connections to a few known places, by a process of its own.
 *
 * The program that reads what a place answers can make no sockets.  The dialer
 * can, and reads nothing: it knows the places' addresses from before either's
 * cage, and hands over a connection for each byte, a place's number, that it is
 * sent.
 */
#ifndef LIB_DIAL_H
#define LIB_DIAL_H

#include "lib/err.h"

#include <stddef.h>

#define DIAL_WHY_BYTES	256
#define DIAL_PLACES_MAX 8
/* How long a place's address is tried. */
#define DIAL_SECONDS 10

struct dial_place {
	const char *host; /* or the path of a socket that takes datagrams */
	const char *port;
};

/*
 * Looks the places up and forks the dialer; before the cage.  *ret_fd is where
 * dial_connect() asks; it ends when that is closed.  ERR_UNAVAILABLE: one
 * cannot be looked up; ERR_LIMIT: more than DIAL_PLACES_MAX; ERR_SYS.
 */
int must_check dial_fork(const struct dial_place *places, size_t count,
    char *why, size_t why_size, int *ret_fd);
/*
 * A new connection to a place, or why there is none (ERR_UNAVAILABLE; ERR_EOF:
 * the dialer is gone).  Waits for it, DIAL_SECONDS for each address.
 */
int must_check dial_connect(
    int fd, size_t place, char *why, size_t why_size, int *ret_socket);

#endif
