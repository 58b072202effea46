/* SPDX-License-Identifier: Apache-2.0 */
/* trip.c - one child for several items of a pack. */
#include "sched/trip.h"

#include "lib/analyser_exit.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"

#include "sched/context.h"
#include "sched/ruleset.h"
#include "sched/triage.h"
#include "sched/triage_end.h"
#include "sched/worker.h"

#include <errno.h>
#include <fcntl.h>

/*
 * The time of a child for all its items.  One that needs more gets the usual
 * time for itself, in a child of its own.
 */
#define TRIP_SECONDS 20
/* What the list of items, with their contexts, may take of the message. */
#define LIST_BYTES (48 * KIB)
/* Reads of one pipe before others get their turn. */
#define READS 4
/* After an analyser that takes no work. */
#define BACK_OFF_MS ((uint64_t)2000)

struct trip {
	struct sched *sched;
	struct pack *pack;
	struct errand *errand; /* NULL once the child is gone */
	struct errand_end end;
	int pipe_fd; /* -1 = at its end */
	struct loop_watch *watch;
	struct pack_in in;
	bool is_in_item;
	size_t at; /* the item whose records come, or come next */
	size_t count;
	struct triage *items[PACK_ITEMS_MAX]; /* NULL: nobody waits for it */
	uint32_t index[PACK_ITEMS_MAX];
};

static void settle_trip(struct trip *trip);

/* --- what the child writes --- */

static int
on_begin(void *arg, uint32_t index)
{
	struct trip *trip = arg;

	if (trip->at == trip->count || index != trip->index[trip->at])
		return ERR_FORMAT;
	trip->is_in_item = true;
	return ERR_OK;
}

static int
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct trip *trip = arg;
	struct triage *t = trip->items[trip->at];

	if (t != NULL)
		sift_feed(&t->sift, p, len);
	return ERR_OK;
}

static int
on_item_end(void *arg, const struct pack_end *end)
{
	struct trip *trip = arg;
	struct triage *t = trip->items[trip->at];
	bool is_done = end->status == ANALYSER_EXIT_DONE;

	trip->items[trip->at] = NULL;
	trip->is_in_item = false;
	trip->at++;
	if (!is_done && end->status != ANALYSER_EXIT_PARTIAL)
		return ERR_FORMAT;
	if (t == NULL)
		return ERR_OK;
	t->trip = NULL;
	pack_leave(t);
	t->end = (struct errand_end){
	    .end = is_done ? ANALYSE_DONE : ANALYSE_CRASHED,
	    .code = end->status,
	    .peak_kib = end->peak_kib,
	    .cpu_us = end->cpu_us,
	};
	triage_ended(t);
	return ERR_OK;
}

static const struct pack_ops ops = {
    .begin = on_begin,
    .data = on_data,
    .end = on_item_end,
};

static void
pipe_close(struct trip *trip)
{
	loop_unwatch(trip->watch);
	trip->watch = NULL;
	if (trip->pipe_fd != -1)
		(void)close(trip->pipe_fd);
	trip->pipe_fd = -1;
}

static bool
is_full(const struct trip *trip)
{
	const struct triage *t =
	    trip->at < trip->count ? trip->items[trip->at] : NULL;

	return t != NULL && sift_is_full(&t->sift);
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[64 * KIB];
	struct trip *trip = arg;

	(void)events;
	for (int i = 0; i < READS && !is_full(trip); i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n > 0 && pack_feed(&trip->in, buf, (size_t)n) == ERR_OK)
			continue;
		/* Its end, or nothing more is believed of this child. */
		pipe_close(trip);
		if (n > 0 && trip->errand != NULL)
			errand_cancel(trip->errand);
		break;
	}
	settle_trip(trip);
}

static void
watch_pipe(struct trip *trip)
{
	struct loop *loop = trip->sched->program.loop;

	if (trip->pipe_fd != -1 && is_full(trip)) {
		loop_unwatch(trip->watch);
		trip->watch = NULL;
	} else if (trip->pipe_fd != -1 && trip->watch == NULL) {
		trip->watch = loop_watch(
		    loop, trip->pipe_fd, LOOP_READ, on_readable, trip);
	}
}

/* --- its end --- */

/* The item that the child ended in: once more, without the others. */
static void
send_alone(struct triage *t)
{
	bool is_untold = sift_restart(&t->sift);

	pack_leave(t);
	t->is_alone = true;
	t->is_packed = false;
	t->state = TRIAGE_LEASED;
	triage_pump(t->job->sched);
	/* Some of it is in the store already: that attempt is swept away. */
	if (!is_untold)
		job_release_or_fail(t->job, "its analyser ended with others");
}

static void
give_back(struct triage *t, bool is_refused)
{
	pack_leave(t);
	if (is_refused)
		job_release_or_fail(t->job, "the analyser took no work");
	else
		job_release_or_fail(t->job, "the analyser ended");
}

/*
 * The child ended before it was through.  Where it stood in an item, or before
 * its first, that one is sent alone, so that what is left gets shorter with
 * each child.
 */
static void
end_early(struct trip *trip)
{
	bool is_refused = trip->end.end == ANALYSE_REFUSED;
	struct sched *sched = trip->sched;

	if (is_refused && !trip->end.is_lost)
		lease_back_off(sched, BACK_OFF_MS);
	for (size_t i = trip->at; i < trip->count; i++) {
		struct triage *t = trip->items[i];
		bool is_first =
		    i == trip->at && (trip->is_in_item || trip->at == 0);

		trip->items[i] = NULL;
		if (t == NULL)
			continue;
		t->trip = NULL;
		if (t->is_cancelled)
			triage_end(t);
		else if (is_refused)
			give_back(t, !trip->end.is_lost);
		else if (is_first)
			send_alone(t);
		else
			t->state = TRIAGE_READY;
	}
}

static void
trip_free(struct trip *trip)
{
	pipe_close(trip);
	pack_unref(trip->pack);
	free(trip);
}

/* Something has come or ended. */
static void
settle_trip(struct trip *trip)
{
	struct sched *sched = trip->sched;

	watch_pipe(trip);
	if (trip->errand != NULL || (trip->pipe_fd != -1 && !trip->end.is_lost))
		return;
	if (trip->at < trip->count)
		end_early(trip);
	trip_free(trip);
	triage_pump_packs(sched);
}

static void
on_ended(void *arg, const struct errand_end *end)
{
	struct trip *trip = arg;

	trip->errand = NULL;
	trip->end = *end;
	settle_trip(trip);
}

void
trip_resume(struct triage *t)
{
	watch_pipe(t->trip);
}

void
trip_leave(struct triage *t)
{
	struct trip *trip = t->trip;
	bool is_wanted = false;

	if (trip == NULL)
		return;
	t->trip = NULL;
	for (size_t i = trip->at; i < trip->count; i++) {
		if (trip->items[i] == t)
			trip->items[i] = NULL;
		is_wanted |= trip->items[i] != NULL;
	}
	if (!is_wanted && trip->errand != NULL)
		errand_cancel(trip->errand);
	/* Its records may be the ones that waited. */
	watch_pipe(trip);
}

/* --- its start --- */

static bool
is_ready(const struct triage *t, const struct worker *worker)
{
	return t != NULL && t->job->state == JOB_HELD &&
	       t->state == TRIAGE_READY && t->pack != NULL &&
	       strcmp(t->job->kind, worker->name) == 0 &&
	       ruleset_is_ready(worker->sched, t->job);
}

/* Adds an item to the list; false where the message is full. */
static bool
put_item(struct wire_out *list, const struct triage *t, const json_t *common)
{
	auto_free char *context = context_of_item(t->job, common);
	size_t len = strlen(context);

	if (len + 8 > LIST_BYTES - list->len)
		return false;
	pack_list_put(list, (uint32_t)t->item, context, len);
	return true;
}

static void
fill(struct trip *trip, struct worker *worker, struct wire_out *list,
    const json_t *common)
{
	struct job *job;

	TAILQ_FOREACH (job, &trip->sched->jobs, entry) {
		struct triage *t = triage_of(job);

		if (!is_ready(t, worker) || t->pack != trip->pack)
			continue;
		if (trip->count == PACK_ITEMS_MAX || !put_item(list, t, common))
			break;
		trip->items[trip->count] = t;
		trip->index[trip->count] = (uint32_t)t->item;
		trip->count++;
	}
}

static bool
send(struct trip *trip, struct worker *worker, const struct wire_out *list,
    const json_t *common)
{
	auto_free char *text = json_canonical(common);
	const uint32_t seconds = trip->sched->job_seconds;
	auto_close int in =
	    fcntl(trip->pack->fd, F_DUPFD_CLOEXEC, PROGRAM_PARENT_FD + 1);
	int fds[2];

	if (in == -1 || pipe2(fds, O_CLOEXEC) == -1)
		return false;
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	trip->pipe_fd = fds[0];
	trip->errand = errand_start(worker,
	    &(struct errand_spec){
		.input_fd = take_fd(in),
		.out_fd = fds[1],
		.how = BLOB_MEMFD,
		.size = trip->pack->size,
		.context = text,
		.list = list,
		.seconds = seconds < TRIP_SECONDS ? seconds : TRIP_SECONDS,
		.memory_mib = (uint32_t)(LIMIT_ANALYSER_MEMORY_BYTES / MIB),
		.ended = on_ended,
		.arg = trip,
	    });
	return trip->errand != NULL;
}

static void
set_running(struct trip *trip, const struct worker *worker)
{
	for (size_t i = 0; i < trip->count; i++) {
		struct triage *t = trip->items[i];

		t->trip = trip;
		t->state = TRIAGE_RUNNING;
		t->is_packed = true;
		(void)snprintf(
		    t->engine, sizeof(t->engine), "%s", worker->engine);
		(void)snprintf(
		    t->job->phase, sizeof(t->job->phase), "analysing");
	}
}

bool
trip_start(struct sched *sched, struct worker *worker)
{
	auto_json json_t *common = NULL;
	struct triage *first = NULL;
	struct wire_out list;
	struct trip *trip;
	struct job *job;
	bool is_sent;

	TAILQ_FOREACH (job, &sched->jobs, entry) {
		first = triage_of(job);
		if (is_ready(first, worker))
			break;
	}
	if (job == NULL)
		return false;
	trip = xcalloc(1, sizeof(*trip));
	trip->sched = sched;
	trip->pack = first->pack;
	trip->pack->refs++;
	trip->pipe_fd = -1;
	pack_in_init(&trip->in, &ops, trip);
	wire_out_init(&list, LIST_BYTES);
	common = context_common(first->job);
	fill(trip, worker, &list, common);
	is_sent = trip->count > 0 && send(trip, worker, &list, common);
	wire_out_release(&list);
	if (!is_sent) {
		/* An item whose context alone is too long for a list. */
		if (trip->count == 0)
			send_alone(first);
		trip_free(trip);
		return false;
	}
	set_running(trip, worker);
	watch_pipe(trip);
	return true;
}
