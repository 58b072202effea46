/* SPDX-License-Identifier: Apache-2.0 */
/* job_done.c - a worker says how its attempt ended. */
#include "lib/json_scan.h"
#include "lib/limits.h"
#include "store/handlers.h"
#include "store/job_finish.h"
#include "store/job_records.h"
#include "store/rescan.h"
#include "store/text.h"

/* What is said of one attempt; texts are terminated. */
struct word {
	const char *job;
	int64_t attempt;
	const char *outcome;
	bool is_final;
	const char *reason;
	const char *engine;
	const char *result;
	const char *next;
};

#define RESULT_BYTES_MAX (32 * KIB)
#define JSON_DEPTH	 16

static int
answer(struct request *r, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	request_row(r, &row);
	return ERR_OK;
}

/*
 * The attempt is not running: said twice is answered as the first time,
 * anything else comes too late.
 */
static int
answer_again(struct request *r, const struct word *w)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_ATTEMPT_STATE,
	    ARGS(val_text(w->job), val_int(w->attempt)));
	const char *outcome;

	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT, "there is no such attempt");
	if (err != ERR_OK)
		return err;
	outcome = query_text(&q, 0);
	if (strcmp(outcome, w->outcome) != 0)
		return request_why(r, ERR_CONFLICT, "this attempt is over%s%s",
		    outcome[0] == '\0' ? "" : ": ", outcome);
	return answer(r, query_text(&q, 1));
}

static int
read_json(struct request *r, const struct word *w, struct job_outcome *outcome,
    json_t **ret_next)
{
	auto_json json_t *result = NULL;
	const char *result_text = w->result;
	const char *next_text = w->next;

	if (result_text[0] != '\0') {
		const size_t len = strlen(result_text);

		if ((len > RESULT_BYTES_MAX ||
			!json_scan(result_text, len, JSON_DEPTH, NULL, 0)) &&
		    (json_parse(result_text, strlen(result_text),
			 RESULT_BYTES_MAX, JSON_DEPTH, &result) != ERR_OK ||
			!json_is_object(result)))
			return request_why(r, ERR_FORMAT,
			    "\"result\" is a "
			    "JSON object of at most %zu bytes",
			    RESULT_BYTES_MAX);
		outcome->result = result_text;
	}
	if (next_text[0] != '\0' &&
	    (json_parse(next_text, strlen(next_text), LIMIT_MSG_BYTES,
		 JSON_DEPTH, ret_next) != ERR_OK ||
		!json_is_array(*ret_next)))
		return request_why(r, ERR_FORMAT, "\"next\" is a JSON list");
	return ERR_OK;
}

/* A report without its file is none. */
static int
check_report(
    struct request *r, const struct attempt *a, struct job_outcome *outcome)
{
	AUTO(query) q = {0};
	int err;

	if (strcmp(a->kind, "report") != 0 ||
	    strcmp(outcome->state, "done") != 0)
		return ERR_OK;
	err = query_one(&q, r->store->db, STMT_REPORT_FILE,
	    ARGS(val_text(a->job_id), val_int(a->number)));
	if (err == ERR_NOT_FOUND) {
		outcome->state = "failed";
		outcome->reason = "no report.json was made";
		return ERR_OK;
	}
	return err;
}

/*
 * Ends the attempt.  *ret_state is what the job is now; *ret_finished: it is
 * over, so that its case is to be looked at (job_finish_case()).
 */
static int
finish(struct request *r, const struct word *w, const struct attempt *a,
    struct job_outcome *outcome, bool *ret_finished)
{
	auto_json json_t *next = NULL;
	enum rescan_rules rules = RESCAN_RULES_NOW;
	int err = read_json(r, w, outcome, &next);

	*ret_finished = false;
	if (err == ERR_OK)
		err = check_report(r, a, outcome);
	if (err == ERR_OK)
		err = rescan_job_rules(r->store, a->job_id, &rules);
	if (err == ERR_OK && rules == RESCAN_RULES_OLD && !a->is_cancelled) {
		outcome->state = "queued";
		return attempt_lose(r->store, a, LOSS_RELEASED,
		    "other rules became active meanwhile");
	}
	if (err != ERR_OK)
		return err;
	outcome->next = next;
	outcome->is_held = rules == RESCAN_RULES_BEFORE && !a->is_cancelled;
	/* Not final: worth another attempt, the last of which keeps what it
	 * found (partial). */
	if (text_has_word("failed partial", outcome->state) && !w->is_final &&
	    !a->is_cancelled && a->failures + 1 < LIMIT_ATTEMPTS) {
		err = attempt_lose(r->store, a, LOSS_FAILED, outcome->reason);
		outcome->state = "queued";
		return err;
	}
	if (strcmp(outcome->state, "failed") == 0 && a->is_cancelled)
		outcome->state = "cancelled";
	err = job_finish_one(r->store, a, outcome);
	outcome->next = NULL;
	*ret_finished = true;
	if (err == ERR_FORMAT)
		return request_why(r, err, "\"next\" names no job that can be");
	return err;
}

static int
check_outcome(struct request *r, const struct word *w)
{
	if (text_has_word("done partial failed cancelled", w->outcome))
		return ERR_OK;
	return request_why(r, ERR_FORMAT,
	    "\"outcome\" is done, "
	    "partial, failed or cancelled");
}

static struct job_outcome
outcome_of(const struct word *w)
{
	return (struct job_outcome){
	    .state = w->outcome,
	    .reason = w->reason,
	    .engine = w->engine,
	};
}

int
job_done(struct request *r)
{
	const struct word w = {
	    .job = param_text(r, 0),
	    .attempt = param_int(r, 1),
	    .outcome = param_text(r, 2),
	    .is_final = param_int(r, 3) != 0,
	    .reason = param_text(r, 4),
	    .engine = param_text(r, 5),
	    .result = param_text(r, 6),
	    .next = param_text(r, 7),
	};
	struct job_outcome outcome = outcome_of(&w);
	bool is_finished;
	struct attempt a;
	int err = check_outcome(r, &w);

	if (err != ERR_OK)
		return err;
	err = attempt_load(r, &a);
	if (err == ERR_CONFLICT) {
		r->why[0] = '\0';
		return answer_again(r, &w);
	}
	if (err == ERR_OK)
		err = finish(r, &w, &a, &outcome, &is_finished);
	if (err == ERR_OK && is_finished)
		err =
		    job_finish_case(r->store, a.case_id, job_changes_case(&a));
	if (err != ERR_OK)
		return err;
	return answer(r, outcome.is_held ? "queued" : outcome.state);
}

/* --- many at once --- */

/* A text of the list, ended in place: the byte behind it is read already. */
struct piece {
	const uint8_t *p;
	size_t len;
};

static const char *
terminate(struct request *r, const struct piece *piece)
{
	size_t at = (size_t)(piece->p - r->body);

	r->body[at + piece->len] = '\0';
	return (const char *)r->body + at;
}

static bool
is_text(const struct piece *piece)
{
	return memchr(piece->p, '\0', piece->len) == NULL &&
	       text_is_utf8(piece->p, piece->len);
}

enum {
	T_JOB,
	T_OUTCOME,
	T_REASON,
	T_ENGINE,
	T_RESULT,
	T_NEXT,
	T_COUNT
};

static int
get_word(struct request *r, struct wire_in *in, struct word *w,
    struct piece *records)
{
	struct piece t[T_COUNT];
	bool is_fine = true;

	t[T_JOB].p = wire_get_bytes(in, &t[T_JOB].len);
	w->attempt = wire_get_i64(in);
	t[T_OUTCOME].p = wire_get_bytes(in, &t[T_OUTCOME].len);
	w->is_final = wire_get_u8(in) != 0;
	for (size_t i = T_REASON; i < T_COUNT; i++)
		t[i].p = wire_get_bytes(in, &t[i].len);
	records->p = wire_get_bytes(in, &records->len);
	for (size_t i = 0; !in->is_failed && i < T_COUNT; i++)
		is_fine = is_fine && is_text(&t[i]);
	if (in->is_failed || !is_fine)
		return request_why(r, ERR_FORMAT, "\"ends\" is malformed");
	w->job = terminate(r, &t[T_JOB]);
	w->outcome = terminate(r, &t[T_OUTCOME]);
	w->reason = terminate(r, &t[T_REASON]);
	w->engine = terminate(r, &t[T_ENGINE]);
	w->result = terminate(r, &t[T_RESULT]);
	w->next = terminate(r, &t[T_NEXT]);
	return check_outcome(r, w);
}

/* Cases that jobs were finished in, each looked at once. */
#define CASES_MAX 16

struct cases {
	size_t count;
	struct {
		char id[UUID_BYTES];
		bool is_changed;
	} list[CASES_MAX];
};

static int
settle_all(struct store *store, struct cases *cases)
{
	int err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < cases->count; i++)
		err = job_finish_case(
		    store, cases->list[i].id, cases->list[i].is_changed);
	cases->count = 0;
	return err;
}

static int
note_case(struct store *store, struct cases *cases, const struct attempt *a)
{
	size_t i = 0;
	int err = ERR_OK;

	while (i < cases->count && strcmp(cases->list[i].id, a->case_id) != 0)
		i++;
	if (i == CASES_MAX) {
		err = settle_all(store, cases);
		i = 0;
	}
	if (i == cases->count) {
		memcpy(cases->list[i].id, a->case_id, UUID_BYTES);
		cases->list[i].is_changed = false;
		cases->count++;
	}
	cases->list[i].is_changed |= job_changes_case(a);
	return err;
}

static int
take_word(struct request *r, const struct word *w, const struct piece *records,
    struct cases *cases)
{
	struct job_outcome outcome = outcome_of(w);
	struct records rs;
	struct attempt a;
	bool is_finished;
	int err = attempt_find(r, w->job, w->attempt, &a);

	if (err != ERR_OK)
		return err;
	records_init(&rs, r, &a);
	/* What came before in calls of its own has to be read back. */
	if (a.findings == 0) {
		outcome.facts = &rs.facts;
		outcome.is_scoreless = true;
	}
	err = records_take(&rs, records->p, records->len);
	if (err != ERR_OK)
		return err;
	a.findings = rs.count;
	outcome.is_scoreless = outcome.is_scoreless && rs.score_max == 0;
	err = finish(r, w, &a, &outcome, &is_finished);
	if (err == ERR_OK && is_finished)
		err = note_case(r->store, cases, &a);
	return err;
}

int
jobs_done(struct request *r)
{
	struct cases cases = {.count = 0};
	struct piece records;
	struct wire_in in;
	struct word w;
	const uint8_t *p;
	size_t len;
	int err = ERR_OK;

	p = param_bytes(r, 0, &len);
	wire_in_init(&in, p, len);
	while (err == ERR_OK && in.pos < in.len) {
		err = get_word(r, &in, &w, &records);
		if (err == ERR_OK)
			err = take_word(r, &w, &records, &cases);
	}
	return err == ERR_OK ? settle_all(r->store, &cases) : err;
}
