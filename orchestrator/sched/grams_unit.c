/* SPDX-License-Identifier: Apache-2.0 */
/* grams_unit.c - the column of one unit, made by a child of loep-grams. */
#include "sched/grams_unit.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include "sched/sched.h"
#include "sched/worker.h"

#include <errno.h>
#include <fcntl.h>

/* Time of a child, and so many bytes more a second. */
#define SECONDS		 30
#define BYTES_PER_SECOND (20 * MIB)
#define SECONDS_MAX	 3600
/* loep-grams itself died so often with one unit. */
#define LOSSES_MAX 3

static void
close_pipe(struct grams *grams)
{
	loop_unwatch(grams->watch);
	grams->watch = NULL;
	if (grams->pipe_fd != -1)
		(void)close(take_fd(grams->pipe_fd));
}

void
grams_unit_drop(struct grams *grams)
{
	errand_forget(take_ptr(grams->errand));
	close_pipe(grams);
	if (grams->input_fd != -1)
		(void)close(take_fd(grams->input_fd));
	record_in_free(take_ptr(grams->records));
}

/* --- the child's end --- */

static const char *
end_reason(const struct errand_end *end)
{
	switch (end->end) {
	case ANALYSE_TIMEOUT:
		return "it took too long";
	case ANALYSE_MEMORY:
		return "it took too much memory";
	case ANALYSE_DONE:
		return "the column is not whole";
	default:
		return "the child crashed";
	}
}

static bool
is_one_column(const struct grams *grams)
{
	struct column column;
	size_t at = grams->mark;

	return !grams->is_bad && record_in_is_complete(grams->records) &&
	       column_next(grams->columns.buf, grams->columns.len, &at,
		   &column) == ERR_OK &&
	       at == grams->columns.len;
}

/* Both the pipe and the child are over. */
static void
finish(struct grams *grams)
{
	const struct grams_unit *unit = &grams->units[grams->at];
	bool is_good = grams->is_good && is_one_column(grams);
	bool is_lost = grams->is_lost;

	grams_unit_drop(grams);
	if (is_good) {
		grams->seqs[grams->seqs_count++] = unit->seq;
		grams->at++;
		grams_next(grams);
		return;
	}
	/* What it wrote of the unit is dropped. */
	grams->columns.len = grams->mark;
	if (is_lost) {
		grams->losses =
		    grams->lost_seq == unit->seq ? grams->losses + 1 : 1;
		grams->lost_seq = unit->seq;
		if (grams->losses < LOSSES_MAX) {
			grams_trouble(grams, "grams", "it is gone");
			return;
		}
	}
	grams_give_up_unit(grams, grams->why);
}

static void
on_ended(void *arg, const struct errand_end *end)
{
	struct grams *grams = arg;

	grams->errand = NULL;
	grams->is_ended = true;
	grams->is_good = end->end == ANALYSE_DONE;
	grams->is_lost = end->is_lost || end->end == ANALYSE_REFUSED;
	(void)snprintf(grams->why, sizeof(grams->why), "%s", end_reason(end));
	if (grams->pipe_fd == -1 || grams->is_lost)
		finish(grams);
}

static int
on_record(void *arg, const struct record *record)
{
	struct grams *grams = arg;

	if (record->type != RECORD_DATA)
		return ERR_OK;
	if (grams->columns.len - grams->mark + record->len > COLUMN_BYTES_MAX)
		return ERR_FORMAT;
	wire_put_raw(&grams->columns, record->data, record->len);
	return grams->columns.is_failed ? ERR_FORMAT : ERR_OK;
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[64 * KIB];
	struct grams *grams = arg;
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && record_feed(grams->records, buf, (size_t)n) == ERR_OK)
		return;
	grams->is_bad |= n != 0;
	close_pipe(grams);
	if (grams->is_ended)
		finish(grams);
	else if (grams->is_bad)
		errand_cancel(grams->errand);
}

/* --- its begin --- */

static void
start(struct grams *grams, const struct grams_unit *unit)
{
	struct sched *sched = grams->sched;
	struct worker *worker = worker_find(sched, "grams");
	uint64_t seconds = SECONDS + grams->size / BYTES_PER_SECOND;
	int fds[2];

	(void)unit;
	if (worker == NULL || pipe2(fds, O_CLOEXEC) == -1) {
		grams_trouble(grams, "grams", "it cannot be reached");
		return;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	grams->pipe_fd = fds[0];
	grams->records = record_in_new(on_record, grams);
	grams->mark = grams->columns.len;
	grams->is_bad = grams->is_ended = grams->is_good = false;
	grams->is_lost = false;
	grams->state = GRAMS_RUNNING;
	grams->errand = errand_start(worker,
	    &(struct errand_spec){
		.input_fd = take_fd(grams->input_fd),
		.out_fd = fds[1],
		.how = (enum blob_open)grams->how,
		.size = grams->size,
		.context = "{}",
		.seconds =
		    (uint32_t)(seconds > SECONDS_MAX ? SECONDS_MAX : seconds),
		.memory_mib = (uint32_t)(LIMIT_ANALYSER_MEMORY_BYTES / MIB),
		.ended = on_ended,
		.arg = grams,
	    });
	if (grams->errand == NULL) {
		grams_trouble(grams, "grams", "it takes no orders");
		return;
	}
	grams->watch = loop_watch(
	    sched->program.loop, grams->pipe_fd, LOOP_READ, on_readable, grams);
}

static void
on_open_row(void *arg, const struct values *row)
{
	struct grams *grams = arg;
	struct grams_unit *unit = &grams->units[grams->at];

	(void)values_text(row, 0, unit->state, sizeof(unit->state));
	grams->size = (uint64_t)values_int(row, 1);
	grams->how = (uint8_t)values_int(row, 2);
}

static void
on_opened(void *arg, enum err err, const char *why, int fd)
{
	struct grams *grams = arg;
	struct grams_unit *unit = &grams->units[grams->at];

	grams->call = 0;
	grams->input_fd = fd;
	if (err != ERR_OK) {
		grams_trouble(grams, "vault", why);
		return;
	}
	if (fd != -1) {
		start(grams, unit);
		return;
	}
	if (strcmp(unit->state, "ok") == 0)
		(void)snprintf(unit->state, sizeof(unit->state), "damaged");
	/* It changed meanwhile; grams_next() knows what to do with that. */
	grams_next(grams);
}

void
grams_unit_begin(struct grams *grams, const struct grams_unit *unit)
{
	struct values params;

	grams->state = GRAMS_OPENING;
	values_init(&params);
	values_add_int(&params, (int64_t)unit->seq);
	grams->call = calls_start(grams->sched->calls, CALL_UNIT_OPEN, 0,
	    &params, -1, on_open_row, on_opened, grams);
}
