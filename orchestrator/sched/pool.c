/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - the VM pool as loep-vm reports it. */
#include "sched/pool.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/run.h"
#include "sched/sched.h"

void
pool_init(struct pool *pool, struct sched *sched, uint64_t settle_ms)
{
	*pool = (struct pool){
	    .sched = sched,
	    .since_ms = loop_now_ms(),
	    .settle_ms = settle_ms,
	};
}

bool
pool_has_profile(const struct pool *pool, const char *name)
{
	for (size_t i = 0; i < pool->profile_count; i++) {
		if (strcmp(pool->profiles[i].name, name) == 0)
			return true;
	}
	return false;
}

bool
pool_is_settling(const struct pool *pool)
{
	return loop_now_ms() - pool->since_ms < pool->settle_ms;
}

size_t
pool_places(const struct pool *pool)
{
	size_t ready = 0;
	size_t taken = 0;
	size_t unseen;

	for (size_t i = 0; i < pool->slot_count; i++) {
		const char *state = pool->slots[i].state;

		ready += strcmp(state, "ready") == 0;
		taken += strcmp(state, "starting") == 0 ||
			 strcmp(state, "running") == 0;
	}
	/* Runs that were ordered, but that no slot's state shows yet. */
	unseen = pool->runs > taken ? pool->runs - taken : 0;
	return ready > unseen ? ready - unseen : 0;
}

static void
report_slot(struct pool *pool, const struct pool_slot *slot)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, slot->name);
	values_add_text(&params, slot->profile);
	values_add_text(&params, slot->state);
	values_add_text(&params, slot->reason);
	values_add_text(&params, slot->detail);
	(void)calls_start(pool->sched->calls, CALL_SLOT_REPORT, 0, &params, -1,
	    NULL, NULL, NULL);
}

static void
report_profile(struct pool *pool, const struct pool_profile *profile)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, profile->name);
	values_add_text(&params, profile->digest);
	values_add_text(&params, profile->state);
	values_add_text(&params, profile->manifest);
	(void)calls_start(pool->sched->calls, CALL_PROFILE_REPORT, 0, &params,
	    -1, NULL, NULL, NULL);
}

void
pool_report_all(struct pool *pool)
{
	for (size_t i = 0; i < pool->profile_count; i++)
		report_profile(pool, &pool->profiles[i]);
	for (size_t i = 0; i < pool->slot_count; i++)
		report_slot(pool, &pool->slots[i]);
	pool_fetch_orders(pool);
}

/* --- what loep-vm says --- */

/* A text of any length that a message may have; the caller frees. */
static char *
get_text(struct wire_in *in)
{
	const uint8_t *p;
	size_t len;

	p = wire_get_bytes(in, &len);
	return xstrndup(p == NULL ? "" : (const char *)p, len);
}

static int
on_slot(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	struct pool_slot slot = {.detail = NULL};
	size_t at = 0;

	(void)chan;
	wire_get_str(&msg->in, slot.name, sizeof(slot.name));
	wire_get_str(&msg->in, slot.profile, sizeof(slot.profile));
	wire_get_str(&msg->in, slot.state, sizeof(slot.state));
	wire_get_str(&msg->in, slot.reason, sizeof(slot.reason));
	if (msg->in.is_failed)
		return ERR_PEER;
	while (at < pool->slot_count &&
	       strcmp(pool->slots[at].name, slot.name) != 0)
		at++;
	if (at == POOL_SLOTS_MAX)
		return ERR_PEER;
	slot.detail = get_text(&msg->in);
	if (at == pool->slot_count)
		pool->slot_count++;
	free(pool->slots[at].detail);
	pool->slots[at] = slot;
	report_slot(pool, &slot);
	lease_soon(pool->sched);
	return ERR_OK;
}

static int
on_profile(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	struct pool_profile profile = {.manifest = NULL};
	size_t at = 0;

	(void)chan;
	wire_get_str(&msg->in, profile.name, sizeof(profile.name));
	wire_get_str(&msg->in, profile.digest, sizeof(profile.digest));
	wire_get_str(&msg->in, profile.state, sizeof(profile.state));
	if (msg->in.is_failed)
		return ERR_PEER;
	while (at < pool->profile_count &&
	       strcmp(pool->profiles[at].name, profile.name) != 0)
		at++;
	if (at == POOL_PROFILES_MAX)
		return ERR_PEER;
	profile.manifest = get_text(&msg->in);
	if (at == pool->profile_count)
		pool->profile_count++;
	free(pool->profiles[at].manifest);
	pool->profiles[at] = profile;
	report_profile(pool, &profile);
	lease_soon(pool->sched);
	return ERR_OK;
}

static int
on_progress(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	char phase[32];
	uint8_t percent;

	(void)chan;
	wire_get_str(&msg->in, phase, sizeof(phase));
	percent = wire_get_u8(&msg->in);
	if (msg->in.is_failed)
		return ERR_PEER;
	run_progress(
	    pool->sched, msg->request, phase, percent > 100 ? 100 : percent);
	return ERR_OK;
}

static int
on_run_end(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	auto_free char *reason = NULL;
	auto_free char *environment = NULL;
	uint8_t outcome = wire_get_u8(&msg->in);

	(void)chan;
	reason = get_text(&msg->in);
	environment = get_text(&msg->in);
	if (outcome >= RUN_OUTCOME_COUNT)
		return ERR_PEER;
	run_ended(pool->sched, msg->request, (enum run_outcome)outcome, reason,
	    environment);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct pool *pool = arg;

	if (err == ERR_PEER)
		program_blame(
		    &pool->sched->program, chan, "broke the protocol of runs");
	if (pool->vm == chan)
		pool->vm = NULL;
	chan_free(chan);
	for (size_t i = 0; i < pool->slot_count; i++) {
		struct pool_slot *slot = &pool->slots[i];

		(void)snprintf(slot->state, sizeof(slot->state), "gone");
		(void)snprintf(slot->reason, sizeof(slot->reason),
		    "the program of the VM pool does not run");
		report_slot(pool, slot);
		free(slot->detail);
		slot->detail = NULL;
	}
	pool->slot_count = 0;
	run_lose_all(pool->sched);
}

void
pool_attach(struct pool *pool, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_SLOT_STATE, on_slot},
	    {MSG_PROFILE_STATE, on_profile},
	    {MSG_RUN_PROGRESS, on_progress},
	    {MSG_RUN_END, on_run_end},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};

	if (pool->vm != NULL)
		on_gone(pool, pool->vm, ERR_EOF);
	pool->vm = chan;
	chan_set_ops(chan, &ops, pool);
	pool_fetch_orders(pool);
}

static void
on_order(void *arg, const struct values *row)
{
	struct pool *pool = arg;
	struct wire_out body;
	char order[64];
	char object[128];

	if (pool->vm == NULL)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, values_text(row, 1, order, sizeof(order)));
	wire_put_str(&body, values_text(row, 2, object, sizeof(object)));
	(void)chan_send(pool->vm, MSG_POOL_ORDER, 0, &body, -1);
	wire_out_release(&body);
}

void
pool_fetch_orders(struct pool *pool)
{
	/* The store hands out each order once: only when it can be passed. */
	if (pool->vm != NULL && calls_is_connected(pool->sched->calls))
		(void)calls_start(pool->sched->calls, CALL_POOL_ORDERS, 0, NULL,
		    -1, on_order, NULL, pool);
}
