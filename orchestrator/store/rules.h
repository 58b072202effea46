/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - versions of the site's rule set.
 *
 *	RULES_CREATE, RULES_UPLOAD	draft
 *	the job of kind "rules"		tested, or rejected with the reason
 *	RULES_APPROVE			approved, by somebody else
 *	RULES_ACTIVATE			active; what was active is retired
 *
 * A version is never changed but in its state: what people set about a rule
 * (RULES_SET) makes a new one, tested at once, for nothing is read anew.
 */
#ifndef STORE_RULES_H
#define STORE_RULES_H

#include "lib/json.h"
#include "store/job_finish.h"

/* Versions from this number on are for one hunt each (stmt_rules.def). */
#define RULES_ADHOC_MIN INT64_C(1000000000000)

struct rules_version {
	int64_t seq;
	char state[16];
	char author[UUID_BYTES];
	char job_id[UUID_BYTES]; /* "" = no bundle yet */
	int64_t parent;		 /* 0 = none */
	bool has_bundle;
	bool is_single_person;
	uint8_t digest[SHA256_BYTES]; /* zeros before it was tested */
};

/* Who may read rules: the other capabilities are checked by the catalogue. */
int must_check rules_may_read(struct request *r);
/*
 * The version that a parameter names; 0 is the one that is active.
 * ERR_NOT_FOUND where there is none.
 */
int must_check rules_find(
    struct request *r, int64_t seq, struct rules_version *ret_version);
/* The same, of one whose rules were read. */
int must_check rules_find_read(
    struct request *r, int64_t seq, struct rules_version *ret_version);
/* The parent that a new version is to have: -1 and 0 as in call.def. */
int must_check rules_find_parent(
    struct request *r, int64_t seq, int64_t *ret_parent);
/* A draft by the one who asks, with the sources of its parent; is_adhoc: for
 * a hunt alone. */
int must_check rules_add(struct request *r, int64_t parent, bool is_adhoc,
    const char *comment, int64_t *ret_seq);
/* Adds an entry about a version to the audit chain; takes detail. */
int must_check rules_audit(
    struct request *r, const char *action, int64_t seq, json_t *detail);
/*
 * A rule of a version by NAME or NAMESPACE:NAME: its row's id and state.
 * ERR_CONFLICT where several namespaces have one of that name.
 */
struct rules_rule {
	int64_t id;
	char state[16];
};
int must_check rules_find_rule(struct request *r, int64_t version,
    const char *name, struct rules_rule *ret_rule);

/* --- rules_bundle.c --- */

/* The upload of a bundle is evidence now: its version gets its job. */
int must_check rules_bundle_stored(struct request *r, int64_t version,
    const char *case_id, const char *artefact_id);

/* --- rules_job.c --- */

/*
 * The version of a job of kind "rules": its draft becomes tested or rejected,
 * inside the unit that runs.
 */
int must_check rules_job_finish(
    struct store *store, const char *job_id, const struct job_outcome *outcome);
/* The attempt is lost: what it brought goes. */
int must_check rules_job_sweep(struct store *store, const char *job_id);
/*
 * Digest and counts of a version's rules as they are; *ret_counts is the
 * caller's.  Makes the draft tested, or rejected with a reason.
 */
int must_check rules_seal(struct store *store, int64_t version,
    const char *engine, const char *reason);

#endif
