/* SPDX-License-Identifier: Apache-2.0 */
/* erase.c - deletions at work: a step with each tick, each of them repeatable. */
#include "store/erase.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/access.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/history.h"
#include "store/job.h"
#include "store/receipt.h"
#include "store/row_json.h"
#include "store/scrub.h"

/* Rows that one transaction takes away of each kind. */
#define ROWS_MAX 5000

/* Referring rows first.  Each takes $1 case, $2 submission, $3 a bound. */
static const enum stmt steps[] = {STMT_ERASE_SEARCH_TEXT, STMT_ERASE_SEARCH,
    STMT_ERASE_TLSH, STMT_ERASE_FINDINGS, STMT_SEARCH_AT_BACK,
    STMT_ERASE_CHANGES, STMT_ERASE_GAPS, STMT_ERASE_VERDICTS,
    STMT_ERASE_READERS, STMT_ERASE_DISCLOSURES, STMT_ERASE_REPORTS,
    STMT_ERASE_RUNS, STMT_ERASE_ATTEMPTS, STMT_ERASE_ACCESS,
    STMT_ERASE_JOB_ROWS, STMT_ERASE_DERIVATIONS, STMT_ERASE_ARTEFACT_ROWS,
    STMT_ERASE_UPLOADS, STMT_ERASE_CASE_RESCANS, STMT_ERASE_CASE_LATE,
    STMT_ERASE_CASE_MESSAGES, STMT_ERASE_CASE_NOTES, STMT_ERASE_CASE_HANDOVERS,
    STMT_ERASE_CASE_TASKS, STMT_ERASE_CASE_EVENTS, STMT_ERASE_CASE_TEXT,
    STMT_ERASE_CASE_LABELS, STMT_ERASE_CASE_EXCEPTIONS, STMT_ERASE_CASE_MAILS,
    STMT_ERASE_CASE_HOOKS};

/* One that is at work. */
struct erase {
	struct store *store;
	char id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char submission[UUID_BYTES]; /* "" = the whole case */
	char state[16];
	char kind[16];
	bool is_words;
	struct blob_ref blob; /* that the vault is asked about */
	int64_t executed_at;
	char *text; /* of the certificate */
};

#define OF(e) val_text((e)->case_id), val_text((e)->submission)

static void
erase_free(struct erase *e)
{
	free(e->text);
	free(e);
}

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

static int
load(struct erase *e, enum stmt stmt, const char *id)
{
	AUTO(query) q = {0};
	int err = query_one(&q, e->store->db, stmt, ARGS(val_text(id)));

	if (err != ERR_OK)
		return err;
	copy(e->id, sizeof(e->id), &q, 0);
	copy(e->case_id, sizeof(e->case_id), &q, 1);
	copy(e->submission, sizeof(e->submission), &q, 2);
	copy(e->state, sizeof(e->state), &q, 3);
	copy(e->kind, sizeof(e->kind), &q, 4);
	e->is_words = query_int(&q, 5) != 0;
	/* Of no submission: then it is the case's own files, the reports. */
	if (e->is_words)
		(void)snprintf(e->submission, sizeof(e->submission), "-");
	return ERR_OK;
}

int
erase_add(
    struct store *store, const struct erase_new *what, char ret_id[UUID_BYTES])
{
	enum role before = store->db->role;
	int err;

	uuid7(ret_id);
	store->db->role = ROLE_STORE;
	err = db_do(store->db, STMT_ERASE_ADD,
	    ARGS(val_text(ret_id), val_text(what->case_id),
		val_text(what->submission), val_text(what->kind),
		val_text(what->is_running ? "running" : "requested"),
		val_text(what->reason), val_text(what->by),
		val_int(loop_wall_us()), val_int(what->is_words)),
	    NULL);
	if (err == ERR_OK && what->is_running)
		err = erase_begin(store, ret_id);
	store->db->role = before;
	return err;
}

int
erase_begin(struct store *store, const char *id)
{
	struct erase e = {.store = store};
	enum role before = store->db->role;
	const int64_t now = loop_wall_us();
	int err;

	store->db->role = ROLE_STORE;
	err = load(&e, STMT_ERASE_ONE, id);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ERASE_CASE_BEGIN,
		    ARGS(OF(&e), val_int(now)), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ERASE_SUBMISSIONS_BEGIN,
		    ARGS(OF(&e), val_text(e.kind)), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ERASE_UPLOADS_BEGIN,
		    ARGS(OF(&e), val_int(now)), NULL);
	store->db->role = before;
	tx_note_case(store, e.case_id);
	return err;
}

/* --- running --- */

/* Nothing works on it any more; ERR_AGAIN while something does. */
static int
stop(struct erase *e)
{
	AUTO(query) q = {0};
	int err = db_do(e->store->db, STMT_ERASE_STOP,
	    ARGS(OF(e), val_int(loop_wall_us())), NULL);

	if (err == ERR_OK)
		err = query_one(&q, e->store->db, STMT_ERASE_BUSY, ARGS(OF(e)));
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err == ERR_OK ? (int)ERR_AGAIN : err;
}

static int
delete_rows(struct erase *e)
{
	int err = db_do(
	    e->store->db, STMT_ERASE_LIST, ARGS(OF(e), val_text(e->id)), NULL);

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t changes = 0;

		/* To whom something went stays known. */
		if (e->is_words && (steps[i] == STMT_ERASE_READERS ||
				       steps[i] == STMT_ERASE_DISCLOSURES))
			continue;
		err = db_do(e->store->db, steps[i],
		    ARGS(OF(e), val_int(ROWS_MAX)), &changes);
		/* There may be more of them: go on with the next tick. */
		if (err == ERR_OK && changes >= ROWS_MAX)
			return ERR_AGAIN;
	}
	return err;
}

/* Parts of uploads are the vault's to drop first (resume.h). */
static int
wait_for_parts(struct erase *e)
{
	AUTO(query) q = {0};
	int err = query_one(&q, e->store->db, STMT_ERASE_PARTS, ARGS(OF(e)));

	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err == ERR_OK ? (int)ERR_AGAIN : err;
}

/* What names people in the case: nothing of it is large. */
static int
end_words(struct erase *e)
{
	static const enum stmt of_case[] = {STMT_ERASE_CASE_MESSAGES,
	    STMT_ERASE_CASE_NOTES, STMT_ERASE_CASE_HANDOVERS,
	    STMT_ERASE_CASE_TASKS, STMT_ERASE_CASE_EVENTS, STMT_ERASE_CASE_TEXT,
	    STMT_ERASE_CASE_LABELS, STMT_ERASE_CASE_MAILS,
	    STMT_ERASE_CASE_HOOKS, STMT_WORDS_SUBMISSIONS, STMT_WORDS_ARTEFACTS,
	    STMT_WORDS_DERIVATIONS, STMT_WORDS_UPLOADS, STMT_WORDS_ACCESS,
	    STMT_WORDS_VERDICTS, STMT_WORDS_UNSEALS, STMT_WORDS_DOCS_TEXT,
	    STMT_WORDS_DOCS};
	int err = ERR_OK;

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(of_case) / sizeof(of_case[0]); i++)
		err = db_do(e->store->db, of_case[i],
		    ARGS(val_text(e->case_id), val_text("")), NULL);
	if (err == ERR_OK)
		err = db_do(e->store->db, STMT_WORDS_CASE,
		    ARGS(val_text(e->case_id), val_int(loop_wall_us())), NULL);
	return err;
}

/* What is left of it: the number, and that it is gone. */
static int
end_rows(struct erase *e)
{
	struct db *db = e->store->db;
	const int64_t now = loop_wall_us();
	int err = e->is_words ? end_words(e)
			      : db_do(db, STMT_ERASE_SUBMISSION_WORDS,
				    ARGS(OF(e)), NULL);

	if (err == ERR_OK)
		err = db_do(db, STMT_ERASE_CASE_SUBMISSIONS, ARGS(OF(e)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_ERASE_CASE_WORDS, ARGS(OF(e)), NULL);
	if (err == ERR_OK)
		err = db_do(
		    db, STMT_ERASE_CASE_END, ARGS(OF(e), val_int(now)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_ERASE_KEPT, ARGS(val_text(e->id)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_ERASE_BLOBS,
		    ARGS(val_text(e->id), val_int(now - BLOB_UNUSED_US - 1)),
		    NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_ERASE_STATE,
		    ARGS(val_text(e->id), val_text("proving")), NULL);
	return err;
}

static int
step_running(struct erase *e)
{
	int err = stop(e);

	if (err == ERR_OK)
		err = delete_rows(e);
	if (err == ERR_OK)
		err = wait_for_parts(e);
	return err == ERR_OK ? end_rows(e) : err;
}

/* --- proving --- */

static void ask_next(struct erase *e);

/* One that has no row, but that the vault has: it goes as orphans do. */
static int
record_answer(struct erase *e, enum err answer)
{
	const int64_t now = loop_wall_us();
	const struct value sha256 = val_bytes(e->blob.sha256, SHA256_BYTES);

	if (answer == ERR_NOT_FOUND)
		return db_do(e->store->db, STMT_ERASE_GONE,
		    ARGS(val_text(e->id), sha256), NULL);
	return db_do(e->store->db, STMT_BLOB_ADD_ORPHAN,
	    ARGS(val_text(e->blob.org), sha256, val_int(now),
		val_int(now - BLOB_UNUSED_US - 1)),
	    NULL);
}

static void
end_proving(struct erase *e)
{
	e->store->is_erasing = false;
	erase_free(e);
}

static void
on_proved(void *arg, struct vault_answer *answer)
{
	struct erase *e = arg;
	int err = answer->err == ERR_UNAVAILABLE ? ERR_UNAVAILABLE : ERR_OK;

	if (err == ERR_OK)
		err = tx_begin(e->store, ROLE_STORE);
	if (err == ERR_OK) {
		err = record_answer(e, answer->err);
		tx_end(e->store, err == ERR_OK);
	}
	if (err == ERR_OK)
		ask_next(e);
	else
		end_proving(e);
}

static void
ask_next(struct erase *e)
{
	AUTO(query) q = {0};
	const uint8_t *p;
	size_t len;
	int err;

	e->store->db->role = ROLE_STORE;
	err = query_one(
	    &q, e->store->db, STMT_ERASE_PROVE, ARGS(val_text(e->id)));
	if (err == ERR_OK) {
		copy(e->blob.org, sizeof(e->blob.org), &q, 0);
		p = query_bytes(&q, 1, &len);
		memcpy(
		    e->blob.sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
		query_release(&q);
		err = vault_verify(e->store->vault, &e->blob, on_proved, e);
	}
	if (err != ERR_OK)
		end_proving(e);
}

static int
step_proving(struct erase *e)
{
	AUTO(query) q = {0};
	int err =
	    db_do(e->store->db, STMT_ERASE_KEPT, ARGS(val_text(e->id)), NULL);

	if (err == ERR_OK)
		err = query_one(
		    &q, e->store->db, STMT_ERASE_LEFT, ARGS(val_text(e->id)));
	if (err == ERR_OK)
		return ERR_AGAIN;
	if (err == ERR_NOT_FOUND)
		err = scrub_words(e->store);
	e->store->is_scrubbing = err == ERR_AGAIN;
	if (err != ERR_OK)
		return err;
	return db_do(e->store->db, STMT_ERASE_STATE,
	    ARGS(val_text(e->id), val_text("signing")), NULL);
}

/* --- signing --- */

/* The digests, sorted, a line each: what the certificate signs for. */
static int
digest_list(struct erase *e, int64_t *ret_count, int64_t *ret_kept,
    char ret_hex[SHA256_HEX_BYTES])
{
	AUTO(query) q = {0};
	struct sha256 *ctx = sha256_new();
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	size_t len;
	int err = query_start(
	    &q, e->store->db, STMT_ERASE_OBJECTS, ARGS(val_text(e->id)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		auto_free char *line = NULL;

		hex_encode(hex, query_bytes(&q, 0, &len), SHA256_BYTES);
		line = xasprintf("%s %lld %s\n", hex,
		    (long long)query_int(&q, 1), query_text(&q, 4));
		sha256_update(ctx, line, strlen(line));
		*ret_count += 1;
		*ret_kept += strcmp(query_text(&q, 4), "kept") == 0;
	}
	sha256_final(ctx, digest);
	sha256_free(ctx);
	hex_encode(ret_hex, digest, sizeof(digest));
	return err == ERR_EOF ? (int)ERR_OK : err;
}

static int
write_text(struct erase *e)
{
	char list[SHA256_HEX_BYTES];
	char asked[ROW_JSON_TIME_BYTES], at[ROW_JSON_TIME_BYTES];
	int64_t count = 0, kept = 0;
	auto_json json_t *text = NULL;
	AUTO(query) q = {0};
	int err = digest_list(e, &count, &kept, list);

	if (err == ERR_OK)
		err = query_one(
		    &q, e->store->db, STMT_ERASE_FACTS, ARGS(val_text(e->id)));
	if (err != ERR_OK)
		return err;
	e->executed_at = loop_wall_us();
	row_json_time(query_int(&q, 5), asked);
	row_json_time(e->executed_at, at);
	copy(e->blob.org, sizeof(e->blob.org), &q, 4);
	text =
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:s}",
		"deletion", e->id, "what", query_text(&q, 6), "number",
		query_text(&q, 0), "case", query_text(&q, 1), "submission",
		query_text(&q, 2), "kind", query_text(&q, 3), "organisation",
		query_text(&q, 4), "requested_at", asked, "executed_at", at,
		"objects", (json_int_t)count, "kept", (json_int_t)kept,
		"list_sha256", list, "service", "loep " LOEP_VERSION);
	e->text = json_canonical(text);
	return ERR_OK;
}

/* Number, digests and dates: no more stays, and no more goes to the chain. */
static int
record_done(struct erase *e, const char *certificate)
{
	struct audit_object object = {"deletion", e->id, e->blob.org};
	struct access access = {
	    .event = e->is_words ? "anonymised" : "deleted",
	    .case_id = e->case_id,
	};
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	int err = db_do(e->store->db, STMT_ERASE_DONE,
	    ARGS(val_text(e->id), val_int(e->executed_at),
		val_text(certificate)),
	    NULL);

	sha256_once(certificate, strlen(certificate), digest);
	hex_encode(hex, digest, sizeof(digest));
	if (err == ERR_OK)
		err = access_own(e->store, &access);
	if (err == ERR_OK)
		err = history_own(e->store, e->case_id,
		    e->is_words ? "anonymised" : "deleted", "", HISTORY_ALL);
	if (err == ERR_OK)
		err = audit_own(e->store, "deletion.done", &object,
		    json_pack("{s:s,s:s}", "case", e->case_id,
			"certificate_sha256", hex));
	/* What is left of the case deserves a report of its own. */
	if (err == ERR_OK && e->submission[0] != '\0' && !e->is_words)
		err = case_settle(e->store, e->case_id);
	tx_note_case(e->store, e->case_id);
	return err;
}

static void
on_signed(void *arg, struct vault_answer *answer)
{
	struct erase *e = arg;
	auto_free char *certificate = NULL;
	int err = (int)answer->err;

	if (err == ERR_OK) {
		certificate = receipt_seal_as("certificate", e->text,
		    answer->signature, answer->public_key);
		err = tx_begin(e->store, ROLE_STORE);
	}
	if (err == ERR_OK) {
		err = record_done(e, certificate);
		tx_end(e->store, err == ERR_OK);
	}
	if (err != ERR_OK)
		log_line(LOG_WARN,
		    "msg=\"certificate not signed\" reason=\"%s\"",
		    answer->err != ERR_OK ? answer->why : e->store->db->why);
	end_proving(e);
}

/* --- the tick --- */

/* What waits for the vault; takes e. */
static void
ask_vault(struct erase *e)
{
	int err;

	e->store->is_erasing = true;
	if (strcmp(e->state, "proving") == 0) {
		ask_next(e);
		return;
	}
	/* A backup reads from the log, say: with the next tick. */
	if (!scrub_log(e->store)) {
		end_proving(e);
		return;
	}
	e->store->db->role = ROLE_STORE;
	err = write_text(e);
	if (err == ERR_OK)
		err = vault_sign(
		    e->store->vault, e->text, strlen(e->text), on_signed, e);
	if (err != ERR_OK)
		end_proving(e);
}

void
erase_tick(struct store *store)
{
	struct erase *e;
	int err;

	if (store->is_erasing || vault_chan(store->vault) == NULL ||
	    tx_begin(store, ROLE_STORE) != ERR_OK)
		return;
	e = xcalloc(1, sizeof(*e));
	e->store = store;
	err = load(e, STMT_ERASE_NEXT, "");
	if (err == ERR_OK && strcmp(e->state, "running") == 0)
		err = step_running(e);
	else if (err == ERR_OK && strcmp(e->state, "proving") == 0)
		err = step_proving(e);
	tx_end(store, err == ERR_OK || err == ERR_AGAIN);
	if (err != ERR_OK && err != ERR_AGAIN && err != ERR_NOT_FOUND)
		log_line(LOG_WARN,
		    "msg=\"deletion does not go on\" id=%s reason=\"%s\"",
		    e->id, store->db->why);
	/* A step that is done is looked at again with the next tick. */
	if ((err == ERR_AGAIN && strcmp(e->state, "proving") == 0) ||
	    (err == ERR_OK && strcmp(e->state, "signing") == 0))
		ask_vault(e);
	else
		erase_free(e);
}
