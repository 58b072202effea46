/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_dump.c - a large case is written out for its report: pages are answered
 * in between, and the dump is of one moment.
 */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <unistd.h>

#define ARTEFACTS 50000
/* Each turn writes 64 rows at the most, and a page takes a few turns. */
#define PAGES_MIN (ARTEFACTS / 64 / 4)

struct dumping {
	bool is_ended;
	enum err err;
	int fd;
	char why[256];
};

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

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct dumping *d = arg;

	d->is_ended = true;
	d->err = err;
	d->fd = fd;
	(void)snprintf(d->why, sizeof(d->why), "%s", why);
}

/* Leases the next report and asks for its case, without waiting. */
static void
start_dump(struct rig *rig, struct dumping *d, char job[UUID_BYTES])
{
	struct values params;
	int64_t attempt;

	*d = (struct dumping){.fd = -1};
	lease(rig, "report", job, &attempt);
	values_init(&params);
	values_add_text(&params, job);
	values_add_int(&params, attempt);
	(void)calls_start(
	    rig->sched, CALL_CASE_DUMP, 0, &params, -1, NULL, on_end, d);
}

static void
wait_dump(struct rig *rig, struct dumping *d)
{
	for (int i = 0; i < 200000 && !d->is_ended; i++)
		loop_turn(rig->loop, 10);
	assert_true(d->is_ended);
}

static size_t
count_lines(const char *text, size_t len, const char *start)
{
	size_t count = 0, n = strlen(start);

	for (const char *p = text; p < text + len;) {
		const char *end = memchr(p, '\n', (size_t)(text + len - p));

		assert_non_null(end);
		count += (size_t)(end - p) >= n && memcmp(p, start, n) == 0;
		p = end + 1;
	}
	return count;
}

/* A case whose report waits, with so many artefacts, by SQL. */
static void
make_large_case(struct rig *rig, int count, char case_id[UUID_BYTES])
{
	char artefact[UUID_BYTES];
	auto_free char *sql = NULL;

	make_artefact(rig, "hello", case_id, artefact);
	sql = xasprintf(
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO artefact (id, org_id, case_id, "
	    "submission_id, depth, sha256, size, name, kind, tlp, pap, "
	    "is_visible, created_at) SELECT uuid7(), a.org_id, a.case_id, "
	    "a.submission_id, 0, a.sha256, a.size, a.name, a.kind, a.tlp, "
	    "a.pap, 1, a.created_at FROM artefact a, n WHERE a.id = '%s'",
	    count - 1, artefact);
	sql_run(rig, sql);
	(void)drain_jobs(rig, "identify,yara");
}

/* What comes meanwhile: another title, another artefact behind all others. */
static void
change_case(struct rig *rig, const char *case_id)
{
	auto_free char *title = xasprintf(
	    "UPDATE case_file SET title = 'later' WHERE id = '%s'", case_id);
	auto_free char *more = xasprintf(
	    "INSERT INTO artefact (id, org_id, case_id, submission_id, depth, "
	    "sha256, size, name, kind, tlp, pap, is_visible, created_at) "
	    "SELECT 'ffff' || substr(a.id, 5), a.org_id, a.case_id, "
	    "a.submission_id, 0, a.sha256, a.size, a.name, a.kind, a.tlp, "
	    "a.pap, 1, a.created_at FROM artefact a WHERE a.case_id = '%s' "
	    "LIMIT 1",
	    case_id);

	sql_run(rig, title);
	sql_run(rig, more);
}

static void
test_pages_in_between(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], job[UUID_BYTES];
	auto_free char *text = NULL;
	struct dumping d;
	uint64_t longest_ms = 0;
	size_t pages = 0, len;

	make_large_case(rig, ARTEFACTS, case_id);
	start_dump(rig, &d, job);
	while (!d.is_ended) {
		uint64_t from_ms = loop_now_ms();

		(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
		if (loop_now_ms() - from_ms > longest_ms)
			longest_ms = loop_now_ms() - from_ms;
		if (++pages == 20)
			change_case(rig, case_id);
	}
	assert_int_equal(d.err, ERR_OK);
	print_message("# %zu pages were answered meanwhile, the slowest in "
		      "%d ms\n",
	    pages, (int)longest_ms);
	assert_true(pages >= PAGES_MIN);
	assert_int_equal(fcntl(d.fd, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
	text = read_all(take_fd(d.fd), &len);
	/* All of it, as it was when it began. */
	assert_int_equal(
	    count_lines(text, len, "{\"table\":\"artefact\""), ARTEFACTS);
	assert_null(memmem(text, len, "later", 5));
	assert_true(count_lines(text, len, "{\"table\":\"custody\"") > 0);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
	assert_string_equal(col_text(rig, 0, "title"), "later");
}

/* One after another, each its own case. */
static void
test_two_at_once(void **state)
{
	struct rig *rig = *state;
	char case_a[UUID_BYTES], case_b[UUID_BYTES], job[UUID_BYTES];
	auto_free char *text_a = NULL;
	auto_free char *text_b = NULL;
	struct dumping a, b;
	size_t len_a, len_b;

	make_large_case(rig, 300, case_a);
	make_large_case(rig, 200, case_b);
	start_dump(rig, &a, job);
	start_dump(rig, &b, job);
	wait_dump(rig, &a);
	wait_dump(rig, &b);
	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(b.err, ERR_OK);
	text_a = read_all(take_fd(a.fd), &len_a);
	text_b = read_all(take_fd(b.fd), &len_b);
	assert_int_equal(
	    count_lines(text_a, len_a, "{\"table\":\"artefact\"") +
		count_lines(text_b, len_b, "{\"table\":\"artefact\""),
	    500);
	assert_true((memmem(text_a, len_a, case_b, UUID_BYTES - 1) == NULL) !=
		    (memmem(text_a, len_a, case_a, UUID_BYTES - 1) == NULL));
	assert_true((memmem(text_b, len_b, case_b, UUID_BYTES - 1) == NULL) !=
		    (memmem(text_b, len_b, case_a, UUID_BYTES - 1) == NULL));
}

/* Who asked is gone: the reader is let go, and the next one gets it. */
static void
test_sched_is_gone(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], job[UUID_BYTES];
	struct dumping d;

	make_large_case(rig, 5000, case_id);
	start_dump(rig, &d, job);
	rig_turn(rig, 5);
	assert_false(d.is_ended);
	rig_drop_sched(rig);
	rig_turn(rig, 20);
	rig_connect_sched(rig);
	start_dump(rig, &d, job);
	wait_dump(rig, &d);
	assert_int_equal(d.err, ERR_OK);
	(void)close(d.fd);
}

/* The store ends in the middle, and the log is given back at the end. */
static void
test_store_ends(void **state)
{
	struct rig *rig = *state;
	char case_id[UUID_BYTES], job[UUID_BYTES];
	struct dumping d;

	make_large_case(rig, 5000, case_id);
	start_dump(rig, &d, job);
	rig_turn(rig, 5);
	assert_false(d.is_ended);
	rig_stop(rig);
	rig_start(rig);
	(void)ask_ok(rig, CALL_CASE_GET, ARGS(val_text(case_id)));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_pages_in_between),
	    T(test_two_at_once),
	    T(test_sched_is_gone),
	    T(test_store_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
