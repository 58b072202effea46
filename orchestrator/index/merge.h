/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.h - turns many small segments into few large ones, a block at a time.
 *
 * Each batch of columns is a segment of its own, with blocks that are mostly
 * not full.  Merging fills them, and leaves out units that are gone.  A merge
 * only reads its segments: until its result is durable they all count.
 */
#ifndef INDEX_MERGE_H
#define INDEX_MERGE_H

#include "index/index.h"

/*
 * Begins a merge where one is worth while, and none runs: enough segments of
 * about one size; units that are gone; with is_idle also what only tidies up.
 * True when a merge runs now.
 */
bool merge_begin(struct index *index, bool is_idle);
/*
 * Does a piece of work, some milliseconds.  ERR_AGAIN: there is more to do;
 * ERR_OK: it is done; otherwise it failed and was given up, nothing changed.
 */
int must_check merge_step(struct index *index);
/* Gives a merge up; fine where none runs. */
void merge_stop(struct index *index);

#endif
