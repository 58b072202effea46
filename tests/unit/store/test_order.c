/* SPDX-License-Identifier: Apache-2.0 */
/* test_order.c - which job comes first, and who gets how much. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/fair.h"

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
test_equal_shares(void **state)
{
	static const char *const orgs[] = {"a", "b", "c"};
	struct fair *fair = fair_new();
	int got[3] = {0};

	(void)state;
	for (int i = 0; i < 300; i++) {
		size_t at = fair_pick(fair, orgs, 3);

		got[at]++;
		fair_charge(fair, orgs[at], 1);
	}
	assert_int_equal(got[0], 100);
	assert_int_equal(got[1], 100);
	assert_int_equal(got[2], 100);
	fair_free(fair);
}

static void
test_costs_count(void **state)
{
	static const char *const orgs[] = {"a", "b"};
	struct fair *fair = fair_new();
	int got[2] = {0};

	(void)state;
	for (int i = 0; i < 110; i++) {
		size_t at = fair_pick(fair, orgs, 2);

		got[at]++;
		fair_charge(fair, orgs[at], at == 0 ? 10 : 1);
	}
	assert_int_equal(got[0], 10);
	assert_int_equal(got[1], 100);
	fair_free(fair);
}

/* Neither waits one that comes late, nor does it take all at once. */
static void
test_late_comer(void **state)
{
	static const char *const orgs[] = {"old", "new"};
	struct fair *fair = fair_new();
	int got = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		fair_charge(fair, "old", 1);
	for (int i = 0; i < 20; i++) {
		size_t at = fair_pick(fair, orgs, 2);

		got += at == 1;
		fair_charge(fair, orgs[at], 1);
	}
	assert_in_range(got, 9, 11);
	/* Many organisations: the list grows. */
	for (int i = 0; i < 100; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "org %d", i);
		fair_charge(fair, name, 1);
	}
	fair_free(fair);
}

/* One file for the principal's organisation, in a case of that severity. */
static void
submit(struct rig *rig, const char *severity, char ret_artefact[UUID_BYTES])
{
	char case_id[UUID_BYTES], submission[UUID_BYTES];

	(void)ask_ok(rig, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(severity), val_text(""),
		val_text("")));
	(void)snprintf(case_id, sizeof(case_id), "%s", col_text(rig, 0, "id"));
	make_submission(rig, case_id, submission);
	upload(rig, submission, severity, ret_artefact);
}

static void
assert_next(struct rig *rig, const char *artefact)
{
	(void)ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w"), val_text("archive,yara"), val_int(1),
		val_int(0), val_int(-1)));
	assert_string_equal(col_text(rig, 0, "artefact"), artefact);
}

static void
test_severity_then_age(void **state)
{
	struct rig *rig = *state;
	char low[UUID_BYTES], first[UUID_BYTES], second[UUID_BYTES];
	char critical[UUID_BYTES];

	submit(rig, "low", low);
	submit(rig, "medium", first);
	submit(rig, "medium", second);
	submit(rig, "critical", critical);
	assert_next(rig, critical);
	assert_next(rig, first);
	assert_next(rig, second);
	assert_next(rig, low);
}

static void
test_rank_before_severity_and_crisis_before_rank(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], essential[UUID_BYTES], company[UUID_BYTES];
	char crisis[UUID_BYTES];
	auto_free char *sql = NULL;
	uint64_t admin = rig->principal;

	rig->principal = rig_other_org(rig, "Company", "C2", "submit", org);
	sql_run(rig, "UPDATE organisation SET rank = 3 WHERE name = 'Company'");
	submit(rig, "critical", company);
	submit(rig, "low", crisis);
	rig->principal = admin;
	rig->principal = rig_other_org(rig, "Power", "C1", "submit", org);
	submit(rig, "low", essential);
	sql = xasprintf(
	    "UPDATE job SET tier = 0 WHERE artefact_id = '%s'", crisis);
	sql_run(rig, sql);
	assert_next(rig, crisis);
	assert_next(rig, essential);
	assert_next(rig, company);
}

/* One organisation brings a hundred files, another of its rank then three. */
static void
test_nobody_waits_for_the_loudest(void **state)
{
	struct rig *rig = *state;
	char loud[UUID_BYTES], quiet[UUID_BYTES], artefact[UUID_BYTES];
	uint64_t admin = rig->principal;
	size_t at[3], found = 0;
	struct answer *a;

	rig->principal = rig_other_org(rig, "Loud", "C1", "submit", loud);
	for (int i = 0; i < 30; i++)
		submit(rig, "critical", artefact);
	rig->principal = admin;
	rig->principal = rig_other_org(rig, "Quiet", "C2", "submit", quiet);
	for (int i = 0; i < 3; i++)
		submit(rig, "low", artefact);
	a = ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w"), val_text("yara"), val_int(20), val_int(0),
		val_int(-1)));
	assert_int_equal(a->rows_count, 20);
	for (size_t i = 0; i < a->rows_count; i++) {
		if (strcmp(col_text(rig, i, "org"), quiet) == 0)
			at[found++] = i;
	}
	assert_int_equal(found, 3);
	assert_true(at[2] < 7);
}

/* A worker without a place for runs still gets what it can do. */
static void
test_kinds_do_not_block(void **state)
{
	struct rig *rig = *state;
	char artefact[UUID_BYTES];
	struct answer *a;

	submit(rig, "critical", artefact);
	for (int i = 0; i < 5; i++)
		(void)ask_ok(rig, CALL_RUN_CREATE,
		    ARGS(val_text(artefact), val_text("")));
	submit(rig, "low", artefact);
	a = ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w"), val_text("yara"), val_int(10), val_int(0),
		val_int(-1)));
	assert_int_equal(a->rows_count, 2);
	a = ask_ok(rig, CALL_JOB_LEASE,
	    ARGS(val_text("w"), val_text("detonate,,yara"), val_int(10),
		val_int(0), val_int(-1)));
	assert_int_equal(a->rows_count, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_equal_shares),
	    cmocka_unit_test(test_costs_count),
	    cmocka_unit_test(test_late_comer),
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_severity_then_age),
	    T(test_rank_before_severity_and_crisis_before_rank),
	    T(test_nobody_waits_for_the_loudest),
	    T(test_kinds_do_not_block),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
