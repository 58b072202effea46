/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.h - everything about one case as JSON lines, for its report.
 *
 * CASE_DUMP answers sealed memory: first {"table":"meta",...}, then case,
 * report (where people wrote one), organisation, submission, artefact,
 * derivation, job, attempt, run, verdict, finding, rescan, analyser,
 * vm_profile, custody.  Columns are called as in lib/call.def.
 */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

struct dumps;

/* Ends what is being written without an answer, and its connection; NULL is
 * nothing. */
void dumps_free(struct dumps *dumps);

#endif
