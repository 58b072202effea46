/* SPDX-License-Identifier: Apache-2.0 */
/* stix.h - objects of a STIX 2.1 bundle: identifiers, labels, relations. */
#ifndef REPORT_STIX_H
#define REPORT_STIX_H

#include "report/export.h"

struct stix {
	const json_t *content;
	bool lacks_strict;
	json_t *objects;
	json_t *ids;	 /* of what is in objects */
	json_t *files;	 /* sample -> id of its file */
	json_t *malware; /* sample -> id of its malware, of bad ones only */
	json_t *report;	 /* one reference is ours until it is finished */
	char producer[64];
	unsigned int labels; /* bit by enum tlp: marking definitions needed */
};

void stix_init(struct stix *x);
/* The identity of the CSIRT, which made all of it. */
void stix_producer(struct stix *x);
/* The bundle with report and markings; releases the rest. */
json_t *stix_finish(struct stix *x);

/*
 * A new object whose label is that of `from` (its member "tlp"), with what all
 * have in common; a new reference, to be given to stix_add() or
 * stix_report().  stix_sdo() has its identifier from what and key, stix_sco()
 * gets it by stix_sco_id() from its own members.
 */
json_t *stix_sdo(
    struct stix *x, const char *type, const char *key, const json_t *from);
json_t *stix_sco(struct stix *x, const char *type, const json_t *from);
/* UUIDv5 of the named members in their canonical form (2.9 of STIX 2.1). */
void stix_sco_id(json_t *object, const char *const *names);
/*
 * Takes the reference.  What is there already stays as it is.  Answers the one
 * that is in the bundle, borrowed.
 */
json_t *stix_add(struct stix *x, json_t *object);
/* The same, and the report names it. */
json_t *stix_report(struct stix *x, json_t *object);
/* A text member; nothing where it is "". */
void stix_set(json_t *object, const char *name, const char *value);
/* prefix, the value as a literal of the pattern language, and the end. */
void stix_pattern(json_t *indicator, const char *prefix, const char *value);
/* A relation; nothing where the target is "". */
void stix_relate(struct stix *x, const char *type, const json_t *source,
    const char *target, const json_t *from);
void stix_relate_ids(struct stix *x, const char *type, const char *source,
    const char *target, const json_t *from);
/* The sample of that key, or NULL. */
const json_t *stix_sample(const struct stix *x, const char *key);

#endif
