/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sift_child.h - the part of sift that takes children and events.  Results
 * are those of a record_fn.
 */
#ifndef SCHED_SIFT_CHILD_H
#define SCHED_SIFT_CHILD_H

#include "sched/sift.h"

/* sift.c: sets the verdict once and returns the result for record_feed(). */
int sift_malformed(struct sift *sift, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int sift_stop(struct sift *sift, const char *limit, const char *text);
/* Counts len bytes of children and events against the job's bound. */
int sift_take_bytes(struct sift *sift, size_t len);

int sift_child_begin(struct sift *sift, json_t *body);
int sift_child_data(struct sift *sift, const void *p, size_t len);
int sift_child_end(struct sift *sift, const json_t *body);
int sift_event(struct sift *sift, const struct record *record);

#endif
