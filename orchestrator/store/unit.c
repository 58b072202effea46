/* SPDX-License-Identifier: Apache-2.0 */
/* unit.c - the units as the index needs them: listed, opened, forgotten. */
#include "lib/limits.h"
#include "store/handlers.h"

/* Units from a number on, and what is to be done with each. */
int
index_work(struct request *r)
{
	return request_rows(r, STMT_UNIT_LIST,
	    ARGS(val_int(param_int(r, 0)), val_int(param_limit(r, 1))), false);
}

/* Units whose artefact was deleted, and that the index may still hold. */
int
units_gone(struct request *r)
{
	return request_rows(
	    r, STMT_UNIT_GONE, ARGS(val_int(param_limit(r, 0))), false);
}

int
unit_forgotten(struct request *r)
{
	return db_do(r->store->db, STMT_UNIT_FORGET,
	    ARGS(val_int(param_int(r, 0))), NULL);
}

int
index_report(struct request *r)
{
	struct store_index *index = &r->store->index;

	index->units = param_int(r, 0);
	index->bytes = param_int(r, 1);
	index->segments = param_int(r, 2);
	index->is_known = true;
	return ERR_OK;
}
