/* SPDX-License-Identifier: Apache-2.0 */
/* test_next.c - the table of what a type deserves next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/next.h"

struct fixture {
	struct sched sched;
	struct job job;
	struct sift sift;
	char *next;
};

static void
nothing(void *arg)
{
	(void)arg;
}

/* A job of identify about something of this type, with one VM profile. */
static void
setup(struct fixture *f, const char *mime, const char *magic)
{
	memset(f, 0, sizeof(*f));
	pool_init(&f->sched.pool, &f->sched, 0);
	(void)snprintf(f->sched.pool.profiles[0].name, 64, "debian-12");
	f->sched.pool.profile_count = 1;
	f->job.sched = &f->sched;
	f->job.refs = 1;
	f->job.options = json_object();
	(void)snprintf(f->job.kind, sizeof(f->job.kind), "identify");
	(void)snprintf(f->job.submission, 64, "s1");
	sift_init(&f->sift, &f->job, nothing, NULL);
	(void)snprintf(f->sift.mime, sizeof(f->sift.mime), "%s", mime);
	(void)snprintf(f->sift.magic, sizeof(f->sift.magic), "%s", magic);
}

static const char *
next_of(struct fixture *f)
{
	auto_json json_t *jobs = next_jobs(&f->job, &f->sift);

	free(f->next);
	f->next = json_canonical(jobs);
	return f->next;
}

/* The findings of our own, as the batch holds them. */
static bool
has_limit(const struct fixture *f, const char *text)
{
	return f->sift.batch.out.len > 0 &&
	       memmem(f->sift.batch.out.buf, f->sift.batch.out.len, text,
		   strlen(text)) != NULL;
}

static void
teardown(struct fixture *f)
{
	sift_release(&f->sift);
	json_decref(f->job.options);
	free(f->next);
}

static const char archive[] = "[{\"artefact\":\"\",\"kind\":\"archive\","
			      "\"options\":{}}]";
static const char run[] = "[{\"artefact\":\"\",\"kind\":\"detonate\","
			  "\"options\":{\"profile\":\"debian-12\"}}]";

static void
test_types_get_their_analysers(void **state)
{
	static const char *const containers[] = {"application/zip",
	    "application/gzip", "application/x-tar",
	    "application/x-7z-compressed",
	    "application/vnd.openxmlformats-officedocument.x.document",
	    "application/vnd.oasis.opendocument.text"};
	static const char *const others[] = {"text/plain", "application/zi",
	    "application/zipper", "image/png", ""};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		setup(&f, containers[i], "");
		assert_string_equal(next_of(&f), archive);
		teardown(&f);
	}
	for (size_t i = 0; i < 5; i++) {
		setup(&f, others[i], "");
		assert_string_equal(next_of(&f), "[]");
		teardown(&f);
	}
}

static void
test_only_identify_decides(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "application/zip", "");
	(void)snprintf(f.job.kind, sizeof(f.job.kind), "yara");
	assert_string_equal(next_of(&f), "[]");
	teardown(&f);
}

static void
test_depth_is_said(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "application/zip", "");
	f.job.depth = LIMIT_DEPTH;
	assert_string_equal(next_of(&f), "[]");
	assert_true(has_limit(&f, "level 8"));
	teardown(&f);
}

static void
test_programs_and_scripts_are_run(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "application/x-pie-executable", "ELF 64-bit, x86-64");
	assert_string_equal(next_of(&f), run);
	teardown(&f);
	setup(&f, "text/x-shellscript", "");
	assert_string_equal(next_of(&f), run);
	(void)snprintf(
	    f.job.relation, sizeof(f.job.relation), "archive_member");
	assert_string_equal(next_of(&f), run);
	/* What a run dropped is not run again. */
	(void)snprintf(f.job.relation, sizeof(f.job.relation), "dropped");
	assert_string_equal(next_of(&f), "[]");
	assert_false(has_limit(&f, "detonat"));
	teardown(&f);
	setup(&f, "application/x-sharedlib", "ELF 64-bit, x86-64");
	assert_string_equal(next_of(&f), "[]");
	teardown(&f);
}

static void
test_what_is_not_run_is_said(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "application/x-executable", "ELF 32-bit LSB, ARM");
	assert_string_equal(next_of(&f), "[]");
	assert_true(has_limit(&f, "no VM profile runs"));
	teardown(&f);
	setup(&f, "application/vnd.microsoft.portable-executable", "PE32");
	assert_string_equal(next_of(&f), "[]");
	assert_true(has_limit(&f, "no VM profile runs"));
	teardown(&f);
	setup(&f, "text/x-shellscript", "");
	f.sched.pool.profile_count = 0;
	assert_string_equal(next_of(&f), "[]");
	assert_true(has_limit(&f, "no VM profile 'debian-12' is there"));
	teardown(&f);
	setup(&f, "text/x-shellscript", "");
	(void)json_object_set_new(
	    f.job.options, "profile", json_string("none"));
	assert_string_equal(next_of(&f), "[]");
	assert_true(has_limit(&f, "asked for no run"));
	teardown(&f);
}

static void
test_runs_of_a_submission_are_bounded(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "text/x-shellscript", "");
	for (uint64_t i = 0; i < LIMIT_DETONATIONS; i++)
		assert_string_equal(next_of(&f), run);
	assert_string_equal(next_of(&f), "[]");
	assert_true(has_limit(&f, "16 files of this submission"));
	/* Another submission has its own. */
	(void)snprintf(f.job.submission, 64, "s2");
	assert_string_equal(next_of(&f), run);
	teardown(&f);
}

static void
test_the_submitter_chooses(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "text/x-shellscript", "");
	(void)snprintf(f.sched.pool.profiles[1].name, 64, "site-1");
	f.sched.pool.profile_count = 2;
	(void)json_object_set_new(
	    f.job.options, "profile", json_string("site-1"));
	(void)json_object_set_new(f.job.options, "seconds", json_integer(5));
	assert_string_equal(next_of(&f),
	    "[{\"artefact\":\"\",\"kind\":\"detonate\",\"options\":"
	    "{\"profile\":\"site-1\",\"seconds\":5}}]");
	teardown(&f);
}

static void
test_it_waits_only_for_a_pool_to_come(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "text/x-shellscript", "");
	assert_false(next_must_wait(&f.job, &f.sift)); /* it is there */
	f.sched.pool.profile_count = 0;
	assert_false(next_must_wait(&f.job, &f.sift)); /* and never will be */
	f.sched.pool.settle_ms = 1000000;
	assert_true(next_must_wait(&f.job, &f.sift));
	(void)snprintf(f.sift.mime, sizeof(f.sift.mime), "text/plain");
	assert_false(next_must_wait(&f.job, &f.sift));
	teardown(&f);
}

static void
test_bytes_are_bounded_by_container_and_submission(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "application/zip", "");
	f.job.size = 10;
	assert_int_equal(sift_bytes_max(&f.job), LIMIT_EXPANSION_FLOOR_BYTES);
	f.job.size = (int64_t)GIB;
	assert_int_equal(sift_bytes_max(&f.job), GIB * LIMIT_EXPANSION_RATIO);
	f.job.size = INT64_MAX;
	assert_int_equal(sift_bytes_max(&f.job), LIMIT_SUBMISSION_BYTES);
	(void)tally_bytes(&f.sched.tally, "s1", LIMIT_SUBMISSION_BYTES - 7);
	assert_int_equal(sift_bytes_max(&f.job), 7);
	(void)tally_bytes(&f.sched.tally, "s1", 100);
	assert_int_equal(sift_bytes_max(&f.job), 0);
	teardown(&f);
}

static void
test_tables_of_sums_are_bounded(void **state)
{
	static struct tally tally;

	(void)state;
	assert_int_equal(tally_releases(&tally, "first"), 1);
	assert_int_equal(tally_releases(&tally, "first"), 2);
	for (int i = 0; i < TALLY_NAMES - 1; i++) {
		auto_free char *name = xasprintf("job-%d", i);

		assert_int_equal(tally_releases(&tally, name), 1);
	}
	assert_int_equal(tally_releases(&tally, "first"), 3);
	/* One name more: the oldest is forgotten. */
	assert_int_equal(tally_releases(&tally, "one more"), 1);
	assert_int_equal(tally_releases(&tally, "first"), 1);
	assert_int_equal(tally_bytes(&tally, "s", UINT64_MAX), UINT64_MAX);
	assert_int_equal(tally_bytes(&tally, "s", 5), UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types_get_their_analysers),
	    cmocka_unit_test(test_only_identify_decides),
	    cmocka_unit_test(test_depth_is_said),
	    cmocka_unit_test(test_programs_and_scripts_are_run),
	    cmocka_unit_test(test_what_is_not_run_is_said),
	    cmocka_unit_test(test_runs_of_a_submission_are_bounded),
	    cmocka_unit_test(test_the_submitter_chooses),
	    cmocka_unit_test(test_it_waits_only_for_a_pool_to_come),
	    cmocka_unit_test(
		test_bytes_are_bounded_by_container_and_submission),
	    cmocka_unit_test(test_tables_of_sums_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
