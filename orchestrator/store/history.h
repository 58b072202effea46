/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - what happened to a case, for people, and what a day brought.
 *
 * The audit chain is the proof; this is what a page shows.  What is internal
 * a submitter never sees.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/request.h"

enum history_audience {
	HISTORY_ALL,
	HISTORY_STAFF
};

/*
 * Adds an entry inside the unit that runs.  action is a word of [a-z_] that
 * clients translate, text what somebody wrote ("" = nothing).
 */
int must_check history_by(struct request *r, const char *case_id,
    const char *action, const char *text, enum history_audience audience);
/* By Loep itself. */
int must_check history_own(struct store *store, const char *case_id,
    const char *action, const char *text, enum history_audience audience);

/*
 * Counts n more of what (opened reported closed artefacts runs) today, unless
 * the case (NULL = none) is an exercise or Loep's own; and notes how many
 * cases wait now.
 */
int must_check stat_add(
    struct store *store, const char *what, int64_t n, const char *case_id);

/* Notes how many cases wait now: after somebody took one or gave one back. */
int must_check stat_note_queue(struct store *store);

#endif
