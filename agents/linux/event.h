/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - makes an EVENT frame from a record of the ring. */
#ifndef AGENTS_LINUX_EVENT_H
#define AGENTS_LINUX_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire.h"
#include "record.h"

/* Room for any path that a record can hold, in its final order. */
#define EVENT_PATH_BYTES 8192

/*
 * Add the fields of the record (size bytes, texts included) to a frame of
 * type EVENT that was begun. wall_offset_ns makes wall time of its
 * monotonic time. False when the record is inconsistent; nothing was added.
 */
bool event_put(struct gwire_builder *b, const struct record *record,
    size_t size, int64_t wall_offset_ns);

/*
 * Path of a text that holds components leaf first. Returns its length
 * without the terminating zero; is_cut leaves out the leading slash.
 */
size_t event_path(const uint8_t *text, size_t size, bool is_cut,
    char ret_path[EVENT_PATH_BYTES]);

/* The text of a record and its size; size 0 when it has none. */
const uint8_t *event_text(
    const struct record *record, enum record_text which, size_t *ret_size);

#endif
