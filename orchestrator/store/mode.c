/* SPDX-License-Identifier: Apache-2.0 */
/* mode.c - the operating mode: proposed, approved, entered, left. */
#include "store/mode.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/number.h"
#include "store/policy.h"

#include <inttypes.h>

#define LIST_MAX       ((size_t)256)
#define LIST_BYTES_MAX ((size_t)8192)

static const char *const words[] = {
    "normal", "national_incident", "national_crisis"};

static const char *
find_word(const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], text) == 0)
			return words[i];
	}
	return NULL;
}

/* --- what holds now --- */

void
mode_release(struct mode *mode)
{
	json_decref(mode->classes);
	json_decref(mode->outbound);
	*mode = (struct mode){.word = "normal"};
}

static json_t *
read_list(const char *text)
{
	json_t *list = NULL;

	if (json_parse(text, strlen(text), LIST_BYTES_MAX, 2, &list) != ERR_OK)
		return NULL;
	return list;
}

int
mode_load(struct store *store)
{
	AUTO(query) q = {0};
	struct mode mode = {.word = "normal"};
	int err = query_one(&q, store->db, STMT_MODE_NOW, NULL, 0);

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	if (err == ERR_OK) {
		mode.seq = query_int(&q, 0);
		mode.word = find_word(query_text(&q, 1));
		mode.is_on = strcmp(mode.word, "normal") != 0;
		mode.is_exercise = query_int(&q, 2) != 0;
		mode.classes = read_list(query_text(&q, 3));
		mode.outbound = read_list(query_text(&q, 4));
	}
	mode_release(&store->mode);
	store->mode = mode;
	return ERR_OK;
}

static bool
list_has(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

bool
mode_is_24x7(const struct store *store, const char *class_code)
{
	return store->mode.is_on && list_has(store->mode.classes, class_code);
}

bool
mode_allows_outbound(const struct store *store, const char *name)
{
	if (!store->mode.is_on)
		return true;
	return !store->mode.is_exercise && list_has(store->mode.outbound, name);
}

/* --- proposing --- */

/* Brings a list of texts into its one form; the caller frees. */
static int
check_list(struct request *r, size_t at, const char *name, char **ret_text)
{
	const char *text = param_text(r, at);
	auto_json json_t *list = read_list(text[0] == '\0' ? "[]" : text);
	const json_t *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > LIST_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"%s\" is a list of at most %zu texts", name, LIST_MAX);
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return request_why(r, ERR_FORMAT,
			    "\"%s\" holds something that is no text", name);
	}
	*ret_text = json_canonical(list);
	return ERR_OK;
}

static int
check_classes(struct request *r, const char *text)
{
	auto_json json_t *list = read_list(text);
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!policy_knows(r->store->policy, json_string_value(item)))
			return request_why(r, ERR_FORMAT,
			    "\"classes\" names \"%.16s\", which the policy "
			    "does not know",
			    json_string_value(item));
	}
	return ERR_OK;
}

/* Cases are named by their numbers, and must be there. */
static int
check_cases(struct request *r, char **text)
{
	auto_json json_t *list = read_list(*text);
	char number[NUMBER_BYTES];
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		AUTO(query) q = {0};
		const char *word = json_string_value(item);
		int err = number_parse(
		    word, strlen(word), number, r->why, sizeof(r->why));

		if (err == ERR_OK)
			err = query_one(&q, r->store->db, STMT_MODE_CASE_IS,
			    ARGS(val_text(number)));
		if (err == ERR_NOT_FOUND)
			return request_why(
			    r, err, "there is no case %s", number);
		if (err != ERR_OK)
			return err;
		(void)json_array_set_new(list, i, json_string(number));
	}
	free(*text);
	*text = json_canonical(list);
	return ERR_OK;
}

struct wanted {
	const char *word;
	char *cases;
	char *classes;
	char *outbound;
};

static void
wanted_release(struct wanted *w)
{
	free(w->cases);
	free(w->classes);
	free(w->outbound);
}

OWN_RELEASE(wanted)

static int
read_wanted(struct request *r, struct wanted *w)
{
	int err;

	w->word = find_word(param_text(r, 0));
	if (w->word == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"mode\" is normal, national_incident or "
		    "national_crisis");
	if (param_text(r, 2)[0] == '\0')
		return request_why(
		    r, ERR_FORMAT, "\"reason\" says why, for others to judge");
	err = check_list(r, 4, "cases", &w->cases);
	if (err == ERR_OK)
		err = check_list(r, 5, "classes", &w->classes);
	if (err == ERR_OK)
		err = check_list(r, 6, "outbound", &w->outbound);
	if (err == ERR_OK)
		err = check_classes(r, w->classes);
	return err == ERR_OK ? check_cases(r, &w->cases) : err;
}

static int
answer(struct request *r, const char *word, const char *state, bool is_single)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, word);
	values_add_text(&row, state);
	values_add_int(&row, is_single);
	request_row(r, &row);
	return ERR_OK;
}

int
mode_propose(struct request *r)
{
	AUTO(wanted) w = {0};
	struct audit_object object = {"mode", param_text(r, 0), NULL};
	bool is_normal;
	int err = read_wanted(r, &w);

	if (err != ERR_OK)
		return err;
	is_normal = strcmp(w.word, "normal") == 0;
	if (is_normal && !r->store->mode.is_on)
		return request_why(
		    r, ERR_CONFLICT, "the service runs as usual already");
	err = db_do(r->store->db, STMT_MODE_ADD,
	    ARGS(val_text(w.word), val_int(!is_normal && param_int(r, 1) != 0),
		val_text(param_text(r, 2)), val_text(param_text(r, 3)),
		val_text(is_normal ? "[]" : w.cases),
		val_text(is_normal ? "[]" : w.classes),
		val_text(is_normal ? "[]" : w.outbound),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_CONFLICT)
		return request_why(
		    r, err, "another proposal waits for somebody's decision");
	if (err == ERR_OK)
		err = audit_by(r, "mode.proposed", &object,
		    json_pack("{s:s,s:s}", "reason", param_text(r, 2), "plan",
			param_text(r, 3)));
	return err == ERR_OK ? answer(r, w.word, "proposed", false) : err;
}

/* --- deciding --- */

struct proposal {
	int64_t seq;
	const char *word;
	char author[UUID_BYTES];
	bool is_exercise;
	int64_t audit_from;
	json_t *cases;
	json_t *classes;
};

static void
proposal_release(struct proposal *p)
{
	json_decref(p->cases);
	json_decref(p->classes);
}

OWN_RELEASE(proposal)

static int
load_proposal(struct request *r, struct proposal *p)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_MODE_PROPOSED, NULL, 0);

	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT, "nothing is proposed");
	if (err != ERR_OK)
		return err;
	p->seq = query_int(&q, 0);
	p->word = find_word(query_text(&q, 1));
	p->is_exercise = query_int(&q, 2) != 0;
	p->cases = read_list(query_text(&q, 5));
	p->classes = read_list(query_text(&q, 6));
	(void)snprintf(p->author, sizeof(p->author), "%s", query_text(&q, 10));
	return ERR_OK;
}

static void
on_changed(void *arg, bool is_committed)
{
	struct store *store = arg;

	if (is_committed && mode_load(store) != ERR_OK)
		log_line(LOG_ERROR,
		    "msg=\"the mode is not in use\" "
		    "reason=\"%s\"",
		    store->db->why);
}

/* Designated cases, and what is queued for them, come before all others. */
static int
set_tiers(struct store *store, const json_t *cases)
{
	const json_t *item;
	size_t i;
	int err = db_run(store->db, STMT_MODE_TIER_CASES);

	if (err == ERR_OK)
		err = db_run(store->db, STMT_MODE_TIER_JOBS);
	json_array_foreach(cases, i, item)
	{
		const char *number = json_string_value(item);

		if (err == ERR_OK)
			err = db_do(store->db, STMT_MODE_TIER_CASE,
			    ARGS(val_text(number)), NULL);
		if (err == ERR_OK)
			err = db_do(store->db, STMT_MODE_TIER_CASE_JOBS,
			    ARGS(val_text(number)), NULL);
	}
	return err;
}

/* The next open case of a class behind id; ERR_NOT_FOUND: no more. */
static int
shorten(struct store *store, const char *class_code, char id[UUID_BYTES])
{
	AUTO(query) q = {0};
	AUTO(query) loaded = {0};
	struct policy_case c = {.class_code = class_code, .is_24x7 = true};
	int64_t triage, report;
	int err = query_one(&q, store->db, STMT_MODE_OPEN_CASES,
	    ARGS(val_text(class_code), val_text(id)));

	if (err != ERR_OK)
		return err;
	(void)snprintf(id, UUID_BYTES, "%s", query_text(&q, 0));
	query_release(&q);
	err =
	    query_one(&loaded, store->db, STMT_INTAKE_LOAD, ARGS(val_text(id)));
	if (err != ERR_OK)
		return err;
	c.severity = query_text(&loaded, 1);
	/* From now on: what was due tomorrow is not overdue at once. */
	c.at = loop_wall_us();
	triage = policy_due(store->policy, &c, "triage");
	report = policy_due(store->policy, &c, "report");
	return db_do(store->db, STMT_MODE_DUE_EARLIER,
	    ARGS(val_text(id), triage == -1 ? val_null() : val_int(triage),
		report == -1 ? val_null() : val_int(report)),
	    NULL);
}

/* Open cases of designated classes are not left for the next opening. */
static int
shorten_all(struct store *store, const json_t *classes)
{
	const json_t *item;
	size_t i;
	int err = ERR_OK;

	json_array_foreach(classes, i, item)
	{
		char id[UUID_BYTES] = "";

		while (err == ERR_OK)
			err = shorten(store, json_string_value(item), id);
		if (err == ERR_NOT_FOUND)
			err = ERR_OK;
	}
	return err;
}

/* Everything that the mode changes in what is there already. */
static int
apply(struct request *r, const struct proposal *p)
{
	struct store *store = r->store;
	bool is_on = strcmp(p->word, "normal") != 0;
	int err = set_tiers(store, p->cases);

	if (err == ERR_OK)
		err = db_run(
		    store->db, is_on ? STMT_MODE_PAUSE : STMT_MODE_RESUME);
	if (err == ERR_OK)
		err = shorten_all(store, p->classes);
	if (err == ERR_OK && !is_on)
		err = db_do(store->db, STMT_OUTBOX_UNHOLD,
		    ARGS(val_int(loop_wall_us())), NULL);
	if (err == ERR_OK && !is_on)
		err = db_do(store->db, STMT_HOOK_UNHOLD,
		    ARGS(val_int(loop_wall_us())), NULL);
	if (err != ERR_OK)
		return err;
	tx_note_jobs(store);
	tx_note_hooks(store);
	tx_note_rescans(store);
	tx_note_mails(store);
	tx_after(store, on_changed, store);
	return ERR_OK;
}

static int
decide(struct request *r, const struct proposal *p, const char *state,
    bool is_single)
{
	bool is_yes = strcmp(state, "entered") == 0;
	uint8_t hash[SHA256_BYTES];
	int64_t seq, changes;
	int err = audit_head(r->store, &seq, hash);

	if (err == ERR_OK && is_yes)
		err = db_do(r->store->db, STMT_MODE_LEAVE,
		    ARGS(val_int(loop_wall_us()),
			val_text(r->principal.account_id), val_int(seq)),
		    NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_MODE_DECIDE,
		    ARGS(val_int(p->seq), val_text(state),
			val_text(r->principal.account_id), val_int(is_single),
			is_yes ? val_int(loop_wall_us()) : val_null(),
			val_int(p->audit_from)),
		    &changes);
	return err == ERR_OK && changes == 0 ? (int)ERR_CONFLICT : err;
}

int
mode_approve(struct request *r)
{
	AUTO(proposal) p = {0};
	struct audit_object object = {"mode", "", NULL};
	uint8_t hash[SHA256_BYTES];
	bool is_single;
	int err = load_proposal(r, &p);

	if (err != ERR_OK)
		return err;
	is_single = strcmp(p.author, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(r, p.author, "approve this mode");
	object.id = p.word;
	err = audit_head(r->store, &p.audit_from, hash);
	if (err != ERR_OK)
		return err;
	err = audit_by(r,
	    strcmp(p.word, "normal") == 0 ? "mode.left" : "mode.entered",
	    &object,
	    json_pack("{s:b,s:b,s:s}", "single_person", is_single, "exercise",
		p.is_exercise, "before", r->store->mode.word));
	if (err == ERR_OK)
		err = decide(r, &p, "entered", is_single);
	if (err == ERR_OK)
		err = apply(r, &p);
	return err == ERR_OK ? answer(r, p.word, "entered", is_single) : err;
}

int
mode_reject(struct request *r)
{
	AUTO(proposal) p = {0};
	struct audit_object object = {"mode", "", NULL};
	int err;

	if (!principal_may(&r->principal, "approve_crisis") &&
	    !principal_may(&r->principal, "activate_crisis"))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"approve_crisis\"",
		    r->principal.name);
	err = load_proposal(r, &p);
	if (err != ERR_OK)
		return err;
	if (strcmp(p.author, r->principal.account_id) != 0 &&
	    !principal_may(&r->principal, "approve_crisis"))
		return request_why(r, ERR_DENIED,
		    "who proposed it takes it back, or who may approve it "
		    "rejects it");
	object.id = p.word;
	err = decide(r, &p, "rejected", false);
	if (err == ERR_OK)
		err = audit_by(r, "mode.rejected", &object,
		    json_pack("{s:s}", "reason", param_text(r, 0)));
	return err == ERR_OK ? answer(r, p.word, "rejected", false) : err;
}
