/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.h - times as RFC 3339 texts, always UTC. */
#ifndef WEB_STAMP_H
#define WEB_STAMP_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define STAMP_BYTES 40

/* "2026-01-31T23:59:59.123456Z"; dst is returned. */
const char *stamp_put(char dst[STAMP_BYTES], int64_t time_us);
/*
 * Reads a date-time of RFC 3339 section 5.6, any offset, fractions beyond
 * microseconds cut; ERR_FORMAT for anything else, leap seconds included.
 */
int must_check stamp_get(const char *text, size_t len, int64_t *ret_time_us);

#endif
