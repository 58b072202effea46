/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.c - everything about one case as JSON lines, for its report.
 *
 * A large case has hundreds of thousands of rows.  They are read a slice a
 * turn, through a connection of their own that sees the case as it was at the
 * beginning, so that pages are answered meanwhile and the dump is of one
 * moment.  One dump at a time.
 */
#include "store/dump.h"

#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/job.h"
#include "store/row_json.h"

#include <fcntl.h>
#include <sys/mman.h>

#define BUFFER_BYTES (256 * KIB)
/* Rows and bytes of one turn: under a millisecond, then others are served. */
#define SLICE_ROWS  64
#define SLICE_BYTES (64 * KIB)

struct dump {
	TAILQ_ENTRY(dump) entry;
	struct request *r;
	char case_id[UUID_BYTES];
	char job_id[UUID_BYTES];
	bool is_begun;
	size_t table; /* that is being written */
	struct query rows;
	int fd;
	int64_t size;
	size_t len;
	bool is_cut; /* the bound was met: findings are missing */
	char buffer[BUFFER_BYTES];
};

TAILQ_HEAD(dump_list, dump);

struct dumps {
	struct store *store;
	struct db *reader;     /* NULL = not needed yet */
	struct dump_list list; /* the first one is being written */
	struct loop_timer *timer;
};

/* In the order in which they are written; the report reads in one pass. */
static const struct {
	const char *table;
	enum stmt stmt;
} tables[] = {
    {"case", STMT_DUMP_CASE},
    {"report", STMT_DUMP_REPORT},
    {"producer", STMT_DUMP_PRODUCER},
    {"organisation", STMT_DUMP_ORGANISATION},
    {"submission", STMT_DUMP_SUBMISSION},
    {"artefact", STMT_DUMP_ARTEFACT},
    {"derivation", STMT_DUMP_DERIVATION},
    {"job", STMT_DUMP_JOB},
    {"attempt", STMT_DUMP_ATTEMPT},
    {"run", STMT_DUMP_RUN},
    {"verdict", STMT_DUMP_VERDICT},
    {"finding", STMT_DUMP_FINDING},
    {"rescan", STMT_DUMP_RESCAN},
    {"analyser", STMT_DUMP_ANALYSER},
    {"vm_profile", STMT_DUMP_PROFILE},
    {"custody", STMT_DUMP_CUSTODY},
};

static int
flush(struct dump *d)
{
	if (file_write(d->fd, d->buffer, d->len) != ERR_OK)
		return ERR_SYS;
	d->size += (int64_t)d->len;
	d->len = 0;
	return ERR_OK;
}

static int
put(struct dump *d, const char *text, size_t len)
{
	int err = ERR_OK;

	if (len > BUFFER_BYTES - d->len)
		err = flush(d);
	if (err != ERR_OK || len > BUFFER_BYTES)
		return err != ERR_OK ? err : (int)ERR_LIMIT;
	memcpy(d->buffer + d->len, text, len);
	d->len += len;
	return ERR_OK;
}

/* Takes the reference. */
static int
put_line(struct dump *d, const char *table, json_t *object)
{
	auto_json json_t *owned = object;
	auto_free char *text = NULL;
	auto_free char *line = NULL;
	int n;

	text = json_dumps(owned, JSON_COMPACT);
	if (text == NULL)
		return ERR_SYS;
	/* "table" comes first, so that a reader knows what follows. */
	n = asprintf(&line, "{\"table\":\"%s\"%s%s\n", table,
	    text[1] == '}' ? "" : ",", text + 1);
	if (n < 0)
		return ERR_SYS;
	return put(d, line, (size_t)n);
}

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static int
put_meta(struct dump *d)
{
	char at[ROW_JSON_TIME_BYTES];

	row_json_time(loop_wall_us(), at);
	return put_line(d, "meta",
	    json_pack("{s:s,s:i,s:s,s:s}", "format", "loep-case", "version", 1,
		"created", at, "loep", LOEP_VERSION));
}

/* The last line, where it is needed. */
static int
put_cut(struct dump *d)
{
	if (!d->is_cut)
		return ERR_OK;
	return put_line(d, "cut",
	    json_pack("{s:s}", "text",
		"there are more findings than a report can take; the rest is "
		"not in it"));
}

static int
open_table(struct dump *d, struct db *reader)
{
	return query_start(&d->rows, reader, tables[d->table].stmt,
	    ARGS(val_text(d->case_id), val_text(d->job_id)));
}

/* The row that was just reached.  ERR_EOF: the table ends here. */
static int
put_row(struct dump *d)
{
	if (d->size > (int64_t)LIMIT_MEMFD_BYTES / 2 &&
	    tables[d->table].stmt == STMT_DUMP_FINDING) {
		d->is_cut = true;
		return ERR_EOF;
	}
	/* Nothing there: stmt_dump.def says why. */
	if (query_is_null(&d->rows, 0))
		return ERR_OK;
	return put_line(d, tables[d->table].table, row_json(&d->rows));
}

/* Writes what one turn may.  ERR_EOF: all of it is written. */
static int
write_slice(struct dump *d, struct db *reader)
{
	int64_t until = d->size + (int64_t)(d->len + SLICE_BYTES);
	int err = ERR_OK;

	for (size_t i = 0; i < SLICE_ROWS; i++) {
		if (d->size + (int64_t)d->len > until)
			return ERR_OK;
		err = query_next(&d->rows);
		if (err == ERR_OK)
			err = put_row(d);
		if (err == ERR_EOF) {
			query_release(&d->rows);
			if (++d->table == TABLES)
				return ERR_EOF;
			err = open_table(d, reader);
		}
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

/* What was written becomes the answer's. */
static int
seal(struct dump *d)
{
	int err = put_cut(d);

	if (err == ERR_OK)
		err = flush(d);
	if (err != ERR_OK)
		return err;
	if (fcntl(d->fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) ==
		-1 ||
	    lseek(d->fd, 0, SEEK_SET) == -1)
		return ERR_SYS;
	return ERR_OK;
}

/* What changes from now on asks for the machine's next report. */
static int
mark(struct dump *d)
{
	struct store *store = d->r->store;
	int err = request_begin(d->r);

	if (err != ERR_OK)
		return err;
	err = db_do(store->db, STMT_CASE_REPORTED,
	    ARGS(val_text(d->case_id), val_text(d->job_id)), NULL);
	tx_end(store, err == ERR_OK);
	if (err != ERR_OK)
		return err;
	tx_commit(store);
	return (int)store->tx.outcome;
}

/*
 * From here on the reader sees the case as it is: nothing comes between the
 * mark and the first row that is read.
 */
static int
begin(struct dumps *dumps, struct dump *d)
{
	int err = mark(d);

	if (err == ERR_OK && dumps->reader == NULL)
		err = db_open_reader(dumps->store->db, &dumps->reader);
	if (err != ERR_OK)
		return err;
	d->fd = memfd_create("case", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (d->fd == -1)
		return ERR_SYS;
	dumps->reader->role = ROLE_STORE;
	err = db_run(dumps->reader, STMT_TX_BEGIN);
	if (err != ERR_OK)
		return err;
	d->is_begun = true;
	dumps->reader->role = ROLE_SCHED;
	err = put_meta(d);
	return err == ERR_OK ? open_table(d, dumps->reader) : err;
}

/* Takes it out of the list and lets its moment go. */
static void
drop(struct dumps *dumps, struct dump *d)
{
	struct db *reader = dumps->reader;

	TAILQ_REMOVE(&dumps->list, d, entry);
	query_release(&d->rows);
	if (d->is_begun && reader != NULL) {
		reader->role = ROLE_STORE;
		(void)!db_run(reader, STMT_TX_COMMIT);
	}
	if (d->fd != -1)
		(void)close(d->fd);
	free(d);
}

static void
answer(struct dump *d)
{
	struct request *r = d->r;
	struct values row;
	int err = request_begin(r);

	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	values_init(&row);
	values_add_int(&row, d->size);
	request_row(r, &row);
	request_finish(r, ERR_OK, take_fd(d->fd));
}

/* err ERR_EOF: it is whole. */
static void
finish(struct dumps *dumps, struct dump *d, int err)
{
	if (err == ERR_EOF)
		err = seal(d);
	if (err == ERR_OK)
		answer(d);
	else
		request_end(d->r, (enum err)err,
		    dumps->reader != NULL && dumps->reader->why[0] != '\0'
			? dumps->reader->why
			: NULL,
		    -1);
	if (dumps->reader != NULL)
		dumps->reader->why[0] = '\0';
	drop(dumps, d);
}

static void
on_turn(void *arg)
{
	struct dumps *dumps = arg;
	struct dump *d = TAILQ_FIRST(&dumps->list);
	int err = ERR_OK;

	dumps->timer = NULL;
	if (d->r->is_cancelled)
		err = ERR_UNAVAILABLE;
	else if (!d->is_begun)
		err = begin(dumps, d);
	if (err == ERR_OK)
		err = write_slice(d, dumps->reader);
	if (err != ERR_OK)
		finish(dumps, d, err);
	if (!TAILQ_EMPTY(&dumps->list))
		dumps->timer =
		    loop_timer(dumps->store->loop, 0, on_turn, dumps);
}

static struct dumps *
dumps_of(struct store *store)
{
	if (store->dumps == NULL) {
		store->dumps = xcalloc(1, sizeof(*store->dumps));
		store->dumps->store = store;
		TAILQ_INIT(&store->dumps->list);
	}
	return store->dumps;
}

void
dumps_free(struct dumps *dumps)
{
	struct dump *d, *next;

	if (dumps == NULL)
		return;
	loop_timer_cancel(dumps->timer);
	for (d = TAILQ_FIRST(&dumps->list); d != NULL; d = next) {
		next = TAILQ_NEXT(d, entry);
		drop(dumps, d);
	}
	db_close(dumps->reader);
	free(dumps);
}

int
case_dump(struct request *r)
{
	struct dumps *dumps = dumps_of(r->store);
	struct attempt a;
	struct dump *d;
	int err = attempt_load(r, &a);

	if (err != ERR_OK)
		return err;
	if (strcmp(a.kind, "report") != 0)
		return request_why(r, ERR_DENIED,
		    "only a report gets the "
		    "whole case");
	d = xcalloc(1, sizeof(*d));
	d->r = r;
	d->fd = -1;
	memcpy(d->case_id, a.case_id, sizeof(d->case_id));
	memcpy(d->job_id, a.job_id, sizeof(d->job_id));
	TAILQ_INSERT_TAIL(&dumps->list, d, entry);
	if (dumps->timer == NULL)
		dumps->timer = loop_timer(r->store->loop, 0, on_turn, dumps);
	return ERR_AGAIN;
}
