/* SPDX-License-Identifier: Apache-2.0 */
/* fifo.h - bytes on their way out: written at the end, read at the front. */
#ifndef WEB_FIFO_H
#define WEB_FIFO_H

#include "lib/wire.h"

#include <string.h>

struct fifo {
	struct wire_out out; /* write here */
	size_t sent;
};

static inline void
fifo_init(struct fifo *fifo, size_t size_max)
{
	wire_out_init(&fifo->out, size_max);
	fifo->sent = 0;
}

static inline void
fifo_release(struct fifo *fifo)
{
	wire_out_release(&fifo->out);
	fifo->sent = 0;
}

static inline size_t
fifo_waiting(const struct fifo *fifo)
{
	return fifo->out.len - fifo->sent;
}

/* Moves up to size bytes into buf; returns how many. */
static inline size_t
fifo_read(struct fifo *fifo, uint8_t *buf, size_t size)
{
	size_t n = fifo_waiting(fifo);

	if (n > size)
		n = size;
	if (n > 0)
		memcpy(buf, fifo->out.buf + fifo->sent, n);
	fifo->sent += n;
	/* Empty: start over, so that the buffer does not grow for ever. */
	if (fifo->sent == fifo->out.len) {
		fifo->out.len = 0;
		fifo->sent = 0;
	}
	return n;
}

#endif
