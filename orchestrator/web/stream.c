/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - answers that are a descriptor's bytes, or rows as they come. */
#include "web/stream.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/fifo.h"
#include "web/neuter.h"
#include "web/problem.h"
#include "web/rows.h"
#include "web/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#define PIPE_BYTES (1 << 20)
#define NAME_BYTES 100
/* How long a source may give nothing before the answer is broken off. */
#define STALL_MS 120000
/* Rows that a slow client may leave waiting here. */
#define WAITING_MAX (8 * MIB)
#define TYPE_NDJSON "application/x-ndjson"

/* The end of a stream belongs to its answer, the rest to its exchange. */
struct stream {
	struct exchange *x; /* NULL = gone */
	bool has_source;    /* the answer has begun and will release us */
	int fd;
	struct loop_watch *watch; /* NULL for what is always ready */
	uint64_t waiting_ms;	  /* since when it gives nothing; 0 = it does */
	bool is_broken;
	int64_t size; /* -1 = not known */
	char type[64];
	char name[NAME_BYTES + 16];
	char sha256[65];
	char *manifest;	       /* of a sample */
	struct neuter *neuter; /* NULL: the bytes go out as they are */
};

static void
maybe_free(struct stream *s)
{
	if (s->x != NULL || s->has_source)
		return;
	loop_unwatch(s->watch);
	if (s->fd != -1)
		(void)close(s->fd);
	neuter_free(s->neuter);
	free(s->manifest);
	free(s);
}

/* A sample goes out sealed, between what the ZIP has around it. */
static ssize_t
pass_on(struct stream *s, uint8_t *buf, size_t size, ssize_t n)
{
	if (s->neuter == NULL)
		return n == 0 ? HTTP_SOURCE_END : n;
	if (n > 0)
		return neuter_data(s->neuter, buf, (size_t)n) == ERR_OK
			   ? n
			   : HTTP_SOURCE_BROKEN;
	/* One that ended early must not look like a whole one. */
	if (neuter_end(s->neuter) != ERR_OK)
		return HTTP_SOURCE_BROKEN;
	n = (ssize_t)neuter_take(s->neuter, buf, size);
	return n == 0 ? HTTP_SOURCE_END : n;
}

static ssize_t
on_read(void *arg, uint8_t *buf, size_t size)
{
	struct stream *s = arg;
	ssize_t n;

	if (s->is_broken)
		return HTTP_SOURCE_BROKEN;
	if (s->neuter != NULL) {
		n = (ssize_t)neuter_take(s->neuter, buf, size);
		if (n > 0)
			return n;
	}
	do {
		n = read(s->fd, buf, size);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN && s->watch != NULL) {
		loop_watch_events(s->watch, LOOP_READ);
		s->waiting_ms = loop_now_ms();
		return 0;
	}
	if (n == -1)
		return HTTP_SOURCE_BROKEN;
	return pass_on(s, buf, size, n);
}

static void
on_release(void *arg)
{
	struct stream *s = arg;

	s->has_source = false;
	maybe_free(s);
}

static const struct http_source_ops source_ops = {
    .read = on_read,
    .release = on_release,
};

static void
on_ready(void *arg, int fd, unsigned int events)
{
	struct stream *s = arg;

	(void)fd;
	(void)events;
	if (s->x == NULL) {
		loop_unwatch(s->watch);
		s->watch = NULL;
		return;
	}
	loop_watch_events(s->watch, 0);
	s->waiting_ms = 0;
	http_wake(s->x->http);
}

/* A name that does nothing when it is opened, whatever it was. */
static void
make_name(struct stream *s, const struct values *row, size_t at)
{
	size_t len;
	const uint8_t *p = values_bytes(row, at, &len);
	size_t n = 0;

	for (size_t i = 0; i < len && n < NAME_BYTES; i++) {
		bool is_plain = (p[i] >= 'a' && p[i] <= 'z') ||
				(p[i] >= 'A' && p[i] <= 'Z') ||
				(p[i] >= '0' && p[i] <= '9') || p[i] == '-' ||
				(p[i] == '.' && n > 0);

		s->name[n++] = is_plain ? (char)p[i] : '_';
	}
	(void)snprintf(s->name + n, sizeof(s->name) - n, "%s.sample",
	    n == 0 ? "artefact" : "");
}

static void
on_row(void *arg, const struct values *row)
{
	struct stream *s = arg;
	const struct call_spec *spec = call_spec(s->x->match.route->op);

	for (size_t i = 0; i < spec->column_count && i < row->count; i++) {
		const char *name = spec->columns[i].name;

		if (strcmp(name, "size") == 0)
			s->size = values_int(row, i);
		else if (strcmp(name, "mime") == 0)
			(void)values_text(row, i, s->type, sizeof(s->type));
		else if (strcmp(name, "name") == 0)
			make_name(s, row, i);
		else if (strcmp(name, "manifest") == 0)
			s->manifest = values_text_dup(row, i);
		else if (strcmp(name, "sha256") == 0 && row->v[i].len == 32)
			for (size_t j = 0; j < 32; j++)
				(void)snprintf(s->sha256 + 2 * j, 3, "%02x",
				    row->v[i].p[j]);
	}
}

/* The type is ours to choose: a sample must never become a page. */
/* Files of a report and of an export, by what the store says they are.  What
 * is no page and no JSON is saved under a name, never shown. */
static const struct {
	const char *type;
	const char *name;
} file_types[] = {
    {"application/json", NULL},
    {"text/html; charset=utf-8", NULL},
    {"application/stix+json;version=2.1", "report.stix.json"},
    {"text/csv; charset=utf-8", "indicators.csv"},
    {"text/plain; charset=utf-8", "report.txt"},
};

static size_t
file_type(const struct stream *s)
{
	for (size_t i = 0; i < sizeof(file_types) / sizeof(file_types[0]);
	     i++) {
		size_t len = strcspn(file_types[i].type, ";");

		/* Whatever stands behind it: parameters. */
		if (strncmp(file_types[i].type, s->type, len) == 0)
			return i;
	}
	return 0;
}

static const char *
type_of(const struct stream *s)
{
	switch (s->x->match.route->kind) {
	case ROUTE_REPORT:
		return file_types[file_type(s)].type;
	case ROUTE_SAMPLE:
		return "application/zip";
	case ROUTE_JSON:
		return "application/json";
	case ROUTE_EVENTS:
	case ROUTE_EXPORT:
		return TYPE_NDJSON;
	default:
		return "application/octet-stream";
	}
}

static void
begin(struct stream *s)
{
	struct exchange *x = s->x;
	char disposition[NAME_BYTES + 64];
	struct stat st;

	(void)fcntl(s->fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(s->fd, F_SETPIPE_SZ, PIPE_BYTES);
	/* Memory files cannot be waited for, and need not be. */
	if (fstat(s->fd, &st) == -1 || !S_ISREG(st.st_mode))
		s->watch =
		    loop_watch(x->web->loop, s->fd, LOOP_READ, on_ready, s);
	if (x->match.route->kind == ROUTE_SAMPLE) {
		s->neuter = neuter_new(s->sha256,
		    s->manifest != NULL ? s->manifest : "{}",
		    s->size > 0 ? (uint64_t)s->size : 0);
		s->size = neuter_bytes(s->neuter);
		(void)snprintf(s->name, sizeof(s->name), "%s.zip", s->sha256);
	}
	exchange_headers(x, 200, type_of(s));
	if (x->match.route->kind == ROUTE_REPORT &&
	    file_types[file_type(s)].name != NULL) {
		(void)snprintf(disposition, sizeof(disposition),
		    "attachment; filename=\"%s\"",
		    file_types[file_type(s)].name);
		http_answer_header(x->http, "Content-Disposition", disposition);
	}
	if (x->match.route->kind == ROUTE_DOWNLOAD ||
	    x->match.route->kind == ROUTE_SAMPLE) {
		(void)snprintf(disposition, sizeof(disposition),
		    "attachment; filename=\"%s\"",
		    s->name[0] == '\0' ? "artefact.sample" : s->name);
		http_answer_header(x->http, "Content-Disposition", disposition);
		/* Of the body, which a sample is only a part of. */
		if (s->sha256[0] != '\0' && s->neuter == NULL)
			http_answer_header(
			    x->http, "X-Content-SHA256", s->sha256);
	}
	s->has_source = true;
	http_answer_source(x->http, s->size, &source_ops, s);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct stream *s = arg;

	s->x->call = 0;
	s->fd = fd;
	if (err == ERR_OK && fd == -1) {
		err = ERR_UNAVAILABLE;
		why = "the bytes are not there now; try again shortly";
	}
	if (err == ERR_OK)
		begin(s);
	else
		exchange_fail(s->x, err, why);
}

static void
on_gone(void *part)
{
	struct stream *s = part;

	s->x = NULL;
	loop_unwatch(s->watch);
	s->watch = NULL;
	maybe_free(s);
}

static void
on_tick(void *part)
{
	struct stream *s = part;

	if (s->waiting_ms == 0 || loop_now_ms() - s->waiting_ms < STALL_MS)
		return;
	s->is_broken = true;
	http_wake(s->x->http);
}

static const struct part_ops part_ops = {.gone = on_gone, .tick = on_tick};

void
stream_start(struct exchange *x)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->x = x;
	s->fd = -1;
	s->size = -1;
	exchange_set_part(x, &part_ops, s);
	exchange_deadline(x, x->web->call_ms);
	x->call = calls_start(x->web->calls, x->match.route->op,
	    session_principal(x->session), &x->params.values, -1, on_row,
	    on_end, s);
}

/* --- rows as they come --- */

#define FIRST "{\"items\":[\n"

struct lines {
	struct exchange *x; /* NULL = gone */
	bool has_source;
	bool is_ended;
	struct fifo fifo;
	size_t count;
};

static void
lines_maybe_free(struct lines *l)
{
	if (l->x != NULL || l->has_source)
		return;
	fifo_release(&l->fifo);
	free(l);
}

static ssize_t
lines_read(void *arg, uint8_t *buf, size_t size)
{
	struct lines *l = arg;
	size_t n = fifo_read(&l->fifo, buf, size);

	if (n > 0)
		return (ssize_t)n;
	if (l->fifo.out.is_failed)
		return HTTP_SOURCE_BROKEN;
	return l->is_ended ? HTTP_SOURCE_END : 0;
}

static void
lines_release(void *arg)
{
	struct lines *l = arg;

	l->has_source = false;
	lines_maybe_free(l);
}

static const struct http_source_ops lines_source_ops = {
    .read = lines_read,
    .release = lines_release,
};

static void
lines_begin(struct lines *l)
{
	if (l->has_source)
		return;
	exchange_headers(l->x, 200, "application/json");
	l->has_source = true;
	http_answer_source(l->x->http, -1, &lines_source_ops, l);
}

static void
lines_row(void *arg, const struct values *row)
{
	struct lines *l = arg;

	rows_put_literal(&l->fifo.out, l->count++ == 0 ? FIRST : ",\n");
	rows_put_object(&l->fifo.out, l->x->match.route->op, row);
	lines_begin(l);
	http_wake(l->x->http);
}

static void
lines_end(void *arg, enum err err, const char *why, int fd)
{
	struct lines *l = arg;
	char text[64];

	if (fd != -1)
		(void)close(fd);
	l->x->call = 0;
	if (err != ERR_OK && l->count == 0) {
		exchange_fail(l->x, err, why);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s\n],\"done\":%s,\"count\":%zu",
	    l->count == 0 ? FIRST : "", err == ERR_OK ? "true" : "false",
	    l->count);
	rows_put_literal(&l->fifo.out, text);
	if (err != ERR_OK) {
		rows_put_literal(&l->fifo.out, ",\"problem\":");
		problem_put_err(&l->fifo.out, err, why, l->x->id);
	}
	rows_put_literal(&l->fifo.out, "}\n");
	l->is_ended = true;
	lines_begin(l);
	http_wake(l->x->http);
}

static void
lines_gone(void *part)
{
	struct lines *l = part;

	l->x = NULL;
	lines_maybe_free(l);
}

static const struct part_ops lines_part_ops = {.gone = lines_gone};

void
stream_rows(struct exchange *x)
{
	struct lines *l = xcalloc(1, sizeof(*l));

	l->x = x;
	fifo_init(&l->fifo, WAITING_MAX);
	exchange_set_part(x, &lines_part_ops, l);
	/* Reading everything again takes as long as it takes. */
	exchange_deadline(x, 0);
	x->call = calls_start(x->web->calls, x->match.route->op,
	    session_principal(x->session), &x->params.values, -1, lines_row,
	    lines_end, l);
}
