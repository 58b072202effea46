/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grams_unit.c - columns made by children of loep-grams: of one large unit, or
 * of many small ones in a pack.
 *
 * What a child of several was at when it came to a bad end is tried once more
 * in a child of its own: the verdict about a unit comes from it alone.
 */
#include "sched/grams_unit.h"

#include "lib/analyser_exit.h"
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
/* loep-grams itself died so often in a row. */
#define LOSSES_MAX 3
/* What the list of a pack's items may take of the message. */
#define LIST_BYTES (48 * KIB)

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

/* --- the records of one unit --- */

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
begin_unit(struct grams *grams)
{
	grams->records = record_in_new(on_record, grams);
	grams->mark = grams->columns.len;
}

/* Keeps what was written where it is one column. */
static bool
end_unit(struct grams *grams)
{
	struct grams_unit *unit = grams->given[grams->at];
	bool is_whole = record_in_is_complete(grams->records);
	struct column column;
	size_t at = grams->mark;

	record_in_free(take_ptr(grams->records));
	if (!is_whole ||
	    column_next(grams->columns.buf, grams->columns.len, &at, &column) !=
		ERR_OK ||
	    at != grams->columns.len)
		return false;
	unit->column_at = grams->mark;
	unit->column_len = at - grams->mark;
	unit->state = GRAMS_UNIT_DONE;
	grams->at++;
	grams->losses = 0;
	return true;
}

static int
on_begin(void *arg, uint32_t index)
{
	struct grams *grams = arg;

	if (grams->at == grams->given_count ||
	    index != grams->given[grams->at]->item)
		return ERR_FORMAT;
	begin_unit(grams);
	return ERR_OK;
}

static int
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct grams *grams = arg;

	return grams->records == NULL ? (int)ERR_FORMAT
				      : record_feed(grams->records, p, len);
}

static int
on_item_end(void *arg, const struct pack_end *end)
{
	struct grams *grams = arg;

	if (grams->records == NULL || end->status != ANALYSER_EXIT_DONE ||
	    !end_unit(grams))
		return ERR_FORMAT;
	return ERR_OK;
}

/* --- the child's end --- */

static const char *
end_reason(const struct grams *grams)
{
	if (grams->is_bad)
		return "the column is malformed";
	switch (grams->end.end) {
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

/* It ended before its last unit was done. */
static void
end_early(struct grams *grams)
{
	struct grams_unit *unit = grams->given[grams->at];

	grams->columns.len = grams->mark;
	grams->columns.is_failed = false;
	if (grams->given_count == 1)
		grams_give_up_unit(grams, unit, end_reason(grams));
	else
		unit->state = GRAMS_UNIT_ALONE;
	for (size_t i = grams->at; i < grams->given_count; i++) {
		if (grams->given[i]->state == GRAMS_UNIT_GIVEN)
			grams->given[i]->state = GRAMS_UNIT_WAITS;
	}
}

/* Both the pipe and the child are over. */
static void
finish(struct grams *grams)
{
	if (!grams->is_pack && !grams->is_bad &&
	    grams->end.end == ANALYSE_DONE && grams->at == 0)
		(void)end_unit(grams);
	grams_unit_drop(grams);
	if (grams->end.is_lost && ++grams->losses < LOSSES_MAX) {
		grams_trouble(grams, "grams", "it is gone");
		return;
	}
	if (grams->at < grams->given_count)
		end_early(grams);
	grams_next(grams);
}

static void
on_ended(void *arg, const struct errand_end *end)
{
	struct grams *grams = arg;

	grams->errand = NULL;
	grams->is_ended = true;
	grams->end.end = end->end;
	grams->end.is_lost = end->is_lost || end->end == ANALYSE_REFUSED;
	if (grams->pipe_fd == -1 || grams->end.is_lost)
		finish(grams);
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[64 * KIB];
	struct grams *grams = arg;
	ssize_t n = read(fd, buf, sizeof(buf));
	int err;

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		err = grams->is_pack
			  ? pack_feed(&grams->pack, buf, (size_t)n)
			  : record_feed(grams->records, buf, (size_t)n);
		if (err == ERR_OK)
			return;
	}
	grams->is_bad |= n != 0;
	close_pipe(grams);
	if (grams->is_ended)
		finish(grams);
	else if (grams->is_bad)
		errand_cancel(grams->errand);
}

/* --- its begin --- */

static struct errand *
send(struct grams *grams, struct worker *worker, int out_fd)
{
	uint64_t seconds = SECONDS + grams->size / BYTES_PER_SECOND;
	struct errand *errand;
	struct wire_out list;

	wire_out_init(&list, LIST_BYTES);
	for (size_t i = 0; grams->is_pack && i < grams->given_count; i++)
		pack_list_put(&list, grams->given[i]->item, "{}", 2);
	errand = errand_start(worker,
	    &(struct errand_spec){
		.input_fd = take_fd(grams->input_fd),
		.out_fd = out_fd,
		.how = (enum blob_open)grams->how,
		.size = grams->size,
		.context = "{}",
		.list = grams->is_pack ? &list : NULL,
		.seconds =
		    (uint32_t)(seconds > SECONDS_MAX ? SECONDS_MAX : seconds),
		.memory_mib = (uint32_t)(LIMIT_ANALYSER_MEMORY_BYTES / MIB),
		.ended = on_ended,
		.arg = grams,
	    });
	wire_out_release(&list);
	return errand;
}

static void
start(struct grams *grams)
{
	static const struct pack_ops ops = {
	    .begin = on_begin,
	    .data = on_data,
	    .end = on_item_end,
	};
	struct sched *sched = grams->sched;
	struct worker *worker = worker_find(sched, "grams");
	int fds[2];

	if (worker == NULL || pipe2(fds, O_CLOEXEC) == -1) {
		grams_trouble(grams, "grams", "it cannot be reached");
		return;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	grams->pipe_fd = fds[0];
	grams->is_bad = grams->is_ended = false;
	grams->state = GRAMS_RUNNING;
	pack_in_init(&grams->pack, &ops, grams);
	grams->mark = grams->columns.len;
	if (!grams->is_pack)
		begin_unit(grams);
	grams->errand = send(grams, worker, fds[1]);
	if (grams->errand == NULL) {
		grams_trouble(grams, "grams", "it takes no orders");
		return;
	}
	grams->watch = loop_watch(
	    sched->program.loop, grams->pipe_fd, LOOP_READ, on_readable, grams);
}

static struct grams_unit *
find_unit(struct grams *grams, uint64_t seq)
{
	for (size_t i = 0; i < grams->units_count; i++) {
		if (grams->units[i].seq == seq)
			return &grams->units[i];
	}
	return NULL;
}

static void
on_open_row(void *arg, const struct values *row)
{
	struct grams *grams = arg;
	struct grams_unit *unit =
	    find_unit(grams, (uint64_t)values_int(row, 0));
	char state[16];

	if (unit == NULL || grams->given_count == GRAMS_PACK_MAX)
		return;
	(void)values_text(row, 1, state, sizeof(state));
	if (strcmp(state, "packed") != 0 && strcmp(state, "ok") != 0) {
		/* grams_next() knows what to do with that. */
		(void)snprintf(unit->kind, sizeof(unit->kind), "%s", state);
		return;
	}
	grams->is_pack = strcmp(state, "packed") == 0;
	grams->how = (uint8_t)values_int(row, 3);
	unit->item = (uint32_t)values_int(row, 4);
	grams->size = (uint64_t)values_int(row, grams->is_pack ? 5 : 2);
	grams->given[grams->given_count++] = unit;
}

static void
on_opened(void *arg, enum err err, const char *why, int fd)
{
	struct grams *grams = arg;

	grams->call = 0;
	grams->input_fd = fd;
	if (err != ERR_OK) {
		grams_trouble(grams, "vault", why);
		return;
	}
	if (fd == -1 && grams->given_count > 0) {
		grams_trouble(grams, "store", "nothing came with its answer");
		return;
	}
	for (size_t i = 0; i < grams->given_count; i++)
		grams->given[i]->state = GRAMS_UNIT_GIVEN;
	if (fd == -1)
		grams_next(grams);
	else
		start(grams);
}

/* One that is tried alone goes first; else as many as there are. */
static size_t
choose(struct grams *grams, struct wire_out *seqs)
{
	size_t count = 0;

	for (size_t i = 0; i < grams->units_count; i++) {
		if (grams->units[i].state == GRAMS_UNIT_ALONE) {
			wire_put_u64(seqs, grams->units[i].seq);
			return 1;
		}
	}
	for (size_t i = 0; i < grams->units_count && count < GRAMS_PACK_MAX;
	     i++) {
		if (grams->units[i].state != GRAMS_UNIT_WAITS)
			continue;
		wire_put_u64(seqs, grams->units[i].seq);
		count++;
	}
	return count;
}

void
grams_unit_begin(struct grams *grams)
{
	struct values params;
	struct wire_out seqs;

	grams->state = GRAMS_OPENING;
	grams->given_count = 0;
	grams->at = 0;
	wire_out_init(&seqs, LIMIT_MSG_BYTES);
	(void)choose(grams, &seqs);
	values_init(&params);
	values_add_bytes(&params, seqs.buf, seqs.len);
	grams->call = calls_start(grams->sched->calls, CALL_UNITS_OPEN, 0,
	    &params, -1, on_open_row, on_opened, grams);
	wire_out_release(&seqs);
}
