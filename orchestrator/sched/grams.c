/* SPDX-License-Identifier: Apache-2.0 */
/* grams.c - keeps the index complete, when nothing else is to be done. */
#include "sched/grams.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include "sched/grams_unit.h"
#include "sched/job.h"
#include "sched/sched.h"
#include "sched/worker.h"

/* Without a word from anybody. */
#define LOOK_MS ((uint64_t)10000)
/* While a program is missing. */
#define WAIT_MS ((uint64_t)1000)
/* While live work has the places. */
#define YIELD_MS ((uint64_t)200)
/* After trouble; doubled each time up to the second. */
#define TROUBLE_MS     ((uint64_t)1000)
#define TROUBLE_MS_MAX ((uint64_t)60000)
/* A batch is sent when it is this long. */
#define BATCH_BYTES (32 * MIB)
/* Deletions that are told in one round. */
#define GONE_MAX 256

static void begin_round(struct grams *grams);
static void send_batch(struct grams *grams);

void
grams_init(struct grams *grams, struct sched *sched)
{
	*grams = (struct grams){
	    .sched = sched,
	    .from = 1,
	    .input_fd = -1,
	    .pipe_fd = -1,
	};
	wire_out_init(&grams->columns, BATCH_BYTES + 2 * COLUMN_BYTES_MAX);
}

static void
on_timer(void *arg)
{
	struct grams *grams = arg;

	grams->timer = NULL;
	if (grams->state == GRAMS_IDLE)
		begin_round(grams);
	else if (grams->state == GRAMS_LISTING)
		grams_next(grams);
}

static void
look_after(struct grams *grams, uint64_t delay_ms)
{
	loop_timer_cancel(grams->timer);
	grams->timer =
	    loop_timer(grams->sched->program.loop, delay_ms, on_timer, grams);
}

/* --- the end of a round --- */

static void
end_round(struct grams *grams, uint64_t delay_ms)
{
	grams->state = GRAMS_IDLE;
	free(take_ptr(grams->gaps));
	grams->gaps_count = 0;
	grams->units_count = 0;
	wire_out_reset(&grams->columns);
	look_after(grams, delay_ms);
}

void
grams_trouble(struct grams *grams, const char *what, const char *why)
{
	uint64_t delay_ms = grams->back_off_ms * 2;

	delay_ms = delay_ms < TROUBLE_MS ? TROUBLE_MS : delay_ms;
	delay_ms = delay_ms > TROUBLE_MS_MAX ? TROUBLE_MS_MAX : delay_ms;
	grams->back_off_ms = delay_ms;
	log_line(LOG_WARN,
	    "msg=\"indexing waits\" where=%s reason=\"%s\" seconds=%llu", what,
	    why, (unsigned long long)(delay_ms / 1000));
	grams_unit_drop(grams);
	end_round(grams, delay_ms);
}

void
grams_drop(struct grams *grams)
{
	index_forget(&grams->sched->index, grams);
	if (grams->call != 0)
		calls_cancel(grams->sched->calls, grams->call);
	grams->call = 0;
	grams_unit_drop(grams);
	end_round(grams, LOOK_MS);
}

void
grams_soon(struct grams *grams)
{
	if (grams->state == GRAMS_IDLE && grams->back_off_ms == 0 &&
	    !grams->sched->is_stopping)
		look_after(grams, 0);
}

void
grams_from_start(struct grams *grams)
{
	if (grams->state != GRAMS_IDLE)
		grams_drop(grams);
	grams->from = 1;
	grams->back_off_ms = 0;
	grams_soon(grams);
}

void
grams_look_back(struct grams *grams)
{
	grams->is_back = true;
	grams_soon(grams);
}

/* --- may it go on? --- */

bool
grams_must_yield(const struct grams *grams)
{
	const struct job *job;

	/* A run holds a machine, not a place. */
	TAILQ_FOREACH (job, &grams->sched->jobs, entry) {
		if (job->state == JOB_HELD &&
		    strcmp(job->kind, "detonate") != 0)
			return true;
	}
	return false;
}

static bool
is_possible(const struct grams *grams)
{
	struct sched *sched = grams->sched;
	const struct worker *worker = worker_find(sched, "grams");

	return !sched->is_stopping && index_is_there(&sched->index) &&
	       calls_is_connected(sched->calls) && worker != NULL &&
	       worker->detail != NULL;
}

/* --- deletions --- */

struct deletion {
	struct sched *sched;
	int64_t seq;
};

static void
on_deleted(void *arg, enum err err, const char *why, struct wire_in *in, int fd)
{
	auto_free struct deletion *deletion = arg;
	struct values params;

	(void)in;
	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK) {
		log_line(LOG_WARN,
		    "msg=\"a deleted unit is still indexed\" unit=%lld "
		    "reason=\"%s\"",
		    (long long)deletion->seq, why);
		return;
	}
	values_init(&params);
	values_add_int(&params, deletion->seq);
	if (calls_is_connected(deletion->sched->calls))
		(void)calls_start(deletion->sched->calls, CALL_UNIT_FORGOTTEN,
		    0, &params, -1, NULL, NULL, NULL);
}

static void
forget_unit(struct sched *sched, int64_t seq)
{
	struct deletion *deletion = xcalloc(1, sizeof(*deletion));

	deletion->sched = sched;
	deletion->seq = seq;
	if (seq <= 0 ||
	    !index_delete(&sched->index, (uint64_t)seq, on_deleted, deletion))
		free(deletion);
}

static void
on_gone_row(void *arg, const struct values *row)
{
	forget_unit(arg, values_int(row, 0));
}

static void
ask_gone(struct sched *sched)
{
	struct values params;

	values_init(&params);
	values_add_int(&params, GONE_MAX);
	(void)calls_start(sched->calls, CALL_UNITS_GONE, 0, &params, -1,
	    on_gone_row, NULL, sched);
}

/* --- a round: what is missing --- */

static bool
is_in_gaps(const struct grams *grams, uint64_t seq)
{
	for (size_t i = 0; i < grams->gaps_count; i++) {
		if (seq >= grams->gaps[2 * i] &&
		    seq - grams->gaps[2 * i] < grams->gaps[2 * i + 1])
			return true;
	}
	return false;
}

static void
on_unit_row(void *arg, const struct values *row)
{
	struct grams *grams = arg;
	struct grams_unit *unit = &grams->units[grams->units_count];
	uint64_t seq = (uint64_t)values_int(row, 0);

	grams->listed_to = seq;
	if (grams->units_count == GRAMS_UNITS_MAX || !is_in_gaps(grams, seq))
		return;
	*unit = (struct grams_unit){.seq = seq};
	(void)values_text(row, 1, unit->kind, sizeof(unit->kind));
	unit->size = (uint64_t)values_int(row, 3);
	grams->units_count++;
}

static void
on_units(void *arg, enum err err, const char *why, int fd)
{
	struct grams *grams = arg;

	if (fd != -1)
		(void)close(fd);
	grams->call = 0;
	if (err != ERR_OK) {
		grams_trouble(grams, "store", why);
		return;
	}
	grams->back_off_ms = 0;
	if (grams->listed_to == 0) {
		/* Nothing behind here: the index is complete. */
		grams->from = 1;
		end_round(grams, LOOK_MS);
		return;
	}
	grams_next(grams);
}

static void
on_gaps(void *arg, enum err err, const char *why, struct wire_in *in, int fd)
{
	struct grams *grams = arg;
	struct values params;
	const uint8_t *p;
	struct wire_in list;
	size_t len;

	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK || !is_possible(grams)) {
		grams_trouble(grams, "index", why);
		return;
	}
	p = wire_get_bytes(in, &len);
	wire_in_init(&list, p, len);
	grams->gaps_count = len / 16;
	grams->gaps = xcalloc(2 * grams->gaps_count, sizeof(*grams->gaps));
	for (size_t i = 0; i < 2 * grams->gaps_count; i++)
		grams->gaps[i] = wire_get_u64(&list);
	if (grams->gaps_count == 0) {
		end_round(grams, LOOK_MS);
		return;
	}
	grams->from = grams->gaps[0];
	grams->listed_to = 0;
	grams->state = GRAMS_LISTING;
	values_init(&params);
	values_add_int(&params, (int64_t)grams->from);
	values_add_int(&params, (int64_t)GRAMS_UNITS_MAX);
	grams->call = calls_start(grams->sched->calls, CALL_INDEX_WORK, 0,
	    &params, -1, on_unit_row, on_units, grams);
}

static void
begin_round(struct grams *grams)
{
	if (!is_possible(grams)) {
		look_after(grams, WAIT_MS);
		return;
	}
	if (grams_must_yield(grams)) {
		look_after(grams, YIELD_MS);
		return;
	}
	if (grams->is_back)
		grams->from = 1;
	grams->is_back = false;
	ask_gone(grams->sched);
	grams->state = GRAMS_ASKING;
	if (!index_missing(&grams->sched->index, grams->from,
		(uint32_t)GRAMS_UNITS_MAX, on_gaps, grams))
		grams_trouble(grams, "index", "it takes no questions");
}

/* --- a round: unit by unit --- */

static void
add_always(struct grams *grams, struct grams_unit *unit)
{
	static const uint8_t head[COLUMN_HEAD_BYTES];
	const struct column column = {.size = unit->size, .head = head};
	uint8_t header[COLUMN_HEADER_BYTES];

	column_put_header(&column, header);
	unit->column_at = grams->columns.len;
	unit->column_len = sizeof(header);
	unit->state = GRAMS_UNIT_DONE;
	wire_put_raw(&grams->columns, header, sizeof(header));
}

void
grams_give_up_unit(
    struct grams *grams, struct grams_unit *unit, const char *why)
{
	log_line(LOG_WARN,
	    "msg=\"a unit is not indexed: always a candidate\" unit=%llu "
	    "size=%llu reason=\"%s\"",
	    (unsigned long long)unit->seq, (unsigned long long)unit->size, why);
	add_always(grams, unit);
}

/* What needs no bytes is settled; true where some still wait. */
static bool
settle_units(struct grams *grams)
{
	bool is_waiting = false;

	for (size_t i = 0; i < grams->units_count; i++) {
		struct grams_unit *unit = &grams->units[i];

		if (unit->state == GRAMS_UNIT_DONE)
			continue;
		if (strcmp(unit->kind, "gone") == 0) {
			forget_unit(grams->sched, (int64_t)unit->seq);
			unit->state = GRAMS_UNIT_DONE;
		} else if (strcmp(unit->kind, "ok") != 0) {
			add_always(grams, unit);
		} else {
			is_waiting = true;
		}
	}
	return is_waiting;
}

void
grams_next(struct grams *grams)
{
	grams->state = GRAMS_LISTING;
	/* What is done so far is kept, should the rest have to wait. */
	if (settle_units(grams) && grams->columns.len < BATCH_BYTES &&
	    is_possible(grams) && !grams_must_yield(grams))
		grams_unit_begin(grams);
	else
		send_batch(grams);
}

static void
on_added(void *arg, enum err err, const char *why, struct wire_in *in, int fd)
{
	struct grams *grams = arg;

	(void)in;
	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK) {
		grams_trouble(grams, "index", why);
		return;
	}
	end_round(grams, grams_must_yield(grams) ? YIELD_MS : 0);
}

/* The batch: numbers, then columns in their order.  The caller frees. */
static uint8_t *
make_batch(const struct grams *grams, size_t *ret_len)
{
	auto_free uint64_t *seqs = xcalloc(grams->units_count, sizeof(*seqs));
	size_t count = 0, at;
	uint8_t *p;

	for (size_t i = 0; i < grams->units_count; i++) {
		if (grams->units[i].column_len > 0)
			seqs[count++] = grams->units[i].seq;
	}
	*ret_len = 0;
	if (count == 0)
		return NULL;
	at = columns_header_len(count);
	p = xmalloc(at + grams->columns.len);
	columns_put_header(seqs, count, p);
	for (size_t i = 0; i < grams->units_count; i++) {
		const struct grams_unit *unit = &grams->units[i];

		if (unit->column_len == 0)
			continue;
		memcpy(p + at, grams->columns.buf + unit->column_at,
		    unit->column_len);
		at += unit->column_len;
	}
	*ret_len = at;
	return p;
}

static bool
is_all_done(const struct grams *grams)
{
	for (size_t i = 0; i < grams->units_count; i++) {
		if (grams->units[i].state != GRAMS_UNIT_DONE)
			return false;
	}
	return true;
}

static void
send_batch(struct grams *grams)
{
	size_t len;
	auto_free uint8_t *p = make_batch(grams, &len);
	int fd = -1;

	if (p == NULL) {
		/* None of what was listed is missing: behind it, perhaps. */
		if (is_all_done(grams))
			grams->from = grams->listed_to + 1;
		end_round(grams, grams_must_yield(grams) ? YIELD_MS : 0);
		return;
	}
	grams->state = GRAMS_ADDING;
	if (sealed_make("columns", p, len, &fd) != ERR_OK ||
	    !index_add(&grams->sched->index, fd, on_added, grams))
		grams_trouble(grams, "index", "it takes no units");
}
