/* SPDX-License-Identifier: Apache-2.0 */
/* context.h - what an analyser is told about its artefact (ANALYSE). */
#ifndef SCHED_CONTEXT_H
#define SCHED_CONTEXT_H

#include "sched/job.h"

/* The JSON text of it; the caller frees. */
char *context_of(const struct job *job, uint32_t seconds, uint64_t bytes_max);

/*
 * For the items of a pack (lib/pack.h): what they have in common, as job has
 * it, and the text of what an item has beyond that or otherwise.  The first is
 * a new reference, the second the caller frees.
 */
json_t *context_common(const struct job *job);
char *context_of_item(const struct job *job, const json_t *common);

#endif
