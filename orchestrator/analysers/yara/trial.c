/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - one rule file in the caged helper. */
#include "analysers/yara/trial.h"

#include "analysers/yara/compile.h"
#include "analysers/yara/cost.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* Rounds of taking out what does not compile. */
#define ROUNDS_MAX 200
/* Ranges that wait while a file is halved: two for each halving. */
#define HALVES_MAX 128
static void
say(const struct trial *trial, enum verdict_kind kind, long unit, size_t line,
    const char *why)
{
	struct verdict verdict = {
	    .kind = kind,
	    .file = trial->index,
	    .unit = (int32_t)unit,
	    .line = (uint32_t)line,
	};

	(void)snprintf(verdict.why, sizeof(verdict.why), "%s", why);
	if (write(trial->out, &verdict, sizeof(verdict)) !=
	    (ssize_t)sizeof(verdict))
		_exit(1);
}

static void
set_aside(struct trial *trial, long unit, size_t line, const char *why)
{
	if (unit == -1)
		trial->file->is_set_aside = true;
	else
		trial->file->units[unit].is_set_aside = true;
	say(trial, VERDICT_ASIDE, unit, line, why);
}

/* Takes out the rules that the errors point at; false = the whole file. */
static bool
take_out(struct trial *trial, const struct compile *compile, const bool *keep)
{
	bool has_taken = false;

	for (size_t i = 0; i < compile->error_count && i < COMPILE_ERRORS_MAX;
	     i++) {
		const struct compile_error *error = &compile->errors[i];
		long unit = rulefile_unit_at(trial->file, error->line);

		if (unit == -1 || !keep[unit] ||
		    trial->file->units[unit].is_set_aside)
			continue;
		set_aside(trial, unit, error->line, error->why);
		has_taken = true;
	}
	if (!has_taken)
		set_aside(trial, -1,
		    compile->error_count > 0 ? compile->errors[0].line : 0,
		    compile->error_count > 0 ? compile->errors[0].why
					     : "cannot be compiled");
	return has_taken;
}

/* NULL where it does not compile; *ret_errors then is to be looked at. */
static YR_RULES *
compile_kept(struct trial *trial, const bool *keep, struct compile *ret_compile)
{
	auto_free char *text = rulefile_text(trial->file, keep);
	YR_RULES *rules = NULL;

	if (compile_init(ret_compile) != ERR_OK ||
	    compile_add(ret_compile, text, trial->file->name) != ERR_OK ||
	    compile_finish(ret_compile, &rules) != ERR_OK)
		rules = NULL;
	compile_release(ret_compile);
	return rules;
}

static void
say_slow(struct trial *trial, long unit, uint64_t us)
{
	char why[128];

	(void)snprintf(why, sizeof(why),
	    "too slow: %llu ms for a trial of %zu KiB; a rule may take %d ms, "
	    "a file %d",
	    (unsigned long long)(us / 1000),
	    COST_BUFFERS * COST_BUFFER_BYTES / 1024, CHECK_RULE_COST_MS_MAX,
	    CHECK_COST_MS_MAX);
	set_aside(trial, unit,
	    unit == -1 ? 0 : trial->file->units[unit].line_first, why);
}

/*
 * What the rules from first up to end cost, with those that they may refer
 * to; false where they do not compile by themselves.
 */
static bool
range_cost(struct trial *trial, size_t first, size_t end, uint64_t *ret_us,
    struct compile *ret_compile)
{
	struct rule_file *file = trial->file;
	auto_free bool *keep = xcalloc(file->unit_count, sizeof(bool));
	YR_RULES *rules;

	for (size_t i = 0; i < end; i++)
		keep[i] = !file->units[i].is_set_aside &&
			  (i >= first || file->units[i].is_referenced);
	rules = compile_kept(trial, keep, ret_compile);
	if (rules == NULL)
		return false;
	*ret_us = cost_us(rules, trial->buffers);
	(void)yr_rules_destroy(rules);
	return true;
}

static void
try_unit(struct trial *trial, size_t unit)
{
	struct compile compile;
	uint64_t us;

	say(trial, VERDICT_BEGIN, (long)unit, 0, "");
	if (!range_cost(trial, unit, unit + 1, &us, &compile))
		set_aside(trial, (long)unit, compile.errors[0].line,
		    compile.error_count > 0 ? compile.errors[0].why
					    : "cannot be compiled");
	else if (us > (uint64_t)CHECK_RULE_COST_MS_MAX * 1000)
		say_slow(trial, (long)unit, us);
}

/*
 * The file is too slow: the rules to blame are found by halving, since each
 * look at a file of thousands of rules takes its time.
 */
static void
thin_out(struct trial *trial)
{
	/* Depth first, and each step halves: few ranges wait. */
	struct {
		size_t first;
		size_t end;
	} waiting[HALVES_MAX] = {{0, trial->file->unit_count}};
	size_t count = 1;
	struct compile compile;

	while (count > 0) {
		size_t first = waiting[--count].first;
		size_t end = waiting[count].end;
		size_t middle = first + (end - first) / 2;
		uint64_t us = UINT64_MAX;

		if (end - first <= 1 || count + 2 > HALVES_MAX) {
			if (end > first &&
			    !trial->file->units[first].is_set_aside)
				try_unit(trial, first);
			continue;
		}
		if (range_cost(trial, first, end, &us, &compile) &&
		    us <= (uint64_t)CHECK_RULE_COST_MS_MAX * 1000)
			continue;
		waiting[count].first = middle;
		waiting[count++].end = end;
		waiting[count].first = first;
		waiting[count++].end = middle;
	}
}

/* The whole file's cost, and less and less of it while it is too slow. */
static void
time_file(struct trial *trial)
{
	struct rule_file *file = trial->file;
	const uint64_t most = (uint64_t)CHECK_COST_MS_MAX * 1000;
	struct compile compile;
	uint64_t us = 0;

	if (!range_cost(trial, 0, file->unit_count, &us, &compile) ||
	    us <= most)
		return;
	thin_out(trial);
	/* The last try was of one rule; now it is the file's again. */
	say(trial, VERDICT_BEGIN, -1, 0, "");
	if (rulefile_active(file) > 0 &&
	    range_cost(trial, 0, file->unit_count, &us, &compile) && us > most)
		say_slow(trial, -1, us);
}

/* The rules of all files, or NULL where something does not compile. */
static YR_RULES *
compile_together(struct rule_file **files, size_t count)
{
	struct compile compile;
	YR_RULES *rules = NULL;
	int err = compile_init(&compile);

	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		struct rule_file *file = files[i];
		auto_free bool *keep =
		    xcalloc(file->unit_count + 1, sizeof(bool));
		auto_free char *text = NULL;

		if (rulefile_active(file) == 0)
			continue;
		for (size_t j = 0; j < file->unit_count; j++)
			keep[j] = !file->units[j].is_set_aside;
		text = rulefile_text(file, keep);
		err = compile_add(&compile, text, file->name);
	}
	if (err == ERR_OK && compile_finish(&compile, &rules) != ERR_OK)
		rules = NULL;
	compile_release(&compile);
	return rules;
}

void
trial_together(struct trial *trial, struct rule_file **files, size_t count)
{
	YR_RULES *rules = compile_together(files, count);

	if (rules != NULL && cost_us(rules, trial->buffers) <=
				 (uint64_t)CHECK_COST_MS_MAX * 1000)
		say(trial, VERDICT_FINE, -1, 0, "");
}

void
trial_file(struct trial *trial, bool is_timed)
{
	struct rule_file *file = trial->file;
	auto_free bool *keep = xcalloc(file->unit_count + 1, sizeof(bool));
	struct compile compile;
	bool is_good = false;

	say(trial, VERDICT_BEGIN, -1, 0, "");
	for (int round = 0; !is_good && rulefile_active(file) > 0; round++) {
		YR_RULES *rules;

		for (size_t i = 0; i < file->unit_count; i++)
			keep[i] = !file->units[i].is_set_aside;
		rules = compile_kept(trial, keep, &compile);
		is_good = rules != NULL;
		if (rules != NULL)
			(void)yr_rules_destroy(rules);
		else if (round == ROUNDS_MAX)
			set_aside(trial, -1, 0, "more errors than rules");
		else
			(void)take_out(trial, &compile, keep);
	}
	if (is_good && is_timed)
		time_file(trial);
	say(trial, VERDICT_DONE, -1, 0, "");
}

void
trial_units(struct trial *trial, size_t first)
{
	for (size_t i = first; i < trial->file->unit_count; i++) {
		if (!trial->file->units[i].is_set_aside)
			try_unit(trial, i);
	}
	say(trial, VERDICT_DONE, -1, 0, "");
}
