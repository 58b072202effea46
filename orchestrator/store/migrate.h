/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.h - forward-only numbered changes of the schema. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "lib/err.h"

#include <stddef.h>

struct sqlite3;

/*
 * Applies what is missing, each in its own transaction, and records number,
 * name and SHA-256 in schema_version.  ERR_CONFLICT: the database is newer
 * than this program, or was made by other migrations of the same number.
 */
int must_check migrate(struct sqlite3 *sqlite, char *why, size_t why_size);
/* The number of the newest migration. */
int migrate_version(void);

#endif
