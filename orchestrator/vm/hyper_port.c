/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hyper_port.c - a libvirt stream to a guest's channel as a port.
 *
 * libvirt tells of readiness in its event thread; an eventfd carries that to
 * whoever polls.  Each notice disarms the stream until port_arm(), or the
 * event thread would spin while the reader is busy.
 */
#include "vm/hyper.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <sys/eventfd.h>

#define ALWAYS (VIR_STREAM_EVENT_HANGUP | VIR_STREAM_EVENT_ERROR)

struct stream_port {
	struct port port;
	virStreamPtr stream;
};

static void
on_ready(virStreamPtr stream, int events, void *opaque)
{
	const struct stream_port *p = opaque;
	uint64_t one = 1;

	(void)events;
	(void)virStreamEventUpdateCallback(stream, 0);
	(void)!write(p->port.fd, &one, sizeof(one));
}

static void
on_free(void *opaque)
{
	struct stream_port *p = opaque;

	(void)close(p->port.fd);
	free(p);
}

static int
stream_read(struct port *port, void *buf, size_t size, size_t *ret_len)
{
	struct stream_port *p = (struct stream_port *)port;
	int n = virStreamRecv(p->stream, buf, size);

	if (n > 0) {
		*ret_len = (size_t)n;
		return ERR_OK;
	}
	return n == -2 ? ERR_AGAIN : n == 0 ? ERR_EOF : ERR_SYS;
}

static int
stream_write(struct port *port, const void *buf, size_t size, size_t *ret_len)
{
	struct stream_port *p = (struct stream_port *)port;
	int n = virStreamSend(p->stream, buf, size);

	if (n >= 0) {
		*ret_len = (size_t)n;
		return ERR_OK;
	}
	return n == -2 ? ERR_AGAIN : ERR_SYS;
}

static void
stream_arm(struct port *port, bool wants_write)
{
	struct stream_port *p = (struct stream_port *)port;
	int events = VIR_STREAM_EVENT_READABLE | ALWAYS;
	uint64_t count;

	if (wants_write)
		events |= VIR_STREAM_EVENT_WRITABLE;
	/* First forget, then arm: a notice in between must not be lost. */
	(void)!read(port->fd, &count, sizeof(count));
	(void)virStreamEventUpdateCallback(p->stream, events);
}

static void
stream_close(struct port *port)
{
	struct stream_port *p = (struct stream_port *)port;
	virStreamPtr stream = p->stream;

	/* on_free() runs once no callback does; p is not ours after that. */
	(void)virStreamEventRemoveCallback(stream);
	(void)virStreamAbort(stream);
	(void)virStreamFree(stream);
}

int
hyper_port_open(struct _virConnect *conn, struct _virDomain *domain,
    const char *channel, char *why, struct port **ret_port)
{
	static const struct port_ops ops = {
	    stream_read, stream_write, stream_arm, stream_close};
	auto_close int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	virStreamPtr stream = virStreamNew(conn, VIR_STREAM_NONBLOCK);
	struct stream_port *p;

	if (fd == -1 || stream == NULL ||
	    virDomainOpenChannel(domain, channel, stream, 0) == -1) {
		(void)snprintf(why, DRIVER_WHY_BYTES,
		    "opening the channel %s: %s", channel,
		    virGetLastErrorMessage());
		if (stream != NULL)
			(void)virStreamFree(stream);
		return ERR_SYS;
	}
	p = xcalloc(1, sizeof(*p));
	p->port.ops = &ops;
	p->port.fd = take_fd(fd);
	p->port.events = POLLIN;
	p->stream = stream;
	if (virStreamEventAddCallback(stream,
		VIR_STREAM_EVENT_READABLE | ALWAYS, on_ready, p,
		on_free) == -1) {
		(void)snprintf(why, DRIVER_WHY_BYTES,
		    "watching the channel %s: %s", channel,
		    virGetLastErrorMessage());
		(void)virStreamAbort(stream);
		(void)virStreamFree(stream);
		on_free(p);
		return ERR_SYS;
	}
	*ret_port = &p->port;
	return ERR_OK;
}
