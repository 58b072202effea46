/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook.h - webhooks (Standard Webhooks 1.0.0): organisations' endpoints, and
 * what they are told.
 *
 * Whoever manages an organisation proposes an endpoint, somebody of the CSIRT
 * approves it.  What it is to be told is a row, written in the transaction of
 * its cause.  loep-hook leases it (HOOK_LEASE: address, body, signature; one at
 * a time of each endpoint), sends it and says what became of it (HOOK_DONE).
 * A message points to a case of that organisation, and says nothing of what is
 * in it.  Its id stays the same, however often it is sent.
 */
#ifndef STORE_HOOK_H
#define STORE_HOOK_H

#include "store/request.h"

#define HOOK_ACKNOWLEDGED "submission.acknowledged"
#define HOOK_ACCEPTED	  "submission.accepted"
#define HOOK_DEFERRED	  "submission.deferred"
#define HOOK_DECLINED	  "submission.declined"
#define HOOK_REPORT	  "report.available"
#define HOOK_VERDICT	  "verdict.changed"
#define HOOK_KEY	  "key.expiring"
/* Ordered by hand; no endpoint can choose it. */
#define HOOK_TEST "test"

/* What an endpoint may want to hear, separated by blanks. */
extern const char hook_events[];

/* Of the case's organisation, about the case, or one of its submissions. */
int must_check hook_case(
    struct store *store, const char *event, const char *case_id);
int must_check hook_submission(struct store *store, const char *event,
    const char *case_id, const char *submission_id);
/* The same, about each of its submissions. */
int must_check hook_submissions(
    struct store *store, const char *event, const char *case_id);
/* About the organisation itself. */
int must_check hook_org(
    struct store *store, const char *event, const char *org_id);
/* For one endpoint, whatever it wants to hear. */
int must_check hook_one(
    struct store *store, const char *event, const char *hook, const char *org);
/* Disables an endpoint, and tells its owners by mail. */
int must_check hook_disable(
    struct store *store, const char *hook, const char *org, const char *why);
/* What was on its way when the sender went: it is sent again. */
void hook_forget_sender(struct store *store);
/* The clock went back to this: nothing waits for a time that was wrong. */
int must_check hook_bring_forward(struct store *store, int64_t wall_us);
/* Once a second: gives up what is too old, forgets what was long ago. */
void hook_tick(struct store *store);
/*
 * How long until the next attempt, with up to a fifth more or less, so that
 * what failed together does not come back together.  asked_s: what the
 * receiver asked for (Retry-After); 0 = nothing.
 */
int64_t hook_backoff_us(int64_t retry_us, int64_t attempts, int64_t asked_s);

#endif
