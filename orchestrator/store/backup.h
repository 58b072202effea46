/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - a copy of the database while the service goes on.
 *
 * SQLite's online backup copies a few pages at a time into FOLDER/backup.db;
 * what is written meanwhile is in it, too.  From its begin to its end no blob
 * is deleted, so that whoever copies the vault afterwards finds every blob
 * that the copy of the database refers to.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

struct backup;

/* Deletes what a backup left that nobody ended; at the start. */
void backup_tidy(const struct store *store);
/* True while blobs must stay. */
bool backup_is_open(const struct store *store);
/* Ends one whose owner did not ask for it for long; from the tick. */
void backup_expire(struct store *store);
/* Ends it, whatever its state. */
void backup_free(struct store *store);

#endif
