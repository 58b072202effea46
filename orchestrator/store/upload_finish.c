/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload_finish.c - from the last byte to evidence: commit, sign, record.
 *
 *	UPLOAD_FINISH -> BLOB_COMMIT -> BLOB_STORED -> SIGN -> SIGNED -> rows
 *
 * Artefact, custody, receipt and first jobs are one transaction.  Whatever
 * fails before its commit leaves a closed upload and an unused blob, which
 * goes by itself: nothing is half-accepted.
 */
#include "lib/xalloc.h"
#include "store/blob.h"
#include "store/case_stage.h"
#include "store/custody.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/job.h"
#include "store/receipt.h"
#include "store/row_json.h"
#include "store/rules.h"
#include "store/upload.h"

struct finish {
	struct request *r;
	struct upload *u;
	struct vault_answer stored;
	char artefact_id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char number[32];
	char kind[32];
	char tlp[24];
	char pap[16];
	uint8_t *name;
	size_t name_len;
	uint8_t declared[SHA256_BYTES];
	bool has_declared;
	int64_t received_at;
	char *receipt; /* what is signed */
};

static void
finish_free(struct finish *f)
{
	free(f->name);
	free(f->receipt);
	free(f);
}

/* The end of the operation, whatever its result. */
static void
settle(struct finish *f)
{
	blob_commit_end(f->r->store);
	upload_free(f->u);
	finish_free(f);
}

static void
give_up(struct finish *f, int err, const char *why)
{
	struct store *store = f->r->store;
	struct request *r = f->r;
	/* An upload that outlives its writers is finished another time, unless
	 * the vault has not got it. */
	const bool is_kept =
	    f->u->is_part && err != ERR_NOT_FOUND && err != ERR_FORMAT;
	int e = is_kept ? (int)ERR_AGAIN : tx_begin(store, ROLE_STORE);

	if (e == ERR_OK) {
		e = db_do(store->db, STMT_UPLOAD_END,
		    ARGS(val_text(f->u->id), val_text("aborted"), val_null(),
			val_text(why), val_int(loop_wall_us())),
		    NULL);
		tx_end(store, e == ERR_OK);
	}
	settle(f);
	request_end(r, (enum err)err, why, -1);
}

static const char *
hash_state(const struct finish *f)
{
	if (!f->has_declared)
		return "none";
	return memcmp(f->declared, f->stored.sha256, SHA256_BYTES) == 0
		   ? "match"
		   : "mismatch";
}

static int
insert_artefact(struct finish *f, const char *receipt)
{
	struct db *db = f->r->store->db;
	int64_t size = (int64_t)f->stored.size;
	int err;

	err = db_do(db, STMT_ARTEFACT_ADD_SUBMITTED,
	    ARGS(val_text(f->artefact_id), val_text(f->u->org_id),
		val_text(f->case_id), val_text(f->u->submission_id),
		val_bytes(f->stored.sha256, SHA256_BYTES), val_int(size),
		val_bytes(f->name, f->name_len), val_text(f->kind),
		val_text(f->tlp), val_text(f->pap), val_text(hash_state(f)),
		f->has_declared ? val_bytes(f->declared, SHA256_BYTES)
				: val_null(),
		val_text(receipt), val_int(f->received_at)),
	    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_UPLOAD_END,
		    ARGS(val_text(f->u->id), val_text("finished"),
			val_text(f->artefact_id), val_text(""),
			val_int(f->received_at)),
		    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_SUBMISSION_RECEIVED,
		    ARGS(val_text(f->u->submission_id), val_int(size)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_CASE_COUNT,
		    ARGS(val_text(f->case_id), val_int(1)), NULL);
	if (err == ERR_OK)
		err = stat_add(f->r->store, "artefacts", 1, f->case_id);
	if (err == ERR_OK)
		err = case_stage_auto(
		    f->r->store, f->r, f->case_id, "received", "checking");
	return err;
}

/* What the submitter says of it; nobody of ours has seen that. */
static int
insert_collected(struct finish *f, const struct custody *what)
{
	AUTO(query) q = {0};
	json_t *said;
	int err = query_one(&q, f->r->store->db, STMT_SUBMISSION_COLLECTED,
	    ARGS(val_text(f->u->submission_id)));

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	/* Not of which machine: a deletion takes that away, the chain stays. */
	said = json_pack(
	    "{s:b,s:s}", "is_declared", 1, "origin", query_text(&q, 1));
	if (!query_is_null(&q, 0)) {
		char at[ROW_JSON_TIME_BYTES];

		row_json_time(query_int(&q, 0), at);
		(void)json_object_set_new(
		    said, "collected_at", json_string(at));
	}
	query_release(&q);
	return custody_by(f->r, "collected", what, said);
}

static int
insert_custody(struct finish *f)
{
	struct custody what = {
	    .artefact = f->artefact_id,
	    .org = f->u->org_id,
	    .case_id = f->case_id,
	    .sha256 = f->stored.sha256,
	    .size = (int64_t)f->stored.size,
	};
	char hex[SHA256_HEX_BYTES];
	int err;

	err = insert_collected(f, &what);
	if (err != ERR_OK)
		return err;
	err = custody_by(f->r, "received", &what,
	    json_pack("{s:s,s:s,s:s,s:s}", "channel", "local", "submission",
		f->u->submission_id, "tlp", f->tlp, "pap", f->pap));
	if (err != ERR_OK)
		return err;
	hex_encode(hex, f->declared, SHA256_BYTES);
	err = custody_own(f->r->store, "hashed", &what,
	    json_pack("{s:s,s:s*}", "hash_state", hash_state(f),
		"declared_sha256", f->has_declared ? hex : NULL));
	if (err != ERR_OK)
		return err;
	return custody_own(f->r->store, "stored", &what,
	    json_pack("{s:s,s:I}", "location", "vault", "stored_size",
		(json_int_t)f->stored.stored_size));
}

static int
insert_jobs(struct finish *f)
{
	struct job_new job = {
	    .case_id = f->case_id,
	    .artefact_id = f->artefact_id,
	    .kind = "identify",
	    .options = "{}",
	};
	int err = job_add(f->r->store, &job, NULL);

	job.kind = "yara";
	return err == ERR_OK ? job_add(f->r->store, &job, NULL) : err;
}

static int
record(struct finish *f, const char *receipt)
{
	struct store *store = f->r->store;
	struct values row;
	int err = blob_add(store, f->u->org_id, &f->stored, true);

	if (err == ERR_OK)
		err = insert_artefact(f, receipt);
	if (err == ERR_OK)
		err = insert_custody(f);
	if (err == ERR_OK && f->u->rules_version != 0)
		err = rules_bundle_stored(
		    f->r, f->u->rules_version, f->case_id, f->artefact_id);
	else if (err == ERR_OK)
		err = insert_jobs(f);
	if (err != ERR_OK)
		return err;
	tx_note_case(store, f->case_id);
	if (f->u->is_part)
		return request_rows(f->r, STMT_UPLOAD_SHOW,
		    ARGS(WHO(f->r), val_text(f->u->id),
			val_text(f->u->account_id)),
		    true);
	values_init(&row);
	values_add_text(&row, f->artefact_id);
	values_add_bytes(&row, f->stored.sha256, SHA256_BYTES);
	values_add_int(&row, (int64_t)f->stored.size);
	values_add_text(&row, hash_state(f));
	values_add_text(&row, receipt);
	request_row(f->r, &row);
	return ERR_OK;
}

static void
on_signed(void *arg, struct vault_answer *answer)
{
	struct finish *f = arg;
	struct request *r = f->r;
	auto_free char *receipt = NULL;
	int err;

	if (answer->err != ERR_OK) {
		give_up(f, (int)answer->err, answer->why);
		return;
	}
	/* Nobody would hear of the receipt: the sender will try again. */
	if (r->is_cancelled && !f->u->is_part) {
		give_up(f, ERR_UNAVAILABLE, "the sender went away");
		return;
	}
	receipt =
	    receipt_seal(f->receipt, answer->signature, answer->public_key);
	err = request_begin(r);
	if (err == ERR_OK) {
		err = record(f, receipt);
		/* Undone here, so that give_up() has a unit of its own. */
		if (err != ERR_OK)
			tx_end(r->store, false);
	}
	if (err != ERR_OK) {
		auto_free char *why =
		    xstrdup(r->why[0] != '\0' ? r->why : r->store->db->why);

		give_up(f, err, why);
		return;
	}
	settle(f);
	request_finish(r, ERR_OK, -1);
}

/* What the receipt and the artefact need of upload, submission and case. */
static int
load(struct finish *f)
{
	AUTO(query) q = {0};
	const uint8_t *p;
	int err = query_one(
	    &q, f->r->store->db, STMT_UPLOAD_LOAD, ARGS(val_text(f->u->id)));

	if (err != ERR_OK)
		return err;
	(void)snprintf(f->case_id, sizeof(f->case_id), "%s", query_text(&q, 0));
	(void)snprintf(f->number, sizeof(f->number), "%s", query_text(&q, 1));
	(void)snprintf(f->tlp, sizeof(f->tlp), "%s", query_text(&q, 2));
	(void)snprintf(f->pap, sizeof(f->pap), "%s", query_text(&q, 3));
	(void)snprintf(f->kind, sizeof(f->kind), "%s", query_text(&q, 4));
	p = query_bytes(&q, 5, &f->name_len);
	f->name = xmemdup(p, f->name_len);
	f->has_declared = !query_is_null(&q, 6);
	if (f->has_declared) {
		size_t len;

		p = query_bytes(&q, 6, &len);
		memcpy(f->declared, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	}
	return ERR_OK;
}

static char *
write_receipt(const struct finish *f)
{
	struct receipt receipt = {
	    .number = f->number,
	    .case_id = f->case_id,
	    .submission = f->u->submission_id,
	    .artefact = f->artefact_id,
	    .org = f->u->org_id,
	    .name = f->name,
	    .name_len = f->name_len,
	    .sha256 = f->stored.sha256,
	    .declared = f->has_declared ? f->declared : NULL,
	    .size = (int64_t)f->stored.size,
	    .received_at = f->received_at,
	    .hash_state = hash_state(f),
	    .tlp = f->tlp,
	    .pap = f->pap,
	};

	return receipt_text(&receipt);
}

static void
on_stored(void *arg, struct vault_answer *answer)
{
	struct finish *f = arg;
	struct store *store = f->r->store;
	int err = (int)answer->err;

	if (err != ERR_OK) {
		give_up(f, err, answer->why);
		return;
	}
	f->stored = *answer;
	f->received_at = loop_wall_us();
	uuid7(f->artefact_id);
	err = tx_begin(store, ROLE_STORE);
	if (err == ERR_OK) {
		/* Known from now on, so that it goes should nothing come. */
		err = blob_add(store, f->u->org_id, answer, false);
		if (err == ERR_OK)
			err = load(f);
		tx_end(store, err == ERR_OK);
	}
	if (err == ERR_OK) {
		f->receipt = write_receipt(f);
		err = vault_sign(
		    store->vault, f->receipt, strlen(f->receipt), on_signed, f);
	}
	if (err != ERR_OK)
		give_up(f, err,
		    err == ERR_UNAVAILABLE ? vault_is_away : store->db->why);
}

/* An upload that is not open: say what became of it. */
static int
explain(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_UPLOAD_STATE,
	    ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such upload");
	if (err != ERR_OK)
		return err;
	if (strcmp(query_text(&q, 0), "aborted") == 0)
		return request_why(r, ERR_UNAVAILABLE,
		    "the upload was broken "
		    "off: %s",
		    query_text(&q, 1));
	return request_why(
	    r, ERR_CONFLICT, "the upload is %s", query_text(&q, 0));
}

int
upload_finish(struct request *r)
{
	struct upload *u = upload_find(r, param_text(r, 0));
	int64_t size = param_int(r, 1);
	struct blob_writer writer = {.upload = ""};
	struct finish *f;
	int err;

	if (u == NULL || u->is_finishing)
		return explain(r);
	if (size < 0)
		return request_why(r, ERR_FORMAT,
		    "\"size\" is a number of "
		    "bytes");
	f = xcalloc(1, sizeof(*f));
	f->r = r;
	f->u = u;
	writer.id = u->writer;
	writer.size = (uint64_t)size;
	err = blob_commit(r->store, &writer, on_stored, f);
	if (err != ERR_OK) {
		finish_free(f);
		return request_why(r, err, "%s", vault_is_away);
	}
	u->is_finishing = true;
	return ERR_AGAIN;
}

int
upload_finish_part(struct request *r, const struct upload *what)
{
	struct blob_writer writer = {.size = (uint64_t)what->length};
	struct finish *f = xcalloc(1, sizeof(*f));
	int err;

	f->r = r;
	f->u = xmemdup(what, sizeof(*what));
	f->u->store = r->store;
	f->u->is_part = true;
	f->u->is_finishing = true;
	(void)snprintf(writer.org, sizeof(writer.org), "%s", what->org_id);
	(void)snprintf(writer.upload, sizeof(writer.upload), "%s", what->id);
	err = blob_commit(r->store, &writer, on_stored, f);
	if (err != ERR_OK) {
		free(f->u);
		finish_free(f);
		return request_why(r, err, "%s", vault_is_away);
	}
	TAILQ_INSERT_TAIL(&r->store->uploads, f->u, entry);
	return ERR_AGAIN;
}
