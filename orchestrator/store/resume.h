/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resume.h - uploads that outlive a cut: a row, and a part in the vault.
 *
 * The row is there before the vault hears of the upload, and says so until the
 * vault has deleted everything (has_part): nothing is left over, whoever dies
 * when.  How many bytes are there only the vault knows for certain; the row
 * has what it said last, so that a loss is noticed.
 */
#ifndef STORE_RESUME_H
#define STORE_RESUME_H

#include "store/request.h"

#define RESUME_DAYS   7
#define RESUME_DAY_US ((int64_t)24 * 3600 * 1000000)

/* The writers that are open now end: web is gone (what arrived is kept), or
 * the vault is. */
void resume_drop(struct store *store, bool is_vault_gone);
/* The same for what a session began whose connection is closed. */
void resume_end_session(struct store *store, uint64_t session);
/* Expires what was not continued, and has the vault delete what is over. */
void resume_tick(struct store *store);

#endif
