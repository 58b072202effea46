/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - epoll and a sorted list of timers. */
#include "lib/loop.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#define EVENTS_PER_TURN 64

struct loop_watch {
	TAILQ_ENTRY(loop_watch) entry;
	struct loop *loop;
	int fd;
	bool is_dead; /* removed during a turn; freed at its end */
	loop_watch_fn *fn;
	void *arg;
};

struct loop_timer {
	TAILQ_ENTRY(loop_timer) entry;
	struct loop *loop;
	uint64_t at_ms;
	loop_timer_fn *fn;
	void *arg;
};

TAILQ_HEAD(watch_list, loop_watch);
TAILQ_HEAD(timer_list, loop_timer);

struct loop {
	int epoll_fd;
	bool is_stopping;
	bool is_in_turn;
	struct watch_list watches;
	struct watch_list dead;
	struct timer_list timers; /* soonest first */
};

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	TAILQ_INIT(&loop->watches);
	TAILQ_INIT(&loop->dead);
	TAILQ_INIT(&loop->timers);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd == -1) {
		perror("epoll_create1");
		exit(71);
	}
	return loop;
}

static void
bury(struct loop *loop)
{
	struct loop_watch *watch;

	while ((watch = TAILQ_FIRST(&loop->dead)) != NULL) {
		TAILQ_REMOVE(&loop->dead, watch, entry);
		free(watch);
	}
}

void
loop_free(struct loop *loop)
{
	struct loop_watch *watch;
	struct loop_timer *timer;

	if (loop == NULL)
		return;
	while ((watch = TAILQ_FIRST(&loop->watches)) != NULL)
		loop_unwatch(watch);
	bury(loop);
	while ((timer = TAILQ_FIRST(&loop->timers)) != NULL)
		loop_timer_cancel(timer);
	(void)close(loop->epoll_fd);
	free(loop);
}

static uint32_t
to_epoll(unsigned int events)
{
	return ((events & LOOP_READ) ? (uint32_t)EPOLLIN : 0) |
	       ((events & LOOP_WRITE) ? (uint32_t)EPOLLOUT : 0);
}

struct loop_watch *
loop_watch(struct loop *loop, int fd, unsigned int events, loop_watch_fn *fn,
    void *arg)
{
	struct loop_watch *watch = xcalloc(1, sizeof(*watch));
	struct epoll_event event = {
	    .events = to_epoll(events),
	    .data.ptr = watch,
	};

	watch->loop = loop;
	watch->fd = fd;
	watch->fn = fn;
	watch->arg = arg;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == -1) {
		perror("epoll_ctl");
		exit(71);
	}
	TAILQ_INSERT_TAIL(&loop->watches, watch, entry);
	return watch;
}

void
loop_watch_events(struct loop_watch *watch, unsigned int events)
{
	struct epoll_event event = {
	    .events = to_epoll(events),
	    .data.ptr = watch,
	};

	(void)epoll_ctl(
	    watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void
loop_unwatch(struct loop_watch *watch)
{
	struct loop *loop;

	if (watch == NULL || watch->is_dead)
		return;
	loop = watch->loop;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	TAILQ_REMOVE(&loop->watches, watch, entry);
	watch->is_dead = true;
	TAILQ_INSERT_TAIL(&loop->dead, watch, entry);
	if (!loop->is_in_turn)
		bury(loop);
}

struct loop_timer *
loop_timer(struct loop *loop, uint64_t delay_ms, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));
	struct loop_timer *other;

	timer->loop = loop;
	timer->at_ms = loop_now_ms() + delay_ms;
	timer->fn = fn;
	timer->arg = arg;
	TAILQ_FOREACH (other, &loop->timers, entry) {
		if (other->at_ms > timer->at_ms) {
			TAILQ_INSERT_BEFORE(other, timer, entry);
			return timer;
		}
	}
	TAILQ_INSERT_TAIL(&loop->timers, timer, entry);
	return timer;
}

void
loop_timer_cancel(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	TAILQ_REMOVE(&timer->loop->timers, timer, entry);
	free(timer);
}

static void
run_timers(struct loop *loop)
{
	struct loop_timer *timer;
	uint64_t now_ms = loop_now_ms();

	while ((timer = TAILQ_FIRST(&loop->timers)) != NULL &&
	       timer->at_ms <= now_ms) {
		loop_timer_fn *fn = timer->fn;
		void *arg = timer->arg;

		loop_timer_cancel(timer);
		fn(arg);
	}
}

static int
wait_ms(const struct loop *loop, int timeout_ms)
{
	const struct loop_timer *timer = TAILQ_FIRST(&loop->timers);
	uint64_t now_ms = loop_now_ms();
	uint64_t left_ms;

	if (timer == NULL)
		return timeout_ms;
	left_ms = timer->at_ms > now_ms ? timer->at_ms - now_ms : 0;
	if (timeout_ms >= 0 && left_ms > (uint64_t)timeout_ms)
		return timeout_ms;
	return left_ms > 60000 ? 60000 : (int)left_ms;
}

void
loop_turn(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int count;

	count = epoll_wait(
	    loop->epoll_fd, events, EVENTS_PER_TURN, wait_ms(loop, timeout_ms));
	loop->is_in_turn = true;
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = events[i].data.ptr;
		unsigned int ready = 0;

		if (watch->is_dead)
			continue;
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			ready |= LOOP_READ;
		if (events[i].events & EPOLLOUT)
			ready |= LOOP_WRITE;
		watch->fn(watch->arg, watch->fd, ready);
	}
	run_timers(loop);
	loop->is_in_turn = false;
	bury(loop);
}

void
loop_run(struct loop *loop)
{
	loop->is_stopping = false;
	while (!loop->is_stopping)
		loop_turn(loop, -1);
}

void
loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

uint64_t
loop_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t
loop_wall_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
