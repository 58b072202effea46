/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - the open cases in the order of work for people. */
#include "store/handlers.h"

#define KEY_PARTS 5

/* The key that a cursor names: five numbers and an id between dots. */
static int
read_cursor(
    struct request *r, const char *p, int64_t key[KEY_PARTS], const char **id)
{
	char *end;

	for (size_t i = 0; i < KEY_PARTS; i++) {
		key[i] = -1;
		if (*p == '\0')
			continue;
		key[i] = strtoll(p, &end, 10);
		if (end == p || *end != '.')
			return request_why(
			    r, ERR_FORMAT, "that cursor is from elsewhere");
		p = end + 1;
	}
	*id = p;
	return ERR_OK;
}

int
queue_list(struct request *r)
{
	const char *owner = param_text(r, 0);
	const char *stage = param_text(r, 1);
	const char *id = "";
	enum stmt stmt = STMT_QUEUE_LIST;
	int64_t k[KEY_PARTS] = {0};
	int err = read_cursor(r, param_text(r, 3), k, &id);

	if (err != ERR_OK)
		return err;
	if (strcmp(owner, "me") == 0)
		stmt = STMT_QUEUE_LIST_OWNER;
	else if (strcmp(owner, "none") == 0)
		stmt = STMT_QUEUE_LIST_NONE;
	else if (owner[0] != '\0' && strcmp(owner, "any") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"owner\" is one of any none me");
	else if (stage[0] != '\0')
		stmt = STMT_QUEUE_LIST_STAGE;
	return request_rows(r, stmt,
	    ARGS(WHO(r), val_text(stage), val_int(param_limit(r, 2)),
		val_int(loop_wall_us()), val_text(r->principal.account_id),
		val_int(k[0]), val_int(k[1]), val_int(k[2]), val_int(k[3]),
		val_int(k[4]), val_text(id)),
	    false);
}
