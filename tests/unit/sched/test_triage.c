/* SPDX-License-Identifier: Apache-2.0 */
/* test_triage.c - jobs of analysers through a real scheduler process. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <signal.h>
#include <sys/wait.h>

static const char *const plain[] = {
    "workers=2", "log_level=info", "pool_settle_ms=200", NULL};

static void
order_clean(struct fake_analyser *a, struct fake_errand *e)
{
	fake_record(e->out_fd, RECORD_FACT,
	    "{\"key\":\"mime\",\"value\":\"text/plain\"}");
	fake_record(e->out_fd, RECORD_MATCH,
	    "{\"rule\":\"r1\",\"namespace\":\"n\",\"score\":70}");
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{\"fact\":1}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_findings_reach_the_store(void **state)
{
	struct fake_job job = {.id = "j1",
	    .kind = "yara",
	    .bytes = "abc",
	    .name = "a.txt",
	    .options = "{\"passwords\":[\"p\"]}"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "yara", order_clean);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_true(job.is_final);
	assert_string_equal(job.engine, "engine 1.0");
	assert_string_equal(job.records,
	    "fact {\"key\":\"mime\",\"value\":\"text/plain\"}\n"
	    "match {\"rule\":\"r1\",\"namespace\":\"n\",\"score\":70}\n");
	assert_non_null(strstr(job.result, "\"findings\":2"));
	assert_string_equal(job.next, "[]");
	assert_string_equal(f.reported, "yara=engine 1.0 ");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
order_context(struct fake_analyser *a, struct fake_errand *e)
{
	char buf[16] = "";

	assert_int_equal(e->size, 3);
	assert_int_equal(e->how, BLOB_MEMFD);
	assert_int_equal(pread(e->input_fd, buf, sizeof(buf), 0), 3);
	assert_string_equal(buf, "abc");
	assert_string_equal(
	    json_member_text(e->context, "name", ""), "a\xef\xbf\xbd.zip");
	assert_string_equal(
	    json_member_text(e->context, "name_hex", ""), "61ff2e7a6970");
	assert_int_equal(json_member_int(e->context, "depth", -1), 2);
	assert_string_equal(
	    json_member_text(e->context, "relation", ""), "archive_member");
	assert_int_equal(
	    json_array_size(json_object_get(e->context, "passwords")), 1);
	assert_int_equal(json_member_int(json_object_get(e->context, "limits"),
			     "depth_left", -1),
	    6);
	order_clean(a, e);
}

static void
test_context_is_complete(void **state)
{
	struct fake_job job = {.id = "j1",
	    .kind = "archive",
	    .bytes = "abc",
	    .name = "a\xff.zip",
	    .depth = 2,
	    .relation = "archive_member",
	    .options = "{\"passwords\":[\"p\"]}"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "archive", order_context);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
order_children(struct fake_analyser *a, struct fake_errand *e)
{
	fake_child(e->out_fd, "one", "first bytes");
	fake_child(e->out_fd, "empty", "");
	fake_record(e->out_fd, RECORD_CHILD,
	    "{\"name\":\"x?\",\"name_hex\":"
	    "\"78ff\",\"relation\":\"archive_member\",\"kind\":\"file\"}");
	fake_data(e->out_fd, "abc", 3);
	fake_record(
	    e->out_fd, RECORD_EVENT, "{\"time_us\":1,\n\"class\":\"exec\"}");
	fake_data(e->out_fd, "def", 3);
	fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":6}");
	fake_record(
	    e->out_fd, RECORD_EVENT, "{\"time_us\":2,\"class\":\"exit\"}");
	fake_record(e->out_fd, RECORD_CHILD,
	    "{\"name\":\"cut\","
	    "\"relation\":\"archive_member\",\"kind\":\"file\"}");
	fake_data(e->out_fd, "abc", 3);
	fake_analysed(a, e, ANALYSE_CRASHED, 65);
}

static const struct fake_child *
child_named(const struct fake_job *job, const char *name)
{
	for (size_t i = 0; i < job->child_count; i++) {
		if (strcmp(job->children[i].name, name) == 0)
			return &job->children[i];
	}
	fail_msg("no child %s", name);
	return NULL;
}

static void
test_children_and_events_are_stored(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "archive", .bytes = "zip"};
	const struct fake_child *child;
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "archive", order_children);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "partial");
	assert_true(job.is_final);
	assert_int_equal(job.child_count, 5);
	child = child_named(&job, "one");
	assert_int_equal(child->state, 'c');
	assert_string_equal(child->relation, "archive_member");
	assert_string_equal(child->detail, "{\"path\":\"p/one\"}");
	assert_int_equal(child->size, 11);
	assert_memory_equal(child->bytes, "first bytes", 11);
	assert_int_equal(child_named(&job, "empty")->size, 0);
	child = child_named(&job, "x\xff");
	assert_memory_equal(child->bytes, "abcdef", 6);
	child = child_named(&job, "events.ndjson");
	assert_string_equal(child->relation, "events");
	assert_int_equal(child->len, 58);
	assert_memory_equal(child->bytes,
	    "{\"class\":\"exec\",\"time_us\":1}\n"
	    "{\"time_us\":2,\"class\":\"exit\"}\n",
	    58);
	/* The incomplete one is given up, and said so. */
	for (size_t i = 0; i < job.child_count; i++)
		assert_true(job.children[i].state == 'c' ||
			    (job.children[i].state == 'a' &&
				job.children[i].name[0] == '\0'));
	assert_non_null(strstr(job.records, "error {"));
	assert_non_null(strstr(job.records, "cut"));
	fake_stop(&f);
	fake_job_release(&job);
}

/* Far more children than may be open at a time, from a store that is late. */
static void
order_hundred(struct fake_analyser *a, struct fake_errand *e)
{
	for (int i = 0; i < 100; i++) {
		auto_free char *name = xasprintf("m%d", i);

		fake_child(e->out_fd, name, name);
	}
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_many_children_wait_for_the_vault(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "archive", .bytes = "tar"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "archive", order_hundred);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_int_equal(job.child_count, 100);
	for (size_t i = 0; i < job.child_count; i++) {
		const struct fake_child *child = &job.children[i];

		assert_int_equal(child->state, 'c');
		assert_int_equal(child->len, strlen(child->name));
		assert_memory_equal(child->bytes, child->name, child->len);
	}
	fake_stop(&f);
	fake_job_release(&job);
}

static int crashes;

static void
order_crash(struct fake_analyser *a, struct fake_errand *e)
{
	crashes++;
	fake_record(e->out_fd, RECORD_FACT, "{\"key\":\"k\",\"value\":1}");
	fake_analysed(a, e, ANALYSE_CRASHED, SIGSEGV);
}

static void
test_crash_is_tried_three_times(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake f;

	(void)state;
	crashes = 0;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "yara", order_crash);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_int_equal(crashes, 3);
	assert_int_equal(job.attempt, 3);
	assert_string_equal(job.outcome, "partial");
	assert_string_equal(job.reason, "the analyser crashed (signal 11)");
	assert_non_null(strstr(job.records, "fact"));
	fake_stop(&f);
	fake_job_release(&job);
}

static void
order_timeout(struct fake_analyser *a, struct fake_errand *e)
{
	assert_int_equal(e->seconds, 120);
	fake_record(e->out_fd, RECORD_FACT, "{\"key\":\"k\",\"value\":1}");
	fake_analysed(a, e, ANALYSE_TIMEOUT, SIGKILL);
}

static void
order_memory(struct fake_analyser *a, struct fake_errand *e)
{
	fake_analysed(a, e, ANALYSE_MEMORY, 70);
}

static void
test_timeout_and_memory_are_final(void **state)
{
	struct fake_job late = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake_job hog = {.id = "j2", .kind = "archive", .bytes = "x"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "yara", order_timeout);
	(void)fake_analyser_attach(&f, "archive", order_memory);
	fake_queue(&f, &late);
	fake_queue(&f, &hog);
	fake_until_over(&f, &late);
	fake_until_over(&f, &hog);
	assert_int_equal(late.attempt, 1);
	assert_string_equal(late.outcome, "partial");
	assert_non_null(strstr(late.records, "limit {"));
	assert_non_null(strstr(late.records, "analyser_seconds"));
	/* Nothing but our own word: that is a failure, never a clean file. */
	assert_int_equal(hog.attempt, 1);
	assert_string_not_equal(hog.outcome, "done");
	assert_non_null(strstr(hog.records, "analyser_memory"));
	fake_stop(&f);
	fake_job_release(&late);
	fake_job_release(&hog);
}

static const char *forged;

static void
order_forged(struct fake_analyser *a, struct fake_errand *e)
{
	(void)a;
	fake_record(e->out_fd, RECORD_FACT, "{\"key\":\"k\",\"value\":1}");
	if (strcmp(forged, "data") == 0)
		fake_data(e->out_fd, "x", 1);
	else if (strcmp(forged, "size") == 0) {
		fake_record(e->out_fd, RECORD_CHILD,
		    "{\"name\":\"n\","
		    "\"relation\":\"archive_member\",\"kind\":\"file\"}");
		fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":1}");
	} else if (strcmp(forged, "relation") == 0)
		fake_record(e->out_fd, RECORD_CHILD,
		    "{\"name\":\"n\","
		    "\"relation\":\"run_trace\",\"kind\":\"file\"}");
	else if (strcmp(forged, "score") == 0)
		fake_record(e->out_fd, RECORD_MATCH,
		    "{\"rule\":\"r\","
		    "\"namespace\":\"n\",\"score\":101}");
	else
		(void)!write(e->out_fd, forged, strlen(forged));
	/* No word of its own: the scheduler must end it. */
}

static void
test_forged_records_end_the_child(void **state)
{
	static const char *const cases[] = {"data", "size", "relation", "score",
	    "\x01\xff\xff\xff\xff", "\x63\x01\x01\x01\x01",
	    "\x02\x01\xff\x01\x01"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "yara", order_forged);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_job job = {.kind = "yara", .bytes = "x"};
		auto_free char *id = xasprintf("j%zu", i);

		forged = cases[i];
		job.id = id;
		fake_queue(&f, &job);
		fake_until_over(&f, &job);
		assert_string_equal(job.outcome, "failed");
		assert_true(job.is_final);
		assert_non_null(strstr(job.reason, "broke its contract"));
		assert_true(f.analysers[0].errands[i].is_cancelled);
		fake_job_release(&job);
		job.is_over = true;
		f.job_count = 0;
	}
	fake_stop(&f);
}

/* A child that never stops writing. */
static void
order_bomb(struct fake_analyser *a, struct fake_errand *e)
{
	pid_t pid = fork();

	(void)a;
	assert_true(pid >= 0);
	if (pid == 0) {
		static uint8_t block[60000];

		(void)signal(SIGPIPE, SIG_DFL);
		fake_record(e->out_fd, RECORD_CHILD,
		    "{\"name\":\"bomb\","
		    "\"relation\":\"archive_member\",\"kind\":\"file\"}");
		for (;;)
			fake_data(e->out_fd, block, sizeof(block));
	}
	(void)close(e->out_fd);
	e->out_fd = -1;
}

static bool
is_bomb_cancelled(struct fake *f)
{
	const struct fake_job *job = f->jobs[0];

	return strstr(job->records, "expansion_ratio") != NULL || job->is_over;
}

static void
test_expansion_is_bounded(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "archive", .bytes = "bomb"};
	struct fake_analyser *a;
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	a = fake_analyser_attach(&f, "archive", order_bomb);
	fake_queue(&f, &job);
	while (a->errand_count == 0)
		fake_run_ms(&f, 10);
	/* The writer dies of SIGPIPE when the scheduler closes the pipe. */
	for (int i = 0; i < 10000; i++) {
		int status;

		fake_run_ms(&f, 1);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), SIGPIPE);
			break;
		}
		assert_int_not_equal(i, 9999);
	}
	fake_analysed(a, &a->errands[0], ANALYSE_CANCELLED, SIGKILL);
	fake_until(&f, is_bomb_cancelled);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "partial");
	assert_non_null(strstr(job.records, "expansion_ratio"));
	assert_int_equal(job.child_count, 1);
	assert_int_equal(job.children[0].state, 'a');
	assert_true(job.children[0].len <= LIMIT_EXPANSION_FLOOR_BYTES);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
order_deep(struct fake_analyser *a, struct fake_errand *e)
{
	(void)a;
	fake_child(e->out_fd, "one", "x");
}

static void
test_depth_is_bounded(void **state)
{
	struct fake_job job = {.id = "j1",
	    .kind = "archive",
	    .bytes = "zip",
	    .depth = LIMIT_DEPTH};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "archive", order_deep);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "partial");
	assert_non_null(strstr(job.records, "\"limit\":\"depth\""));
	assert_int_equal(job.child_count, 0);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
order_hold(struct fake_analyser *a, struct fake_errand *e)
{
	(void)a;
	(void)e;
}

static void
order_holds_one(struct fake_analyser *a, struct fake_errand *e)
{
	if (a->errand_count > 1)
		order_clean(a, e);
}

static void
test_lost_store_costs_nothing(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake_analyser *a;
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	a = fake_analyser_attach(&f, "yara", order_holds_one);
	fake_queue(&f, &job);
	while (a->errand_count == 0)
		fake_run_ms(&f, 10);
	fake_store_detach(&f);
	fake_run_ms(&f, 100);
	assert_true(a->errands[0].is_cancelled);
	fake_store_attach(&f);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_int_equal(job.attempt, 2);
	/* A store that comes again hears of the analysers again. */
	assert_string_equal(f.reported, "yara=engine 1.0 yara=engine 1.0 ");
	fake_stop(&f);
	fake_job_release(&job);
}

static bool
is_released(struct fake *f)
{
	return f->jobs[0]->releases > 0;
}

static void
test_lost_analyser_gives_the_job_back(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake_analyser *a;
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	a = fake_analyser_attach(&f, "yara", order_hold);
	fake_queue(&f, &job);
	while (a->errand_count == 0)
		fake_run_ms(&f, 10);
	chan_free(a->chan);
	a->chan = NULL;
	(void)close(a->errands[0].out_fd);
	(void)close(a->errands[0].input_fd);
	fake_until(&f, is_released);
	assert_non_null(strstr(f.reported, "yara="));
	(void)fake_analyser_attach(&f, "yara", order_clean);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_stop_gives_everything_back(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake_analyser *a;
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	a = fake_analyser_attach(&f, "yara", order_hold);
	fake_queue(&f, &job);
	while (a->errand_count == 0)
		fake_run_ms(&f, 10);
	fake_stop(&f);
	assert_int_equal(job.releases, 1);
	fake_job_release(&job);
}

static void
test_cancelled_job_ends(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake_analyser *a;
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	a = fake_analyser_attach(&f, "yara", order_hold);
	fake_queue(&f, &job);
	while (a->errand_count == 0)
		fake_run_ms(&f, 10);
	job.is_cancelled = true;
	/* Heard with the next heartbeat. */
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "cancelled");
	assert_true(a->errands[0].is_cancelled);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_places_are_bounded_and_shared(void **state)
{
	struct fake_job slow[6],
	    quick = {.id = "q", .kind = "identify", .bytes = "x"};
	char ids[6][8];
	struct fake_analyser *a;
	struct fake f;

	(void)state;
	memset(slow, 0, sizeof(slow));
	fake_start(&f, plain);
	fake_store_attach(&f);
	a = fake_analyser_attach(&f, "archive", order_hold);
	(void)fake_analyser_attach(&f, "identify", order_clean);
	for (size_t i = 0; i < 6; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "s%zu", i);
		slow[i].id = ids[i];
		slow[i].kind = "archive";
		slow[i].bytes = "x";
		fake_queue(&f, &slow[i]);
	}
	while (a->errand_count == 0)
		fake_run_ms(&f, 10);
	/* Two places, both taken by what never ends: others go on. */
	fake_queue(&f, &quick);
	fake_until_over(&f, &quick);
	assert_int_equal(a->running_max, 2);
	fake_stop(&f);
	for (size_t i = 0; i < 6; i++)
		fake_job_release(&slow[i]);
	fake_job_release(&quick);
}

static void
order_findings(struct fake_analyser *a, struct fake_errand *e)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (size_t i = 0; i < LIMIT_FINDINGS + 7; i++)
			fake_record(e->out_fd, RECORD_FACT,
			    "{\"key\":\"k\",\"value\":1}");
		fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
		_exit(0);
	}
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_findings_are_counted_beyond_the_bound(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "yara", .bytes = "x"};
	struct fake f;
	size_t lines = 0;
	int status;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "yara", order_findings);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	(void)waitpid(-1, &status, WNOHANG);
	for (const char *at = job.records; (at = strchr(at, '\n')) != NULL;
	     at++)
		lines++;
	assert_int_equal(lines, LIMIT_FINDINGS + 1);
	assert_non_null(strstr(job.records, "7 findings more"));
	assert_string_equal(job.outcome, "done");
	fake_stop(&f);
	fake_job_release(&job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_findings_reach_the_store),
	    cmocka_unit_test(test_context_is_complete),
	    cmocka_unit_test(test_children_and_events_are_stored),
	    cmocka_unit_test(test_many_children_wait_for_the_vault),
	    cmocka_unit_test(test_crash_is_tried_three_times),
	    cmocka_unit_test(test_timeout_and_memory_are_final),
	    cmocka_unit_test(test_forged_records_end_the_child),
	    cmocka_unit_test(test_expansion_is_bounded),
	    cmocka_unit_test(test_depth_is_bounded),
	    cmocka_unit_test(test_lost_store_costs_nothing),
	    cmocka_unit_test(test_lost_analyser_gives_the_job_back),
	    cmocka_unit_test(test_stop_gives_everything_back),
	    cmocka_unit_test(test_cancelled_job_ends),
	    cmocka_unit_test(test_places_are_bounded_and_shared),
	    cmocka_unit_test(test_findings_are_counted_beyond_the_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
