/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - what the handlers of the store's messages share: the state of
 * the vault, one life of the store's channel, and requests in work.
 */
#ifndef VAULT_SESSION_H
#define VAULT_SESSION_H

#include "vault/feed.h"
#include "vault/ingest.h"
#include "vault/listing.h"
#include "vault/serve.h"

/* One life of the channel to the store; lives while anybody refers to it. */
struct session {
	struct serve *serve;
	struct chan *chan; /* NULL once it is gone */
	atomic_bool is_gone;
	unsigned int refs; /* the loop's */
};

struct pack;
struct upload;
TAILQ_HEAD(upload_list, upload);

/* A request that a worker answers. */
struct ask {
	struct job job;
	struct session *session;
	uint32_t request;
	char org[BLOB_ORG_BYTES];
	uint8_t sha256[SHA256_BYTES];
	bool has_digest;
	struct fault fault;
	/* BLOB_OPEN */
	enum blob_open how;
	struct org_key *org_key;
	struct blob_reader *reader;
	uint64_t size;
	struct feed *feed;
	int fd;
	/* BLOB_LIST */
	struct listing *listing;
	uint64_t age_s;
	/* PART_ */
	char upload[BLOB_ORG_BYTES];
	uint64_t offset;
	bool is_atomic;
	bool is_open;
	struct part *part;
	struct whole whole;
	struct commit commit;
	struct pack *pack; /* BLOB_PACK, BLOB_HEADS */
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

void pack_free(struct pack *pack);
void session_unref(struct session *session);

/* Answers with VAULT_DONE, and logs what a person should know. */
void say(struct session *session, uint32_t request, const struct fault *fault);
void say_err(
    struct session *session, uint32_t request, int err, const char *why);

/* The same for a request that a worker had, naming its blob. */
void say_ask(const struct ask *ask);

/*
 * A request with the organisation and, where has_digest, the digest that come
 * first in the message; ask->fault is set where they are malformed.
 */
struct ask *ask_new(struct session *session, struct msg *msg, bool has_digest);
void ask_free(struct ask *ask);
/* Hands it to a worker, or answers at once where it is malformed. */
int ask_submit(
    struct ask *ask, enum pool_lane lane, job_work_fn *work, job_done_fn *done);
/* In a worker: the work is over. */
void ask_finish(struct ask *ask);
/* In the loop: answers with VAULT_DONE. */
void ask_done(struct job *job);

/* Handlers of blobs (struct chan_handler); arg is the session. */
int upload_create(void *arg, struct chan *chan, struct msg *msg);
int upload_commit(void *arg, struct chan *chan, struct msg *msg);
int upload_abort(void *arg, struct chan *chan, struct msg *msg);
int upload_save(void *arg, struct chan *chan, struct msg *msg);
/* Answers BLOB_PIPE, and keeps the upload for what follows; takes both. */
void upload_begin(
    struct session *session, uint32_t request, struct ingest *ingest, int fd);
/* Ends all uploads of a store that is gone. */
void upload_abort_all(struct serve *serve);
/* Of unfinished uploads. */
int partial_open(void *arg, struct chan *chan, struct msg *msg);
int partial_stat(void *arg, struct chan *chan, struct msg *msg);
int partial_commit(void *arg, struct chan *chan, struct msg *msg);
int partial_drop(void *arg, struct chan *chan, struct msg *msg);
int open_blob(void *arg, struct chan *chan, struct msg *msg);
int open_pack(void *arg, struct chan *chan, struct msg *msg);
int open_verify(void *arg, struct chan *chan, struct msg *msg);
int open_delete(void *arg, struct chan *chan, struct msg *msg);
int open_list(void *arg, struct chan *chan, struct msg *msg);

#endif
