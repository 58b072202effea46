/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - artefacts that come out of others, while they are written. */
#ifndef STORE_CHILD_H
#define STORE_CHILD_H

#include "store/request.h"

struct child {
	TAILQ_ENTRY(child) entry;
	struct store *store;
	int64_t id;
	char job_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	int64_t attempt;
	uint64_t writer;
	bool is_committing; /* child_commit() owns it */
};

/*
 * Forgets all that are not being committed: the scheduler is gone, or the
 * vault (then there is nobody to tell).
 */
void children_drop(struct store *store, bool tell_vault);

#endif
