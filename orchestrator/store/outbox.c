/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.c - mails to be sent, written with what they tell of. */
#include "store/outbox.h"

#include "lib/log.h"
#include "lib/own.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/mode.h"
#include "store/policy.h"

#include <ctype.h>
#include <inttypes.h>

#define SECOND_US     ((int64_t)1000000)
#define LEASE_MAX     32
#define BACKOFF_MAX_S 3600
#define BACKOFF_MIN_S 15
/* People whom one event may tell. */
#define READERS_MAX 16

bool
outbox_address_is_valid(const char *address)
{
	static const char more[] = "!#$%&'*+-/=?^_`{|}~.";
	const char *at = strchr(address, '@');
	size_t len = strlen(address);

	if (at == NULL || at == address || len > 254 || at - address > 64 ||
	    at[1] == '\0' || address[0] == '.' || at[-1] == '.' ||
	    strstr(address, "..") != NULL)
		return false;
	for (const char *p = address; p < at; p++) {
		if (!isascii(*p) ||
		    (!isalnum((unsigned char)*p) && strchr(more, *p) == NULL))
			return false;
	}
	for (const char *p = at + 1; *p != '\0'; p++) {
		if (!isascii(*p) ||
		    (!isalnum((unsigned char)*p) && *p != '-' && *p != '.'))
			return false;
	}
	return at[1] != '.' && at[1] != '-' && address[len - 1] != '.';
}

/* --- writing --- */

struct mail {
	const char *kind;
	const char *case_id; /* or NULL */
	const char *number;
	const char *tlp;
	json_t *detail; /* borrowed */
};

struct reader {
	char account[UUID_BYTES];
	char org[UUID_BYTES];
	char address[256];
	char language[8];
};

/* Held back by the mode: what goes out by itself and tells something new. */
static bool
is_held(const struct store *store, const char *kind, const char *org)
{
	if (strcmp(kind, OUTBOX_LATE_DETECTION) != 0)
		return false;
	return !mode_allows_outbound(store, kind) &&
	       !mode_allows_outbound(store, org);
}

static int
add(struct store *store, const struct mail *mail, const struct reader *reader)
{
	char id[UUID_BYTES];
	auto_free char *detail = json_canonical(mail->detail);
	bool held = is_held(store, mail->kind, reader->org);
	int64_t now = loop_wall_us();
	int err;

	uuid7(id);
	err = db_do(store->db, STMT_OUTBOX_ADD,
	    ARGS(val_text(id), val_text(mail->kind), val_text(reader->org),
		val_text(reader->account), val_text(mail->case_id),
		val_text(mail->number), val_text(reader->address),
		val_text(reader->language), val_text(mail->tlp),
		val_text(store->mode.word), val_int(store->mode.is_exercise),
		val_text(detail), val_text(held ? "held" : "queued"),
		val_int(now), val_int(strcmp(mail->kind, OUTBOX_ACK) == 0)),
	    NULL);
	tx_note_mails(store);
	return err;
}

/* What every mail may say of the class: its clock, and the next opening. */
static json_t *
detail_of(const struct store *store, const char *class_code)
{
	int64_t now = loop_wall_us();
	const struct policy *policy = store->policy;
	const char *clock =
	    mode_is_24x7(store, class_code)
		? "24x7"
		: policy_clock(policy, class_code, POLICY_ARTEFACTS);
	int64_t opening = calendar_opening(&policy->calendar, now);

	return json_pack("{s:s,s:s,s:I,s:I,s:o}", "class", class_code, "clock",
	    clock, "opening_s", (json_int_t)(opening / SECOND_US), "offset_s",
	    (json_int_t)tz_offset(&policy->calendar.tz, opening / SECOND_US),
	    "services", policy_services(policy, class_code));
}

static void
read_reader(const struct query *q, struct reader *reader)
{
	(void)snprintf(
	    reader->account, sizeof(reader->account), "%s", query_text(q, 0));
	(void)snprintf(
	    reader->org, sizeof(reader->org), "%s", query_text(q, 1));
	(void)snprintf(
	    reader->address, sizeof(reader->address), "%s", query_text(q, 2));
	(void)snprintf(
	    reader->language, sizeof(reader->language), "%s", query_text(q, 3));
}

/* One for each reader that the statement finds by this id. */
static int
add_all(struct store *store, const struct mail *mail, enum stmt stmt,
    const char *id)
{
	struct reader readers[READERS_MAX];
	size_t count = 0;
	int err;
	{
		AUTO(query) q = {0};

		err = query_start(&q, store->db, stmt, ARGS(val_text(id)));
		while (err == ERR_OK && count < READERS_MAX &&
		       (err = query_next(&q)) == ERR_OK)
			read_reader(&q, &readers[count++]);
	}
	if (err == ERR_EOF)
		err = ERR_OK;
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = add(store, mail, &readers[i]);
	return err;
}

int
outbox_case(struct store *store, const char *kind, const char *case_id)
{
	AUTO(query) c = {0};
	auto_json json_t *detail = NULL;
	struct mail mail = {.kind = kind, .case_id = case_id};
	int err =
	    query_one(&c, store->db, STMT_OUTBOX_CASE, ARGS(val_text(case_id)));

	if (err != ERR_OK)
		return err;
	detail = detail_of(store, query_text(&c, 2));
	mail.number = query_text(&c, 0);
	mail.tlp = query_text(&c, 1);
	mail.detail = detail;
	return add_all(store, &mail, STMT_OUTBOX_READERS, case_id);
}

int
outbox_org(struct store *store, const char *kind, const char *org_id)
{
	auto_json json_t *detail = json_object();
	/* Where others have a case's number: subjects of it are one thread. */
	struct mail mail = {
	    .kind = kind,
	    .number = kind,
	    .tlp = "TLP:AMBER+STRICT",
	    .detail = detail,
	};

	return add_all(store, &mail, STMT_HOOK_OWNERS, org_id);
}

int
outbox_refused(struct request *r, const struct outbox_refusal *refusal)
{
	struct reader reader;
	auto_json json_t *detail = detail_of(r->store, refusal->class_code);
	struct mail mail = {
	    .kind = OUTBOX_REFUSED,
	    .number = refusal->number,
	    .tlp = "TLP:AMBER+STRICT",
	    .detail = detail,
	};
	AUTO(query) q = {0};
	int err;

	if (strcmp(r->principal.org_id, refusal->org) != 0)
		return ERR_OK;
	err = query_one(&q, r->store->db, STMT_OUTBOX_READER,
	    ARGS(val_text(r->principal.account_id)));
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	read_reader(&q, &reader);
	return add(r->store, &mail, &reader);
}

int
outbox_key(struct store *store, const char *org, const char *fpr, int64_t days)
{
	auto_json json_t *detail = json_pack("{s:I}", "days", (json_int_t)days);
	size_t len = strlen(fpr);
	struct mail mail = {
	    .kind = OUTBOX_KEY,
	    /* The key's id, as other programs show it. */
	    .number = len > 16 ? fpr + len - 16 : fpr,
	    .tlp = "TLP:AMBER",
	    .detail = detail,
	};

	return add_all(store, &mail, STMT_KEY_READERS, org);
}

/* --- the sender's calls --- */

int
mail_lease(struct request *r)
{
	int64_t limit = param_int(r, 0);

	if (limit < 1 || limit > LEASE_MAX)
		return request_why(
		    r, ERR_LIMIT, "\"limit\" is 1 to %d", LEASE_MAX);
	return request_rows(r, STMT_OUTBOX_LEASE,
	    ARGS(val_int(loop_wall_us()), val_int(limit)), false);
}

/* Doubles with each attempt, so that a relay that is away is not pressed. */
static int64_t
backoff_us(int64_t attempts)
{
	int64_t seconds = BACKOFF_MIN_S;

	for (int64_t i = 1; i < attempts && seconds < BACKOFF_MAX_S; i++)
		seconds *= 2;
	return SECOND_US * (seconds < BACKOFF_MAX_S ? seconds : BACKOFF_MAX_S);
}

int
mail_done(struct request *r)
{
	const char *id = param_text(r, 0);
	const char *outcome = param_text(r, 1);
	const bool is_sent = strcmp(outcome, "sent") == 0;
	const bool is_failed = strcmp(outcome, "failed") == 0;
	struct audit_object object = {"mail", id, NULL};
	char org[UUID_BYTES];
	int64_t now = loop_wall_us();
	AUTO(query) q = {0};
	int err =
	    query_one(&q, r->store->db, STMT_OUTBOX_LOAD, ARGS(val_text(id)));

	/* Said twice, because the first answer got lost: no error. */
	if (err != ERR_OK || strcmp(query_text(&q, 0), "sending") != 0)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	if (!is_sent && !is_failed && strcmp(outcome, "later") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"outcome\" is sent, later or failed");
	(void)snprintf(org, sizeof(org), "%s", query_text(&q, 2));
	object.org = org;
	err = db_do(r->store->db, STMT_OUTBOX_DONE,
	    ARGS(val_text(id),
		val_text(is_sent     ? "sent"
			 : is_failed ? "failed"
				     : "queued"),
		val_text(param_text(r, 2)),
		val_int(now + backoff_us(query_int(&q, 1))),
		is_sent || is_failed ? val_int(now) : val_null()),
	    NULL);
	if (err == ERR_OK && (is_sent || is_failed))
		err =
		    audit_by(r, is_sent ? "mail.sent" : "mail.failed", &object,
			json_pack("{s:s,s:s}", "number", query_text(&q, 3),
			    "kind", query_text(&q, 4)));
	return err;
}

void
outbox_forget_sender(struct store *store)
{
	int err = tx_begin(store, ROLE_STORE);

	if (err != ERR_OK)
		return;
	err = db_run(store->db, STMT_OUTBOX_RESTART);
	tx_end(store, err == ERR_OK);
	tx_commit(store);
}

void
outbox_tick(struct store *store)
{
	int64_t now = loop_wall_us();
	int err;

	if (now < store->outbox_next || !timewatch_is_calm(store))
		return;
	store->outbox_next = now + 60 * SECOND_US;
	err = tx_begin(store, ROLE_STORE);
	if (err != ERR_OK)
		return;
	err = db_do(store->db, STMT_OUTBOX_GIVE_UP,
	    ARGS(val_int(now - store->mail_give_up_us), val_int(now)), NULL);
	tx_end(store, err == ERR_OK);
}

/* --- people's calls --- */

/* Addresses are not for everybody to read. */
int
outbox_list(struct request *r)
{
	r->principal.sees_all = principal_is_admin(&r->principal);
	return request_read(r, STMT_OUTBOX_LIST);
}

int
outbox_retry(struct request *r)
{
	struct audit_object object = {"mail", param_text(r, 0), NULL};
	int64_t changes;
	int err = db_do(r->store->db, STMT_OUTBOX_RETRY,
	    ARGS(val_text(r->principal.org_id),
		val_int(principal_is_admin(&r->principal)),
		val_text(param_text(r, 0)), val_int(loop_wall_us())),
	    &changes);

	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_NOT_FOUND,
		    "there is no such mail that was given up");
	tx_note_mails(r->store);
	return err == ERR_OK ? audit_by(r, "mail.retried", &object, NULL) : err;
}
