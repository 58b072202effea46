/* SPDX-License-Identifier: Apache-2.0 */
/* upload.c - the store's messages about blobs that are being written. */
#include "vault/session.h"

#include "lib/xalloc.h"

struct upload {
	TAILQ_ENTRY(upload) entry;
	struct session *session;
	struct ingest *ingest;
	bool is_part;
	bool is_committing;
	uint32_t request; /* of the commit */
};

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

static struct upload *
begin(struct session *session, uint32_t request, struct ingest *ingest, int fd)
{
	struct serve *serve = session->serve;
	struct upload *upload = xcalloc(1, sizeof(*upload));
	struct wire_out body;

	upload->session = session;
	session->refs++;
	upload->ingest = ingest;
	TAILQ_INSERT_TAIL(&serve->uploads, upload, entry);
	serve->upload_count++;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, ingest_id(ingest));
	if (chan_send(session->chan, MSG_BLOB_PIPE, request, &body, fd) !=
	    ERR_OK) {
		ingest_abort(ingest);
		upload_free(upload);
		upload = NULL;
	}
	wire_out_release(&body);
	return upload;
}

void
upload_begin(
    struct session *session, uint32_t request, struct ingest *ingest, int fd)
{
	struct upload *upload = begin(session, request, ingest, fd);

	if (upload != NULL)
		upload->is_part = true;
}

int
upload_create(void *arg, struct chan *chan, struct msg *msg)
{
	struct session *session = arg;
	struct ingest *ingest = NULL;
	struct fault fault;
	int fd = -1;

	(void)chan;
	if (start_upload(session, msg, &fault, &ingest, &fd) != ERR_OK)
		say(session, msg->request, &fault);
	else
		(void)begin(session, msg->request, ingest, fd);
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
	} else if (upload->is_part && session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_u64(&body, result->size);
		wire_put_u8(&body, 0);
		(void)chan_send(
		    session->chan, MSG_PART_SIZE, upload->request, &body, -1);
		wire_out_release(&body);
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

/* BLOB_COMMIT and PART_SAVE: writer and bytes. */
static int
commit(struct session *session, struct msg *msg, bool is_part)
{
	const uint64_t id = wire_get_u64(&msg->in);
	const uint64_t size = wire_get_u64(&msg->in);
	struct upload *upload = find_upload(session, id);

	if (upload == NULL || upload->is_part != is_part) {
		say_err(session, msg->request, ERR_NOT_FOUND,
		    "there is no such upload");
		return ERR_OK;
	}
	if (upload->is_committing) {
		say_err(session, msg->request, ERR_CONFLICT,
		    "the upload is being committed already");
		return ERR_OK;
	}
	upload->is_committing = true;
	upload->request = msg->request;
	ingest_commit(upload->ingest, size, on_stored, upload);
	return ERR_OK;
}

int
upload_commit(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return commit(arg, msg, false);
}

int
upload_save(void *arg, struct chan *chan, struct msg *msg)
{
	(void)chan;
	return commit(arg, msg, true);
}

int
upload_abort(void *arg, struct chan *chan, struct msg *msg)
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
	if (upload->is_committing)
		say_err(session, upload->request, ERR_CONFLICT,
		    "the upload was aborted");
	ingest_abort(upload->ingest);
	upload_free(upload);
	say(session, msg->request, &fine);
	return ERR_OK;
}

void
upload_abort_all(struct serve *serve)
{
	struct upload *upload, *next;

	for (upload = TAILQ_FIRST(&serve->uploads); upload != NULL;
	     upload = next) {
		next = TAILQ_NEXT(upload, entry);
		ingest_leave(upload->ingest);
		upload_free(upload);
	}
}
