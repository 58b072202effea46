/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - by when something is due in a case, and whether it was met.
 *
 * The CSIRT's own times (ack, triage, report) were set at intake, by class,
 * severity and calendar; they are the staff's to see, for artefact analysis
 * promises none.  NIS2 (Directive (EU) 2022/2555, article 23): the entity owes
 * an early warning within 24 hours of becoming aware, a notification within 72
 * (24 for providers of trust services), a final report within a month of the
 * notification; the CSIRT answers within 24 hours of the early warning.
 */
#include "store/handlers.h"

#include <time.h>

#define HOUR_US INT64_C(3600000000)

/* Columns of CASE_CLOCKS. */
enum {
	C_CREATED,
	C_DUE_ACK,
	C_ACKED,
	C_DUE_TRIAGE,
	C_TRIAGED,
	C_DUE_REPORT,
	C_REPORTED,
	C_KIND,
	C_AWARE,
	C_WARNED,
	C_NOTIFIED,
	C_FINAL,
	C_FEEDBACK,
	C_SUBSECTOR
};

/* 0 = there is none. */
struct clock {
	const char *name;
	int64_t due;
	int64_t met;
};

/* The same day of the next month, or its last one; UTC. */
static int64_t
month_later(int64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm, last;

	if (us == 0 || gmtime_r(&seconds, &tm) == NULL)
		return 0;
	tm.tm_mon++;
	/* Day 0 of the month behind that one is its last day. */
	last = tm;
	last.tm_mon++;
	last.tm_mday = 0;
	(void)timegm(&last);
	if (tm.tm_mday > last.tm_mday)
		tm.tm_mday = last.tm_mday;
	return (int64_t)timegm(&tm) * 1000000 + us % 1000000;
}

static void
answer_clock(struct request *r, const struct clock *c)
{
	const char *state = "none";
	struct values row;

	if (c->met != 0)
		state = "met";
	else if (c->due != 0)
		state = c->due < loop_wall_us() ? "overdue" : "running";
	values_init(&row);
	values_add_text(&row, c->name);
	if (c->due == 0)
		values_add_null(&row);
	else
		values_add_int(&row, c->due);
	if (c->met == 0)
		values_add_null(&row);
	else
		values_add_int(&row, c->met);
	values_add_text(&row, state);
	request_row(r, &row);
}

/* What the CSIRT set itself. */
static void
answer_own(struct request *r, const struct query *q)
{
	const struct clock clocks[] = {
	    {"ack", query_int(q, C_DUE_ACK), query_int(q, C_ACKED)},
	    {"triage", query_int(q, C_DUE_TRIAGE), query_int(q, C_TRIAGED)},
	    {"report", query_int(q, C_DUE_REPORT), query_int(q, C_REPORTED)},
	};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		answer_clock(r, &clocks[i]);
}

static void
answer_nis2(struct request *r, const struct query *q)
{
	bool is_notified = strcmp(query_text(q, C_KIND), "unknown") != 0;
	bool is_trust =
	    strncmp(query_text(q, C_SUBSECTOR), "trust", strlen("trust")) == 0;
	int64_t aware = is_notified ? query_int(q, C_AWARE) : 0;
	int64_t warned = query_int(q, C_WARNED);
	int64_t notified = query_int(q, C_NOTIFIED);
	struct clock clocks[] = {
	    {"nis2_early_warning", aware == 0 ? 0 : aware + 24 * HOUR_US,
		warned},
	    {"nis2_notification",
		aware == 0 ? 0 : aware + (is_trust ? 24 : 72) * HOUR_US,
		notified},
	    {"nis2_final", 0, query_int(q, C_FINAL)},
	    {"csirt_feedback", 0, query_int(q, C_FEEDBACK)},
	};

	/* Before it was sent, the latest time that it may be. */
	clocks[2].due = month_later(notified != 0 ? notified : clocks[1].due);
	if (is_notified)
		clocks[3].due =
		    (warned != 0 ? warned : query_int(q, C_CREATED)) +
		    24 * HOUR_US;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		answer_clock(r, &clocks[i]);
}

int
case_clocks(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_CASE_CLOCKS,
	    ARGS(WHO(r), val_text(r->case_id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such case");
	if (err != ERR_OK)
		return err;
	if (r->principal.sees_all)
		answer_own(r, &q);
	answer_nis2(r, &q);
	return ERR_OK;
}
