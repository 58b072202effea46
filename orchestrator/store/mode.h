/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode.h - the operating mode: normal, national incident, national crisis, and
 * whether it is an exercise.
 *
 * What it changes: designated cases come first (tier 0); re-scans and hunts
 * stop at their next checkpoint; nothing of a lower rank is started while a
 * higher one waits; designated classes are served around the clock; automatic
 * sharing stops but for named lists; organisations of the first rank have no
 * quota; acknowledgements say so; all decisions can be exported.  Exercises
 * stamp what is made in them.
 */
#ifndef STORE_MODE_H
#define STORE_MODE_H

#include "lib/err.h"
#include "lib/json.h"

#include <stdbool.h>
#include <stdint.h>

struct request;
struct store;

struct mode {
	const char *word; /* "normal" ... */
	int64_t seq;	  /* of its row; 0 = there never was another one */
	bool is_on;	  /* anything but normal */
	bool is_exercise;
	json_t *classes; /* lists of texts; NULL = none */
	json_t *outbound;
};

/* Reads it from the database into store->mode. */
int must_check mode_load(struct store *store);
void mode_release(struct mode *mode);
/* Is the class served around the clock because the crisis cell said so? */
bool mode_is_24x7(const struct store *store, const char *class_code);
/*
 * May something go out to this list (or organisation) without a person's
 * decision?  In an exercise nothing does.
 */
bool mode_allows_outbound(const struct store *store, const char *name);

#endif
