/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h - files, names, connections and the timeline of a run. */
#ifndef BEHAVIOUR_TABLES_H
#define BEHAVIOUR_TABLES_H

#include "analysers/behaviour/behaviour.h"

struct tables *tables_new(void);
void tables_free(struct tables *t);
void tables_event(struct behaviour *b, const struct event *event);
/* FACT records "file", "dns", "connection", "timeline". */
void tables_report(const struct behaviour *b);
/* How many files were given a new name with the same added ending; for
 * conclusions about encryption. */
size_t tables_renamed_alike(const struct tables *t);

#endif
