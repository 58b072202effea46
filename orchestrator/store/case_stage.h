/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case_stage.h - the stage of a case: what its submitter is told.
 *
 *	received -> checking -> (waiting) -> analysing -> in_review -> reported
 *	-> closed; or declined, withdrawn, deleted
 *
 * The first file, a claim, a report that is submitted or issued move it by
 * themselves; people decline, let wait, close and open again.
 */
#ifndef STORE_CASE_STAGE_H
#define STORE_CASE_STAGE_H

#include "store/request.h"

/* What a handler must know of a case before it changes it. */
struct case_state {
	char number[32];
	bool is_open;
	char stage[16];
	char owner[UUID_BYTES]; /* "" = nobody */
	char owner_name[SESSION_NAME_BYTES];
	int64_t edits; /* what clients know as its version */
	char rsit_class[40];
	char rsit_type[40];
	bool is_merged;
};

/* Of the case that the request names; ERR_NOT_FOUND where it is not seen. */
int must_check case_load(struct request *r, struct case_state *ret_state);
/*
 * Moves an open case by itself, where it is in one of the stages `from` (words
 * with spaces between): inside the unit that runs, with history and counts.
 * Elsewhere nothing happens.  r may be NULL: then Loep itself did it.
 */
int must_check case_stage_auto(struct store *store, struct request *r,
    const char *case_id, const char *from, const char *to);
/*
 * Ends the case with a stage (closed declined withdrawn deleted), whatever it
 * was; reason may be "".
 */
int must_check case_stage_end(struct request *r, const char *case_id,
    const char *stage, const char *reason);
/* Answers the short row of a case after a change. */
int must_check case_answer(struct request *r);
/* ERR_NOT_FOUND, as for a case that is not there, unless staff asks. */
int must_check case_staff_only(struct request *r);
/* The text of a message, note or task: ERR_FORMAT where it is empty. */
int must_check case_check_text(
    struct request *r, const char *name, const char *text);

#endif
