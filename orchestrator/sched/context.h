/* SPDX-License-Identifier: Apache-2.0 */
/* context.h - what an analyser is told about its artefact (ANALYSE). */
#ifndef SCHED_CONTEXT_H
#define SCHED_CONTEXT_H

#include "sched/job.h"

/* The JSON text of it; the caller frees. */
char *context_of(const struct job *job, uint32_t seconds, uint64_t bytes_max);

#endif
