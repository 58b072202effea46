/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit.c - the audit chain: exported, checked, tampered with. */
#include "fake.h"

#include "lib/audit.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <sqlite3.h>

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

/* Reads the export while the store goes on writing it. */
static char *
export_text(struct rig *rig, size_t *ret_len)
{
	struct answer *a = ask_ok(rig, CALL_AUDIT_EXPORT, NULL, 0);
	int fd = take_fd(a->fd);
	char *text = xmalloc(8 * MIB);
	size_t len = 0;

	for (;;) {
		ssize_t n;

		rig_turn(rig, 2);
		n = read(fd, text + len, 8 * MIB - len);
		assert_true(n >= 0);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	(void)close(fd);
	*ret_len = len;
	return text;
}

static int
check(char *text, size_t len, char *why, int64_t *ret_seq)
{
	struct audit_check c;
	char *line = text;
	int err = ERR_OK;

	audit_check_init(&c);
	while (err == ERR_OK && line < text + len) {
		char *end = memchr(line, '\n', (size_t)(text + len - line));

		assert_non_null(end);
		err = audit_check_line(&c, line, (size_t)(end - line));
		line = end + 1;
	}
	if (err == ERR_OK)
		err = audit_check_end(&c);
	if (why != NULL)
		(void)snprintf(why, 256, "%s", c.why);
	if (ret_seq != NULL)
		*ret_seq = c.seq;
	return err;
}

static void
fill(struct rig *rig, int cases)
{
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	for (int i = 0; i < cases; i++)
		make_artefact(rig, i % 2 ? "one" : "two", case_id, artefact);
}

static void
test_export_verifies(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = NULL;
	int64_t seq;
	size_t len;

	fill(rig, 20);
	text = export_text(rig, &len);
	assert_int_equal(check(text, len, NULL, &seq), ERR_OK);
	/* The export itself is the next entry. */
	assert_int_equal(
	    seq + 1, sql_int(rig, "SELECT max(seq) FROM audit_event"));
	assert_non_null(memmem(text, len, "\"custody.received\"", 18));
}

/* Asked together, so that they are committed together. */
static void
many_cases(struct rig *rig, int count)
{
	struct values params;

	values_init(&params);
	for (int i = 0; i < 5; i++)
		values_add_text(&params, "");
	for (int i = 0; i < count; i++) {
		(void)calls_start(rig->web, CALL_CASE_CREATE, rig->principal,
		    &params, -1, NULL, NULL, NULL);
		if (i % 128 == 127)
			rig_turn(rig, 4);
	}
	rig_turn(rig, 20);
}

/* More than one piece of the feed. */
static void
test_long_export(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = NULL;
	int64_t seq;
	size_t len;

	many_cases(rig, 2500);
	text = export_text(rig, &len);
	assert_int_equal(check(text, len, NULL, &seq), ERR_OK);
	assert_true(seq > 2500);
}

static void
test_every_change_shows(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = NULL;
	auto_free char *copy = NULL;
	size_t len;

	fill(rig, 2);
	text = export_text(rig, &len);
	copy = xmemdup(text, len);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			continue;
		copy[i] ^= 1;
		if (copy[i] != '\n' && check(copy, len, NULL, NULL) == ERR_OK) {
			/* Only hexadecimal may be written in two ways. */
			fail_msg("a flip at %zu of %.60s goes unseen", i,
			    text + (i > 30 ? i - 30 : 0));
		}
		copy[i] = text[i];
	}
}

/* Removes line `at` of the text; counts from 0. */
static size_t
remove_line(char *text, size_t len, int at)
{
	char *line = text;
	char *end;

	for (int i = 0; i < at; i++)
		line = (char *)memchr(line, '\n', len) + 1;
	end = (char *)memchr(line, '\n', len) + 1;
	memmove(line, end, (size_t)(text + len - end));
	return len - (size_t)(end - line);
}

static void
test_missing_entries(void **state)
{
	struct rig *rig = *state;
	char why[256];
	size_t len, lines = 0;

	fill(rig, 2);
	free(export_text(rig, &len));
	for (int at = 0;; at++) {
		auto_free char *text = export_text(rig, &len);

		lines = 0;
		for (size_t i = 0; i < len; i++)
			lines += text[i] == '\n';
		if (at == (int)lines || at > 6)
			break;
		len = remove_line(text, len, at);
		assert_int_equal(check(text, len, why, NULL), ERR_FORMAT);
		if (at == 1)
			assert_non_null(strstr(why, "entry 1"));
	}
	assert_true(lines > 6);
}

static void
test_cut_at_the_end(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = NULL;
	char why[256];
	size_t len;
	int lines = 0;

	fill(rig, 2);
	text = export_text(rig, &len);
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	len = remove_line(text, len, lines - 1);
	assert_int_equal(check(text, len, why, NULL), ERR_FORMAT);
	assert_non_null(strstr(why, "missing"));
	assert_int_equal(check(text, 0, why, NULL), ERR_FORMAT);
}

static int
db_try(struct sqlite3 *sqlite, const char *sql, char **ret_why)
{
	sqlite3_free(*ret_why);
	*ret_why = NULL;
	return sqlite3_exec(sqlite, sql, NULL, NULL, ret_why);
}

static void
test_rows_cannot_be_changed(void **state)
{
	struct rig *rig = *state;
	char *why = NULL;
	struct sqlite3 *sqlite = rig->store->db->sqlite;

	fill(rig, 1);
	assert_int_not_equal(db_try(sqlite,
				 "UPDATE audit_event "
				 "SET actor = 'nobody' WHERE seq = 1",
				 &why),
	    0);
	assert_non_null(strstr(why, "never changed"));
	assert_int_not_equal(
	    db_try(sqlite, "DELETE FROM audit_event", &why), 0);
	assert_non_null(strstr(why, "never deleted"));
	sqlite3_free(why);
}

/* Whoever gets around that is found out by the check. */
static void
test_tampering_in_the_database(void **state)
{
	struct rig *rig = *state;
	static const char *const crimes[] = {
	    "UPDATE audit_event SET actor = 'nobody' WHERE seq = 3",
	    "UPDATE audit_event SET at = at + 1 WHERE seq = 3",
	    "UPDATE audit_event SET detail = '{}' WHERE seq = 3",
	    "UPDATE audit_event SET hash = zeroblob(32) WHERE seq = 3",
	    "DELETE FROM audit_event WHERE seq = 3"};
	char why[256];
	size_t len;

	fill(rig, 2);
	sql_run(rig, "DROP TRIGGER audit_no_update;"
		     "DROP TRIGGER audit_no_delete");
	sql_run(rig, "CREATE TABLE saved AS SELECT * FROM audit_event");
	for (size_t i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++) {
		auto_free char *text = NULL;

		sql_run(rig, crimes[i]);
		text = export_text(rig, &len);
		assert_int_equal(check(text, len, why, NULL), ERR_FORMAT);
		assert_non_null(strstr(why, "entry 3"));
		sql_run(rig, "DELETE FROM audit_event;"
			     "INSERT INTO audit_event SELECT * FROM saved");
	}
}

/* Texts that JSON must escape come back as they were. */
static void
test_escapes(void **state)
{
	struct rig *rig = *state;
	auto_free char *text = NULL;
	size_t len;
	int64_t seq;

	(void)ask_ok(rig, CALL_ORG_CREATE,
	    ARGS(val_text("a \"quoted\" \\ name\n\x01 \xc3\xa9"),
		val_text("c1")));
	text = export_text(rig, &len);
	assert_int_equal(check(text, len, NULL, &seq), ERR_OK);
	assert_non_null(memmem(text, len, "\xc3\xa9", 2));
	assert_null(memchr(text, 1, len));
}

static void
test_export_needs_the_vault(void **state)
{
	struct rig *rig = *state;

	rig_drop_vault(rig);
	ask_err(rig, ERR_UNAVAILABLE, CALL_AUDIT_EXPORT, NULL, 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'audit.exported'"),
	    0);
}

/* The reader goes away in the middle: nothing is left behind. */
static void
test_reader_goes_away(void **state)
{
	struct rig *rig = *state;

	many_cases(rig, 600);
	(void)ask_ok(rig, CALL_AUDIT_EXPORT, NULL, 0);
	(void)close(take_fd(rig->answer.fd));
	rig_turn(rig, 20);
	make_case(rig, (char[UUID_BYTES]){0}, NULL);
}

static void
test_list(void **state)
{
	struct rig *rig = *state;
	struct answer *a;

	fill(rig, 3);
	a = ask_ok(rig, CALL_AUDIT_LIST, ARGS(val_int(2), val_int(3)));
	assert_int_equal(a->rows_count, 3);
	assert_int_equal(col_int(rig, 0, "seq"), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_export_verifies),
	    T(test_long_export),
	    T(test_every_change_shows),
	    T(test_missing_entries),
	    T(test_cut_at_the_end),
	    T(test_rows_cannot_be_changed),
	    T(test_tampering_in_the_database),
	    T(test_escapes),
	    T(test_export_needs_the_vault),
	    T(test_reader_goes_away),
	    T(test_list),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
