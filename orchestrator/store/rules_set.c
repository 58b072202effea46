/* SPDX-License-Identifier: Apache-2.0 */
/* rules_set.c - rules that people set aside, as a new version. */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/rules.h"
#include "store/text.h"

#include <inttypes.h>

#define JSON_DEPTH   4
#define REASON_BYTES 1024
#define CHANGES_MAX  ((size_t)1000)

/* Takes the first of at most two rows; the second says that there are more. */
static int
take_rule(struct request *r, struct query *q, const char *name,
    struct rules_rule *ret_rule)
{
	char namespace[128];
	bool is_sound = query_int(q, 3) == 0;

	ret_rule->id = query_int(q, 0);
	(void)snprintf(namespace, sizeof(namespace), "%s", query_text(q, 1));
	(void)snprintf(
	    ret_rule->state, sizeof(ret_rule->state), "%s", query_text(q, 2));
	if (!is_sound || query_next(q) != ERR_OK || query_int(q, 3) != 0)
		return ERR_OK;
	return request_why(r, ERR_CONFLICT,
	    "several namespaces have a rule %.64s: name it %.64s:%.64s or "
	    "%.64s:%.64s",
	    name, namespace, name, query_text(q, 1), name);
}

int
rules_find_rule(struct request *r, int64_t version, const char *name,
    struct rules_rule *ret_rule)
{
	const char *colon = strrchr(name, ':');
	auto_free char *namespace = NULL;
	AUTO(query) q = {0};
	int err;

	if (colon == NULL) {
		err = query_one(&q, r->store->db, STMT_RULES_RULE_ANYWHERE,
		    ARGS(val_int(version), val_text(name)));
	} else {
		namespace = xstrndup(name, (size_t)(colon - name));
		err = query_one(&q, r->store->db, STMT_RULES_RULE_NAMED,
		    ARGS(val_int(version), val_text(namespace),
			val_text(colon + 1)));
	}
	if (err == ERR_NOT_FOUND)
		return request_why(r, err,
		    "version %" PRId64 " has no rule %.128s", version, name);
	if (err != ERR_OK)
		return err;
	return take_rule(r, &q, colon == NULL ? name : colon + 1, ret_rule);
}

static int
set_one(
    struct request *r, int64_t version, const json_t *change, int64_t *changed)
{
	const char *name = json_member_text(change, "rule", "");
	const char *state = json_member_text(change, "state", "");
	const char *reason = json_member_text(change, "reason", "");
	struct rules_rule rule = {.id = 0};
	int err;

	if (!text_has_word("active noisy quarantined disabled", state))
		return request_why(r, ERR_FORMAT,
		    "the \"state\" of a rule is active, noisy, quarantined or "
		    "disabled");
	if (strcmp(state, "active") != 0 && reason[0] == '\0')
		return request_why(r, ERR_FORMAT,
		    "say in \"reason\" why %.64s is to be %s", name, state);
	if (strlen(reason) > REASON_BYTES)
		return request_why(r, ERR_LIMIT,
		    "a \"reason\" has at most %d bytes", REASON_BYTES);
	err = rules_find_rule(r, version, name, &rule);
	if (err != ERR_OK)
		return err;
	if (strcmp(rule.state, "rejected") == 0)
		return request_why(r, ERR_CONFLICT,
		    "%.64s does not compile and is set aside anyway; `loep "
		    "rules show %" PRId64 " %.64s` says why",
		    name, version, name);
	if (strcmp(rule.state, state) != 0)
		++*changed;
	return db_do(r->store->db, STMT_RULES_RULE_STATE,
	    ARGS(val_int(rule.id), val_text(state),
		val_text(strcmp(state, "active") == 0 ? "" : reason)),
	    NULL);
}

static int
set_all(
    struct request *r, int64_t version, const char *text, int64_t *ret_changed)
{
	auto_json json_t *list = NULL;
	json_t *change;
	size_t i;
	int err;

	if (json_parse(text, strlen(text), LIMIT_MSG_BYTES, JSON_DEPTH,
		&list) != ERR_OK ||
	    !json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > CHANGES_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"rules\" is a JSON list of 1 to %zu objects",
		    CHANGES_MAX);
	*ret_changed = 0;
	json_array_foreach(list, i, change)
	{
		err = set_one(r, version, change, ret_changed);
		if (err != ERR_OK)
			return err;
	}
	if (*ret_changed == 0)
		return request_why(r, ERR_CONFLICT,
		    "nothing changes: the rules are in these states already");
	return ERR_OK;
}

/* A version with the parent's rules, still a draft. */
static int
copy_version(struct request *r, int64_t parent, int64_t *ret_version)
{
	struct db *db = r->store->db;
	int err = rules_add(r, parent, false, param_text(r, 1), ret_version);

	if (err == ERR_OK)
		err = db_do(db, STMT_RULES_COPY_HEAD,
		    ARGS(val_int(*ret_version), val_int(parent)), NULL);
	if (err == ERR_OK)
		err = db_do(db, STMT_RULES_COPY,
		    ARGS(val_int(*ret_version), val_int(parent)), NULL);
	return err;
}

static int
seal(struct request *r, int64_t version, int64_t parent)
{
	auto_free char *engine = NULL;
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_RULES_ENGINE, ARGS(val_int(parent)));

	if (err != ERR_OK)
		return err;
	engine = xstrdup(query_text(&q, 0));
	query_release(&q);
	return rules_seal(r->store, version, engine, "");
}

int
rules_set(struct request *r)
{
	const char *rules = param_text(r, 2);
	int64_t parent, version, changed;
	struct values row;
	int err = rules_find_parent(r, param_int(r, 0), &parent);

	if (err == ERR_OK && parent == 0)
		return request_why(r, ERR_NOT_FOUND,
		    "there is no rule-set version yet: begin with `loep rules "
		    "add`");
	if (err == ERR_OK)
		err = copy_version(r, parent, &version);
	if (err == ERR_OK)
		err = set_all(r, version, rules, &changed);
	if (err == ERR_OK)
		err = seal(r, version, parent);
	if (err == ERR_OK)
		err = rules_audit(r, "rules.states_set", version,
		    json_pack("{s:I,s:s}", "parent", (json_int_t)parent,
			"rules", rules));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, version);
	values_add_int(&row, parent);
	values_add_int(&row, changed);
	request_row(r, &row);
	return ERR_OK;
}
