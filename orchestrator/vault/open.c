/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - the store's messages about stored blobs. */
#include "vault/session.h"

#include "lib/own.h"
#include "lib/xalloc.h"

/* Reading more than this is no quick job. */
#define QUICK_BYTES_MAX ((uint64_t)4 * MIB)

/* The way that was asked for, as far as the size allows it. */
static int
choose_way(struct ask *ask)
{
	if (ask->how == BLOB_AUTO)
		ask->how =
		    ask->size <= LIMIT_MEMFD_BYTES ? BLOB_MEMFD : BLOB_RANGE;
	if (ask->how == BLOB_MEMFD && ask->size > LIMIT_MEMFD_BYTES)
		return fault_set(&ask->fault, ERR_LIMIT,
		    "too large to be handed out as memory");
	return ERR_OK;
}

static int
open_reader(struct ask *ask)
{
	struct serve *serve = ask->session->serve;

	if (place_check(serve->place, &ask->fault) != ERR_OK ||
	    keys_get(serve->keys, ask->org, &ask->fault, &ask->org_key) !=
		ERR_OK ||
	    blob_reader_open(serve->place, ask->org_key, ask->sha256,
		&ask->fault, &ask->reader) != ERR_OK)
		return ask->fault.err;
	ask->size = blob_reader_size(ask->reader);
	return ERR_OK;
}

static int
hand_out(struct ask *ask, struct kit *kit)
{
	int err;

	if (ask->how == BLOB_MEMFD)
		return feed_memory(ask->reader, kit, &ask->fault, &ask->fd);
	if (ask->how == BLOB_STREAM) {
		err = feed_small_pipe(ask->reader, kit, &ask->fault, &ask->fd);
		if (err != ERR_LIMIT)
			return err;
	}
	return feed_new(
	    take_ptr(ask->reader), ask->how, &ask->fault, &ask->feed, &ask->fd);
}

static void
open_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;

	if (ask->reader == NULL) {
		if (open_reader(ask) != ERR_OK || choose_way(ask) != ERR_OK) {
			ask_finish(ask);
			return;
		}
		if (ask->how == BLOB_MEMFD && ask->size > QUICK_BYTES_MAX) {
			pool_submit(
			    ask->session->serve->env.pool, POOL_BULK, job);
			return;
		}
	}
	ask->fault.err = hand_out(ask, kit);
	ask_finish(ask);
}

static void
open_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;
	struct session *session = ask->session;
	struct serve *serve = session->serve;
	struct wire_out body;

	if (ask->fault.err == ERR_OK && ask->feed != NULL &&
	    session->chan != NULL) {
		if (feed_start(ask->feed, serve->env.loop, serve->env.pool))
			(void)take_ptr(ask->feed);
		else
			(void)fault_set(&ask->fault, ERR_UNAVAILABLE,
			    "too many blobs are being read, try again");
	}
	if (ask->fault.err != ERR_OK) {
		say_ask(ask);
	} else if (session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_u64(&body, ask->size);
		wire_put_u8(&body, (uint8_t)ask->how);
		(void)chan_send(session->chan, MSG_BLOB_OPENED, ask->request,
		    &body, take_fd(ask->fd));
		wire_out_release(&body);
	}
	ask_free(ask);
}

int
open_blob(void *arg, struct chan *chan, struct msg *msg)
{
	struct ask *ask = ask_new(arg, msg, true);
	unsigned int how = wire_get_u8(&msg->in);

	(void)chan;
	if (ask->fault.err == ERR_OK && (how < BLOB_MEMFD || how > BLOB_AUTO))
		(void)fault_set(&ask->fault, ERR_FORMAT,
		    "there is no such way to open a blob");
	ask->how = (enum blob_open)how;
	return ask_submit(ask, POOL_QUICK, open_work, open_done);
}

static void
verify_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;

	ask->fault.err = open_reader(ask);
	if (ask->fault.err == ERR_OK)
		ask->fault.err = blob_reader_verify(
		    ask->reader, kit, &ask->session->is_gone, &ask->fault);
	ask_finish(ask);
}

int
open_verify(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_new(arg, msg, true), POOL_SLOW, verify_work, ask_done);
}

static void
delete_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;
	char name[PLACE_NAME_BYTES];

	(void)kit;
	place_blob_name(name, ask->org, ask->sha256);
	ask->fault.err = place_check(serve->place, &ask->fault);
	if (ask->fault.err == ERR_OK)
		ask->fault.err = place_remove(serve->place, name, &ask->fault);
	ask_finish(ask);
}

int
open_delete(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_new(arg, msg, true), POOL_QUICK, delete_work, ask_done);
}

static void
list_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;

	(void)kit;
	ask->listing = xcalloc(1, sizeof(*ask->listing));
	ask->fault.err = listing_read(ask->listing, ask->session->serve->place,
	    ask->org, ask->sha256, ask->age_s, &ask->fault);
	ask_finish(ask);
}

static void
list_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;
	const struct listing *listing = ask->listing;
	struct wire_out body;

	if (ask->fault.err != ERR_OK) {
		say_ask(ask);
	} else if (ask->session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_bytes(
		    &body, listing->sha256, listing->count * SHA256_BYTES);
		wire_put_bytes(&body, listing->last, SHA256_BYTES);
		wire_put_u8(&body, listing->is_end);
		(void)chan_send(ask->session->chan, MSG_BLOB_LISTED,
		    ask->request, &body, -1);
		wire_out_release(&body);
	}
	ask_free(ask);
}

int
open_list(void *arg, struct chan *chan, struct msg *msg)
{
	struct ask *ask = ask_new(arg, msg, true);

	(void)chan;
	ask->age_s = wire_get_u64(&msg->in);
	return ask_submit(ask, POOL_SLOW, list_work, list_done);
}
