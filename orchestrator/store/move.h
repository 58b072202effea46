/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.h - evidence that goes from one case to another: all of it where two
 * cases are merged, some of it where one is split.
 *
 * What decides (numbers, labels, who was told) is one transaction; rows follow
 * in small ones, from the tick, where there are too many for it.  Each step may
 * be done twice and is found again in the database.  The audit chain is never
 * changed: what it says of the earlier case stays true.
 */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "store/case_stage.h"

/* What must be known of a case before something leaves it or gets to it. */
struct move_case {
	char id[UUID_BYTES];
	char org[UUID_BYTES];
	char number[32];
	bool is_open;
	bool is_exercise;
};

/*
 * Checks one of the two: that it is seen, that the one who asks may work on
 * it, that nothing of it is being deleted, moved or sent in at this moment.
 */
int must_check move_load(
    struct request *r, const char *case_id, struct move_case *ret_case);
/*
 * Records the move (kind merge or split) and takes its first step: mostly the
 * only one.  Inside the unit that runs.
 */
int must_check move_begin(
    struct request *r, const char *kind, const char *from, const char *to);
/* A step of one that is not done yet; from the tick. */
void move_tick(struct store *store);

#endif
