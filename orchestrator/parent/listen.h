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

#define LISTEN_ADDRESSES_MAX 8
#define LISTEN_WHY_BYTES     256

struct listen {
	size_t count;
	int fds[LISTEN_ADDRESSES_MAX];
};

/*
 * Listening sockets on every address of a list ("127.0.0.1:8443 [::]:8443");
 * port 0 = any, which the log then names.  ERR_FORMAT or ERR_SYS with the
 * reason in why; nothing is open then.
 */
int must_check listen_addresses(
    const char *list, struct listen *ret_listen, char why[LISTEN_WHY_BYTES]);

#endif
