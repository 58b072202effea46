/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - the listening sockets that loepd opens for web. */
#include "parent/listen.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 512

int
listen_unix(const char *path, int *ret_fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	auto_close int fd = -1;
	size_t len = strlen(path);

	if (len >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return ERR_SYS;
	}
	memcpy(addr.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return ERR_SYS;
	if (unlink(path) == -1 && errno != ENOENT)
		return ERR_SYS;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1 ||
	    chmod(path, 0666) == -1 || listen(fd, BACKLOG) == -1)
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	return ERR_OK;
}
