/* SPDX-License-Identifier: Apache-2.0 */
/* resume.c - uploads that outlive a cut: begin, append, save, look, end. */
#include "store/resume.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/policy.h"
#include "store/quota.h"
#include "store/text.h"
#include "store/upload.h"

#include <inttypes.h>

enum {
	P_SUBMISSION,
	P_FILENAME,
	P_KIND,
	P_SIZE,
	P_DECLARED,
	P_METADATA
};

/* A request that writes to an upload now. */
struct append {
	TAILQ_ENTRY(append) entry;
	struct store *store;
	char id[UUID_BYTES];
	char account_id[UUID_BYTES];
	uint64_t session;
	uint64_t writer; /* 0 = the vault has not given one yet */
	bool is_orphan;	 /* nobody will use it */
	bool is_atomic;
	bool is_saving; /* a request waits for the vault's answer */
};

/* A session that is over. */
struct ended {
	struct store *store;
	uint64_t session;
};

/* The row as it stands. */
struct row {
	struct upload upload; /* id, organisation, submission, length */
	int64_t received;
	int64_t expires_at;
	char state[16];
	char why[200];
};

static void
append_free(struct append *a)
{
	TAILQ_REMOVE(&a->store->appends, a, entry);
	free(a);
}

static struct append *
find_append(struct store *store, const char *id)
{
	struct append *a;

	TAILQ_FOREACH (a, &store->appends, entry) {
		if (strcmp(a->id, id) == 0)
			return a;
	}
	return NULL;
}

/* Of the one who asks. */
static struct append *
find_own_append(struct request *r)
{
	struct append *a = find_append(r->store, param_text(r, 0));

	if (a != NULL && strcmp(a->account_id, r->principal.account_id) != 0)
		return NULL;
	return a;
}

static int
load(struct request *r, struct row *ret_row)
{
	AUTO(query) q = {0};
	struct row row = {0};
	struct upload *u = &row.upload;
	int err;

	/* Also asked when the vault answers, outside of a unit. */
	r->store->db->role = r->peer;
	err = query_one(&q, r->store->db, STMT_UPLOAD_FIND,
	    ARGS(WHO(r), val_text(param_text(r, 0)),
		val_text(r->principal.account_id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such upload");
	if (err != ERR_OK)
		return err;
	u->store = r->store;
	(void)snprintf(u->id, sizeof(u->id), "%s", param_text(r, 0));
	(void)snprintf(u->account_id, sizeof(u->account_id), "%s",
	    r->principal.account_id);
	(void)snprintf(row.state, sizeof(row.state), "%s", query_text(&q, 0));
	row.received = query_int(&q, 1);
	u->length = query_int(&q, 2);
	row.expires_at = query_int(&q, 3);
	(void)snprintf(u->org_id, sizeof(u->org_id), "%s", query_text(&q, 4));
	(void)snprintf(u->submission_id, sizeof(u->submission_id), "%s",
	    query_text(&q, 5));
	(void)snprintf(row.why, sizeof(row.why), "%s", query_text(&q, 6));
	*ret_row = row;
	return ERR_OK;
}

/* The same, of an upload that can go on. */
static int
load_open(struct request *r, struct row *ret_row)
{
	int err = load(r, ret_row);

	if (err != ERR_OK)
		return err;
	if (strcmp(ret_row->state, "finished") == 0 ||
	    upload_is_finishing(r->store, ret_row->upload.id))
		return request_why(
		    r, ERR_CONFLICT, "the upload has all of its bytes");
	if (strcmp(ret_row->state, "open") != 0)
		return request_why(r, ERR_EOF, "the upload is %s: %s",
		    ret_row->state, ret_row->why);
	if (ret_row->expires_at < loop_wall_us() && timewatch_is_calm(r->store))
		return request_why(r, ERR_EOF,
		    "the upload is expired: it was not continued in time");
	return ERR_OK;
}

static int
show(struct request *r, const char *id)
{
	return request_rows(r, STMT_UPLOAD_SHOW,
	    ARGS(WHO(r), val_text(id), val_text(r->principal.account_id)),
	    true);
}

static int
end_row(struct store *store, const struct upload *u, const char *action,
    const char *why)
{
	struct audit_object object = {"upload", u->id, u->org_id};
	int err = db_do(store->db, STMT_UPLOAD_END,
	    ARGS(val_text(u->id), val_text("aborted"), val_null(),
		val_text(why), val_int(loop_wall_us())),
	    NULL);

	if (err != ERR_OK)
		return err;
	return audit_own(
	    store, action, &object, json_pack("{s:s}", "reason", why));
}

/* --- begin --- */

static int
insert(struct request *r, const char *id, const char *org, int64_t expires_at)
{
	const char *kind = text_kind(param_text(r, P_KIND), "file");
	size_t name_len, declared_len;
	const uint8_t *name = param_bytes(r, P_FILENAME, &name_len);
	const uint8_t *declared = param_bytes(r, P_DECLARED, &declared_len);

	return db_do(r->store->db, STMT_UPLOAD_BEGIN,
	    ARGS(val_text(id), val_text(param_text(r, P_SUBMISSION)),
		val_text(org), val_text(r->principal.account_id),
		val_bytes(name, name_len), val_text(kind),
		val_int(param_int(r, P_SIZE)),
		declared_len == 0 ? val_null()
				  : val_bytes(declared, declared_len),
		val_text(param_text(r, P_METADATA)), val_int(loop_wall_us()),
		val_int(expires_at)),
	    NULL);
}

static int
check_begin(struct request *r)
{
	const int64_t size = param_int(r, P_SIZE);
	int err = upload_check(r);

	if (err != ERR_OK)
		return err;
	if (size < 0)
		return request_why(
		    r, ERR_FORMAT, "the length of the file must be known");
	if (size > LIMIT_FILE_BYTES)
		return request_why(r, ERR_LIMIT,
		    "a file has at most %" PRId64 " bytes: split it",
		    LIMIT_FILE_BYTES);
	return ERR_OK;
}

int
upload_begin(struct request *r)
{
	const int64_t expires_at = loop_wall_us() + r->store->upload_us;
	AUTO(query) q = {0};
	struct entitlement e;
	char id[UUID_BYTES];
	struct values row;
	int err = check_begin(r);

	if (err == ERR_OK)
		err = query_one(&q, r->store->db, STMT_SUBMISSION_FIND,
		    ARGS(WHO(r), val_text(param_text(r, P_SUBMISSION))));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such submission");
	if (err != ERR_OK)
		return err;
	if (strcmp(query_text(&q, 3), "open") != 0)
		return request_why(r, ERR_CONFLICT, "the case is closed");
	err = entitlement_check(r, query_text(&q, 2), query_text(&q, 1), &e);
	if (err == ERR_OK)
		err = quota_check(r, query_text(&q, 2), param_int(r, P_SIZE));
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = insert(r, id, query_text(&q, 2), expires_at);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_int(&row, expires_at);
	request_row(r, &row);
	return ERR_OK;
}

/* --- append --- */

/* Nobody heard of the writer after all. */
static void
on_append_committed(void *arg, bool is_committed)
{
	struct append *a = arg;

	if (is_committed)
		return;
	vault_abort(a->store->vault, a->writer);
	append_free(a);
}

/* The vault has less than it said before: nothing can be built on that. */
static int
lose(struct request *r, const struct upload *u, const char *why)
{
	int err = request_begin(r);

	if (err == ERR_OK) {
		err = end_row(r->store, u, "upload.lost", why);
		tx_end(r->store, err == ERR_OK);
	}
	if (err != ERR_OK)
		return err;
	return request_why(r, ERR_EOF, "the upload is lost: %s", why);
}

/* No writer: the vault says why, or the request has nobody who waits. */
static void
refuse(struct request *r, const struct vault_answer *answer, int err)
{
	struct row row;

	if (answer->err == ERR_OK)
		vault_abort(r->store->vault, answer->writer);
	if ((answer->err == ERR_FORMAT ||
		(answer->err == ERR_NOT_FOUND && param_int(r, 1) > 0)) &&
	    load(r, &row) == ERR_OK && row.received > 0) {
		err = lose(r, &row.upload, answer->why);
		request_end(r, (enum err)err, NULL, -1);
	} else if (answer->err == ERR_NOT_FOUND) {
		/* Nothing was kept yet: only 0 is right. */
		request_end(r, ERR_CONFLICT, answer->why, -1);
	} else {
		request_end(r, (enum err)err,
		    answer->err == ERR_OK ? NULL : answer->why, -1);
	}
}

static void
on_pipe(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	struct append *a = take_ptr(r->state);
	struct values values;
	struct row row;
	int err = (int)answer->err;

	if (err == ERR_OK && (r->is_cancelled || a->is_orphan))
		err = ERR_UNAVAILABLE;
	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		append_free(a);
		refuse(r, answer, err);
		return;
	}
	a->writer = answer->writer;
	tx_after(r->store, on_append_committed, a);
	err = load(r, &row);
	if (err == ERR_OK) {
		row.expires_at = loop_wall_us() + r->store->upload_us;
		err = db_do(r->store->db, STMT_UPLOAD_RECEIVED,
		    ARGS(val_text(a->id), val_int(param_int(r, 1)),
			val_int(row.expires_at)),
		    NULL);
	}
	if (err == ERR_OK) {
		values_init(&values);
		values_add_int(&values, row.upload.length);
		values_add_int(&values, row.expires_at);
		request_row(r, &values);
	}
	request_finish(r, err, take_fd(answer->fd));
}

int
upload_append(struct request *r)
{
	const int64_t offset = param_int(r, 1), bytes = param_int(r, 2);
	struct part_ref part;
	struct append *a;
	struct row row;
	int err = load_open(r, &row);

	if (err != ERR_OK)
		return err;
	if (offset < 0 || offset > row.upload.length)
		return request_why(r, ERR_CONFLICT,
		    "the upload has %" PRId64 " bytes in all",
		    row.upload.length);
	if (bytes > row.upload.length - offset)
		return request_why(r, ERR_LIMIT,
		    "the upload has %" PRId64 " bytes in all",
		    row.upload.length);
	if (find_append(r->store, row.upload.id) != NULL)
		return request_why(r, ERR_CONFLICT,
		    "the upload is being written to by another request");
	part.org = row.upload.org_id;
	part.upload = row.upload.id;
	err = vault_part_open(r->store->vault, &part, (uint64_t)offset,
	    param_int(r, 3) != 0, on_pipe, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	if (err != ERR_OK)
		return err;
	a = xcalloc(1, sizeof(*a));
	a->store = r->store;
	a->session = r->session;
	a->is_atomic = param_int(r, 3) != 0;
	(void)snprintf(a->id, sizeof(a->id), "%s", row.upload.id);
	(void)snprintf(a->account_id, sizeof(a->account_id), "%s",
	    r->principal.account_id);
	TAILQ_INSERT_TAIL(&r->store->appends, a, entry);
	r->state = a;
	return ERR_AGAIN;
}

/* --- save --- */

/*
 * The vault says how many bytes are durable: the row learns it, and the last
 * of them make evidence.
 */
static int
settle(struct request *r, uint64_t size)
{
	struct row row;
	int err = load(r, &row);

	if (err != ERR_OK || strcmp(row.state, "open") != 0)
		return err == ERR_OK ? show(r, row.upload.id) : err;
	if (size > (uint64_t)row.upload.length)
		return request_why(r, ERR_LIMIT,
		    "more bytes came than the upload has; it is broken off");
	err = db_do(r->store->db, STMT_UPLOAD_RECEIVED,
	    ARGS(val_text(row.upload.id), val_int((int64_t)size),
		val_int(loop_wall_us() + r->store->upload_us)),
	    NULL);
	if (err == ERR_OK && size == (uint64_t)row.upload.length)
		return upload_finish_part(r, &row.upload);
	return err == ERR_OK ? show(r, row.upload.id) : err;
}

/* In a callback of the vault; ends the request, or finishing does. */
static void
settle_later(struct request *r, uint64_t size)
{
	int err = request_begin(r);

	if (err == ERR_OK)
		err = settle(r, size);
	else {
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	if (err == ERR_AGAIN) {
		tx_end(r->store, true);
		return;
	}
	request_finish(r, err, -1);
	if (err == ERR_LIMIT) {
		struct row row;

		if (request_begin(r) != ERR_OK)
			return;
		err = load(r, &row);
		if (err == ERR_OK)
			err = end_row(r->store, &row.upload, "upload.broken",
			    "more bytes came than it has");
		tx_end(r->store, err == ERR_OK);
	}
}

static void
on_saved(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;

	append_free(take_ptr(r->state));
	if (answer->err != ERR_OK)
		request_end(r, answer->err, answer->why, -1);
	else
		settle_later(r, answer->size);
}

int
upload_save(struct request *r)
{
	struct append *a = find_own_append(r);
	const int64_t bytes = param_int(r, 1);
	struct row row;
	int err;

	if (a == NULL || a->writer == 0 || a->is_saving) {
		/* The vault was restarted meanwhile, and has what it has. */
		err = load(r, &row);
		return err == ERR_OK
			   ? request_why(r, ERR_UNAVAILABLE,
				 "the upload broke off; ask where it stands")
			   : err;
	}
	err = vault_part_save(r->store->vault, a->writer,
	    bytes < 0 ? UINT64_MAX : (uint64_t)bytes, on_saved, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	if (err != ERR_OK)
		return err;
	a->is_saving = true;
	r->state = a;
	return ERR_AGAIN;
}

int
upload_discard(struct request *r)
{
	struct append *a = find_own_append(r);

	if (a == NULL || a->writer == 0 || a->is_saving)
		return request_why(
		    r, ERR_NOT_FOUND, "nobody writes to such an upload");
	vault_abort(r->store->vault, a->writer);
	append_free(a);
	return ERR_OK;
}

/* --- look --- */

static void
on_stat(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	uint64_t received;
	struct row row;
	int err = load(r, &row);

	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	received = (uint64_t)row.received;
	/* Nothing was ever sent, or nothing of it got as far as the disk. */
	if (answer->err == ERR_NOT_FOUND && received == 0) {
		answer->err = ERR_OK;
		answer->size = 0;
	}
	if (strcmp(row.state, "open") == 0 &&
	    (answer->err == ERR_NOT_FOUND || answer->err == ERR_FORMAT ||
		(answer->err == ERR_OK && answer->size < received))) {
		err = lose(r, &row.upload,
		    answer->err == ERR_OK ? "the vault has less than it had"
					  : answer->why);
		request_end(r, (enum err)err, NULL, -1);
	} else if (answer->err != ERR_OK) {
		/* Somebody opened it just now: that is over in a moment. */
		request_end(r,
		    answer->err == ERR_CONFLICT ? ERR_UNAVAILABLE : answer->err,
		    answer->why, -1);
	} else if (answer->is_open || find_append(r->store, row.upload.id) ||
		   upload_is_finishing(r->store, row.upload.id)) {
		/* Somebody writes to it: this is for them to settle. */
		err = request_begin(r);
		if (err == ERR_OK)
			err = db_do(r->store->db, STMT_UPLOAD_RECEIVED,
			    ARGS(val_text(row.upload.id),
				val_int((int64_t)answer->size),
				val_int(row.expires_at)),
			    NULL);
		if (err == ERR_OK)
			err = show(r, row.upload.id);
		request_finish(r, err, -1);
	} else {
		settle_later(r, answer->size);
	}
}

int
upload_get(struct request *r)
{
	struct part_ref part;
	struct row row;
	int err = load(r, &row);

	if (err != ERR_OK)
		return err;
	if (strcmp(row.state, "open") != 0)
		return show(r, row.upload.id);
	/* Its bytes are there, but not yet that they are evidence. */
	if (upload_is_finishing(r->store, row.upload.id))
		return request_why(r, ERR_UNAVAILABLE,
		    "the upload is being finished; ask again shortly");
	part.org = row.upload.org_id;
	part.upload = row.upload.id;
	err = vault_part_stat(r->store->vault, &part, on_stat, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	return err == ERR_OK ? (int)ERR_AGAIN : err;
}

/* --- end --- */

int
upload_terminate(struct request *r)
{
	struct audit_object object;
	struct append *a;
	struct row row;
	int err = load_open(r, &row);

	if (err != ERR_OK)
		return err;
	a = find_append(r->store, row.upload.id);
	if (a != NULL && (a->is_saving || a->writer == 0))
		return request_why(r, ERR_CONFLICT,
		    "the upload is being written to by another request");
	err = db_do(r->store->db, STMT_UPLOAD_END,
	    ARGS(val_text(row.upload.id), val_text("aborted"), val_null(),
		val_text("its sender deleted it"), val_int(loop_wall_us())),
	    NULL);
	object =
	    (struct audit_object){"upload", row.upload.id, row.upload.org_id};
	if (err == ERR_OK)
		err = audit_by(r, "upload.deleted", &object,
		    json_pack("{s:I}", "received", (json_int_t)row.received));
	if (err != ERR_OK)
		return err;
	if (a != NULL) {
		vault_abort(r->store->vault, a->writer);
		append_free(a);
	}
	return ERR_OK;
}

/* Its request is gone: what arrived is kept, unless it was all or nothing. */
static void
drop(struct append *a)
{
	struct store *store = a->store;

	/* A request still knows it, and hears of its end. */
	a->is_orphan = true;
	if (a->is_saving || a->writer == 0)
		return;
	if (a->is_atomic)
		vault_abort(store->vault, a->writer);
	else
		(void)!vault_part_save(
		    store->vault, a->writer, UINT64_MAX, NULL, NULL);
	append_free(a);
}

void
resume_drop(struct store *store, bool is_vault_gone)
{
	struct append *a, *next;

	/* Hooks that know them run first. */
	tx_commit(store);
	for (a = TAILQ_FIRST(&store->appends); a != NULL; a = next) {
		next = TAILQ_NEXT(a, entry);
		if (!is_vault_gone)
			drop(a);
		else if (!a->is_saving && a->writer != 0)
			append_free(a);
	}
}

/* In the unit that ended the session; nothing is undone with it. */
static void
on_session_ended(void *arg, bool is_committed)
{
	struct store *store = ((struct ended *)arg)->store;
	const uint64_t session = ((struct ended *)arg)->session;
	struct append *a, *next;

	(void)is_committed;
	for (a = TAILQ_FIRST(&store->appends); a != NULL; a = next) {
		next = TAILQ_NEXT(a, entry);
		if (a->session == session)
			drop(a);
	}
	free(arg);
}

void
resume_end_session(struct store *store, uint64_t session)
{
	struct ended *ended;
	struct append *a;

	TAILQ_FOREACH (a, &store->appends, entry) {
		if (a->session == session)
			break;
	}
	if (a == NULL)
		return;
	/* Hooks that know them run first. */
	ended = xcalloc(1, sizeof(*ended));
	ended->store = store;
	ended->session = session;
	tx_after(store, on_session_ended, ended);
}
