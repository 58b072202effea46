/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - the listening sockets that loepd opens for web. */
#ifndef PARENT_LISTEN_H
#define PARENT_LISTEN_H

#include "lib/err.h"

/*
 * A listening Unix socket at path, mode 0666: who may do what is decided by
 * the store from the peer's uid, not by the file's mode.  An old socket is
 * replaced (the state folder's lock says that nobody else serves it).
 */
int must_check listen_unix(const char *path, int *ret_fd);

#endif
