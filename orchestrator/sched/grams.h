/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grams.h - keeps the index complete, when nothing else is to be done.
 *
 * Round after round: the index says which units it misses, the store what
 * those are, loep-grams makes their columns, the index makes them durable.
 * Nothing here is remembered beyond a round: whoever dies, the next round
 * begins with what the index misses then.
 */
#ifndef SCHED_GRAMS_H
#define SCHED_GRAMS_H

#include "lib/columns.h"
#include "lib/pack.h"
#include "lib/wire.h"

#include <stdbool.h>

/* Units of one round, and so of one batch. */
#define GRAMS_UNITS_MAX ((size_t)512)
/* Units of one child. */
#define GRAMS_PACK_MAX PACK_ITEMS_MAX

struct errand;
struct loop_timer;
struct loop_watch;
struct record_in;
struct sched;

enum grams_state {
	GRAMS_IDLE,    /* a timer, or somebody's word, goes on */
	GRAMS_ASKING,  /* the index: what is missing */
	GRAMS_LISTING, /* the store: what that is */
	GRAMS_OPENING, /* the store: the bytes of some units */
	GRAMS_RUNNING, /* loep-grams */
	GRAMS_ADDING   /* the index */
};

enum grams_unit_state {
	GRAMS_UNIT_WAITS,
	GRAMS_UNIT_ALONE, /* waits; a child of several ended with it */
	GRAMS_UNIT_GIVEN, /* to the child */
	GRAMS_UNIT_DONE
};

struct grams_unit {
	uint64_t seq;
	uint64_t size;
	char kind[16]; /* the store's state of it */
	enum grams_unit_state state;
	uint32_t item; /* its place in the pack */
	/* Its column, in columns; DONE without one: there is none. */
	size_t column_at;
	size_t column_len;
};

struct grams {
	struct sched *sched;
	enum grams_state state;
	struct loop_timer *timer;
	uint64_t from; /* below it the index misses nothing */
	bool is_back;  /* the next round begins at the first unit again */
	uint64_t back_off_ms; /* after the last trouble; 0 = none */
	/* The round. */
	uint64_t *gaps; /* first, count ...; owned */
	size_t gaps_count;
	struct grams_unit units[GRAMS_UNITS_MAX];
	size_t units_count;
	uint64_t listed_to; /* the last unit that the store listed */
	struct wire_out columns;
	size_t losses; /* of loep-grams, since a column was made */
	/* The child. */
	uint32_t call;
	int input_fd;
	uint8_t how;
	uint64_t size; /* of the unit, or of the pack */
	bool is_pack;
	struct grams_unit *given[GRAMS_PACK_MAX];
	size_t given_count;
	size_t at; /* the one whose records come, or come next */
	struct errand *errand;
	int pipe_fd;
	struct loop_watch *watch;
	struct pack_in pack;
	struct record_in *records; /* of the unit */
	size_t mark;		   /* where its column begins */
	bool is_bad;		   /* what it wrote is no column */
	bool is_ended;
	struct errand_end_copy {
		unsigned int end; /* enum analyse_end */
		bool is_lost;
	} end;
};

void grams_init(struct grams *grams, struct sched *sched);
/* There may be new units, or time for them. */
void grams_soon(struct grams *grams);
/* The index has come: whatever it held before, all is asked again. */
void grams_from_start(struct grams *grams);
/* Units that the index had may be missing now. */
void grams_look_back(struct grams *grams);
/* The store is gone, or we end: gives the round up. */
void grams_drop(struct grams *grams);

#endif
