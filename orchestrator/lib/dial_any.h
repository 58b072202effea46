/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial_any.h - connections to places that others name, by a process of its
 * own: it looks a name up when it is asked, and connects to no address but one
 * on the open internet, or of a list.
 *
 * What is checked is the address that is dialled, so a name that means another
 * one a moment later (DNS rebinding) gains nothing.  The program that asks can
 * make no sockets, and the dialer reads nothing that comes over them.
 */
#ifndef LIB_DIAL_ANY_H
#define LIB_DIAL_ANY_H

#include "lib/err.h"
#include "lib/inet.h"

#include <stddef.h>

/* Until it gives up on a place, once the name is looked up. */
#define DIAL_ANY_SECONDS 20

/*
 * Forks a dialer; before the cage.  allowed: addresses that may be dialled
 * though they are not public.  It answers one question after another at *ret_fd
 * and ends when that is closed.  ERR_SYS.
 */
int must_check dial_any_fork(const struct inet_ranges *allowed, int *ret_fd);
/* Asks; the answer is there when fd can be read.  ERR_EOF: it is gone. */
int must_check dial_any_ask(int fd, const char *host, const char *port);
/*
 * The connection, or why there is none: ERR_UNAVAILABLE, ERR_DENIED (no
 * address of that name may be dialled), ERR_EOF (the dialer is gone).
 */
int must_check dial_any_take(
    int fd, char *why, size_t why_size, int *ret_socket);

#endif
