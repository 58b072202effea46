/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.h - the byte stream to a guest's agent, without blocking.
 *
 * Behind it is a libvirt stream, or any descriptor (tests, a local socket).
 * Who waits polls port->fd for reading: it becomes ready when the stream may
 * be readable (or writable, where port_arm() asked for that).
 */
#ifndef VM_PORT_H
#define VM_PORT_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;

struct port_ops {
	int (*read)(struct port *port, void *buf, size_t size, size_t *ret_len);
	int (*write)(
	    struct port *port, const void *buf, size_t size, size_t *ret_len);
	void (*arm)(struct port *port, bool wants_write);
	void (*close)(struct port *port);
};

struct port {
	const struct port_ops *ops;
	int fd;	      /* to poll */
	short events; /* POLLIN, POLLOUT: what to poll fd for */
};

/*
 * ERR_OK with at least one byte, ERR_AGAIN, ERR_EOF when the other end is
 * gone, ERR_SYS.
 */
int must_check port_read(
    struct port *port, void *buf, size_t size, size_t *ret_len);
int must_check port_write(
    struct port *port, const void *buf, size_t size, size_t *ret_len);
/* After ERR_AGAIN and before polling. */
void port_arm(struct port *port, bool wants_write);
/* Frees it; NULL is fine. */
void port_close(struct port *port);
/* A port over a descriptor that it takes. */
struct port *port_of_fd(int fd);

#endif
