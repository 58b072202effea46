/* SPDX-License-Identifier: Apache-2.0 */
/* dropped.h - files that the guest sent: children of the trace. */
#ifndef BEHAVIOUR_DROPPED_H
#define BEHAVIOUR_DROPPED_H

#include "analysers/behaviour/behaviour.h"

/* One file in memory while it comes in; the agent's own bound is lower. */
#define DROPPED_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct dropped *dropped_new(void);
void dropped_free(struct dropped *d);
/* FILE_BEGIN, FILE_DATA, FILE_END; a CHILD when it is whole. */
void dropped_frame(struct behaviour *b, const struct gwire_frame *frame);
/* What never ended is written as far as it came. */
void dropped_finish(struct behaviour *b);

#endif
