/* SPDX-License-Identifier: Apache-2.0 */
/* triage_end.h - the state of a triage, and the verdict about an attempt. */
#ifndef SCHED_TRIAGE_END_H
#define SCHED_TRIAGE_END_H

#include "sched/sift.h"
#include "sched/worker.h"

enum triage_state {
	TRIAGE_LEASED, /* its input is not asked for */
	TRIAGE_ASKED,
	TRIAGE_READY,	/* its input is here; waits for a place */
	TRIAGE_RUNNING, /* its child lives */
	TRIAGE_ENDED	/* its child is gone; outputs may still settle */
};

struct triage {
	TAILQ_ENTRY(triage) waiter; /* where is_waiting */
	bool is_waiting;
	struct job *job;
	enum triage_state state;
	bool is_cancelled;
	bool is_sifted;	   /* sift_end() was called */
	bool is_alone;	   /* not to share a child */
	bool is_packed;	   /* its child was, or is, of several items */
	struct pack *pack; /* its input, in TRIAGE_ASKED and later; or NULL */
	size_t item;	   /* of the pack */
	struct trip *trip; /* while its child lives; or NULL */
	uint32_t question; /* to loep-pgp, about the input; 0 = none */
	int input_fd;
	enum blob_open how;
	uint64_t size;
	struct errand *errand;
	struct errand_end end;
	int pipe_fd; /* the records; -1 = at its end */
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct sift sift;
	char engine[256];
};

struct pack;
struct trip;

/* The time that its analyser has. */
uint32_t triage_seconds(const struct triage *t);
/* Its input was decrypted: sealed memory, taken. */
void triage_opened(struct triage *t, int fd, uint64_t size);
/* Ends the attempt; t is gone afterwards. */
void triage_end(struct triage *t);
/* The input could not be had; t is gone afterwards. */
void triage_no_input(struct triage *t, enum err err, const char *why);

#endif
