/* SPDX-License-Identifier: Apache-2.0 */
/* run_load.c - handing the sample to the agent. */
#include "vm/run_phase.h"

#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* For the whole sample: 256 MiB at the few MB/s of emulation. */
#define SAMPLE_MS 300000u
/* No guest of ours has room for more. */
#define SPOOL_BYTES ((uint64_t)GIB)
/* What the agent may send of each kind; the trace's own bound is ours. */
#define CONSOLE_BYTES ((uint64_t)4 << 20)

static uint64_t
soon(const struct run *run)
{
	return loop_now_ms() + run->slot->limits.answer_ms;
}

static void
put_list(struct gwire_builder *b, enum gwire_key key, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		gwire_put_bytes(
		    b, key, json_string_value(v), json_string_length(v));
	}
}

static void
put_env(struct gwire_builder *b, json_t *env)
{
	const char *name;
	json_t *v;

	json_object_foreach(env, name, v)
	{
		auto_free char *text =
		    xasprintf("%s=%s", name, json_string_value(v));

		gwire_put_text(b, WIRE_K_ENV, text);
	}
}

static int
announce(struct run *run, uint64_t size)
{
	const struct options *o = &run->order->options;
	struct gwire_builder *b = guest_begin(run->guest, WIRE_SAMPLE);

	gwire_put_bytes(b, WIRE_K_NAME, run->order->name, run->order->name_len);
	gwire_put_number(b, WIRE_K_SIZE, size);
	gwire_put_number(b, WIRE_K_METHOD, o->method);
	gwire_put_number(b, WIRE_K_UID, o->uid);
	gwire_put_number(b, WIRE_K_TIME_LIMIT_MS, o->time_limit_s * 1000ull);
	gwire_put_number(b, WIRE_K_CONSOLE_BYTES_MAX, CONSOLE_BYTES);
	gwire_put_text(b, WIRE_K_INTERPRETER, o->interpreter);
	gwire_put_text(b, WIRE_K_MEMBER, o->member);
	gwire_put_text(b, WIRE_K_PASSWORD, o->password);
	put_list(b, WIRE_K_ARG, options_args(o));
	put_env(b, options_env(o));
	return guest_ask(run->guest, soon(run), run->why);
}

static int
send_chunk(struct run *run, const uint8_t *p, size_t len, uint64_t until_ms)
{
	struct gwire_builder *b = guest_begin(run->guest, WIRE_SAMPLE_DATA);

	gwire_put_bytes(b, WIRE_K_DATA, p, len);
	return guest_send(run->guest, until_ms, NULL, run->why);
}

/*
 * What is too large for sealed memory comes through a pipe.  The agent must
 * hear the size first, so it is spooled into a file without a name.
 */
static int
spool(struct run *run)
{
	auto_close int out =
	    open(run->slot->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	auto_free uint8_t *buf = xmalloc(MIB);
	uint64_t total = 0;
	ssize_t n;

	while (out != -1 && (n = read(run->order->sample_fd, buf, MIB)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		total += (uint64_t)n;
		if (n == -1 || total > SPOOL_BYTES ||
		    write(out, buf, (size_t)n) != n)
			break;
	}
	if (out == -1 || n != 0) {
		(void)snprintf(run->why, sizeof(run->why),
		    "the sample cannot be taken over: %s",
		    total > SPOOL_BYTES ? "it is too large for a guest"
					: strerror(errno));
		return total > SPOOL_BYTES ? ERR_DENIED : ERR_SYS;
	}
	(void)close(run->order->sample_fd);
	run->order->sample_fd = take_fd(out);
	return ERR_OK;
}

static int
take_sample(struct run *run, uint64_t *ret_size)
{
	struct stat st;
	int err = ERR_OK;

	if (fstat(run->order->sample_fd, &st) == 0 && !S_ISREG(st.st_mode))
		err = spool(run);
	if (err == ERR_OK && fstat(run->order->sample_fd, &st) == -1)
		err = ERR_SYS;
	*ret_size = (uint64_t)st.st_size;
	return err;
}

static int
send_sample(struct run *run)
{
	uint8_t buf[WIRE_CHUNK_BYTES];
	uint64_t until_ms = loop_now_ms() + SAMPLE_MS, at = 0, size = 0;
	int err = take_sample(run, &size);

	if (err == ERR_OK)
		err = announce(run, size);
	while (err == ERR_OK && at < size) {
		ssize_t n =
		    pread(run->order->sample_fd, buf, sizeof(buf), (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)snprintf(run->why, sizeof(run->why),
			    "the sample cannot be read: %s",
			    n == 0 ? "it ends early" : strerror(errno));
			return ERR_SYS;
		}
		err = send_chunk(run, buf, (size_t)n, until_ms);
		at += (uint64_t)n;
	}
	/* The answer to this PING says that all chunks were taken. */
	if (err == ERR_OK)
		err = guest_ping(run->guest, soon(run) + SAMPLE_MS, run->why);
	return err;
}

static int
start(struct run *run)
{
	uint32_t sequence;
	int err;

	(void)guest_begin(run->guest, WIRE_START);
	err = guest_send(run->guest, soon(run), &sequence, run->why);
	if (err == ERR_OK)
		watch_init(run->watch, run->slot->limits.trace_bytes, sequence,
		    loop_now_ms());
	return err;
}

enum run_outcome
run_load(struct run *run)
{
	int err = guest_ping(run->guest, soon(run), run->why);

	if (err == ERR_OK)
		err = guest_set_clock(run->guest, soon(run), run->why);
	run->times.agent_ms = loop_now_ms();
	if (err != ERR_OK)
		return run_blame(run, RUN_VM_FAILED);
	err = send_sample(run);
	if (err == ERR_OK)
		err = start(run);
	run->times.sample_ms = loop_now_ms();
	if (err == ERR_DENIED)
		return RUN_NOT_EXECUTED;
	return err == ERR_OK ? RUN_OUTCOME_COUNT
			     : run_blame(run, RUN_VM_FAILED);
}
