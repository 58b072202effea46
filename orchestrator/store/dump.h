/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - everything about one case as JSON lines, for its report. */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include "store/store.h"

/*
 * Writes the case into sealed memory: first {"table":"meta",...}, then case,
 * organisation, submission, artefact, derivation, job, run, finding,
 * analyser, vm_profile, custody.  Columns are called as in lib/call.def.
 */
int must_check dump_case(
    struct store *store, const char *case_id, int *ret_fd, int64_t *ret_size);

#endif
