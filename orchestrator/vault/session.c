/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - answers to the store, and the life of requests. */
#include "vault/session.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* The program ends for the parent to start it anew. */
#define EXIT_RESTART 75

void
session_unref(struct session *session)
{
	if (--session->refs == 0)
		free(session);
}

/* --- answers --- */

static void
send_done(struct session *session, uint32_t request, const struct fault *fault)
{
	struct wire_out body;

	if (session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_u8(&body, (uint8_t)fault->err);
		wire_put_str(&body, fault->err == ERR_OK ? "" : fault->why);
		(void)chan_send(
		    session->chan, MSG_VAULT_DONE, request, &body, -1);
		wire_out_release(&body);
	}
	/* The cage holds on to the folder that was there at the start. */
	if (fault->err == ERR_UNAVAILABLE &&
	    place_is_replaced(session->serve->place)) {
		log_line(LOG_ERROR, "msg=\"another folder is at the vault's "
				    "place, starting anew\"");
		/* No exit handlers: other threads are at work. */
		_exit(EXIT_RESTART);
	}
}

/* What the store asked about and is not there is its own business. */
static bool
is_worth_a_line(const struct fault *fault)
{
	return fault->err != ERR_OK && fault->err != ERR_NOT_FOUND;
}

void
say(struct session *session, uint32_t request, const struct fault *fault)
{
	if (is_worth_a_line(fault))
		log_line(LOG_WARN,
		    "msg=\"request failed\" err=%s reason=\"%s\"",
		    err_name((enum err)fault->err), fault->why);
	send_done(session, request, fault);
}

void
say_ask(const struct ask *ask)
{
	char hex[SHA256_HEX_BYTES];

	hex_encode(hex, ask->sha256, sizeof(ask->sha256));
	if (is_worth_a_line(&ask->fault))
		log_line(LOG_WARN,
		    "msg=\"request failed\" err=%s organisation=\"%s\" "
		    "blob=%s reason=\"%s\"",
		    err_name((enum err)ask->fault.err), ask->org,
		    ask->has_digest ? hex : "-", ask->fault.why);
	send_done(ask->session, ask->request, &ask->fault);
}

void
say_err(struct session *session, uint32_t request, int err, const char *why)
{
	struct fault fault;

	(void)fault_set(&fault, err, "%s", why);
	say(session, request, &fault);
}

/* --- requests for workers --- */

static struct ask *
start(struct session *session, uint32_t request)
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

void
ask_free(struct ask *ask)
{
	struct serve *serve = ask->session->serve;

	if (ask->fd != -1)
		(void)close(ask->fd);
	free(ask->listing);
	feed_free(ask->feed);
	part_free(ask->part);
	pack_free(ask->pack);
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
struct ask *
ask_new(struct session *session, struct msg *msg, bool has_digest)
{
	struct ask *ask = start(session, msg->request);
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
	ask->has_digest = len == SHA256_BYTES;
	return ask;
}

void
ask_finish(struct ask *ask)
{
	pool_finish(ask->session->serve->env.pool, &ask->job);
}

void
ask_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;

	say_ask(ask);
	ask_free(ask);
}

/* Hands the request to a worker, or answers at once where it is malformed. */
int
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
