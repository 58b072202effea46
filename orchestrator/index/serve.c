/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - one handler per message of the scheduler, and the idle work. */
#include "index/serve.h"

#include "index/merge.h"
#include "index/query.h"
#include "lib/candidates.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

/* One batch of columns. */
#define BATCH_BYTES_MAX (512 * MIB)
/* Ranges in one answer to INDEX_MISSING, of 16 bytes each. */
#define GAPS_MAX ((size_t)2048)
/* What is looked at or sent again after this. */
#define IDLE_MS	    ((uint64_t)5000)
#define RETRY_MS    ((uint64_t)60000)
#define DISTRUST_MS ((uint64_t)600000)

struct serve {
	struct program *program;
	struct index *index;
	struct chan *sched; /* NULL while there is none */
	struct loop_timer *merge_timer;
	struct loop_timer *distrust_timer;
	bool is_idle; /* nothing was added since the timer was set */
};

/* --- answers --- */

static void
say(struct serve *serve, enum msg_type type, uint32_t request, int err,
    const char *why)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, err == ERR_OK ? "" : why);
	(void)chan_send(serve->sched, type, request, &body, -1);
	wire_out_release(&body);
}

static const char *
reason(int err)
{
	switch (err) {
	case ERR_NO_SPACE:
		return "the disk of the index is full";
	case ERR_FORMAT:
		return "the bytes are not what they should be";
	case ERR_LIMIT:
		return "the answer would be too large";
	default:
		return "the folder of the index cannot be used";
	}
}

/* What `loep status` shows. */
static void
say_state(struct serve *serve)
{
	struct wire_out body;

	if (serve->sched == NULL)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, index_units(serve->index));
	wire_put_u64(&body, index_bytes(serve->index));
	wire_put_u64(&body, serve->index->segments_count);
	(void)chan_send(serve->sched, MSG_INDEX_STATE, 0, &body, -1);
	wire_out_release(&body);
}

/* --- idle work --- */

static void on_merge(void *arg);

static void
merge_after(struct serve *serve, uint64_t delay_ms)
{
	loop_timer_cancel(serve->merge_timer);
	serve->merge_timer =
	    loop_timer(serve->program->loop, delay_ms, on_merge, serve);
}

/* A piece at a time, so that questions are answered between. */
static void
on_merge(void *arg)
{
	struct serve *serve = arg;
	bool was_idle = serve->is_idle;
	int err;

	serve->merge_timer = NULL;
	serve->is_idle = true;
	if (!merge_begin(serve->index, was_idle)) {
		/* Twice without anything new: nothing to do until then. */
		if (!was_idle)
			merge_after(serve, IDLE_MS);
		return;
	}
	serve->is_idle = was_idle;
	err = merge_step(serve->index);
	if (err == ERR_OK)
		say_state(serve);
	if (err != ERR_OK && err != ERR_AGAIN)
		log_line(LOG_WARN, "msg=\"merging failed\" reason=\"%s\"",
		    reason(err));
	merge_after(serve, err == ERR_OK || err == ERR_AGAIN ? 0 : RETRY_MS);
}

static void
on_distrust(void *arg)
{
	struct serve *serve = arg;

	index_distrust(serve->index);
	serve->distrust_timer =
	    loop_timer(serve->program->loop, DISTRUST_MS, on_distrust, serve);
}

static void
changed(struct serve *serve)
{
	serve->is_idle = false;
	if (serve->index->merge == NULL)
		merge_after(serve, 0);
	say_state(serve);
}

/* --- handlers --- */

static int
on_add(void *arg, struct chan *chan, struct msg *msg)
{
	struct serve *serve = arg;
	const uint8_t *map = NULL;
	size_t len = 0;
	int err = sealed_map(msg->fd, BATCH_BYTES_MAX, &map, &len);

	(void)chan;
	if (err == ERR_OK)
		err = index_add(serve->index, map, len);
	sealed_unmap(map, len);
	say(serve, MSG_INDEX_ADDED, msg->request, err, reason(err));
	if (err == ERR_OK)
		changed(serve);
	else
		log_line(LOG_WARN,
		    "msg=\"units were not indexed\" error=%s reason=\"%s\"",
		    err_name((enum err)err), reason(err));
	return ERR_OK;
}

static int
on_missing(void *arg, struct chan *chan, struct msg *msg)
{
	struct serve *serve = arg;
	uint64_t from = wire_get_u64(&msg->in);
	uint32_t count = wire_get_u32(&msg->in);
	AUTO(ranges) gaps = {0};
	struct wire_out list, body;

	if (from > INT64_MAX)
		return ERR_PEER;
	index_missing(serve->index, from, count, &gaps);
	wire_out_init(&list, LIMIT_MSG_BYTES);
	for (size_t i = 0; i < gaps.count && i < GAPS_MAX; i++) {
		wire_put_u64(&list, gaps.list[i].first);
		wire_put_u64(&list, gaps.list[i].count);
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, ERR_OK);
	wire_put_str(&body, "");
	wire_put_bytes(&body, list.buf, list.len);
	(void)chan_send(chan, MSG_INDEX_GAPS, msg->request, &body, -1);
	wire_out_release(&list);
	wire_out_release(&body);
	return ERR_OK;
}

static int
on_query(void *arg, struct chan *chan, struct msg *msg)
{
	struct serve *serve = arg;
	uint64_t last = wire_get_u64(&msg->in);
	const uint8_t *map = NULL;
	struct wire_out body;
	size_t len = 0;
	int fd = -1;
	int err = sealed_map(msg->fd, CANDIDATES_BYTES_MAX, &map, &len);

	if (err == ERR_OK)
		err = query_answer(serve->index, map, len, last, &fd);
	sealed_unmap(map, len);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, err == ERR_OK ? "" : reason(err));
	(void)chan_send(chan, MSG_INDEX_FOUND, msg->request, &body, fd);
	wire_out_release(&body);
	return ERR_OK;
}

static int
on_explain(void *arg, struct chan *chan, struct msg *msg)
{
	struct serve *serve = arg;
	uint64_t seq = wire_get_u64(&msg->in);
	auto_json json_t *json = NULL;
	auto_free char *text = NULL;
	struct wire_out body;
	size_t len;
	const uint8_t *cond = wire_get_bytes(&msg->in, &len);
	int err = query_explain(serve->index, cond, len, seq, &json);

	if (err == ERR_OK)
		text = json_canonical(json);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, err == ERR_OK ? "" : reason(err));
	wire_put_bytes(&body, text, text == NULL ? 0 : strlen(text));
	(void)chan_send(chan, MSG_INDEX_BECAUSE, msg->request, &body, -1);
	wire_out_release(&body);
	return ERR_OK;
}

static int
on_delete(void *arg, struct chan *chan, struct msg *msg)
{
	struct serve *serve = arg;
	int err = index_delete(serve->index, wire_get_u64(&msg->in));

	(void)chan;
	say(serve, MSG_INDEX_DELETED, msg->request, err, reason(err));
	if (err == ERR_OK)
		changed(serve);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct serve *serve = arg;

	if (err == ERR_PEER)
		program_blame(serve->program, chan, "broke the protocol");
	if (serve->sched == chan)
		serve->sched = NULL;
	chan_free(chan);
}

struct serve *
serve_new(struct program *program, struct index *index)
{
	struct serve *serve = xcalloc(1, sizeof(*serve));

	serve->program = program;
	serve->index = index;
	merge_after(serve, 0);
	on_distrust(serve);
	return serve;
}

void
serve_peer(void *arg, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_INDEX_ADD, on_add},
	    {MSG_INDEX_MISSING, on_missing},
	    {MSG_INDEX_QUERY, on_query},
	    {MSG_INDEX_EXPLAIN, on_explain},
	    {MSG_INDEX_DELETE, on_delete},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};
	struct serve *serve = arg;

	/* A new scheduler may be wired before the old one's end was seen. */
	if (serve->sched != NULL)
		chan_free(serve->sched);
	serve->sched = chan;
	chan_set_ops(chan, &ops, serve);
	say_state(serve);
}
