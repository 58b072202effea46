/* SPDX-License-Identifier: Apache-2.0 */
/* hook_send.c - what endpoints are told: written, leased, ended. */
#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/hook.h"
#include "store/hook_sign.h"
#include "store/mode.h"
#include "store/outbox.h"
#include "store/text.h"

#include <inttypes.h>
#include <time.h>

#define SECOND_US ((int64_t)1000000)
#define DAY_US	  (86400 * SECOND_US)
#define LEASE_MAX 32
/* Endpoints of one organisation that hear of one event. */
#define HEARERS_MAX 32
/* Submissions that are looked up at a time. */
#define PAGE 64
/* Between two attempts at the most, and what a receiver may ask for. */
#define BACKOFF_MAX_US (14400 * SECOND_US)
#define ASKED_MAX_S    86400
/* How long it can be read what became of a message. */
#define LOG_US (30 * DAY_US)

const char hook_events[] =
    HOOK_ACKNOWLEDGED " " HOOK_ACCEPTED " " HOOK_DEFERRED " " HOOK_DECLINED
		      " " HOOK_REPORT " " HOOK_VERDICT " " HOOK_KEY;

/* --- writing --- */

struct news {
	const char *event;
	char org[UUID_BYTES];
	const char *case_id;	/* or NULL */
	const char *submission; /* or NULL */
	char number[32];
	char stage[16];
	bool is_exercise;
};

/* Held back by the mode: what goes out by itself and tells something new. */
static bool
is_held(const struct store *store, const struct news *news)
{
	if (strcmp(news->event, HOOK_VERDICT) != 0)
		return false;
	return !mode_allows_outbound(store, OUTBOX_LATE_DETECTION) &&
	       !mode_allows_outbound(store, news->org);
}

/* An event's second word is what became of it, where the case says nothing. */
static int
add(struct store *store, const struct news *news, const char *hook)
{
	char id[UUID_BYTES];
	bool held = is_held(store, news);
	bool has_case = news->case_id != NULL;
	int err;

	uuid7(id);
	err = db_do(store->db, STMT_HOOK_DELIVERY_ADD,
	    ARGS(val_text(id), val_text(hook), val_text(news->org),
		val_text(news->event), val_text(news->case_id),
		val_text(news->submission),
		has_case ? val_text(news->number) : val_null(),
		has_case ? val_text(news->stage) : val_null(),
		val_int(news->is_exercise), val_text(held ? "held" : "queued"),
		val_int(loop_wall_us())),
	    NULL);
	tx_note_hooks(store);
	return err;
}

static int
add_all(struct store *store, const struct news *news)
{
	char hooks[HEARERS_MAX][UUID_BYTES];
	size_t count = 0;
	int err;
	{
		AUTO(query) q = {0};

		err = query_start(&q, store->db, STMT_HOOK_OF_ORG,
		    ARGS(val_text(news->org), val_text(news->event)));
		while (err == ERR_OK && count < HEARERS_MAX &&
		       (err = query_next(&q)) == ERR_OK)
			(void)snprintf(hooks[count++], UUID_BYTES, "%s",
			    query_text(&q, 0));
	}
	if (err == ERR_EOF)
		err = ERR_OK;
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = add(store, news, hooks[i]);
	return err;
}

/* ERR_NOT_FOUND: one that nobody lists. */
static int
read_case(struct store *store, const char *case_id, struct news *news)
{
	AUTO(query) q = {0};
	int err =
	    query_one(&q, store->db, STMT_HOOK_CASE, ARGS(val_text(case_id)));

	if (err != ERR_OK)
		return err;
	news->case_id = case_id;
	(void)snprintf(news->org, sizeof(news->org), "%s", query_text(&q, 0));
	(void)snprintf(
	    news->number, sizeof(news->number), "%s", query_text(&q, 1));
	(void)snprintf(
	    news->stage, sizeof(news->stage), "%s", query_text(&q, 2));
	news->is_exercise = query_int(&q, 3) != 0;
	return ERR_OK;
}

int
hook_submission(struct store *store, const char *event, const char *case_id,
    const char *submission_id)
{
	struct news news = {.event = event, .submission = submission_id};
	int err = read_case(store, case_id, &news);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	return add_all(store, &news);
}

int
hook_case(struct store *store, const char *event, const char *case_id)
{
	return hook_submission(store, event, case_id, NULL);
}

int
hook_submissions(struct store *store, const char *event, const char *case_id)
{
	struct news news = {.event = event};
	char ids[PAGE][UUID_BYTES];
	char last[UUID_BYTES] = "";
	size_t count;
	int err = read_case(store, case_id, &news);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	do {
		count = 0;
		{
			AUTO(query) q = {0};

			err = query_start(&q, store->db, STMT_HOOK_SUBMISSIONS,
			    ARGS(val_text(case_id), val_text(last),
				val_int(PAGE)));
			while (err == ERR_OK && count < PAGE &&
			       (err = query_next(&q)) == ERR_OK)
				(void)snprintf(ids[count++], UUID_BYTES, "%s",
				    query_text(&q, 0));
		}
		if (err == ERR_EOF)
			err = ERR_OK;
		for (size_t i = 0; i < count && err == ERR_OK; i++) {
			news.submission = ids[i];
			err = add_all(store, &news);
		}
		if (count > 0)
			memcpy(last, ids[count - 1], sizeof(last));
	} while (err == ERR_OK && count == PAGE);
	return err;
}

int
hook_org(struct store *store, const char *event, const char *org_id)
{
	struct news news = {.event = event};

	(void)snprintf(news.org, sizeof(news.org), "%s", org_id);
	return add_all(store, &news);
}

int
hook_one(
    struct store *store, const char *event, const char *hook, const char *org)
{
	struct news news = {.event = event};

	(void)snprintf(news.org, sizeof(news.org), "%s", org);
	return add(store, &news, hook);
}

/* --- the sender: what is due --- */

/* The statement's columns. */
enum {
	DUE_ID,
	DUE_HOOK,
	DUE_URL,
	DUE_SECRET,
	DUE_OLD,
	DUE_HAS_OLD,
	DUE_EVENT,
	DUE_CASE,
	DUE_SUBMISSION,
	DUE_NUMBER,
	DUE_STATUS,
	DUE_EXERCISE,
	DUE_AT
};

static json_t *
text_or_null(const struct query *q, int column)
{
	return query_is_null(q, column) ? json_null()
					: json_string(query_text(q, column));
}

/* The same bytes each time: {type, timestamp, data}.  The caller frees. */
static char *
make_body(const struct store *store, const struct query *q)
{
	time_t s = (time_t)(query_int(q, DUE_AT) / SECOND_US);
	char at[32];
	struct tm tm;
	auto_free char *url =
	    query_is_null(q, DUE_CASE)
		? xstrdup("")
		: xasprintf("%s/api/v1/cases/%s", store->hook.portal,
		      query_text(q, DUE_NUMBER));
	auto_json json_t *body = NULL;
	json_t *data = json_pack("{s:o,s:o,s:o,s:o}", "case_number",
	    text_or_null(q, DUE_NUMBER), "submission_id",
	    text_or_null(q, DUE_SUBMISSION), "status",
	    text_or_null(q, DUE_STATUS), "url",
	    url[0] == '\0' ? json_null() : json_string(url));

	(void)gmtime_r(&s, &tm);
	(void)strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* Whoever acts on it must not take an exercise for the real thing. */
	if (query_int(q, DUE_EXERCISE) != 0)
		(void)json_object_set_new(data, "exercise", json_true());
	body = json_pack("{s:s,s:s,s:o}", "type", query_text(q, DUE_EVENT),
	    "timestamp", at, "data", data);
	return json_canonical(body);
}

/* One signature, or two while a secret is being changed; the caller frees. */
static int
sign(const struct store *store, const struct query *q,
    const struct hook_signed *what, char **ret_text)
{
	uint8_t secret[HOOK_SECRET_BYTES];
	auto_free char *first = NULL;
	auto_free char *second = NULL;
	const char *hook = query_text(q, DUE_HOOK);
	size_t len;
	const uint8_t *box = query_bytes(q, DUE_SECRET, &len);
	int err = hook_secret_open(store, hook, box, len, secret);

	if (err == ERR_OK)
		first = hook_signature(secret, what);
	if (err == ERR_OK && query_int(q, DUE_HAS_OLD) != 0) {
		box = query_bytes(q, DUE_OLD, &len);
		err = hook_secret_open(store, hook, box, len, secret);
		if (err == ERR_OK)
			second = hook_signature(secret, what);
	}
	seal_forget(secret, sizeof(secret));
	if (err != ERR_OK)
		return err;
	*ret_text =
	    second == NULL ? xstrdup(first) : xasprintf("%s %s", first, second);
	return ERR_OK;
}

/* Takes the next one; ERR_NOT_FOUND where nothing is due. */
static int
lease_one(struct request *r, int64_t now)
{
	struct store *store = r->store;
	auto_free char *body = NULL;
	auto_free char *signature = NULL;
	char id[UUID_BYTES];
	auto_free char *url = NULL;
	struct hook_signed what = {.id = id, .at_s = now / SECOND_US};
	struct values row;
	int err;
	{
		AUTO(query) q = {0};

		err =
		    query_one(&q, store->db, STMT_HOOK_DUE, ARGS(val_int(now)));
		if (err != ERR_OK)
			return err;
		(void)snprintf(id, sizeof(id), "%s", query_text(&q, DUE_ID));
		url = xstrdup(query_text(&q, DUE_URL));
		what.body = body = make_body(store, &q);
		err = sign(store, &q, &what, &signature);
	}
	if (err != ERR_OK)
		return request_why(
		    r, err, "the secret of an endpoint cannot be read");
	err = db_do(store->db, STMT_HOOK_TAKE, ARGS(val_text(id)), NULL);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, url);
	values_add_int(&row, what.at_s);
	values_add_text(&row, body);
	values_add_text(&row, signature);
	request_row(r, &row);
	return ERR_OK;
}

int
hook_lease(struct request *r)
{
	int64_t limit = param_int(r, 0);
	int64_t now = loop_wall_us();
	int err = ERR_OK;

	if (limit < 1 || limit > LEASE_MAX)
		return request_why(
		    r, ERR_LIMIT, "\"limit\" is 1 to %d", LEASE_MAX);
	/* Nothing can be signed before the vault was there. */
	if (!r->store->has_second_key)
		return ERR_OK;
	while (limit-- > 0 && err == ERR_OK)
		err = lease_one(r, now);
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

/* --- the sender: what became of it --- */

int64_t
hook_backoff_us(int64_t retry_us, int64_t attempts, int64_t asked_s)
{
	int64_t us = retry_us;
	int64_t asked = asked_s < 0		? 0
			: asked_s > ASKED_MAX_S ? ASKED_MAX_S
						: asked_s;
	uint32_t chance;

	for (int64_t i = 1; i < attempts && us < BACKOFF_MAX_US; i++)
		us *= 2;
	if (us > BACKOFF_MAX_US)
		us = BACKOFF_MAX_US;
	random_bytes(&chance, sizeof(chance));
	us += us / 5 * ((int64_t)(chance % 2001) - 1000) / 1000;
	return us > asked * SECOND_US ? us : asked * SECOND_US;
}

struct taken {
	int64_t attempts;
	char hook[UUID_BYTES];
	char org[UUID_BYTES];
	char event[32];
	int64_t failures;
	int64_t failing_since;
	int64_t queued_at;
};

/* ERR_NOT_FOUND: it is over. */
static int
load_taken(struct request *r, const char *id, struct taken *t)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_HOOK_TAKEN,
	    ARGS(val_text(id), val_int(loop_wall_us())));

	if (err != ERR_OK)
		return err;
	/* queued: this program was away since, and its sender was not. */
	if (!text_has_word("sending queued", query_text(&q, 0)))
		return ERR_NOT_FOUND;
	t->attempts = query_int(&q, 1);
	(void)snprintf(t->hook, sizeof(t->hook), "%s", query_text(&q, 2));
	(void)snprintf(t->org, sizeof(t->org), "%s", query_text(&q, 3));
	(void)snprintf(t->event, sizeof(t->event), "%s", query_text(&q, 4));
	t->failures = query_int(&q, 5);
	t->failing_since = query_int(&q, 6);
	t->queued_at = query_int(&q, 8);
	return ERR_OK;
}

enum {
	P_ID,
	P_OUTCOME,
	P_CODE,
	P_ASKED,
	P_REASON
};

static int
finish(struct request *r, const struct taken *t, const char *state,
    int64_t next_at)
{
	const char *id = param_text(r, P_ID);
	struct audit_object object = {"webhook", id, t->org};
	bool is_over = strcmp(state, "queued") != 0;
	int err = db_do(r->store->db, STMT_HOOK_END,
	    ARGS(val_text(id), val_text(state), val_int(next_at),
		val_int(param_int(r, P_CODE)),
		val_text(param_text(r, P_REASON)),
		is_over ? val_int(loop_wall_us()) : val_null()),
	    NULL);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_HOOK_COUNTED,
		    ARGS(val_text(param_text(r, P_OUTCOME))), NULL);
	if (err != ERR_OK || !is_over)
		return err;
	return audit_by(r,
	    is_over && strcmp(state, "delivered") == 0 ? "webhook.delivered"
						       : "webhook.failed",
	    &object,
	    json_pack("{s:s,s:s}", "endpoint", t->hook, "event", t->event));
}

static int
fail(struct request *r, const struct taken *t, int64_t now)
{
	struct store *store = r->store;
	/* An endpoint rests for what it failed in a row; each message for
	 * what it failed itself, so that one that is never taken does not
	 * stand before the others. */
	int64_t rest = hook_backoff_us(
	    store->hook.retry_us, t->failures + 1, param_int(r, P_ASKED));
	int64_t next = hook_backoff_us(
	    store->hook.retry_us, t->attempts, param_int(r, P_ASKED));
	bool is_old = now - t->queued_at > store->hook.give_up_us &&
		      timewatch_is_calm(store);
	int err = finish(r, t, is_old ? "failed" : "queued", now + next);

	if (err == ERR_OK)
		err = db_do(store->db, STMT_HOOK_ILL,
		    ARGS(val_text(t->hook), val_int(now), val_int(now + rest)),
		    NULL);
	if (err == ERR_OK && now - t->failing_since > store->hook.give_up_us &&
	    timewatch_is_calm(store))
		err = hook_disable(store, t->hook, t->org,
		    "nothing was delivered for too long");
	return err;
}

int
hook_done(struct request *r)
{
	const char *outcome = param_text(r, P_OUTCOME);
	struct taken t;
	int64_t now = loop_wall_us();
	int err;

	if (!text_has_word("delivered refused unreachable gone", outcome))
		return request_why(r, ERR_FORMAT,
		    "\"outcome\" is delivered, refused, unreachable or gone");
	err = load_taken(r, param_text(r, P_ID), &t);
	/* Said twice, because the first answer got lost: no error. */
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	if (strcmp(outcome, "delivered") == 0) {
		err = finish(r, &t, "delivered", now);
		return err == ERR_OK
			   ? db_do(r->store->db, STMT_HOOK_WELL,
				 ARGS(val_text(t.hook), val_int(now)), NULL)
			   : err;
	}
	if (strcmp(outcome, "gone") == 0) {
		err = finish(r, &t, "failed", now);
		return err == ERR_OK ? hook_disable(r->store, t.hook, t.org,
					   "the receiver says that it is gone "
					   "(410)")
				     : err;
	}
	return fail(r, &t, now);
}

/* --- by itself --- */

int
hook_disable(
    struct store *store, const char *hook, const char *org, const char *why)
{
	struct audit_object object = {"endpoint", hook, org};
	int64_t now = loop_wall_us();
	int err = db_do(store->db, STMT_HOOK_DECIDE,
	    ARGS(val_text(hook), val_text("disabled"), val_text(why),
		val_null(), val_int(now), val_int(0)),
	    NULL);

	if (err == ERR_OK)
		err = db_do(store->db, STMT_HOOK_DROP,
		    ARGS(val_text(hook), val_text("the endpoint was disabled"),
			val_int(now)),
		    NULL);
	if (err == ERR_OK)
		err = outbox_org(store, OUTBOX_HOOK_DISABLED, org);
	return err == ERR_OK ? audit_own(store, "endpoint.disabled", &object,
				   json_pack("{s:s}", "reason", why))
			     : err;
}

void
hook_forget_sender(struct store *store)
{
	int err = tx_begin(store, ROLE_STORE);

	if (err != ERR_OK)
		return;
	err = db_run(store->db, STMT_HOOK_RESTART);
	tx_end(store, err == ERR_OK);
	tx_commit(store);
}

int
hook_bring_forward(struct store *store, int64_t wall_us)
{
	int err = db_do(
	    store->db, STMT_HOOK_BRING_FORWARD, ARGS(val_int(wall_us)), NULL);

	store->hook_next = 0;
	return err == ERR_OK ? db_do(store->db, STMT_HOOK_REST_FORWARD,
				   ARGS(val_int(wall_us)), NULL)
			     : err;
}

void
hook_tick(struct store *store)
{
	int64_t now = loop_wall_us();
	int err;

	if (now < store->hook_next || !timewatch_is_calm(store))
		return;
	store->hook_next = now + 60 * SECOND_US;
	err = tx_begin(store, ROLE_STORE);
	if (err != ERR_OK)
		return;
	err = db_do(store->db, STMT_HOOK_GIVE_UP,
	    ARGS(val_int(now - store->hook.give_up_us), val_int(now)), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_HOOK_FORGET,
		    ARGS(val_int(now - LOG_US)), NULL);
	tx_end(store, err == ERR_OK);
}
