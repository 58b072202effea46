/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_place.h - where a page of answers goes on, and likeness.
 *
 * An answer is a walk through stages, each in an order of its own.  A row's
 * cursor names its stage and its keys there, and the next page begins right
 * behind them, whatever came or went meanwhile:
 *
 *	h.ORG.ARTEFACT				by hash
 *	r.FINDING.LENGTH.NAME NAMESPACE		by rule (LENGTH bytes of name)
 *	c.ROW					by a case's title or number
 *	w.ROW					by words
 *	t.DISTANCE.UNIT				by likeness
 */
#ifndef STORE_SEARCH_PLACE_H
#define STORE_SEARCH_PLACE_H

#include "lib/tlshdiff.h"
#include "store/request.h"

/* In the order of an answer. */
enum search_stage {
	SEARCH_START,
	SEARCH_HASH,
	SEARCH_RULES,
	SEARCH_CASES,
	SEARCH_WORDS,
	SEARCH_NEAR
};

#define SEARCH_PLACE_BYTES ((size_t)4096)

struct search_place {
	enum search_stage stage;
	/* Texts are "" where the stage has none. */
	const char *org;
	const char *artefact;
	const char *name;
	const char *namespace;
	int64_t number; /* a finding's, a row's, a unit's */
	int64_t distance;
	char text[SEARCH_PLACE_BYTES]; /* which the texts point into */
};

/*
 * Reads a cursor; "" is the start.  ret_place must stay where it is: its texts
 * point into it.  ERR_FORMAT where it is none.
 */
int must_check search_place_parse(
    const char *cursor, struct search_place *ret_place);
/* The row that a stage's newest-first walk begins below. */
int64_t search_place_before(
    const struct search_place *place, enum search_stage stage);

/*
 * Answers limit artefacts (at most LIMIT_ROWS) that are like a digest
 * (TLSHDIFF_BYTES), the nearest first, without the one that is self (""
 * = none).  ERR_AGAIN: the request ends later.
 */
int must_check search_near(struct request *r, const uint8_t *digest,
    const char *self, const struct search_place *from, int64_t limit);

#endif
