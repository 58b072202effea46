/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - connected analysers and their children. */
#include "sched/worker.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/job.h"
#include "sched/lease.h"
#include "sched/pack.h"
#include "sched/triage.h"
#include "sched/unseal.h"

/* Past its own deadline an analyser has this long to report its child. */
#define WEDGED_MS ((uint64_t)15000)

struct errand {
	TAILQ_ENTRY(errand) entry;
	struct worker *worker;
	uint32_t request;
	errand_fn *ended; /* NULL when nobody waits */
	void *arg;
	struct loop_timer *wedged;
};

struct worker *
worker_find(struct sched *sched, const char *name)
{
	struct worker *worker;

	TAILQ_FOREACH (worker, &sched->workers, entry) {
		if (strcmp(worker->name, name) == 0)
			return worker;
	}
	return NULL;
}

static bool
is_alone(const struct sched *sched)
{
	const struct worker *first = TAILQ_FIRST(&sched->workers);

	return first == NULL || TAILQ_NEXT(first, entry) == NULL;
}

void
worker_kinds(struct sched *sched, bool is_packed, char *dst, size_t size)
{
	/* One slow kind must not take every lease from the others. */
	size_t held_max = is_packed ? LEASE_PACKED_MAX
				    : sched->places_max + sched->prefetch -
					  (is_alone(sched) ? 0 : 2);
	struct worker *worker;
	size_t len = 0;

	dst[0] = '\0';
	TAILQ_FOREACH (worker, &sched->workers, entry) {
		/* Re-scans are no jobs. */
		if (worker->detail == NULL ||
		    strcmp(worker->name, "hunt") == 0 ||
		    worker->is_packed != is_packed ||
		    lease_held_of(sched, worker->name) >= held_max ||
		    strlen(worker->name) + 2 > size - len)
			continue;
		len += (size_t)snprintf(dst + len, size - len, "%s%s",
		    len > 0 ? "," : "", worker->name);
	}
	if (!is_packed)
		unseal_kinds(sched, dst, size);
}

bool
worker_has_place(const struct worker *worker)
{
	const struct sched *sched = worker->sched;

	/* One that has not said what it is would make nameless results. */
	if (worker->detail == NULL)
		return false;
	/* A kind of which nothing runs gets a place beyond the others', so
	 * that slow analysers never delay the quick ones. */
	return worker->used == 0 || sched->places_used < sched->places_max;
}

static void
errand_free(struct errand *errand)
{
	struct worker *worker = errand->worker;

	loop_timer_cancel(errand->wedged);
	TAILQ_REMOVE(&worker->errands, errand, entry);
	worker->used--;
	worker->sched->places_used--;
	free(errand);
}

static void
errand_end(struct errand *errand, const struct errand_end *end)
{
	struct sched *sched = errand->worker->sched;
	errand_fn *ended = errand->ended;
	void *arg = errand->arg;

	errand_free(errand);
	if (ended != NULL)
		ended(arg, end);
	triage_pump_packs(sched);
}

static void
report(struct worker *worker, const char *state)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, worker->name);
	values_add_text(&params, worker->engine);
	values_add_text(&params, state);
	values_add_text(&params, worker->detail);
	if (worker->detail != NULL)
		(void)calls_start(worker->sched->calls, CALL_ANALYSER_REPORT, 0,
		    &params, -1, NULL, NULL, NULL);
}

static void
detach(struct worker *worker)
{
	static const struct errand_end lost = {
	    .end = ANALYSE_REFUSED,
	    .is_lost = true,
	};
	struct errand *errand;

	TAILQ_REMOVE(&worker->sched->workers, worker, entry);
	while ((errand = TAILQ_FIRST(&worker->errands)) != NULL)
		errand_end(errand, &lost);
	report(worker, "gone");
	triage_pump(worker->sched);
	if (strcmp(worker->name, "hunt") == 0)
		rescan_worker_gone(worker->sched);
	chan_free(worker->chan);
	free(worker->detail);
	free(worker);
}

static void
on_wedged(void *arg)
{
	struct errand *errand = arg;
	struct worker *worker = errand->worker;

	errand->wedged = NULL;
	program_blame(&worker->sched->program, worker->chan,
	    "kept a child beyond its deadline");
	detach(worker);
}

void
worker_report_all(struct sched *sched)
{
	struct worker *worker;

	TAILQ_FOREACH (worker, &sched->workers, entry)
		report(worker, "ready");
}

static int
on_info(void *arg, struct chan *chan, struct msg *msg)
{
	struct worker *worker = arg;
	char name[CHAN_INSTANCE_BYTES];
	const uint8_t *detail;
	size_t len;

	(void)chan;
	wire_get_str(&msg->in, name, sizeof(name));
	wire_get_str(&msg->in, worker->engine, sizeof(worker->engine));
	detail = wire_get_bytes(&msg->in, &len);
	if (msg->in.is_failed || strcmp(name, worker->name) != 0)
		return ERR_PEER;
	free(worker->detail);
	worker->detail = xstrndup((const char *)detail, len);
	report(worker, "ready");
	triage_pump(worker->sched);
	lease_soon(worker->sched);
	return ERR_OK;
}

static int
on_loaded(void *arg, struct chan *chan, struct msg *msg)
{
	struct worker *worker = arg;
	uint64_t number = wire_get_u64(&msg->in);
	unsigned int err = wire_get_u8(&msg->in);
	char why[512];

	(void)chan;
	wire_get_str(&msg->in, why, sizeof(why));
	if (strcmp(worker->name, "hunt") == 0)
		rescan_loaded(worker->sched, number, err, why);
	else if (strcmp(worker->name, "yara") == 0)
		ruleset_loaded(worker, msg->request, err, why);
	else
		return ERR_PEER;
	return ERR_OK;
}

static int
on_image(void *arg, struct chan *chan, struct msg *msg)
{
	struct worker *worker = arg;
	char digest[SHA256_HEX_BYTES];

	(void)chan;
	wire_get_str(&msg->in, digest, sizeof(digest));
	if (msg->in.is_failed || strcmp(worker->name, "yara") != 0)
		return ERR_PEER;
	ruleset_image(worker, msg->request, digest, take_fd(msg->fd));
	return ERR_OK;
}

static int
on_analysed(void *arg, struct chan *chan, struct msg *msg)
{
	struct worker *worker = arg;
	struct errand_end end = {0};
	struct errand *errand;
	uint8_t how = wire_get_u8(&msg->in);

	(void)chan;
	end.code = wire_get_u32(&msg->in);
	end.peak_kib = wire_get_u64(&msg->in);
	end.cpu_us = wire_get_u64(&msg->in);
	if (how > ANALYSE_REFUSED)
		return ERR_PEER;
	end.end = (enum analyse_end)how;
	TAILQ_FOREACH (errand, &worker->errands, entry) {
		if (errand->request == msg->request) {
			errand_end(errand, &end);
			return ERR_OK;
		}
	}
	return ERR_PEER;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct worker *worker = arg;

	if (err == ERR_PEER)
		program_blame(&worker->sched->program, chan,
		    "broke the protocol of analysers");
	log_line(
	    LOG_WARN, "msg=\"an analyser is gone\" analyser=%s", worker->name);
	detach(worker);
}

void
worker_attach(struct sched *sched, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_ANALYSER_INFO, on_info},
	    {MSG_ANALYSED, on_analysed},
	    {MSG_RULESET_LOADED, on_loaded},
	    {MSG_RULESET_IMAGE, on_image},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};
	struct worker *worker = worker_find(sched, chan_instance(chan));

	/* Its predecessor's end may be heard of later. */
	if (worker != NULL)
		detach(worker);
	worker = xcalloc(1, sizeof(*worker));
	worker->sched = sched;
	worker->chan = chan;
	(void)snprintf(
	    worker->name, sizeof(worker->name), "%s", chan_instance(chan));
	worker->is_packed = pack_is_kind(worker->name);
	TAILQ_INIT(&worker->errands);
	TAILQ_INSERT_TAIL(&sched->workers, worker, entry);
	chan_set_ops(chan, &ops, worker);
	if (strcmp(worker->name, "yara") == 0)
		ruleset_worker(sched);
	else if (strcmp(worker->name, "hunt") == 0)
		rescan_soon(sched);
}

/* Sends both halves of an order; a failure shows as the channel's end. */
static int
send_order(struct chan *chan, uint32_t request, const struct errand_spec *spec)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, spec->size);
	if (spec->list == NULL)
		wire_put_u8(&body, (uint8_t)spec->how);
	wire_put_str(&body, spec->context);
	if (spec->list != NULL)
		wire_put_bytes(&body, spec->list->buf, spec->list->len);
	err =
	    chan_send(chan, spec->list == NULL ? MSG_ANALYSE : MSG_ANALYSE_PACK,
		request, &body, spec->input_fd);
	wire_out_reset(&body);
	wire_put_u32(&body, spec->seconds);
	wire_put_u32(&body, spec->memory_mib);
	if (err == ERR_OK)
		err = chan_send(
		    chan, MSG_ANALYSE_OUT, request, &body, spec->out_fd);
	else
		(void)close(spec->out_fd);
	wire_out_release(&body);
	return err;
}

struct errand *
errand_start(struct worker *worker, const struct errand_spec *spec)
{
	uint32_t request = chan_next_request(worker->chan);
	struct errand *errand;

	if (send_order(worker->chan, request, spec) != ERR_OK)
		return NULL;
	errand = xcalloc(1, sizeof(*errand));
	errand->worker = worker;
	errand->request = request;
	errand->ended = spec->ended;
	errand->arg = spec->arg;
	errand->wedged = loop_timer(worker->sched->program.loop,
	    (uint64_t)spec->seconds * 1000 + WEDGED_MS, on_wedged, errand);
	TAILQ_INSERT_TAIL(&worker->errands, errand, entry);
	worker->used++;
	worker->sched->places_used++;
	return errand;
}

void
errand_cancel(struct errand *errand)
{
	(void)chan_send(errand->worker->chan, MSG_ANALYSE_CANCEL,
	    errand->request, NULL, -1);
}

void
errand_forget(struct errand *errand)
{
	if (errand == NULL)
		return;
	errand->ended = NULL;
	errand_cancel(errand);
}
