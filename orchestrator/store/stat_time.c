/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stat_time.c - how long the work takes, by month and class, and what is late
 * now.  Triggers of the schema count (0025-stat-time.sql); a month is a few rows
 * for each class, however many cases it had.
 */
#include "store/handlers.h"

#include <time.h>

#define MONTHS_MAX 120
/* As many as the schema has bounds, and what is longer than all. */
#define BOUNDS_MAX 32

/* Columns of STAT_TIMES. */
enum {
	C_MONTH,
	C_CLASS,
	C_WHAT,
	C_BOUND,
	C_N,
	C_LATE,
	C_SUM,
	C_MAX
};

/* One answered row: the times of one kind, class and month. */
struct times {
	int64_t month; /* as 202611 */
	char class_code[8];
	char what[16];
	int64_t n, late, sum_s, max_s;
	struct {
		int64_t bound_s, n;
	} part[BOUNDS_MAX];
	size_t parts;
};

static bool
times_has(const struct times *t, const struct query *q)
{
	return t->month == query_int(q, C_MONTH) &&
	       strcmp(t->class_code, query_text(q, C_CLASS)) == 0 &&
	       strcmp(t->what, query_text(q, C_WHAT)) == 0;
}

static void
times_add(struct times *t, const struct query *q)
{
	if (t->n == 0 || !times_has(t, q)) {
		*t = (struct times){.month = query_int(q, C_MONTH)};
		(void)snprintf(t->class_code, sizeof(t->class_code), "%s",
		    query_text(q, C_CLASS));
		(void)snprintf(
		    t->what, sizeof(t->what), "%s", query_text(q, C_WHAT));
	}
	t->n += query_int(q, C_N);
	t->late += query_int(q, C_LATE);
	t->sum_s += query_int(q, C_SUM);
	if (query_int(q, C_MAX) > t->max_s)
		t->max_s = query_int(q, C_MAX);
	if (t->parts == BOUNDS_MAX)
		return;
	t->part[t->parts].bound_s = query_int(q, C_BOUND);
	t->part[t->parts++].n = query_int(q, C_N);
}

/* The time within which that share of them was done; never over the longest. */
static int64_t
times_within(const struct times *t, int64_t percent)
{
	int64_t seen = 0;

	for (size_t i = 0; i < t->parts; i++) {
		seen += t->part[i].n;
		if (seen * 100 >= t->n * percent)
			return t->part[i].bound_s < t->max_s
				   ? t->part[i].bound_s
				   : t->max_s;
	}
	return t->max_s;
}

static void
times_answer(struct request *r, const struct times *t)
{
	char month[32];
	struct values row;

	if (t->n == 0)
		return;
	(void)snprintf(month, sizeof(month), "%04d-%02d", (int)(t->month / 100),
	    (int)(t->month % 100));
	values_init(&row);
	values_add_text(&row, month);
	values_add_text(&row, t->class_code);
	values_add_text(&row, t->what);
	values_add_int(&row, t->n);
	/* Nothing says by when a verdict is due. */
	if (strcmp(t->what, "verdict") == 0)
		values_add_null(&row);
	else
		values_add_int(&row, t->late);
	values_add_int(&row, t->sum_s / t->n);
	values_add_int(&row, times_within(t, 50));
	values_add_int(&row, times_within(t, 90));
	values_add_int(&row, t->max_s);
	request_row(r, &row);
}

/* The first of that many months, the one of today included; UTC. */
static int64_t
first_month(int64_t months)
{
	time_t now = (time_t)(loop_wall_us() / 1000000);
	struct tm tm;
	int64_t month;

	if (gmtime_r(&now, &tm) == NULL)
		return 0;
	month = (tm.tm_year + 1900) * INT64_C(12) + tm.tm_mon + 1 - months;
	return month / 12 * 100 + month % 12 + 1;
}

static int
check_reader(struct request *r)
{
	if (r->principal.sees_all ||
	    principal_may(&r->principal, "metrics_read"))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "the account %s lacks the capability \"metrics_read\"",
	    r->principal.name);
}

int
statistics_times(struct request *r)
{
	int64_t months = param_int(r, 0);
	struct times t = {0};
	AUTO(query) q = {0};
	int err = check_reader(r);

	if (err == ERR_OK && (months < 1 || months > MONTHS_MAX))
		return request_why(
		    r, ERR_FORMAT, "\"months\" is 1 to %d", MONTHS_MAX);
	if (err == ERR_OK)
		err = query_start(&q, r->store->db, STMT_STAT_TIMES,
		    ARGS(val_int(first_month(months))));
	for (err = err == ERR_OK ? query_next(&q) : err; err == ERR_OK;
	     err = query_next(&q)) {
		if (!times_has(&t, &q))
			times_answer(r, &t);
		times_add(&t, &q);
	}
	if (err != ERR_EOF)
		return err;
	times_answer(r, &t);
	return ERR_OK;
}

int
statistics_classes(struct request *r)
{
	int err = check_reader(r);

	return err == ERR_OK ? request_rows(r, STMT_STAT_CLASSES,
				   ARGS(val_int(loop_wall_us())), false)
			     : err;
}
