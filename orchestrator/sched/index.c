/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - the channel to loep-index: questions, and their answers. */
#include "sched/index.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/grams.h"
#include "sched/sched.h"

struct index_ask {
	TAILQ_ENTRY(index_ask) entry;
	uint32_t request;
	enum msg_type type;  /* of the answer */
	index_answer_fn *fn; /* NULL when nobody waits any more */
	void *arg;
};

void
index_init(struct index_link *link, struct sched *sched)
{
	*link = (struct index_link){.sched = sched};
	TAILQ_INIT(&link->asks);
}

bool
index_is_there(const struct index_link *link)
{
	return link->chan != NULL;
}

/* Takes fd; body may be NULL. */
static bool
ask(struct index_link *link, enum msg_type type, const struct wire_out *body,
    int fd, const struct index_ask *as)
{
	struct index_ask *ask;
	uint32_t request;

	if (link->chan == NULL) {
		if (fd != -1)
			(void)close(fd);
		return false;
	}
	request = chan_next_request(link->chan);
	if (chan_send(link->chan, type, request, body, fd) != ERR_OK)
		return false;
	ask = xmemdup(as, sizeof(*as));
	ask->request = request;
	TAILQ_INSERT_TAIL(&link->asks, ask, entry);
	return true;
}

bool
index_query(struct index_link *link, int fd, uint64_t last, index_answer_fn *fn,
    void *arg)
{
	struct wire_out body;
	bool is_asked;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, last);
	is_asked = ask(link, MSG_INDEX_QUERY, &body, fd,
	    &(struct index_ask){
		.type = MSG_INDEX_FOUND,
		.fn = fn,
		.arg = arg,
	    });
	wire_out_release(&body);
	return is_asked;
}

bool
index_explain(struct index_link *link, uint64_t unit, const uint8_t *cond,
    size_t len, index_answer_fn *fn, void *arg)
{
	struct wire_out body;
	bool is_asked;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, unit);
	wire_put_bytes(&body, cond, len);
	is_asked = ask(link, MSG_INDEX_EXPLAIN, &body, -1,
	    &(struct index_ask){
		.type = MSG_INDEX_BECAUSE,
		.fn = fn,
		.arg = arg,
	    });
	wire_out_release(&body);
	return is_asked;
}

bool
index_add(struct index_link *link, int fd, index_answer_fn *fn, void *arg)
{
	return ask(link, MSG_INDEX_ADD, NULL, fd,
	    &(struct index_ask){
		.type = MSG_INDEX_ADDED,
		.fn = fn,
		.arg = arg,
	    });
}

bool
index_missing(struct index_link *link, uint64_t from, uint32_t count,
    index_answer_fn *fn, void *arg)
{
	struct wire_out body;
	bool is_asked;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, from);
	wire_put_u32(&body, count);
	is_asked = ask(link, MSG_INDEX_MISSING, &body, -1,
	    &(struct index_ask){
		.type = MSG_INDEX_GAPS,
		.fn = fn,
		.arg = arg,
	    });
	wire_out_release(&body);
	return is_asked;
}

bool
index_delete(
    struct index_link *link, uint64_t unit, index_answer_fn *fn, void *arg)
{
	struct wire_out body;
	bool is_asked;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, unit);
	is_asked = ask(link, MSG_INDEX_DELETE, &body, -1,
	    &(struct index_ask){
		.type = MSG_INDEX_DELETED,
		.fn = fn,
		.arg = arg,
	    });
	wire_out_release(&body);
	return is_asked;
}

void
index_forget(struct index_link *link, const void *arg)
{
	struct index_ask *ask;

	TAILQ_FOREACH (ask, &link->asks, entry) {
		if (ask->arg == arg)
			ask->fn = NULL;
	}
}

/* --- answers --- */

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	struct index_link *link = arg;
	uint8_t err = wire_get_u8(&msg->in);
	size_t len;
	const uint8_t *p = wire_get_bytes(&msg->in, &len);
	auto_free char *why = xstrndup((const char *)p, len);
	struct index_ask *ask;

	(void)chan;
	if (err >= ERR_COUNT)
		return ERR_PEER;
	TAILQ_FOREACH (ask, &link->asks, entry) {
		if (ask->request == msg->request)
			break;
	}
	if (ask == NULL || ask->type != msg->type)
		return ERR_PEER;
	TAILQ_REMOVE(&link->asks, ask, entry);
	if (ask->fn != NULL)
		ask->fn(
		    ask->arg, (enum err)err, why, &msg->in, take_fd(msg->fd));
	free(ask);
	return ERR_OK;
}

void
index_report(const struct index_link *link)
{
	struct values params;

	values_init(&params);
	for (size_t i = 0; i < 3; i++)
		values_add_int(&params, (int64_t)(link->state[i] & INT64_MAX));
	if (link->has_state && calls_is_connected(link->sched->calls))
		(void)calls_start(link->sched->calls, CALL_INDEX_REPORT, 0,
		    &params, -1, NULL, NULL, NULL);
}

static int
on_state(void *arg, struct chan *chan, struct msg *msg)
{
	struct index_link *link = arg;
	uint64_t before = link->state[0];

	(void)chan;
	for (size_t i = 0; i < 3; i++)
		link->state[i] = wire_get_u64(&msg->in);
	link->has_state = true;
	index_report(link);
	/* It lost some: they may be anywhere. */
	if (link->state[0] < before)
		grams_look_back(&link->sched->grams);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct index_link *link = arg;
	struct index_ask *ask;

	if (err == ERR_PEER)
		program_blame(&link->sched->program, chan,
		    "broke the protocol of the index");
	log_line(LOG_WARN, "msg=\"the index is gone\"");
	if (link->chan == chan)
		link->chan = NULL;
	link->has_state = false;
	link->state[0] = 0;
	chan_free(chan);
	while ((ask = TAILQ_FIRST(&link->asks)) != NULL) {
		TAILQ_REMOVE(&link->asks, ask, entry);
		if (ask->fn != NULL)
			ask->fn(ask->arg, ERR_UNAVAILABLE,
			    "the index does not run", NULL, -1);
		free(ask);
	}
}

void
index_attach(struct index_link *link, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_INDEX_ADDED, on_answer},
	    {MSG_INDEX_GAPS, on_answer},
	    {MSG_INDEX_FOUND, on_answer},
	    {MSG_INDEX_BECAUSE, on_answer},
	    {MSG_INDEX_DELETED, on_answer},
	    {MSG_INDEX_STATE, on_state},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};

	if (link->chan != NULL)
		on_gone(link, link->chan, ERR_EOF);
	link->chan = chan;
	chan_set_ops(chan, &ops, link);
	grams_from_start(&link->sched->grams);
}
