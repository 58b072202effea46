/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h - connections to the one relay, by a process of its own.
 *
 * The program that reads what a relay answers can make no sockets.  The dialer
 * can, and reads nothing: it knows the relay's addresses from before either's
 * cage, and hands over a connection for each byte that it is sent.
 */
#ifndef MAIL_DIAL_H
#define MAIL_DIAL_H

#include "lib/err.h"

#include <stddef.h>

#define DIAL_WHY_BYTES 256

/*
 * Looks the relay up ("host", "port") and forks the dialer.  *ret_fd is where
 * dial_connect() asks; it ends when that is closed.
 */
int must_check dial_fork(const char *host, const char *port, char *why,
    size_t why_size, int *ret_fd);
/*
 * A new connection, or why there is none (ERR_UNAVAILABLE; ERR_EOF: the dialer
 * is gone).  Waits for it, DIAL_SECONDS for each address.
 */
#define DIAL_SECONDS 10
int must_check dial_connect(
    int fd, char *why, size_t why_size, int *ret_socket);

#endif
