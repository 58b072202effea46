/* SPDX-License-Identifier: Apache-2.0 */
/* dial_own.h - what the dialers share: dial.c, dial_any.c. */
#ifndef LIB_DIAL_OWN_H
#define LIB_DIAL_OWN_H

#include "lib/err.h"

#include <stdbool.h>
#include <sys/socket.h>

/* A connection that does not block any more, or -1 and errno. */
int dial_socket(const struct sockaddr *address, socklen_t len, long seconds);
/*
 * Sends a number, and with 0 the descriptor; false: that cannot be sent now.
 * The process ends when nobody is there.
 */
bool dial_answer(int fd, int error, int connection);
/* ERR_UNAVAILABLE: *ret_error says why; ERR_EOF: the dialer is gone. */
int must_check dial_receive(int fd, int *ret_error, int *ret_socket);
/* Forks; work gets its end of the pair, and nothing else of the parent's. */
typedef void dial_work_fn(int fd, const void *arg);
int must_check dial_process(dial_work_fn *work, const void *arg, int *ret_fd);

#endif
