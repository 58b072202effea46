/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - small inputs of one organisation, fetched together. */
#include "sched/pack.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"

#include "sched/job.h"
#include "sched/triage.h"
#include "sched/triage_end.h"
#include "sched/worker.h"

/* Kinds of jobs that read one artefact, write findings and nothing else. */
static const char *const kinds[] = {"identify", "yara"};
/* Large enough to make the price of a child small, small enough that several
 * places have work at the same time. */
#define PACK_AIM_BYTES (8 * MIB)

bool
pack_is_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], kind) == 0)
			return true;
	}
	return false;
}

bool
pack_has_workers(struct sched *sched)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (worker_find(sched, kinds[i]) == NULL)
			return false;
	}
	return true;
}

bool
pack_takes(const struct triage *t)
{
	const struct job *job = t->job;

	return !t->is_alone && job->attempt == 1 && job->size >= 0 &&
	       (uint64_t)job->size <= PACK_ITEM_BYTES_MAX && job->is_packed;
}

void
pack_unref(struct pack *pack)
{
	if (--pack->refs > 0)
		return;
	TAILQ_REMOVE(&pack->sched->packs, pack, entry);
	if (pack->fd != -1)
		(void)close(pack->fd);
	free(pack->artefacts);
	free(pack->askers);
	free(pack);
}

void
pack_leave(struct triage *t)
{
	struct pack *pack = t->pack;

	if (pack == NULL)
		return;
	t->pack = NULL;
	if (pack->askers[t->item] == t)
		pack->askers[t->item] = NULL;
	pack_unref(pack);
}

/* --- the answer --- */

typedef void each_fn(struct triage *t, enum err err, const char *why);

/* Calls fn for each triage of the pack, or of one item of it (item >= 0). */
static void
for_each(
    struct pack *pack, int64_t item, each_fn *fn, enum err err, const char *why)
{
	struct job *job, *next;

	for (job = TAILQ_FIRST(&pack->sched->jobs); job != NULL; job = next) {
		struct triage *t = triage_of(job);

		next = TAILQ_NEXT(job, entry);
		if (t != NULL && t->pack == pack &&
		    (item < 0 || t->item == (size_t)item))
			fn(t, err, why);
	}
}

static void
set_ready(struct triage *t, enum err err, const char *why)
{
	(void)err;
	(void)why;
	if (t->state == TRIAGE_ASKED)
		t->state = TRIAGE_READY;
}

/* Alone it may go better, or will be told of more exactly. */
static void
set_alone(struct triage *t, enum err err, const char *why)
{
	(void)err;
	(void)why;
	pack_leave(t);
	t->is_alone = true;
	t->state = TRIAGE_LEASED;
	triage_pump(t->job->sched);
}

static void
set_troubled(struct triage *t, enum err err, const char *why)
{
	pack_leave(t);
	triage_no_input(t, err, why);
}

static void
on_row(void *arg, const struct values *row)
{
	struct pack *pack = arg;
	int64_t item = values_int(row, 0);

	if (item < 0)
		pack->size = (uint64_t)values_int(row, 1);
	else
		for_each(pack, item, set_alone, ERR_OK, "");
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct pack *pack = arg;
	struct sched *sched = pack->sched;
	bool may_pass =
	    err == ERR_UNAVAILABLE || err == ERR_NO_SPACE || err == ERR_AGAIN;

	if (err == ERR_OK && fd != -1) {
		pack->fd = fd;
		pack->is_ready = true;
		for_each(pack, -1, set_ready, ERR_OK, "");
	} else {
		if (fd != -1)
			(void)close(fd);
		/* Another error may be one item's only: each asks by itself
		 * then. */
		for_each(
		    pack, -1, may_pass ? set_troubled : set_alone, err, why);
	}
	pack_unref(pack);
	triage_pump_packs(sched);
}

/* --- the question --- */

static struct pack *
pack_new(struct sched *sched, const char *org)
{
	struct pack *pack = xcalloc(1, sizeof(*pack));

	pack->sched = sched;
	pack->fd = -1;
	(void)snprintf(pack->org, sizeof(pack->org), "%s", org);
	pack->artefacts = xcalloc(PACK_ITEMS_MAX, sizeof(*pack->artefacts));
	pack->askers = xcalloc(PACK_ITEMS_MAX, sizeof(struct triage *));
	TAILQ_INSERT_TAIL(&sched->packs, pack, entry);
	return pack;
}

/* The item of the job's artefact, or count where it is none yet. */
static size_t
find_item(const struct pack *pack, const struct job *job)
{
	size_t i = pack->count;

	/* Jobs of one artefact are leased one behind the other. */
	while (i > 0 && strcmp(pack->artefacts[i - 1], job->artefact) != 0)
		i--;
	return i == 0 ? pack->count : i - 1;
}

/* False where it does not fit. */
static bool
add(struct pack *pack, struct triage *t)
{
	struct job *job = t->job;
	size_t item = find_item(pack, job);

	if (item == pack->count) {
		if (pack->count == PACK_ITEMS_MAX ||
		    pack->bytes >= PACK_AIM_BYTES)
			return false;
		(void)snprintf(pack->artefacts[item],
		    sizeof(pack->artefacts[item]), "%s", job->artefact);
		pack->askers[item] = t;
		pack->bytes += (uint64_t)job->size;
		pack->count++;
	}
	t->pack = pack;
	t->item = item;
	pack->refs++;
	return true;
}

static void
ask(struct pack *pack)
{
	struct wire_out jobs;
	struct values params;

	wire_out_init(&jobs, LIMIT_MSG_BYTES);
	for (size_t i = 0; i < pack->count; i++) {
		wire_put_str(&jobs, pack->askers[i]->job->id);
		wire_put_i64(&jobs, pack->askers[i]->job->attempt);
	}
	values_init(&params);
	values_add_bytes(&params, jobs.buf, jobs.len);
	pack->refs++;
	(void)calls_start(pack->sched->calls, CALL_JOB_PACK, 0, &params, -1,
	    on_row, on_end, pack);
	wire_out_release(&jobs);
}

static bool
waits(const struct job *job)
{
	const struct triage *t = triage_of(job);

	return t != NULL && job->state == JOB_HELD &&
	       t->state == TRIAGE_LEASED && t->pack == NULL && pack_takes(t);
}

static void
set_asked(struct triage *t, enum err err, const char *why)
{
	(void)err;
	(void)why;
	t->state = TRIAGE_ASKED;
}

/* One pack, of the organisation of the job that waits longest. */
static bool
gather_one(struct sched *sched)
{
	struct pack *pack = NULL;
	struct job *job;

	TAILQ_FOREACH (job, &sched->jobs, entry) {
		if (!waits(job))
			continue;
		if (pack == NULL)
			pack = pack_new(sched, job->org);
		if (strcmp(pack->org, job->org) == 0 &&
		    !add(pack, triage_of(job)))
			break;
	}
	if (pack == NULL)
		return false;
	if (pack->count == 1) {
		/* No company: the ordinary way. */
		pack->refs++;
		for_each(pack, -1, set_alone, ERR_OK, "");
		pack_unref(pack);
		triage_pump(sched);
		return true;
	}
	for_each(pack, -1, set_asked, ERR_OK, "");
	ask(pack);
	return true;
}

void
pack_gather(struct sched *sched)
{
	/* Those that the store is just giving out travel together. */
	if (sched->lease.lanes[LEASE_PACKS].is_open)
		return;
	while (gather_one(sched))
		continue;
}
