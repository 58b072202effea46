/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan.h - what changed rules mean for what is stored already.
 *
 * A re-scan is planned in the transaction that makes a version active; the
 * scheduler drives it (RESCAN_*).  A match that it finds becomes a finding of
 * the unit's yara job, one that is no more is withdrawn: the row stays.  Which
 * rules a yara job ran is told by job.rules_at, the last activation's re-scan
 * when it was leased: units whose job ran this activation's rules, or still
 * will, are none of the re-scan's.
 */
#ifndef STORE_RESCAN_H
#define STORE_RESCAN_H

#include "store/request.h"

/* Of a unit, as much as a re-scan needs. */
struct rescan_unit {
	int64_t seq;
	char artefact_id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char job_id[UUID_BYTES];
	int64_t attempt;
};

/* The re-scan that a call works on. */
struct rescan {
	int64_t id;
	bool is_trial; /* preview, hunt: findings stay as they are */
	bool is_hunt;  /* every match counts as new */
	bool is_open;  /* queued or running */
	bool is_scanned;
	int64_t version;
	int64_t retry_of; /* the re-scan whose gaps it is about; 0 = none */
	int64_t scope;
	int64_t checkpoint;
	char state[16];
	char org_id[UUID_BYTES]; /* "" = all organisations' */
	/* What this call adds to the counts. */
	int64_t new;
	int64_t lost;
	int64_t changed;
	int64_t same;
	int64_t gaps;
};

/*
 * Plans the re-scan of an activation, inside its unit of work: version `from`
 * (0 = none yet) gives way to `to`.  What an earlier re-scan did not get done
 * is taken over.  Where nothing is to be scanned, all is done when it returns.
 * *ret_id (may be NULL) is the re-scan's number.
 */
int must_check rescan_plan(struct store *store, int64_t from, int64_t to,
    const char *account_id, int64_t *ret_id);
/*
 * Makes the difference between two versions ahead of time, when the second is
 * approved, and the way back; from 0 = none is active.
 */
int must_check rescan_prepare(struct store *store, int64_t from, int64_t to);
/*
 * Plans a preview (what `to` would change) or a hunt (every match of `to`) for
 * a principal, who sees its own organisation's artefacts or all.
 */
int must_check rescan_plan_trial(struct request *r, const char *kind,
    int64_t from, int64_t to, int64_t *ret_id);
/*
 * Plans what a re-scan could not tell of once more, where that may help; *ret_id
 * is 0 where there is nothing to be tried.
 */
int must_check rescan_plan_retry(
    struct store *store, int64_t of, const char *account_id, int64_t *ret_id);
/* ERR_NOT_FOUND where there is none of that number. */
int must_check rescan_load(
    struct store *store, int64_t id, struct rescan *ret_rescan);
/*
 * Withdraws what was not found again, rule by rule, then tells the cases; at
 * most so much in one unit of work.  *ret_is_done: nothing is left.
 */
int must_check rescan_settle(
    struct store *store, struct rescan *rescan, bool *ret_is_done);
/* Adds the counts of this call to the row. */
int must_check rescan_count(struct store *store, struct rescan *rescan);
/* Notes a change; finding 0 = none, detail NULL = the finding's. */
struct rescan_change {
	const struct rescan_unit *unit;
	const char *namespace_name;
	const char *name;
	const char *what;
	const uint8_t *closure; /* or NULL */
	int64_t score;
	int64_t finding_id;
	const char *detail;
};
int must_check rescan_note(struct store *store, struct rescan *rescan,
    const struct rescan_change *change);
/* Which rules a yara job was leased for. */
enum rescan_rules {
	RESCAN_RULES_NOW,    /* those that are active; or it has none */
	RESCAN_RULES_BEFORE, /* those that run until these are compiled */
	RESCAN_RULES_OLD
};
int must_check rescan_job_rules(
    struct store *store, const char *job_id, enum rescan_rules *ret_rules);

/* Call handlers: rescan_run.c, rescan_result.c, rescan_read.c. */
int ruleset_get(struct request *r);
int ruleset_used(struct request *r);
/* rules_image.c */
int ruleset_image_get(struct request *r);
int ruleset_image_put(struct request *r);
int rescan_lease(struct request *r);
int rescan_conditions(struct request *r);
int rescan_pack(struct request *r);
int rescan_result(struct request *r);
int rescan_fail(struct request *r);
int rescan_create(struct request *r);
int rescan_list(struct request *r);
int rescan_get(struct request *r);
int rescan_changes(struct request *r);
int rescan_gaps(struct request *r);
int rescan_order(struct request *r);
/* rescan_proof.c */
int rescan_proof(struct request *r);
/* Asks the index how many units a rule's condition leaves; ERR_AGAIN, and the
 * row is sent then.  rule: the id of its row. */
int must_check proof_count(struct request *r, int64_t rule);
int proof_tasks(struct request *r);
int proof_answer(struct request *r);

#endif
