/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search.c - pages of a search: together they are what one page would be,
 * whatever is asked, and whatever comes or goes meanwhile.
 */
#include "fake.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/search_place.h"

#define SAME	 23 /* artefacts with the same bytes */
#define ALL_ROWS 500
#define SEEN_MAX 600

/* What pages have brought so far: each row's kind, artefact, why, time. */
struct seen {
	char *rows[SEEN_MAX];
	size_t count;
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
seen_release(struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		free(seen->rows[i]);
	seen->count = 0;
}

/* Takes the page's rows; the cursor behind them, or "". */
static void
take_page(struct rig *rig, const struct answer *a, struct seen *seen,
    int64_t limit, char *cursor, size_t size)
{
	for (size_t i = 0; i < a->rows_count; i++) {
		assert_true(seen->count < SEEN_MAX);
		seen->rows[seen->count++] = xasprintf("%s %s %s %s",
		    col_text(rig, i, "kind"), col_text(rig, i, "case"),
		    col_text(rig, i, "artefact"), col_text(rig, i, "why"));
	}
	cursor[0] = '\0';
	if ((int64_t)a->rows_count == limit)
		(void)snprintf(cursor, size, "%s",
		    col_text(rig, a->rows_count - 1, "cursor"));
}

static void
ask_pages(struct rig *rig, const char *q, const char *kind, int64_t limit,
    struct seen *seen)
{
	char cursor[SEARCH_PLACE_BYTES] = "";

	*seen = (struct seen){.count = 0};
	do {
		const struct answer *a = ask_ok(rig, CALL_SEARCH,
		    ARGS(val_text(q), val_text(kind), val_int(limit),
			val_text(cursor)));

		assert_true((int64_t)a->rows_count <= limit);
		take_page(rig, a, seen, limit, cursor, sizeof(cursor));
	} while (cursor[0] != '\0');
}

/* The same rows in the same order, by pages of any length. */
static void
check_pages(struct rig *rig, const char *q, const char *kind, size_t least)
{
	static const int64_t limits[] = {1, 3, 7, SAME};
	struct seen all;

	ask_pages(rig, q, kind, ALL_ROWS, &all);
	if (all.count < least)
		fail_msg("%s %s: %zu rows", kind, q, all.count);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct seen some;

		ask_pages(rig, q, kind, limits[i], &some);
		assert_int_equal(some.count, all.count);
		for (size_t at = 0; at < all.count; at++)
			assert_string_equal(some.rows[at], all.rows[at]);
		seen_release(&some);
	}
	seen_release(&all);
}

/* The same bytes many times over, each matched by three rules, each like the
 * others; their titles, names and a note say "turbine". */
static void
fill(struct rig *rig)
{
	char case_id[UUID_BYTES], artefact[UUID_BYTES], job[UUID_BYTES];
	int64_t attempt;

	for (int i = 0; i < SAME; i++) {
		make_artefact(rig, "turbine", case_id, artefact);
		lease(rig, "yara", job, &attempt);
		send_record(rig, job, attempt, RECORD_MATCH,
		    "{\"rule\":\"turbine_a\",\"namespace\":\"x\"}");
		send_record(rig, job, attempt, RECORD_MATCH,
		    "{\"rule\":\"turbine_a\",\"namespace\":\"y.z\"}");
		send_record(rig, job, attempt, RECORD_MATCH,
		    "{\"rule\":\"turbine\",\"namespace\":\"\"}");
		assert_int_equal(
		    done(rig, job, attempt, "done", "")->err, ERR_OK);
		(void)drain_jobs(rig, "identify,report");
	}
	sql_run(rig, "UPDATE case_file SET title = 'turbine stopped'");
	sql_run(rig,
	    "INSERT INTO search_tlsh (unit, artefact_id, org_id, digest) "
	    "SELECT row_number() OVER (ORDER BY a.id), a.id, a.org_id, "
	    "CAST(zeroblob(34) || char(row_number() OVER (ORDER BY a.id) % 5) "
	    "AS BLOB) FROM artefact a WHERE a.is_internal = 0 "
	    "ON CONFLICT DO NOTHING");
	for (int i = 0; i < 400; i++) {
		rig_turn(rig, 5);
		if (sql_int(rig, "SELECT count(*) FROM search_doc WHERE kind = "
				 "'finding'") >= 3 * SAME)
			return;
		(void)usleep(10000);
	}
	fail_msg("search does not learn");
}

static void
test_pages_are_the_whole(void **state)
{
	struct rig *rig = *state;
	char hex[2 * SHA256_BYTES + 1];
	uint8_t digest[SHA256_BYTES];

	fill(rig);
	sha256_once("turbine", 7, digest);
	hex_encode(hex, digest, sizeof(digest));
	check_pages(rig, hex, "hash", SAME);
	check_pages(rig, hex, "any", SAME);
	check_pages(rig, "turbine", "rule", (size_t)3 * SAME);
	check_pages(rig, "turbine_a", "rule", (size_t)2 * SAME);
	check_pages(rig, "turbine", "any", (size_t)5 * SAME);
	check_pages(rig, "turbine", "text", (size_t)3 * SAME);
	check_pages(rig, "turbine", "indicator", (size_t)3 * SAME);
	/* No rule of that name: words of findings, by pages, too. */
	check_pages(rig, "TURBINE", "rule", (size_t)3 * SAME);
	check_pages(rig,
	    "T1000000000000000000000000000000000000000000000000000000000000000"
	    "0000000",
	    "any", SAME);
}

/* A page begins behind the one before, whatever came or went. */
static void
test_between_pages(void **state)
{
	struct rig *rig = *state;
	char cursor[SEARCH_PLACE_BYTES] = "";
	struct seen seen = {.count = 0};
	const struct answer *a;

	fill(rig);
	a = ask_ok(rig, CALL_SEARCH,
	    ARGS(val_text("turbine"), val_text("rule"), val_int(30),
		val_text("")));
	take_page(rig, a, &seen, 30, cursor, sizeof(cursor));
	/* The row that the cursor names is gone, and all before it. */
	sql_run(rig, "DELETE FROM finding WHERE id IN (SELECT id FROM finding "
		     "WHERE type = 'match' ORDER BY name, namespace, id "
		     "LIMIT 30)");
	a = ask_ok(rig, CALL_SEARCH,
	    ARGS(val_text("turbine"), val_text("rule"), val_int(ALL_ROWS),
		val_text(cursor)));
	assert_int_equal(a->rows_count, 3 * SAME - 30);
	seen_release(&seen);
}

static void
test_related_pages(void **state)
{
	struct rig *rig = *state;
	char cursor[SEARCH_PLACE_BYTES] = "", id[UUID_BYTES];
	struct seen seen = {.count = 0};
	auto_free char *digest = NULL;
	size_t same = 0, near = 0;

	fill(rig);
	(void)ask_ok(rig, CALL_SEARCH,
	    ARGS(val_text("turbine_a"), val_text("rule"), val_int(1),
		val_text("")));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "artefact"));
	digest = xasprintf("UPDATE artefact SET tlsh = 'T1' || "
			   "printf('%%070d', 0) WHERE id = '%s'",
	    id);
	sql_run(rig, digest);
	do {
		const struct answer *a = ask_ok(rig, CALL_ARTEFACT_RELATED,
		    ARGS(val_text(id), val_int(4), val_text(cursor)));

		take_page(rig, a, &seen, 4, cursor, sizeof(cursor));
	} while (cursor[0] != '\0');
	for (size_t i = 0; i < seen.count; i++) {
		same += strncmp(seen.rows[i], "hash ", 5) == 0;
		near += strncmp(seen.rows[i], "tlsh ", 5) == 0;
		/* Itself is no answer. */
		assert_null(strstr(seen.rows[i], id));
	}
	assert_int_equal(same, SAME - 1);
	assert_int_equal(near, SAME - 1);
	seen_release(&seen);
}

static void
test_bad_cursors(void **state)
{
	static const char *const bad[] = {"x", "h.", "h.a", "h.a.", "h..a",
	    "r.", "r.1", "r.1.", "r.1.9.abc", "r.-1.1.a", "r.1.-1.a",
	    "r.99999999999999999999.1.a", "c.", "c.x", "c.1.", "c.1x", "w.",
	    "w.1.2", "t.1", "t.1.", "t..1", "t.1.x", "q.1", "1", "..", "w 1"};
	struct rig *rig = *state;
	auto_free char *longer = xmalloc(SEARCH_PLACE_BYTES + 8);
	struct search_place place;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (search_place_parse(bad[i], &place) == ERR_OK)
			fail_msg("taken: %s", bad[i]);
		ask_err(rig, ERR_FORMAT, CALL_SEARCH,
		    ARGS(val_text("a"), val_text("any"), val_int(1),
			val_text(bad[i])));
	}
	memset(longer, '1', SEARCH_PLACE_BYTES + 7);
	longer[SEARCH_PLACE_BYTES + 7] = '\0';
	memcpy(longer, "w.", 2);
	assert_int_equal(search_place_parse(longer, &place), ERR_FORMAT);
	/* A place in another rule's name. */
	ask_err(rig, ERR_FORMAT, CALL_SEARCH,
	    ARGS(val_text("b"), val_text("rule"), val_int(1),
		val_text("r.5.1.a")));
	assert_int_equal(
	    search_place_parse("r.7.3.a.bn:s/1.x", &place), ERR_OK);
	assert_int_equal(place.stage, SEARCH_RULES);
	assert_int_equal(place.number, 7);
	assert_string_equal(place.name, "a.b");
	assert_string_equal(place.namespace, "n:s/1.x");
	assert_int_equal(search_place_parse("r.7.0.n", &place), ERR_OK);
	assert_string_equal(place.name, "");
	assert_string_equal(place.namespace, "n");
	assert_int_equal(search_place_parse("t.12.3", &place), ERR_OK);
	assert_int_equal(place.distance, 12);
	assert_int_equal(place.number, 3);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_pages_are_the_whole),
	    T(test_between_pages),
	    T(test_related_pages),
	    T(test_bad_cursors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
