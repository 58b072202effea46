/* SPDX-License-Identifier: Apache-2.0 */
/* dump.c - everything about one case as JSON lines, for its report. */
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

struct dump {
	struct store *store;
	const char *case_id;
	const char *job_id;
	int fd;
	int64_t size;
	size_t len;
	bool is_cut; /* the bound was met: findings are missing */
	char *buffer;
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

static int
put_table(struct dump *d, const char *table, enum stmt stmt)
{
	AUTO(query) q = {0};
	int err = query_start(&q, d->store->db, stmt,
	    ARGS(val_text(d->case_id), val_text(d->job_id)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		if (d->size > (int64_t)LIMIT_MEMFD_BYTES / 2 &&
		    stmt == STMT_DUMP_FINDING) {
			d->is_cut = true;
			return ERR_OK;
		}
		err = put_line(d, table, row_json(&q));
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

static int
put_meta(struct dump *d)
{
	char at[ROW_JSON_TIME_BYTES];

	row_json_time(loop_wall_us(), at);
	return put_line(d, "meta",
	    json_pack("{s:s,s:i,s:s,s:s}", "format", "loep-case", "version", 1,
		"created", at, "loep", LOEP_VERSION));
}

static int
write_all(struct dump *d)
{
	int err = put_meta(d);

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(tables) / sizeof(tables[0]); i++)
		err = put_table(d, tables[i].table, tables[i].stmt);
	if (err == ERR_OK && d->is_cut)
		err = put_line(d, "cut",
		    json_pack("{s:s}", "text",
			"there are "
			"more findings than a report can take; the rest is not "
			"in it"));
	return err == ERR_OK ? flush(d) : err;
}

int
dump_case(struct store *store, const struct attempt *a, int *ret_fd,
    int64_t *ret_size)
{
	auto_free char *buffer = xmalloc(BUFFER_BYTES);
	auto_close int fd =
	    memfd_create("case", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct dump d = {
	    .store = store,
	    .case_id = a->case_id,
	    .job_id = a->job_id,
	    .fd = fd,
	    .buffer = buffer,
	};
	int err;

	if (fd == -1)
		return ERR_SYS;
	err = write_all(&d);
	if (err != ERR_OK)
		return err;
	if (fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) ==
		-1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	*ret_size = d.size;
	return ERR_OK;
}

int
case_dump(struct request *r)
{
	struct attempt a;
	struct values row;
	int64_t size;
	int err = attempt_load(r, &a);

	if (err != ERR_OK)
		return err;
	if (strcmp(a.kind, "report") != 0)
		return request_why(r, ERR_DENIED,
		    "only a report gets the "
		    "whole case");
	/* What changes from now on asks for the machine's next report. */
	err = db_do(r->store->db, STMT_CASE_REPORTED,
	    ARGS(val_text(a.case_id), val_text(a.job_id)), NULL);
	if (err == ERR_OK)
		err = dump_case(r->store, &a, &r->end_fd, &size);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, size);
	request_row(r, &row);
	return ERR_OK;
}
