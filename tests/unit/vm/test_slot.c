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

/* What the guest does once its sample was started. */
enum act {
	ACT_END,
	ACT_TIMEOUT,
	ACT_REFUSE, /* NOT_EXECUTED */
	ACT_OFF,    /* powers off */
	ACT_CRASH,
	ACT_SILENT,  /* says nothing any more */
	ACT_HANG_UP, /* its channel ends, the guest goes on */
	ACT_FLOOD,
	ACT_FOREVER, /* chatters until it is stopped */
	ACT_DEAF,    /* does not even answer PING after the restore */
	ACT_NO_BOOT  /* the machine does not start */
};

struct fake {
	enum act act;
	enum guest_fate fate;
	int boots, saves, restores, destroys, overlays;
	bool is_there;
	pthread_t thread;
	bool has_thread;
	int fd; /* the agent's end */
	struct slot *slot;
	char sample[64];
	size_t sample_len;
	uint64_t time_limit_ms;
	bool net_fails;
	bool net_is_deaf;
	char policy[256];
	int progress;
};

static struct fake fake;
static char folder[] = "/tmp/loep-slot-XXXXXX";
static struct profile profile;
static struct slot slot;

/* --- the agent --- */

struct agent {
	uint32_t sequence;
	struct gwire_decoder in;
	struct gwire_builder out;
	uint8_t frame[WIRE_FRAME_BYTES];
};

static void
begin(struct agent *a, enum gwire_type type)
{
	gwire_begin(&a->out, a->frame, sizeof(a->frame), type);
}

static void
end(struct agent *a)
{
	size_t len = gwire_end(&a->out, ++a->sequence);

	(void)!send(fake.fd, a->frame, len, MSG_NOSIGNAL);
}

static void
ack(struct agent *a, const struct gwire_frame *f)
{
	begin(a, WIRE_ACK);
	gwire_put_number(&a->out, WIRE_K_ACKED, f->sequence);
	gwire_put_number(&a->out, WIRE_K_CODE, WIRE_A_OK);
	end(a);
}

static void
say_done(struct agent *a, enum gwire_cause cause)
{
	begin(a, WIRE_DONE);
	gwire_put_number(&a->out, WIRE_K_CAUSE, cause);
	end(a);
}

static void
flood(struct agent *a)
{
	static uint8_t data[60000];

	for (int i = 0; i < 400; i++) {
		begin(a, WIRE_CONSOLE);
		gwire_put_bytes(&a->out, WIRE_K_DATA, data, sizeof(data));
		end(a);
	}
}

static void
perform(struct agent *a)
{
	begin(a, WIRE_STARTED);
	end(a);
	switch (fake.act) {
	case ACT_END:
		say_done(a, WIRE_C_ENDED);
		break;
	case ACT_TIMEOUT:
		say_done(a, WIRE_C_TIMEOUT);
		break;
	case ACT_REFUSE:
		begin(a, WIRE_NOT_EXECUTED);
		gwire_put_text(&a->out, WIRE_K_TEXT, "no such program");
		end(a);
		say_done(a, WIRE_C_NOT_EXECUTED);
		break;
	case ACT_OFF:
	case ACT_CRASH:
		fake.fate = fake.act == ACT_OFF ? GUEST_OFF : GUEST_CRASHED;
		slot_wake(fake.slot);
		break;
	case ACT_HANG_UP:
		(void)shutdown(fake.fd, SHUT_RDWR);
		break;
	case ACT_FLOOD:
		flood(a);
		break;
	default:
		break;
	}
}

static void
remember(const struct gwire_frame *f)
{
	const uint8_t *p;
	size_t len;

	if (f->type == WIRE_SAMPLE)
		fake.time_limit_ms = gwire_number(f, WIRE_K_TIME_LIMIT_MS, 0);
	p = gwire_bytes(f, WIRE_K_DATA, &len);
	if (f->type == WIRE_SAMPLE_DATA && p != NULL &&
	    len <= sizeof(fake.sample) - fake.sample_len) {
		memcpy(fake.sample + fake.sample_len, p, len);
		fake.sample_len += len;
	}
}

static void
handle(struct agent *a, const struct gwire_frame *f)
{
	remember(f);
	switch (f->type) {
	case WIRE_HELLO:
		begin(a, WIRE_READY);
		end(a);
		break;
	case WIRE_SAMPLE_DATA:
		break;
	case WIRE_START:
		ack(a, f);
		perform(a);
		break;
	case WIRE_STOP:
		ack(a, f);
		if (fake.act == ACT_FOREVER)
			say_done(a, WIRE_C_STOPPED);
		break;
	case WIRE_PING:
		if (fake.act == ACT_SILENT && fake.sample_len > 0 &&
		    a->sequence > 4)
			break;
		if (fake.act == ACT_DEAF && fake.restores > 0)
			break;
		ack(a, f);
		break;
	default:
		ack(a, f);
		break;
	}
}

static void *
agent_main(void *arg)
{
	struct agent *a = xcalloc(1, sizeof(*a));
	struct gwire_frame f;
	uint8_t buf[4096];
	ssize_t n;

	(void)arg;
	while ((n = recv(fake.fd, buf, sizeof(buf), 0)) > 0) {
		const uint8_t *p = buf;

		while (n > 0) {
			size_t took = gwire_push(&a->in, p, (size_t)n);

			p += took;
			n -= (ssize_t)took;
			while (gwire_next(&a->in, &f))
				handle(a, &f);
		}
	}
	free(a);
	return NULL;
}

/* --- the hypervisor --- */

static int
do_boot(void *arg, const struct machine *m, char *why)
{
	(void)arg;
	(void)m;
	fake.boots++;
	fake.fate = GUEST_RUNS;
	if (fake.act == ACT_NO_BOOT) {
		(void)snprintf(why, DRIVER_WHY_BYTES, "no boot today");
		return ERR_SYS;
	}
	fake.is_there = true;
	return ERR_OK;
}

static void
end_agent(void)
{
	if (!fake.has_thread)
		return;
	(void)shutdown(fake.fd, SHUT_RDWR);
	(void)pthread_join(fake.thread, NULL);
	(void)close(fake.fd);
	fake.has_thread = false;
}

static int
do_save(void *arg, const struct machine *m, const char *path, char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	fake.saves++;
	fake.is_there = false;
	end_agent();
	(void)close(open(path, O_WRONLY | O_CREAT, 0600));
	return ERR_OK;
}

static int
do_restore(void *arg, const struct machine *m, const char *path, char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	assert_false(fake.is_there);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(access(m->overlay, R_OK), 0);
	fake.restores++;
	fake.fate = GUEST_RUNS;
	fake.is_there = true;
	return ERR_OK;
}

static int
do_destroy(void *arg, const struct machine *m, char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	fake.destroys++;
	fake.is_there = false;
	end_agent();
	return ERR_OK;
}

static int
do_open_port(
    void *arg, const struct machine *m, struct port **ret_port, char *why)
{
	int fds[2];

	(void)arg;
	(void)m;
	(void)why;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fake.fd = fds[0];
	fake.has_thread =
	    pthread_create(&fake.thread, NULL, agent_main, NULL) == 0;
	*ret_port = port_of_fd(fds[1]);
	return ERR_OK;
}

static int
do_overlay(void *arg, const char *backing, const char *path, char *why)
{
	(void)arg;
	(void)why;
	assert_int_equal(access(backing, R_OK), 0);
	fake.overlays++;
	(void)close(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
	return ERR_OK;
}

static enum guest_fate
do_fate(void *arg, const struct machine *m)
{
	(void)arg;
	(void)m;
	return fake.fate;
}

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
