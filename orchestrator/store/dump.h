/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - everything about one case as JSON lines, for its report. */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include "store/job.h"

/*
 * Writes the case of a report's job into sealed memory: first
 * {"table":"meta",...}, then case, report (where people wrote one),
 * organisation, submission, artefact, derivation, job, run, verdict, finding,
 * analyser, vm_profile, custody.  Columns are called as in lib/call.def.
 */
int must_check dump_case(struct store *store, const struct attempt *a,
    int *ret_fd, int64_t *ret_size);

#endif
