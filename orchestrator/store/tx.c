/* SPDX-License-Identifier: Apache-2.0 */
/* tx.c - group commit: one transaction per turn of the event loop. */
#include "store/tx.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "store/request.h"
#include "store/store.h"

#include <assert.h>
#include <inttypes.h>

/* Replies wait here, not in the channel, beyond this many bytes. */
#define SENDING_BYTES_MAX (8 * MIB)
/* A peer with more than this waiting may ask for nothing more. */
#define LEAVING_BYTES_MAX (64 * MIB)
#define DRAIN_MS	  2
/*
 * Writes wait this long for others as long as those keep coming: a commit
 * costs a flush of the disk and whole pages, however little is in it.
 */
#define COMPANY_MS     1
#define COMPANY_MS_MAX 6
/* As long as only the scheduler waits: nobody notices, and pages that many of
 * its calls change are written once. */
#define COMPANY_MS_MAX_SCHED 60

static void on_turn_end(void *arg);
static void on_drain(void *arg);

void
tx_init(struct tx *tx)
{
	*tx = (struct tx){.is_open = false};
	TAILQ_INIT(&tx->replies);
	TAILQ_INIT(&tx->hooks);
	for (size_t side = 0; side < TX_SIDES; side++)
		TAILQ_INIT(&tx->leaving[side]);
}

static void
reply_free(struct reply *reply)
{
	if (reply->fd != -1)
		(void)close(reply->fd);
	wire_out_release(&reply->body);
	free(reply);
}

static size_t
side_of(enum role peer)
{
	return peer == ROLE_SCHED    ? 1
	       : peer == ROLE_MAIL   ? 2
	       : peer == ROLE_OIDC   ? 3
	       : peer == ROLE_HOOK   ? 4
	       : peer == ROLE_SYSLOG ? 5
				     : 0;
}

static struct chan *
chan_of(const struct store *store, size_t side)
{
	return side == 0   ? store->web
	       : side == 1 ? store->sched
	       : side == 2 ? store->mail
	       : side == 3 ? store->oidc_peer
	       : side == 4 ? store->hook_peer
			   : store->syslog;
}

/* A channel that does not read its answers gets no more questions in. */
static void
press_back(struct store *store, size_t side)
{
	struct chan *chan = chan_of(store, side);

	if (chan != NULL)
		chan_pause(
		    chan, store->tx.leaving_bytes[side] > LEAVING_BYTES_MAX);
}

/* Sends what the channel takes; true when nothing is left. */
static bool
drain_side(struct store *store, size_t side)
{
	struct tx *tx = &store->tx;
	struct reply *reply, *next;

	for (reply = TAILQ_FIRST(&tx->leaving[side]); reply != NULL;
	     reply = next) {
		struct chan *chan = reply->request->chan;

		next = TAILQ_NEXT(reply, entry);
		if (chan != NULL && chan_queued(chan) > SENDING_BYTES_MAX)
			break;
		TAILQ_REMOVE(&tx->leaving[side], reply, entry);
		tx->leaving_bytes[side] -= reply->body.len;
		if (chan != NULL)
			(void)chan_send(chan,
			    reply->is_end ? MSG_CALL_END : MSG_CALL_ROWS,
			    reply->request->id, &reply->body,
			    take_fd(reply->fd));
		if (reply->is_end)
			request_free(reply->request);
		reply_free(reply);
	}
	press_back(store, side);
	return reply == NULL;
}

static void
drain(struct store *store)
{
	bool is_done = true;

	for (size_t side = 0; side < TX_SIDES; side++)
		is_done = drain_side(store, side) && is_done;
	if (!is_done && store->tx.drain == NULL)
		store->tx.drain =
		    loop_timer(store->loop, DRAIN_MS, on_drain, store);
}

static void
on_drain(void *arg)
{
	struct store *store = arg;

	store->tx.drain = NULL;
	drain(store);
}

static void
leave(struct store *store, struct reply *reply)
{
	size_t side = side_of(reply->request->peer);

	store->tx.leaving_bytes[side] += reply->body.len;
	TAILQ_INSERT_TAIL(&store->tx.leaving[side], reply, entry);
}

void
tx_reply(struct store *store, struct reply *reply)
{
	if (store->tx.is_open) {
		TAILQ_INSERT_TAIL(&store->tx.replies, reply, entry);
		return;
	}
	leave(store, reply);
	drain(store);
}

struct reply *
tx_last_rows(struct store *store, const struct request *r)
{
	struct tx *tx = &store->tx;
	struct reply *reply = TAILQ_LAST(&tx->replies, reply_list);

	/* What an earlier unit said stays as it is when this one is undone. */
	if (!tx->is_open || reply == NULL || reply == tx->reply_mark ||
	    reply->request != r || reply->is_end)
		return NULL;
	return reply;
}

int
tx_begin(struct store *store, enum role role)
{
	struct tx *tx = &store->tx;
	int err;

	assert(!tx->is_in_unit);
	store->db->role = ROLE_STORE;
	if (tx->lost != ERR_OK)
		return (int)tx->lost;
	if (!tx->is_open) {
		err = db_run(store->db, STMT_TX_BEGIN);
		if (err != ERR_OK)
			return err;
		tx->is_open = true;
		tx->opened_ms = loop_now_ms();
		tx->changes = db_changes(store->db);
		tx->units = tx->units_seen = 0;
		tx->has_people = false;
		/* A timer of no delay runs at the end of this turn. */
		if (tx->timer == NULL)
			tx->timer =
			    loop_timer(store->loop, 0, on_turn_end, store);
	}
	err = db_run(store->db, STMT_TX_UNIT);
	if (err != ERR_OK)
		return err;
	tx->is_in_unit = true;
	tx->has_people |= role != ROLE_SCHED;
	tx->units++;
	tx->reply_mark = TAILQ_LAST(&tx->replies, reply_list);
	tx->hook_mark = TAILQ_LAST(&tx->hooks, tx_hook_list);
	store->db->role = role;
	return ERR_OK;
}

/* Takes back what the unit wanted to say. */
static void
forget_unit(struct store *store)
{
	struct tx *tx = &store->tx;
	struct reply *reply;
	struct tx_hook *hook;

	while (
	    (reply = TAILQ_LAST(&tx->replies, reply_list)) != tx->reply_mark) {
		TAILQ_REMOVE(&tx->replies, reply, entry);
		reply_free(reply);
	}
	while ((hook = TAILQ_LAST(&tx->hooks, tx_hook_list)) != tx->hook_mark) {
		TAILQ_REMOVE(&tx->hooks, hook, entry);
		hook->fn(hook->arg, false);
		free(hook);
	}
}

void
tx_end(struct store *store, bool is_kept)
{
	struct tx *tx = &store->tx;
	int err = ERR_OK;

	store->db->role = ROLE_STORE;
	tx->is_in_unit = false;
	if (!is_kept)
		forget_unit(store);
	if (!db_is_in_transaction(store->db)) {
		/* A full disk does that. */
		tx->lost = store->db->err;
		(void)snprintf(
		    tx->lost_why, sizeof(tx->lost_why), "%s", store->db->why);
		return;
	}
	if (!is_kept)
		err = db_run(store->db, STMT_TX_UNDO);
	if (err == ERR_OK)
		err = db_run(store->db, STMT_TX_KEEP);
	if (err != ERR_OK)
		log_line(LOG_WARN, "msg=\"unit of work lost\" error=%s",
		    err_name((enum err)err));
}

void
tx_after(struct store *store, tx_hook_fn *fn, void *arg)
{
	struct tx_hook *hook = xcalloc(1, sizeof(*hook));

	hook->fn = fn;
	hook->arg = arg;
	TAILQ_INSERT_TAIL(&store->tx.hooks, hook, entry);
}

void
tx_note_jobs(struct store *store)
{
	store->tx.has_jobs = true;
}

void
tx_note_orders(struct store *store)
{
	store->tx.has_orders = true;
}

/* People wait for what it changes: no company is waited for. */
void
tx_note_rescans(struct store *store)
{
	store->tx.has_rescans = true;
	tx_hurry(store);
}

void
tx_note_mails(struct store *store)
{
	store->tx.has_mails = true;
}

void
tx_note_hooks(struct store *store)
{
	store->tx.has_hooks = true;
}

void
tx_note_sign_ins(struct store *store)
{
	store->tx.has_sign_ins = true;
	tx_hurry(store);
}

void
tx_note_proofs(struct store *store)
{
	store->tx.has_proofs = true;
	tx_hurry(store);
}

void
tx_hurry(struct store *store)
{
	store->tx.is_hurried = true;
}

void
tx_note_rules(struct store *store, int64_t version)
{
	store->tx.rules = version;
}

void
tx_note_case(struct store *store, const char *case_id)
{
	struct tx *tx = &store->tx;

	for (size_t i = 0; i < tx->cases_count; i++) {
		if (strcmp(tx->cases[i], case_id) == 0)
			return;
	}
	/* Only a hint: whoever misses it looks again a little later. */
	if (tx->cases_count < TX_CASES_MAX)
		(void)snprintf(tx->cases[tx->cases_count++],
		    sizeof(tx->cases[0]), "%s", case_id);
}

static void
send_changed(struct chan *chan, const char *what, const char *id)
{
	struct wire_out body;

	if (chan == NULL || chan_queued(chan) > SENDING_BYTES_MAX)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, what);
	wire_put_str(&body, id);
	(void)chan_send(chan, MSG_CHANGED, 0, &body, -1);
	wire_out_release(&body);
}

void
tx_tell_rules(struct store *store)
{
	send_changed(store->sched, "rules", "");
}

static void
send_notes(struct store *store)
{
	struct tx *tx = &store->tx;
	char version[24];

	if (tx->has_jobs)
		send_changed(store->sched, "jobs", "");
	if (tx->has_orders)
		send_changed(store->sched, "orders", "");
	if (tx->rules != 0) {
		(void)snprintf(version, sizeof(version), "%" PRId64, tx->rules);
		send_changed(store->sched, "rules", version);
	}
	if (tx->has_rescans)
		send_changed(store->sched, "rescans", "");
	if (tx->has_proofs)
		send_changed(store->sched, "proofs", "");
	if (tx->has_mails)
		send_changed(store->mail, "outbox", "");
	if (tx->has_hooks)
		send_changed(store->hook_peer, "hooks", "");
	if (tx->has_sign_ins)
		send_changed(store->oidc_peer, "sign_ins", "");
	for (size_t i = 0; i < tx->cases_count; i++)
		send_changed(store->web, "case", tx->cases[i]);
}

/* Everybody whose answer was in the transaction hears that it failed. */
static void
fail_replies(struct store *store, int err, const char *why)
{
	struct reply *reply;
	struct request *r, *next;

	while ((reply = TAILQ_FIRST(&store->tx.replies)) != NULL) {
		TAILQ_REMOVE(&store->tx.replies, reply, entry);
		reply->request->failed = (enum err)err;
		reply_free(reply);
	}
	/* Those that still wait for something end when they come back. */
	for (r = TAILQ_FIRST(&store->requests); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->failed != ERR_OK && r->is_ended)
			request_fail(r, r->failed, why);
	}
}

static void
run_hooks(struct store *store, bool is_committed)
{
	struct tx_hook_list hooks = TAILQ_HEAD_INITIALIZER(hooks);
	struct tx_hook *hook;

	TAILQ_CONCAT(&hooks, &store->tx.hooks, entry);
	while ((hook = TAILQ_FIRST(&hooks)) != NULL) {
		TAILQ_REMOVE(&hooks, hook, entry);
		hook->fn(hook->arg, is_committed);
		free(hook);
	}
}

/*
 * What people, mails or the vault rely on is on the disk before they hear of
 * it, and with it everything before.  Work of the scheduler alone may be lost
 * with the power, and is then done again: its jobs are as undone as it is.
 */
static void
make_durable(struct store *store)
{
	struct tx *tx = &store->tx;

	if (!tx->has_people && TAILQ_EMPTY(&tx->hooks))
		return;
	if (db_changes(store->db) == tx->changes ||
	    db_sync(store->db) == ERR_OK)
		return;
	/* Committed and not durable: what is true only the next start knows. */
	log_line(LOG_ERROR, "msg=\"the database cannot be made durable\"");
	_exit(1);
}

/* Commits, or takes everything back. */
static int
finish(struct store *store, char *why, size_t why_size)
{
	struct tx *tx = &store->tx;
	int err = (int)tx->lost;

	(void)snprintf(why, why_size, "%s", tx->lost_why);
	store->db->role = ROLE_STORE;
	if (err == ERR_OK) {
		err = db_run(store->db, STMT_TX_COMMIT);
		(void)snprintf(why, why_size, "%s", store->db->why);
	}
	if (err == ERR_OK)
		make_durable(store);
	if (err != ERR_OK && db_is_in_transaction(store->db))
		(void)!db_run(store->db, STMT_TX_ROLLBACK);
	if (err == ERR_NO_SPACE)
		(void)db_make_room(store->db);
	tx->is_open = tx->is_hurried = false;
	tx->lost = ERR_OK;
	return err;
}

void
tx_commit(struct store *store)
{
	struct tx *tx = &store->tx;
	struct reply *reply;
	char why[256];
	int err;

	if (!tx->is_open)
		return;
	err = finish(store, why, sizeof(why));
	tx->outcome = (enum err)err;
	if (err != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"commit failed\" reason=\"%s\"", why);
		fail_replies(store, err, why);
	} else {
		while ((reply = TAILQ_FIRST(&tx->replies)) != NULL) {
			TAILQ_REMOVE(&tx->replies, reply, entry);
			leave(store, reply);
		}
	}
	/* Hooks may begin the next transaction. */
	run_hooks(store, err == ERR_OK);
	if (err == ERR_OK)
		send_notes(store);
	tx->has_jobs = tx->has_orders = tx->has_mails = false;
	tx->has_hooks = tx->has_sign_ins = false;
	tx->has_rescans = tx->has_proofs = false;
	tx->rules = 0;
	tx->cases_count = 0;
	drain(store);
}

static uint64_t
company_ms_max(const struct tx *tx)
{
	return tx->has_people ? COMPANY_MS_MAX : COMPANY_MS_MAX_SCHED;
}

static void
on_turn_end(void *arg)
{
	struct store *store = arg;
	struct tx *tx = &store->tx;

	tx->timer = NULL;
	if (tx->is_open && !tx->is_hurried && tx->lost == ERR_OK &&
	    tx->units > tx->units_seen && db_changes(store->db) > tx->changes &&
	    loop_now_ms() - tx->opened_ms < company_ms_max(tx)) {
		tx->units_seen = tx->units;
		tx->timer =
		    loop_timer(store->loop, COMPANY_MS, on_turn_end, store);
		return;
	}
	tx_commit(store);
}

void
tx_forget_peer(struct store *store, enum role peer)
{
	size_t side = side_of(peer);

	/* Requests that ended are freed with their last reply. */
	(void)drain_side(store, side);
}

void
tx_release(struct store *store)
{
	struct tx *tx = &store->tx;
	struct reply *reply;

	tx_commit(store);
	loop_timer_cancel(tx->timer);
	loop_timer_cancel(tx->drain);
	tx->timer = tx->drain = NULL;
	for (size_t side = 0; side < TX_SIDES; side++) {
		while ((reply = TAILQ_FIRST(&tx->leaving[side])) != NULL) {
			TAILQ_REMOVE(&tx->leaving[side], reply, entry);
			if (reply->is_end)
				request_free(reply->request);
			reply_free(reply);
		}
	}
}
