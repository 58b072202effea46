/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h - the virtio-serial port to the controller.
 *
 * Frames to send wait in a queue of fixed size. Who produces frames asks
 * channel_has_room() first and stops reading its source when there is none:
 * what is then lost is lost, and counted, in one place, the kernel's ring.
 */
#ifndef AGENTS_LINUX_CHANNEL_H
#define AGENTS_LINUX_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire.h"

#define CHANNEL_QUEUE_BYTES (1024 * 1024)
/* Room that must be left for answers when bulk producers have stopped. */
#define CHANNEL_RESERVE_BYTES (256 * 1024)
/* A controller that takes nothing for so long is gone. */
#define CHANNEL_STALL_MS 30000

struct channel {
	int fd;
	uint32_t sequence;
	struct gwire_decoder in;
	struct gwire_builder out;
	uint64_t frames_dropped; /* queue full even of its reserve */
	size_t head;		 /* first byte not yet written */
	size_t tail;		 /* behind the last byte queued */
	uint8_t frame[WIRE_FRAME_BYTES];
	uint8_t queue[CHANNEL_QUEUE_BYTES];
};

/*
 * Open the port (a device or, for tests, any bidirectional file) without
 * blocking. 0, or -1 with errno.
 */
int channel_open(struct channel *ch, const char *path);

/*
 * Path of the port's device, found by its name in sysfs so that no udev is
 * needed. False when it is not there yet.
 */
bool channel_find(char *ret_path, size_t size);

/* Begin a frame; then gwire_put_...(&ch->out, ...); then channel_send(). */
void channel_begin(struct channel *ch, enum gwire_type type);

/* Queue the frame; it is written by channel_flush(). */
void channel_send(struct channel *ch);

/* True when a bulk producer may add one more frame of any size. */
bool channel_has_room(const struct channel *ch);

/* Write what the port takes now. 0, or -1 with errno (not EAGAIN). */
int channel_flush(struct channel *ch);

/* Write until there is room or, with all, until the queue is empty. */
int channel_wait(struct channel *ch, bool all);

/* Read what is there. True when the controller is connected. */
bool channel_fill(struct channel *ch);

/* True while something is queued. */
bool channel_is_pending(const struct channel *ch);

#endif
