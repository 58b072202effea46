/* SPDX-License-Identifier: Apache-2.0 */
/* job_done.c - a worker says how its attempt ended. */
#include "lib/limits.h"
#include "store/handlers.h"
#include "store/job_finish.h"
#include "store/rescan.h"
#include "store/text.h"

enum {
	P_JOB,
	P_ATTEMPT,
	P_OUTCOME,
	P_FINAL,
	P_REASON,
	P_ENGINE,
	P_RESULT,
	P_NEXT
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
answer_again(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_ATTEMPT_STATE,
	    ARGS(val_text(param_text(r, P_JOB)),
		val_int(param_int(r, P_ATTEMPT))));
	const char *outcome;

	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT, "there is no such attempt");
	if (err != ERR_OK)
		return err;
	outcome = query_text(&q, 0);
	if (strcmp(outcome, param_text(r, P_OUTCOME)) != 0)
		return request_why(r, ERR_CONFLICT, "this attempt is over%s%s",
		    outcome[0] == '\0' ? "" : ": ", outcome);
	return answer(r, query_text(&q, 1));
}

static int
read_json(struct request *r, struct job_outcome *outcome, json_t **ret_next)
{
	auto_json json_t *result = NULL;
	const char *result_text = param_text(r, P_RESULT);
	const char *next_text = param_text(r, P_NEXT);

	if (result_text[0] != '\0') {
		if (json_parse(result_text, strlen(result_text),
			RESULT_BYTES_MAX, JSON_DEPTH, &result) != ERR_OK ||
		    !json_is_object(result))
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

static int
finish(struct request *r, const struct attempt *a, struct job_outcome *outcome)
{
	auto_json json_t *next = NULL;
	bool is_last = param_int(r, P_FINAL) != 0;
	bool is_stale = false;
	int err = read_json(r, outcome, &next);

	if (err == ERR_OK)
		err = check_report(r, a, outcome);
	if (err == ERR_OK)
		err = rescan_job_is_stale(r->store, a->job_id, &is_stale);
	if (err == ERR_OK && is_stale && !a->is_cancelled) {
		err = attempt_lose(r->store, a, LOSS_RELEASED,
		    "other rules became active meanwhile");
		return err == ERR_OK ? answer(r, "queued") : err;
	}
	if (err != ERR_OK)
		return err;
	outcome->next = next;
	/* Not final: worth another attempt, the last of which keeps what it
	 * found (partial). */
	if (text_has_word("failed partial", outcome->state) && !is_last &&
	    !a->is_cancelled && a->failures + 1 < LIMIT_ATTEMPTS) {
		err = attempt_lose(r->store, a, LOSS_FAILED, outcome->reason);
		return err == ERR_OK ? answer(r, "queued") : err;
	}
	if (strcmp(outcome->state, "failed") == 0 && a->is_cancelled)
		outcome->state = "cancelled";
	err = job_finish(r->store, a, outcome);
	if (err == ERR_FORMAT)
		return request_why(r, err, "\"next\" names no job that can be");
	return err == ERR_OK ? answer(r, outcome->state) : err;
}

int
job_done(struct request *r)
{
	struct attempt a;
	struct job_outcome outcome = {
	    .state = param_text(r, P_OUTCOME),
	    .reason = param_text(r, P_REASON),
	    .engine = param_text(r, P_ENGINE),
	};
	int err;

	if (!text_has_word("done partial failed cancelled", outcome.state))
		return request_why(r, ERR_FORMAT,
		    "\"outcome\" is done, "
		    "partial, failed or cancelled");
	err = attempt_load(r, &a);
	if (err == ERR_CONFLICT) {
		r->why[0] = '\0';
		return answer_again(r);
	}
	return err == ERR_OK ? finish(r, &a, &outcome) : err;
}
