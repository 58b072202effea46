/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h - mails to be sent: rows that are written in the transaction of
 * what they tell of.
 *
 * loep-mail leases them (MAIL_LEASE), sends them and says what became of them
 * (MAIL_DONE).  A row stays until the relay took it, or until it is given up
 * (state failed), which people see and can order again.  A mail says a number,
 * a label and where to look, never content.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/request.h"

/* Kinds; the texts are mail/text.c's. */
#define OUTBOX_ACK	      "ack"
#define OUTBOX_REFUSED	      "refused"
#define OUTBOX_REPORT	      "report_available"
#define OUTBOX_MESSAGE	      "message_waiting"
#define OUTBOX_LATE_DETECTION "late_detection"
#define OUTBOX_WITHDRAWN      "withdrawn"
#define OUTBOX_DECLINED	      "declined"
#define OUTBOX_RECALLED	      "report_recalled"
#define OUTBOX_MERGED	      "merged"
#define OUTBOX_SPLIT	      "split"
#define OUTBOX_KEPT	      "deletion_refused"
#define OUTBOX_KEY	      "key_expiring"
#define OUTBOX_CONSENT	      "consent_asked"
#define OUTBOX_HOOK_DISABLED  "hook_disabled"

/*
 * Tells those of the case's organisation who are to be told: the one who
 * opened it, where that is one of theirs with an address, else those who
 * manage its accounts.  One that waits already is not written twice (but for
 * acknowledgements).  Whoever has no address gets none.
 */
int must_check outbox_case(
    struct store *store, const char *kind, const char *case_id);

/*
 * Tells those who manage the accounts of an organisation what is about none of
 * its cases.
 */
int must_check outbox_org(
    struct store *store, const char *kind, const char *org_id);

struct outbox_refusal {
	const char *org;
	const char *number;
	const char *class_code;
};

/* The one who asked, where they are of that organisation. */
int must_check outbox_refused(
    struct request *r, const struct outbox_refusal *refusal);
/*
 * An OpenPGP key ends in so many days: tells those who manage the
 * organisation's accounts, or (org NULL) the service's keys.
 */
int must_check outbox_key(
    struct store *store, const char *org, const char *fpr, int64_t days);
/* What was on its way when the sender went: it is sent again. */
void outbox_forget_sender(struct store *store);
/* Once a second: gives up what is too old. */
void outbox_tick(struct store *store);
/* An address that a mail can go to: no more of RFC 5321 than people use. */
bool outbox_address_is_valid(const char *address);

#endif
