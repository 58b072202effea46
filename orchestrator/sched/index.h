/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - the channel to loep-index: questions, and their answers.
 */
#ifndef SCHED_INDEX_H
#define SCHED_INDEX_H

#include "lib/chan.h"

#include <sys/queue.h>

struct index_ask;
struct sched;

TAILQ_HEAD(index_ask_list, index_ask);

struct index_link {
	struct sched *sched;
	struct chan *chan; /* NULL while there is none */
	struct index_ask_list asks;
	/* What it last said of itself: units, bytes, segments. */
	uint64_t state[3];
	bool has_state;
};

/*
 * An answer, exactly once per question: err and why, what follows them in the
 * message (`in`, NULL where there is nothing), and a descriptor (-1 = none)
 * that is the callback's.  ERR_UNAVAILABLE: the index went away.
 */
typedef void index_answer_fn(
    void *arg, enum err err, const char *why, struct wire_in *in, int fd);

void index_init(struct index_link *link, struct sched *sched);
/* Takes the channel of loep-index. */
void index_attach(struct index_link *link, struct chan *chan);
/* The store has come (again): tells it what the index said of itself. */
void index_report(const struct index_link *link);
bool index_is_there(const struct index_link *link);

/*
 * The questions.  False: there is no index now, fn is not called.
 *
 * Which units up to `last` can match: fd (taken) is a question that
 * candidates_ask_seal() made, the answer's fd is for candidates_open().
 */
bool index_query(struct index_link *link, int fd, uint64_t last,
    index_answer_fn *fn, void *arg);
/* Why a condition is false of a unit: a byte string of JSON (index/query.h). */
bool index_explain(struct index_link *link, uint64_t unit, const uint8_t *cond,
    size_t len, index_answer_fn *fn, void *arg);
/* A batch of columns in sealed memory (taken). */
bool index_add(struct index_link *link, int fd, index_answer_fn *fn, void *arg);
/* Up to count units from there on: a byte string of u64 first, count. */
bool index_missing(struct index_link *link, uint64_t from, uint32_t count,
    index_answer_fn *fn, void *arg);
bool index_delete(
    struct index_link *link, uint64_t unit, index_answer_fn *fn, void *arg);
/* The answers to what was asked with this arg are not wanted any more. */
void index_forget(struct index_link *link, const void *arg);

#endif
