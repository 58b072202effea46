/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - the store's life: start, peers that come and go, its tick. */
#include "store/store.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/backup.h"
#include "store/blob.h"
#include "store/child.h"
#include "store/dump.h"
#include "store/erase.h"
#include "store/export.h"
#include "store/hasher.h"
#include "store/hook.h"
#include "store/job.h"
#include "store/key.h"
#include "store/login.h"
#include "store/move.h"
#include "store/oidc.h"
#include "store/outbox.h"
#include "store/policy.h"
#include "store/request.h"
#include "store/resume.h"
#include "store/rules_image.h"
#include "store/search.h"
#include "store/second.h"
#include "store/throttle.h"
#include "store/upload.h"
#include "store/verify.h"

#define TICK_MS	  1000
#define MINUTE_US ((int64_t)60 * 1000000)

static void on_peer_gone(void *arg, struct chan *chan, int err);
static void on_tick(void *arg);

static const struct chan_handler handlers_of_peers[] = {
    {MSG_CALL, request_call},
    {MSG_CALL_CANCEL, request_cancel},
    {MSG_NONE_, NULL},
};

static const struct chan_ops peer_ops = {
    .handlers = handlers_of_peers,
    .gone = on_peer_gone,
};

/* What an earlier end of this program left open is closed. */
static int
tidy_up(struct store *store)
{
	int err = tx_begin(store, ROLE_STORE);

	if (err != ERR_OK)
		return err;
	err = db_do(store->db, STMT_UPLOADS_RESTARTED,
	    ARGS(val_int(loop_wall_us())), NULL);
	tx_end(store, err == ERR_OK);
	tx_commit(store);
	/* The scheduler drops all jobs with the channel to its store. */
	jobs_forget_worker(store);
	outbox_forget_sender(store);
	hook_forget_sender(store);
	if (err == ERR_OK)
		err = policies_load(store);
	return err == ERR_OK ? mode_load(store) : err;
}

int
store_new(struct loop *loop, const char *folder, char *why, size_t why_size,
    struct store **ret_store)
{
	auto_free char *path = xasprintf("%s/loep.db", folder);
	struct store *store;
	struct db *db;
	int err = db_open(path, false, why, why_size, &db);

	if (err != ERR_OK)
		return err;
	store = xcalloc(1, sizeof(*store));
	store->loop = loop;
	store->db = db;
	store->folder = xstrdup(folder);
	backup_tidy(store);
	store->started_at = loop_wall_us();
	store->submission_artefacts_max = LIMIT_SUBMISSION_ARTEFACTS;
	store->upload_us = RESUME_DAYS * RESUME_DAY_US;
	tx_init(&store->tx);
	TAILQ_INIT(&store->requests);
	TAILQ_INIT(&store->proofs);
	TAILQ_INIT(&store->uploads);
	TAILQ_INIT(&store->appends);
	TAILQ_INIT(&store->commits);
	for (size_t i = 0; i < STORE_CHILD_BUCKETS; i++)
		TAILQ_INIT(&store->children[i]);
	store->vault = vault_new(store);
	store->sessions = sessions_new();
	store->throttle = throttle_new();
	store->password_log2n = PASSWORD_LOG2N;
	store->session_idle_us = (int64_t)30 * MINUTE_US;
	store->session_max_us = (int64_t)12 * 60 * MINUTE_US;
	store->invite_us = (int64_t)72 * 60 * MINUTE_US;
	store->oidc = oidc_new();
	store->keys = keys_new(store);
	store->fair = fair_new();
	store->mode.word = "normal";
	store->mail_give_up_us = (int64_t)72 * 60 * MINUTE_US;
	store->hook = (struct hook_conf){
	    .portal = xstrdup(""),
	    .retry_us = MINUTE_US / 6,
	    .give_up_us = (int64_t)72 * 60 * MINUTE_US,
	    .rotation_us = (int64_t)24 * 60 * MINUTE_US,
	};
	err = tidy_up(store);
	if (err != ERR_OK) {
		(void)snprintf(why, why_size, "%s", db->why);
		store_free(store);
		return err;
	}
	timewatch_tick(store);
	store->tick = loop_timer(loop, TICK_MS, on_tick, store);
	*ret_store = store;
	return ERR_OK;
}

static void
drop_web(struct store *store)
{
	struct chan *chan = store->web;

	store->web = NULL;
	request_forget_peer(store, chan);
	sessions_clear(store->sessions);
	uploads_drop(store, "the web program ended while the file came in; "
			    "send it again");
	resume_drop(store, false);
	tx_forget_peer(store, ROLE_WEB);
	chan_free(chan);
}

static void
drop_sched(struct store *store)
{
	struct chan *chan = store->sched;

	store->sched = NULL;
	store->index.is_known = false;
	store->kinds_count = 0;
	request_forget_peer(store, chan);
	children_drop(store, true);
	jobs_forget_worker(store);
	tx_forget_peer(store, ROLE_SCHED);
	chan_free(chan);
}

static void
drop_mail(struct store *store)
{
	struct chan *chan = store->mail;

	store->mail = NULL;
	request_forget_peer(store, chan);
	outbox_forget_sender(store);
	tx_forget_peer(store, ROLE_MAIL);
	chan_free(chan);
}

static void
drop_oidc(struct store *store)
{
	struct chan *chan = store->oidc_peer;

	store->oidc_peer = NULL;
	request_forget_peer(store, chan);
	oidc_forget_peer(store);
	tx_forget_peer(store, ROLE_OIDC);
	chan_free(chan);
}

static void
drop_hook(struct store *store)
{
	struct chan *chan = store->hook_peer;

	store->hook_peer = NULL;
	request_forget_peer(store, chan);
	hook_forget_sender(store);
	tx_forget_peer(store, ROLE_HOOK);
	chan_free(chan);
}

static void
drop_syslog(struct store *store)
{
	struct chan *chan = store->syslog;

	store->syslog = NULL;
	request_forget_peer(store, chan);
	tx_forget_peer(store, ROLE_SYSLOG);
	chan_free(chan);
}

void
store_free(struct store *store)
{
	struct request *r, *next;

	if (store == NULL)
		return;
	/* Nobody is told any more, and no lease is taken back: this end is
	 * not the workers'. */
	loop_timer_cancel(store->tick);
	if (store->search.timer != NULL)
		loop_timer_cancel(store->search.timer);
	vault_free(store->vault);
	store->vault = NULL;
	keys_free(store->keys);
	store->keys = NULL;
	tx_release(store);
	for (r = TAILQ_FIRST(&store->requests); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		request_free(r);
	}
	chan_free(store->web);
	chan_free(store->sched);
	chan_free(store->mail);
	chan_free(store->oidc_peer);
	chan_free(store->hook_peer);
	chan_free(store->syslog);
	free(store->hook.portal);
	loop_timer_cancel(store->scrub);
	oidc_free(store->oidc);
	policy_free(store->policy);
	mode_release(&store->mode);
	sessions_free(store->sessions);
	hasher_free(store->hasher);
	throttle_free(store->throttle);
	fair_free(store->fair);
	backup_free(store);
	dumps_free(store->dumps);
	rules_image_stop(store);
	db_close(store->db);
	free(store->folder);
	free(store);
}

static void
on_peer_gone(void *arg, struct chan *chan, int err)
{
	struct store *store = arg;

	if (err == ERR_PEER && store->blame != NULL)
		store->blame(store->blame_arg, chan,
		    "a call that is malformed or not allowed");
	if (chan == store->web)
		drop_web(store);
	else if (chan == store->sched)
		drop_sched(store);
	else if (chan == store->mail)
		drop_mail(store);
	else if (chan == store->oidc_peer)
		drop_oidc(store);
	else if (chan == store->hook_peer)
		drop_hook(store);
	else if (chan == store->syslog)
		drop_syslog(store);
	else
		chan_free(chan);
}

/* The vault is there: every organisation has a key from now on. */
static void
create_keys(struct store *store)
{
	AUTO(query) q = {0};
	int err;

	store->db->role = ROLE_STORE;
	err = query_start(&q, store->db, STMT_ORG_IDS, NULL, 0);
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		vault_create_key(store->vault, query_text(&q, 0));
	if (err != ERR_EOF)
		log_line(LOG_WARN,
		    "msg=\"cannot list organisations\" "
		    "reason=\"%s\"",
		    store->db->why);
}

void
store_add_peer(struct store *store, struct chan *chan)
{
	switch (chan_peer(chan)) {
	case ROLE_VAULT:
		vault_set_chan(store->vault, chan);
		create_keys(store);
		second_ask(store);
		/* It keeps the rules, too: whoever could not have them need
		 * not ask again and again. */
		tx_tell_rules(store);
		return;
	case ROLE_PGP:
		keys_set_chan(store->keys, chan);
		return;
	case ROLE_WEB:
		if (store->web != NULL)
			drop_web(store);
		store->web = chan;
		break;
	case ROLE_SCHED:
		if (store->sched != NULL)
			drop_sched(store);
		store->sched = chan;
		break;
	case ROLE_MAIL:
		if (store->mail != NULL)
			drop_mail(store);
		store->mail = chan;
		break;
	case ROLE_OIDC:
		if (store->oidc_peer != NULL)
			drop_oidc(store);
		store->oidc_peer = chan;
		break;
	case ROLE_HOOK:
		if (store->hook_peer != NULL)
			drop_hook(store);
		store->hook_peer = chan;
		break;
	case ROLE_SYSLOG:
		if (store->syslog != NULL)
			drop_syslog(store);
		store->syslog = chan;
		break;
	default:
		chan_free(chan);
		return;
	}
	chan_set_ops(chan, &peer_ops, store);
}

static void
on_tick(void *arg)
{
	struct store *store = arg;

	timewatch_tick(store);
	jobs_expire(store);
	blob_delete_unused(store);
	resume_tick(store);
	verify_due(store);
	sweep_due(store);
	move_tick(store);
	erase_retention(store);
	erase_tick(store);
	backup_expire(store);
	search_feed(store);
	login_tidy(store);
	policies_tick(store);
	outbox_tick(store);
	hook_tick(store);
	oidc_tick(store);
	keys_tick(store);
	export_tick(store);
	store->tick = loop_timer(store->loop, TICK_MS, on_tick, store);
}
