/* SPDX-License-Identifier: Apache-2.0 */
/* fake.c - parent and analysers of a scheduler under test. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/sched.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define PATIENCE_MS 10000

static int
on_ready(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;

	(void)chan;
	(void)msg;
	f->is_ready = true;
	return ERR_OK;
}

static int
on_blame(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;

	(void)chan;
	(void)wire_get_u16(&msg->in);
	wire_get_str(&msg->in, f->blamed, sizeof(f->blamed));
	wire_get_str(&msg->in, f->blamed_why, sizeof(f->blamed_why));
	return ERR_OK;
}

static void
on_parent_gone(void *arg, struct chan *chan, int err)
{
	struct fake *f = arg;

	(void)err;
	chan_free(chan);
	f->parent = NULL;
}

static void
send_conf(struct fake *f, const char *pair)
{
	const char *equals = strchr(pair, '=');
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_bytes(&body, pair, (size_t)(equals - pair));
	wire_put_str(&body, equals + 1);
	assert_int_equal(chan_send(f->parent, MSG_CONF, 0, &body, -1), ERR_OK);
	wire_out_release(&body);
}

static bool
is_ready(struct fake *f)
{
	return f->is_ready;
}

/* In the child: nothing of the test's but the channel. */
__attribute__((noreturn)) static void
become_sched(int fd)
{
	if (fd != PROGRAM_PARENT_FD)
		(void)dup2(fd, PROGRAM_PARENT_FD);
	(void)close_range(PROGRAM_PARENT_FD + 1, ~0u, 0);
	_exit(sched_main());
}

void
fake_start(struct fake *f, const char *const *conf)
{
	static const struct chan_handler handlers[] = {
	    {MSG_READY, on_ready},
	    {MSG_BLAME, on_blame},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_parent_gone,
	};
	int fds[2];

	memset(f, 0, sizeof(*f));
	(void)signal(SIGPIPE, SIG_IGN);
	f->loop = loop_new();
	assert_int_equal(chan_pair(fds), ERR_OK);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		become_sched(fds[1]);
	(void)close(fds[1]);
	f->parent = chan_new(f->loop, fds[0], ROLE_PARENT, ROLE_SCHED, "");
	chan_set_ops(f->parent, &ops, f);
	for (; *conf != NULL; conf++)
		send_conf(f, *conf);
	assert_int_equal(
	    chan_send(f->parent, MSG_CONF_END, 0, NULL, -1), ERR_OK);
	fake_until(f, is_ready);
}

static bool
is_parent_gone(struct fake *f)
{
	return f->parent == NULL;
}

void
fake_stop(struct fake *f)
{
	int status;

	assert_int_equal(chan_send(f->parent, MSG_STOP, 0, NULL, -1), ERR_OK);
	fake_until(f, is_parent_gone);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < f->analyser_count; i++) {
		struct fake_analyser *a = &f->analysers[i];

		for (size_t j = 0; j < a->errand_count; j++)
			json_decref(a->errands[j].context);
		chan_free(a->chan);
	}
	json_decref(f->run.options);
	chan_free(f->store);
	chan_free(f->vm);
	loop_free(f->loop);
}

struct chan *fake_peer(struct fake *f, enum role role, const char *instance);

/* Gives the scheduler a peer; returns the peer's own end. */
struct chan *
fake_peer(struct fake *f, enum role role, const char *instance)
{
	struct wire_out body;
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, (uint16_t)role);
	wire_put_str(&body, instance);
	assert_int_equal(
	    chan_send(f->parent, MSG_PEER, 0, &body, fds[1]), ERR_OK);
	wire_out_release(&body);
	return chan_new(f->loop, fds[0], role, ROLE_SCHED, instance);
}

void
fake_until(struct fake *f, bool (*done)(struct fake *f))
{
	uint64_t end_ms = loop_now_ms() + PATIENCE_MS;

	while (!done(f)) {
		assert_true(loop_now_ms() < end_ms);
		loop_turn(f->loop, 10);
		fake_drain(f);
	}
}

void
fake_until_over(struct fake *f, const struct fake_job *job)
{
	uint64_t end_ms = loop_now_ms() + PATIENCE_MS;

	while (!job->is_over) {
		if (loop_now_ms() >= end_ms)
			fail_msg("job %s is not over", job->id);
		loop_turn(f->loop, 10);
		fake_drain(f);
	}
}

void
fake_run_ms(struct fake *f, uint64_t ms)
{
	uint64_t end_ms = loop_now_ms() + ms;

	while (loop_now_ms() < end_ms) {
		loop_turn(f->loop, 1);
		fake_drain(f);
	}
}

/* --- analysers --- */

static struct fake_errand *
find(struct fake_analyser *a, uint32_t request)
{
	for (size_t i = 0; i < a->errand_count; i++) {
		if (a->errands[i].request == request)
			return &a->errands[i];
	}
	return NULL;
}

static int
on_analyse(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_analyser *a = arg;
	struct fake_errand *e;
	const uint8_t *context;
	size_t len;

	(void)chan;
	assert_null(find(a, msg->request));
	assert_true(a->errand_count < FAKE_ERRANDS);
	e = &a->errands[a->errand_count++];
	*e = (struct fake_errand){.request = msg->request, .out_fd = -1};
	e->size = wire_get_u64(&msg->in);
	e->how = wire_get_u8(&msg->in);
	context = wire_get_bytes(&msg->in, &len);
	e->input_fd = take_fd(msg->fd);
	assert_int_equal(
	    json_parse(context, len, LIMIT_MSG_BYTES, 16, &e->context), ERR_OK);
	return ERR_OK;
}

static int
on_analyse_pack(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_analyser *a = arg;
	struct fake_errand *e;
	const uint8_t *context, *list;
	size_t len;

	(void)chan;
	assert_null(find(a, msg->request));
	assert_true(a->errand_count < FAKE_ERRANDS);
	e = &a->errands[a->errand_count++];
	*e = (struct fake_errand){
	    .request = msg->request, .out_fd = -1, .how = BLOB_MEMFD};
	e->size = wire_get_u64(&msg->in);
	context = wire_get_bytes(&msg->in, &len);
	list = wire_get_bytes(&msg->in, &e->list_len);
	e->list = xmemdup(list, e->list_len);
	e->input_fd = take_fd(msg->fd);
	assert_int_equal(
	    json_parse(context, len, LIMIT_MSG_BYTES, 16, &e->context), ERR_OK);
	return ERR_OK;
}

static int
on_analyse_out(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_analyser *a = arg;
	struct fake_errand *e = find(a, msg->request);

	(void)chan;
	assert_non_null(e);
	e->seconds = wire_get_u32(&msg->in);
	e->out_fd = take_fd(msg->fd);
	if (++a->running > a->running_max)
		a->running_max = a->running;
	a->order(a, e);
	return ERR_OK;
}

static int
on_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_analyser *a = arg;
	struct fake_errand *e = find(a, msg->request);

	(void)chan;
	if (e == NULL || e->out_fd == -1)
		return ERR_OK;
	e->is_cancelled = true;
	fake_analysed(a, e, ANALYSE_CANCELLED, SIGKILL);
	return ERR_OK;
}

static void
on_analyser_gone(void *arg, struct chan *chan, int err)
{
	struct fake_analyser *a = arg;

	(void)err;
	chan_free(chan);
	a->chan = NULL;
}

struct fake_analyser *
fake_analyser_attach(struct fake *f, const char *name,
    void (*order)(struct fake_analyser *a, struct fake_errand *errand))
{
	static const struct chan_handler handlers[] = {
	    {MSG_ANALYSE, on_analyse},
	    {MSG_ANALYSE_PACK, on_analyse_pack},
	    {MSG_ANALYSE_OUT, on_analyse_out},
	    {MSG_ANALYSE_CANCEL, on_cancel},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_analyser_gone,
	};
	struct fake_analyser *a = &f->analysers[f->analyser_count++];
	struct wire_out body;

	a->fake = f;
	a->order = order;
	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	a->chan = fake_peer(f, ROLE_ANALYSER, name);
	chan_set_ops(a->chan, &ops, a);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, name);
	wire_put_str(&body, "engine 1.0");
	wire_put_str(&body, "{}");
	(void)chan_send(a->chan, MSG_ANALYSER_INFO, 0, &body, -1);
	wire_out_release(&body);
	return a;
}

void
fake_analysed(struct fake_analyser *a, struct fake_errand *e,
    enum analyse_end end, uint32_t code)
{
	struct wire_out body;

	if (e->out_fd != -1)
		(void)close(e->out_fd);
	if (e->input_fd != -1)
		(void)close(e->input_fd);
	e->out_fd = e->input_fd = -1;
	a->running--;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)end);
	wire_put_u32(&body, code);
	wire_put_u64(&body, 1000);
	wire_put_u64(&body, 2000);
	(void)chan_send(a->chan, MSG_ANALYSED, e->request, &body, -1);
	wire_out_release(&body);
}

/* A closed reader is the scheduler's right; a short write is not. */
static void
write_all(int fd, const void *p, size_t len)
{
	ssize_t n = write(fd, p, len);

	assert_true(n == -1 || (size_t)n == len);
}

static void
frame(int fd, enum record_type type, const void *p, size_t len)
{
	uint8_t head[5] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8),
	    (uint8_t)(len >> 16), 0};

	write_all(fd, head, sizeof(head));
	write_all(fd, p, len);
}

void
fake_record(int fd, enum record_type type, const char *body)
{
	frame(fd, type, body, strlen(body));
}

void
fake_data(int fd, const void *p, size_t len)
{
	frame(fd, RECORD_DATA, p, len);
}

void
fake_child(int fd, const char *name, const char *bytes)
{
	auto_free char *head =
	    xasprintf("{\"name\":\"%s\",\"relation\":"
		      "\"archive_member\",\"kind\":\"file\",\"path\":\"p/%s\"}",
		name, name);
	auto_free char *tail = xasprintf("{\"size\":%zu}", strlen(bytes));

	fake_record(fd, RECORD_CHILD, head);
	if (bytes[0] != '\0')
		fake_data(fd, bytes, strlen(bytes));
	fake_record(fd, RECORD_CHILD_END, tail);
}
