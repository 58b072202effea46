/* SPDX-License-Identifier: Apache-2.0 */
/* scrub.c - what was deleted leaves the indexes of words and the log. */
#include "store/scrub.h"

/*
 * SQLite, FTS5, "The 'merge' command": a negative number of pages merges all
 * parts into one, a slice each time; it is over when nothing but the command's
 * own row counts as changed.
 */
static int
merge(struct store *store, enum stmt stmt, bool *is_done)
{
	int64_t before = db_changes(store->db);
	int err = db_run(store->db, stmt);

	*is_done &= db_changes(store->db) - before < 2;
	return err;
}

int
scrub_words(struct store *store)
{
	bool is_done = true;
	int err = merge(store, STMT_SCRUB_SEARCH, &is_done);

	if (err == ERR_OK)
		err = merge(store, STMT_SCRUB_CASES, &is_done);
	return err == ERR_OK && !is_done ? (int)ERR_AGAIN : err;
}

bool
scrub_log(struct store *store)
{
	tx_commit(store);
	return db_make_room(store->db);
}
