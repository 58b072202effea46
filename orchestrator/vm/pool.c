/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - giving slots their work, and passing notes on. */
#include "vm/pool.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>

static void
set_state(struct pool *pool, struct worker *w, enum slot_state state)
{
	if (w->core.state == state || !state_may(w->core.state, state))
		return;
	state_move(&w->core, state);
	pool_send_slot(pool, w);
}

/* --- simnet --- */

static int
on_net_ready(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	auto_free char *proof = NULL;
	char name[64];
	const uint8_t *p;
	size_t len;
	int err;

	(void)chan;
	wire_get_str(&msg->in, name, sizeof(name));
	err = wire_get_u8(&msg->in);
	p = wire_get_bytes(&msg->in, &len);
	if (msg->in.is_failed)
		return ERR_PEER;
	proof = xstrndup((const char *)p, len);
	for (size_t i = 0; i < pool->slots; i++) {
		if (strcmp(pool->workers[i].slot.machine.name, name) == 0)
			slot_net_ready(&pool->workers[i].slot, err, proof);
	}
	return ERR_OK;
}

static int
on_net_done(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	auto_free char *summary = NULL;
	char name[64];
	const uint8_t *p;
	size_t len;

	(void)chan;
	wire_get_str(&msg->in, name, sizeof(name));
	p = wire_get_bytes(&msg->in, &len);
	if (msg->in.is_failed)
		return ERR_PEER;
	summary = xstrndup((const char *)p, len);
	for (size_t i = 0; i < pool->slots; i++) {
		if (strcmp(pool->workers[i].slot.machine.name, name) == 0)
			slot_net_done(&pool->workers[i].slot, summary);
	}
	return ERR_OK;
}

/* Who waits for an answer must not wait for ever. */
static void
answer_all(struct pool *pool)
{
	for (size_t i = 0; i < pool->slots; i++) {
		if (!pool->workers[i].has_run)
			continue;
		slot_net_ready(&pool->workers[i].slot, ERR_UNAVAILABLE,
		    "{\"error\":\"the simulated network is not there\"}");
		slot_net_done(&pool->workers[i].slot,
		    "{\"error\":\"the simulated network ended early\"}");
	}
}

static void
on_simnet_gone(void *arg, struct chan *chan, int err)
{
	struct pool *pool = arg;

	if (err == ERR_PEER)
		program_blame(pool->program, chan, "broke the protocol");
	if (pool->simnet == chan)
		pool->simnet = NULL;
	chan_free(chan);
	answer_all(pool);
}

static const struct chan_handler simnet_handlers[] = {
    {MSG_NET_READY, on_net_ready},
    {MSG_NET_DONE, on_net_done},
    {MSG_NONE_, NULL},
};

static const struct chan_ops simnet_ops = {
    .handlers = simnet_handlers,
    .gone = on_simnet_gone,
};

static void
begin_net(struct pool *pool, struct worker *w, struct note *note)
{
	int none[2] = {-1, -1};
	struct wire_out body;

	/* The message carries a descriptor, whether a capture is wanted or
	 * not. */
	if (note->fd == -1 && pipe2(none, O_CLOEXEC) == 0)
		note->fd = take_fd(none[1]);
	if (none[0] != -1)
		(void)close(take_fd(none[0]));
	if (pool->simnet == NULL || note->fd == -1) {
		slot_net_ready(&w->slot, ERR_UNAVAILABLE,
		    "{\"error\":\"the simulated network is not there\"}");
		return;
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, w->slot.machine.name);
	wire_put_str(&body, w->slot.machine.tap);
	wire_put_str(&body, note->text);
	if (chan_send(pool->simnet, MSG_NET_BEGIN, 0, &body,
		take_fd(note->fd)) != ERR_OK)
		slot_net_ready(&w->slot, ERR_UNAVAILABLE,
		    "{\"error\":\"the simulated network takes no orders\"}");
	wire_out_release(&body);
}

static void
end_net(struct pool *pool, struct worker *w)
{
	struct wire_out body;
	int err = ERR_EOF;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, w->slot.machine.name);
	if (pool->simnet != NULL)
		err = chan_send(pool->simnet, MSG_NET_END, 0, &body, -1);
	wire_out_release(&body);
	if (err != ERR_OK)
		slot_net_done(&w->slot,
		    "{\"error\":\"the simulated network ended early\"}");
}

/* --- notes of the workers --- */

static void
take_progress(struct pool *pool, struct worker *w, const struct note *note)
{
	if (!w->has_run)
		return;
	if (strcmp(note->text, "running") == 0)
		set_state(pool, w, SLOT_RUNNING);
	pool_send_progress(
	    pool, w->request, note->text, note->percent, note->text2);
}

static void
take_result(struct pool *pool, struct worker *w, const struct note *note)
{
	if (pool->sched != NULL && w->has_run)
		pool_send_end(pool, w->request, &note->result);
	w->has_run = false;
	set_state(pool, w, SLOT_CLEANING);
}

static void
take_done(struct pool *pool, struct worker *w, const struct note *note)
{
	if (note->is_good) {
		if (note->times.boot_ms != 0 || note->times.is_reused)
			w->times = note->times;
	} else {
		(void)snprintf(w->reason, sizeof(w->reason), "%s",
		    note->text == NULL ? "" : note->text);
		log_line(LOG_WARN, "msg=\"slot failed\" slot=%s reason=\"%s\"",
		    w->slot.machine.name, w->reason);
	}
	state_end(&w->core, note->is_good, loop_now_ms());
	pool_send_slot(pool, w);
	pool_schedule(pool);
}

static void
take_note(struct pool *pool, struct note *note)
{
	struct worker *w = &pool->workers[note->slot];

	switch (note->kind) {
	case NOTE_PREPARED:
		pool_begin(pool);
		break;
	case NOTE_PROGRESS:
		take_progress(pool, w, note);
		break;
	case NOTE_NET_BEGIN:
		begin_net(pool, w, note);
		break;
	case NOTE_NET_END:
		end_net(pool, w);
		break;
	case NOTE_RESULT:
		take_result(pool, w, note);
		break;
	case NOTE_DONE:
		take_done(pool, w, note);
		break;
	}
}

static void
on_notes(void *arg, int fd, unsigned int events)
{
	struct pool *pool = arg;
	struct note *note;
	uint64_t count;

	(void)events;
	(void)!read(fd, &count, sizeof(count));
	while ((note = notes_take(&pool->notes)) != NULL) {
		take_note(pool, note);
		note_free(note);
	}
}

/* --- scheduling --- */

static struct pool_order *
first_ready(struct pool *pool, size_t profile)
{
	struct pool_order *o;

	TAILQ_FOREACH (o, &pool->orders, entry) {
		if (o->is_ready && (profile == STATE_NO_PROFILE ||
				       o->order->profile == profile))
			return o;
	}
	return NULL;
}

static bool
is_free(const struct worker *w)
{
	return w->core.state == SLOT_READY || w->core.state == SLOT_EMPTY ||
	       w->core.state == SLOT_QUARANTINED;
}

/* The run that this slot should serve, or NULL. */
static struct pool_order *
pick(struct pool *pool, const struct worker *w)
{
	struct pool_order *o = first_ready(pool, w->core.profile);

	if (o != NULL && w->core.profile != STATE_NO_PROFILE)
		return o;
	o = first_ready(pool, STATE_NO_PROFILE);
	/* Another slot is made for it, and will be free sooner than this one
	 * could be rebuilt. */
	for (size_t i = 0; o != NULL && i < pool->slots; i++) {
		if (&pool->workers[i] != w &&
		    pool->workers[i].core.profile == o->order->profile &&
		    pool->workers[i].core.state != SLOT_QUARANTINED)
			return NULL;
	}
	return o;
}

/* Reads a guest image again that was built anew since. */
static void
refresh(struct pool *pool, size_t at)
{
	struct profile *p = &pool->profiles[at];
	char why[PROFILE_WHY_BYTES];
	struct profile fresh;

	if (profile_is_current(p))
		return;
	for (size_t i = 0; i < pool->slots; i++) {
		const struct slot_core *core = &pool->workers[i].core;

		/* Their threads read it: later. */
		if (core->profile == at && !is_free(&pool->workers[i]))
			return;
	}
	if (profile_load(pool->image_dir, p->name, why, &fresh) != ERR_OK) {
		log_line(LOG_WARN,
		    "msg=\"guest image cannot be read again\" "
		    "reason=\"%s\"",
		    why);
		return;
	}
	*p = fresh;
	for (size_t i = 0; i < pool->slots; i++) {
		if (pool->workers[i].core.profile == at)
			pool->workers[i].core.wants_rebuild = true;
	}
	pool_send_profiles(pool);
}

static void
give(struct pool *pool, struct worker *w)
{
	struct pool_order *o = pick(pool, w);
	size_t waiting = o == NULL ? STATE_NO_PROFILE : o->order->profile;
	size_t fallback = pool->profile_count > 0 ? 0 : STATE_NO_PROFILE;
	enum slot_action action;
	struct run_order *order = NULL;
	size_t profile = w->core.profile;

	if (profile != STATE_NO_PROFILE)
		refresh(pool, profile);
	action = state_decide(&w->core, loop_now_ms(), waiting, fallback);
	if (action == ACTION_NONE)
		return;
	if (action == ACTION_BUILD)
		profile = waiting != STATE_NO_PROFILE ? waiting : fallback;
	if (action == ACTION_RUN) {
		order = take_ptr(o->order);
		TAILQ_REMOVE(&pool->orders, o, entry);
		pool->order_count--;
		free(o);
		w->request = order->request;
		w->has_run = true;
	}
	state_begin(&w->core, action, profile);
	pool_send_slot(pool, w);
	worker_order(w, action, &pool->profiles[profile], order);
}

static void
on_retry(void *arg)
{
	struct pool *pool = arg;

	pool->retry = NULL;
	pool_schedule(pool);
}

void
pool_schedule(struct pool *pool)
{
	uint64_t now_ms = loop_now_ms(), soonest_ms = UINT64_MAX;

	if (!pool->is_prepared)
		return;
	for (size_t i = 0; i < pool->slots; i++) {
		struct worker *w = &pool->workers[i];

		if (is_free(w))
			give(pool, w);
		if (w->core.state == SLOT_QUARANTINED &&
		    w->core.retry_ms < soonest_ms)
			soonest_ms = w->core.retry_ms;
	}
	loop_timer_cancel(pool->retry);
	pool->retry = NULL;
	if (soonest_ms != UINT64_MAX)
		pool->retry = loop_timer(pool->program->loop,
		    soonest_ms > now_ms ? soonest_ms - now_ms + 1 : 1, on_retry,
		    pool);
}

/* --- beginning and end --- */

void
pool_init(struct pool *pool, struct program *program)
{
	pool->program = program;
	TAILQ_INIT(&pool->orders);
	notes_init(&pool->notes);
	(void)loop_watch(
	    program->loop, pool->notes.fd, LOOP_READ, on_notes, pool);
}

static void
report_all(struct pool *pool)
{
	pool_send_profiles(pool);
	for (size_t i = 0; pool->is_prepared && i < pool->slots; i++)
		pool_send_slot(pool, &pool->workers[i]);
}

void
pool_peer(struct pool *pool, struct chan *chan)
{
	if (chan_peer(chan) == ROLE_SCHED) {
		if (pool->sched != NULL)
			pool_sched_ops.gone(pool, pool->sched, ERR_EOF);
		pool->sched = chan;
		chan_set_ops(chan, &pool_sched_ops, pool);
		report_all(pool);
	} else if (chan_peer(chan) == ROLE_SIMNET) {
		if (pool->simnet != NULL)
			on_simnet_gone(pool, pool->simnet, ERR_EOF);
		pool->simnet = chan;
		chan_set_ops(chan, &simnet_ops, pool);
	} else {
		chan_free(chan);
	}
}

void
pool_find_profiles(struct pool *pool)
{
	pool->profile_count = profile_list(
	    pool->image_dir, pool->profiles, PROFILES_MAX, pool->on_bad);
}

void
pool_begin(struct pool *pool)
{
	pool->is_prepared = true;
	report_all(pool);
	pool_schedule(pool);
}

void
pool_stop(struct pool *pool)
{
	for (size_t i = 0; i < pool->slots; i++)
		worker_stop(&pool->workers[i]);
}
