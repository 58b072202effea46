/* SPDX-License-Identifier: Apache-2.0 */
/* plain.c - answers that are one JSON text made from a call's rows. */
#include "web/plain.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/login.h"
#include "web/rows.h"

#include <inttypes.h>

#define TYPE "application/json"

static void
keep_cursor(struct exchange *x, const struct values *row)
{
	int column = rows_cursor_column(x->match.route->op);

	if (column < 0)
		return;
	free(x->cursor);
	x->cursor = row->v[column].type == VALUE_INT
			? xasprintf("%" PRId64, row->v[column].i)
			: values_text_dup(row, (size_t)column);
}

static void
put_pair(struct exchange *x, const struct values *row)
{
	/* STATUS: a name and its value. */
	if (row->count != 2)
		return;
	rows_put_value(&x->out, 's', &row->v[0]);
	rows_put_literal(&x->out, ":");
	rows_put_value(&x->out, 'j', &row->v[1]);
}

static void
on_row(void *arg, const struct values *row)
{
	struct exchange *x = arg;
	enum call_op op = x->match.route->op;

	x->row_count++;
	switch (x->match.route->kind) {
	case ROUTE_LIST:
		rows_put_literal(
		    &x->out, x->row_count == 1 ? "{\"items\":[" : ",");
		rows_put_object(&x->out, op, row);
		keep_cursor(x, row);
		break;
	case ROUTE_MAP:
		rows_put_literal(&x->out, x->row_count == 1 ? "{" : ",");
		put_pair(x, row);
		break;
	default:
		if (x->row_count > 1)
			return; /* the store answers one */
		rows_put_object(&x->out, op, row);
		exchange_locate(x, row);
	}
}

/* A full page has a next one, as far as one can know. */
static bool
has_next(struct exchange *x)
{
	const struct value *limit =
	    params_value(&x->params, x->match.route->op, "limit");

	return x->cursor != NULL && limit != NULL && limit->i > 0 &&
	       x->row_count >= (size_t)limit->i;
}

static void
end_list(struct exchange *x)
{
	rows_put_literal(&x->out,
	    x->row_count == 0 ? "{\"items\":[],\"next\":" : "],\"next\":");
	if (has_next(x))
		rows_put_text(&x->out, x->cursor, strlen(x->cursor));
	else
		rows_put_literal(&x->out, "null");
	rows_put_literal(&x->out, "}");
	exchange_answer(x, 200, TYPE);
}

static void
end_one(struct exchange *x, unsigned int status)
{
	if (x->row_count > 0)
		exchange_answer(x, status, TYPE);
	else if (x->match.route->kind == ROUTE_OBJECT)
		exchange_fail(x, ERR_NOT_FOUND, NULL);
	else
		exchange_answer_empty(x, 204);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct exchange *x = arg;

	if (fd != -1)
		(void)close(fd);
	x->call = 0;
	if (err != ERR_OK) {
		exchange_fail(x, err, why);
		return;
	}
	switch (x->match.route->kind) {
	case ROUTE_LIST:
		end_list(x);
		break;
	case ROUTE_MAP:
		rows_put_literal(&x->out, x->row_count == 0 ? "{}" : "}");
		exchange_answer(x, 200, TYPE);
		break;
	case ROUTE_CREATED:
	case ROUTE_SECRET:
		end_one(x, 201);
		break;
	case ROUTE_ACCEPTED:
		end_one(x, 202);
		break;
	case ROUTE_LOGOUT:
		login_forget_cookie(x);
		exchange_answer_empty(x, 204);
		break;
	case ROUTE_EMPTY:
		exchange_answer_empty(x, 204);
		break;
	default:
		end_one(x, 200);
	}
}

void
plain_start(struct exchange *x)
{
	exchange_call(x, x->match.route->op, &x->params.values, on_row, on_end);
}
