/* SPDX-License-Identifier: Apache-2.0 */
/* conclude.h - what the events of a run mean (conclude.def). */
#ifndef BEHAVIOUR_CONCLUDE_H
#define BEHAVIOUR_CONCLUDE_H

#include "analysers/behaviour/behaviour.h"

struct conclusions *conclusions_new(void);
void conclusions_free(struct conclusions *c);
void conclusions_event(struct behaviour *b, const struct event *event);
/* FINDING records, each with its evidence. */
void conclusions_report(struct behaviour *b);

#endif
