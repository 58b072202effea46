/* SPDX-License-Identifier: Apache-2.0 */
/* fake_vm.c - the VM pool of a scheduler under test. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"

struct chan *fake_peer(struct fake *f, enum role role, const char *instance);

static int
on_start(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	struct fake_run *run = &f->run;
	const uint8_t *p;
	size_t len;

	(void)chan;
	json_decref(run->options);
	*run = (struct fake_run){
	    .request = msg->request,
	    .sample_fd = take_fd(msg->fd),
	    .trace_fd = -1,
	    .pcap_fd = -1,
	    .console_fd = -1,
	};
	wire_get_str(&msg->in, run->profile, sizeof(run->profile));
	p = wire_get_bytes(&msg->in, &len);
	memcpy(run->name, p, len < 255 ? len : 255);
	p = wire_get_bytes(&msg->in, &len);
	assert_int_equal(
	    json_parse(p, len, LIMIT_MSG_BYTES, 16, &run->options), ERR_OK);
	return ERR_OK;
}

static int
on_output(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	char name[32];

	(void)chan;
	assert_int_equal(msg->request, f->run.request);
	wire_get_str(&msg->in, name, sizeof(name));
	if (strcmp(name, "trace") == 0)
		f->run.trace_fd = take_fd(msg->fd);
	else if (strcmp(name, "pcap") == 0)
		f->run.pcap_fd = take_fd(msg->fd);
	else if (strcmp(name, "console") == 0)
		f->run.console_fd = take_fd(msg->fd);
	else
		fail_msg("output %s", name);
	return ERR_OK;
}

static int
on_go(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;

	(void)chan;
	(void)msg;
	assert_true(f->run.trace_fd != -1 && f->run.pcap_fd != -1 &&
		    f->run.console_fd != -1);
	f->run.is_go = true;
	return ERR_OK;
}

static int
on_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;

	(void)chan;
	(void)msg;
	f->run.is_cancelled = true;
	return ERR_OK;
}

static int
on_order(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	char order[32];
	char object[32];

	(void)chan;
	wire_get_str(&msg->in, order, sizeof(order));
	wire_get_str(&msg->in, object, sizeof(object));
	assert_string_equal(order, "check");
	assert_string_equal(object, "slot0");
	f->orders++;
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct fake *f = arg;

	(void)err;
	chan_free(chan);
	f->vm = NULL;
}

void
fake_vm_attach(struct fake *f)
{
	static const struct chan_handler handlers[] = {
	    {MSG_RUN_START, on_start},
	    {MSG_RUN_OUTPUT, on_output},
	    {MSG_RUN_GO, on_go},
	    {MSG_RUN_CANCEL, on_cancel},
	    {MSG_POOL_ORDER, on_order},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};

	f->vm = fake_peer(f, ROLE_VM, "");
	chan_set_ops(f->vm, &ops, f);
}

static void
say(struct fake *f, enum msg_type type, const char *const *texts)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	for (; *texts != NULL; texts++)
		wire_put_str(&body, *texts);
	assert_int_equal(chan_send(f->vm, type, 0, &body, -1), ERR_OK);
	wire_out_release(&body);
}

void
fake_vm_slot(
    struct fake *f, const char *name, const char *profile, const char *state)
{
	say(f, MSG_SLOT_STATE,
	    (const char *const[]){name, profile, state, "", "{}", NULL});
}

void
fake_vm_profile(struct fake *f, const char *name, const char *state)
{
	say(f, MSG_PROFILE_STATE,
	    (const char *const[]){name, "d1", state, "{}", NULL});
}

void
fake_vm_progress(struct fake *f, const char *phase, uint8_t percent)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, phase);
	wire_put_u8(&body, percent);
	wire_put_str(&body, "");
	assert_int_equal(
	    chan_send(f->vm, MSG_RUN_PROGRESS, f->run.request, &body, -1),
	    ERR_OK);
	wire_out_release(&body);
}

static void
close_output(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

void
fake_vm_end(struct fake *f, enum run_outcome outcome, const char *reason,
    const char *environment)
{
	struct wire_out body;

	close_output(&f->run.sample_fd);
	close_output(&f->run.trace_fd);
	close_output(&f->run.pcap_fd);
	close_output(&f->run.console_fd);
	f->run.is_go = false;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)outcome);
	wire_put_str(&body, reason);
	wire_put_str(&body, environment);
	assert_int_equal(
	    chan_send(f->vm, MSG_RUN_END, f->run.request, &body, -1), ERR_OK);
	wire_out_release(&body);
}
