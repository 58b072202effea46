/* SPDX-License-Identifier: Apache-2.0 */
/* test_call.c - the catalogue of calls, and open calls over a channel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/call.h"
#include "lib/limits.h"
#include "lib/own.h"

#include <string.h>

static void
test_catalogue(void **state)
{
	size_t count = 0;

	(void)state;
	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		const struct call_spec *spec = call_spec(op);

		assert_non_null(spec);
		assert_ptr_equal(spec, call_spec(op));
		assert_int_equal(call_by_name(spec->name), op);
		assert_true(spec->param_count <= LIMIT_VALUES);
		assert_true(spec->column_count <= LIMIT_VALUES);
		/* What the scheduler asks needs no session, and only that. */
		if (spec->roles == ROLE_SCHED)
			assert_string_equal(spec->capability, "-");
		/* Lists can be paged. */
		for (size_t i = 0; i < spec->param_count; i++) {
			if (strcmp(spec->params[i].name, "cursor") == 0)
				assert_true(call_column((enum call_op)op,
						"cursor") >= 0);
		}
		count++;
	}
	assert_true(count > 50);
	assert_null(call_spec(CALL_NONE_));
	assert_null(call_spec(CALL_COUNT));
	assert_int_equal(call_by_name("NOTHING"), CALL_NONE_);
	assert_int_equal(call_column(CALL_CASE_GET, "id"), 0);
	assert_int_equal(call_column(CALL_CASE_GET, "nothing"), -1);
	assert_int_equal(call_column(CALL_COUNT, "id"), -1);
}

/* A sound list for some fields, but for field `wrong` (count = none). */
static void
fill(const struct call_field *fields, size_t count, size_t wrong,
    struct values *values)
{
	values_init(values);
	for (size_t i = 0; i < count; i++) {
		bool is_int = strchr("itf", fields[i].type) != NULL;
		bool is_text = strchr("sj", fields[i].type) != NULL;

		if (i == wrong && is_text)
			values_add_int(values, 1);
		else if (i == wrong)
			values_add_text(values, "wrong");
		else if (is_int)
			values_add_int(values, 1);
		else if (is_text)
			values_add_text(values, "x");
		else
			values_add_bytes(values, "x", 1);
	}
}

static void
check_fields(enum call_op op, bool is_row)
{
	const struct call_spec *spec = call_spec(op);
	const struct call_field *f = is_row ? spec->columns : spec->params;
	size_t count = is_row ? spec->column_count : spec->param_count;
	struct values values;

	fill(f, count, count, &values);
	assert_int_equal(call_check(op, &values, is_row), ERR_OK);
	values_add_null(&values);
	assert_int_equal(call_check(op, &values, is_row), ERR_FORMAT);
	for (size_t i = 0; i < count; i++) {
		fill(f, count, i, &values);
		assert_int_equal(call_check(op, &values, is_row), ERR_FORMAT);
		values.v[i] = (struct value){.type = VALUE_NULL};
		assert_int_equal(call_check(op, &values, is_row),
		    f[i].is_nullable ? ERR_OK : ERR_FORMAT);
	}
	if (count > 0) {
		fill(f, count, count, &values);
		values.count--;
		assert_int_equal(call_check(op, &values, is_row), ERR_FORMAT);
	}
}

static void
test_check_every_call(void **state)
{
	struct values none;

	(void)state;
	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		check_fields((enum call_op)op, false);
		check_fields((enum call_op)op, true);
	}
	values_init(&none);
	assert_int_equal(call_check(CALL_COUNT, &none, false), ERR_FORMAT);
}

/* --- the client --- */

struct line {
	struct loop *loop;
	struct calls *calls;
	struct chan *web;
	struct chan *store;
	/* What the store's end heard. */
	uint32_t request;
	uint64_t principal;
	unsigned int op;
	size_t heard;
	size_t cancels;
	/* What the callers heard. */
	size_t rows;
	size_t ends;
	enum err err;
	char why[64];
	int fd;
	bool is_inside; /* calls_start() is running */
	int gone;
};

static int
on_call(void *arg, struct chan *chan, struct msg *msg)
{
	struct line *l = arg;

	(void)chan;
	l->request = msg->request;
	l->principal = wire_get_u64(&msg->in);
	l->op = wire_get_u16(&msg->in);
	l->heard++;
	return ERR_OK;
}

static int
on_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct line *l = arg;

	(void)chan;
	assert_int_equal(msg->request, l->request);
	l->cancels++;
	return ERR_OK;
}

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	struct line *l = arg;

	(void)chan;
	return calls_handle(l->calls, msg);
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct line *l = arg;

	if (chan == l->web) {
		l->gone = err;
		l->web = NULL;
		calls_set_chan(l->calls, NULL);
	} else {
		l->store = NULL;
	}
	chan_free(chan);
}

static void
on_row(void *arg, const struct values *row)
{
	struct line *l = arg;
	char id[16];

	assert_string_equal(values_text(row, 0, id, sizeof(id)), "an id");
	l->rows++;
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct line *l = arg;

	assert_false(l->is_inside);
	l->ends++;
	l->err = err;
	(void)snprintf(l->why, sizeof(l->why), "%s", why);
	l->fd = fd;
}

static const struct chan_handler store_handlers[] = {
    {MSG_CALL, on_call},
    {MSG_CALL_CANCEL, on_cancel},
    {MSG_NONE_, NULL},
};
static const struct chan_handler web_handlers[] = {
    {MSG_CALL_ROWS, on_answer},
    {MSG_CALL_END, on_answer},
    {MSG_NONE_, NULL},
};
static const struct chan_ops store_ops = {store_handlers, on_gone};
static const struct chan_ops web_ops = {web_handlers, on_gone};

static int
setup(void **state)
{
	static struct line line;
	struct line *l = &line;
	int fds[2];

	*l = (struct line){.fd = -1};
	l->loop = loop_new();
	l->calls = calls_new(l->loop);
	assert_int_equal(chan_pair(fds), ERR_OK);
	l->web = chan_new(l->loop, fds[0], ROLE_WEB, ROLE_STORE, "");
	l->store = chan_new(l->loop, fds[1], ROLE_STORE, ROLE_WEB, "");
	chan_set_ops(l->web, &web_ops, l);
	chan_set_ops(l->store, &store_ops, l);
	calls_set_chan(l->calls, l->web);
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct line *l = *state;

	calls_free(l->calls);
	chan_free(l->web);
	chan_free(l->store);
	loop_free(l->loop);
	return 0;
}

static void
turn(struct line *l)
{
	for (int i = 0; i < 4; i++)
		loop_turn(l->loop, 1);
}

static uint32_t
start(struct line *l)
{
	struct values params;
	uint32_t id;

	values_init(&params);
	values_add_text(&params, "an artefact");
	values_add_text(&params, "{}");
	l->is_inside = true;
	id = calls_start(
	    l->calls, CALL_RUN_CREATE, 77, &params, -1, on_row, on_end, l);
	l->is_inside = false;
	return id;
}

static void
answer_row(struct line *l, const char *text)
{
	struct values row;
	struct wire_out body;

	values_init(&row);
	if (text != NULL)
		values_add_text(&row, text);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	values_put(&row, &body);
	(void)chan_send(l->store, MSG_CALL_ROWS, l->request, &body, -1);
	wire_out_release(&body);
}

/* Several rows at once; count 0: a message without any. */
static void
answer_rows(struct line *l, size_t count)
{
	struct values row;
	struct wire_out body;

	values_init(&row);
	values_add_text(&row, "an id");
	wire_out_init(&body, LIMIT_MSG_BYTES);
	for (size_t i = 0; i < count; i++)
		values_put(&row, &body);
	(void)chan_send(l->store, MSG_CALL_ROWS, l->request, &body, -1);
	wire_out_release(&body);
}

static void
answer_end(struct line *l, enum err err, int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, "a reason");
	(void)chan_send(l->store, MSG_CALL_END, l->request, &body, fd);
	wire_out_release(&body);
}

static void
test_question_and_answer(void **state)
{
	struct line *l = *state;

	assert_true(calls_is_connected(l->calls));
	(void)start(l);
	turn(l);
	assert_int_equal(l->heard, 1);
	assert_int_equal(l->op, CALL_RUN_CREATE);
	assert_int_equal(l->principal, 77);
	answer_row(l, "an id");
	answer_row(l, "an id");
	answer_rows(l, 40);
	answer_end(l, ERR_CONFLICT, dup(0));
	turn(l);
	assert_int_equal(l->rows, 42);
	assert_int_equal(l->ends, 1);
	assert_int_equal(l->err, ERR_CONFLICT);
	assert_string_equal(l->why, "a reason");
	assert_int_not_equal(l->fd, -1);
	(void)close(l->fd);
}

static void
test_store_is_away(void **state)
{
	struct line *l = *state;

	calls_set_chan(l->calls, NULL);
	assert_false(calls_is_connected(l->calls));
	(void)start(l);
	assert_int_equal(l->ends, 0);
	turn(l);
	assert_int_equal(l->ends, 1);
	assert_int_equal(l->err, ERR_UNAVAILABLE);
}

static void
test_store_goes_away(void **state)
{
	struct line *l = *state;

	(void)start(l);
	(void)start(l);
	turn(l);
	chan_free(take_ptr(l->store));
	turn(l);
	assert_int_equal(l->ends, 2);
	assert_int_equal(l->err, ERR_UNAVAILABLE);
}

static void
test_cancel(void **state)
{
	struct line *l = *state;
	uint32_t id = start(l);

	turn(l);
	calls_cancel(l->calls, id);
	calls_cancel(l->calls, id + 1);
	turn(l);
	assert_int_equal(l->cancels, 1);
	/* The answer that was under way is nobody's, and no crime. */
	answer_row(l, "an id");
	answer_end(l, ERR_OK, dup(0));
	turn(l);
	assert_int_equal(l->rows, 0);
	assert_int_equal(l->ends, 0);
	assert_int_equal(l->gone, ERR_OK);
}

static void
test_answers_that_lie(void **state)
{
	struct line *l = *state;

	(void)start(l);
	turn(l);
	/* A row that has another shape than the catalogue says. */
	answer_row(l, NULL);
	turn(l);
	assert_int_equal(l->gone, ERR_PEER);
	assert_int_equal(l->err, ERR_UNAVAILABLE);
}

static void
test_no_rows(void **state)
{
	struct line *l = *state;

	(void)start(l);
	turn(l);
	answer_rows(l, 0);
	turn(l);
	assert_int_equal(l->gone, ERR_PEER);
}

static void
test_answer_to_nothing(void **state)
{
	struct line *l = *state;

	(void)start(l);
	turn(l);
	l->request += 5;
	answer_end(l, ERR_OK, -1);
	turn(l);
	assert_int_equal(l->gone, ERR_PEER);
}

static void
test_freed_with_open_calls(void **state)
{
	struct line *l = *state;

	(void)start(l);
	calls_free(l->calls);
	assert_int_equal(l->ends, 1);
	assert_int_equal(l->err, ERR_UNAVAILABLE);
	l->calls = calls_new(l->loop);
	/* One that could not be sent, too. */
	(void)start(l);
	calls_free(l->calls);
	assert_int_equal(l->ends, 2);
	l->calls = calls_new(l->loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_catalogue),
	    cmocka_unit_test(test_check_every_call),
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_question_and_answer),
	    T(test_store_is_away),
	    T(test_store_goes_away),
	    T(test_cancel),
	    T(test_answers_that_lie),
	    T(test_no_rows),
	    T(test_answer_to_nothing),
	    T(test_freed_with_open_calls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
