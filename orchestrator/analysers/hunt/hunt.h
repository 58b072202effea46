/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunt.h - changed rules on one artefact: what loep-yara does with the active
 * ones, with sets of compile units that come and go.
 *
 * Several sets are held at a time (RULESET, by number), so that a re-scan can
 * look for some rules in some artefacts and for others in others; each
 * artefact's context says which:
 *
 *	{"unit": 17, "sets": [4, 5], "name": ..., "limits": {"seconds": ...}}
 *
 * With "size", that is the artefact's, and the input may be only its first
 * bytes (BLOB_HEADS): an ERROR of what HUNT_HEAD says that they are not enough
 * for what the rules ask, and nothing else is told.
 *
 * Records: MATCH as loep-yara's, with "unit" beside; ERROR with "unit", "what"
 * and "text" where the artefact, or (with "namespace" and "rule") one rule on
 * it, cannot be told of.  That is never the same as "no match".
 */
#ifndef HUNT_HUNT_H
#define HUNT_HUNT_H

#include "analysers/yara/ruleset.h"
#include "lib/analyser.h"

#define HUNT_HEAD "head"
/* Sets of one job that are held; a further one takes the place of the oldest,
 * and with the first one of another job those before it are dropped. */
#define HUNT_SETS_MAX ((size_t)16)

struct hunt_set {
	uint64_t number;
	char job[SHA256_HEX_BYTES]; /* what RULESET names beside it */
	struct ruleset *ruleset;    /* NULL = none */
};

struct hunt {
	struct hunt_set sets[HUNT_SETS_MAX]; /* oldest first */
	size_t count;
};

void *hunt_load(struct program *program);
void hunt_info(
    void *data, char *engine, size_t engine_size, json_t **ret_detail);
int hunt_ruleset(void *data, uint64_t number, const char *digest, int fd,
    char *why, size_t why_size);
/* One artefact; ERR_OK also where an ERROR record says what is not known. */
int hunt_analyse(struct analysis *analysis);
/* The same of bytes in memory. */
int hunt_bytes(const struct hunt *hunt, const uint8_t *p, size_t len,
    const json_t *context, struct record_out *out);

#endif
