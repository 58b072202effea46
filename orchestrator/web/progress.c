/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - what is left to do in a case, once or live. */
#include "web/progress.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/fifo.h"
#include "web/problem.h"
#include "web/rows.h"
#include "web/session.h"

/* Events that a slow client may leave waiting before new ones are skipped. */
#define WAITING_MAX (64 * KIB)
#define FIFO_BYTES  (4 * MIB)
/* Changes come in swarms; this is the shortest time between two looks. */
#define PAUSE_MS 200

struct progress {
	struct exchange *x; /* NULL = gone */
	struct web *web;
	bool is_stream;
	bool has_source;
	bool is_ended;
	bool is_busy; /* a call is open */
	bool is_dirty;
	struct loop_timer *timer;
	char case_id[64];
	int64_t jobs_open;
	size_t items;
	struct wire_out doc;
	struct fifo fifo;
};

static void look(struct progress *p);

static void
maybe_free(struct progress *p)
{
	if (p->x != NULL || p->has_source)
		return;
	loop_timer_cancel(p->timer);
	wire_out_release(&p->doc);
	fifo_release(&p->fifo);
	free(p);
}

static ssize_t
on_read(void *arg, uint8_t *buf, size_t size)
{
	struct progress *p = arg;
	size_t n = fifo_read(&p->fifo, buf, size);

	if (n > 0)
		return (ssize_t)n;
	return p->is_ended ? HTTP_SOURCE_END : 0;
}

static void
on_release(void *arg)
{
	struct progress *p = arg;

	p->has_source = false;
	maybe_free(p);
}

static const struct http_source_ops source_ops = {
    .read = on_read,
    .release = on_release,
};

/* One event; data has no line breaks, so one "data:" line holds it. */
static void
put_event(struct progress *p, const char *name, const struct wire_out *data)
{
	rows_put_literal(&p->fifo.out, "event: ");
	rows_put_literal(&p->fifo.out, name);
	rows_put_literal(&p->fifo.out, "\ndata: ");
	wire_put_raw(&p->fifo.out, data->buf, data->len);
	rows_put_literal(&p->fifo.out, "\n\n");
}

static void
emit(struct progress *p, const char *name)
{
	put_event(p, name, &p->doc);
	if (!p->has_source) {
		exchange_headers(p->x, 200, "text/event-stream");
		p->has_source = true;
		http_answer_source(p->x->http, -1, &source_ops, p);
	}
	http_wake(p->x->http);
}

static void
fail(struct progress *p, enum err err, const char *why)
{
	p->is_busy = false;
	if (!p->has_source) {
		exchange_fail(p->x, err, why);
		return;
	}
	wire_out_reset(&p->doc);
	problem_put_err(&p->doc, err, why, p->x->id);
	p->is_ended = true;
	emit(p, "problem");
}

static void
on_item(void *arg, const struct values *row)
{
	struct progress *p = arg;

	if (p->items++ > 0)
		rows_put_literal(&p->doc, ",");
	rows_put_object(&p->doc, CALL_CASE_PROGRESS, row);
}

static void
on_items_end(void *arg, enum err err, const char *why, int fd)
{
	struct progress *p = arg;

	if (fd != -1)
		(void)close(fd);
	p->x->call = 0;
	if (err != ERR_OK) {
		fail(p, err, why);
		return;
	}
	rows_put_literal(&p->doc, "]}");
	p->is_busy = false;
	if (!p->is_stream) {
		wire_put_raw(&p->x->out, p->doc.buf, p->doc.len);
		exchange_answer(p->x, 200, "application/json");
		return;
	}
	p->x->deadline_ms = 0;
	p->is_ended = p->jobs_open == 0 || p->web->is_stopping;
	emit(p, "progress");
	if (p->is_ended)
		emit(p, "end");
	else if (p->is_dirty)
		look(p);
}

static void
on_case(void *arg, const struct values *row)
{
	static const char *const names[] = {"id", "number", "state",
	    "artefacts", "jobs_open", "jobs_failed", "score"};
	const struct call_spec *spec = call_spec(CALL_CASE_GET);
	struct progress *p = arg;
	const char *separator = "{";

	wire_out_reset(&p->doc);
	p->items = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at = (size_t)call_column(CALL_CASE_GET, names[i]);

		rows_put_literal(&p->doc, separator);
		rows_put_member(&p->doc, &spec->columns[at], &row->v[at]);
		separator = ",";
	}
	rows_put_literal(&p->doc, ",\"items\":[");
	(void)values_text(row, (size_t)call_column(CALL_CASE_GET, "id"),
	    p->case_id, sizeof(p->case_id));
	p->jobs_open =
	    values_int(row, (size_t)call_column(CALL_CASE_GET, "jobs_open"));
}

static void
on_case_end(void *arg, enum err err, const char *why, int fd)
{
	struct progress *p = arg;

	if (fd != -1)
		(void)close(fd);
	p->x->call = 0;
	if (err == ERR_OK && p->case_id[0] == '\0')
		err = ERR_NOT_FOUND;
	if (err != ERR_OK) {
		fail(p, err, why);
		return;
	}
	exchange_deadline(p->x, p->has_source ? 0 : p->web->call_ms);
	p->x->call = calls_start(p->web->calls, CALL_CASE_PROGRESS,
	    session_principal(p->x->session), &p->x->params.values, -1, on_item,
	    on_items_end, p);
}

static void
on_pause_end(void *arg)
{
	struct progress *p = arg;

	p->timer = NULL;
	if (p->is_dirty && p->x != NULL)
		look(p);
}

/* Asks the store, if there is somebody who wants to know. */
static void
look(struct progress *p)
{
	if (p->is_busy || p->is_ended || p->x == NULL)
		return;
	p->is_dirty = true;
	if (fifo_waiting(&p->fifo) > WAITING_MAX || p->timer != NULL)
		return;
	p->is_busy = true;
	p->is_dirty = false;
	p->timer = loop_timer(p->web->loop, PAUSE_MS, on_pause_end, p);
	exchange_deadline(p->x, p->has_source ? 0 : p->web->call_ms);
	/* Both calls have the same one parameter. */
	p->x->call = calls_start(p->web->calls, CALL_CASE_GET,
	    session_principal(p->x->session), &p->x->params.values, -1, on_case,
	    on_case_end, p);
}

static void
on_gone(void *part)
{
	struct progress *p = part;

	p->x = NULL;
	maybe_free(p);
}

static void
on_tick(void *part)
{
	struct progress *p = part;

	if (p->is_stream && p->has_source)
		look(p);
}

static void
on_changed(void *part, const char *case_id)
{
	struct progress *p = part;

	if (p->is_stream && p->has_source && strcmp(p->case_id, case_id) == 0) {
		p->is_dirty = true;
		look(p);
	}
}

static const struct part_ops part_ops = {
    .gone = on_gone,
    .tick = on_tick,
    .changed = on_changed,
};

void
progress_start(struct exchange *x)
{
	struct progress *p = xcalloc(1, sizeof(*p));

	p->x = x;
	p->web = x->web;
	p->is_stream = x->match.route->kind == ROUTE_PROGRESS_STREAM;
	wire_out_init(&p->doc, MIB);
	fifo_init(&p->fifo, FIFO_BYTES);
	exchange_set_part(x, &part_ops, p);
	look(p);
}
