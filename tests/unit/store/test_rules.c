/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules.c - versions of the rule set, from a draft to a roll-back. */
#include "fake.h"

#include "store/rules.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <sys/mman.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int
setup(void **state)
{
	*state = rig_new();
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

/* --- a version, step by step --- */

struct batch {
	struct wire_out out;
	int64_t count;
};

/* A sound rule: meaning and text are what its digests are made of. */
static void
add_rule(struct batch *b, const char *namespace, const char *name,
    const char *meaning, const char *text)
{
	uint8_t closure[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	auto_json json_t *json = NULL;
	auto_free char *body = NULL;

	sha256_once(meaning, strlen(meaning), closure);
	hex_encode(hex, closure, SHA256_BYTES);
	json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:{s:s},s:[s]}",
	    "namespace", namespace, "name", name, "state", "ok", "closure", hex,
	    "source", "own", "condition", "AQE=", "condition_text", "true",
	    "is_private", name[0] == '_', "meta", "author", "me", "tags", "t");
	body = json_canonical(json);
	wire_put_u8(&b->out, RECORD_RULE);
	wire_put_bytes(&b->out, body, strlen(body));
	wire_put_u8(&b->out, RECORD_DATA);
	wire_put_bytes(&b->out, text, strlen(text));
	b->count++;
}

static void
add_rejected(struct batch *b, const char *name, const char *reason)
{
	auto_free char *body =
	    xasprintf("{\"namespace\":\"n\",\"name\":\"%s\",\"state\":"
		      "\"rejected\",\"reason\":\"%s\",\"path\":\"a.yar\"}",
		name, reason);

	wire_put_u8(&b->out, RECORD_RULE);
	wire_put_bytes(&b->out, body, strlen(body));
	b->count++;
}

static struct batch
batch_new(void)
{
	struct batch b = {.count = 0};

	wire_out_init(&b.out, 64 * MIB);
	return b;
}

static int
seal(const void *p, size_t len, int seals)
{
	int fd = memfd_create("batch", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* Sends a batch; its memory is released. */
static enum err
send_batch(struct rig *rig, const char *job, int64_t attempt, struct batch *b)
{
	struct values params;
	int fd = seal(b->out.buf, b->out.len, SEALS);

	wire_out_release(&b->out);
	values_init(&params);
	values_add_text(&params, job);
	values_add_int(&params, attempt);
	return ask_fd(rig, CALL_JOB_RULES, &params, fd)->err;
}

static int64_t
create(struct rig *rig, int64_t parent)
{
	(void)ask_ok(rig, CALL_RULES_CREATE,
	    ARGS(val_int(parent), val_text("for a test"),
		val_text("[{\"name\":\"own\",\"kind\":\"folder\","
			 "\"licence\":\"MIT\"}]"),
		val_int(0)));
	return col_int(rig, 0, "version");
}

static void
send_bundle(struct rig *rig, int64_t version)
{
	static const char bytes[] = "{\"loep_bundle\": 1}\n";
	char id[UUID_BYTES];
	struct answer *a;

	a = ask_ok(rig, CALL_RULES_UPLOAD,
	    ARGS(val_int(version), val_bytes("bundle", 6), val_text("other"),
		val_int(-1), val_null()));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	assert_int_equal(
	    write(a->fd, bytes, sizeof(bytes) - 1), (ssize_t)sizeof(bytes) - 1);
	(void)close(a->fd);
	a->fd = -1;
	(void)ask_ok(rig, CALL_UPLOAD_FINISH,
	    ARGS(val_text(id), val_int(sizeof(bytes) - 1)));
}

static void
finish(struct rig *rig, const char *job, int64_t attempt, const char *outcome,
    int64_t rules)
{
	auto_free char *result =
	    xasprintf("{\"rules\":%lld}", (long long)rules);

	(void)ask_ok(rig, CALL_JOB_DONE,
	    ARGS(val_text(job), val_int(attempt), val_text(outcome), val_int(1),
		val_text(""), val_text("loep-rules 1"), val_text(result),
		val_text("[]")));
}

/* A tested version whose rules are those of the batch. */
static int64_t
make_version(struct rig *rig, int64_t parent, struct batch *b)
{
	int64_t version = create(rig, parent);
	int64_t attempt, count = b->count;
	char job[UUID_BYTES];

	send_bundle(rig, version);
	lease(rig, "rules", job, &attempt);
	assert_int_equal(send_batch(rig, job, attempt, b), ERR_OK);
	send_record(rig, job, attempt, RECORD_ERROR,
	    "{\"what\":\"bundle\",\"text\":\"not UTF-8\",\"path\":\"a.yar\"}");
	finish(rig, job, attempt, "done", count);
	return version;
}

static const char *
state_of(struct rig *rig, int64_t version)
{
	(void)ask_ok(rig, CALL_RULES_GET, ARGS(val_int(version)));
	return col_text(rig, 0, "state");
}

static const char *
reason_of(struct rig *rig, int64_t version)
{
	(void)ask_ok(rig, CALL_RULES_GET, ARGS(val_int(version)));
	return col_text(rig, 0, "reason");
}

/* A session of somebody else in the same organisation. */
static uint64_t
somebody(struct rig *rig, const char *capabilities)
{
	auto_free char *sql = NULL;
	uint64_t principal;

	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("colleague"), val_text("human"),
		val_int(-1), val_text(capabilities), val_text("")));
	sql = xasprintf("UPDATE account SET uid = NULL;"
			"UPDATE account SET uid = %u WHERE id = '%s'",
	    getuid(), col_text(rig, 0, "id"));
	sql_run(rig, sql);
	principal = rig_session(rig);
	sql_run(rig, "UPDATE account SET uid = NULL");
	return principal;
}

static void
approve(struct rig *rig, int64_t version)
{
	uint64_t me = rig->principal;

	rig->principal = somebody(rig, "approve_rules");
	(void)ask_ok(rig, CALL_RULES_APPROVE, ARGS(val_int(version)));
	rig->principal = me;
}

static int64_t
make_active(struct rig *rig, int64_t parent, struct batch *b)
{
	int64_t version = make_version(rig, parent, b);

	approve(rig, version);
	(void)ask_ok(
	    rig, CALL_RULES_ACTIVATE, ARGS(val_int(version), val_int(-1)));
	return version;
}

/* --- tests --- */

static void
test_life(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	int64_t version;

	add_rule(&b, "n", "first", "m1", "rule first { condition: true }");
	add_rule(&b, "n", "second", "m2", "rule second { condition: true }");
	add_rejected(&b, "broken", "line 3: syntax error");
	version = make_version(rig, -1, &b);
	assert_int_equal(version, 1);
	assert_string_equal(state_of(rig, 1), "tested");
	assert_int_equal(col_int(rig, 0, "rules"), 2);
	assert_true(col_is_null(rig, 0, "parent"));
	assert_non_null(strstr(col_text(rig, 0, "counts"), "\"rejected\":1"));
	assert_string_equal(col_text(rig, 0, "engine"), "loep-rules 1");
	assert_false(col_is_null(rig, 0, "digest"));
	(void)ask_ok(
	    rig, CALL_RULES_NOTES, ARGS(val_int(1), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 1);
	assert_string_equal(col_text(rig, 0, "path"), "a.yar");
	assert_string_equal(col_text(rig, 0, "text"), "not UTF-8");
	(void)ask_ok(rig, CALL_RULES_SOURCES, ARGS(val_int(1)));
	assert_string_equal(col_text(rig, 0, "licence"), "MIT");
	assert_int_equal(col_int(rig, 0, "rules"), 2);
	(void)ask_ok(
	    rig, CALL_RULES_RULE, ARGS(val_int(1), val_text("broken")));
	assert_string_equal(col_text(rig, 0, "reason"), "line 3: syntax error");
	(void)ask_ok(
	    rig, CALL_RULES_RULE, ARGS(val_int(1), val_text("n:first")));
	assert_string_equal(col_text(rig, 0, "condition"), "true");
	assert_non_null(strstr(col_text(rig, 0, "meta"), "author"));
	ask_err(rig, ERR_NOT_FOUND, CALL_RULES_GET, ARGS(val_int(0)));
	ask_err(rig, ERR_CONFLICT, CALL_RULES_ACTIVATE,
	    ARGS(val_int(1), val_int(-1)));
	ask_err(rig, ERR_DENIED, CALL_RULES_APPROVE, ARGS(val_int(1)));
	approve(rig, 1);
	ask_err(rig, ERR_CONFLICT, CALL_RULES_APPROVE, ARGS(val_int(1)));
	(void)ask_ok(rig, CALL_RULES_ACTIVATE, ARGS(val_int(1), val_int(0)));
	assert_int_equal(col_int(rig, 0, "previous"), 0);
	assert_int_equal(rig->changed_rules, 1);
	assert_string_equal(state_of(rig, 0), "active");
	ask_err(rig, ERR_CONFLICT, CALL_RULES_ACTIVATE,
	    ARGS(val_int(1), val_int(1)));
}

static void
test_two_activations(void **state)
{
	struct rig *rig = *state;
	int64_t seq[3];

	for (size_t i = 0; i < 3; i++) {
		struct batch b = batch_new();

		add_rule(&b, "n", "a", i == 1 ? "m" : "n", "rule a {}");
		seq[i] = make_version(rig, -1, &b);
		approve(rig, seq[i]);
	}
	(void)ask_ok(
	    rig, CALL_RULES_ACTIVATE, ARGS(val_int(seq[0]), val_int(0)));
	(void)ask_ok(
	    rig, CALL_RULES_ACTIVATE, ARGS(val_int(seq[1]), val_int(seq[0])));
	assert_string_equal(state_of(rig, seq[0]), "retired");
	/* Who looked before the other came is told, and nothing happens. */
	ask_err(rig, ERR_CONFLICT, CALL_RULES_ACTIVATE,
	    ARGS(val_int(seq[2]), val_int(seq[0])));
	assert_string_equal(state_of(rig, seq[1]), "active");
	assert_string_equal(state_of(rig, seq[2]), "approved");
	/* Roll-back needs nobody's approval a second time. */
	(void)ask_ok(
	    rig, CALL_RULES_ACTIVATE, ARGS(val_int(seq[0]), val_int(seq[1])));
	assert_string_equal(state_of(rig, seq[0]), "active");
	assert_string_equal(state_of(rig, seq[1]), "retired");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'rules.rolled_back'"),
	    1);
}

static void
test_single_person(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	int64_t version;

	add_rule(&b, "n", "a", "m", "rule a {}");
	version = make_version(rig, -1, &b);
	rig->store->is_single_person = true;
	(void)ask_ok(rig, CALL_RULES_APPROVE, ARGS(val_int(version)));
	assert_int_equal(col_int(rig, 0, "is_single_person"), 1);
	(void)ask_ok(
	    rig, CALL_RULES_ACTIVATE, ARGS(val_int(version), val_int(0)));
	assert_int_equal(col_int(rig, 0, "is_single_person"), 1);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM audit_event WHERE action IN "
			 "('rules.approved', 'rules.activated') AND "
			 "detail ->> '$.single_person' = 1"),
	    2);
}

static void
test_states_of_rules(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	struct batch again = batch_new();

	add_rule(&b, "n", "a", "m1", "rule a {}");
	add_rule(&b, "n", "b", "m2", "rule b {}");
	add_rule(&b, "o", "b", "m2", "rule b {} //");
	add_rejected(&b, "broken", "no");
	assert_int_equal(make_active(rig, -1, &b), 1);
	ask_err(rig, ERR_FORMAT, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text(""),
		val_text("[{\"rule\":\"a\",\"state\":\"quarantined\"}]")));
	ask_err(rig, ERR_CONFLICT, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text(""),
		val_text("[{\"rule\":\"b\",\"state\":\"noisy\","
			 "\"reason\":\"x\"}]")));
	assert_non_null(strstr(rig->answer.why, "n:b"));
	ask_err(rig, ERR_CONFLICT, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text(""),
		val_text("[{\"rule\":\"broken\",\"state\":\"noisy\","
			 "\"reason\":\"x\"}]")));
	ask_err(rig, ERR_NOT_FOUND, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text(""),
		val_text("[{\"rule\":\"c\",\"state\":\"active\"}]")));
	ask_err(rig, ERR_CONFLICT, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text(""),
		val_text("[{\"rule\":\"a\",\"state\":\"active\"}]")));
	/* What failed left no version behind. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rule_version"), 1);
	(void)ask_ok(rig, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text("too loud"),
		val_text("[{\"rule\":\"a\",\"state\":\"quarantined\","
			 "\"reason\":\"false positive\"},"
			 "{\"rule\":\"o:b\",\"state\":\"noisy\","
			 "\"reason\":\"many\"}]")));
	assert_int_equal(col_int(rig, 0, "version"), 2);
	assert_int_equal(col_int(rig, 0, "changed"), 2);
	assert_string_equal(state_of(rig, 2), "tested");
	/* The parent is as it was. */
	(void)ask_ok(rig, CALL_RULES_RULE, ARGS(val_int(1), val_text("a")));
	assert_string_equal(col_text(rig, 0, "state"), "active");
	approve(rig, 2);
	(void)ask_ok(rig, CALL_RULES_ACTIVATE, ARGS(val_int(2), val_int(1)));
	/* Its child inherits what people set, by namespace and name. */
	add_rule(&again, "n", "a", "m1 changed", "rule a {1}");
	add_rule(&again, "o", "b", "m2", "rule b {} //");
	add_rule(&again, "n", "c", "m3", "rule c {}");
	assert_int_equal(make_version(rig, -1, &again), 3);
	(void)ask_ok(rig, CALL_RULES_RULE, ARGS(val_int(3), val_text("a")));
	assert_string_equal(col_text(rig, 0, "state"), "quarantined");
	assert_string_equal(col_text(rig, 0, "reason"), "false positive");
	(void)ask_ok(rig, CALL_RULES_RULE, ARGS(val_int(3), val_text("b")));
	assert_string_equal(col_text(rig, 0, "state"), "noisy");
}

static void
test_units(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	struct unitset set;
	struct unit unit;
	int fd;

	add_rule(&b, "n", "a", "m1", "rule a {}");
	add_rule(&b, "n", "b", "m2", "rule b {}");
	add_rule(&b, "n", "c", "m3", "rule c {}");
	add_rule(&b, "n", "_private", "m4", "private rule _private {}");
	assert_int_equal(make_active(rig, -1, &b), 1);
	(void)ask_ok(rig, CALL_RULES_SET,
	    ARGS(val_int(-1), val_text(""),
		val_text("[{\"rule\":\"a\",\"state\":\"disabled\","
			 "\"reason\":\"x\"},{\"rule\":\"c\",\"state\":"
			 "\"noisy\",\"reason\":\"y\"}]")));
	fd = take_fd(ask_ok(rig, CALL_RULES_UNITS, ARGS(val_int(2)))->fd);
	assert_int_equal(col_int(rig, 0, "count"), 2);
	assert_int_equal(
	    col_int(rig, 0, "size"), (int64_t)lseek(fd, 0, SEEK_END));
	assert_int_equal(unitset_open(&set, fd), ERR_OK);
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "b");
	assert_string_equal(unit.text, "rule b {}");
	assert_int_equal(unit.flags, 0);
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "c");
	assert_int_equal(unit.flags, UNIT_NOISY);
	assert_int_equal(unitset_next(&set, &unit), ERR_NOT_FOUND);
	unitset_release(&set);
	(void)close(fd);
	/* 0 is the active one. */
	fd = take_fd(ask_ok(rig, CALL_RULES_UNITS, ARGS(val_int(0)))->fd);
	assert_int_equal(col_int(rig, 0, "version"), 1);
	assert_int_equal(col_int(rig, 0, "count"), 3);
	(void)close(fd);
}

static const char *
change_of(struct rig *rig, const char *name)
{
	for (size_t i = 0; i < rig->answer.rows_count; i++) {
		if (strcmp(col_text(rig, i, "name"), name) == 0)
			return col_text(rig, i, "change");
	}
	return "none";
}

static void
test_diff(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	struct batch c = batch_new();
	struct answer *a;

	add_rule(&b, "n", "same", "m1", "rule same {}");
	add_rule(&b, "n", "changed", "m2", "rule changed {}");
	add_rule(&b, "n", "comment", "m3", "rule comment {}");
	add_rule(&b, "n", "gone", "m4", "rule gone {}");
	add_rule(&b, "n", "breaks", "m5", "rule breaks {}");
	(void)make_version(rig, -1, &b);
	add_rule(&c, "n", "same", "m1", "rule same {}");
	add_rule(&c, "n", "changed", "m2'", "rule changed { }");
	add_rule(&c, "n", "comment", "m3", "rule comment {} // more");
	add_rule(&c, "n", "new", "m6", "rule new {}");
	add_rejected(&c, "breaks", "unknown module");
	(void)make_version(rig, -1, &c);
	a = ask_ok(rig, CALL_RULES_DIFF,
	    ARGS(val_int(2), val_int(1), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 5);
	assert_string_equal(change_of(rig, "same"), "none");
	assert_string_equal(change_of(rig, "changed"), "changed");
	assert_string_equal(change_of(rig, "comment"), "unchanged_in_meaning");
	assert_string_equal(change_of(rig, "gone"), "removed");
	assert_string_equal(change_of(rig, "breaks"), "removed");
	assert_string_equal(change_of(rig, "new"), "added");
	/* In pages it is the same. */
	a = ask_ok(rig, CALL_RULES_DIFF,
	    ARGS(val_int(2), val_int(1), val_int(3), val_text("")));
	assert_int_equal(a->rows_count, 3);
	a = ask_ok(rig, CALL_RULES_DIFF,
	    ARGS(val_int(2), val_int(1), val_int(3),
		val_text(col_text(rig, 2, "cursor"))));
	assert_int_equal(a->rows_count, 2);
	a = ask_ok(rig, CALL_RULES_DIFF,
	    ARGS(val_int(2), val_int(2), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 0);
}

static void
test_lost_attempt(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	struct batch again = batch_new();
	char job[UUID_BYTES];
	int64_t attempt;

	(void)create(rig, 0);
	ask_err(rig, ERR_CONFLICT, CALL_RULES_RULES,
	    ARGS(val_int(1), val_text(""), val_int(0), val_text("")));
	send_bundle(rig, 1);
	ask_err(rig, ERR_CONFLICT, CALL_RULES_UPLOAD,
	    ARGS(val_int(1), val_bytes("bundle", 6), val_text("other"),
		val_int(-1), val_null()));
	lease(rig, "rules", job, &attempt);
	add_rule(&b, "n", "a", "m1", "rule a {}");
	assert_int_equal(send_batch(rig, job, attempt, &b), ERR_OK);
	/* The scheduler dies; what it brought goes. */
	rig_drop_sched(rig);
	rig_connect_sched(rig);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM version_rule"), 0);
	add_rule(&again, "n", "a", "m1", "rule a {}");
	assert_int_equal(send_batch(rig, job, attempt, &again), ERR_CONFLICT);
	lease(rig, "rules", job, &attempt);
	again = batch_new();
	add_rule(&again, "n", "a", "m1", "rule a {}");
	assert_int_equal(send_batch(rig, job, attempt, &again), ERR_OK);
	finish(rig, job, attempt, "done", 1);
	assert_string_equal(state_of(rig, 1), "tested");
	assert_int_equal(col_int(rig, 0, "rules"), 1);
	ask_err(rig, ERR_CONFLICT, CALL_JOB_RETRY, ARGS(val_text(job)));
}

static void
test_not_whole(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	char job[UUID_BYTES];
	int64_t attempt;

	(void)create(rig, 0);
	send_bundle(rig, 1);
	lease(rig, "rules", job, &attempt);
	add_rule(&b, "n", "a", "m1", "rule a {}");
	assert_int_equal(send_batch(rig, job, attempt, &b), ERR_OK);
	finish(rig, job, attempt, "done", 2);
	assert_string_equal(state_of(rig, 1), "rejected");
	assert_non_null(strstr(reason_of(rig, 1), "not all"));
	/* An analyser that met a bound leaves no usable version either. */
	(void)create(rig, 0);
	send_bundle(rig, 2);
	lease(rig, "rules", job, &attempt);
	finish(rig, job, attempt, "partial", 0);
	assert_string_equal(state_of(rig, 2), "rejected");
	/* Nor one that nobody wants any more. */
	(void)create(rig, 0);
	send_bundle(rig, 3);
	(void)ask_ok(rig, CALL_RULES_GET, ARGS(val_int(3)));
	(void)ask_ok(
	    rig, CALL_JOB_CANCEL, ARGS(val_text(col_text(rig, 0, "job"))));
	assert_string_equal(state_of(rig, 3), "rejected");
	/* A set without a single rule is none. */
	(void)create(rig, 0);
	send_bundle(rig, 4);
	lease(rig, "rules", job, &attempt);
	finish(rig, job, attempt, "done", 0);
	assert_string_equal(state_of(rig, 4), "rejected");
	assert_string_equal(reason_of(rig, 4), "there are no rules in it");
	ask_err(rig, ERR_CONFLICT, CALL_RULES_APPROVE, ARGS(val_int(4)));
}

/* One batch that must be refused, and leave nothing. */
static void
refuse(struct rig *rig, const char *job, int64_t attempt, const void *p,
    size_t len, int seals)
{
	struct values params;
	int fd = seal(p, len, seals);

	values_init(&params);
	values_add_text(&params, job);
	values_add_int(&params, attempt);
	assert_int_equal(
	    ask_fd(rig, CALL_JOB_RULES, &params, fd)->err, ERR_FORMAT);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM version_rule"), 0);
}

static void
refuse_rule(struct rig *rig, const char *job, int64_t attempt, const char *body,
    const char *data, size_t data_len)
{
	struct wire_out out;

	wire_out_init(&out, MIB);
	wire_put_u8(&out, RECORD_RULE);
	wire_put_bytes(&out, body, strlen(body));
	wire_put_u8(&out, RECORD_DATA);
	wire_put_bytes(&out, data, data_len);
	refuse(rig, job, attempt, out.buf, out.len, SEALS);
	wire_out_release(&out);
}

#define DIGEST_TEXT \
 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define RULE_BODY(name, closure, more)   \
 "{\"namespace\":\"n\",\"name\":\"" name \
 "\",\"state\":\"ok\",\"closure\":\"" closure "\"" more "}"

static void
test_malformed_batches(void **state)
{
	static const struct {
		const char *body;
		const char *data;
		size_t len;
	} bad[] = {
	    {"[]", "rule a {}", 9},
	    {"{\"namespace\":\"n\",\"name\":\"a\"}", "rule a {}", 9},
	    {RULE_BODY("a", "00", ""), "rule a {}", 9},
	    {RULE_BODY("", DIGEST_TEXT, ""), "rule a {}", 9},
	    {RULE_BODY("a", DIGEST_TEXT, ""), "", 0},
	    {RULE_BODY("a", DIGEST_TEXT, ""), "rule\0a {}", 9},
	    {RULE_BODY("a", DIGEST_TEXT, ",\"condition\":\"A\""), "rule a {}",
		9},
	    {RULE_BODY("a", DIGEST_TEXT, ",\"condition\":\"....\""),
		"rule a {}", 9},
	    {RULE_BODY("a", DIGEST_TEXT, ",\"condition\":\"Af8=\""),
		"rule a {}", 9},
	    {RULE_BODY("a", DIGEST_TEXT, ",\"score\":101"), "rule a {}", 9},
	    {"{\"namespace\":\"n\",\"name\":\"a\",\"state\":\"rejected\","
	     "\"reason\":\"x\"}",
		"rule a {}", 9},
	};
	struct rig *rig = *state;
	struct batch b = batch_new();
	char job[UUID_BYTES];
	int64_t attempt;

	(void)create(rig, 0);
	send_bundle(rig, 1);
	lease(rig, "rules", job, &attempt);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse_rule(
		    rig, job, attempt, bad[i].body, bad[i].data, bad[i].len);
	add_rule(&b, "n", "a", "m1", "rule a {}");
	/* Memory that can still change is not read. */
	refuse(rig, job, attempt, b.out.buf, b.out.len, F_SEAL_SHRINK);
	refuse(rig, job, attempt, "", 0, SEALS);
	for (size_t len = 1; len < b.out.len; len++) {
		/* Cut behind the record it is a rule without its unit. */
		refuse(rig, job, attempt, b.out.buf, len, SEALS);
	}
	assert_int_equal(send_batch(rig, job, attempt, &b), ERR_OK);
	finish(rig, job, attempt, "done", 1);
	assert_string_equal(state_of(rig, 1), "tested");
	/* No other job gives rules. */
	make_artefact(rig, "x", job, job);
	lease(rig, "yara", job, &attempt);
	b = batch_new();
	add_rule(&b, "n", "a", "m1", "rule a {}");
	assert_int_equal(send_batch(rig, job, attempt, &b), ERR_CONFLICT);
}

static void
test_same_name_twice(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();

	add_rule(&b, "n", "a", "m1", "rule a {}");
	add_rule(&b, "n", "a", "m2", "rule a { }");
	add_rule(&b, "o", "a", "m3", "rule a {  }");
	(void)make_version(rig, -1, &b);
	assert_string_equal(state_of(rig, 1), "tested");
	assert_int_equal(col_int(rig, 0, "rules"), 2);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM version_rule "
			 "WHERE state = 'rejected' AND namespace = 'n'"),
	    1);
}

static void
test_who_may_read(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	char org[UUID_BYTES];
	struct answer *a;

	add_rule(&b, "n", "secret_rule", "m1", "rule secret_rule {}");
	(void)make_active(rig, -1, &b);
	rig->principal =
	    rig_other_org(rig, "other", "C1", "submit analyse", org);
	ask_err(rig, ERR_DENIED, CALL_RULES_LIST,
	    ARGS(val_text(""), val_int(0), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_RULES_GET, ARGS(val_int(1)));
	ask_err(rig, ERR_DENIED, CALL_RULES_RULE,
	    ARGS(val_int(1), val_text("secret_rule")));
	ask_err(rig, ERR_DENIED, CALL_RULES_EXPORT, ARGS(val_int(1)));
	ask_err(rig, ERR_DENIED, CALL_RULES_BUNDLE,
	    ARGS(val_int(1), val_text("curious")));
	ask_err(rig, ERR_DENIED, CALL_RULES_CREATE,
	    ARGS(val_int(0), val_text(""), val_text("[]"), val_int(0)));
	ask_err(rig, ERR_DENIED, CALL_RULES_APPROVE, ARGS(val_int(1)));
	ask_err(rig, ERR_DENIED, CALL_RULES_ACTIVATE,
	    ARGS(val_int(1), val_int(-1)));
	/* The status names no rule to them. */
	a = ask_ok(rig, CALL_STATUS, NULL, 0);
	for (size_t i = 0; i < a->rows_count; i++)
		assert_null(strstr(col_text(rig, i, "value"), "secret_rule"));
}

static void
test_internal_case_is_hidden(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	auto_free char *id = NULL;
	char artefact[UUID_BYTES];
	struct answer *a;
	size_t len;

	add_rule(&b, "n", "a", "m1", "rule a {}");
	(void)make_version(rig, -1, &b);
	a = ask_ok(rig, CALL_CASE_LIST,
	    CASES_OF(val_text(""), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM case_file "
				      "WHERE is_internal = 1"),
	    1);
	(void)ask_ok(rig, CALL_ORG_LIST, ARGS(val_int(0), val_text("")));
	assert_int_equal(col_int(rig, 0, "cases"), 0);
	/* No report is made of it, and no unit of the bundle. */
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM job WHERE kind <> 'rules'"), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM unit"), 0);
	a = ask_ok(
	    rig, CALL_RULES_BUNDLE, ARGS(val_int(1), val_text("to change")));
	id = read_all(take_fd(a->fd), &len);
	assert_int_equal(len, 19);
	/* By its id it is not to be had either, whoever may see all. */
	(void)create(rig, 0);
	send_bundle(rig, 2);
	(void)snprintf(
	    artefact, sizeof(artefact), "%s", col_text(rig, 0, "artefact"));
	ask_err(
	    rig, ERR_NOT_FOUND, CALL_ARTEFACT_GET, ARGS(val_text(artefact)));
	ask_err(rig, ERR_NOT_FOUND, CALL_ARTEFACT_DOWNLOAD,
	    ARGS(val_text(artefact), val_text("curious")));
	ask_err(rig, ERR_NOT_FOUND, CALL_RECEIPT_GET, ARGS(val_text(artefact)));
	ask_err(rig, ERR_NOT_FOUND, CALL_RUN_CREATE,
	    ARGS(val_text(artefact), val_text("{}")));
	assert_memory_equal(id, "{\"loep_bundle\": 1}\n", len);
}

static void
test_many_rules(void **state)
{
	enum {
		RULES = 10000,
		PER_BATCH = 1000
	};
	struct rig *rig = *state;
	char job[UUID_BYTES];
	int64_t attempt;
	uint64_t started = loop_now_ms();

	(void)create(rig, 0);
	send_bundle(rig, 1);
	lease(rig, "rules", job, &attempt);
	for (int i = 0; i < RULES; i += PER_BATCH) {
		struct batch b = batch_new();

		for (int j = i; j < i + PER_BATCH; j++) {
			auto_free char *name = xasprintf("r%d", j);
			auto_free char *text = xasprintf(
			    "rule r%d { strings: $a = \"%0200d\" condition: "
			    "$a }",
			    j, j);

			add_rule(&b, "n", name, text, text);
		}
		assert_int_equal(send_batch(rig, job, attempt, &b), ERR_OK);
	}
	finish(rig, job, attempt, "done", RULES);
	assert_string_equal(state_of(rig, 1), "tested");
	assert_int_equal(col_int(rig, 0, "rules"), RULES);
	(void)ask_ok(rig, CALL_RULES_SET,
	    ARGS(val_int(1), val_text(""),
		val_text("[{\"rule\":\"r77\",\"state\":\"disabled\","
			 "\"reason\":\"x\"}]")));
	print_message("# %d rules: %llu ms\n", RULES,
	    (unsigned long long)(loop_now_ms() - started));
	/* Far more than it takes, far less than a wrong plan would. */
	assert_in_range(loop_now_ms() - started, 0, 30000);
}

static void
test_reject(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	uint64_t me = rig->principal;

	add_rule(&b, "n", "a", "m1", "rule a {}");
	(void)make_version(rig, -1, &b);
	ask_err(
	    rig, ERR_FORMAT, CALL_RULES_REJECT, ARGS(val_int(1), val_text("")));
	rig->principal = somebody(rig, "activate_rules");
	ask_err(rig, ERR_DENIED, CALL_RULES_REJECT,
	    ARGS(val_int(1), val_text("no")));
	rig->principal = me;
	(void)ask_ok(
	    rig, CALL_RULES_REJECT, ARGS(val_int(1), val_text("not wanted")));
	assert_string_equal(reason_of(rig, 1), "not wanted");
	ask_err(rig, ERR_CONFLICT, CALL_RULES_REJECT,
	    ARGS(val_int(1), val_text("again")));
	/* A draft that was never sent goes, too; the next one has no parent:
	 * nothing usable is there. */
	assert_int_equal(create(rig, -1), 2);
	(void)ask_ok(rig, CALL_RULES_REJECT, ARGS(val_int(2), val_text("x")));
	ask_err(rig, ERR_FORMAT, CALL_RULES_CREATE,
	    ARGS(val_int(0), val_text(""), val_text("{}"), val_int(0)));
	ask_err(rig, ERR_FORMAT, CALL_RULES_CREATE,
	    ARGS(val_int(0), val_text(""),
		val_text("[{\"name\":\"x\",\"kind\":\"rumour\"}]"),
		val_int(0)));
	ask_err(rig, ERR_FORMAT, CALL_RULES_CREATE,
	    ARGS(val_int(0), val_text(""),
		val_text("[{\"name\":\"x\",\"kind\":\"git\","
			 "\"tlp\":\"PURPLE\"}]"),
		val_int(0)));
	ask_err(rig, ERR_NOT_FOUND, CALL_RULES_CREATE,
	    ARGS(val_int(9), val_text(""), val_text("[]"), val_int(0)));
}

/* Rules of a hunt use up no number, are in no list, and lead nowhere. */
static void
test_ad_hoc(void **state)
{
	struct rig *rig = *state;
	struct batch b = batch_new();
	int64_t hunt;

	for (int i = 0; i < 2; i++)
		(void)ask_ok(rig, CALL_RULES_CREATE,
		    ARGS(val_int(0), val_text(""), val_text("[]"), val_int(1)));
	hunt = col_int(rig, 0, "version");
	assert_int_equal(hunt, RULES_ADHOC_MIN + 2);
	sql_run(rig, "UPDATE rule_version SET state = 'tested'");
	ask_err(rig, ERR_CONFLICT, CALL_RULES_APPROVE, ARGS(val_int(hunt)));
	ask_err(rig, ERR_CONFLICT, CALL_RULES_CREATE,
	    ARGS(val_int(hunt), val_text(""), val_text("[]"), val_int(0)));
	add_rule(&b, "n", "a", "m", "rule a {}");
	/* Not even where it is all that there is. */
	assert_int_equal(make_version(rig, -1, &b), 1);
	(void)ask_ok(
	    rig, CALL_RULES_LIST, ARGS(val_text(""), val_int(0), val_text("")));
	assert_int_equal(rig->answer.rows_count, 1);
	assert_int_equal(col_int(rig, 0, "version"), 1);
	assert_int_equal(create(rig, -1), 2);
	(void)ask_ok(
	    rig, CALL_RESCAN_CREATE, ARGS(val_text("hunt"), val_int(hunt)));
	(void)ask_ok(rig, CALL_RESCAN_LIST, ARGS(val_int(0), val_text("")));
	assert_true(col_is_null(rig, 0, "version_to"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_ad_hoc, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_life, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_two_activations, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_single_person, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_states_of_rules, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_units, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_diff, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lost_attempt, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_malformed_batches, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_same_name_twice, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_who_may_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_internal_case_is_hidden, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_many_rules, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reject, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
