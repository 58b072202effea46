/* SPDX-License-Identifier: Apache-2.0 */
/* port.c - ports, and those that are plain descriptors. */
#include "vm/port.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

int
port_read(struct port *port, void *buf, size_t size, size_t *ret_len)
{
	return port->ops->read(port, buf, size, ret_len);
}

int
port_write(struct port *port, const void *buf, size_t size, size_t *ret_len)
{
	return port->ops->write(port, buf, size, ret_len);
}

void
port_arm(struct port *port, bool wants_write)
{
	port->ops->arm(port, wants_write);
}

void
port_close(struct port *port)
{
	if (port != NULL)
		port->ops->close(port);
}

static int
fd_read(struct port *port, void *buf, size_t size, size_t *ret_len)
{
	ssize_t n;

	do {
		n = read(port->fd, buf, size);
	} while (n == -1 && errno == EINTR);
	if (n > 0) {
		*ret_len = (size_t)n;
		return ERR_OK;
	}
	if (n == -1 && errno == EAGAIN)
		return ERR_AGAIN;
	return n == 0 || errno == ECONNRESET ? ERR_EOF : ERR_SYS;
}

static int
fd_write(struct port *port, const void *buf, size_t size, size_t *ret_len)
{
	ssize_t n;

	do {
		n = write(port->fd, buf, size);
	} while (n == -1 && errno == EINTR);
	if (n >= 0) {
		*ret_len = (size_t)n;
		return ERR_OK;
	}
	if (errno == EAGAIN)
		return ERR_AGAIN;
	return errno == EPIPE || errno == ECONNRESET ? ERR_EOF : ERR_SYS;
}

static void
fd_arm(struct port *port, bool wants_write)
{
	port->events = wants_write ? POLLIN | POLLOUT : POLLIN;
}

static void
fd_close(struct port *port)
{
	(void)close(port->fd);
	free(port);
}

struct port *
port_of_fd(int fd)
{
	static const struct port_ops ops = {
	    fd_read, fd_write, fd_arm, fd_close};
	struct port *port = xcalloc(1, sizeof(*port));

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	port->ops = &ops;
	port->fd = fd;
	port->events = POLLIN;
	return port;
}
