/* SPDX-License-Identifier: Apache-2.0 */
/* pour.c - a request's body on its way into a pipe. */
#include "web/pour.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>

#define PIPE_BYTES (1 << 20)

struct pour {
	int pipe;
	struct loop_watch *watch;
	struct http_req *http;
	pour_broken_fn *broken;
	void *arg;
	bool is_broken;
	bool is_waiting; /* for room in the pipe */
	uint64_t moved_ms;
	int64_t bytes;
};

static void
give_up(struct pour *pour)
{
	if (pour->is_broken)
		return;
	pour->is_broken = true;
	loop_unwatch(pour->watch);
	pour->watch = NULL;
	pour->broken(pour->arg);
}

static void
on_pipe(void *arg, int fd, unsigned int events)
{
	struct pour *pour = arg;

	(void)fd;
	/* Without LOOP_WRITE only an error wakes us: nobody reads any more. */
	if ((events & LOOP_WRITE) == 0) {
		give_up(pour);
		return;
	}
	loop_watch_events(pour->watch, 0);
	pour->is_waiting = false;
	http_wake(pour->http);
}

struct pour *
pour_new(struct loop *loop, int pipe, struct http_req *http,
    pour_broken_fn *broken, void *arg)
{
	struct pour *pour = xcalloc(1, sizeof(*pour));

	(void)fcntl(pipe, F_SETFL, O_NONBLOCK);
	/* Room for a few reads of ours and of the vault's; refused = fine. */
	(void)fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES);
	pour->pipe = pipe;
	pour->http = http;
	pour->broken = broken;
	pour->arg = arg;
	pour->moved_ms = loop_now_ms();
	pour->watch = loop_watch(loop, pipe, 0, on_pipe, pour);
	return pour;
}

void
pour_free(struct pour *pour)
{
	if (pour == NULL)
		return;
	loop_unwatch(pour->watch);
	(void)close(pour->pipe);
	free(pour);
}

size_t
pour_data(struct pour *pour, const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len && !pour->is_broken) {
		ssize_t n = write(pour->pipe, p + at, len - at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			pour->is_waiting = true;
			loop_watch_events(pour->watch, LOOP_WRITE);
			return at;
		}
		if (n == -1) {
			/* May free this one: nothing is touched after it. */
			give_up(pour);
			return len;
		}
		at += (size_t)n;
		pour->bytes += n;
		pour->moved_ms = loop_now_ms();
	}
	return len;
}

int64_t
pour_bytes(const struct pour *pour)
{
	return pour->bytes;
}

uint64_t
pour_stalled_ms(const struct pour *pour)
{
	return pour->is_waiting ? loop_now_ms() - pour->moved_ms : 0;
}
