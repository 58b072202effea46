/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - answers that are a descriptor's bytes (files, reports, events,
 * the audit chain), or rows as they come.  Slow clients slow the source down.
 */
#ifndef WEB_STREAM_H
#define WEB_STREAM_H

#include "web/exchange.h"

/* The call's end carries the descriptor. */
void stream_start(struct exchange *x);
/*
 * One object whose items come as they are found, one a line; its last members
 * say how it ended.
 */
void stream_rows(struct exchange *x);

#endif
