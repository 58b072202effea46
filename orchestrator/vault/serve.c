/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - one handler per message of the store. */
#include "vault/serve.h"

#include "vault/feed.h"
#include "vault/ingest.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* Reading more than this is no quick job. */
#define QUICK_BYTES_MAX ((uint64_t)4 * MIB)
/* The program ends for the parent to start it anew. */
#define EXIT_RESTART 75

/* One life of the channel to the store; lives while anybody refers to it. */
struct session {
	struct serve *serve;
	struct chan *chan; /* NULL once it is gone */
	atomic_bool is_gone;
	unsigned int refs; /* the loop's */
};

struct upload {
	TAILQ_ENTRY(upload) entry;
	struct session *session;
	struct ingest *ingest;
	uint32_t request; /* of the commit; 0 before */
};

TAILQ_HEAD(upload_list, upload);

/* A request that a worker answers. */
struct ask {
	struct job job;
	struct session *session;
	uint32_t request;
	char org[BLOB_ORG_BYTES];
	uint8_t sha256[SHA256_BYTES];
	struct fault fault;
	/* BLOB_OPEN */
	enum blob_open how;
	struct org_key *org_key;
	struct blob_reader *reader;
	uint64_t size;
	struct feed *feed;
	int fd;
};

struct serve {
	struct program *program;
	const struct place *place;
	struct keys *keys;
	struct ingest_env env;
	struct session *session; /* NULL without a store */
	struct upload_list uploads;
	size_t upload_count;
	uint64_t upload_last;
	size_t ask_count;
	bool is_paused;
	bool is_sweeping;
	struct job sweep;
};

static void
session_unref(struct session *session)
{
	if (--session->refs == 0)
		free(session);
}

/* --- answers --- */

static void
say(struct session *session, uint32_t request, const struct fault *fault)
{
	struct serve *serve = session->serve;
	struct wire_out body;

	if (fault->err != ERR_OK && fault->err != ERR_NOT_FOUND)
		log_line(LOG_WARN,
		    "msg=\"request failed\" err=%s "
		    "reason=\"%s\"",
		    err_name((enum err)fault->err), fault->why);
	if (session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_u8(&body, (uint8_t)fault->err);
		wire_put_str(&body, fault->err == ERR_OK ? "" : fault->why);
		(void)chan_send(
		    session->chan, MSG_VAULT_DONE, request, &body, -1);
		wire_out_release(&body);
	}
	/* The cage holds on to the folder that was there at the start. */
	if (fault->err == ERR_UNAVAILABLE && place_is_replaced(serve->place)) {
		log_line(LOG_ERROR, "msg=\"another folder is at the vault's "
				    "place, starting anew\"");
		exit(EXIT_RESTART);
	}
}

static void
say_err(struct session *session, uint32_t request, int err, const char *why)
{
	struct fault fault;

	(void)fault_set(&fault, err, "%s", why);
	say(session, request, &fault);
}

/* --- requests for workers --- */

static struct ask *
ask_new(struct session *session, uint32_t request)
{
	struct serve *serve = session->serve;
	struct ask *ask = xcalloc(1, sizeof(*ask));

	ask->session = session;
	session->refs++;
	ask->request = request;
	ask->fd = -1;
	serve->ask_count++;
	if (serve->ask_count >= SERVE_ASKS_MAX && !serve->is_paused &&
	    serve->session == session) {
		serve->is_paused = true;
		chan_pause(session->chan, true);
	}
	return ask;
}

static void
ask_free(struct ask *ask)
{
	struct serve *serve = ask->session->serve;

	if (ask->fd != -1)
		(void)close(ask->fd);
	feed_free(ask->feed);
	blob_reader_free(ask->reader);
	org_key_unref(ask->org_key);
	serve->ask_count--;
	if (serve->is_paused && serve->ask_count < SERVE_ASKS_MAX / 2) {
		serve->is_paused = false;
		if (serve->session != NULL)
			chan_pause(serve->session->chan, false);
	}
	session_unref(ask->session);
	free(ask);
}

/* Reads the organisation and, where asked for, the digest. */
static struct ask *
ask_from(struct session *session, struct msg *msg, bool has_digest)
{
	struct ask *ask = ask_new(session, msg->request);
	const uint8_t *digest;
	size_t len;

	wire_get_str(&msg->in, ask->org, sizeof(ask->org));
	if (msg->in.is_failed || !place_org_is_valid(ask->org)) {
		(void)fault_set(&ask->fault, ERR_FORMAT,
		    "that is not the id of an organisation");
		return ask;
	}
	if (!has_digest)
		return ask;
	digest = wire_get_bytes(&msg->in, &len);
	if (len != SHA256_BYTES)
		(void)fault_set(
		    &ask->fault, ERR_FORMAT, "that is not a SHA-256");
	else
		memcpy(ask->sha256, digest, SHA256_BYTES);
	return ask;
}

static void
finish(struct ask *ask)
{
	pool_finish(ask->session->serve->env.pool, &ask->job);
}

static void
ask_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;

	say(ask->session, ask->request, &ask->fault);
	ask_free(ask);
}

/* Hands the request to a worker, or answers at once where it is malformed. */
static int
ask_submit(
    struct ask *ask, enum pool_lane lane, job_work_fn *work, job_done_fn *done)
{
	if (ask->fault.err != ERR_OK) {
		ask_done(&ask->job);
		return ERR_OK;
	}
	ask->job.work = work;
	ask->job.done = done;
	pool_submit(ask->session->serve->env.pool, lane, &ask->job);
	return ERR_OK;
}

/* --- keys --- */

static void
key_create_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;

	(void)kit;
	ask->fault.err = place_check(serve->place, &ask->fault);
	if (ask->fault.err == ERR_OK)
		ask->fault.err =
		    keys_create(serve->keys, ask->org, &ask->fault);
	finish(ask);
}

static int
on_key_create(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_from(arg, msg, false), POOL_QUICK, key_create_work, ask_done);
}

static void
sweep_work(struct job *job, struct kit *kit)
{
	struct serve *serve =
	    (struct serve *)(void *)((char *)job -
				     offsetof(struct serve, sweep));

	(void)kit;
	place_sweep_erased(serve->place);
	pool_finish(serve->env.pool, job);
}

static void
sweep_done(struct job *job)
{
	struct serve *serve =
	    (struct serve *)(void *)((char *)job -
				     offsetof(struct serve, sweep));

	serve->is_sweeping = false;
}

static void
start_sweep(struct serve *serve)
{
	if (serve->is_sweeping)
		return;
	serve->is_sweeping = true;
	serve->sweep.work = sweep_work;
	serve->sweep.done = sweep_done;
	pool_submit(serve->env.pool, POOL_SLOW, &serve->sweep);
}

static void
key_destroy_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;

	(void)kit;
	ask->fault.err = place_check(serve->place, &ask->fault);
	if (ask->fault.err == ERR_OK)
		ask->fault.err =
		    keys_destroy(serve->keys, ask->org, &ask->fault);
	/* What cannot be read any more only takes space. */
	if (ask->fault.err == ERR_OK)
		ask->fault.err =
		    place_erase(serve->place, ask->org, &ask->fault);
	finish(ask);
}

static void
key_destroy_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;

	log_line(LOG_INFO, "msg=\"key destroyed\" organisation=%s err=%s",
	    ask->org, err_name((enum err)ask->fault.err));
	ask_done(job);
	start_sweep(serve);
}

static int
on_key_destroy(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(ask_from(arg, msg, false), POOL_QUICK,
	    key_destroy_work, key_destroy_done);
}

static int
on_sign(void *arg, struct chan *chan, struct msg *msg)
{
	struct session *session = arg;
	uint8_t signature[SIGN_BYTES];
	struct wire_out body;
	const uint8_t *p;
	size_t len;

	p = wire_get_bytes(&msg->in, &len);
	if (len > SERVE_SIGN_BYTES_MAX) {
		say_err(
		    session, msg->request, ERR_LIMIT, "too long to be signed");
		return ERR_OK;
	}
	if (keys_sign(session->serve->keys, p, len, signature) != ERR_OK) {
		say_err(session, msg->request, ERR_UNAVAILABLE,
		    "the signing key does not work");
		return ERR_OK;
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_bytes(&body, signature, sizeof(signature));
	wire_put_bytes(
	    &body, keys_public(session->serve->keys), SIGN_PUBLIC_BYTES);
	(void)chan_send(chan, MSG_SIGNED, msg->request, &body, -1);
	wire_out_release(&body);
	return ERR_OK;
}

/* --- writing --- */

static void
upload_free(struct upload *upload)
{
	struct serve *serve = upload->session->serve;

	TAILQ_REMOVE(&serve->uploads, upload, entry);
	serve->upload_count--;
	session_unref(upload->session);
	free(upload);
}

static struct upload *
find_upload(struct session *session, uint64_t id)
{
	struct upload *upload;

	TAILQ_FOREACH (upload, &session->serve->uploads, entry) {
		if (upload->session == session &&
		    ingest_id(upload->ingest) == id)
			return upload;
	}
	return NULL;
}

/* Everything that can fail before there is an upload. */
static int
start_upload(struct session *session, struct msg *msg, struct fault *fault,
    struct ingest **ret_ingest, int *ret_pipe)
{
	struct serve *serve = session->serve;
	struct org_key *org_key = NULL;
	char org[BLOB_ORG_BYTES];

	wire_get_str(&msg->in, org, sizeof(org));
	if (msg->in.is_failed)
		return fault_set(
		    fault, ERR_FORMAT, "that is not the id of an organisation");
	if (serve->upload_count == SERVE_UPLOADS_MAX)
		return fault_set(fault, ERR_UNAVAILABLE,
		    "too many uploads at the same time, try again");
	/* A look at the folder, and a short file once per organisation. */
	if (place_check(serve->place, fault) != ERR_OK ||
	    keys_get(serve->keys, org, fault, &org_key) != ERR_OK)
		return fault->err;
	return ingest_new(&serve->env, ++serve->upload_last, org_key, fault,
	    ret_ingest, ret_pipe);
}

static int
on_blob_create(void *arg, struct chan *chan, struct msg *msg)
{
	struct session *session = arg;
	struct serve *serve = session->serve;
	struct ingest *ingest = NULL;
	struct upload *upload;
	struct wire_out body;
	struct fault fault;
	int fd = -1;

	if (start_upload(session, msg, &fault, &ingest, &fd) != ERR_OK) {
		say(session, msg->request, &fault);
		return ERR_OK;
	}
	upload = xcalloc(1, sizeof(*upload));
	upload->session = session;
	session->refs++;
	upload->ingest = ingest;
	TAILQ_INSERT_TAIL(&serve->uploads, upload, entry);
	serve->upload_count++;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, ingest_id(ingest));
	if (chan_send(chan, MSG_BLOB_PIPE, msg->request, &body, fd) != ERR_OK) {
		ingest_abort(ingest);
		upload_free(upload);
	}
	wire_out_release(&body);
	return ERR_OK;
}

static void
on_stored(void *arg, const struct ingest_result *result)
{
	struct upload *upload = arg;
	struct session *session = upload->session;
	struct wire_out body;

	if (result->fault.err != ERR_OK) {
		say(session, upload->request, &result->fault);
	} else if (session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_bytes(&body, result->sha256, SHA256_BYTES);
		wire_put_u64(&body, result->size);
		wire_put_u64(&body, result->disk_bytes);
		wire_put_u8(&body, result->is_new);
		(void)chan_send(
		    session->chan, MSG_BLOB_STORED, upload->request, &body, -1);
		wire_out_release(&body);
	}
	upload_free(upload);
}

static int
on_blob_commit(void *arg, struct chan *chan, struct msg *msg)
{
	struct session *session = arg;
	const uint64_t id = wire_get_u64(&msg->in);
	const uint64_t size = wire_get_u64(&msg->in);
	struct upload *upload = find_upload(session, id);

	(void)chan;
	if (upload == NULL) {
		say_err(session, msg->request, ERR_NOT_FOUND,
		    "there is no such upload");
		return ERR_OK;
	}
	if (upload->request != 0) {
		say_err(session, msg->request, ERR_CONFLICT,
		    "the upload is being committed already");
		return ERR_OK;
	}
	upload->request = msg->request;
	ingest_commit(upload->ingest, size, on_stored, upload);
	return ERR_OK;
}

static int
on_blob_abort(void *arg, struct chan *chan, struct msg *msg)
{
	struct session *session = arg;
	struct upload *upload = find_upload(session, wire_get_u64(&msg->in));
	const struct fault fine = {.err = ERR_OK};

	(void)chan;
	if (upload == NULL) {
		say_err(session, msg->request, ERR_NOT_FOUND,
		    "there is no such upload");
		return ERR_OK;
	}
	/* The commit that it overtakes still has to be answered. */
	if (upload->request != 0)
		say_err(session, upload->request, ERR_CONFLICT,
		    "the upload was aborted");
	ingest_abort(upload->ingest);
	upload_free(upload);
	say(session, msg->request, &fine);
	return ERR_OK;
}

/* --- reading --- */

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
			finish(ask);
			return;
		}
		if (ask->how == BLOB_MEMFD && ask->size > QUICK_BYTES_MAX) {
			pool_submit(
			    ask->session->serve->env.pool, POOL_BULK, job);
			return;
		}
	}
	ask->fault.err = hand_out(ask, kit);
	finish(ask);
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
		say(session, ask->request, &ask->fault);
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

static int
on_blob_open(void *arg, struct chan *chan, struct msg *msg)
{
	struct ask *ask = ask_from(arg, msg, true);
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
	finish(ask);
}

static int
on_blob_verify(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_from(arg, msg, true), POOL_SLOW, verify_work, ask_done);
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
	finish(ask);
}

static int
on_blob_delete(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_from(arg, msg, true), POOL_QUICK, delete_work, ask_done);
}

/* --- the channel --- */

static void
end_session(struct serve *serve)
{
	struct session *session = serve->session;
	struct upload *upload, *next;

	if (session == NULL)
		return;
	serve->session = NULL;
	serve->is_paused = false;
	atomic_store(&session->is_gone, true);
	chan_free(take_ptr(session->chan));
	for (upload = TAILQ_FIRST(&serve->uploads); upload != NULL;
	     upload = next) {
		next = TAILQ_NEXT(upload, entry);
		ingest_abort(upload->ingest);
		upload_free(upload);
	}
	session_unref(session);
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct session *session = arg;
	struct serve *serve = session->serve;

	if (err == ERR_PEER)
		program_blame(serve->program, chan, "broke the protocol");
	log_line(LOG_INFO, "msg=\"the store is gone\" open_uploads=%zu",
	    serve->upload_count);
	end_session(serve);
}

static const struct chan_handler handlers[] = {
    {MSG_KEY_CREATE, on_key_create},
    {MSG_KEY_DESTROY, on_key_destroy},
    {MSG_SIGN, on_sign},
    {MSG_BLOB_CREATE, on_blob_create},
    {MSG_BLOB_COMMIT, on_blob_commit},
    {MSG_BLOB_ABORT, on_blob_abort},
    {MSG_BLOB_OPEN, on_blob_open},
    {MSG_BLOB_VERIFY, on_blob_verify},
    {MSG_BLOB_DELETE, on_blob_delete},
    {MSG_NONE_, NULL},
};

static const struct chan_ops ops = {.handlers = handlers, .gone = on_gone};

struct serve *
serve_new(struct program *program, const struct place *place, struct keys *keys)
{
	struct serve *serve = xcalloc(1, sizeof(*serve));

	TAILQ_INIT(&serve->uploads);
	serve->program = program;
	serve->place = place;
	serve->keys = keys;
	serve->env.loop = program->loop;
	serve->env.pool = pool_new(program->loop);
	serve->env.place = place;
	serve->env.committer = committer_new(serve->env.pool, place);
	start_sweep(serve);
	return serve;
}

void
serve_peer(void *arg, struct chan *chan)
{
	struct serve *serve = arg;
	struct session *session;

	if (chan_peer(chan) != ROLE_STORE) {
		log_line(LOG_ERROR,
		    "msg=\"a peer that the vault does not "
		    "serve\" peer=%s",
		    proto_role_name(chan_peer(chan)));
		chan_free(chan);
		return;
	}
	/* A new store may be wired before the old one's end was seen. */
	end_session(serve);
	session = xcalloc(1, sizeof(*session));
	session->serve = serve;
	session->chan = chan;
	session->refs = 1;
	atomic_init(&session->is_gone, false);
	serve->session = session;
	chan_set_ops(chan, &ops, session);
}
