/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the rules of the service as data: which class may have which
 * service, by which clock, in which order, until when.
 *
 * A policy is a JSON document with a version; it never changes.  The one that
 * is active now is store->policy.  Its members:
 *
 *	title, regime	text
 *	classes		{code: {name, phone_24x7}}; C1 to C5, C1b if wanted
 *	ranks		{code: 1 to 9}; 1 comes first
 *	services	{name: {code: {allowed, clock, capacity}}};
 *			clock: office, 24x7 or none; a class that is missing
 *			may not; artefact_analysis must be there
 *	exceptions	{service, days}: under which service who may not send
 *			artefacts may yet, with two persons (E-2)
 *	calendars	store/calendar.h
 *	due		[{class, severity, stage, minutes}]; stage: ack, triage
 *			or report; "*" = any; the first that fits counts
 *	retention	[{kind, verdict, days, then}]; then: delete, anonymise
 *			or archive
 *
 *	unseal		{two_persons: [code]}; may be missing: C1 and C1b need a
 *			second person to open what came sealed
 *
 * The class CSIRT is the service's own: it may have all services.
 */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "store/calendar.h"

#include <stdint.h>

#define POLICY_REGIME_BYTES ((size_t)64)
/* Until it is looked at again (the charter: two years). */
#define POLICY_REVIEW_MONTHS 24
#define POLICY_ARTEFACTS     "artefact_analysis"

struct request;
struct store;

struct policy {
	int64_t version;
	char regime[POLICY_REGIME_BYTES];
	json_t *document;
	struct calendar calendar;
};

/*
 * Reads and checks a document.  ERR_FORMAT or ERR_LIMIT with a sentence in
 * why.  The caller frees.
 */
int must_check policy_parse(const char *text, size_t len, char *why,
    size_t why_size, struct policy **ret_policy);
void policy_free(struct policy *policy);

/* Where a class stands in the order of work: 1 comes first. */
int policy_rank(const struct policy *policy, const char *class_code);
bool policy_knows(const struct policy *policy, const char *class_code);
bool policy_allows(
    const struct policy *policy, const char *class_code, const char *service);
/* "24x7", "office" or "none". */
const char *policy_clock(
    const struct policy *policy, const char *class_code, const char *service);
/* Does it take a second person to open a seal in a case of this class? */
bool policy_is_unseal_double(
    const struct policy *policy, const char *class_code);
/* The names of the services that a class has, as a JSON list; new reference. */
json_t *policy_services(const struct policy *policy, const char *class_code);

/* The due time of a stage, or -1 where the policy has none. */
struct policy_case {
	const char *class_code;
	const char *severity;
	int64_t at;   /* when it came in */
	bool is_24x7; /* whatever the class's clock says (crisis) */
};
int64_t policy_due(const struct policy *policy, const struct policy_case *c,
    const char *stage);

/* --- the store's (policy_version.c) --- */

/*
 * Puts the first version in where there is none, makes those active whose time
 * has come, loads the active one into store->policy.
 */
int must_check policies_load(struct store *store);
/* Once a second: those whose time has come. */
void policies_tick(struct store *store);

/* --- entitlement.c --- */

/* Does the case's organisation have the case's class now?  What becomes of a
 * case at its intake. */
struct entitlement {
	char class_code[8];
	int64_t rank;
	char exception[37]; /* the slot that is used, or "" */
};

/*
 * May files of this organisation come in?  case_id "" = a case that is about
 * to be opened.  Who may not is ERR_DENIED, kind "not-entitled", with a number
 * that is kept.  An unknown organisation is ERR_NOT_FOUND.
 */
int must_check entitlement_check(struct request *r, const char *org_id,
    const char *case_id, struct entitlement *ret_entitlement);
/*
 * Takes a number that nobody has, in the transaction of what it is for, so
 * that none is lost or handed out twice.  case_id may be NULL; refused is why
 * there will be no case (org_id whose, else NULL), or NULL.
 */
int must_check intake_number(struct request *r, const char *case_id,
    const char *refused, const char *org_id, char ret_number[]);
/* The slot is this case's now. */
int must_check entitlement_use(
    struct request *r, const struct entitlement *e, const char *case_id);
/*
 * Sets due times, policy version, tier and exercise mark of a case that was
 * just opened, or whose severity or class changed.
 */
int must_check intake_mark(struct store *store, const char *case_id);

#endif
