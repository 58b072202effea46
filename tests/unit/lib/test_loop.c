/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop.c - the event loop: descriptors, timers, changes while it turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/loop.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

struct pipes {
	struct loop *loop;
	int fds[2][2];
	struct loop_watch *watches[2];
	struct loop_timer *timer;
	int calls[2];
	unsigned int events;
	char order[16];
};

static int
setup(void **state)
{
	static struct pipes pipes;

	pipes = (struct pipes){.loop = loop_new()};
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipe2(pipes.fds[i], O_NONBLOCK), 0);
	*state = &pipes;
	return 0;
}

static int
teardown(void **state)
{
	struct pipes *p = *state;

	loop_free(p->loop);
	for (int i = 0; i < 4; i++)
		(void)close(p->fds[i / 2][i % 2]);
	return 0;
}

static void
on_read(void *arg, int fd, unsigned int events)
{
	struct pipes *p = arg;
	char byte;

	p->events = events;
	p->calls[fd == p->fds[1][0]]++;
	(void)!read(fd, &byte, 1);
}

static void
write_byte(struct pipes *p, int i)
{
	assert_int_equal(write(p->fds[i][1], "x", 1), 1);
}

static void
test_read(void **state)
{
	struct pipes *p = *state;

	p->watches[0] =
	    loop_watch(p->loop, p->fds[0][0], LOOP_READ, on_read, p);
	loop_turn(p->loop, 0);
	assert_int_equal(p->calls[0], 0);
	write_byte(p, 0);
	loop_turn(p->loop, 100);
	assert_int_equal(p->calls[0], 1);
	assert_int_equal(p->events, LOOP_READ);
	loop_watch_events(p->watches[0], 0);
	write_byte(p, 0);
	loop_turn(p->loop, 0);
	assert_int_equal(p->calls[0], 1);
	loop_watch_events(p->watches[0], LOOP_READ);
	loop_turn(p->loop, 0);
	assert_int_equal(p->calls[0], 2);
}

static void
test_write_and_hang_up(void **state)
{
	struct pipes *p = *state;

	(void)loop_watch(p->loop, p->fds[0][1], LOOP_WRITE, on_read, p);
	loop_turn(p->loop, 0);
	assert_int_equal(p->events, LOOP_WRITE);
	(void)close(p->fds[0][0]);
	loop_turn(p->loop, 0);
	assert_true(p->events & LOOP_READ);
	p->fds[0][0] = dup(p->fds[1][0]);
}

static void
on_read_unwatch_both(void *arg, int fd, unsigned int events)
{
	struct pipes *p = arg;

	(void)events;
	p->calls[fd == p->fds[1][0]]++;
	for (int i = 0; i < 2; i++) {
		loop_unwatch(p->watches[i]);
		p->watches[i] = NULL;
	}
	loop_unwatch(NULL);
}

/* Both are ready; the first removes both: the other is not called. */
static void
test_unwatch_in_callback(void **state)
{
	struct pipes *p = *state;

	for (int i = 0; i < 2; i++) {
		p->watches[i] = loop_watch(
		    p->loop, p->fds[i][0], LOOP_READ, on_read_unwatch_both, p);
		write_byte(p, i);
	}
	loop_turn(p->loop, 0);
	loop_turn(p->loop, 0);
	assert_int_equal(p->calls[0] + p->calls[1], 1);
}

static void
note(struct pipes *p, const char *what)
{
	size_t len = strlen(p->order);

	(void)snprintf(p->order + len, sizeof(p->order) - len, "%s", what);
}

static void
on_a(void *arg)
{
	note(arg, "a");
}

static void
on_b(void *arg)
{
	note(arg, "b");
}

static void
on_cancel_other(void *arg)
{
	struct pipes *p = arg;

	note(p, "c");
	loop_timer_cancel(p->timer);
	p->timer = NULL;
}

static void
run_for(struct loop *loop, uint64_t ms)
{
	uint64_t end = loop_now_ms() + ms;

	while (loop_now_ms() < end)
		loop_turn(loop, 2);
}

static void
test_timers_in_order(void **state)
{
	struct pipes *p = *state;
	uint64_t before = loop_now_ms();

	(void)loop_timer(p->loop, 20, on_b, p);
	(void)loop_timer(p->loop, 5, on_a, p);
	(void)loop_timer(p->loop, 20, on_a, p);
	loop_timer_cancel(loop_timer(p->loop, 1, on_b, p));
	loop_timer_cancel(NULL);
	/* A turn waits no longer than for the next timer. */
	loop_turn(p->loop, 10000);
	assert_true(loop_now_ms() - before < 5000);
	run_for(p->loop, 40);
	assert_string_equal(p->order, "aba");
}

static void
test_cancel_in_timer(void **state)
{
	struct pipes *p = *state;

	(void)loop_timer(p->loop, 1, on_cancel_other, p);
	p->timer = loop_timer(p->loop, 1, on_a, p);
	run_for(p->loop, 20);
	assert_string_equal(p->order, "c");
}

static void
on_read_start_timer(void *arg, int fd, unsigned int events)
{
	struct pipes *p = arg;

	on_read(p, fd, events);
	(void)loop_timer(p->loop, 0, on_a, p);
	note(p, "r");
}

/* A timer of no delay that a callback starts runs at the same turn's end. */
static void
test_timer_at_the_end_of_a_turn(void **state)
{
	struct pipes *p = *state;

	for (int i = 0; i < 2; i++) {
		(void)loop_watch(
		    p->loop, p->fds[i][0], LOOP_READ, on_read_start_timer, p);
		write_byte(p, i);
	}
	loop_turn(p->loop, 0);
	assert_string_equal(p->order, "rraa");
}

static void
on_stop(void *arg)
{
	struct pipes *p = arg;

	note(p, "s");
	loop_stop(p->loop);
}

static void
test_run_and_stop(void **state)
{
	struct pipes *p = *state;

	(void)loop_timer(p->loop, 1, on_a, p);
	(void)loop_timer(p->loop, 10, on_stop, p);
	loop_run(p->loop);
	assert_string_equal(p->order, "as");
	/* It can run again. */
	(void)loop_timer(p->loop, 1, on_stop, p);
	loop_run(p->loop);
	assert_string_equal(p->order, "ass");
}

static void
test_clocks(void **state)
{
	uint64_t before = loop_now_ms();

	(void)state;
	(void)usleep(3000);
	assert_true(loop_now_ms() > before);
	/* Later than this was written. */
	assert_true(loop_wall_us() > (int64_t)1700000000 * 1000000);
	loop_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_read),
	    T(test_write_and_hang_up),
	    T(test_unwatch_in_callback),
	    T(test_timers_in_order),
	    T(test_cancel_in_timer),
	    T(test_timer_at_the_end_of_a_turn),
	    T(test_run_and_stop),
	    T(test_clocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
