/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan_proof.c - why a rule did or did not match an artefact, and how that
 * is known.
 *
 * The database knows who covered the pair: the artefact's own yara job, or the
 * re-scan of the activation that brought the rule's meaning.  Whether the
 * index alone excludes it, and by what, loep-index is asked through the
 * scheduler: PROOF_TASKS hands out what is asked, PROOF_ANSWER brings it.
 */
#include "store/rescan.h"

#include "lib/cond.h"
#include "lib/json.h"
#include "lib/limits.h"
#include "lib/xalloc.h"

/* Who waits longer gets the proof without the index. */
#define WAIT_MS		  ((uint64_t)3000)
#define INDEX_JSON_DEPTH  ((size_t)16)
#define DETAIL_JSON_DEPTH ((size_t)32)

struct proof {
	TAILQ_ENTRY(proof) entry;
	struct request *r;
	struct loop_timer *timer;
	int64_t token;
	bool is_handed; /* to the scheduler */
	/* What is answered. */
	char artefact_id[UUID_BYTES];
	char *namespace_name;
	char *name;
	int64_t version;
	uint8_t closure[SHA256_BYTES];
	int64_t unit;
	char state[16];
	char text[320];
	int64_t rescan; /* 0 = the job */
	char job_id[UUID_BYTES];
	char engine[256];
	char *match;
	char *index; /* what loep-index says */
	bool is_answered;
	uint8_t *condition;
	size_t condition_len;
	bool is_open; /* the job is to run still */
	int64_t attempt;
	int64_t rules_at;
	/* Not one unit: how many of them the condition leaves. */
	int64_t last; /* 0 = it is about one unit */
	int64_t units;
	int64_t candidates; /* -1 = the index did not tell */
	int64_t unindexed;
};

static void
proof_free(struct proof *p)
{
	free(p->namespace_name);
	free(p->name);
	free(p->match);
	free(p->index);
	free(p->condition);
	free(p);
}

static void
add_or_null(struct values *row, int64_t n)
{
	if (n < 0)
		values_add_null(row);
	else
		values_add_int(row, n);
}

static void
put_count(const struct proof *p)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, p->version);
	values_add_text(&row, p->namespace_name);
	values_add_text(&row, p->name);
	values_add_int(&row, p->units);
	add_or_null(&row, p->candidates);
	add_or_null(&row, p->unindexed);
	request_row(p->r, &row);
}

static void
put_row(const struct proof *p)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, p->artefact_id);
	values_add_text(&row, p->namespace_name);
	values_add_text(&row, p->name);
	values_add_int(&row, p->version);
	values_add_bytes(&row, p->closure, SHA256_BYTES);
	values_add_int(&row, p->unit);
	values_add_text(&row, p->state);
	values_add_text(&row, p->text);
	if (p->rescan == 0)
		values_add_null(&row);
	else
		values_add_int(&row, p->rescan);
	values_add_text(&row, p->job_id);
	values_add_text(&row, p->engine);
	values_add_text(&row, p->match);
	values_add_text(&row, p->index);
	request_row(p->r, &row);
}

static void
say(struct proof *p, const char *state, const char *text)
{
	(void)snprintf(p->state, sizeof(p->state), "%s", state);
	(void)snprintf(p->text, sizeof(p->text), "%s", text);
}

/* --- what the database knows --- */

static int
find_artefact(struct request *r, struct proof *p)
{
	AUTO(query) q = {0};
	const char *state;
	int err = query_one(&q, r->store->db, STMT_PROOF_ARTEFACT,
	    ARGS(WHO(r), val_text(param_text(r, 0))));

	/* Whether a rule matches is the result of an analysis. */
	if (err == ERR_NOT_FOUND || !principal_is_staff(&r->principal))
		return request_why(
		    r, ERR_NOT_FOUND, "there is no such artefact");
	if (err != ERR_OK)
		return err;
	(void)snprintf(
	    p->artefact_id, sizeof(p->artefact_id), "%s", query_text(&q, 0));
	p->unit = query_int(&q, 1);
	(void)snprintf(p->job_id, sizeof(p->job_id), "%s", query_text(&q, 2));
	state = query_text(&q, 3);
	p->is_open = query_is_null(&q, 4) || strcmp(state, "queued") == 0 ||
		     strcmp(state, "running") == 0;
	p->attempt = query_int(&q, 4);
	p->rules_at = query_int(&q, 5);
	(void)snprintf(p->engine, sizeof(p->engine), "%s", query_text(&q, 6));
	return ERR_OK;
}

static int
find_rule(struct request *r, struct proof *p)
{
	AUTO(query) q = {0};
	const char *rule = param_text(r, 1);
	const char *colon = strrchr(rule, ':');
	auto_free char *namespace_name =
	    colon == NULL ? xstrdup("")
			  : xstrndup(rule, (size_t)(colon - rule));
	const uint8_t *bytes;
	size_t len;
	int err = query_one(&q, r->store->db, STMT_PROOF_RULE,
	    ARGS(val_text(namespace_name),
		val_text(colon == NULL ? rule : colon + 1)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err,
		    "the active version has no such rule that matches for "
		    "itself");
	if (err != ERR_OK)
		return err;
	p->version = query_int(&q, 0);
	p->namespace_name = xstrdup(query_text(&q, 1));
	p->name = xstrdup(query_text(&q, 2));
	bytes = query_bytes(&q, 3, &len);
	if (len == SHA256_BYTES)
		memcpy(p->closure, bytes, len);
	bytes = query_bytes(&q, 4, &len);
	p->condition = xmemdup(bytes == NULL ? (const void *)"" : bytes, len);
	p->condition_len = len;
	return ERR_OK;
}

/* The re-scan that covers the pair, where it was not the job itself. */
static int
find_rescan(struct request *r, struct proof *p)
{
	AUTO(query) q = {0};
	AUTO(query) gap = {0};
	int err = query_one(&q, r->store->db, STMT_PROOF_RESCAN,
	    ARGS(val_int(p->rules_at), val_text(p->namespace_name),
		val_text(p->name), val_int(p->unit)));

	if (err == ERR_NOT_FOUND) {
		say(p, "no_match",
		    "the artefact's own analysis ran this meaning of the "
		    "rule");
		return ERR_OK;
	}
	if (err != ERR_OK)
		return err;
	p->rescan = query_int(&q, 0);
	(void)snprintf(p->engine, sizeof(p->engine), "%s", query_text(&q, 2));
	if (query_int(&q, 1) == 0) {
		say(p, "pending", "the re-scan has not come to it yet");
		return ERR_OK;
	}
	say(p, "no_match",
	    "the re-scan looked for the rule in all that the "
	    "index could not exclude");
	err = query_one(&gap, r->store->db, STMT_PROOF_GAP,
	    ARGS(val_int(p->rescan), val_int(p->unit),
		val_text(p->namespace_name), val_text(p->name)));
	if (err == ERR_OK) {
		say(p, "gap", query_text(&gap, 0));
		return ERR_OK;
	}
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

/* Of what the rule means now, or of an earlier meaning? */
static bool
is_of_closure(const struct proof *p, const char *detail)
{
	auto_json json_t *json = NULL;
	char hex[2 * SHA256_BYTES + 1];

	hex_encode(hex, p->closure, sizeof(p->closure));
	return json_parse(detail, strlen(detail), LIMIT_MSG_BYTES,
		   DETAIL_JSON_DEPTH, &json) != ERR_OK ||
	       strcmp(json_member_text(json, "closure", hex), hex) == 0;
}

static int
find_match(struct request *r, struct proof *p)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_PROOF_MATCH,
	    ARGS(val_text(p->job_id), val_int(p->attempt), val_text(p->name),
		val_text(p->namespace_name)));

	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (err != ERR_OK)
		return err;
	/* What matched before stays where nobody could look again. */
	if (strcmp(p->state, "no_match") != 0 &&
	    !is_of_closure(p, query_text(&q, 0)))
		return ERR_OK;
	p->match = xstrdup(query_text(&q, 0));
	if (!query_is_null(&q, 1))
		p->rescan = query_int(&q, 1);
	say(p, "match", "it matches");
	return ERR_OK;
}

static int
find_out(struct request *r, struct proof *p)
{
	int err = find_artefact(r, p);

	if (err == ERR_OK)
		err = find_rule(r, p);
	if (err != ERR_OK)
		return err;
	if (p->is_open) {
		say(p, "pending", "its own analysis is not done yet");
		return ERR_OK;
	}
	err = find_rescan(r, p);
	return err == ERR_OK ? find_match(r, p) : err;
}

/* --- what the index knows --- */

static void
finish(struct proof *p)
{
	struct store *store = p->r->store;
	int err = request_begin(p->r);

	TAILQ_REMOVE(&store->proofs, p, entry);
	loop_timer_cancel(p->timer);
	if (err != ERR_OK) {
		request_end(p->r, (enum err)err, NULL, -1);
		proof_free(p);
		return;
	}
	if (p->last > 0)
		put_count(p);
	else
		put_row(p);
	request_finish(p->r, ERR_OK, -1);
	proof_free(p);
}

static void
on_late(void *arg)
{
	struct proof *p = arg;

	p->timer = NULL;
	finish(p);
}

static void
wait_for_index(struct request *r, struct proof *p)
{
	struct store *store = r->store;

	p->token = ++store->proof_last;
	p->timer = loop_timer(store->loop, WAIT_MS, on_late, p);
	TAILQ_INSERT_TAIL(&store->proofs, p, entry);
	tx_note_proofs(store);
}

int
rescan_proof(struct request *r)
{
	struct proof *p = xcalloc(1, sizeof(*p));
	int err;

	p->r = r;
	err = find_out(r, p);
	if (err != ERR_OK) {
		proof_free(p);
		return err;
	}
	if (r->store->sched != NULL && strcmp(p->state, "no_match") == 0 &&
	    p->condition_len > 0) {
		wait_for_index(r, p);
		return ERR_AGAIN;
	}
	put_row(p);
	proof_free(p);
	return ERR_OK;
}

/* The rule, and how many units there are. */
static int
find_rule_of(struct request *r, int64_t rule, struct proof *p)
{
	static const uint8_t any[] = {COND_VERSION, COND_TRUE};
	AUTO(query) q = {0};
	AUTO(query) units = {0};
	const uint8_t *cond;
	size_t len;
	int err = query_one(
	    &q, r->store->db, STMT_PROOF_CONDITION, ARGS(val_int(rule)));

	if (err == ERR_OK)
		err =
		    query_one(&units, r->store->db, STMT_PROOF_UNITS, NULL, 0);
	if (err != ERR_OK)
		return err;
	p->version = query_int(&q, 0);
	p->namespace_name = xstrdup(query_text(&q, 1));
	p->name = xstrdup(query_text(&q, 2));
	cond = query_bytes(&q, 3, &len);
	/* A rule without a condition may match anything. */
	p->condition_len = len == 0 ? sizeof(any) : len;
	p->condition = xmemdup(len == 0 ? any : cond, p->condition_len);
	p->last = query_int(&units, 0);
	p->units = query_int(&units, 1);
	return ERR_OK;
}

int
proof_count(struct request *r, int64_t rule)
{
	struct proof *p = xcalloc(1, sizeof(*p));
	int err;

	p->r = r;
	p->candidates = p->unindexed = -1;
	err = find_rule_of(r, rule, p);
	if (err == ERR_OK && r->store->sched != NULL && p->last > 0) {
		wait_for_index(r, p);
		return ERR_AGAIN;
	}
	if (err == ERR_OK)
		put_count(p);
	proof_free(p);
	return err;
}

int
proof_tasks(struct request *r)
{
	struct proof *p;
	struct values row;

	TAILQ_FOREACH (p, &r->store->proofs, entry) {
		if (p->is_handed)
			continue;
		p->is_handed = true;
		values_init(&row);
		values_add_int(&row, p->token);
		values_add_int(&row, p->unit);
		values_add_bytes(&row, p->condition, p->condition_len);
		values_add_int(&row, p->last);
		request_row(r, &row);
	}
	return ERR_OK;
}

/* The index's word decides between "excluded" and "scanned". */
static void
take_answer(struct proof *p, const char *text)
{
	auto_json json_t *json = NULL;

	if (json_parse(text, strlen(text), LIMIT_MSG_BYTES, INDEX_JSON_DEPTH,
		&json) != ERR_OK)
		return;
	p->candidates = json_member_int(json, "candidates", -1);
	p->unindexed = json_member_int(json, "unindexed", -1);
	if (json_is_false(json_object_get(json, "candidate")))
		say(p, "excluded",
		    "the index proves that the rule cannot match: what it "
		    "needs is not there");
}

static struct proof *
find_token(struct store *store, int64_t token)
{
	struct proof *p;

	TAILQ_FOREACH (p, &store->proofs, entry) {
		if (p->token == token)
			return p;
	}
	return NULL;
}

/* Later, outside of the unit of work that answers the scheduler. */
static void
on_answered(void *arg, bool is_committed)
{
	struct proof *p = arg;

	(void)is_committed;
	finish(p);
}

int
proof_answer(struct request *r)
{
	struct proof *p = find_token(r->store, param_int(r, 0));
	const char *text = param_text(r, 1);

	/* It was answered without. */
	if (p == NULL || p->is_answered)
		return ERR_OK;
	if (text[0] != '\0') {
		take_answer(p, text);
		p->index = xstrdup(text);
	}
	p->is_answered = true;
	loop_timer_cancel(p->timer);
	p->timer = NULL;
	tx_after(r->store, on_answered, p);
	return ERR_OK;
}
