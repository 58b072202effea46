/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_index.c - builds an index of files with the index's own code, without
 * a service: one process makes columns, one makes them durable and merges.
 *
 *	bench_index build FOLDER <LIST	(paths, each ended by a NUL)
 *	bench_index query FOLDER <LIST
 *	bench_index conditions FOLDER <CONDITIONS	(hexadecimal lines)
 *
 * prints one JSON object.  "packed" are files that begin as compressed ones
 * do; their share of the index is that of their columns.  The conditions of
 * "query" are strings of the files themselves: two to four of 8 to 24 bytes.
 */
#include "index/column.h"
#include "index/index.h"
#include "index/merge.h"
#include "index/query.h"
#include "lib/candidates.h"
#include "lib/cond.h"
#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BATCH_UNITS 512
#define BATCH_BYTES (32 * MIB)
#define CONDITIONS  1000

struct totals {
	uint64_t files, bytes, packed_files, packed_bytes;
	uint64_t column_bytes, packed_column_bytes;
};

__attribute__((noreturn)) static void
die(const char *what)
{
	(void)fprintf(stderr, "bench_index: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of this process: what a question costs, whoever else is busy. */
static double
cpu_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
is_packed(const uint8_t *p, size_t len)
{
	static const struct {
		size_t len;
		const char *magic;
	} magics[] = {{2, "\x1f\x8b"},
	    {6, "\xfd"
		"7zXZ"},
	    {4, "\x28\xb5\x2f\xfd"}, {3, "BZh"}, {4, "PK\3\4"}, {4, "\x89PNG"},
	    {3, "\xff\xd8\xff"}, {6, "7z\xbc\xaf\x27\x1c"}, {7, "!<arch>"},
	    {4, "wOF2"}, {4, "Rar!"}, {4, "OggS"}};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		/* Of archives of ar(1), only Debian packages are packed. */
		if (len > 100 && memcmp(p, magics[i].magic, magics[i].len) == 0)
			return magics[i].magic[0] != '!' ||
			       memcmp(p + 8, "debian", 6) == 0;
	}
	return false;
}

/* --- columns --- */

struct producer {
	int out;
	struct column_maker *maker;
	uint64_t seqs[BATCH_UNITS];
	size_t count;
	struct wire_out columns;
	struct totals totals;
};

static void
write_all(int fd, const void *p, size_t len)
{
	const uint8_t *src = p;

	while (len > 0) {
		ssize_t n = write(fd, src, len);

		if (n <= 0)
			die("write");
		src += n;
		len -= (size_t)n;
	}
}

static void
flush(struct producer *p)
{
	size_t head = columns_header_len(p->count);
	uint64_t len = head + p->columns.len;
	auto_free uint8_t *header = xmalloc(head);

	if (p->count == 0)
		return;
	columns_put_header(p->seqs, p->count, header);
	write_all(p->out, &len, sizeof(len));
	write_all(p->out, header, head);
	write_all(p->out, p->columns.buf, p->columns.len);
	wire_out_reset(&p->columns);
	p->count = 0;
}

static void
add_file(struct producer *p, const char *path)
{
	static uint8_t buf[MIB];
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t header[COLUMN_HEADER_BYTES];
	struct column column;
	uint64_t size = 0;
	bool packed = false;
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		return;
	column_begin(p->maker, (uint64_t)st.st_size);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (size == 0)
			packed = is_packed(buf, (size_t)n);
		column_feed(p->maker, buf, (size_t)n);
		size += (uint64_t)n;
	}
	column_end(p->maker, &column);
	column_put_header(&column, header);
	wire_put_raw(&p->columns, header, sizeof(header));
	wire_put_raw(&p->columns, column.bits, column_bits_len(column.class));
	p->totals.files++;
	p->totals.bytes += size;
	p->totals.column_bytes += 80 + column_bits_len(column.class);
	if (packed) {
		p->totals.packed_files++;
		p->totals.packed_bytes += size;
		p->totals.packed_column_bytes +=
		    80 + column_bits_len(column.class);
	}
	p->seqs[p->count++] = p->totals.files;
	if (p->count == BATCH_UNITS || p->columns.len > BATCH_BYTES)
		flush(p);
}

/* The process that makes columns; ends with a length of 0 and the totals. */
__attribute__((noreturn)) static void
produce(int out)
{
	static struct producer p;
	char *line = NULL;
	size_t size = 0;
	uint64_t end = 0;

	p.out = out;
	p.maker = column_maker_new();
	wire_out_init(&p.columns, GIB);
	while (getdelim(&line, &size, '\0', stdin) > 0)
		add_file(&p, line);
	flush(&p);
	write_all(out, &end, sizeof(end));
	write_all(out, &p.totals, sizeof(p.totals));
	_exit(0);
}

/* --- the index --- */

static void
read_all(int fd, void *p, size_t len)
{
	uint8_t *dst = p;

	while (len > 0) {
		ssize_t n = read(fd, dst, len);

		if (n <= 0)
			die("the process that makes columns");
		dst += n;
		len -= (size_t)n;
	}
}

static struct index *
open_index(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct index *index;

	if (fd == -1 || index_open(fd, &index) != ERR_OK)
		die(folder);
	return index;
}

static void
merge_all(struct index *index, bool is_idle)
{
	int err;

	while (merge_begin(index, is_idle)) {
		while ((err = merge_step(index)) == ERR_AGAIN)
			;
		if (err != ERR_OK)
			die("merging");
	}
}

static uint64_t
peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long kib = 0;
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtoull(line + 8, NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

static void
print_built(const struct index *index, const struct totals *t, double added,
    double merged, uint64_t kib)
{
	uint64_t bytes = index_bytes(index);
	/* What the files' own columns do not explain is shared by all. */
	double scale = (double)bytes / (double)t->column_bytes;
	uint64_t plain = t->bytes - t->packed_bytes;
	double plain_columns =
	    (double)(t->column_bytes - t->packed_column_bytes);

	(void)printf("{\"files\": %llu, \"bytes\": %llu, "
		     "\"packed_files\": %llu, \"packed_bytes\": %llu, "
		     "\"index_bytes\": %llu, \"segments\": %zu, "
		     "\"percent\": %.3f, \"percent_packed\": %.3f, "
		     "\"percent_plain\": %.3f, \"added_seconds\": %.3f, "
		     "\"seconds\": %.3f, \"rss_kib\": %llu}\n",
	    (unsigned long long)t->files, (unsigned long long)t->bytes,
	    (unsigned long long)t->packed_files,
	    (unsigned long long)t->packed_bytes, (unsigned long long)bytes,
	    index->segments_count, 100.0 * (double)bytes / (double)t->bytes,
	    t->packed_bytes == 0
		? 0
		: 100.0 * scale * (double)t->packed_column_bytes /
		      (double)t->packed_bytes,
	    plain == 0 ? 0 : 100.0 * scale * plain_columns / (double)plain,
	    added, merged, (unsigned long long)kib);
}

static int
build(const char *folder)
{
	struct index *index = open_index(folder);
	struct totals totals;
	uint64_t kib = 0, len;
	double from = now(), added;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		die("pipe");
	(void)fcntl(fds[1], F_SETPIPE_SZ, (int)MIB);
	pid = fork();
	if (pid == 0)
		produce(fds[1]);
	(void)close(fds[1]);
	for (read_all(fds[0], &len, 8); len > 0; read_all(fds[0], &len, 8)) {
		auto_free uint8_t *p = xmalloc(len);

		read_all(fds[0], p, len);
		if (index_add(index, p, len) != ERR_OK)
			die("adding");
		merge_all(index, false);
		kib = peak_kib() > kib ? peak_kib() : kib;
	}
	read_all(fds[0], &totals, sizeof(totals));
	(void)waitpid(pid, NULL, 0);
	added = now() - from;
	merge_all(index, true);
	print_built(index, &totals, added, now() - from, kib);
	index_free(index);
	return 0;
}

/* --- questions --- */

static uint64_t
rnd(uint64_t *state)
{
	/* xorshift64*, Marsaglia 2003 */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

/* Strings of a file; false where it has too few bytes. */
static bool
make_cond(const char *path, uint64_t *state, struct wire_out *cond)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int runs = 2 + (unsigned int)(rnd(state) % 3);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || st.st_size < 1000)
		return false;
	wire_put_u8(cond, COND_VERSION);
	for (unsigned int i = 0; i < runs; i++) {
		uint8_t run[24];
		size_t len = 8 + rnd(state) % 17;
		off_t at = (off_t)(rnd(state) % (uint64_t)(st.st_size - 24));

		if (pread(fd, run, len, at) != (ssize_t)len)
			return false;
		for (size_t b = 0; b < len; b++)
			run[b] = (uint8_t)(run[b] >= 'A' && run[b] <= 'Z'
					       ? run[b] + 32
					       : run[b]);
		wire_put_u8(cond, COND_RUN);
		wire_put_u8(cond, 0);
		wire_put_u8(cond, (uint8_t)len);
		wire_put_raw(cond, run, len);
	}
	wire_put_u8(cond, COND_AND);
	wire_put_u16(cond, (uint16_t)runs);
	return true;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* One question, warm; its microseconds of CPU and how many units it found. */
static double
ask(struct index *index, const struct wire_out *cond, uint64_t units,
    uint64_t *ret_found)
{
	struct candidates_ask question;
	struct candidates answer;
	double from;
	int fd;

	candidates_ask_init(&question);
	if (candidates_ask_add(&question, cond->buf, cond->len) != ERR_OK)
		die("asking");
	question.wire.buf[8] = 1;
	from = cpu_now();
	if (query_answer(index, question.wire.buf, question.wire.len, units,
		&fd) != ERR_OK)
		die("asking");
	from = cpu_now() - from;
	if (candidates_open(fd, 1, &answer) != ERR_OK)
		die("the answer");
	*ret_found = candidates_total(&answer, 0);
	candidates_release(&answer);
	candidates_ask_release(&question);
	return from * 1e6;
}

static void
print_asked(double *us, double *found, size_t count)
{
	if (count == 0)
		die("there is nothing to ask");
	qsort(us, count, sizeof(*us), by_size);
	qsort(found, count, sizeof(*found), by_size);
	(void)printf("{\"conditions\": %zu, \"us_median\": %.1f, "
		     "\"us_p90\": %.1f, \"us_p99\": %.1f, \"us_max\": %.1f, "
		     "\"found_median\": %.0f, \"found_p90\": %.0f, "
		     "\"found_p95\": %.0f, \"found_p99\": %.0f, "
		     "\"found_max\": %.0f}\n",
	    count, us[count / 2], us[count * 9 / 10], us[count * 99 / 100],
	    us[count - 1], found[count / 2], found[count * 9 / 10],
	    found[count * 95 / 100], found[count * 99 / 100], found[count - 1]);
}

/* Conditions that others wrote, one a line in hexadecimal. */
static int
conditions(const char *folder)
{
	struct index *index = open_index(folder);
	uint64_t units = index_units(index);
	double *us = NULL, *found = NULL;
	char *line = NULL;
	size_t count = 0, size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 1) {
		auto_free uint8_t *bytes = xmalloc((size_t)len / 2 + 1);
		struct wire_out cond = {.buf = bytes, .len = (size_t)len / 2};
		uint64_t n;

		line[--len] = '\0';
		cond.len = (size_t)len / 2;
		if (hex_decode(line, bytes, cond.len) != ERR_OK)
			die("a condition");
		us = xreallocarray(us, count + 1, sizeof(*us));
		found = xreallocarray(found, count + 1, sizeof(*found));
		(void)ask(index, &cond, units, &n);
		us[count] = ask(index, &cond, units, &n);
		found[count++] = (double)n;
	}
	print_asked(us, found, count);
	index_free(index);
	return 0;
}

static int
query(const char *folder)
{
	struct index *index = open_index(folder);
	uint64_t units = index_units(index), state = 20261121;
	static double us[CONDITIONS], found[CONDITIONS];
	size_t paths = 0, count = 0, size = 0;
	char **list = NULL, *line = NULL;

	while (getdelim(&line, &size, '\0', stdin) > 0) {
		if ((paths & (paths - 1)) == 0)
			list = xreallocarray(
			    list, paths == 0 ? 1 : 2 * paths, sizeof(*list));
		list[paths++] = xstrdup(line);
	}
	for (size_t i = 0; i < 100 * CONDITIONS && count < CONDITIONS; i++) {
		struct wire_out cond;
		uint64_t n;

		wire_out_init(&cond, COND_BYTES_MAX);
		if (make_cond(list[rnd(&state) % paths], &state, &cond)) {
			(void)ask(index, &cond, units, &n);
			us[count] = ask(index, &cond, units, &n);
			found[count++] = (double)n;
		}
		wire_out_release(&cond);
	}
	print_asked(us, found, count);
	index_free(index);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "build") == 0)
		return build(argv[2]);
	if (argc == 3 && strcmp(argv[1], "query") == 0)
		return query(argv[2]);
	if (argc == 3 && strcmp(argv[1], "conditions") == 0)
		return conditions(argv[2]);
	(void)fprintf(
	    stderr, "usage: bench_index build|query|conditions FOLDER <LIST\n");
	return 2;
}
