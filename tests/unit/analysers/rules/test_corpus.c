/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_corpus.c - public rules and our own over files of this machine: what
 * libyara matches with whole files of rules is what the compile units match,
 * and no condition excludes it.
 *
 * Files of rules that are slow are left out: the property is about meaning.
 */
#include "../../rules/book.h"
#include "../../rules/evaluate.h"
#include "analysers/rules/agree.h"
#include "analysers/yara/compile.h"
#include "analysers/yara/cost.h"

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SAMPLES_MAX	 160
#define SAMPLE_BYTES	 ((size_t)192 * 1024)
#define FILE_COST_US_MAX 15000

static const char *const rule_roots[] = {"yara-rules",
    "../shared/data/yara-rules-cape", "../shared/data/yara-rules-community",
    "../shared/data/yara-rules-reversinglabs"};

static uint8_t (*buffers)[COST_BUFFER_BYTES];

struct corpus {
	struct bundle *bundle;
	struct closures *closures;
	YR_RULES *whole; /* files of rules, by namespace */
	YR_RULES *units; /* by number of the rule */
	char *lines;
	size_t len;
	bool *is_whole; /* by namespace */
};

static char *
slurp(const char *path, size_t most, size_t *ret_len)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	auto_free char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return NULL;
	text = xcalloc(1, most + 1);
	n = read(fd, text, most);
	if (n < 0)
		return NULL;
	*ret_len = (size_t)n;
	return take_ptr(text);
}

static void
add_file(struct corpus *corpus, const char *path)
{
	size_t len;
	auto_free char *text = slurp(path, 16 * MIB, &len);
	auto_json json_t *file = NULL;
	auto_free char *line = NULL;

	if (text == NULL || strlen(text) != len)
		return;
	file = json_pack(
	    "{s:s, s:s, s:s}", "namespace", path, "path", path, "text", text);
	if (file == NULL)
		return;
	line = json_canonical(file);
	len = strlen(line);
	corpus->lines = xrealloc(corpus->lines, corpus->len + len + 2);
	memcpy(corpus->lines + corpus->len, line, len);
	corpus->len += len;
	corpus->lines[corpus->len++] = '\n';
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
add_root(struct corpus *corpus, const char *root)
{
	char path[] = "                                                    ";
	char *const roots[] = {path, NULL};
	FTS *fts;
	FTSENT *entry;

	(void)snprintf(path, sizeof(path), "%s", root);
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	while (fts != NULL && (entry = fts_read(fts)) != NULL) {
		const char *dot = strrchr(entry->fts_name, '.');

		if (entry->fts_info == FTS_F && dot != NULL &&
		    (strcmp(dot, ".yar") == 0 || strcmp(dot, ".yara") == 0))
			add_file(corpus, entry->fts_path);
	}
	if (fts != NULL)
		(void)fts_close(fts);
}

static YR_RULES *
compile_one(const char *text)
{
	struct compile compile;
	YR_RULES *rules = NULL;

	if (compile_init(&compile) != ERR_OK ||
	    compile_add(&compile, text, "one") != ERR_OK ||
	    compile_finish(&compile, &rules) != ERR_OK)
		rules = NULL;
	compile_release(&compile);
	return rules;
}

static bool
is_fast(YR_RULES *rules)
{
	return cost_us_up_to(rules,
		   (const uint8_t(*)[COST_BUFFER_BYTES])buffers,
		   FILE_COST_US_MAX) <= FILE_COST_US_MAX;
}

/* The files that compile and are fast, each in its namespace. */
static void
compile_whole(struct corpus *corpus)
{
	struct bundle *bundle = corpus->bundle;
	struct compile compile;

	corpus->is_whole = xcalloc(bundle->file_count + 1, sizeof(bool));
	assert_int_equal(compile_init(&compile), ERR_OK);
	for (size_t i = 0; i < bundle->file_count; i++) {
		const struct bundle_file *file = &bundle->files[i];
		YR_RULES *rules = compile_one(file->text);
		size_t space =
		    bundle_space(bundle, file->space, strlen(file->space));

		if (rules == NULL)
			continue;
		corpus->is_whole[space] = is_fast(rules);
		(void)yr_rules_destroy(rules);
		if (corpus->is_whole[space])
			assert_int_equal(
			    compile_add(&compile, file->text, file->space),
			    ERR_OK);
	}
	assert_int_equal(compile_finish(&compile, &corpus->whole), ERR_OK);
	compile_release(&compile);
}

static void
compile_units(struct corpus *corpus)
{
	struct compile compile;

	assert_int_equal(compile_init(&compile), ERR_OK);
	for (size_t i = 0; i < corpus->bundle->rule_count; i++) {
		size_t len, line;
		auto_free char *unit = NULL;
		char name[32];

		if (!corpus->is_whole[corpus->bundle->rules[i].space])
			continue;
		assert_null(corpus->closures->list[i].reason);
		unit = closures_unit(corpus->closures, i, &len, &line);
		assert_non_null(unit);
		(void)snprintf(name, sizeof(name), "%zu", i);
		if (compile_add(&compile, unit, name) != ERR_OK) {
			print_message(
			    "# %s\n%s\n", compile.errors[0].why, unit);
			assert_true(false);
		}
	}
	assert_int_equal(compile_finish(&compile, &corpus->units), ERR_OK);
	compile_release(&compile);
}

/* libyara sees the strings of each as they were read. */
static void
compare_strings(struct corpus *corpus)
{
	YR_RULE *rule;

	yr_rules_foreach(corpus->units, rule)
	{
		size_t i = (size_t)strtoull(rule->ns->name, NULL, 10);
		const struct rule *own = &corpus->bundle->rules[i];

		if (strcmp(rule->identifier, own->name) != 0)
			continue;
		if (!agree(own, rule))
			print_message("# strings of %s differ\n", own->name);
		assert_true(agree(own, rule));
	}
}

/* The rules that matched a sample, by number. */
struct matched {
	const struct corpus *corpus;
	bool *is_found;
	size_t count;
	bool is_units;
};

static int
on_match(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	struct matched *matched = arg;
	const struct bundle *bundle = matched->corpus->bundle;
	YR_RULE *rule = data;
	size_t i;

	(void)context;
	if (message != CALLBACK_MSG_RULE_MATCHING)
		return CALLBACK_CONTINUE;
	if (matched->is_units) {
		i = (size_t)strtoull(rule->ns->name, NULL, 10);
		if (strcmp(rule->identifier, bundle->rules[i].name) != 0)
			return CALLBACK_CONTINUE;
	} else {
		size_t space = bundle_space(
		    bundle, rule->ns->name, strlen(rule->ns->name));

		i = bundle_find(
		    bundle, space, rule->identifier, strlen(rule->identifier));
		assert_true(i != SIZE_MAX);
	}
	matched->count += !matched->is_found[i];
	matched->is_found[i] = true;
	return CALLBACK_CONTINUE;
}

struct tally {
	size_t samples, bytes, matches, rules, narrow, runs;
};

static void
try_sample(struct corpus *corpus, const char *path, struct tally *tally)
{
	size_t count = corpus->bundle->rule_count;
	auto_free bool *whole = xcalloc(count + 1, sizeof(bool));
	auto_free bool *units = xcalloc(count + 1, sizeof(bool));
	struct matched a = {.corpus = corpus, .is_found = whole};
	struct matched b = {
	    .corpus = corpus, .is_found = units, .is_units = true};
	size_t len;
	auto_free char *bytes = slurp(path, SAMPLE_BYTES, &len);

	if (bytes == NULL)
		return;
	tally->samples++;
	tally->bytes += len;
	assert_int_equal(yr_rules_scan_mem(corpus->whole, (uint8_t *)bytes, len,
			     SCAN_FLAGS_FAST_MODE, on_match, &a, 60),
	    ERROR_SUCCESS);
	assert_int_equal(yr_rules_scan_mem(corpus->units, (uint8_t *)bytes, len,
			     SCAN_FLAGS_FAST_MODE, on_match, &b, 60),
	    ERROR_SUCCESS);
	tally->matches += a.count;
	for (size_t i = 0; i < count; i++) {
		uint8_t cond[COND_BYTES_MAX];
		enum form_class class;
		size_t cond_len;

		if (whole[i] != units[i])
			print_message("# %s: %s %d %d\n", path,
			    corpus->bundle->rules[i].name, whole[i], units[i]);
		assert_int_equal(whole[i], units[i]);
		if (!whole[i])
			continue;
		cond_len =
		    closures_condition(corpus->closures, i, cond, &class);
		if (!evaluate(cond, cond_len, (uint8_t *)bytes, len))
			print_message("# %s: %s is excluded\n", path,
			    corpus->bundle->rules[i].name);
		assert_true(evaluate(cond, cond_len, (uint8_t *)bytes, len));
	}
}

static void
try_samples(struct corpus *corpus, struct tally *tally)
{
	static const char *const folders[] = {"/usr/bin", "/usr/sbin"};
	size_t left = SAMPLES_MAX;

	/* Texts that hold what rules look for, first. */
	for (size_t i = 0; i < corpus->bundle->file_count && left > 0; i += 7) {
		try_sample(corpus, corpus->bundle->files[i].path, tally);
		left -= left > SAMPLES_MAX / 3;
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct dirent **list = NULL;
		int n = scandir(folders[i], &list, NULL, alphasort);

		for (int j = 0; j < n; j++) {
			auto_free char *path =
			    xasprintf("%s/%s", folders[i], list[j]->d_name);

			if (left > 0 && j % 5 == 0) {
				try_sample(corpus, path, tally);
				left--;
			}
			free(list[j]);
		}
		free(list);
	}
}

static void
count_conditions(struct corpus *corpus, struct tally *tally)
{
	for (size_t i = 0; i < corpus->bundle->rule_count; i++) {
		uint8_t cond[COND_BYTES_MAX];
		enum form_class class;

		(void)closures_condition(corpus->closures, i, cond, &class);
		tally->rules++;
		tally->narrow += class != FORM_ANYTHING;
		tally->runs += class == FORM_RUNS;
	}
}

static void
test_corpus(void **state)
{
	struct corpus corpus = {0};
	struct tally tally = {0};

	(void)state;
	corpus.lines = xstrdup("{\"loep_bundle\": 1}\n");
	corpus.len = strlen(corpus.lines);
	for (size_t i = 0; i < sizeof(rule_roots) / sizeof(rule_roots[0]); i++)
		add_root(&corpus, rule_roots[i]);
	corpus.bundle = bundle_read(corpus.lines, corpus.len);
	corpus.closures =
	    closures_new(corpus.bundle, "engine 1", book_externals, 5);
	for (size_t i = 0; i < corpus.bundle->rule_count; i++)
		closures_link(corpus.closures, i);
	for (size_t i = 0; i < corpus.bundle->rule_count; i++)
		closures_seal(corpus.closures, i);
	count_conditions(&corpus, &tally);
	compile_whole(&corpus);
	compile_units(&corpus);
	compare_strings(&corpus);
	try_samples(&corpus, &tally);
	print_message("# %zu rules: %zu with a condition, %zu of them with "
		      "bytes to look for; %zu samples, %zu KiB, %zu matches\n",
	    tally.rules, tally.narrow, tally.runs, tally.samples,
	    tally.bytes / 1024, tally.matches);
	assert_true(tally.rules > 0 && tally.samples > 0);
	/* The index is of use for most. */
	assert_true(tally.narrow * 10 > tally.rules * 9);
	(void)yr_rules_destroy(corpus.whole);
	(void)yr_rules_destroy(corpus.units);
	closures_free(corpus.closures);
	bundle_free(corpus.bundle);
	free(corpus.lines);
	free(corpus.is_whole);
}

static int
load(void **state)
{
	(void)state;
	compile_load();
	buffers = xcalloc(COST_BUFFERS, COST_BUFFER_BYTES);
	cost_fill(buffers);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
