/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - the children of one attempt on their way into the vault.
 *
 * Each output is a pipe that the store hands out (CHILD_CREATE) and a
 * CHILD_COMMIT with the number of bytes.  Bytes that the pipe does not take
 * at once wait here; outputs_are_full() says when their source must stop
 * until `changed` is called.
 */
#ifndef SCHED_OUTPUT_H
#define SCHED_OUTPUT_H

#include "sched/job.h"

/* Outputs of one job that are open in the vault at a time. */
#define OUTPUTS_OPEN_MAX ((size_t)32)
/* Bytes of contents that may wait before the source must stop. */
#define OUTPUTS_PENDING_MAX (2 * MIB)
/*
 * Memory of outputs that may wait, names and details included.  Enough for
 * LIMIT_CHILDREN small ones: the time of an analyser should not be spent on
 * waiting until the vault has made each of them durable.
 */
#define OUTPUTS_HELD_MAX (8 * MIB)

/*
 * Outputs of all jobs together: the vault has places for 384, and those who
 * hand something in must find one.
 */
#define OUTPUTS_ALL_MAX ((size_t)128)

struct output;

TAILQ_HEAD(output_list, output);

struct outputs {
	TAILQ_ENTRY(outputs) entry; /* while it waits for a place */
	bool is_waiting;
	struct job *job;
	struct output_list list;
	size_t queued;	/* not asked of the store yet */
	size_t open;	/* asked, not settled */
	size_t pending; /* bytes of contents */
	size_t held;	/* bytes of memory beside them */
	size_t committed;
	/* The store met a bound of its own (LIMIT_SUBMISSION_BYTES ...). */
	bool is_limited;
	/* The first failure of the store or the vault; ERR_OK = none. */
	enum err err;
	char why[256];
	/* Something settled, drained, or came to have a pipe. */
	void (*changed)(void *arg);
	void *arg;
};

struct output_spec {
	const void *name;
	size_t name_len;
	const char *relation;
	const char *kind;
	const char *detail; /* JSON */
};

void outputs_init(struct outputs *outputs, struct job *job,
    void (*changed)(void *arg), void *arg);
/* Lets go of everything; what was not committed never will be. */
void outputs_release(struct outputs *outputs);
bool outputs_are_full(const struct outputs *outputs);
/* True when every output is committed or given up. */
bool outputs_are_settled(const struct outputs *outputs);

/* Copies what spec points to. */
struct output *output_new(
    struct outputs *outputs, const struct output_spec *spec);
void output_write(struct output *output, const void *p, size_t len);
/* No more bytes come: commits once all are written.  output is gone. */
void output_finish(struct output *output);
/* Gives it up.  output is gone. */
void output_abort(struct output *output);
/* Bytes that were given to output_write(). */
uint64_t output_size(const struct output *output);

/* For pipes that somebody else writes into: */
/* True when the pipe is there. */
bool output_is_open(const struct output *output);
/* The pipe, given away; the writer must close it. */
int output_take_fd(struct output *output);
/* Commits size bytes that somebody else wrote.  output is gone. */
void output_finish_foreign(struct output *output, uint64_t size);

#endif
