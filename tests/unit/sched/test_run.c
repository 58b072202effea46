/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - detonations and the VM pool through a real scheduler. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"

static const char *const plain[] = {"workers=2", "pool_settle_ms=300", NULL};

static bool
is_go(struct fake *f)
{
	return f->run.is_go;
}

static bool
is_cancelled(struct fake *f)
{
	return f->run.is_cancelled;
}

static bool
is_beaten(struct fake *f)
{
	return strcmp(f->jobs[0]->phase, "running") == 0;
}

static bool
is_released(struct fake *f)
{
	return f->jobs[0]->releases > 0;
}

/* A pool of one slot, ready. */
static void
start(struct fake *f)
{
	fake_start(f, plain);
	fake_store_attach(f);
	fake_vm_attach(f);
	fake_vm_profile(f, "debian-12", "ready");
	fake_vm_slot(f, "slot0", "debian-12", "ready");
}

static const struct fake_child *
child_of(const struct fake_job *job, const char *relation)
{
	for (size_t i = 0; i < job->child_count; i++) {
		if (strcmp(job->children[i].relation, relation) == 0)
			return &job->children[i];
	}
	return NULL;
}

static void
test_run_keeps_what_it_gave(void **state)
{
	struct fake_job job = {.id = "r1",
	    .kind = "detonate",
	    .bytes = "#!x",
	    .name = "drop.sh",
	    .options = "{\"profile\":\"debian-12\","
		       "\"seconds\":7,\"args\":[\"-v\"],\"env\":{\"A\":\"b\"},"
		       "\"passwords\":[],\"tlp\":\"TLP:RED\"}"};
	const struct fake_child *child;
	char buf[8] = "";
	struct fake f;

	(void)state;
	start(&f);
	fake_queue(&f, &job);
	fake_until(&f, is_go);
	assert_string_equal(f.run.profile, "debian-12");
	assert_string_equal(f.run.name, "drop.sh");
	assert_int_equal(json_member_int(f.run.options, "seconds", 0), 7);
	assert_int_equal(
	    json_array_size(json_object_get(f.run.options, "args")), 1);
	assert_null(json_object_get(f.run.options, "tlp"));
	assert_int_equal(pread(f.run.sample_fd, buf, 8, 0), 3);
	assert_string_equal(buf, "#!x");
	fake_vm_slot(&f, "slot0", "debian-12", "running");
	fake_vm_progress(&f, "running", 40);
	fake_until(&f, is_beaten);
	assert_int_equal(write(f.run.trace_fd, "TRACE", 5), 5);
	assert_int_equal(write(f.run.console_fd, "hi", 2), 2);
	fake_vm_end(&f, RUN_TIMEOUT, "its time was up",
	    "{\"image\":\"abc\",\"outputs\":{\"trace\":5,\"console\":2,"
	    "\"pcap\":0}}");
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_true(job.is_final);
	assert_string_equal(job.reason, "its time was up");
	assert_non_null(strstr(job.result, "\"outcome\":\"timeout\""));
	assert_non_null(strstr(job.result, "\"image\":\"abc\""));
	child = child_of(&job, "run_trace");
	assert_non_null(child);
	assert_string_equal(child->kind, "other");
	assert_memory_equal(child->bytes, "TRACE", 5);
	assert_non_null(child_of(&job, "console"));
	assert_null(child_of(&job, "pcap")); /* empty: given up */
	assert_non_null(strstr(f.slots, "slot0=ready slot0=running"));
	assert_non_null(strstr(f.profiles, "debian-12=ready"));
	assert_true(f.orders > 0);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_pool_trouble_is_retried(void **state)
{
	struct fake_job job = {.id = "r1",
	    .kind = "detonate",
	    .bytes = "x",
	    .options = "{\"profile\":\"debian-12\"}"};
	struct fake f;

	(void)state;
	start(&f);
	fake_queue(&f, &job);
	fake_until(&f, is_go);
	fake_vm_end(&f, RUN_NO_PROOF, "a probe got an answer", "{}");
	/* It comes again, after a pause, and then works. */
	fake_until(&f, is_go);
	assert_int_equal(job.attempt, 2);
	fake_vm_end(&f, RUN_DONE, "", "{\"outputs\":{}}");
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_bad_end_keeps_its_evidence(void **state)
{
	struct fake_job job = {.id = "r1",
	    .kind = "detonate",
	    .bytes = "x",
	    .options = "{\"profile\":\"debian-12\"}"};
	struct fake f;

	(void)state;
	start(&f);
	fake_queue(&f, &job);
	fake_until(&f, is_go);
	assert_int_equal(write(f.run.trace_fd, "T", 1), 1);
	fake_vm_end(
	    &f, RUN_GUEST_CRASHED, "panic", "{\"outputs\":{\"trace\":1}}");
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "partial");
	assert_string_equal(job.reason, "guest_crashed: panic");
	assert_non_null(child_of(&job, "run_trace"));
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_cancel_reaches_the_guest(void **state)
{
	struct fake_job job = {.id = "r1",
	    .kind = "detonate",
	    .bytes = "x",
	    .options = "{\"profile\":\"debian-12\"}"};
	struct fake f;

	(void)state;
	start(&f);
	fake_queue(&f, &job);
	fake_until(&f, is_go);
	job.is_cancelled = true;
	fake_vm_progress(&f, "running", 1);
	fake_until(&f, is_cancelled);
	fake_vm_end(&f, RUN_CANCELLED, "", "{}");
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "cancelled");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_lost_pool_gives_the_job_back(void **state)
{
	struct fake_job job = {.id = "r1",
	    .kind = "detonate",
	    .bytes = "x",
	    .options = "{\"profile\":\"debian-12\"}"};
	struct fake f;

	(void)state;
	start(&f);
	fake_queue(&f, &job);
	fake_until(&f, is_go);
	chan_free(f.vm);
	f.vm = NULL;
	fake_until(&f, is_released);
	assert_non_null(strstr(f.slots, "slot0=gone"));
	fake_run_ms(&f, 100);
	assert_int_equal(job.attempt, 1); /* no slot, no lease */
	f.run.is_go = false;
	fake_vm_attach(&f);
	fake_vm_slot(&f, "slot0", "debian-12", "ready");
	fake_until(&f, is_go);
	fake_vm_end(&f, RUN_DONE, "", "{}");
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_one_slot_runs_one(void **state)
{
	struct fake_job jobs[2] = {
	    {.id = "r1",
		.kind = "detonate",
		.bytes = "x",
		.options = "{\"profile\":\"debian-12\"}"},
	    {.id = "r2",
		.kind = "detonate",
		.bytes = "x",
		.options = "{\"profile\":\"debian-12\"}"}};
	struct fake f;

	(void)state;
	start(&f);
	fake_queue(&f, &jobs[0]);
	fake_queue(&f, &jobs[1]);
	fake_until(&f, is_go);
	fake_run_ms(&f, 100);
	assert_int_equal(jobs[1].attempt, 0);
	fake_vm_end(&f, RUN_DONE, "", "{}");
	fake_until_over(&f, &jobs[0]);
	fake_until(&f, is_go);
	fake_vm_end(&f, RUN_DONE, "", "{}");
	fake_until_over(&f, &jobs[1]);
	fake_stop(&f);
	fake_job_release(&jobs[0]);
	fake_job_release(&jobs[1]);
}

static void
check_refused(const char *options, const char *why)
{
	struct fake_job job = {
	    .id = "r1", .kind = "detonate", .bytes = "x", .options = options};
	struct fake f;

	start(&f);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "failed");
	assert_true(job.is_final);
	assert_non_null(strstr(job.reason, why));
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_bad_options_are_refused(void **state)
{
	(void)state;
	check_refused("{\"profile\":\"../x\"}", "profile");
	check_refused(
	    "{\"profile\":\"debian-12\",\"seconds\":99999}", "seconds");
	check_refused("{\"profile\":\"debian-12\",\"args\":\"x\"}", "args");
	check_refused(
	    "{\"profile\":\"debian-12\",\"env\":{\"A=\":\"\"}}", "env");
	check_refused("{\"profile\":\"windows-11\"}", "windows-11");
}

static void
test_without_a_pool_people_hear_so(void **state)
{
	struct fake_job job = {.id = "r1",
	    .kind = "detonate",
	    .bytes = "x",
	    .options = "{\"profile\":\"debian-12\"}"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	fake_run_ms(&f, 400);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "failed");
	assert_non_null(strstr(job.reason, "no VM profile 'debian-12'"));
	fake_stop(&f);
	fake_job_release(&job);
}

static void
order_elf(struct fake_analyser *a, struct fake_errand *e)
{
	fake_record(e->out_fd, RECORD_FACT,
	    "{\"key\":\"mime\",\"value\":"
	    "\"application/x-pie-executable\"}");
	fake_record(e->out_fd, RECORD_FACT,
	    "{\"key\":\"magic\",\"value\":"
	    "\"ELF 64-bit LSB pie executable, x86-64\"}");
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_identify_waits_for_the_pool(void **state)
{
	struct fake_job job = {.id = "i1",
	    .kind = "identify",
	    .bytes = "x",
	    .options = "{\"profile\":\"\",\"seconds\":9}"};
	struct fake f;

	(void)state;
	fake_start(&f, (const char *const[]){"pool_settle_ms=5000", NULL});
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "identify", order_elf);
	fake_queue(&f, &job);
	fake_run_ms(&f, 300);
	assert_false(job.is_over);
	fake_vm_attach(&f);
	fake_vm_profile(&f, "debian-12", "ready");
	fake_until_over(&f, &job);
	assert_string_equal(job.next,
	    "[{\"artefact\":\"\",\"kind\":"
	    "\"detonate\",\"options\":{\"profile\":\"debian-12\","
	    "\"seconds\":9}}]");
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_identify_says_what_is_not_run(void **state)
{
	struct fake_job job = {.id = "i1", .kind = "identify", .bytes = "x"};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "identify", order_elf);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_string_equal(job.next, "[]");
	assert_non_null(strstr(job.records, "not detonated: no VM profile"));
	fake_stop(&f);
	fake_job_release(&job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_run_keeps_what_it_gave),
	    cmocka_unit_test(test_pool_trouble_is_retried),
	    cmocka_unit_test(test_bad_end_keeps_its_evidence),
	    cmocka_unit_test(test_cancel_reaches_the_guest),
	    cmocka_unit_test(test_lost_pool_gives_the_job_back),
	    cmocka_unit_test(test_one_slot_runs_one),
	    cmocka_unit_test(test_bad_options_are_refused),
	    cmocka_unit_test(test_without_a_pool_people_hear_so),
	    cmocka_unit_test(test_identify_waits_for_the_pool),
	    cmocka_unit_test(test_identify_says_what_is_not_run),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
