/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syslog.c - the audit chain, as loep-syslog gets it: what happened to which
 * id, in order, from where the receiver has it.  No names, no words of people.
 */
#include "lib/json.h"
#include "store/handlers.h"

#define LEASE_MAX 512

/* An id of ours, a number of a case, or a number: nothing that somebody named. */
static const char *
id_or_nothing(const char *text)
{
	size_t len = strlen(text);
	bool is_number =
	    len > 0 && len < 20 && text[strspn(text, "0123456789")] == '\0';
	bool is_uuid = len == UUID_BYTES - 1 &&
		       text[strspn(text, "0123456789abcdef-")] == '\0';
	bool is_case =
	    len > 8 && len < 24 && strncmp(text, "BE-2", 4) == 0 &&
	    text[strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-")] == '\0';

	return is_number || is_uuid || is_case ? text : "";
}

int
syslog_next(struct request *r)
{
	int64_t limit = param_int(r, 1);
	int64_t after = param_int(r, 0);
	AUTO(query) q = {0};
	struct values row;
	int err;

	if (limit < 1 || limit > LEASE_MAX)
		return request_why(
		    r, ERR_LIMIT, "\"limit\" is 1 to %d", LEASE_MAX);
	err = db_run(r->store->db, STMT_SYSLOG_BEGIN);
	if (err == ERR_OK)
		err = query_start(&q, r->store->db, STMT_SYSLOG_ROWS,
		    ARGS(val_int(after), val_int(limit)));
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		size_t len;
		const uint8_t *hash = query_bytes(&q, 9, &len);

		values_init(&row);
		values_add_int(&row, query_int(&q, 0));
		values_add_int(&row, query_int(&q, 1));
		values_add_text(&row, query_text(&q, 2));
		values_add_text(&row, query_text(&q, 3));
		values_add_text(&row, query_text(&q, 4));
		values_add_text(&row, id_or_nothing(query_text(&q, 5)));
		values_add_text(&row, query_text(&q, 6));
		values_add_text(&row, id_or_nothing(query_text(&q, 7)));
		values_add_text(&row, id_or_nothing(query_text(&q, 8)));
		values_add_bytes(&row, hash, len);
		request_row(r, &row);
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

int
syslog_done(struct request *r)
{
	return db_do(r->store->db, STMT_SYSLOG_SET,
	    ARGS(val_int(param_int(r, 0))), NULL);
}
