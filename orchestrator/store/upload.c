/* SPDX-License-Identifier: Apache-2.0 */
/* upload.c - opening and abandoning uploads. */
#include "store/upload.h"

#include "lib/limits.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/policy.h"
#include "store/quota.h"
#include "store/text.h"

enum {
	P_SUBMISSION,
	P_FILENAME,
	P_KIND,
	P_SIZE,
	P_DECLARED
};

struct upload *
upload_find(struct request *r, const char *id)
{
	struct upload *u;

	TAILQ_FOREACH (u, &r->store->uploads, entry) {
		if (strcmp(u->id, id) == 0)
			break;
	}
	if (u == NULL || u->is_part ||
	    strcmp(u->account_id, r->principal.account_id) != 0)
		return NULL;
	return u;
}

bool
upload_is_finishing(struct store *store, const char *id)
{
	struct upload *u;

	TAILQ_FOREACH (u, &store->uploads, entry) {
		if (u->is_part && strcmp(u->id, id) == 0)
			return true;
	}
	return false;
}

void
upload_free(struct upload *u)
{
	TAILQ_REMOVE(&u->store->uploads, u, entry);
	free(u);
}

void
upload_drop(struct upload *u, const char *reason)
{
	struct store *store = u->store;
	int err = tx_begin(store, ROLE_STORE);

	/* A row that stays open now is closed at the next start. */
	if (err == ERR_OK) {
		err = db_do(store->db, STMT_UPLOAD_END,
		    ARGS(val_text(u->id), val_text("aborted"), val_null(),
			val_text(reason), val_int(loop_wall_us())),
		    NULL);
		tx_end(store, err == ERR_OK);
	}
	vault_abort(store->vault, u->writer);
	upload_free(u);
}

void
uploads_drop(struct store *store, const char *reason)
{
	struct upload *u, *next;

	/* Hooks that know uploads run first. */
	tx_commit(store);
	for (u = TAILQ_FIRST(&store->uploads); u != NULL; u = next) {
		next = TAILQ_NEXT(u, entry);
		if (!u->is_finishing)
			upload_drop(u, reason);
	}
}

/* The row did not get written after all. */
static void
on_created(void *arg, bool is_committed)
{
	struct upload *u = arg;

	if (is_committed)
		return;
	vault_abort(u->store->vault, u->writer);
	upload_free(u);
}

static int
insert(struct request *r, struct upload *u)
{
	const char *kind = text_kind(param_text(r, P_KIND), "file");
	size_t name_len, declared_len;
	const uint8_t *name = param_bytes(r, P_FILENAME, &name_len);
	const uint8_t *declared = param_bytes(r, P_DECLARED, &declared_len);
	int64_t size = param_int(r, P_SIZE);

	return db_do(r->store->db, STMT_UPLOAD_ADD,
	    ARGS(val_text(u->id), val_text(u->submission_id),
		val_text(u->org_id), val_text(r->principal.account_id),
		val_bytes(name, name_len), val_text(kind),
		size < 0 ? val_null() : val_int(size),
		declared_len == 0 ? val_null()
				  : val_bytes(declared, declared_len),
		val_int(loop_wall_us())),
	    NULL);
}

/* The vault gave a writer: now there is an upload. */
static void
on_pipe(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	struct upload *u = take_ptr(r->state);
	struct values row;
	int err;

	u->writer = answer->writer;
	TAILQ_INSERT_TAIL(&r->store->uploads, u, entry);
	if (answer->err != ERR_OK) {
		upload_free(u);
		request_end(r, answer->err, answer->why, -1);
		return;
	}
	err = r->is_cancelled ? (int)ERR_UNAVAILABLE : request_begin(r);
	if (err != ERR_OK) {
		vault_abort(r->store->vault, u->writer);
		upload_free(u);
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	tx_after(r->store, on_created, u);
	err = insert(r, u);
	values_init(&row);
	values_add_text(&row, u->id);
	if (err == ERR_OK)
		request_row(r, &row);
	request_finish(r, err, take_fd(answer->fd));
}

int
upload_check(struct request *r)
{
	size_t declared_len;

	(void)param_bytes(r, P_DECLARED, &declared_len);
	if (declared_len != 0 && declared_len != SHA256_BYTES)
		return request_why(r, ERR_FORMAT,
		    "\"declared_sha256\" is not "
		    "32 bytes");
	if (text_kind(param_text(r, P_KIND), "file") == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"kind\" is one of file log "
		    "disk_image memory_image vm_image pcap email archive url "
		    "other");
	if (param_int(r, P_SIZE) < -1)
		return request_why(r, ERR_FORMAT,
		    "\"size\" is -1 or a number "
		    "of bytes");
	return ERR_OK;
}

int
upload_open(struct request *r, const char *submission, const char *org,
    int64_t rules_version)
{
	auto_free struct upload *u = NULL;
	int err = upload_check(r);

	if (err != ERR_OK)
		return err;
	u = xcalloc(1, sizeof(*u));
	u->store = r->store;
	uuid7(u->id);
	(void)snprintf(
	    u->submission_id, sizeof(u->submission_id), "%s", submission);
	(void)snprintf(u->org_id, sizeof(u->org_id), "%s", org);
	(void)snprintf(u->account_id, sizeof(u->account_id), "%s",
	    r->principal.account_id);
	u->rules_version = rules_version;
	err = vault_create(r->store->vault, u->org_id, on_pipe, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	if (err != ERR_OK)
		return err;
	r->state = take_ptr(u);
	return ERR_AGAIN;
}

int
upload_create(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_SUBMISSION_FIND,
	    ARGS(WHO(r), val_text(param_text(r, P_SUBMISSION))));
	const int64_t size = param_int(r, P_SIZE);
	struct entitlement e;

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such submission");
	if (err != ERR_OK)
		return err;
	if (strcmp(query_text(&q, 3), "open") != 0)
		return request_why(r, ERR_CONFLICT, "the case is closed");
	err = entitlement_check(r, query_text(&q, 2), query_text(&q, 1), &e);
	if (err == ERR_OK)
		err = quota_check(r, query_text(&q, 2), size < 0 ? 0 : size);
	if (err != ERR_OK)
		return err;
	return upload_open(r, query_text(&q, 0), query_text(&q, 2), 0);
}

int
upload_abort(struct request *r)
{
	struct upload *u = upload_find(r, param_text(r, 0));
	int err;

	if (u == NULL)
		return request_why(r, ERR_NOT_FOUND,
		    "there is no such open "
		    "upload");
	if (u->is_finishing)
		return request_why(r, ERR_CONFLICT,
		    "the upload is being "
		    "finished");
	err = db_do(r->store->db, STMT_UPLOAD_END,
	    ARGS(val_text(u->id), val_text("aborted"), val_null(),
		val_text("the submitter broke it off"),
		val_int(loop_wall_us())),
	    NULL);
	if (err != ERR_OK)
		return err;
	vault_abort(r->store->vault, u->writer);
	upload_free(u);
	return ERR_OK;
}
