/* SPDX-License-Identifier: Apache-2.0 */
/* task.h - what people are to look at in a case. */
#ifndef STORE_TASK_H
#define STORE_TASK_H

#include "store/request.h"

struct task_new {
	const char *case_id;
	const char *kind; /* [a-z_]: manual, or the part of Loep that asks */
	const char *text;
	const char *by;	      /* account; NULL = Loep itself */
	const char *assignee; /* NULL = nobody yet */
	int64_t due_at;	      /* 0 = no time */
};

/* Adds it inside the unit that runs; *ret_id (may be NULL) is its number. */
int must_check task_add_new(
    struct store *store, const struct task_new *task, int64_t *ret_id);

#endif
