/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the state of loep-store: one database, its peers, open requests.
 *
 * Everything runs in one thread.  What arrives in one turn of the event loop
 * becomes one transaction (tx.h): each request a savepoint of its own, each
 * answer sent only after the commit.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "lib/call.h"
#include "lib/chan.h"
#include "lib/loop.h"
#include "store/db.h"
#include "store/fair.h"
#include "store/mode.h"
#include "store/session.h"
#include "store/sweep.h"
#include "store/timewatch.h"
#include "store/tx.h"
#include "store/uuid.h"
#include "store/vault.h"

#include <sys/queue.h>

struct append;
struct backup;
struct child;
struct dumps;
struct hasher;
struct keys;
struct oidc;
struct policy;
struct proof;
struct request;
struct throttle;
struct upload;
struct waiting_commit;

TAILQ_HEAD(append_list, append);
TAILQ_HEAD(child_list, child);
TAILQ_HEAD(proof_list, proof);
TAILQ_HEAD(request_list, request);
TAILQ_HEAD(upload_list, upload);
TAILQ_HEAD(commit_list, waiting_commit);
LIST_HEAD(image_list, rules_image);

/* Children being written are looked up with every commit of one. */
#define STORE_CHILD_BUCKETS 256

#define STORE_KINDS_MAX	 32
#define STORE_KIND_BYTES 32

/* What loep-index last said of itself. */
struct store_index {
	bool is_known;
	int64_t units;
	int64_t bytes;
	int64_t segments;
};

/* [hook] of the configuration, and of [mail] the address of the service. */
struct hook_conf {
	char *portal;	     /* without a slash at its end; "" = none */
	int64_t retry_us;    /* the first interval */
	int64_t give_up_us;  /* a message, and an endpoint that fails */
	int64_t rotation_us; /* how long the secret before signs too */
};

/* Whose log-ins need a second factor. */
enum second_factor {
	SECOND_FACTOR_NOBODY,
	SECOND_FACTOR_STAFF,
	SECOND_FACTOR_ALL
};

struct store {
	struct loop *loop;
	struct db *db;
	char *folder; /* of the database */
	struct chan *web;
	struct chan *sched;
	struct chan *mail;
	struct chan *oidc_peer; /* loep-oidc */
	struct chan *hook_peer; /* loep-hook */
	struct chan *syslog;
	struct oidc *oidc;
	struct keys *keys; /* and loep-pgp (key.h) */
	struct vault *vault;
	struct tx tx;
	struct sessions *sessions;
	struct hasher *hasher; /* NULL = nobody gets in by password */
	struct throttle *throttle;
	uint64_t login_tidy_ms; /* when sessions are swept next */
	enum second_factor second_factor;
	bool has_second_key; /* the vault gave it (second.h) */
	uint8_t second_key[32];
	struct loop_timer *scrub; /* of the log, after secrets were sealed */
	uint8_t password_log2n;
	int64_t session_idle_us;
	int64_t session_max_us;
	int64_t invite_us;
	int64_t step_up_us; /* how long a proof is good; 0 = none is asked */
	struct fair *fair;
	struct request_list requests;
	struct upload_list uploads;
	struct append_list appends;
	size_t drops_in_flight; /* of parts in the vault */
	struct child_list children[STORE_CHILD_BUCKETS];
	int64_t child_last;
	/* Of blobs in the vault; never both (blob.h says why). */
	struct commit_list commits;
	size_t commits_in_flight;
	size_t deletes_in_flight;
	size_t verifies_in_flight;
	struct proof_list proofs; /* that wait for the index */
	int64_t proof_last;
	/* The re-scan that was handed out last, and when that was first. */
	int64_t leased_rescan;
	int64_t leased_us;
	int64_t started_at;
	int64_t verify_period_us;
	/* [rules] of the configuration. */
	bool is_single_person; /* authors may approve their own versions */
	bool is_single_review; /* [review]: one person may do both parts */
	bool may_fetch;	       /* the command line may ask remote places */
	int64_t submission_artefacts_max;
	struct sweep sweep;
	struct timewatch timewatch;
	/* What search still has to learn (search_feed.c). */
	struct search {
		struct loop_timer *timer;
		int64_t changes; /* of the database when it looked last */
		uint64_t fed_ms;
	} search;
	struct backup *backup;	  /* NULL = none is being made */
	struct dumps *dumps;	  /* NULL = none was asked for yet */
	struct image_list images; /* that are being copied */
	int64_t upload_us;	  /* how long an upload waits to be continued */
	int64_t quota_bytes;
	int64_t quota_uploads;
	bool is_erasing;      /* a deletion waits for the vault */
	bool is_scrubbing;    /* and the indexes of words are merged for it */
	int64_t retention_at; /* when the next one is looked for */
	char retention_from[UUID_BYTES]; /* the case behind which; or "" */
	struct store_index index;
	struct policy *policy; /* that is active */
	struct mode mode;
	/* Kinds of jobs that the scheduler has asked for. */
	size_t kinds_count;
	char kinds[STORE_KINDS_MAX][STORE_KIND_BYTES];
	int64_t outbox_next; /* when it is tidied up next */
	int64_t mail_give_up_us;
	struct hook_conf hook;
	int64_t hook_next; /* when deliveries are tidied up next */
	struct loop_timer *tick;
	/* Tells the parent to kill a peer; may be NULL. */
	void (*blame)(void *arg, const struct chan *chan, const char *why);
	void *blame_arg;
};

/*
 * Opens the database in the folder (FOLDER/loep.db) and tidies up what an
 * earlier end left behind.  On failure why says what to do.
 */
int must_check store_new(struct loop *loop, const char *folder, char *why,
    size_t why_size, struct store **ret_store);
void store_free(struct store *store);
/* Takes a channel to web, sched or vault; a second one replaces the first. */
void store_add_peer(struct store *store, struct chan *chan);
/*
 * Makes the database with its first organisation, and an account with all
 * capabilities for uid.  ERR_CONFLICT where there is one already.
 */
int must_check store_init(const char *folder, const char *org,
    const char *class_code, int64_t uid, char *why, size_t why_size);

#endif
