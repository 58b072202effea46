/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_job.c - what loep-rules read of a bundle becomes a version's rows.
 *
 * Rows of a draft are seen by nobody.  One attempt writes them at a time; what
 * a lost one wrote goes before the next begins.
 */
#include "lib/base64.h"
#include "lib/cond.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/rules.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SEALS	  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define SCORE_MAX 100
#define MS_MAX	  3600000
/* What of one rule may be answered in one row. */
#define META_BYTES_MAX ((size_t)16384)

struct reading {
	struct request *r;
	int64_t version;
	int64_t records;
};

/* One RULE record with what follows it. */
struct rule {
	json_t *json;
	uint8_t closure[SHA256_BYTES];
	uint8_t *condition; /* owned */
	size_t condition_len;
	const uint8_t *unit; /* into the batch */
	size_t unit_len;
	uint8_t text_digest[SHA256_BYTES];
	bool is_sound;
};

static const uint8_t condition_true[] = {COND_VERSION, COND_TRUE};

static int
take_condition(struct rule *rule)
{
	const char *text = json_member_text(rule->json, "condition", "");
	size_t len = strlen(text);

	if (len == 0) {
		rule->condition = xmemdup(condition_true, 2);
		rule->condition_len = sizeof(condition_true);
		return ERR_OK;
	}
	if (len > LIMIT_RECORD_BYTES)
		return ERR_FORMAT;
	rule->condition = xmalloc(len);
	if (base64_decode(text, len, rule->condition, &rule->condition_len) !=
	    ERR_OK)
		return ERR_FORMAT;
	return cond_check(rule->condition, rule->condition_len);
}

/* What the analyser says is not believed before it was looked at. */
static int
check_rule(struct rule *rule)
{
	const char *name = json_member_text(rule->json, "name", "");
	const char *namespace = json_member_text(rule->json, "namespace", "");
	const char *state = json_member_text(rule->json, "state", "");
	json_int_t score = json_member_int(rule->json, "score", 0);

	if (strlen(name) > UNIT_NAME_BYTES_MAX ||
	    strlen(namespace) > UNIT_NAMESPACE_BYTES_MAX || score < 0 ||
	    score > SCORE_MAX)
		return ERR_FORMAT;
	rule->is_sound = strcmp(state, "ok") == 0;
	if (!rule->is_sound)
		return strcmp(state, "rejected") == 0 && rule->unit_len == 0
			   ? (int)ERR_OK
			   : ERR_FORMAT;
	if (name[0] == '\0' ||
	    hex_decode(json_member_text(rule->json, "closure", ""),
		rule->closure, SHA256_BYTES) != ERR_OK)
		return ERR_FORMAT;
	if (rule->unit_len == 0 || rule->unit_len > UNIT_TEXT_BYTES_MAX ||
	    memchr(rule->unit, '\0', rule->unit_len) != NULL ||
	    take_condition(rule) != ERR_OK)
		return ERR_FORMAT;
	sha256_once(rule->unit, rule->unit_len, rule->text_digest);
	return ERR_OK;
}

/* A member's JSON, or what stands for it; the caller frees. */
static char *
member_json(const json_t *object, const char *name, const char *empty)
{
	const json_t *member = json_object_get(object, name);
	char *text;

	if (member == NULL || json_is_array(member) != (empty[0] == '[') ||
	    json_is_object(member) != (empty[0] == '{'))
		return xstrdup(empty);
	text = json_canonical(member);
	if (strlen(text) <= META_BYTES_MAX)
		return text;
	free(text);
	return xstrdup(empty);
}

static int
put_shared(struct db *db, const struct rule *rule)
{
	auto_free char *modules = member_json(rule->json, "modules", "[]");
	auto_free char *needs = xasprintf("{\"modules\":%s}", modules);
	auto_free char *meta = member_json(rule->json, "meta", "{}");
	auto_free char *tags = member_json(rule->json, "tags", "[]");
	int err = db_do(db, STMT_RULES_CLOSURE_PUT,
	    ARGS(val_bytes(rule->closure, SHA256_BYTES),
		val_bytes(rule->condition, rule->condition_len),
		val_text(json_member_text(rule->json, "condition_text", "")),
		val_text(needs)),
	    NULL);

	if (err != ERR_OK)
		return err;
	return db_do(db, STMT_RULES_TEXT_PUT,
	    ARGS(val_bytes(rule->text_digest, SHA256_BYTES),
		val_bytes(rule->unit, rule->unit_len), val_text(meta),
		val_text(tags)),
	    NULL);
}

static struct value
flag(const json_t *json, const char *name)
{
	return val_int(json_is_true(json_object_get(json, name)));
}

/* Whole milliseconds; -1 where it was not measured. */
static int64_t
cost_of(const json_t *json)
{
	const json_t *cost = json_object_get(json, "cost_ms");
	double ms = json_number_value(cost);

	if (!json_is_number(cost) || !(ms >= 0))
		return -1;
	return ms > MS_MAX ? (int64_t)MS_MAX : (int64_t)(ms + 0.5);
}

/* copy 0 for the one of its name; reason NULL for a sound one. */
static int
put_row(struct reading *reading, const struct rule *rule, int64_t copy,
    const char *reason, int64_t *ret_changes)
{
	const json_t *j = rule->json;
	auto_free char *tests = member_json(j, "tests", "{}");
	int64_t cost = cost_of(j);
	bool is_sound = reason == NULL;

	return db_do(reading->r->store->db, STMT_RULES_RULE_ADD,
	    ARGS(val_int(reading->version),
		val_text(json_member_text(j, "namespace", "")),
		val_text(json_member_text(j, "name", "")), val_int(copy),
		is_sound ? val_bytes(rule->closure, SHA256_BYTES) : val_null(),
		is_sound ? val_bytes(rule->text_digest, SHA256_BYTES)
			 : val_null(),
		val_text(is_sound ? "active" : "rejected"),
		val_text(is_sound ? "" : reason),
		val_text(json_member_text(j, "source", "")),
		val_text(json_member_text(j, "path", "")),
		val_int(json_member_int(j, "line", 0)),
		val_int(json_member_int(j, "score", 0)),
		cost < 0 ? val_null() : val_int(cost),
		val_text(json_member_text(j, "cost_string", "")),
		val_text(tests), flag(j, "is_private"), flag(j, "is_global"),
		flag(j, "uses_externals"), flag(j, "is_volatile")),
	    ret_changes);
}

static int
put_rule(struct reading *reading, const struct rule *rule)
{
	int64_t changes = 0;
	int err;

	if (!rule->is_sound)
		return put_row(reading, rule, reading->records,
		    json_member_text(rule->json, "reason", "it says not why"),
		    NULL);
	err = put_shared(reading->r->store->db, rule);
	if (err == ERR_OK)
		err = put_row(reading, rule, 0, NULL, &changes);
	if (err == ERR_OK && changes == 0)
		err = put_row(reading, rule, reading->records,
		    "the namespace has a rule of that name already", NULL);
	return err;
}

/* Reads one frame: type, length, body. */
static int
next_frame(struct wire_in *in, unsigned int *ret_type, const uint8_t **ret_p,
    size_t *ret_len)
{
	*ret_type = wire_get_u8(in);
	*ret_p = wire_get_bytes(in, ret_len);
	return in->is_failed ? ERR_FORMAT : ERR_OK;
}

static int
take_rule(struct reading *reading, struct wire_in *in)
{
	auto_json json_t *json = NULL;
	struct rule rule = {.unit = (const uint8_t *)""};
	const uint8_t *body;
	unsigned int type;
	size_t len;
	int err = next_frame(in, &type, &body, &len);

	if (err != ERR_OK || type != RECORD_RULE ||
	    record_parse(RECORD_RULE, body, len, &json) != ERR_OK)
		return ERR_FORMAT;
	rule.json = json;
	if (in->pos < in->len && in->buf[in->pos] == RECORD_DATA)
		err = next_frame(in, &type, &rule.unit, &rule.unit_len);
	if (err == ERR_OK)
		err = check_rule(&rule);
	if (err == ERR_OK && ++reading->records > (int64_t)LIMIT_RULES)
		err = ERR_LIMIT;
	if (err == ERR_OK)
		err = put_rule(reading, &rule);
	free(rule.condition);
	return err;
}

static int
take_batch(struct reading *reading, const uint8_t *p, size_t len)
{
	struct wire_in in;
	int err = ERR_OK;

	wire_in_init(&in, p, len);
	while (err == ERR_OK && in.pos < in.len)
		err = take_rule(reading, &in);
	if (err == ERR_FORMAT)
		return request_why(reading->r, err,
		    "the rules of a batch are not as they must be");
	if (err == ERR_LIMIT)
		return request_why(reading->r, err,
		    "a version has at most %zu rules", LIMIT_RULES);
	return err;
}

static int
find_draft(struct store *store, const char *job_id, int64_t *ret_version,
    int64_t *ret_records, int64_t *ret_parent)
{
	AUTO(query) q = {0};
	int err =
	    query_one(&q, store->db, STMT_RULES_BY_JOB, ARGS(val_text(job_id)));

	if (err != ERR_OK)
		return err;
	*ret_version = query_int(&q, 0);
	*ret_records = query_int(&q, 1);
	*ret_parent = query_int(&q, 2);
	return ERR_OK;
}

static int
read_batch(struct reading *reading)
{
	int fd = reading->r->fd;
	int seals = fd == -1 ? -1 : fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *map;
	int err;

	/* What can still change is read twice and differs. */
	if (seals == -1 || (seals & SEALS) != SEALS || fstat(fd, &st) == -1 ||
	    st.st_size <= 0 || st.st_size > (off_t)LIMIT_RULE_BATCH_BYTES)
		return request_why(reading->r, ERR_FORMAT,
		    "a batch is sealed memory of at most %zu bytes",
		    LIMIT_RULE_BATCH_BYTES);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return ERR_SYS;
	err = take_batch(reading, map, (size_t)st.st_size);
	(void)munmap(map, (size_t)st.st_size);
	return err;
}

int
job_rules(struct request *r)
{
	struct reading reading = {.r = r};
	struct attempt a;
	int64_t parent;
	int err = attempt_load(r, &a);

	if (err == ERR_OK)
		err = find_draft(r->store, a.job_id, &reading.version,
		    &reading.records, &parent);
	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT, "this job reads no rules");
	if (err == ERR_OK)
		err = read_batch(&reading);
	if (err != ERR_OK)
		return err;
	return db_do(r->store->db, STMT_RULES_RECORDS,
	    ARGS(val_int(reading.version), val_int(reading.records)), NULL);
}

int
rules_job_sweep(struct store *store, const char *job_id)
{
	int64_t version, records, parent;
	int err = find_draft(store, job_id, &version, &records, &parent);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	if (records == 0)
		return ERR_OK;
	err = db_do(store->db, STMT_RULES_SWEEP, ARGS(val_int(version)), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_RULES_RECORDS,
		    ARGS(val_int(version), val_int(0)), NULL);
	return err;
}

/* --- the end of a draft --- */

struct summary {
	uint8_t digest[SHA256_BYTES];
	json_int_t rules; /* without those that are rejected */
	json_int_t private;
	json_int_t failing; /* that do not do what their samples say */
	json_t *counts;
};

static void
count_one(struct summary *s, const struct query *q)
{
	const char *state = query_text(q, 2);

	(void)json_object_set_new(s->counts, state,
	    json_integer(json_member_int(s->counts, state, 0) + 1));
	s->rules += strcmp(state, "rejected") != 0;
	s->private += query_int(q, 5) != 0;
	s->failing += query_int(q, 6) != 0;
}

static void
digest_one(struct sha256 *ctx, const struct query *q)
{
	for (int column = 0; column < 3; column++) {
		const char *text = query_text(q, column);

		sha256_update(ctx, text, strlen(text) + 1);
	}
	for (int column = 3; column < 5; column++) {
		size_t len;
		const uint8_t *p = query_bytes(q, column, &len);
		uint8_t marker = (uint8_t)len;

		sha256_update(ctx, &marker, 1);
		sha256_update(ctx, p, len);
	}
}

static int
summarise(struct store *store, int64_t version, struct summary *s)
{
	AUTO(query) q = {0};
	struct sha256 *ctx = sha256_new();
	int err =
	    query_start(&q, store->db, STMT_RULES_EACH, ARGS(val_int(version)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		count_one(s, &q);
		digest_one(ctx, &q);
	}
	sha256_final(ctx, s->digest);
	sha256_free(ctx);
	(void)json_object_set_new(s->counts, "rules", json_integer(s->rules));
	(void)json_object_set_new(
	    s->counts, "private", json_integer(s->private));
	if (s->failing > 0)
		(void)json_object_set_new(
		    s->counts, "tests_failed", json_integer(s->failing));
	return err == ERR_EOF ? (int)ERR_OK : err;
}

int
rules_seal(struct store *store, int64_t version, const char *engine,
    const char *reason)
{
	auto_json json_t *counts = json_object();
	auto_free char *text = NULL;
	struct summary s = {.counts = counts};
	int err = summarise(store, version, &s);

	if (err != ERR_OK)
		return err;
	if (reason[0] == '\0' && s.rules == 0)
		reason = json_object_size(counts) > 2
			     ? "none of its rules compiles"
			     : "there are no rules in it";
	text = json_canonical(counts);
	return db_do(store->db, STMT_RULES_READ,
	    ARGS(val_int(version),
		val_text(reason[0] == '\0' ? "tested" : "rejected"),
		val_text(reason), val_text(engine),
		val_bytes(s.digest, SHA256_BYTES), val_text(text),
		val_int(loop_wall_us())),
	    NULL);
}

static int
audit_read(struct store *store, int64_t version, const char *reason)
{
	char id[24];
	struct audit_object object = {"rule_version", id, ""};

	(void)snprintf(id, sizeof(id), "%" PRId64, version);
	return audit_own(
	    store, "rules.read", &object, json_pack("{s:s}", "reason", reason));
}

/* True when every rule that the scheduler passed on has arrived. */
static bool
is_whole(const struct job_outcome *outcome, int64_t records)
{
	auto_json json_t *result = NULL;

	if (outcome->result == NULL ||
	    json_parse(outcome->result, strlen(outcome->result),
		LIMIT_MSG_BYTES, LIMIT_RECORD_DEPTH, &result) != ERR_OK)
		return false;
	return json_member_int(result, "rules", -1) == records;
}

/* "" for a set that is whole; the caller frees. */
static char *
why_rejected(const struct job_outcome *outcome, int64_t records)
{
	/* A part of a rule set is none: what is missing would not be missed. */
	if (strcmp(outcome->state, "done") != 0)
		return xasprintf("its rules could not be read (%s): %s",
		    outcome->state, outcome->reason);
	if (!is_whole(outcome, records))
		return xstrdup("not all of its rules arrived; send it again");
	return xstrdup("");
}

int
rules_job_finish(
    struct store *store, const char *job_id, const struct job_outcome *outcome)
{
	auto_free char *reason = NULL;
	int64_t version, records, parent;
	int err = find_draft(store, job_id, &version, &records, &parent);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	reason = why_rejected(outcome, records);
	if (reason[0] == '\0' && parent != 0)
		err = db_do(store->db, STMT_RULES_INHERIT,
		    ARGS(val_int(version), val_int(parent)), NULL);
	if (err == ERR_OK)
		err = rules_seal(store, version, outcome->engine, reason);
	return err == ERR_OK ? audit_read(store, version, reason) : err;
}
