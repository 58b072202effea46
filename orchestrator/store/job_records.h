/* SPDX-License-Identifier: Apache-2.0 */
/* job_records.h - findings of an attempt, on their way into the database. */
#ifndef STORE_JOB_RECORDS_H
#define STORE_JOB_RECORDS_H

#include "store/facts.h"
#include "store/job.h"

struct records {
	struct request *request;
	const struct attempt *attempt;
	int64_t count;	   /* of the attempt, with those that it had before */
	bool is_sealed;	   /* its artefact is open for this job alone */
	int64_t score_max; /* of those that were taken here */
	struct facts facts;
};

/* Both are borrowed. */
void records_init(
    struct records *rs, struct request *r, const struct attempt *attempt);
/*
 * Inserts findings: a sequence of (u8 type, u32 length, JSON).  The caller
 * writes rs->count down.
 */
int must_check records_take(struct records *rs, const uint8_t *p, size_t len);

#endif
