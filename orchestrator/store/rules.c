/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - versions of the rule set: made, approved, activated. */
#include "store/rules.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/rescan.h"
#include "store/text.h"

#include <inttypes.h>

#define TEST_BYTES_MAX (32 * KIB)
#define JSON_DEPTH     8

int
rules_may_read(struct request *r)
{
	static const char *const words[] = {
	    "manage_rules", "approve_rules", "activate_rules"};

	if (r->peer == ROLE_SCHED || r->principal.sees_all)
		return ERR_OK;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (principal_may(&r->principal, words[i]))
			return ERR_OK;
	}
	return request_why(r, ERR_DENIED,
	    "the account %s may not read rules: it needs manage_rules, "
	    "approve_rules, activate_rules or read_all_orgs",
	    r->principal.name);
}

/* 0 where none is active. */
static int
find_active(struct request *r, int64_t *ret_seq)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_RULES_ACTIVE, NULL, 0);

	*ret_seq = err == ERR_OK ? query_int(&q, 0) : 0;
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

static void
take_digest(const struct query *q, int column, uint8_t ret[SHA256_BYTES])
{
	size_t len;
	const uint8_t *p = query_bytes(q, column, &len);

	memset(ret, 0, SHA256_BYTES);
	if (len == SHA256_BYTES)
		memcpy(ret, p, len);
}

int
rules_find(struct request *r, int64_t seq, struct rules_version *ret_version)
{
	struct rules_version *v = ret_version;
	AUTO(query) q = {0};
	int err = ERR_OK;

	if (seq == 0) {
		err = find_active(r, &seq);
		if (err == ERR_OK && seq == 0)
			return request_why(r, ERR_NOT_FOUND,
			    "no rule-set version is active; `loep rules list` "
			    "shows those that there are");
	}
	if (err == ERR_OK)
		err = query_one(
		    &q, r->store->db, STMT_RULES_FIND, ARGS(val_int(seq)));
	if (err == ERR_NOT_FOUND)
		return request_why(
		    r, err, "there is no rule-set version %" PRId64, seq);
	if (err != ERR_OK)
		return err;
	v->seq = query_int(&q, 0);
	(void)snprintf(v->state, sizeof(v->state), "%s", query_text(&q, 1));
	(void)snprintf(v->author, sizeof(v->author), "%s", query_text(&q, 2));
	(void)snprintf(v->job_id, sizeof(v->job_id), "%s", query_text(&q, 3));
	v->parent = query_int(&q, 4);
	v->has_bundle = query_text(&q, 5)[0] != '\0';
	v->is_single_person = query_int(&q, 6) != 0;
	take_digest(&q, 7, v->digest);
	return ERR_OK;
}

int
rules_find_read(
    struct request *r, int64_t seq, struct rules_version *ret_version)
{
	int err = rules_find(r, seq, ret_version);

	if (err != ERR_OK || strcmp(ret_version->state, "draft") != 0)
		return err;
	return request_why(r, ERR_CONFLICT,
	    "version %" PRId64 " is a draft: %s", ret_version->seq,
	    ret_version->job_id[0] == '\0'
		? "its rules were not sent yet"
		: "its rules are being read; look again shortly");
}

/* What was read for one hunt is used for nothing else. */
static int
refuse_adhoc(struct request *r, int64_t seq)
{
	if (seq < RULES_ADHOC_MIN)
		return ERR_OK;
	return request_why(r, ERR_CONFLICT,
	    "these rules are for one hunt: `loep rules add` makes a version of "
	    "them");
}

int
rules_find_parent(struct request *r, int64_t seq, int64_t *ret_parent)
{
	struct rules_version v = {.seq = 0};
	int err;

	if (seq == -1) {
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_RULES_HEAD, NULL, 0);
		*ret_parent = err == ERR_OK ? query_int(&q, 0) : 0;
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	}
	*ret_parent = 0;
	if (seq == 0)
		return ERR_OK;
	err = rules_find_read(r, seq, &v);
	if (err == ERR_OK)
		err = refuse_adhoc(r, v.seq);
	*ret_parent = v.seq;
	return err;
}

int
rules_audit(struct request *r, const char *action, int64_t seq, json_t *detail)
{
	char id[24];
	struct audit_object object = {"rule_version", id, ""};

	(void)snprintf(id, sizeof(id), "%" PRId64, seq);
	return audit_by(r, action, &object, detail);
}

int
rules_add(struct request *r, int64_t parent, bool is_adhoc, const char *comment,
    int64_t *ret_seq)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_RULES_ADD,
	    ARGS(val_int(parent), val_text(comment),
		val_text(r->principal.account_id), val_int(loop_wall_us()),
		val_int(is_adhoc)));

	if (err != ERR_OK)
		return err;
	*ret_seq = query_int(&q, 0);
	query_release(&q);
	return db_do(r->store->db, STMT_RULES_SOURCES_COPY,
	    ARGS(val_int(*ret_seq), val_int(parent)), NULL);
}

static int
put_source(struct request *r, int64_t version, const json_t *source)
{
	const char *name = json_member_text(source, "name", "");
	const char *kind = json_member_text(source, "kind", "");
	const char *tlp =
	    text_tlp(json_member_text(source, "tlp", ""), "TLP:AMBER+STRICT");

	if (name[0] == '\0' || strlen(name) > 128)
		return request_why(r, ERR_FORMAT,
		    "a source's \"name\" has 1 to 128 characters");
	if (json_is_true(json_object_get(source, "removed")))
		return db_do(r->store->db, STMT_RULES_SOURCE_DROP,
		    ARGS(val_int(version), val_text(name)), NULL);
	if (!text_has_word("folder archive git misp text", kind))
		return request_why(r, ERR_FORMAT,
		    "the \"kind\" of source \"%.64s\" is folder, archive, "
		    "git, misp or text",
		    name);
	if (tlp == NULL)
		return request_why(r, ERR_FORMAT,
		    "the \"tlp\" of source \"%.64s\" is one of TLP:CLEAR "
		    "TLP:GREEN TLP:AMBER TLP:AMBER+STRICT TLP:RED",
		    name);
	return db_do(r->store->db, STMT_RULES_SOURCE_PUT,
	    ARGS(val_int(version), val_text(name), val_text(kind),
		val_text(json_member_text(source, "location", "")),
		val_text(json_member_text(source, "revision", "")),
		val_text(json_member_text(source, "namespace", "")),
		val_text(json_member_text(source, "licence", "")),
		val_text(tlp), val_text(json_member_text(source, "owner", "")),
		val_int(json_member_int(source, "priority", 0)),
		val_int(
		    json_is_true(json_object_get(source, "fetch_allowed")))),
	    NULL);
}

static int
put_sources(struct request *r, int64_t version, const char *text)
{
	auto_json json_t *list = NULL;
	json_t *source;
	size_t i;
	int err;

	if (json_parse(text, strlen(text), LIMIT_MSG_BYTES, JSON_DEPTH,
		&list) != ERR_OK ||
	    !json_is_array(list))
		return request_why(
		    r, ERR_FORMAT, "\"sources\" is a JSON list of objects");
	json_array_foreach(list, i, source)
	{
		err = put_source(r, version, source);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

int
rules_create(struct request *r)
{
	const char *sources = param_text(r, 2);
	struct values row;
	int64_t parent, version;
	int err = rules_find_parent(r, param_int(r, 0), &parent);

	if (err == ERR_OK)
		err = rules_add(r, parent, param_int(r, 3) != 0,
		    param_text(r, 1), &version);
	if (err == ERR_OK)
		err = put_sources(r, version, sources);
	if (err == ERR_OK)
		err = rules_audit(r, "rules.created", version,
		    json_pack("{s:I,s:s}", "parent", (json_int_t)parent,
			"sources", sources));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, version);
	values_add_int(&row, parent);
	request_row(r, &row);
	return ERR_OK;
}

int
rules_tested(struct request *r)
{
	const char *text = param_text(r, 1);
	auto_json json_t *result = NULL;
	struct rules_version v = {.seq = 0};
	struct values row;
	int err = rules_find_read(r, param_int(r, 0), &v);

	if (err != ERR_OK)
		return err;
	if (json_parse(text, strlen(text), TEST_BYTES_MAX, JSON_DEPTH,
		&result) != ERR_OK ||
	    !json_is_object(result))
		return request_why(r, ERR_FORMAT,
		    "\"result\" is a JSON object of at most %zu bytes",
		    TEST_BYTES_MAX);
	err = db_do(r->store->db, STMT_RULES_TEST_KEEP,
	    ARGS(val_int(v.seq), val_text(text)), NULL);
	if (err == ERR_OK)
		err = rules_audit(r, "rules.test_kept", v.seq, NULL);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, v.seq);
	request_row(r, &row);
	return ERR_OK;
}

/* What stands in the way of an approval. */
static int
check_approval(struct request *r, const struct rules_version *v)
{
	int err = refuse_adhoc(r, v->seq);

	if (err != ERR_OK)
		return err;
	if (strcmp(v->state, "tested") != 0)
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " is %s; one that is tested can be "
		    "approved",
		    v->seq, v->state);
	if (strcmp(v->author, r->principal.account_id) != 0 ||
	    r->store->is_single_person)
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "you are the author of version %" PRId64 ": somebody else "
	    "approves it (or [rules] single_person = yes in loep.conf)",
	    v->seq);
}

int
rules_approve(struct request *r)
{
	struct rules_version v = {.seq = 0};
	struct values row;
	int64_t active;
	bool is_same;
	int err = rules_find(r, param_int(r, 0), &v);

	if (err == ERR_OK)
		err = check_approval(r, &v);
	if (err != ERR_OK)
		return err;
	is_same = strcmp(v.author, r->principal.account_id) == 0;
	err = db_do(r->store->db, STMT_RULES_APPROVE,
	    ARGS(val_int(v.seq), val_text(r->principal.account_id),
		val_int(is_same), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = find_active(r, &active);
	if (err == ERR_OK)
		err = rescan_prepare(r->store, active, v.seq);
	if (err == ERR_OK)
		err = rules_audit(r, "rules.approved", v.seq,
		    json_pack("{s:s,s:b}", "author", v.author, "single_person",
			is_same));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, v.seq);
	values_add_text(&row, "approved");
	values_add_int(&row, is_same);
	request_row(r, &row);
	return ERR_OK;
}

int
rules_reject(struct request *r)
{
	const char *reason = param_text(r, 1);
	struct rules_version v = {.seq = 0};
	struct values row;
	int64_t changes;
	int err = rules_may_read(r);

	if (err == ERR_OK)
		err = rules_find(r, param_int(r, 0), &v);
	if (err != ERR_OK)
		return err;
	if (strcmp(v.author, r->principal.account_id) != 0 &&
	    !principal_may(&r->principal, "approve_rules"))
		return request_why(r, ERR_DENIED,
		    "only its author, or who may approve it, rejects a "
		    "version");
	if (reason[0] == '\0')
		return request_why(r, ERR_FORMAT, "say why, in \"reason\"");
	if (strcmp(v.state, "draft") == 0 && v.job_id[0] != '\0')
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " is being read; cancel its job %s, or "
		    "wait",
		    v.seq, v.job_id);
	err = db_do(r->store->db, STMT_RULES_REJECT,
	    ARGS(val_int(v.seq), val_text(reason)), &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " is %s: activate another one instead",
		    v.seq, v.state);
	if (err == ERR_OK)
		err = rules_audit(r, "rules.rejected", v.seq,
		    json_pack("{s:s}", "reason", reason));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, v.seq);
	values_add_text(&row, "rejected");
	request_row(r, &row);
	return ERR_OK;
}

static int
check_activation(
    struct request *r, const struct rules_version *v, int64_t active)
{
	int64_t expected = param_int(r, 1);

	if (strcmp(v->state, "active") == 0)
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " is active already", v->seq);
	if (expected != -1 && expected != active)
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " became active in the meantime (you "
		    "knew %" PRId64 "): look at `loep rules diff %" PRId64
		    " %" PRId64 "`, then try again",
		    active, expected, active, v->seq);
	if (strcmp(v->state, "approved") == 0 ||
	    strcmp(v->state, "retired") == 0)
		return ERR_OK;
	if (strcmp(v->state, "tested") == 0)
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " is not approved yet: `loep rules "
		    "approve %" PRId64 "`, by somebody other than its author",
		    v->seq, v->seq);
	return request_why(r, ERR_CONFLICT,
	    "version %" PRId64 " is %s and cannot become active", v->seq,
	    v->state);
}

/*
 * In the transaction that makes `version` active: what is to be scanned again
 * because of it.  previous is 0 where none was active.
 */
static int
plan_rescan(struct request *r, int64_t version, int64_t previous)
{
	tx_note_rules(r->store, version);
	return rescan_plan(
	    r->store, previous, version, r->principal.account_id, NULL);
}

static int
activate(struct request *r, const struct rules_version *v, int64_t previous)
{
	int64_t now = loop_wall_us();
	int err =
	    db_do(r->store->db, STMT_RULES_RETIRE, ARGS(val_int(now)), NULL);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_RULES_ACTIVATE,
		    ARGS(val_int(v->seq), val_text(r->principal.account_id),
			val_int(now)),
		    NULL);
	if (err == ERR_OK)
		err = plan_rescan(r, v->seq, previous);
	if (err != ERR_OK)
		return err;
	return rules_audit(r,
	    strcmp(v->state, "retired") == 0 ? "rules.rolled_back"
					     : "rules.activated",
	    v->seq,
	    json_pack("{s:I,s:b}", "previous", (json_int_t)previous,
		"single_person", v->is_single_person));
}

int
rules_activate(struct request *r)
{
	struct rules_version v = {.seq = 0};
	struct values row;
	int64_t active;
	int err = find_active(r, &active);

	if (err == ERR_OK)
		err = rules_find(r, param_int(r, 0), &v);
	if (err == ERR_OK)
		err = check_activation(r, &v, active);
	if (err == ERR_OK)
		err = activate(r, &v, active);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, v.seq);
	values_add_text(&row, "active");
	values_add_int(&row, active);
	values_add_int(&row, v.is_single_person);
	request_row(r, &row);
	return ERR_OK;
}
