/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - the server's end of one TCP connection: finds out what the
 * guest speaks, answers as such a server would, remembers it in the flow.
 */
#ifndef SIMNET_SERVICE_H
#define SIMNET_SERVICE_H

#include "simnet/flow.h"
#include "simnet/names.h"

struct service;

struct service_io {
	/* Queues bytes for the guest; what does not fit ends the connection. */
	void (*write)(void *arg, const void *p, size_t len);
	/* Closes our side after what was written. */
	void (*close)(void *arg);
	void *arg;
};

/*
 * flow may be NULL (not remembered); names serves DNS over TCP.  Both are
 * borrowed.  service_free() with NULL is fine.
 */
struct service *service_new(unsigned int port, struct flow *flow,
    struct names *names, const struct service_io *io);
void service_free(struct service *service);
/* The connection is there. */
void service_open(struct service *service);
/* Bytes from the guest, in order. */
void service_input(struct service *service, const uint8_t *p, size_t len);
/* The guest will send no more. */
void service_end(struct service *service);

#endif
