/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - what the VM pool and the analysers are, and orders for the pool. */
#include "lib/json.h"
#include "lib/limits.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/text.h"

#define JSON_DEPTH 16

/* Parameter `at` is a JSON object, or empty. */
static int
check_json(struct request *r, size_t at, const char **ret_text)
{
	const char *text = param_text(r, at);
	auto_json json_t *json = NULL;

	if (text[0] == '\0')
		text = "{}";
	if (json_parse(text, strlen(text), LIMIT_RECORD_BYTES, JSON_DEPTH,
		&json) != ERR_OK ||
	    !json_is_object(json))
		return request_why(r, ERR_FORMAT, "\"%s\" is a JSON object",
		    r->spec->params[at].name);
	*ret_text = text;
	return ERR_OK;
}

int
slot_report(struct request *r)
{
	const char *detail;
	int err = check_json(r, 4, &detail);

	if (err != ERR_OK)
		return err;
	return db_do(r->store->db, STMT_SLOT_PUT,
	    ARGS(val_text(param_text(r, 0)), val_text(param_text(r, 1)),
		val_text(param_text(r, 2)), val_text(param_text(r, 3)),
		val_text(detail), val_int(loop_wall_us())),
	    NULL);
}

int
profile_report(struct request *r)
{
	const char *manifest;
	int err = check_json(r, 3, &manifest);

	if (err != ERR_OK)
		return err;
	return db_do(r->store->db, STMT_PROFILE_PUT,
	    ARGS(val_text(param_text(r, 0)), val_text(param_text(r, 1)),
		val_text(param_text(r, 2)), val_text(manifest),
		val_int(loop_wall_us())),
	    NULL);
}

int
analyser_report(struct request *r)
{
	const char *detail;
	int err = check_json(r, 3, &detail);

	if (err != ERR_OK)
		return err;
	return db_do(r->store->db, STMT_ANALYSER_PUT,
	    ARGS(val_text(param_text(r, 0)), val_text(param_text(r, 1)),
		val_text(param_text(r, 2)), val_text(detail),
		val_int(loop_wall_us())),
	    NULL);
}

int
pool_order(struct request *r)
{
	const char *order = param_text(r, 0);
	struct audit_object object = {"vm_pool", param_text(r, 1), ""};
	int err;

	if (!text_has_word("build check rebuild", order))
		return request_why(r, ERR_FORMAT,
		    "\"order\" is build, check "
		    "or rebuild");
	err = db_do(r->store->db, STMT_ORDER_ADD,
	    ARGS(val_text(order), val_text(object.id),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "vm_pool.ordered", &object,
		    json_pack("{s:s}", "order", order));
	tx_note_orders(r->store);
	return err;
}

int
pool_orders(struct request *r)
{
	return request_rows(
	    r, STMT_ORDERS_TAKE, ARGS(val_int(loop_wall_us())), false);
}
