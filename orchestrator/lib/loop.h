/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the event loop of a program: descriptors and timers, one thread.
 *
 * A callback may add, change or remove any watch or timer, its own included;
 * a removed one is not called again.
 */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

enum loop_events {
	LOOP_READ = 1,
	LOOP_WRITE = 2
};

/* events holds what is ready; errors and hang-ups arrive as LOOP_READ. */
typedef void loop_watch_fn(void *arg, int fd, unsigned int events);
typedef void loop_timer_fn(void *arg);

/* Exits the program when the kernel refuses: there is nothing to do then. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);
/* fd is borrowed and must be open until loop_unwatch(). */
struct loop_watch *loop_watch(struct loop *loop, int fd, unsigned int events,
    loop_watch_fn *fn, void *arg);
void loop_watch_events(struct loop_watch *watch, unsigned int events);
/* NULL is fine. */
void loop_unwatch(struct loop_watch *watch);
/* Calls fn once after delay_ms; a timer ends by being called. */
struct loop_timer *loop_timer(
    struct loop *loop, uint64_t delay_ms, loop_timer_fn *fn, void *arg);
void loop_timer_cancel(struct loop_timer *timer);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
/* One turn; waits at most timeout_ms (-1 = until something happens). */
void loop_turn(struct loop *loop, int timeout_ms);
void loop_stop(struct loop *loop);
/* Milliseconds of the monotonic clock. */
uint64_t loop_now_ms(void);
/* Microseconds since 1970 UTC. */
int64_t loop_wall_us(void);

#endif
