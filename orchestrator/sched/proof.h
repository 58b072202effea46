/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h - what the index says of single rules and units, for proofs. */
#ifndef SCHED_PROOF_H
#define SCHED_PROOF_H

struct sched;

/* The store has questions: asks which, then the index, and answers. */
void proof_fetch(struct sched *sched);

#endif
