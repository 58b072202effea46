/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrub.h - what was deleted leaves the files, too.
 *
 * SQLite overwrites what it frees (secure_delete), but two places keep words
 * longer: the indexes of words, which only note that a document is gone until
 * they merge their parts, and the log, which holds pages as they were.
 */
#ifndef STORE_SCRUB_H
#define STORE_SCRUB_H

#include "store/store.h"

/*
 * Merges a slice of the indexes of words, inside a unit of ROLE_STORE; what was
 * deleted is committed by then.  ERR_AGAIN: there is more of them.
 */
int must_check scrub_words(struct store *store);
/* Empties the log, between transactions; false: something reads from it. */
bool scrub_log(struct store *store);

#endif
