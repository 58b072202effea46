/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - what people say of an artefact; a second one confirms it. */
#ifndef STORE_VERDICT_H
#define STORE_VERDICT_H

#include "store/request.h"

/*
 * Artefacts of the case that were called malicious or benign last and nobody
 * confirmed: a report with them is not to leave.
 */
int must_check verdict_count_unconfirmed(
    struct store *store, const char *case_id, int64_t *ret_count);

#endif
