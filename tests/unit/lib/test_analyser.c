/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_analyser.c - the frame of analysers: a real program in its cage, with
 * this test as its parent and its scheduler.
 *
 * What the toy analyser does is the first letter of its input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analyser.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define PATIENCE_MS 120000

/* --- the toy analyser --- */

static void
hog(void)
{
	for (;;) {
		char *p = xmalloc(16 * MIB);

		for (size_t i = 0; i < 16 * MIB; i += 4096)
			p[i] = 1;
	}
}

/* Which descriptors are open, as "0 2 3 ". */
static void
fact_descriptors(struct record_out *out)
{
	char text[256] = "";
	size_t len = 0;

	for (int fd = 0; fd < 128; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			len += (size_t)snprintf(
			    text + len, sizeof(text) - len, "%d ", fd);
	}
	record_fact(out, "descriptors", json_string(text));
}

static int
toy_analyse(struct analysis *analysis)
{
	char what = '\0';
	size_t len;
	volatile int *nowhere = NULL;

	assert_int_equal(
	    input_read_at(analysis->input, 0, &what, 1, &len), ERR_OK);
	record_fact(analysis->out, "name",
	    json_string(json_member_text(analysis->context, "name", "")));
	record_fact(analysis->out, "data", json_string(analysis->data));
	switch (what) {
	case 'p':
		return ERR_FORMAT;
	case 'h':
		for (;;)
			continue;
	case 's':
		(void)poll(NULL, 0, 100000);
		return ERR_OK;
	case 'c':
		*nowhere = 1;
		return ERR_OK;
	case 'm':
		hog();
		return ERR_OK;
	case 'f':
		(void)fork();
		return ERR_OK;
	case 'o':
		record_fact(analysis->out, "open",
		    json_integer(
			open("/etc/passwd", O_RDONLY) == -1 ? errno : 0));
		return ERR_OK;
	case 'n':
		(void)socket(AF_INET, SOCK_STREAM, 0);
		return ERR_OK;
	case 'd':
		fact_descriptors(analysis->out);
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

static void *
toy_load(struct program *program)
{
	return xstrdup(program_conf(program, "word", "?"));
}

static void
toy_info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)snprintf(engine, engine_size, "toy %s", (const char *)data);
	*ret_detail = json_pack("{s:i}", "rules", 7);
}

static const struct cage toy_cage = {
    .name = "toy",
    .memory_bytes_max = 512 * MIB,
    .cpu_seconds_max = 30,
};

static const struct analyser toy = {
    .name = "toy",
    .cage = &toy_cage,
    .load = toy_load,
    .info = toy_info,
    .analyse = toy_analyse,
};

/* --- the test's side --- */

struct side {
	pid_t pid;
	struct chan *parent;
	struct chan *sched;
	int parent_fd;
	int sched_fd;
	uint8_t buf[LIMIT_MSG_BYTES];
	uint32_t request;
};

static void
next_msg(struct side *s, struct chan *chan, int fd, struct msg *ret_msg)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
	assert_int_equal(chan_recv(chan, s->buf, ret_msg), ERR_OK);
}

static void
send_texts(struct chan *chan, enum msg_type type, const char *a, const char *b)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, a);
	wire_put_str(&body, b);
	assert_int_equal(chan_send(chan, type, 0, &body, -1), ERR_OK);
	wire_out_release(&body);
}

static void
send_sched_peer(struct side *s)
{
	struct wire_out body;
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, ROLE_SCHED);
	wire_put_str(&body, "");
	assert_int_equal(
	    chan_send(s->parent, MSG_PEER, 0, &body, fds[1]), ERR_OK);
	wire_out_release(&body);
	s->sched_fd = fds[0];
	s->sched = chan_new(NULL, fds[0], ROLE_SCHED, ROLE_ANALYSER, "toy");
}

static void
start(struct side *s)
{
	char name[32], engine[64], detail[64];
	struct msg msg;
	int fds[2];

	memset(s, 0, sizeof(*s));
	assert_int_equal(chan_pair(fds), ERR_OK);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		if (fds[1] != PROGRAM_PARENT_FD)
			(void)dup2(fds[1], PROGRAM_PARENT_FD);
		(void)close_range(PROGRAM_PARENT_FD + 1, ~0u, 0);
		_exit(analyser_main(&toy));
	}
	(void)close(fds[1]);
	s->parent = chan_new(NULL, fds[0], ROLE_PARENT, ROLE_ANALYSER, "toy");
	send_texts(s->parent, MSG_CONF, "instance", "toy");
	send_texts(s->parent, MSG_CONF, "word", "loaded");
	assert_int_equal(
	    chan_send(s->parent, MSG_CONF_END, 0, NULL, -1), ERR_OK);
	s->parent_fd = fds[0];
	next_msg(s, s->parent, s->parent_fd, &msg);
	assert_int_equal(msg.type, MSG_READY);
	send_sched_peer(s);
	next_msg(s, s->sched, s->sched_fd, &msg);
	assert_int_equal(msg.type, MSG_ANALYSER_INFO);
	wire_get_str(&msg.in, name, sizeof(name));
	wire_get_str(&msg.in, engine, sizeof(engine));
	wire_get_str(&msg.in, detail, sizeof(detail));
	assert_string_equal(name, "toy");
	assert_string_equal(engine, "toy loaded");
	assert_string_equal(detail, "{\"rules\":7}");
}

static void
stop(struct side *s)
{
	int status;

	assert_int_equal(chan_send(s->parent, MSG_STOP, 0, NULL, -1), ERR_OK);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_int_equal(status, 0);
	chan_free(s->parent);
	chan_free(s->sched);
}

/* Sends one artefact; returns the pipe that its records come through. */
static int
order(struct side *s, const char *bytes, uint32_t seconds, uint32_t mib)
{
	static const char context[] = "{\"name\":\"n\"}";
	int input = memfd_create("input", MFD_CLOEXEC);
	struct wire_out body;
	int fds[2];

	assert_int_equal(write(input, bytes, strlen(bytes)), strlen(bytes));
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->request++;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, strlen(bytes));
	wire_put_u8(&body, BLOB_MEMFD);
	wire_put_str(&body, context);
	assert_int_equal(
	    chan_send(s->sched, MSG_ANALYSE, s->request, &body, input), ERR_OK);
	wire_out_reset(&body);
	wire_put_u32(&body, seconds);
	wire_put_u32(&body, mib);
	assert_int_equal(
	    chan_send(s->sched, MSG_ANALYSE_OUT, s->request, &body, fds[1]),
	    ERR_OK);
	wire_out_release(&body);
	return fds[0];
}

static enum analyse_end
ended(struct side *s, uint32_t *ret_code)
{
	struct msg msg;
	enum analyse_end end;

	next_msg(s, s->sched, s->sched_fd, &msg);
	assert_int_equal(msg.type, MSG_ANALYSED);
	assert_int_equal(msg.request, s->request);
	end = (enum analyse_end)wire_get_u8(&msg.in);
	*ret_code = wire_get_u32(&msg.in);
	return end;
}

static int
keep(void *arg, const struct record *record)
{
	char *text = arg;
	auto_free char *body = json_canonical(record->body);

	(void)snprintf(text + strlen(text), 2048 - strlen(text), "%s %s\n",
	    record_type_name(record->type), body);
	return ERR_OK;
}

/* All records that come, as text; true = the last was DONE. */
static bool
records(int fd, char text[2048])
{
	struct record_in *in = record_in_new(keep, text);
	char buf[4096];
	bool is_complete;
	ssize_t n;

	text[0] = '\0';
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		assert_int_equal(record_feed(in, buf, (size_t)n), ERR_OK);
	is_complete = record_in_is_complete(in);
	record_in_free(in);
	(void)close(fd);
	return is_complete;
}

/* One artefact from order to end. */
static enum analyse_end
analyse(struct side *s, const char *bytes, char text[2048], uint32_t *ret_code)
{
	/* Short for what is to meet it; no other end is by the clock. */
	const bool is_slow = bytes[0] == 'h' || bytes[0] == 's';
	int fd = order(s, bytes, is_slow ? 1 : 300, 256);
	bool is_complete = records(fd, text);
	enum analyse_end end = ended(s, ret_code);

	assert_int_equal(is_complete, end == ANALYSE_DONE);
	return end;
}

static void
test_artefacts_one_after_another(void **state)
{
	struct side s;
	char text[2048];
	uint32_t code;

	(void)state;
	start(&s);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(analyse(&s, "x", text, &code), ANALYSE_DONE);
		assert_string_equal(text,
		    "fact {\"key\":\"name\",\"value\":\"n\"}\n"
		    "fact {\"key\":\"data\",\"value\":\"loaded\"}\n"
		    "done {\"counts\":{\"fact\":2}}\n");
	}
	stop(&s);
}

static void
test_ends_are_told_apart(void **state)
{
	struct side s;
	char text[2048];
	uint32_t code;

	(void)state;
	start(&s);
	assert_int_equal(analyse(&s, "p", text, &code), ANALYSE_CRASHED);
	assert_int_equal(code, ANALYSER_EXIT_PARTIAL);
	assert_int_equal(analyse(&s, "h", text, &code), ANALYSE_TIMEOUT);
	assert_non_null(strstr(text, "loaded")); /* its last words */
	assert_int_equal(analyse(&s, "s", text, &code), ANALYSE_TIMEOUT);
#ifndef CAGE_DEVELOPER
	assert_int_equal(analyse(&s, "c", text, &code), ANALYSE_CRASHED);
	assert_int_equal(code, SIGSEGV);
	assert_non_null(strstr(text, "loaded"));
	assert_int_equal(analyse(&s, "m", text, &code), ANALYSE_MEMORY);
	assert_non_null(strstr(text, "loaded"));
#endif
	/* And it still works. */
	assert_int_equal(analyse(&s, "x", text, &code), ANALYSE_DONE);
	stop(&s);
}

static void
test_children_are_caged(void **state)
{
	struct side s;
	char text[2048];
	uint32_t code;

	(void)state;
	start(&s);
	assert_int_equal(analyse(&s, "d", text, &code), ANALYSE_DONE);
	assert_non_null(strstr(text, "3 4 \""));
	assert_int_equal(analyse(&s, "o", text, &code), ANALYSE_DONE);
	assert_non_null(strstr(text, "\"open\",\"value\":13"));
	assert_int_equal(analyse(&s, "n", text, &code), ANALYSE_DONE);
#ifndef CAGE_DEVELOPER
	assert_int_equal(analyse(&s, "f", text, &code), ANALYSE_CRASHED);
	assert_int_equal(code, SIGSYS);
#endif
	stop(&s);
}

/* --- packs --- */

/* Sends a pack of one-letter items; returns the pipe of its answer. */
static int
order_pack(struct side *s, const char *letters, uint32_t seconds)
{
	static const char common[] = "{\"name\":\"common\",\"x\":1}";
	const size_t count = strlen(letters);
	uint64_t sizes[16], offsets[16], size;
	uint8_t memory[4096] = {0};
	struct wire_out list, body;
	int input = memfd_create("pack", MFD_CLOEXEC);
	int fds[2];

	for (size_t i = 0; i < count; i++)
		sizes[i] = 1;
	size = pack_plan(sizes, count, offsets, memory);
	wire_out_init(&list, LIMIT_MSG_BYTES);
	for (size_t i = 0; i < count; i++) {
		/* The first has a name of its own. */
		const char *own = i == 0 ? "{\"name\":\"own\"}" : "{}";

		memory[offsets[i]] = (uint8_t)letters[i];
		pack_list_put(&list, (uint32_t)i, own, strlen(own));
	}
	assert_int_equal(write(input, memory, (size_t)size), size);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->request++;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, size);
	wire_put_str(&body, common);
	wire_put_bytes(&body, list.buf, list.len);
	assert_int_equal(
	    chan_send(s->sched, MSG_ANALYSE_PACK, s->request, &body, input),
	    ERR_OK);
	wire_out_reset(&body);
	wire_put_u32(&body, seconds);
	wire_put_u32(&body, 256);
	assert_int_equal(
	    chan_send(s->sched, MSG_ANALYSE_OUT, s->request, &body, fds[1]),
	    ERR_OK);
	wire_out_release(&body);
	wire_out_release(&list);
	return fds[0];
}

struct answer {
	char text[4096];
	struct record_in *in;
};

static void
tell(struct answer *a, const char *word, uint32_t number)
{
	size_t len = strlen(a->text);

	(void)snprintf(
	    a->text + len, sizeof(a->text) - len, "%s %u\n", word, number);
}

static int
on_item_begin(void *arg, uint32_t index)
{
	struct answer *a = arg;

	tell(a, "begin", index);
	a->in = record_in_new(keep, a->text);
	return ERR_OK;
}

static int
on_item_data(void *arg, const uint8_t *p, size_t len)
{
	struct answer *a = arg;

	return record_feed(a->in, p, len);
}

static int
on_item_end(void *arg, const struct pack_end *end)
{
	struct answer *a = arg;

	assert_int_equal(record_in_is_complete(a->in), end->status == 0);
	record_in_free(take_ptr(a->in));
	tell(a, "end", end->status);
	assert_true(end->peak_kib > 0);
	return ERR_OK;
}

static enum analyse_end
analyse_pack(struct side *s, const char *letters, struct answer *a)
{
	static const struct pack_ops ops = {
	    on_item_begin, on_item_data, on_item_end};
	int fd = order_pack(s, letters, 1);
	struct pack_in in;
	uint32_t code;
	char buf[64];
	ssize_t n;

	*a = (struct answer){.in = NULL};
	pack_in_init(&in, &ops, a);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		assert_int_equal(pack_feed(&in, buf, (size_t)n), ERR_OK);
	(void)close(fd);
	record_in_free(a->in);
	return ended(s, &code);
}

#define DONE_COUNTS "done {\"counts\":{\"fact\":2}}\n"
#define TOY_FACTS(name)                             \
 "fact {\"key\":\"name\",\"value\":\"" name "\"}\n" \
 "fact {\"key\":\"data\",\"value\":\"loaded\"}\n"

static void
test_pack_item_by_item(void **state)
{
	struct answer a;
	struct side s;

	(void)state;
	start(&s);
	assert_int_equal(analyse_pack(&s, "xpx", &a), ANALYSE_DONE);
	/* Counts and contexts are each item's own. */
	assert_string_equal(a.text, "begin 0\n" TOY_FACTS("own") DONE_COUNTS
	    "end 0\n"
	    "begin 1\n" TOY_FACTS("common") "end 65\n"
					    "begin 2\n" TOY_FACTS("common")
						DONE_COUNTS "end 0\n");
	stop(&s);
}

/* What ended is told, and where the child stood. */
static void
test_pack_ends_in_an_item(void **state)
{
	static const struct {
		char letter;
		enum analyse_end end;
	} cases[] = {
#ifndef CAGE_DEVELOPER /* sanitizers see to these themselves */
	    {'c', ANALYSE_CRASHED}, {'m', ANALYSE_MEMORY},
#endif
	    {'h', ANALYSE_TIMEOUT}};
	struct answer a;
	struct side s;

	(void)state;
	start(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char letters[] = {'x', cases[i].letter, 'x', '\0'};

		assert_int_equal(analyse_pack(&s, letters, &a), cases[i].end);
		assert_string_equal(a.text,
		    "begin 0\n" TOY_FACTS("own") DONE_COUNTS
		    "end 0\n"
		    "begin 1\n" TOY_FACTS("common"));
	}
	stop(&s);
}

/* The frame checks what it is given. */
static void
test_pack_that_is_none(void **state)
{
	struct wire_out body;
	struct side s;
	int input = memfd_create("pack", MFD_CLOEXEC);
	uint32_t code;
	int fds[2];

	(void)state;
	start(&s);
	assert_int_equal(write(input, "LOEPPACK", 8), 8);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s.request++;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, 4096); /* more than there is */
	wire_put_str(&body, "{}");
	wire_put_str(&body, "");
	assert_int_equal(
	    chan_send(s.sched, MSG_ANALYSE_PACK, s.request, &body, input),
	    ERR_OK);
	wire_out_reset(&body);
	wire_put_u32(&body, 5);
	wire_put_u32(&body, 0);
	assert_int_equal(
	    chan_send(s.sched, MSG_ANALYSE_OUT, s.request, &body, fds[1]),
	    ERR_OK);
	wire_out_release(&body);
	assert_int_equal(ended(&s, &code), ANALYSE_REFUSED);
	(void)close(fds[0]);
	stop(&s);
}

static void
test_cancel_kills(void **state)
{
	struct side s;
	char text[2048];
	uint32_t code;
	int fd;

	(void)state;
	start(&s);
	fd = order(&s, "s", 60, 256);
	assert_int_equal(
	    chan_send(s.sched, MSG_ANALYSE_CANCEL, s.request, NULL, -1),
	    ERR_OK);
	assert_int_equal(ended(&s, &code), ANALYSE_CANCELLED);
	assert_false(records(fd, text));
	/* Too late a word about it is nothing bad. */
	assert_int_equal(
	    chan_send(s.sched, MSG_ANALYSE_CANCEL, s.request, NULL, -1),
	    ERR_OK);
	assert_int_equal(analyse(&s, "x", text, &code), ANALYSE_DONE);
	stop(&s);
}

static void
test_several_at_once(void **state)
{
	struct side s;
	char text[2048];
	struct msg msg;
	int fds[8];

	(void)state;
	start(&s);
	for (size_t i = 0; i < 8; i++)
		fds[i] = order(&s, "x", 10, 256);
	for (size_t i = 0; i < 8; i++) {
		next_msg(&s, s.sched, s.sched_fd, &msg);
		assert_int_equal(msg.type, MSG_ANALYSED);
		assert_int_equal(wire_get_u8(&msg.in), ANALYSE_DONE);
	}
	for (size_t i = 0; i < 8; i++)
		assert_true(records(fds[i], text));
	stop(&s);
}

static void
test_nobody_outlives_the_scheduler(void **state)
{
	struct side s;
	char text[2048];
	uint32_t code;
	struct msg msg;
	int fd;

	(void)state;
	start(&s);
	fd = order(&s, "s", 60, 256);
	chan_free(s.sched);
	assert_false(records(fd, text)); /* ends: the child is dead */
	send_sched_peer(&s);
	next_msg(&s, s.sched, s.sched_fd, &msg);
	assert_int_equal(msg.type, MSG_ANALYSER_INFO);
	assert_int_equal(analyse(&s, "x", text, &code), ANALYSE_DONE);
	/* Nor the program itself, killed without a word. */
	fd = order(&s, "s", 60, 256);
	(void)poll(NULL, 0, 200);
	assert_int_equal(kill(s.pid, SIGKILL), 0);
	assert_false(records(fd, text));
	assert_int_equal(waitpid(s.pid, NULL, 0), s.pid);
	chan_free(s.parent);
	chan_free(s.sched);
}

static void
test_a_lying_scheduler_is_named(void **state)
{
	struct side s;
	struct msg msg;
	int fd;

	(void)state;
	start(&s);
	fd = order(&s, "s", 60, 256);
	s.request--; /* the same request again */
	(void)close(order(&s, "s", 60, 256));
	next_msg(&s, s.parent, s.parent_fd, &msg);
	assert_int_equal(msg.type, MSG_BLAME);
	assert_int_equal(wire_get_u16(&msg.in), ROLE_SCHED);
	(void)close(fd);
	stop(&s);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_artefacts_one_after_another),
	    cmocka_unit_test(test_ends_are_told_apart),
	    cmocka_unit_test(test_children_are_caged),
	    cmocka_unit_test(test_pack_item_by_item),
	    cmocka_unit_test(test_pack_ends_in_an_item),
	    cmocka_unit_test(test_pack_that_is_none),
	    cmocka_unit_test(test_cancel_kills),
	    cmocka_unit_test(test_several_at_once),
	    cmocka_unit_test(test_nobody_outlives_the_scheduler),
	    cmocka_unit_test(test_a_lying_scheduler_is_named),
	};

	/* With arguments it is the analyser by itself. */
	if (argc > 1 && strcmp(argv[1], "--file") == 0)
		return analyser_main(&toy);
	(void)signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
