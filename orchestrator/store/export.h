/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h - what leaves a case for others than its source.
 *
 * A disclosure with a format.  It is rendered first (report/export.h), so that
 * everybody sees what it would be and what it lacks:
 *
 *	requested (a preview) -> submitted -> [consent_pending] -> approved -> sent
 *	                             |               |               |
 *	                             +---------------+---------------+--> denied
 *
 * The source is asked where the label is above what the recipient may have
 * freely; no answer in time is a no.  Nothing goes anywhere by itself: the
 * first download makes it sent.
 */
#ifndef STORE_EXPORT_H
#define STORE_EXPORT_H

#include "store/job.h"
#include "store/recipient.h"

struct export
{
	char id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char report_id[UUID_BYTES];
	char state[24];
	char requested_by[UUID_BYTES];
	char recipient_id[UUID_BYTES];
	char consent[16];
	char purpose[256];
	char format[8];
	enum tlp tlp;
	bool is_rendered;
	bool is_submitted;
	int64_t consent_due;
};

/* The export that parameter 0 names. */
int must_check export_load(struct request *r, struct export *ret_export);
/* Ends a call with its id and state. */
int must_check export_answer(
    struct request *r, const struct export *export, const char *state);
int must_check export_audit(struct request *r, const struct export *export,
    const char *action, json_t *detail);
/* A job is done: *ret_is_export says whether it rendered one. */
int must_check export_finish(
    struct store *store, const struct attempt *a, bool *ret_is_export);
/* From the tick: what the source did not answer in time is denied. */
void export_tick(struct store *store);

#endif
