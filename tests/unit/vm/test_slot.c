/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_slot.c - building, checking and running a slot, with a hypervisor and
 * an agent of our own: every way in which a run can end.
 */
#include "vm/run.h"
#include "vm/slot.h"

#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/vm/fake_guest.h"

/* --- hooks --- */

static void
on_progress(void *arg, const struct slot *s, const char *state,
    unsigned int percent, const char *text)
{
	(void)arg;
	(void)s;
	(void)text;
	assert_true(percent <= 100);
	assert_true(strlen(state) > 0);
	fake.progress++;
}

static void
on_net_begin(void *arg, const struct slot *s, const char *policy, int fd)
{
	(void)arg;
	(void)s;
	(void)snprintf(fake.policy, sizeof(fake.policy), "%s", policy);
	if (fd != -1)
		(void)close(fd);
	if (!fake.net_is_deaf)
		slot_net_ready(&slot, fake.net_fails ? ERR_DENIED : ERR_OK,
		    "{\"is_closed\":true}");
}

static void
on_net_end(void *arg, const struct slot *s)
{
	(void)arg;
	(void)s;
	slot_net_done(&slot, "{\"packets\":3,\"pcap_bytes\":24}");
}

/* --- tests --- */

static int
setup(void **state)
{
	const struct driver driver = {do_boot, do_save, do_restore, do_destroy,
	    do_open_port, do_overlay, do_fate, NULL};
	const struct slot_hooks hooks = {
	    on_progress, on_net_begin, on_net_end, NULL};

	(void)state;
	fake = (struct fake){.slot = &slot};
	assert_int_equal(slot_init(&slot, 0, folder, &driver, &hooks), ERR_OK);
	slot.limits.answer_ms = 2000;
	slot.limits.silent_ms = 1200;
	slot.limits.ping_ms = 300;
	slot.limits.grace_ms = 200;
	slot.limits.collect_ms = 1000;
	slot.limits.trace_bytes = 2000000;
	return 0;
}

static int
teardown(void **state)
{
	char why[SLOT_WHY_BYTES];
	char path[128];
	static const char *const files[] = {
	    "boot.qcow2", "run.qcow2", "memory.save", "saved.json"};

	(void)state;
	(void)do_destroy(NULL, &slot.machine, why);
	slot_release(&slot);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	return 0;
}

static void
build(void)
{
	char why[SLOT_WHY_BYTES] = "";
	struct slot_times times;

	if (slot_build(&slot, &profile, false, why, &times) != ERR_OK)
		fail_msg("%s", why);
}

static struct run_order *
order(void)
{
	struct run_order *o = xcalloc(1, sizeof(*o));
	char why[256];

	assert_int_equal(
	    options_parse("{\"seconds\":1}", 13, why, &o->options), ERR_OK);
	o->name = xmemdup("evil.sh", 7);
	o->name_len = 7;
	o->sample_fd = memfd_create("sample", MFD_CLOEXEC);
	assert_int_equal(write(o->sample_fd, "#!/bin/sh\n", 10), 10);
	o->trace_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	o->pcap_fd = o->console_fd = -1;
	return o;
}

static struct run_result
run(enum act act)
{
	struct run_result result = {0};
	struct run_order *o = order();
	char why[SLOT_WHY_BYTES];

	fake.act = act;
	fake.sample_len = 0;
	run_execute(&slot, o, &result);
	run_order_free(o);
	assert_non_null(result.environment);
	assert_int_equal(slot_clean(&slot, why), ERR_OK);
	assert_false(fake.is_there);
	return result;
}

static void
expect(enum act act, enum run_outcome outcome)
{
	struct run_result r;

	build();
	r = run(act);
	if (r.outcome != outcome)
		fail_msg("%s (%s), not %s", proto_outcome_name(r.outcome),
		    r.reason, proto_outcome_name(outcome));
	assert_int_equal(r.is_slot_bad, outcome == RUN_VM_FAILED);
	run_result_release(&r);
	/* The slot serves the next run. */
	r = run(ACT_END);
	assert_int_equal(r.outcome, RUN_DONE);
	run_result_release(&r);
}

static void
test_build_once(void **state)
{
	char why[SLOT_WHY_BYTES];
	struct slot_times times;

	(void)state;
	build();
	assert_int_equal(fake.boots, 1);
	assert_int_equal(fake.saves, 1);
	build();
	assert_int_equal(fake.boots, 1); /* what was saved still fits */
	assert_int_equal(
	    slot_build(&slot, &profile, true, why, &times), ERR_OK);
	assert_int_equal(fake.boots, 2);
	/* Another image: anew. */
	profile.digest[0] ^= 1;
	build();
	assert_int_equal(fake.boots, 3);
	slot.machine.is_kvm = true;
	build();
	assert_int_equal(fake.boots, 4);
}

static void
test_build_fails(void **state)
{
	char why[SLOT_WHY_BYTES] = "";
	struct slot_times times;

	(void)state;
	fake.act = ACT_NO_BOOT;
	assert_int_not_equal(
	    slot_build(&slot, &profile, false, why, &times), ERR_OK);
	assert_string_equal(why, "no boot today");
	fake.act = ACT_END;
	build();
}

static void
test_check(void **state)
{
	char why[SLOT_WHY_BYTES];

	(void)state;
	build();
	assert_int_equal(slot_check(&slot, why), ERR_OK);
	assert_false(fake.is_there);
	fake.act = ACT_DEAF;
	assert_int_not_equal(slot_check(&slot, why), ERR_OK);
	assert_false(fake.is_there);
}

static void
test_run_done(void **state)
{
	struct run_result r;

	(void)state;
	build();
	r = run(ACT_END);
	assert_int_equal(r.outcome, RUN_DONE);
	assert_int_equal(fake.sample_len, 10);
	assert_memory_equal(fake.sample, "#!/bin/sh\n", 10);
	assert_int_equal(fake.time_limit_ms, 1000);
	assert_non_null(strstr(fake.policy, "simulated"));
	assert_int_equal(
	    json_member_int(
		json_object_get(r.environment, "outputs"), "pcap", 0),
	    24);
	assert_true(json_member_int(json_object_get(r.environment, "outputs"),
			"trace", 0) > 0);
	assert_true(json_object_get(r.environment, "proof") != NULL);
	run_result_release(&r);
}

static void
test_a_sample_from_a_pipe(void **state)
{
	struct run_result result = {0};
	struct run_order *o = order();
	char why[SLOT_WHY_BYTES];
	int fds[2];

	(void)state;
	build();
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "from a pipe", 11), 11);
	(void)close(fds[1]);
	(void)close(o->sample_fd);
	o->sample_fd = fds[0];
	run_execute(&slot, o, &result);
	assert_int_equal(result.outcome, RUN_DONE);
	assert_int_equal(fake.sample_len, 11);
	assert_memory_equal(fake.sample, "from a pipe", 11);
	run_order_free(o);
	run_result_release(&result);
	assert_int_equal(slot_clean(&slot, why), ERR_OK);
}

static void
test_run_timeout(void **state)
{
	(void)state;
	expect(ACT_TIMEOUT, RUN_TIMEOUT);
}

static void
test_run_refused(void **state)
{
	struct run_result r;

	(void)state;
	build();
	r = run(ACT_REFUSE);
	assert_int_equal(r.outcome, RUN_NOT_EXECUTED);
	assert_string_equal(r.reason, "no such program");
	run_result_release(&r);
}

static void
test_run_off(void **state)
{
	(void)state;
	expect(ACT_OFF, RUN_GUEST_OFF);
}

static void
test_run_crash(void **state)
{
	(void)state;
	expect(ACT_CRASH, RUN_GUEST_CRASHED);
}

static void
test_run_silent(void **state)
{
	(void)state;
	expect(ACT_SILENT, RUN_AGENT_LOST);
}

static void
test_run_hang_up(void **state)
{
	(void)state;
	expect(ACT_HANG_UP, RUN_AGENT_LOST);
}

static void
test_run_flood(void **state)
{
	struct run_result r;

	(void)state;
	build();
	r = run(ACT_FLOOD);
	assert_int_equal(r.outcome, RUN_FLOODED);
	assert_int_equal(
	    json_member_int(
		json_object_get(r.environment, "outputs"), "trace", 0),
	    2000000);
	run_result_release(&r);
}

static void
test_run_stopped_by_our_clock(void **state)
{
	(void)state;
	slot.limits.silent_ms = 10000;
	expect(ACT_FOREVER, RUN_TIMEOUT);
}

static void
test_run_deaf_agent(void **state)
{
	(void)state;
	slot.limits.answer_ms = 500;
	expect(ACT_DEAF, RUN_VM_FAILED);
}

static void
test_no_proof_no_start(void **state)
{
	struct run_result r;

	(void)state;
	build();
	fake.net_fails = true;
	r = run(ACT_END);
	assert_int_equal(r.outcome, RUN_NO_PROOF);
	assert_int_equal(fake.restores, 0);
	assert_int_equal(fake.sample_len, 0);
	run_result_release(&r);
}

static void *
cancel_soon(void *arg)
{
	(void)arg;
	(void)usleep(300000);
	slot.is_cancelled = true;
	slot_wake(&slot);
	return NULL;
}

static void
test_cancel(void **state)
{
	struct run_result r;
	pthread_t thread;

	(void)state;
	build();
	slot.limits.silent_ms = 10000;
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	r = run(ACT_FOREVER);
	(void)pthread_join(thread, NULL);
	assert_int_equal(r.outcome, RUN_CANCELLED);
	run_result_release(&r);
}

static void
test_each_run_has_a_new_overlay(void **state)
{
	struct run_result r;
	int before;

	(void)state;
	build();
	before = fake.overlays;
	for (int i = 0; i < 3; i++) {
		r = run(ACT_END);
		run_result_release(&r);
		assert_int_equal(fake.overlays, before + i + 1);
		assert_int_equal(fake.restores, i + 1);
	}
}

static void
make_profile(void)
{
	char *manifest = NULL;
	uint8_t digest[SHA256_BYTES];
	FILE *f;

	(void)manifest;
	profile = (struct profile){.name = "fake", .boot_timeout_s = 5};
	(void)snprintf(profile.disk, sizeof(profile.disk), "%s/disk", folder);
	(void)snprintf(profile.digest, sizeof(profile.digest), "abc");
	f = fopen(profile.disk, "w");
	(void)fputs("disk", f);
	(void)fclose(f);
	sha256_once("disk", 4, digest);
	hex_encode(profile.image_digest, digest, sizeof(digest));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_build_once),
	    T(test_build_fails),
	    T(test_check),
	    T(test_run_done),
	    T(test_a_sample_from_a_pipe),
	    T(test_run_timeout),
	    T(test_run_refused),
	    T(test_run_off),
	    T(test_run_crash),
	    T(test_run_silent),
	    T(test_run_hang_up),
	    T(test_run_flood),
	    T(test_run_stopped_by_our_clock),
	    T(test_run_deaf_agent),
	    T(test_no_proof_no_start),
	    T(test_cancel),
	    T(test_each_run_has_a_new_overlay),
	};
	int failed;

	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		return 1;
	make_profile();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(profile.disk);
	(void)rmdir(folder);
	return failed;
}
