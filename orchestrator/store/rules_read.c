/* SPDX-License-Identifier: Apache-2.0 */
/* rules_read.c - what versions hold: lists, one rule, differences, units. */
#include "lib/own.h"
#include "lib/unitset.h"
#include "store/handlers.h"
#include "store/rescan.h"
#include "store/rules.h"
#include "store/text.h"

#include <inttypes.h>

/* Finds the version of parameter 0 for one who may read it. */
static int
find(struct request *r, struct rules_version *ret_version)
{
	int err = rules_may_read(r);

	return err == ERR_OK ? rules_find(r, param_int(r, 0), ret_version)
			     : err;
}

static int
find_read(struct request *r, struct rules_version *ret_version)
{
	int err = rules_may_read(r);

	return err == ERR_OK ? rules_find_read(r, param_int(r, 0), ret_version)
			     : err;
}

int
rules_list(struct request *r)
{
	const char *state = param_text(r, 0);
	int err = rules_may_read(r);

	if (err != ERR_OK)
		return err;
	if (state[0] != '\0' &&
	    !text_has_word(
		"draft tested approved active retired rejected", state))
		return request_why(r, ERR_FORMAT,
		    "\"state\" is draft, tested, approved, active, retired or "
		    "rejected");
	return request_rows(r, STMT_RULES_LIST,
	    ARGS(val_text(state), val_int(param_limit(r, 1)),
		val_text(param_text(r, 2))),
	    false);
}

int
rules_get(struct request *r)
{
	struct rules_version v = {.seq = 0};
	int err = find(r, &v);

	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_RULES_GET, ARGS(val_int(v.seq)), true);
}

int
rules_sources(struct request *r)
{
	struct rules_version v = {.seq = 0};
	int err = find(r, &v);

	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_RULES_SOURCES, ARGS(val_int(v.seq)), false);
}

int
rules_rules(struct request *r)
{
	const char *state = param_text(r, 1);
	struct rules_version v = {.seq = 0};
	int err = find_read(r, &v);

	if (err != ERR_OK)
		return err;
	if (state[0] != '\0' &&
	    !text_has_word("active noisy quarantined disabled rejected", state))
		return request_why(r, ERR_FORMAT,
		    "\"state\" is active, noisy, quarantined, disabled or "
		    "rejected");
	return request_rows(r, STMT_RULES_RULES,
	    ARGS(val_int(v.seq), val_text(state), val_int(param_limit(r, 2)),
		val_text(param_text(r, 3))),
	    false);
}

int
rules_notes(struct request *r)
{
	struct rules_version v = {.seq = 0};
	int err = find_read(r, &v);

	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_RULES_NOTES,
	    ARGS(val_int(v.seq), val_int(param_limit(r, 1)),
		val_text(param_text(r, 2))),
	    false);
}

int
rules_rule(struct request *r)
{
	struct rules_version v = {.seq = 0};
	struct rules_rule rule = {.id = 0};
	int err = find_read(r, &v);

	if (err == ERR_OK)
		err = rules_find_rule(r, v.seq, param_text(r, 1), &rule);
	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_RULES_RULE, ARGS(val_int(rule.id)), true);
}

int
rules_selectivity(struct request *r)
{
	struct rules_version v = {.seq = 0};
	struct rules_rule rule = {.id = 0};
	int err = find_read(r, &v);

	if (err == ERR_OK)
		err = rules_find_rule(r, v.seq, param_text(r, 1), &rule);
	return err == ERR_OK ? proof_count(r, rule.id) : err;
}

int
rules_diff(struct request *r)
{
	struct rules_version to = {.seq = 0};
	struct rules_version from = {.seq = 0};
	int err = find_read(r, &to);

	if (err == ERR_OK)
		err = rules_find_read(r, param_int(r, 1), &from);
	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_RULES_DIFF,
	    ARGS(val_int(to.seq), val_int(from.seq), val_int(param_limit(r, 2)),
		val_text(param_text(r, 3))),
	    false);
}

/* --- the compile units of a version --- */

static int
add_unit(struct unitset_out *out, const struct query *q)
{
	struct unit unit = {
	    .namespace_name = query_text(q, 0),
	    .name = query_text(q, 1),
	};
	size_t closure_len, digest_len;

	unit.closure = query_bytes(q, 2, &closure_len);
	unit.text_digest = query_bytes(q, 3, &digest_len);
	unit.text = (const char *)query_bytes(q, 4, &unit.text_len);
	if (query_int(q, 5) != 0)
		unit.flags |= UNIT_NOISY;
	if (query_int(q, 6) != 0)
		unit.flags |= UNIT_GLOBAL;
	if (query_int(q, 7) != 0)
		unit.flags |= UNIT_VOLATILE;
	if (closure_len != SHA256_BYTES || digest_len != SHA256_BYTES)
		return ERR_FORMAT;
	return unitset_add(out, &unit);
}

static int
add_units(struct request *r, int64_t version, struct unitset_out *out)
{
	AUTO(query) q = {0};
	int err = query_start(
	    &q, r->store->db, STMT_RULES_UNITS, ARGS(val_int(version)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		err = add_unit(out, &q);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

int
rules_units(struct request *r)
{
	static const char name[] = "rules.units";
	struct rules_version v = {.seq = 0};
	struct unitset_out out;
	struct values row;
	int64_t size;
	int err = find_read(r, &v);

	if (err != ERR_OK)
		return err;
	unitset_out_init(&out);
	err = add_units(r, v.seq, &out);
	size = (int64_t)out.wire.len;
	if (err == ERR_OK)
		err = unitset_seal(&out, &r->end_fd);
	if (err == ERR_OK && lseek(r->end_fd, 0, SEEK_SET) == -1)
		err = ERR_SYS;
	values_init(&row);
	values_add_int(&row, v.seq);
	values_add_bytes(&row, name, sizeof(name) - 1);
	values_add_bytes(&row, v.digest, SHA256_BYTES);
	values_add_int(&row, size);
	values_add_text(&row, "application/octet-stream");
	values_add_int(&row, out.count);
	unitset_out_release(&out);
	if (err == ERR_LIMIT)
		return request_why(r, err,
		    "the rules of version %" PRId64 " are too many or too "
		    "long for one set",
		    v.seq);
	if (err == ERR_OK)
		request_row(r, &row);
	return err;
}
