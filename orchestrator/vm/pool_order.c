/* SPDX-License-Identifier: Apache-2.0 */
/* pool_order.c - what sched asks, and what it is told. */
#include "vm/pool.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* sched keeps at most so much of an environment. */
#define ENVIRONMENT_MAX (28 * KIB)

/* --- to sched --- */

static void
send_to_sched(struct pool *pool, enum msg_type type, uint32_t request,
    struct wire_out *body)
{
	if (pool->sched != NULL)
		(void)chan_send(pool->sched, type, request, body, -1);
	wire_out_release(body);
}

void
pool_send_progress(struct pool *pool, uint32_t request, const char *state,
    unsigned int percent, const char *text)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, state);
	wire_put_u8(&body, (uint8_t)percent);
	wire_put_str(&body, text);
	send_to_sched(pool, MSG_RUN_PROGRESS, request, &body);
}

/* The network's list is the long part: cut it rather than lose the rest. */
static char *
fitting(json_t *environment)
{
	char *text = json_canonical(environment);
	json_t *network = json_object_get(environment, "network");
	static const char *const lists[] = {"connections", "names"};

	for (size_t i = 0; i < 2 && strlen(text) > ENVIRONMENT_MAX; i++) {
		json_t *list = json_object_get(network, lists[i]);

		(void)json_object_set_new(network, "is_cut", json_true());
		while (json_array_size(list) > 0 &&
		       strlen(text) > ENVIRONMENT_MAX) {
			size_t half = json_array_size(list) / 2;

			while (json_array_size(list) > half)
				(void)json_array_remove(
				    list, json_array_size(list) - 1);
			free(text);
			text = json_canonical(environment);
		}
	}
	return text;
}

void
pool_send_end(
    struct pool *pool, uint32_t request, const struct run_result *result)
{
	auto_json json_t *none = json_object();
	auto_free char *environment =
	    fitting(result->environment != NULL ? result->environment : none);
	struct wire_out body;

	log_line(LOG_INFO, "msg=\"run ended\" request=%u outcome=%s", request,
	    proto_outcome_name(result->outcome));
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)result->outcome);
	wire_put_str(&body, result->reason);
	wire_put_str(&body, environment);
	send_to_sched(pool, MSG_RUN_END, request, &body);
}

void
pool_send_slot(struct pool *pool, const struct worker *w)
{
	auto_json json_t *detail = json_pack("{ss sb ss sI sI sI sI sb}",
	    "accel", pool->is_kvm ? "kvm" : "tcg", "is_kvm", (int)pool->is_kvm,
	    "accel_reason", pool->accel_why, "runs", (json_int_t)w->core.runs,
	    "failures", (json_int_t)w->core.failures, "boot_ms",
	    (json_int_t)w->times.boot_ms, "save_ms",
	    (json_int_t)w->times.save_ms, "is_reused", (int)w->times.is_reused);
	auto_free char *text = json_canonical(detail);
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, w->slot.machine.name);
	wire_put_str(&body, w->core.profile == STATE_NO_PROFILE
				? ""
				: pool->profiles[w->core.profile].name);
	wire_put_str(&body, state_name(w->core.state));
	wire_put_str(&body, w->core.state == SLOT_QUARANTINED ? w->reason : "");
	wire_put_str(&body, text);
	send_to_sched(pool, MSG_SLOT_STATE, 0, &body);
}

void
pool_send_profiles(struct pool *pool)
{
	for (size_t i = 0; i < pool->profile_count; i++) {
		const struct profile *p = &pool->profiles[i];
		auto_json json_t *summary = profile_summary(p);
		auto_free char *text = json_canonical(summary);
		struct wire_out body;

		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_str(&body, p->name);
		wire_put_str(&body, p->digest);
		wire_put_str(&body, "available");
		wire_put_str(&body, text);
		send_to_sched(pool, MSG_PROFILE_STATE, 0, &body);
	}
}

/* --- from sched --- */

static struct pool_order *
find_order(struct pool *pool, uint32_t request)
{
	struct pool_order *o;

	TAILQ_FOREACH (o, &pool->orders, entry) {
		if (o->order->request == request)
			return o;
	}
	return NULL;
}

static void
forget(struct pool *pool, struct pool_order *o)
{
	TAILQ_REMOVE(&pool->orders, o, entry);
	pool->order_count--;
	run_order_free(o->order);
	free(o);
}

void
pool_refuse(struct pool *pool, struct pool_order *order,
    enum run_outcome outcome, const char *why)
{
	struct run_result result = {.outcome = outcome};

	(void)snprintf(result.reason, sizeof(result.reason), "%s", why);
	pool_send_end(pool, order->order->request, &result);
	forget(pool, order);
}

static size_t
find_profile(const struct pool *pool, const char *name)
{
	for (size_t i = 0; i < pool->profile_count; i++) {
		if (strcmp(pool->profiles[i].name, name) == 0)
			return i;
	}
	return STATE_NO_PROFILE;
}

static int
on_run_start(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	struct pool_order *o;
	char profile[PROFILE_NAME_BYTES], why[256] = "";
	const uint8_t *name, *options;
	size_t name_len, options_len;
	struct run_order *order;

	wire_get_str(&msg->in, profile, sizeof(profile));
	name = wire_get_bytes(&msg->in, &name_len);
	options = wire_get_bytes(&msg->in, &options_len);
	if (msg->in.is_failed || find_order(pool, msg->request) != NULL ||
	    pool->order_count == POOL_ORDERS_MAX)
		return ERR_PEER;
	order = xcalloc(1, sizeof(*order));
	order->request = msg->request;
	order->profile = find_profile(pool, profile);
	order->name = xmemdup(name, name_len);
	order->name_len =
	    name_len > LIMIT_NAME_BYTES ? LIMIT_NAME_BYTES : name_len;
	order->trace_fd = order->pcap_fd = order->console_fd = -1;
	order->sample_fd = take_fd(msg->fd);
	o = xcalloc(1, sizeof(*o));
	o->chan = chan;
	o->order = order;
	TAILQ_INSERT_TAIL(&pool->orders, o, entry);
	pool->order_count++;
	if (options_parse((const char *)options, options_len, why,
		&order->options) != ERR_OK)
		pool_refuse(pool, o, RUN_NOT_EXECUTED, why);
	else if (order->profile == STATE_NO_PROFILE)
		pool_refuse(pool, o, RUN_VM_FAILED,
		    "there is no guest image of that name");
	return ERR_OK;
}

static int
on_run_output(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	struct pool_order *o = find_order(pool, msg->request);
	char kind[32];
	int *fd = NULL;

	(void)chan;
	wire_get_str(&msg->in, kind, sizeof(kind));
	if (msg->in.is_failed)
		return ERR_PEER;
	if (o == NULL || o->is_ready)
		return ERR_OK; /* refused meanwhile; the pipe just closes */
	if (strcmp(kind, "trace") == 0)
		fd = &o->order->trace_fd;
	else if (strcmp(kind, "pcap") == 0)
		fd = &o->order->pcap_fd;
	else if (strcmp(kind, "console") == 0)
		fd = &o->order->console_fd;
	if (fd != NULL && *fd == -1)
		*fd = take_fd(msg->fd);
	return ERR_OK;
}

static int
on_run_go(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	struct pool_order *o = find_order(pool, msg->request);

	(void)chan;
	if (o == NULL)
		return ERR_OK;
	o->is_ready = true;
	o->order->accepted_ms = loop_now_ms();
	pool_schedule(pool);
	return ERR_OK;
}

static int
on_run_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	struct pool_order *o = find_order(pool, msg->request);

	(void)chan;
	if (o != NULL) {
		pool_refuse(pool, o, RUN_CANCELLED, "cancelled");
		return ERR_OK;
	}
	for (size_t i = 0; i < pool->slots; i++) {
		struct worker *w = &pool->workers[i];

		if (w->has_run && w->request == msg->request) {
			w->slot.is_cancelled = true;
			slot_wake(&w->slot);
		}
	}
	return ERR_OK;
}

/* "build", "check", "rebuild"; a slot, a profile, or "" for all. */
static int
on_pool_order(void *arg, struct chan *chan, struct msg *msg)
{
	struct pool *pool = arg;
	char what[32], whom[PROFILE_NAME_BYTES];

	(void)chan;
	wire_get_str(&msg->in, what, sizeof(what));
	wire_get_str(&msg->in, whom, sizeof(whom));
	if (msg->in.is_failed)
		return ERR_PEER;
	/* Built since the start: nobody uses the list while it is empty. */
	if (pool->profile_count == 0) {
		pool_find_profiles(pool);
		pool_send_profiles(pool);
	}
	for (size_t i = 0; i < pool->slots; i++) {
		struct slot_core *core = &pool->workers[i].core;

		if (whom[0] != '\0' &&
		    strcmp(whom, pool->workers[i].slot.machine.name) != 0 &&
		    (core->profile == STATE_NO_PROFILE ||
			strcmp(whom, pool->profiles[core->profile].name) != 0))
			continue;
		if (strcmp(what, "check") == 0)
			core->wants_check = true;
		else if (strcmp(what, "rebuild") == 0 ||
			 core->state == SLOT_QUARANTINED)
			core->wants_rebuild = true;
	}
	pool_schedule(pool);
	return ERR_OK;
}

static void
on_sched_gone(void *arg, struct chan *chan, int err)
{
	struct pool *pool = arg;
	struct pool_order *o;

	if (err == ERR_PEER)
		program_blame(
		    pool->program, chan, "broke the protocol of runs");
	if (pool->sched == chan)
		pool->sched = NULL;
	while ((o = TAILQ_FIRST(&pool->orders)) != NULL)
		forget(pool, o);
	/* Its leases are lost with it: nobody waits for these runs. */
	for (size_t i = 0; i < pool->slots; i++) {
		pool->workers[i].slot.is_cancelled = pool->workers[i].has_run;
		if (pool->workers[i].has_run)
			slot_wake(&pool->workers[i].slot);
	}
	chan_free(chan);
}

static const struct chan_handler sched_handlers[] = {
    {MSG_RUN_START, on_run_start},
    {MSG_RUN_OUTPUT, on_run_output},
    {MSG_RUN_GO, on_run_go},
    {MSG_RUN_CANCEL, on_run_cancel},
    {MSG_POOL_ORDER, on_pool_order},
    {MSG_NONE_, NULL},
};

const struct chan_ops pool_sched_ops = {
    .handlers = sched_handlers,
    .gone = on_sched_gone,
};
