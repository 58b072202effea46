/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_test.c - loep rules test: what a version would do to good files.
 *
 * The compile units are the service's; the files are this machine's, and are
 * scanned here by caged loep-hunt.  Nothing of them leaves the machine.
 */
#include "cli/process.h"
#include "cli/rules.h"
#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <sys/mman.h>

#define LINE_BYTES_MAX (4 * MIB)
#define JSON_DEPTH     ((size_t)16)
/* Rules that the kept result and the table name. */
#define NAMED_MAX ((size_t)50)
#define SLOW_MAX  ((size_t)10)

struct test {
	struct cli *cli;
	json_int_t version;
	const char *goodware;
	bool is_kept;
	bool is_without_goodware;
	/* what came out */
	json_t *hits; /* by "namespace:rule": {rule, namespace, files,
		       * example} */
	json_int_t files;
	json_int_t bytes;
	json_int_t matches;
	json_int_t errors;
};

static const struct table_column hit_columns[] = {
    {"false positive", "rule", 's'},
    {"files", "files", 'd'},
    {"namespace", "namespace", 's'},
    {"for example", "example", 's'},
    {NULL, NULL, 0},
};

static const struct table_column slow_columns[] = {
    {"slowest rules", "name", 's'},
    {"ms", "cost_ms", 'd'},
    {"namespace", "namespace", 's'},
    {"because of", "cost_string", 's'},
    {NULL, NULL, 0},
};

static const struct table_column rejected_columns[] = {
    {"does not compile", "name", 's'},
    {"file", "path", 's'},
    {"line", "line", 'd'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static int
memory_file(const char *what)
{
	int fd = memfd_create(what, 0);

	if (fd == -1)
		fail(EXIT_FAILED, "cannot get memory: %s", strerror(errno));
	return fd;
}

static const char *
place(const struct test *t, char dst[32])
{
	(void)snprintf(dst, 32, "%lld", (long long)t->version);
	return dst;
}

/* --- the files --- */

/* Writes the path of every regular file below a folder, one a line. */
static json_int_t
list_files(const char *folder, int fd)
{
	char *const roots[] = {(char *)(uintptr_t)folder, NULL};
	FTS *walk =
	    fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	FILE *f = fdopen(dup(fd), "w");
	json_int_t count = 0;
	FTSENT *entry;

	if (walk == NULL || f == NULL)
		fail(EXIT_NO_INPUT, "cannot read %s: %s", folder,
		    strerror(errno));
	while ((entry = fts_read(walk)) != NULL) {
		if (entry->fts_info != FTS_F ||
		    entry->fts_statp->st_size == 0 ||
		    strchr(entry->fts_path, '\n') != NULL ||
		    access(entry->fts_path, R_OK) != 0)
			continue;
		(void)fprintf(f, "%s\n", entry->fts_path);
		count++;
	}
	(void)fts_close(walk);
	if (fclose(f) != 0)
		fail(EXIT_CANNOT_WRITE, "cannot write: %s", strerror(errno));
	if (count == 0)
		fail(EXIT_NO_INPUT, "there are no files below %s", folder);
	return count;
}

static void
count_match(struct test *t, const json_t *line)
{
	const char *rule = json_member_text(line, "rule", "?");
	const char *namespace = json_member_text(line, "namespace", "");
	auto_free char *key = xasprintf("%s:%s", namespace, rule);
	json_t *hit = json_object_get(t->hits, key);

	t->matches++;
	if (hit == NULL) {
		hit = json_pack("{s:s,s:s,s:i,s:s}", "rule", rule, "namespace",
		    namespace, "files", 0, "example",
		    json_member_text(line, "path", ""));
		(void)json_object_set_new(t->hits, key, hit);
	}
	(void)json_object_set_new(
	    hit, "files", json_integer(json_member_int(hit, "files", 0) + 1));
}

static void
take_line(struct test *t, const char *text, size_t len)
{
	auto_json json_t *line = NULL;
	const char *type;

	if (json_parse(text, len, LINE_BYTES_MAX, JSON_DEPTH, &line) != ERR_OK)
		return;
	type = json_member_text(line, "type", "");
	if (strcmp(type, "match") == 0) {
		count_match(t, line);
	} else if (strcmp(type, "end") == 0) {
		t->files = json_member_int(line, "files", 0);
		t->bytes = json_member_int(line, "bytes", 0);
		t->errors = json_member_int(line, "errors", 0);
	}
}

static void
hunt(struct test *t, int units, int paths)
{
	auto_free char *program =
	    xasprintf("%s/loep-hunt", t->cli->programs_dir);
	auto_free char *units_path = xasprintf("/proc/self/fd/%d", units);
	auto_free char *paths_path = xasprintf("/proc/self/fd/%d", paths);
	char *args[] = {program, (char[]){"--units"}, units_path,
	    (char[]){"--paths-from"}, paths_path, NULL};
	const struct process_spec spec = {.path = program, .args = args};
	struct process process;
	auto_free char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int status;

	if (process_start(&process, &spec) != ERR_OK)
		fail(EXIT_FAILED, "cannot start %s", program);
	while ((n = getline(&line, &size, process.out)) > 0) {
		take_line(t, line, (size_t)n);
		if (!t->cli->is_quiet)
			progress_line("%lld matches", (long long)t->matches);
	}
	progress_clear();
	status = process_end(&process);
	/* 1: some files could not be told of, and are counted. */
	if (status > 1 || t->files == 0)
		fail(EXIT_FAILED,
		    "loep-hunt could not scan the files (status %d)", status);
}

static void
scan(struct test *t)
{
	auto_close int units = memory_file("units");
	auto_close int paths = memory_file("paths");
	json_int_t listed;
	char text[32];

	(void)api_download(
	    t->cli->api, units, "/rules/versions/%s/units", place(t, text));
	listed = list_files(t->goodware, paths);
	if (!t->cli->is_quiet && !t->cli->is_json)
		printf("%lld files below %s\n", (long long)listed, t->goodware);
	if (lseek(units, 0, SEEK_SET) == -1 || lseek(paths, 0, SEEK_SET) == -1)
		fail(EXIT_FAILED, "cannot read: %s", strerror(errno));
	hunt(t, units, paths);
}

/* --- what is said of it --- */

static int
by_files(const void *a, const void *b)
{
	const json_t *const *x = a;
	const json_t *const *y = b;
	json_int_t p = json_member_int(*x, "files", 0);
	json_int_t q = json_member_int(*y, "files", 0);

	return p == q ? 0 : p > q ? -1 : 1;
}

static int
by_cost(const void *a, const void *b)
{
	const json_t *const *x = a;
	const json_t *const *y = b;
	json_int_t p = json_member_int(*x, "cost_ms", 0);
	json_int_t q = json_member_int(*y, "cost_ms", 0);

	return p == q ? 0 : p > q ? -1 : 1;
}

/* The first max of a list's objects in an order.  New reference. */
static json_t *
first_of(json_t *const *items, size_t count, size_t max,
    int (*order)(const void *, const void *))
{
	json_t **sorted = xcalloc(count + 1, sizeof(json_t *));
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		sorted[i] = items[i];
	qsort(sorted, count, sizeof(sorted[0]), order);
	for (size_t i = 0; i < count && i < max; i++)
		(void)json_array_append(list, sorted[i]);
	free(sorted);
	return list;
}

static json_t *
worst_hits(const struct test *t)
{
	size_t count = json_object_size(t->hits), at = 0;
	json_t **items = xcalloc(count + 1, sizeof(json_t *));
	const char *key;
	json_t *hit, *list;

	json_object_foreach(t->hits, key, hit) items[at++] = hit;
	list = first_of(items, at, NAMED_MAX, by_files);
	free(items);
	return list;
}

static json_t *
slowest(const struct test *t)
{
	char text[32];
	auto_json json_t *rules = api_list(t->cli->api, 0,
	    "/rules/versions/%s/rules?state=active", place(t, text));
	json_t **items = xcalloc(json_array_size(rules) + 1, sizeof(json_t *));
	size_t count = 0, i;
	json_t *rule, *list;

	json_array_foreach(rules, i, rule)
	{
		if (json_member_int(rule, "cost_ms", 0) > 0)
			items[count++] = rule;
	}
	list = first_of(items, count, SLOW_MAX, by_cost);
	free(items);
	return list;
}

static json_t *
result_of(const struct test *t, const json_t *version, json_t *hits)
{
	return json_pack("{s:I,s:I,s:I,s:s,s:I,s:I,s:I,s:I,s:O}", "version",
	    t->version, "rules", json_member_int(version, "rules", 0),
	    "rejected",
	    json_member_int(json_object_get(version, "counts"), "rejected", 0),
	    "goodware", t->is_without_goodware ? "" : t->goodware, "files",
	    t->files, "bytes", t->bytes, "errors", t->errors,
	    "rules_with_false_positives", (json_int_t)json_object_size(t->hits),
	    "false_positives", hits);
}

static void
print_tables(const struct test *t, json_t *hits, const json_t *result)
{
	char text[32], size[32];
	auto_json json_t *rejected = api_list(t->cli->api, NAMED_MAX,
	    "/rules/versions/%s/rules?state=rejected", place(t, text));
	auto_json json_t *slow = slowest(t);

	printf("%lld rules compile, %lld do not\n",
	    (long long)json_member_int(result, "rules", 0),
	    (long long)json_member_int(result, "rejected", 0));
	if (json_array_size(rejected) > 0)
		table_print(rejected, rejected_columns, NULL);
	if (json_array_size(slow) > 0)
		table_print(slow, slow_columns, NULL);
	if (t->is_without_goodware)
		return;
	printf("\n%lld files, %s: %lld rules match good files%s\n",
	    (long long)t->files,
	    text_size(size, sizeof(size), (uint64_t)t->bytes),
	    (long long)json_object_size(t->hits),
	    t->errors > 0 ? "; some files could not be scanned" : "");
	if (json_array_size(hits) > 0)
		table_print(hits, hit_columns, NULL);
}

static int
report(struct test *t, const json_t *version)
{
	auto_json json_t *hits = worst_hits(t);
	auto_json json_t *result = result_of(t, version, hits);
	char text[32];

	if (result == NULL)
		fail(EXIT_FAILED, "a path is not UTF-8");
	if (t->cli->is_json)
		print_json(result);
	else
		print_tables(t, hits, result);
	/* Kept with the version it has to fit: examples are for here. */
	if (t->is_kept) {
		while (json_array_size(hits) > NAMED_MAX / 2)
			(void)json_array_remove(
			    hits, json_array_size(hits) - 1);
		/* The path says it. */
		(void)json_object_del(result, "version");
		json_decref(api_post(t->cli->api, result,
		    "/rules/versions/%s/test", place(t, text)));
	}
	return json_object_size(t->hits) > 0 ? EXIT_FAILED : 0;
}

int
rules_test(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"goodware", required_argument, NULL, 'g'},
	    {"no-goodware", no_argument, NULL, 'n'},
	    {"keep", no_argument, NULL, 'k'},
	    {NULL, 0, NULL, 0},
	};
	auto_json json_t *hits = json_object();
	auto_json json_t *version = NULL;
	struct test t = {.cli = cli, .goodware = "/usr", .hits = hits};
	char text[32];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'g')
			t.goodware = optarg;
		else if (c == 'n')
			t.is_without_goodware = true;
		else if (c == 'k')
			t.is_kept = true;
		else
			command_usage("rules", EXIT_USAGE);
	}
	if (optind + 2 != argc)
		command_usage("rules", EXIT_USAGE);
	t.version = rules_version(argv[optind + 1]);
	version = api_get(cli->api, "/rules/versions/%s", place(&t, text));
	t.version = json_member_int(version, "version", t.version);
	if (!t.is_without_goodware)
		scan(&t);
	return report(&t, version);
}
