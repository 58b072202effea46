/* SPDX-License-Identifier: Apache-2.0 */
/* partial.c - the store's messages about unfinished uploads. */
#include "vault/session.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>

/* A request that names organisation and upload; the rest is still in msg. */
static struct ask *
ask_about_part(struct session *session, struct msg *msg)
{
	struct ask *ask = ask_new(session, msg, false);

	if (ask->fault.err != ERR_OK)
		return ask;
	wire_get_str(&msg->in, ask->upload, sizeof(ask->upload));
	if (msg->in.is_failed || !place_org_is_valid(ask->upload))
		(void)fault_set(
		    &ask->fault, ERR_FORMAT, "that is not the id of an upload");
	return ask;
}

/* In a worker. */
static int
get_key(struct ask *ask)
{
	struct serve *serve = ask->session->serve;

	ask->fault.err = place_check(serve->place, &ask->fault);
	if (ask->fault.err == ERR_OK)
		ask->fault.err =
		    keys_get(serve->keys, ask->org, &ask->fault, &ask->org_key);
	return ask->fault.err;
}

static void
send_size(const struct ask *ask, uint64_t size, bool is_open)
{
	struct wire_out body;

	if (ask->session->chan == NULL)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, size);
	wire_put_u8(&body, is_open);
	(void)chan_send(
	    ask->session->chan, MSG_PART_SIZE, ask->request, &body, -1);
	wire_out_release(&body);
}

/* --- PART_OPEN --- */

static void
open_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	uint64_t size;

	(void)kit;
	if (get_key(ask) == ERR_OK)
		ask->fault.err = part_open(ask->session->serve->place,
		    ask->upload, ask->org_key, ask->offset == 0, &ask->fault,
		    &ask->part);
	if (ask->fault.err == ERR_OK) {
		size = part_progress(ask->part)->size;
		if (size != ask->offset || part_writer(ask->part) == NULL)
			(void)fault_set(&ask->fault, ERR_CONFLICT,
			    "%llu bytes of the upload are here, not %llu",
			    (unsigned long long)size,
			    (unsigned long long)ask->offset);
	}
	ask_finish(ask);
}

static void
open_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;
	struct session *session = ask->session;
	struct serve *serve = session->serve;
	struct ingest *ingest = NULL;
	int fd = -1;

	if (ask->fault.err == ERR_OK &&
	    (serve->upload_count == SERVE_UPLOADS_MAX || session->chan == NULL))
		(void)fault_set(&ask->fault, ERR_UNAVAILABLE,
		    "too many uploads at the same time, try again");
	if (ask->fault.err == ERR_OK) {
		const struct ingest_part what = {
		    .part = take_ptr(ask->part),
		    .org_key = take_ptr(ask->org_key),
		    .is_atomic = ask->is_atomic,
		};

		ask->fault.err = ingest_resume(&serve->env,
		    ++serve->upload_last, &what, &ask->fault, &ingest, &fd);
	}
	if (ask->fault.err != ERR_OK) {
		part_free(take_ptr(ask->part));
		say_ask(ask);
	} else {
		upload_begin(session, ask->request, ingest, fd);
	}
	ask_free(ask);
}

int
partial_open(void *arg, struct chan *chan, struct msg *msg)
{
	struct ask *ask = ask_about_part(arg, msg);

	(void)chan;
	ask->offset = wire_get_u64(&msg->in);
	ask->is_atomic = wire_get_u8(&msg->in) != 0;
	return ask_submit(ask, POOL_QUICK, open_work, open_done);
}

/* --- PART_STAT --- */

static void
stat_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;

	(void)kit;
	if (get_key(ask) == ERR_OK)
		ask->fault.err =
		    part_stat(ask->session->serve->place, ask->upload,
			ask->org_key, &ask->size, &ask->is_open, &ask->fault);
	ask_finish(ask);
}

static void
stat_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;

	if (ask->fault.err != ERR_OK)
		say_ask(ask);
	else
		send_size(ask, ask->size, ask->is_open);
	ask_free(ask);
}

int
partial_stat(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_about_part(arg, msg), POOL_QUICK, stat_work, stat_done);
}

/* --- PART_COMMIT --- */

/* A file that is whole may have moved to the blob's name alone.  ERR_AGAIN:
 * it is still to be linked there. */
static int
find_blob(struct ask *ask)
{
	const struct place *place = ask->session->serve->place;
	char name[PLACE_NAME_BYTES];

	place_part_name(name, ask->upload, "");
	if (faccessat(place->fd, name, F_OK, AT_EACCESS) == 0)
		return ERR_AGAIN;
	return blob_reader_open(
	    place, ask->org_key, ask->whole.sha256, &ask->fault, &ask->reader);
}

static void
commit_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;
	int err = get_key(ask);

	if (err == ERR_OK)
		err = part_open(serve->place, ask->upload, ask->org_key, false,
		    &ask->fault, &ask->part);
	if (err == ERR_OK)
		err = part_finish(
		    ask->part, kit, ask->offset, &ask->whole, &ask->fault);
	if (err == ERR_OK)
		err = find_blob(ask);
	if (err == ERR_AGAIN) {
		ask->commit.job = &ask->job;
		ask->commit.fd = -1;
		ask->commit.file_size = ask->whole.file_size;
		ask->commit.org_key = ask->org_key;
		ask->commit.keeps_tmp = true;
		place_part_name(ask->commit.tmp, ask->upload, "");
		memcpy(ask->commit.sha256, ask->whole.sha256, SHA256_BYTES);
		committer_submit(serve->env.committer, &ask->commit);
		return;
	}
	ask->commit.disk_bytes = ask->whole.file_size;
	ask->fault.err = err;
	ask_finish(ask);
}

static void
commit_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;
	struct session *session = ask->session;
	struct wire_out body;

	if (ask->fault.err == ERR_OK)
		ask->fault = ask->commit.fault;
	if (ask->fault.err != ERR_OK) {
		say_ask(ask);
	} else if (session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_bytes(&body, ask->whole.sha256, SHA256_BYTES);
		wire_put_u64(&body, ask->whole.size);
		wire_put_u64(&body, ask->commit.disk_bytes);
		wire_put_u8(&body, ask->commit.is_new);
		(void)chan_send(
		    session->chan, MSG_BLOB_STORED, ask->request, &body, -1);
		wire_out_release(&body);
	}
	ask_free(ask);
}

int
partial_commit(void *arg, struct chan *chan, struct msg *msg)
{
	struct ask *ask = ask_about_part(arg, msg);

	(void)chan;
	ask->offset = wire_get_u64(&msg->in);
	return ask_submit(ask, POOL_BULK, commit_work, commit_done);
}

/* --- PART_DROP --- */

static void
drop_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;

	(void)kit;
	ask->fault.err = place_check(serve->place, &ask->fault);
	if (ask->fault.err == ERR_OK)
		ask->fault.err =
		    part_drop(serve->place, ask->upload, &ask->fault);
	ask_finish(ask);
}

int
partial_drop(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_about_part(arg, msg), POOL_QUICK, drop_work, ask_done);
}
