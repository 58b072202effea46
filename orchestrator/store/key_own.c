/* SPDX-License-Identifier: Apache-2.0 */
/* key_own.c - the service's own keys, and warnings before keys end. */
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/hook.h"
#include "store/key.h"
#include "store/outbox.h"

#define SECOND_US ((int64_t)1000000)
#define DAY_US	  ((int64_t)24 * 3600 * SECOND_US)
#define LOOK_US	  (60 * SECOND_US)
/* Of one look; the next one goes on. */
#define WARNINGS_MAX 64

struct keys {
	struct store *store;
	struct chan *chan;
	struct pgp_asks *asks;
	int64_t next_us; /* when it is looked for keys that end */
};

/* --- the service's own --- */

static int
take_one(struct store *store, const json_t *detail)
{
	struct key_row row = {
	    .fpr = json_member_text(detail, "fpr", ""),
	    .armor = json_member_text(detail, "armor", ""),
	    .detail = detail,
	};
	char id[UUID_BYTES] = "";
	struct audit_object object = {"key", id, ""};
	bool is_new, is_back = false;
	int err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, store->db, STMT_KEY_FIND,
		    ARGS(val_null(), val_text(row.fpr)));
		if (err == ERR_OK)
			is_back = query_int(&q, 2) != 0;
		else if (err != ERR_NOT_FOUND)
			return err;
	}
	err = key_put(store, NULL, NULL, &row, id, &is_new);
	if (err == ERR_OK && is_back)
		err =
		    db_do(store->db, STMT_KEY_RETURN, ARGS(val_text(id)), NULL);
	if (err == ERR_OK && (is_new || is_back))
		err = audit_own(store, "key.added", &object,
		    json_pack("{s:s}", "fpr", row.fpr));
	return err;
}

/* One that is not in the file any more; ERR_NOT_FOUND: none is left. */
static int
retire_gone(struct store *store, const char *fprs)
{
	char id[UUID_BYTES] = "", fpr[PGP_FPR_BYTES] = "";
	struct audit_object object = {"key", id, ""};
	int err;
	{
		AUTO(query) q = {0};

		err = query_one(
		    &q, store->db, STMT_KEY_GONE, ARGS(val_text(fprs)));
		if (err != ERR_OK)
			return err;
		(void)snprintf(id, sizeof(id), "%s", query_text(&q, 0));
		(void)snprintf(fpr, sizeof(fpr), "%s", query_text(&q, 1));
	}
	err = db_do(store->db, STMT_KEY_RETIRE,
	    ARGS(val_text(id), val_null(), val_int(loop_wall_us()),
		val_text("not among the configured keys any more")),
	    NULL);
	if (err == ERR_OK)
		err = audit_own(store, "key.retired", &object,
		    json_pack("{s:s}", "fpr", fpr));
	return err;
}

static int
take_all(struct store *store, const json_t *list)
{
	auto_json json_t *fprs = json_array();
	auto_free char *text = NULL;
	const json_t *item;
	int err = ERR_OK;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (err == ERR_OK)
			err = take_one(store, item);
		json_array_append_new(
		    fprs, json_string(json_member_text(item, "fpr", "")));
	}
	text = json_canonical(fprs);
	while (err == ERR_OK)
		err = retire_gone(store, text);
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

static void
on_keys(void *arg, const json_t *said)
{
	struct keys *keys = arg;
	struct store *store = keys->store;
	const json_t *list = json_object_get(said, "keys");
	int err;

	/* An empty list is a file that cannot be read: nothing changes. */
	if (json_array_size(list) == 0)
		return;
	err = tx_begin(store, ROLE_STORE);
	if (err != ERR_OK)
		return;
	err = take_all(store, list);
	tx_end(store, err == ERR_OK);
	if (err != ERR_OK)
		log_line(LOG_WARN,
		    "msg=\"the service's keys are not stored\" reason=\"%s\"",
		    store->db->why);
	tx_commit(store);
}

/* --- the channel --- */

static int
on_message(void *arg, struct chan *chan, struct msg *msg)
{
	struct keys *keys = arg;

	(void)chan;
	return pgp_asks_handle(keys->asks, msg);
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct keys *keys = arg;

	if (err == ERR_PEER && keys->store->blame != NULL)
		keys->store->blame(
		    keys->store->blame_arg, chan, "broke the protocol");
	keys_set_chan(keys, NULL);
}

struct keys *
keys_new(struct store *store)
{
	struct keys *keys = xcalloc(1, sizeof(*keys));

	keys->store = store;
	keys->asks = pgp_asks_new(store->loop);
	pgp_asks_on_keys(keys->asks, on_keys, keys);
	return keys;
}

void
keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	pgp_asks_on_keys(keys->asks, NULL, NULL);
	pgp_asks_free(keys->asks);
	chan_free(keys->chan);
	free(keys);
}

void
keys_set_chan(struct keys *keys, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_PGP_KEYS, on_message},
	    {MSG_PGP_DONE, on_message},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};
	struct chan *old = keys->chan;

	keys->chan = chan;
	/* What the old one was asked has no answer any more. */
	pgp_asks_set_chan(keys->asks, NULL);
	chan_free(old);
	if (chan == NULL)
		return;
	chan_set_ops(chan, &ops, keys);
	pgp_asks_set_chan(keys->asks, chan);
}

struct pgp_asks *
keys_asks(struct keys *keys)
{
	return keys->asks;
}

/* --- warnings --- */

/* The next key that ends within so many days; ERR_NOT_FOUND: none. */
static int
warn_next(struct store *store, int64_t now, int64_t days)
{
	char id[UUID_BYTES] = "", org[UUID_BYTES] = "";
	char fpr[PGP_FPR_BYTES] = "";
	struct audit_object object = {"key", id, org};
	int64_t left;
	int err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, store->db, STMT_KEY_DUE,
		    ARGS(val_int(now), val_int(days * DAY_US), val_int(days)));
		if (err != ERR_OK)
			return err;
		(void)snprintf(id, sizeof(id), "%s", query_text(&q, 0));
		(void)snprintf(org, sizeof(org), "%s", query_text(&q, 2));
		(void)snprintf(fpr, sizeof(fpr), "%s", query_text(&q, 3));
		left = (query_int(&q, 4) - now) / DAY_US;
	}
	err = db_do(store->db, STMT_KEY_WARNED,
	    ARGS(val_text(id), val_int(days)), NULL);
	if (err == ERR_OK)
		err = outbox_key(store, org[0] == '\0' ? NULL : org, fpr, left);
	if (err == ERR_OK && org[0] != '\0')
		err = hook_org(store, HOOK_KEY, org);
	if (err == ERR_OK)
		err = audit_own(store, "key.expiring", &object,
		    json_pack(
			"{s:s,s:I}", "fpr", fpr, "days", (json_int_t)left));
	return err;
}

void
keys_warn(struct store *store, int64_t now)
{
	/* The nearest first: a key that ends next week gets one warning. */
	static const int64_t days[] = {7, 30, 60};
	int err = ERR_OK;
	size_t warned = 0;

	if (tx_begin(store, ROLE_STORE) != ERR_OK)
		return;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		do {
			err = warn_next(store, now, days[i]);
		} while (err == ERR_OK && ++warned < WARNINGS_MAX);
		if (err != ERR_NOT_FOUND)
			break;
	}
	tx_end(store, err == ERR_OK || err == ERR_NOT_FOUND);
}

void
keys_tick(struct store *store)
{
	int64_t now = loop_wall_us();

	/* Also when the clock went back. */
	if (now < store->keys->next_us &&
	    now > store->keys->next_us - 2 * LOOK_US)
		return;
	store->keys->next_us = now + LOOK_US;
	keys_warn(store, now);
}
