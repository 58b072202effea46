/* SPDX-License-Identifier: Apache-2.0 */
/* mode_read.c - what is told of the operating mode, and of what it decided. */
#include "store/mode.h"

#include "lib/own.h"
#include "store/audit.h"
#include "store/handlers.h"

#include <inttypes.h>
#include <time.h>

/* A column that is JSON, as JSON. */
static json_t *
list_of(const struct query *q, int column)
{
	const char *text = query_text(q, column);
	json_t *list = NULL;

	if (json_parse(text, strlen(text), SIZE_MAX, 2, &list) != ERR_OK)
		return json_array();
	return list;
}

#define STAMP_BYTES ((size_t)24)

/* RFC 3339, as the columns of type t are shown. */
static const char *
stamp(char dst[STAMP_BYTES], int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	struct tm tm;

	(void)gmtime_r(&s, &tm);
	(void)strftime(dst, STAMP_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return dst;
}

/* What waits for a decision, as JSON, or NULL; the caller frees. */
static int
load_proposal(struct request *r, char **ret_text)
{
	AUTO(query) q = {0};
	auto_json json_t *json = NULL;
	char at[STAMP_BYTES];
	int err = query_one(&q, r->store->db, STMT_MODE_PROPOSED, NULL, 0);

	*ret_text = NULL;
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	json = json_pack("{s:s,s:b,s:s,s:s,s:o,s:o,s:o,s:s,s:s,s:b}", "mode",
	    query_text(&q, 1), "exercise", query_int(&q, 2) != 0, "reason",
	    query_text(&q, 3), "plan_reference", query_text(&q, 4), "cases",
	    list_of(&q, 5), "classes", list_of(&q, 6), "outbound",
	    list_of(&q, 7), "proposed_by_name", query_text(&q, 8),
	    "proposed_at", stamp(at, query_int(&q, 9)), "is_own",
	    strcmp(query_text(&q, 10), r->principal.account_id) == 0);
	*ret_text = json_canonical(json);
	return ERR_OK;
}

/* Others than the staff learn that it is so, and no more. */
static int
answer_plainly(struct request *r)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, r->store->mode.word);
	values_add_int(&row, r->store->mode.is_exercise);
	while (row.count < r->spec->column_count)
		values_add_null(&row);
	request_row(r, &row);
	return ERR_OK;
}

int
mode_get(struct request *r)
{
	AUTO(query) q = {0};
	auto_free char *proposal = NULL;
	struct values row;
	int err;

	if (!r->principal.is_staff)
		return answer_plainly(r);
	err = load_proposal(r, &proposal);
	if (err == ERR_OK)
		err = query_one(&q, r->store->db, STMT_MODE_SHOW, NULL, 0);
	if (err == ERR_OK) {
		query_values(&q, &row);
		row.count = r->spec->column_count - 1;
	} else if (err == ERR_NOT_FOUND) {
		values_init(&row);
		values_add_text(&row, "normal");
		values_add_int(&row, 0);
		while (row.count < r->spec->column_count - 1)
			values_add_null(&row);
	} else {
		return err;
	}
	values_add_text(&row, proposal);
	request_row(r, &row);
	return ERR_OK;
}

static int
check_reader(struct request *r)
{
	static const char *const any[] = {
	    "activate_crisis", "approve_crisis", "audit_read"};

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		if (r->principal.is_staff &&
		    principal_may(&r->principal, any[i]))
			return ERR_OK;
	}
	return request_why(r, ERR_DENIED,
	    "that is for staff with \"activate_crisis\", \"approve_crisis\" "
	    "or \"audit_read\"");
}

int
mode_list(struct request *r)
{
	int err = check_reader(r);

	return err == ERR_OK ? request_read(r, STMT_MODE_LIST) : err;
}

int
mode_log(struct request *r)
{
	int64_t from, to;
	int64_t after = strtoll(param_text(r, 2), NULL, 10);
	int err = check_reader(r);
	{
		AUTO(query) q = {0};

		if (err == ERR_OK)
			err = query_one(&q, r->store->db, STMT_MODE_SPAN,
			    ARGS(val_int(param_int(r, 0))));
		if (err == ERR_NOT_FOUND)
			return param_int(r, 0) == 0
				   ? (int)ERR_OK
				   : request_why(
					 r, err, "there was no such mode");
		if (err != ERR_OK)
			return err;
		from = query_int(&q, 1);
		to = query_int(&q, 2);
	}
	return request_rows(r, STMT_MODE_LOG,
	    ARGS(val_int(from), val_int(to), val_int(after),
		val_int(param_limit(r, 1))),
	    false);
}
