/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_call.c - every operation that a request can ask of the store, with any
 * parameters, in any order: whatever lib/call.def lists is reached, so a new
 * operation is covered by being there.
 * fuzz-links: store
 *
 * The first byte chooses who asks (staff, the organisation whose case it is,
 * or a stranger); then two bytes choose an operation and some for each of its
 * parameters: an id or word that the database knows, or bytes of the input.
 * What one organisation sent is marked; no answer to a stranger may hold that.
 */
#include "../unit/store/fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <sqlite3.h>
#include <sys/socket.h>

#define MARK	   "QXMARK"
#define CALLS_MAX  12
#define TURNS	   60
#define POOL_MAX   2048
#define TEXT_BYTES 128
/* Then everything is made anew: state must not grow without end. */
#define INPUTS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing here outlives the process: no reason to wait for a disk. */
int fsync(int fd);
int fdatasync(int fd);

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

struct input {
	const uint8_t *p;
	size_t len;
};

struct call_end {
	bool is_ended;
	bool is_stranger;
	enum call_op op;
};

static struct rig *rig;
static uint64_t people[3];
static size_t inputs;
static char pool[POOL_MAX][TEXT_BYTES];
static size_t pool_count;

static uint8_t
take_byte(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

static void
add_text(const char *text, size_t len)
{
	if (len == 0 || len >= TEXT_BYTES || pool_count == POOL_MAX ||
	    memmem(text, len, MARK, strlen(MARK)) != NULL)
		return;
	for (size_t i = 0; i < pool_count; i++) {
		if (strlen(pool[i]) == len && memcmp(pool[i], text, len) == 0)
			return;
	}
	memcpy(pool[pool_count], text, len);
	pool[pool_count++][len] = '\0';
}

static void
each_text(const char *sql, void (*use)(const char *text, size_t len))
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(rig->store->db->sqlite, sql, -1, &stmt, NULL) !=
	    SQLITE_OK)
		abort();
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			if (sqlite3_column_type(stmt, i) == SQLITE_TEXT)
				use((const char *)sqlite3_column_text(stmt, i),
				    (size_t)sqlite3_column_bytes(stmt, i));
		}
	}
	(void)sqlite3_finalize(stmt);
}

static void
add_table(const char *name, size_t len)
{
	auto_free char *sql = NULL;

	/* The index of words has its own tables; nothing is to be learnt. */
	if (memmem(name, len, "search_", 7) != NULL)
		return;
	sql = xasprintf("SELECT * FROM %.*s LIMIT 24", (int)len, name);
	each_text(sql, add_text);
}

/* The words that the schema knows: 'queued', 'TLP:RED' ... */
static void
add_words(const char *sql, size_t len)
{
	const char *end = sql + len;
	const char *p = sql;

	while ((p = memchr(p, '\'', (size_t)(end - p))) != NULL) {
		const char *q = memchr(p + 1, '\'', (size_t)(end - p - 1));

		if (q == NULL)
			return;
		add_text(p + 1, (size_t)(q - p - 1));
		p = q + 1;
	}
}

static void
make_world(void)
{
	char case_id[UUID_BYTES], artefact[UUID_BYTES], org[UUID_BYTES];
	uint64_t staff;

	rig = rig_new();
	staff = rig->principal;
	rig->principal = people[1] = rig_other_org(
	    rig, MARK " water", "C1", "submit analyse manage_org_users", org);
	make_artefact(rig, MARK " bytes", case_id, artefact);
	(void)ask_ok(rig, CALL_MESSAGE_ADD,
	    ARGS(val_text(case_id), val_text(MARK " message")));
	rig->principal = staff;
	(void)ask_ok(rig, CALL_NOTE_ADD,
	    ARGS(val_text(case_id), val_text(MARK " note")));
	(void)ask_ok(rig, CALL_TASK_ADD,
	    ARGS(val_text(case_id), val_text(MARK " task"), val_null(),
		val_null()));
	(void)ask_ok(rig, CALL_VERDICT_ADD,
	    ARGS(val_text(artefact), val_text("malicious"), val_text("high"),
		val_text(MARK " reason")));
	sql_run(rig, "UPDATE case_file SET title = '" MARK " title'");
	rig->principal = people[2] = rig_other_org(
	    rig, "stranger", "C1", "submit analyse manage_org_users", org);
	make_artefact(rig, "other bytes", case_id, artefact);
	rig->principal = people[0] = rig_session_of_admin(rig);
	make_artefact(rig, "the staff's own", case_id, artefact);
	pool_count = 0;
	add_text("[]", 2);
	add_text("{}", 2);
	each_text(
	    "SELECT sql FROM sqlite_schema WHERE type = 'table'", add_words);
	each_text("SELECT name FROM sqlite_schema WHERE type = 'table' "
		  "AND sql NOT LIKE '%VIRTUAL%' ORDER BY name",
	    add_table);
}

static void
remake_world(void)
{
	if (rig != NULL)
		rig_free(rig);
	make_world();
	inputs = 0;
}

static struct value
take_int(struct input *in)
{
	static const int64_t numbers[] = {0, 1, 2, 3, -1, INT64_MAX, INT64_MIN,
	    INT64_C(1) << 32, 1000000, INT64_C(1795255200) * 1000000};
	uint8_t choice = take_byte(in);
	uint64_t n = 0;

	if (choice < 128)
		return val_int(
		    numbers[choice % (sizeof(numbers) / sizeof(numbers[0]))]);
	for (int i = 0; i < (choice % 2 == 0 ? 8 : 1); i++)
		n = n << 8 | take_byte(in);
	return val_int((int64_t)n);
}

/* Bytes of the input that are a text as web lets it pass: ASCII, no NUL. */
static struct value
take_literal(struct input *in, bool is_text)
{
	static char texts[CALLS_MAX * LIMIT_VALUES][256];
	static size_t next;
	char *dst = texts[next++ % (CALLS_MAX * LIMIT_VALUES)];
	size_t len = take_byte(in);

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = take_byte(in);

		dst[i] = (char)(is_text ? 1 + byte % 127 : byte);
	}
	dst[len] = '\0';
	return is_text ? val_text(dst) : val_bytes(dst, len);
}

static struct value
take_value(struct input *in, const struct call_field *field)
{
	uint8_t choice = take_byte(in);
	size_t at;

	if (choice % 8 == 7 && field->is_nullable)
		return val_null();
	if (strchr("itf", field->type) != NULL)
		return take_int(in);
	if (choice % 8 == 6)
		return strchr("bhn", field->type) != NULL ? val_bytes("", 0)
							  : val_text("");
	if (choice % 8 == 5 || strchr("bhn", field->type) != NULL)
		return take_literal(in, strchr("sj", field->type) != NULL);
	at = (size_t)take_byte(in) << 8;
	at |= take_byte(in);
	return val_text(pool[at % pool_count]);
}

static void
on_row(void *arg, const struct values *row)
{
	const struct call_end *end = arg;

	for (size_t i = 0; end->is_stranger && i < row->count; i++) {
		const struct value *v = &row->v[i];

		if ((v->type == VALUE_TEXT || v->type == VALUE_BYTES) &&
		    memmem(v->p, v->len, MARK, strlen(MARK)) != NULL) {
			(void)fprintf(stderr,
			    "fuzz_call: %s tells a stranger: %.*s\n",
			    call_spec(end->op)->name, (int)v->len,
			    (const char *)v->p);
			abort();
		}
	}
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct call_end *end = arg;

	/* Whoever is refused hears why. */
	if (err != ERR_OK && (why == NULL || why[0] == '\0')) {
		(void)fprintf(stderr, "fuzz_call: %s fails without a reason\n",
		    call_spec(end->op)->name);
		abort();
	}
	if (fd != -1)
		(void)close(fd);
	end->is_ended = true;
}

static enum call_op
take_op(struct input *in)
{
	size_t at = (size_t)take_byte(in) << 8;

	at |= take_byte(in);
	at = 1 + at % (CALL_COUNT - 1);
	for (size_t i = 0; i < CALL_COUNT;
	     i++, at = 1 + at % (CALL_COUNT - 1)) {
		if ((call_spec((unsigned int)at)->roles & ROLE_WEB) != 0)
			return (enum call_op)at;
	}
	abort();
}

static void
call(struct input *in, size_t who)
{
	struct call_end end = {.is_stranger = who == 2, .op = take_op(in)};
	const struct call_spec *spec = call_spec(end.op);
	struct values params;
	uint32_t id;

	values_init(&params);
	for (size_t i = 0; i < spec->param_count; i++)
		params.v[params.count++] = take_value(in, &spec->params[i]);
	if (call_check(end.op, &params, false) != ERR_OK)
		abort();
	id = calls_start(
	    rig->web, end.op, people[who], &params, -1, on_row, on_end, &end);
	for (int i = 0; !end.is_ended && i < TURNS; i++)
		loop_turn(rig->loop, i < TURNS / 2 ? 0 : 1);
	/* Some wait for the scheduler or the index: nobody is there. */
	if (!end.is_ended)
		calls_cancel(rig->web, id);
	/* No call of web's may look like a break of the protocol. */
	if (rig->blames != 0) {
		(void)fprintf(stderr, "fuzz_call: %s is blamed\n", spec->name);
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	size_t who;

	if (size < 4)
		return 0;
	if (rig == NULL || ++inputs > INPUTS_MAX || rig->web_chan == NULL)
		remake_world();
	who = take_byte(&in) % 3;
	for (size_t i = 0; i < CALLS_MAX && in.len > 0; i++)
		call(&in, who);
	return 0;
}
