/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sift_rule.h - rules that loep-rules has read, on their way to the store.
 *
 * They go in sealed memory, many in one call (JOB_RULES), and are no findings:
 * their bounds are LIMIT_RULES and LIMIT_RULE_TEXT_BYTES.
 */
#ifndef SCHED_SIFT_RULE_H
#define SCHED_SIFT_RULE_H

#include "sched/sift.h"

struct sift_rules {
	struct wire_out batch; /* as JOB_RULES takes it */
	struct wire_out data;  /* of the rule that is open */
	char *body;	       /* its record; NULL = none is open */
	size_t count;
	uint64_t bytes;
};

void sift_rules_release(struct sift_rules *rules);
/* RULE, and the DATA and CHILD_END that follow one that is sound. */
int must_check sift_rule_begin(struct sift *sift, const struct record *record);
int must_check sift_rule_data(struct sift *sift, const void *p, size_t len);
int must_check sift_rule_end(struct sift *sift, const json_t *body);
/* True between RULE and its CHILD_END. */
bool sift_rule_is_open(const struct sift *sift);
/* Sends what has gathered. */
void sift_rules_flush(struct sift *sift);

#endif
