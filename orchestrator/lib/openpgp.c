/* SPDX-License-Identifier: Apache-2.0 */
/* openpgp.c - questions to loep-pgp, and their answers. */
#include "lib/openpgp.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <string.h>
#include <sys/queue.h>

#define SECONDS_USUAL 60
/* {"keys": [{"user_ids": [...]}]} and what an answer's detail nests. */
#define DETAIL_DEPTH ((size_t)5)
/* What the service's own keys come to, a few dozen at the most. */
#define KEYS_BYTES_MAX (4 * MIB)

struct question {
	TAILQ_ENTRY(question) entry;
	uint32_t id;
	bool is_sent;
	pgp_done_fn *fn; /* NULL once it is cancelled */
	void *arg;
};

TAILQ_HEAD(question_list, question);

struct pgp_asks {
	struct loop *loop;
	struct chan *chan;
	struct loop_timer *failing;
	uint32_t id_last;
	struct question_list questions;
	json_t *keys;
	pgp_keys_fn *keys_fn;
	void *keys_arg;
};

struct pgp_asks *
pgp_asks_new(struct loop *loop)
{
	struct pgp_asks *asks = xcalloc(1, sizeof(*asks));

	asks->loop = loop;
	TAILQ_INIT(&asks->questions);
	return asks;
}

static void
answer_away(struct question *q)
{
	auto_json json_t *detail = json_object();
	struct pgp_answer answer = {ERR_UNAVAILABLE, "away", detail, -1};

	if (q->fn != NULL)
		q->fn(q->arg, &answer);
	free(q);
}

/* Ends every question, or those that were never sent. */
static void
fail_open(struct pgp_asks *asks, bool all)
{
	struct question_list ending = TAILQ_HEAD_INITIALIZER(ending);
	struct question *q, *next;

	for (q = TAILQ_FIRST(&asks->questions); q != NULL; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (!all && q->is_sent)
			continue;
		TAILQ_REMOVE(&asks->questions, q, entry);
		TAILQ_INSERT_TAIL(&ending, q, entry);
	}
	while ((q = TAILQ_FIRST(&ending)) != NULL) {
		TAILQ_REMOVE(&ending, q, entry);
		answer_away(q);
	}
}

static void
on_failing(void *arg)
{
	struct pgp_asks *asks = arg;

	asks->failing = NULL;
	fail_open(asks, false);
}

void
pgp_asks_free(struct pgp_asks *asks)
{
	if (asks == NULL)
		return;
	loop_timer_cancel(asks->failing);
	asks->failing = NULL;
	fail_open(asks, true);
	json_decref(asks->keys);
	free(asks);
}

void
pgp_asks_on_keys(struct pgp_asks *asks, pgp_keys_fn *fn, void *arg)
{
	asks->keys_fn = fn;
	asks->keys_arg = arg;
	if (fn != NULL && asks->keys != NULL)
		fn(arg, asks->keys);
}

void
pgp_asks_set_chan(struct pgp_asks *asks, struct chan *chan)
{
	asks->chan = chan;
	if (chan == NULL)
		fail_open(asks, true);
}

bool
pgp_asks_is_connected(const struct pgp_asks *asks)
{
	return asks->chan != NULL;
}

const json_t *
pgp_asks_keys(const struct pgp_asks *asks)
{
	return asks->keys;
}

static struct question *
find(struct pgp_asks *asks, uint32_t id)
{
	struct question *q;

	TAILQ_FOREACH (q, &asks->questions, entry) {
		if (q->id == id)
			return q;
	}
	return NULL;
}

static struct question *
add(struct pgp_asks *asks, pgp_done_fn *fn, void *arg)
{
	struct question *q = xcalloc(1, sizeof(*q));

	do {
		if (++asks->id_last == 0)
			asks->id_last = 1;
	} while (find(asks, asks->id_last) != NULL);
	q->id = asks->id_last;
	q->fn = fn;
	q->arg = arg;
	TAILQ_INSERT_TAIL(&asks->questions, q, entry);
	return q;
}

static int
send_to(struct chan *chan, uint32_t id, const struct pgp_to *to)
{
	struct wire_out body;
	int fd, err;

	if (to->key_len == 0 || to->key_len > PGP_KEY_BYTES_MAX)
		return ERR_LIMIT;
	if (sealed_make("loep-key", to->key, to->key_len, &fd) != ERR_OK)
		return ERR_SYS;
	wire_out_init(&body, LIMIT_MSG_BYTES - CHAN_HEADER_BYTES);
	wire_put_str(&body, to->fpr);
	err = chan_send(chan, MSG_PGP_TO, id, &body, fd);
	wire_out_release(&body);
	return err;
}

/* Both descriptors are taken, whatever comes of it. */
static int
send_order(struct chan *chan, uint32_t id, const struct pgp_order *order,
    int in, int out)
{
	auto_close int in_fd = in;
	auto_close int out_fd = out;
	auto_free char *options = order->options == NULL
				      ? xstrdup("{}")
				      : json_canonical(order->options);
	struct wire_out body;
	int err = ERR_OK;

	wire_out_init(&body, LIMIT_MSG_BYTES - CHAN_HEADER_BYTES);
	wire_put_u8(&body, (uint8_t)order->what);
	wire_put_u64(&body, order->size);
	wire_put_u8(&body, (uint8_t)order->how);
	wire_put_bytes(&body, options, strlen(options));
	if (body.is_failed || order->to_count > PGP_TO_MAX)
		err = ERR_LIMIT;
	if (err == ERR_OK)
		err = chan_send(chan, MSG_PGP_ASK, id, &body, take_fd(in_fd));
	for (size_t i = 0; i < order->to_count && err == ERR_OK; i++)
		err = send_to(chan, id, &order->to[i]);
	wire_out_reset(&body);
	wire_put_u32(
	    &body, order->seconds == 0 ? SECONDS_USUAL : order->seconds);
	if (err == ERR_OK)
		err = chan_send(chan, MSG_PGP_OUT, id, &body, take_fd(out_fd));
	wire_out_release(&body);
	return err;
}

uint32_t
pgp_asks_start(struct pgp_asks *asks, const struct pgp_order *order,
    pgp_done_fn *fn, void *arg)
{
	struct question *q = add(asks, fn, arg);
	int err = ERR_UNAVAILABLE;

	if (asks->chan != NULL) {
		err = send_order(
		    asks->chan, q->id, order, order->input_fd, order->out_fd);
		/* What was begun must not wait for the rest. */
		if (err != ERR_OK)
			(void)chan_send(
			    asks->chan, MSG_PGP_CANCEL, q->id, NULL, -1);
	} else {
		if (order->input_fd != -1)
			(void)close(order->input_fd);
		if (order->out_fd != -1)
			(void)close(order->out_fd);
	}
	q->is_sent = err == ERR_OK;
	if (!q->is_sent && asks->failing == NULL)
		asks->failing = loop_timer(asks->loop, 0, on_failing, asks);
	return q->id;
}

uint32_t
pgp_asks_start_bytes(struct pgp_asks *asks, struct pgp_order *order,
    const void *p, size_t len, pgp_done_fn *fn, void *arg)
{
	order->how = BLOB_MEMFD;
	order->size = len;
	/* Without it the question fails as one that cannot be sent. */
	if (sealed_make("loep-pgp", p, len, &order->input_fd) != ERR_OK)
		order->input_fd = -1;
	return pgp_asks_start(asks, order, fn, arg);
}

void
pgp_asks_cancel(struct pgp_asks *asks, uint32_t id)
{
	struct question *q = find(asks, id);

	if (q == NULL)
		return;
	/* The id stays taken until PGP_DONE: an answer that is under way must
	 * not reach a later question. */
	q->fn = NULL;
	if (q->is_sent && asks->chan != NULL)
		(void)chan_send(asks->chan, MSG_PGP_CANCEL, id, NULL, -1);
}

static int
on_keys(struct pgp_asks *asks, struct msg *msg)
{
	const uint8_t *map;
	json_t *keys = NULL;
	size_t len;
	int err;

	if (sealed_map(msg->fd, KEYS_BYTES_MAX, &map, &len) != ERR_OK)
		return ERR_PEER;
	err = json_parse(map, len, KEYS_BYTES_MAX, DETAIL_DEPTH, &keys);
	sealed_unmap(map, len);
	if (err != ERR_OK || !json_is_array(json_object_get(keys, "keys"))) {
		json_decref(keys);
		return ERR_PEER;
	}
	json_decref(asks->keys);
	asks->keys = keys;
	if (asks->keys_fn != NULL)
		asks->keys_fn(asks->keys_arg, keys);
	return ERR_OK;
}

static int
on_done(struct pgp_asks *asks, struct msg *msg)
{
	struct question *q = find(asks, msg->request);
	char why[PGP_WHY_BYTES];
	auto_json json_t *detail = NULL;
	const uint8_t *text;
	size_t len;
	uint8_t err = wire_get_u8(&msg->in);
	struct pgp_answer answer;

	wire_get_str(&msg->in, why, sizeof(why));
	text = wire_get_bytes(&msg->in, &len);
	if (msg->in.is_failed || err >= ERR_COUNT)
		return ERR_PEER;
	/* One that could be sent only in part was answered already. */
	if (q == NULL || !q->is_sent)
		return ERR_OK;
	if (json_parse(text, len, LIMIT_MSG_BYTES, DETAIL_DEPTH, &detail) !=
		ERR_OK ||
	    !json_is_object(detail))
		return ERR_PEER;
	answer = (struct pgp_answer){
	    .err = (enum err)err,
	    .why = why,
	    .detail = detail,
	    .fd = take_fd(msg->fd),
	};
	TAILQ_REMOVE(&asks->questions, q, entry);
	if (q->fn != NULL)
		q->fn(q->arg, &answer);
	if (answer.fd != -1)
		(void)close(answer.fd);
	free(q);
	return ERR_OK;
}

int
pgp_asks_handle(struct pgp_asks *asks, struct msg *msg)
{
	return msg->type == MSG_PGP_KEYS ? on_keys(asks, msg)
					 : on_done(asks, msg);
}
