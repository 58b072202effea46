/* SPDX-License-Identifier: Apache-2.0 */
/* test_sift_rule.c - rules of a bundle through a real scheduler process. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <signal.h>
#include <sys/wait.h>

static const char *const plain[] = {
    "workers=2", "log_level=info", "pool_settle_ms=200", NULL};

#define SOUND                                     \
 "{\"namespace\":\"n\",\"name\":\"a\",\"state\":" \
 "\"ok\",\"closure\":\"00\"}"
#define REJECTED                                  \
 "{\"namespace\":\"n\",\"name\":\"b\",\"state\":" \
 "\"rejected\",\"reason\":\"line 1\"}"

static void
order_rules(struct fake_analyser *a, struct fake_errand *e)
{
	/* Whatever an artefact gets, a rule set takes longer. */
	if (strcmp(a->name, "rules") == 0)
		assert_int_equal(e->seconds, LIMIT_RULES_SECONDS);
	fake_record(e->out_fd, RECORD_RULE, SOUND);
	fake_data(e->out_fd, "rule a ", 7);
	fake_data(e->out_fd, "{}", 2);
	fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":9}");
	fake_record(e->out_fd, RECORD_RULE, REJECTED);
	fake_record(e->out_fd, RECORD_LIMIT,
	    "{\"limit\":\"strings\",\"text\":\"one rule has too many\"}");
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{\"rule\":2}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_rules_reach_the_store(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "rules", .bytes = "{}"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "rules", order_rules);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_int_equal(job.rules, 2);
	assert_int_equal(job.rule_bytes, 9);
	assert_int_equal(job.rule_batches, 1);
	assert_string_equal(job.rule_last, REJECTED);
	/* The store compares this with what it has. */
	assert_non_null(strstr(job.result, "\"rules\":2"));
	assert_non_null(strstr(job.records, "too many"));
	fake_stop(&f);
	fake_job_release(&job);
}

/* More than any pipe or batch holds, from a child of its own. */
static void
order_many(struct fake_analyser *a, struct fake_errand *e)
{
	pid_t pid = fork();

	(void)a;
	assert_true(pid >= 0);
	if (pid == 0) {
		static char text[50000];

		memset(text, 'x', sizeof(text));
		(void)signal(SIGPIPE, SIG_DFL);
		for (int i = 0; i < 12000; i++) {
			bool is_long = i % 100 == 0;
			size_t len = is_long ? sizeof(text) : 200;
			char body[64];

			fake_record(e->out_fd, RECORD_RULE, SOUND);
			fake_data(e->out_fd, text, len);
			(void)snprintf(
			    body, sizeof(body), "{\"size\":%zu}", len);
			fake_record(e->out_fd, RECORD_CHILD_END, body);
		}
		fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
		_exit(0);
	}
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_many_rules_go_in_batches(void **state)
{
	struct fake_job job = {.id = "j1", .kind = "rules", .bytes = "{}"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "rules", order_many);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	(void)waitpid(-1, NULL, 0);
	assert_string_equal(job.outcome, "done");
	/* More than LIMIT_FINDINGS: rules are not counted among those. */
	assert_int_equal(job.rules, 12000);
	assert_int_equal(job.rule_bytes, 120 * 50000 + 11880 * 200);
	assert_in_range(job.rule_batches, 8, 40);
	assert_non_null(strstr(job.result, "\"rules\":12000"));
	assert_non_null(strstr(job.result, "\"findings\":0"));
	fake_stop(&f);
	fake_job_release(&job);
}

static const char *forged;

static void
order_forged(struct fake_analyser *a, struct fake_errand *e)
{
	(void)a;
	fake_record(e->out_fd, RECORD_RULE, SOUND);
	if (strcmp(forged, "inside") == 0) {
		fake_record(e->out_fd, RECORD_RULE, SOUND);
	} else if (strcmp(forged, "size") == 0) {
		fake_data(e->out_fd, "abc", 3);
		fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":4}");
	} else if (strcmp(forged, "done") == 0) {
		fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
	} else {
		fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":0}");
		fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":0}");
	}
}

static void
test_forged_rules_end_the_child(void **state)
{
	static const char *const cases[] = {"inside", "size", "done", "end"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "rules", order_forged);
	/* Rules are what only the reader of rules gives. */
	(void)fake_analyser_attach(&f, "yara", order_rules);
	for (size_t i = 0; i < 5; i++) {
		auto_free char *id = xasprintf("j%zu", i);
		struct fake_job job = {
		    .id = id,
		    .kind = i < 4 ? "rules" : "yara",
		    .bytes = "x",
		};

		forged = cases[i % 4];
		fake_queue(&f, &job);
		fake_until_over(&f, &job);
		assert_string_equal(job.outcome, "failed");
		assert_non_null(strstr(job.reason, "broke its contract"));
		assert_int_equal(job.rules, 0);
		fake_job_release(&job);
		job.is_over = true;
		f.job_count = 0;
	}
	fake_stop(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rules_reach_the_store),
	    cmocka_unit_test(test_many_rules_go_in_batches),
	    cmocka_unit_test(test_forged_rules_end_the_child),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
