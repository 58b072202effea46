/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - findings of one attempt on their way to the store (JOB_RECORDS).
 */
#ifndef SCHED_BATCH_H
#define SCHED_BATCH_H

#include "sched/job.h"

#include "lib/record.h"

/* As much as fits in one message beside the call's own fields. */
#define BATCH_BYTES (56 * KIB)
/* Unanswered messages of one job; then reading waits. */
#define BATCH_OPEN_MAX 8

struct batch {
	struct job *job;
	struct wire_out out;
	size_t count; /* records that were given to the store */
	bool is_sent; /* some of them are under way */
};

void batch_init(struct batch *batch, struct job *job);
void batch_release(struct batch *batch);
/* Adds one record whose body is len bytes of JSON. */
void batch_add(
    struct batch *batch, enum record_type type, const void *body, size_t len);
/* Adds a record of our own; takes the reference. */
void batch_add_json(struct batch *batch, enum record_type type, json_t *body);
/* True when the store is behind: read no more until job_ops.ready. */
bool batch_is_full(const struct batch *batch);
/* Sends what has gathered.  Nobody waits for the answer: JOB_DONE comes
 * behind it on the same channel. */
void batch_flush(struct batch *batch);

#endif
