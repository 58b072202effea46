/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - what happened to a case, and what a day brought. */
#include "store/history.h"

#include "store/handlers.h"

#include <inttypes.h>
#include <time.h>

#define DAY_US	 INT64_C(86400000000)
#define DAYS_MAX 3660

enum {
	OPENED,
	REPORTED,
	CLOSED,
	ARTEFACTS,
	RUNS,
	QUEUE,
	STATS
};

static const char *const stat_names[STATS] = {
    "opened", "reported", "closed", "artefacts", "runs", "queue"};

static int
add(struct store *store, const char *case_id, const char *actor,
    const struct value *what)
{
	int err = db_do(store->db, STMT_EVENT_ADD,
	    ARGS(val_text(case_id), val_int(loop_wall_us()), val_text(actor),
		what[0], what[1], what[2]),
	    NULL);

	tx_note_case(store, case_id);
	return err;
}

int
history_by(struct request *r, const char *case_id, const char *action,
    const char *text, enum history_audience audience)
{
	const struct value what[] = {val_text(action), val_text(text),
	    val_int(audience == HISTORY_STAFF)};

	return add(r->store, case_id,
	    r->peer == ROLE_WEB ? r->principal.account_id : NULL, what);
}

int
history_own(struct store *store, const char *case_id, const char *action,
    const char *text, enum history_audience audience)
{
	const struct value what[] = {val_text(action), val_text(text),
	    val_int(audience == HISTORY_STAFF)};

	return add(store, case_id, NULL, what);
}

int
stat_note_queue(struct store *store)
{
	return db_do(store->db, STMT_STAT_QUEUE,
	    ARGS(val_int(loop_wall_us() / DAY_US)), NULL);
}

int
stat_add(struct store *store, const char *what, int64_t n, const char *case_id)
{
	int err = db_do(store->db, STMT_STAT_ADD,
	    ARGS(val_int(loop_wall_us() / DAY_US), val_text(what), val_int(n),
		val_text(case_id)),
	    NULL);

	return err == ERR_OK ? stat_note_queue(store) : err;
}

int
case_history(struct request *r)
{
	return request_read(r, r->principal.sees_all ? STMT_HISTORY_LIST
						     : STMT_HISTORY_LIST_SHOWN);
}

static void
answer_day(struct request *r, int64_t day, const int64_t n[STATS])
{
	time_t seconds = (time_t)(day * (DAY_US / 1000000));
	struct tm tm;
	char text[16] = "";
	struct values row;

	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	values_init(&row);
	values_add_text(&row, text);
	for (size_t i = 0; i < STATS; i++)
		values_add_int(&row, n[i]);
	request_row(r, &row);
}

/* How many waited before the first day that is asked for. */
static int
read_queue(struct request *r, int64_t day, int64_t *ret_queue)
{
	AUTO(query) q = {0};
	int err =
	    query_one(&q, r->store->db, STMT_STAT_BEFORE, ARGS(val_int(day)));

	*ret_queue = err == ERR_OK ? query_int(&q, 0) : 0;
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

/* Every day has a row, also one on which nothing happened. */
static int
answer_days(struct request *r, int64_t first, int64_t today)
{
	AUTO(query) q = {0};
	int64_t n[STATS] = {0};
	int err = read_queue(r, first, &n[QUEUE]);

	if (err == ERR_OK)
		err = query_start(
		    &q, r->store->db, STMT_STAT_LIST, ARGS(val_int(first)));
	if (err != ERR_OK)
		return err;
	err = query_next(&q);
	for (int64_t day = first; day <= today; day++) {
		memset(n, 0, QUEUE * sizeof(n[0]));
		for (; err == ERR_OK && query_int(&q, 0) <= day;
		     err = query_next(&q)) {
			for (size_t i = 0; i < STATS; i++) {
				if (strcmp(query_text(&q, 1), stat_names[i]) ==
				    0)
					n[i] = query_int(&q, 2);
			}
		}
		answer_day(r, day, n);
	}
	return err == ERR_OK || err == ERR_EOF ? (int)ERR_OK : err;
}

int
statistics(struct request *r)
{
	int64_t days = param_int(r, 0);
	int64_t today = loop_wall_us() / DAY_US;

	if (!r->principal.sees_all &&
	    !principal_may(&r->principal, "metrics_read"))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"metrics_read\"",
		    r->principal.name);
	if (days < 1 || days > DAYS_MAX)
		return request_why(
		    r, ERR_FORMAT, "\"days\" is 1 to %d", DAYS_MAX);
	return answer_days(r, today - days + 1, today);
}
