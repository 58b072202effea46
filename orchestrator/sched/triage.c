/* SPDX-License-Identifier: Apache-2.0 */
/* triage.c - one job that an analyser works on. */
#include "sched/triage.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/context.h"
#include "sched/next.h"
#include "sched/pack.h"
#include "sched/sift.h"
#include "sched/triage_end.h"
#include "sched/trip.h"
#include "sched/unseal.h"
#include "sched/worker.h"

#include <errno.h>
#include <fcntl.h>

/* Inputs up to this size are asked for before there is a place for them. */
#define SMALL_BYTES ((int64_t)MIB)
/* What an analyser has to get through in each further second. */
#define BYTES_A_SECOND ((uint64_t)8 * MIB)
/* Reads of one pipe before others get their turn. */
#define READS 4

static void settle(struct triage *t);

static void
pipe_close(struct triage *t)
{
	loop_unwatch(t->watch);
	t->watch = NULL;
	if (t->pipe_fd != -1)
		(void)close(t->pipe_fd);
	t->pipe_fd = -1;
}

static void
wait_no_more(struct triage *t)
{
	if (!t->is_waiting)
		return;
	t->is_waiting = false;
	TAILQ_REMOVE(&t->job->sched->waiting, t, waiter);
}

static void
triage_free(struct job *job)
{
	struct triage *t = job->work;
	const bool is_packed = t->is_packed;

	job->work = NULL;
	wait_no_more(t);
	errand_forget(t->errand);
	if (t->question != 0)
		pgp_asks_cancel(job->sched->pgp, t->question);
	trip_leave(t);
	pack_leave(t);
	loop_timer_cancel(t->timer);
	pipe_close(t);
	if (t->input_fd != -1)
		(void)close(t->input_fd);
	sift_release(&t->sift);
	free(t);
	/* A place comes free with the end of its child, for all of a pack. */
	if (!is_packed)
		triage_pump(job->sched);
}

/* --- reading what the child writes --- */

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[64 * KIB];
	struct triage *t = arg;

	(void)events;
	for (int i = 0; i < READS && !sift_is_full(&t->sift); i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n > 0)
			sift_feed(&t->sift, buf, (size_t)n);
		if (n > 0 && t->sift.verdict == SIFT_GOOD)
			continue;
		/* Its end, or nothing more is wanted from this child. */
		pipe_close(t);
		if (t->sift.verdict != SIFT_GOOD && t->errand != NULL)
			errand_cancel(t->errand);
		break;
	}
	settle(t);
}

/* A paused pipe is not watched at all: epoll always reports its end. */
static void
watch_pipe(struct triage *t)
{
	struct loop *loop = t->job->sched->program.loop;

	if (t->pipe_fd != -1 && sift_is_full(&t->sift)) {
		loop_unwatch(t->watch);
		t->watch = NULL;
	} else if (t->pipe_fd != -1 && t->watch == NULL) {
		t->watch =
		    loop_watch(loop, t->pipe_fd, LOOP_READ, on_readable, t);
	}
}

static void
on_timer(void *arg)
{
	struct triage *t = arg;

	t->timer = NULL;
	settle(t);
}

/* Something has come or ended: goes on, or ends the attempt. */
static void
settle(struct triage *t)
{
	sift_note_limit(&t->sift);
	watch_pipe(t);
	if (t->trip != NULL) {
		trip_resume(t);
		return;
	}
	if (t->state == TRIAGE_RUNNING) {
		/* The vault or the store refused: it works in vain. */
		if (t->sift.outputs.err != ERR_OK || t->sift.outputs.is_limited)
			errand_cancel(t->errand);
		return;
	}
	if (t->state != TRIAGE_ENDED)
		return;
	if (t->pipe_fd != -1 && !t->end.is_lost)
		return;
	if (!t->is_sifted) {
		t->is_sifted = true;
		pipe_close(t);
		sift_end(&t->sift);
	}
	if (!outputs_are_settled(&t->sift.outputs) &&
	    t->sift.outputs.err == ERR_OK)
		return;
	if (next_must_wait(t->job, &t->sift)) {
		if (t->timer == NULL)
			t->timer = loop_timer(
			    t->job->sched->program.loop, 1000, on_timer, t);
		return;
	}
	triage_end(t);
}

static void
on_changed(void *arg)
{
	settle(arg);
}

void
triage_ended(struct triage *t)
{
	t->state = TRIAGE_ENDED;
	settle(t);
}

static void
on_ended(void *arg, const struct errand_end *end)
{
	struct triage *t = arg;

	t->errand = NULL;
	t->end = *end;
	triage_ended(t);
}

/* --- starting --- */

uint32_t
triage_seconds(const struct triage *t)
{
	uint32_t seconds = t->job->sched->job_seconds;

	/* A few bytes may be many rules. */
	if (strcmp(t->job->kind, "rules") == 0 && seconds < LIMIT_RULES_SECONDS)
		seconds = LIMIT_RULES_SECONDS;
	return seconds + (uint32_t)(t->size / BYTES_A_SECOND % 1000000);
}

static void
start(struct triage *t, struct worker *worker)
{
	uint32_t seconds = triage_seconds(t);
	auto_free char *context =
	    context_of(t->job, seconds, t->sift.bytes_max);
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1) {
		job_release_or_fail(t->job, "no pipe for the analyser");
		return;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	t->pipe_fd = fds[0];
	(void)snprintf(t->engine, sizeof(t->engine), "%s", worker->engine);
	t->errand = errand_start(worker,
	    &(struct errand_spec){
		.input_fd = take_fd(t->input_fd),
		.out_fd = fds[1],
		.how = t->how,
		.size = t->size,
		.context = context,
		.seconds = seconds,
		.memory_mib = (uint32_t)(LIMIT_ANALYSER_MEMORY_BYTES / MIB),
		.ended = on_ended,
		.arg = t,
	    });
	if (t->errand == NULL) {
		job_release_or_fail(t->job, "the analyser takes no orders");
		return;
	}
	t->state = TRIAGE_RUNNING;
	(void)snprintf(t->job->phase, sizeof(t->job->phase), "analysing");
	watch_pipe(t);
}

static void
on_input_row(void *arg, const struct values *row)
{
	struct job *job = arg;
	struct triage *t = job->work;
	int64_t how = row->count > 1 ? values_int(row, 1) : BLOB_MEMFD;

	if (t == NULL)
		return;
	t->size = values_int(row, 0) < 0 ? 0 : (uint64_t)values_int(row, 0);
	t->how = how >= BLOB_MEMFD && how <= BLOB_RANGE
		     ? (enum blob_open)how
		     : BLOB_STREAM; /* the least it can be */
}

static void
on_input(void *arg, enum err err, const char *why, int fd)
{
	struct job *job = arg;
	struct triage *t = job->work;

	if (t == NULL || job->state != JOB_HELD) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	if (err == ERR_OK && fd != -1 && job->is_sealed) {
		unseal_open(t, fd);
		return;
	}
	if (err == ERR_OK && fd != -1) {
		t->input_fd = fd;
		t->state = TRIAGE_READY;
		triage_pump(job->sched);
		return;
	}
	triage_no_input(t, err, why);
}

void
triage_opened(struct triage *t, int fd, uint64_t size)
{
	t->input_fd = fd;
	t->how = BLOB_MEMFD;
	t->size = size;
	t->state = TRIAGE_READY;
	triage_pump(t->job->sched);
}

static void
ask_input(struct triage *t)
{
	/* An export is made of a report's file, a report of the case. */
	const bool is_report =
	    strcmp(t->job->kind, "report") == 0 && t->job->artefact[0] == '\0';
	struct values params;

	t->state = TRIAGE_ASKED;
	job_params(t->job, &params);
	if (!is_report)
		values_add_int(&params, BLOB_AUTO);
	job_call(t->job, is_report ? CALL_CASE_DUMP : CALL_JOB_INPUT, &params,
	    on_input_row, on_input);
}

/* --- who waits --- */

static void
on_cancel(struct job *job)
{
	struct triage *t = job->work;

	t->is_cancelled = true;
	/* In a trip, its item's turn is awaited: the others need the child. */
	if (t->state == TRIAGE_RUNNING && t->trip == NULL)
		errand_cancel(t->errand);
	else if (t->state != TRIAGE_RUNNING && t->state != TRIAGE_ENDED)
		triage_end(t);
}

static void
on_ready(struct job *job)
{
	if (job->work != NULL)
		settle(job->work);
}

static const struct job_ops triage_ops = {
    .cancel = on_cancel,
    .ready = on_ready,
    .free = triage_free,
};

void
triage_begin(struct job *job)
{
	struct triage *t = xcalloc(1, sizeof(*t));

	t->job = job;
	t->input_fd = -1;
	t->pipe_fd = -1;
	sift_init(&t->sift, job, on_changed, t);
	job->ops = &triage_ops;
	job->work = t;
	if (pack_takes(t) && pack_has_workers(job->sched) &&
	    !ruleset_is_stale(job->sched, job))
		triage_pump_packs(job->sched);
	else
		triage_pump(job->sched);
}

/* Large inputs that were asked for and have no place yet: one at a time,
 * because each may be sealed memory. */
static bool
is_large_waiting(const struct sched *sched)
{
	const struct job *job;

	TAILQ_FOREACH (job, &sched->jobs, entry) {
		const struct triage *t = job->work;

		if (job->ops == &triage_ops &&
		    (job->size > SMALL_BYTES || job->is_sealed) &&
		    (t->state == TRIAGE_ASKED || t->state == TRIAGE_READY))
			return true;
	}
	return false;
}

/* True where it goes on waiting for a place by itself. */
static bool
pump_one(struct job *job, bool has_pack_workers)
{
	struct triage *t = job->work;
	struct worker *worker;
	bool has_place;

	if (t->state != TRIAGE_LEASED && t->state != TRIAGE_READY)
		return false;
	/* The many: pump_packs() */
	if (t->pack != NULL && has_pack_workers &&
	    !ruleset_is_stale(job->sched, job))
		return false;
	worker = worker_find(job->sched, unseal_analyser(job->kind));
	if (worker == NULL) {
		job_release_or_fail(job, "its analyser does not run");
		return false;
	}
	if (ruleset_is_stale(job->sched, job)) {
		job_release(job);
		return false;
	}
	if (t->pack != NULL || pack_takes(t))
		return false; /* pump_packs() */
	has_place =
	    worker_has_place(worker) && ruleset_is_ready(job->sched, job);
	if (t->state == TRIAGE_READY && has_place)
		start(t, worker);
	else if (t->state == TRIAGE_LEASED &&
		 ((job->size <= SMALL_BYTES && !job->is_sealed) ||
		     (has_place && !is_large_waiting(job->sched))))
		ask_input(t);
	else
		return true;
	return false;
}

struct triage *
triage_of(const struct job *job)
{
	return job->ops == &triage_ops ? job->work : NULL;
}

/* Children for items of packs, as long as there are places. */
static void
pump_packs(struct sched *sched)
{
	struct worker *worker;
	bool is_started;

	pack_gather(sched);
	/* One for each in turn: none is to take all places. */
	do {
		is_started = false;
		TAILQ_FOREACH (worker, &sched->workers, entry) {
			if (worker->is_packed && worker_has_place(worker))
				is_started |= trip_start(sched, worker);
		}
	} while (is_started);
}

/* Those that are not in packs. */
static void
pump_all(struct sched *sched)
{
	const bool has_pack_workers = pack_has_workers(sched);
	struct job *job, *next;
	struct triage *t;

	sched->has_to_look = false;
	while ((t = TAILQ_FIRST(&sched->waiting)) != NULL)
		wait_no_more(t);
	for (job = TAILQ_FIRST(&sched->jobs); job != NULL; job = next) {
		/* Given back, it leaves the list only with the store's word. */
		next = TAILQ_NEXT(job, entry);
		if (job->state != JOB_HELD || job->ops != &triage_ops ||
		    !pump_one(job, has_pack_workers))
			continue;
		t = job->work;
		t->is_waiting = true;
		TAILQ_INSERT_TAIL(&sched->waiting, t, waiter);
	}
}

/* Those that waited then: thousands that are in packs would be walked past. */
static void
pump_waiting(struct sched *sched)
{
	const bool has_pack_workers = pack_has_workers(sched);
	struct triage *t, *next;

	for (t = TAILQ_FIRST(&sched->waiting); t != NULL; t = next) {
		struct job *job = t->job;

		next = TAILQ_NEXT(t, waiter);
		if (job->state == JOB_HELD && pump_one(job, has_pack_workers))
			continue;
		/* Or it has left by itself. */
		if (job->work == t)
			wait_no_more(t);
	}
}

static void
on_pump(void *arg)
{
	struct sched *sched = arg;

	sched->pump_timer = NULL;
	if (sched->is_stopping || sched->store == NULL)
		return;
	if (sched->has_to_look)
		pump_all(sched);
	else
		pump_waiting(sched);
	pump_packs(sched);
}

void
triage_pump(struct sched *sched)
{
	sched->has_to_look = true;
	triage_pump_packs(sched);
}

void
triage_pump_packs(struct sched *sched)
{
	if (sched->pump_timer == NULL)
		sched->pump_timer =
		    loop_timer(sched->program.loop, 0, on_pump, sched);
}
