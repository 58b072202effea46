/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.h - the transaction of one turn of the event loop, and what waits for it.
 *
 *	err = tx_begin(store, role);	opens it where it is not open yet
 *	...statements, request_row(), tx_after()...
 *	tx_end(store, err == ERR_OK);	keeps or takes back its work
 *
 * At the end of the turn, or for writes a few turns later while more come in,
 * the transaction is committed: then rows, ends and hooks go out.  Should the
 * commit fail, every request in it ends with that error and every hook learns
 * it: nothing is half-accepted.
 */
#ifndef STORE_TX_H
#define STORE_TX_H

#include "lib/err.h"
#include "lib/proto.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <sys/queue.h>

struct loop_timer;
struct request;
struct store;

/* What is to be sent for a request. */
struct reply {
	TAILQ_ENTRY(reply) entry;
	struct request *request;
	bool is_end;
	int fd;
	struct wire_out body;
};

TAILQ_HEAD(reply_list, reply);

typedef void tx_hook_fn(void *arg, bool is_committed);

struct tx_hook {
	TAILQ_ENTRY(tx_hook) entry;
	tx_hook_fn *fn;
	void *arg;
};

TAILQ_HEAD(tx_hook_list, tx_hook);

#define TX_CASES_MAX 64
/* Peers that ask: web, sched, mail, oidc, hook, syslog. */
#define TX_SIDES 6

struct tx {
	bool is_open;
	bool is_in_unit;
	bool has_people; /* others than the scheduler wait for the commit */
	/* SQLite ended the transaction by itself: nothing more may run in it,
	 * and everybody hears why. */
	enum err lost;
	char lost_why[256];
	bool has_jobs;	   /* jobs became available */
	bool has_orders;   /* orders for the VM pool */
	int64_t rules;	   /* the version that became active; 0 = none */
	bool has_rescans;  /* a re-scan to go on with, or to stop */
	bool has_proofs;   /* questions for the index */
	bool has_mails;	   /* something to be sent */
	bool has_hooks;	   /* something for an endpoint */
	bool has_sign_ins; /* somebody at the identity provider */
	bool is_hurried;   /* somebody counts milliseconds */
	struct loop_timer *timer;
	uint64_t opened_ms;
	int64_t changes; /* of the database when it was opened */
	size_t units;	 /* in this transaction, and when last looked */
	size_t units_seen;
	enum err outcome; /* of the last commit */
	/* Wait for the commit. */
	struct reply_list replies;
	struct tx_hook_list hooks;
	/* The last entries before the unit that runs. */
	struct reply *reply_mark;
	struct tx_hook *hook_mark;
	/* Committed, on their way: one list per peer. */
	struct reply_list leaving[TX_SIDES];
	size_t leaving_bytes[TX_SIDES];
	struct loop_timer *drain;
	/* Cases that changed, for hints to web. */
	char cases[TX_CASES_MAX][37];
	size_t cases_count;
};

void tx_init(struct tx *tx);
/* Ends what is open without sending anything. */
void tx_release(struct store *store);
/*
 * Starts a unit of work for a request of that role.  On failure nothing was
 * started: the caller answers with the error.
 */
int must_check tx_begin(struct store *store, enum role role);
void tx_end(struct store *store, bool is_kept);
/* Calls fn once the transaction's fate is known. */
void tx_after(struct store *store, tx_hook_fn *fn, void *arg);
/* Hints for the peers, sent after the commit. */
void tx_note_jobs(struct store *store);
void tx_note_orders(struct store *store);
void tx_note_rules(struct store *store, int64_t version);
void tx_note_rescans(struct store *store);
void tx_note_proofs(struct store *store);
void tx_note_mails(struct store *store);
void tx_note_hooks(struct store *store);
void tx_note_sign_ins(struct store *store);
void tx_note_case(struct store *store, const char *case_id);
/* Commits at the end of this turn, without waiting for company. */
void tx_hurry(struct store *store);
/* The last reply, where it is rows of this request that the unit that runs
 * said: more of them may go into it.  Else NULL. */
struct reply *tx_last_rows(struct store *store, const struct request *r);
/* Takes the reply; sends it after the commit, or soon when none is open. */
void tx_reply(struct store *store, struct reply *reply);
/* Tells the scheduler to look which rules are active. */
void tx_tell_rules(struct store *store);
/* Commits now, as at the end of a turn. */
void tx_commit(struct store *store);
/* The peer's channel ended: nothing more is sent to it. */
void tx_forget_peer(struct store *store, enum role peer);

#endif
