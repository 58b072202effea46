/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - one handler per message of the store. */
#include "vault/session.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

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
	ask_finish(ask);
}

static int
on_key_create(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return ask_submit(
	    ask_new(arg, msg, false), POOL_QUICK, key_create_work, ask_done);
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
	ask_finish(ask);
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
	return ask_submit(ask_new(arg, msg, false), POOL_QUICK,
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

/* --- the channel --- */

static void
end_session(struct serve *serve)
{
	struct session *session = serve->session;

	if (session == NULL)
		return;
	serve->session = NULL;
	serve->is_paused = false;
	atomic_store(&session->is_gone, true);
	chan_free(take_ptr(session->chan));
	upload_abort_all(serve);
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
    {MSG_BLOB_CREATE, upload_create},
    {MSG_BLOB_COMMIT, upload_commit},
    {MSG_BLOB_ABORT, upload_abort},
    {MSG_PART_OPEN, partial_open},
    {MSG_PART_SAVE, upload_save},
    {MSG_PART_STAT, partial_stat},
    {MSG_PART_COMMIT, partial_commit},
    {MSG_PART_DROP, partial_drop},
    {MSG_BLOB_OPEN, open_blob},
    {MSG_BLOB_PACK, open_pack},
    {MSG_BLOB_HEADS, open_pack},
    {MSG_BLOB_VERIFY, open_verify},
    {MSG_BLOB_DELETE, open_delete},
    {MSG_BLOB_LIST, open_list},
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
