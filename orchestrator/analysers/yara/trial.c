/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - one rule file in the caged helper. */
#include "analysers/yara/trial.h"

#include "analysers/yara/compile.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <time.h>

/* Rounds of taking out what does not compile. */
#define ROUNDS_MAX 200
/* libyara counts in seconds; a scan of one buffer takes milliseconds. */
#define SCAN_SECONDS_MAX 2

void
trial_buffers(uint8_t (*buffers)[CHECK_BUFFER_BYTES])
{
	static const char words[] =
	    "GET /index.php?id=1 HTTP/1.1\r\nHost: example.org\r\n"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    " = \"TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAA\";"
	    "function x(a,b){return eval(unescape('%u9090%u9090'));}\n"
	    "          \t\t\t\t\t\t        0123456789abcdef0123456789ABCDEF\n"
	    "user@example.org C:\\Windows\\System32\\cmd.exe /c \x90\x90\n";
	uint64_t noise = 88172645463325252u;

	memset(buffers[0], 'a', CHECK_BUFFER_BYTES);
	memset(buffers[1], 0, CHECK_BUFFER_BYTES);
	for (size_t i = 0; i < CHECK_BUFFER_BYTES; i++) {
		/* xorshift64 (Marsaglia 2003): the same in each run. */
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		buffers[2][i] = (uint8_t)(noise >> 32);
		buffers[3][i] = (uint8_t)words[i % (sizeof(words) - 1)];
	}
	memcpy(buffers[2], "MZ", 2);
}

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

	for (size_t i = 0;
	     i < compile->error_count && i < COMPILE_ERRORS_MAX; i++) {
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
		    compile->error_count > 0 ? compile->errors[0].why :
					       "cannot be compiled");
	return has_taken;
}

/* NULL where it does not compile; *ret_errors then is to be looked at. */
static YR_RULES *
compile_kept(struct trial *trial, const bool *keep,
    struct compile *ret_compile)
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

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	(void)context;
	(void)message;
	(void)data;
	(void)arg;
	return CALLBACK_CONTINUE;
}

static uint64_t
cpu_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* CPU microseconds for all buffers; a scan that is cut counts in full. */
static uint64_t
cost(struct trial *trial, YR_RULES *rules)
{
	uint64_t start = cpu_us();

	for (size_t i = 0; i < CHECK_BUFFERS; i++) {
		if (yr_rules_scan_mem(rules, trial->buffers[i],
			CHECK_BUFFER_BYTES, SCAN_FLAGS_NO_TRYCATCH, on_scan,
			NULL, SCAN_SECONDS_MAX) == ERROR_SCAN_TIMEOUT)
			break;
	}
	return cpu_us() - start;
}

static void
say_slow(struct trial *trial, size_t unit, uint64_t us)
{
	char why[128];

	(void)snprintf(why, sizeof(why),
	    "too slow: %llu ms for a trial of %zu KiB, all rules of a file "
	    "may take %d ms",
	    (unsigned long long)(us / 1000),
	    CHECK_BUFFERS * CHECK_BUFFER_BYTES / 1024, CHECK_COST_MS_MAX);
	set_aside(trial, (long)unit, trial->file->units[unit].line_first, why);
}

/* What one rule costs, with those that it may refer to; 0 = set aside. */
static uint64_t
unit_cost(struct trial *trial, size_t unit)
{
	struct rule_file *file = trial->file;
	auto_free bool *keep = xcalloc(file->unit_count, sizeof(bool));
	struct compile compile;
	YR_RULES *rules;
	uint64_t us;

	for (size_t i = 0; i <= unit; i++)
		keep[i] = !file->units[i].is_set_aside &&
		    (i == unit || file->units[i].is_referenced);
	rules = compile_kept(trial, keep, &compile);
	if (rules == NULL) {
		set_aside(trial, (long)unit, compile.errors[0].line,
		    compile.error_count > 0 ? compile.errors[0].why :
					      "cannot be compiled");
		return 0;
	}
	us = cost(trial, rules);
	(void)yr_rules_destroy(rules);
	return us;
}

/* The file is too slow: its slowest rules go, until the rest is fast. */
static void
thin_out(struct trial *trial)
{
	struct rule_file *file = trial->file;
	auto_free uint64_t *costs = xcalloc(file->unit_count, sizeof(*costs));
	uint64_t sum = 0;

	for (size_t i = 0; i < file->unit_count; i++) {
		if (file->units[i].is_set_aside)
			continue;
		say(trial, VERDICT_BEGIN, (long)i, 0, "");
		costs[i] = unit_cost(trial, i);
		sum += costs[i];
	}
	while (sum > (uint64_t)CHECK_COST_MS_MAX * 1000) {
		size_t worst = 0;

		for (size_t i = 0; i < file->unit_count; i++) {
			if (costs[i] > costs[worst])
				worst = i;
		}
		say_slow(trial, worst, costs[worst]);
		sum -= costs[worst];
		costs[worst] = 0;
	}
}

void
trial_file(struct trial *trial)
{
	struct rule_file *file = trial->file;
	auto_free bool *keep = xcalloc(file->unit_count + 1, sizeof(bool));
	YR_RULES *rules = NULL;
	struct compile compile;
	uint64_t us;

	say(trial, VERDICT_BEGIN, -1, 0, "");
	for (int round = 0; rules == NULL && rulefile_active(file) > 0;
	     round++) {
		for (size_t i = 0; i < file->unit_count; i++)
			keep[i] = !file->units[i].is_set_aside;
		rules = compile_kept(trial, keep, &compile);
		if (rules == NULL && round == ROUNDS_MAX)
			set_aside(trial, -1, 0, "more errors than rules");
		else if (rules == NULL)
			(void)take_out(trial, &compile, keep);
	}
	if (rules != NULL) {
		us = cost(trial, rules);
		(void)yr_rules_destroy(rules);
		if (us > (uint64_t)CHECK_COST_MS_MAX * 1000)
			thin_out(trial);
	}
	say(trial, VERDICT_DONE, -1, 0, "");
}

void
trial_units(struct trial *trial, size_t first)
{
	for (size_t i = first; i < trial->file->unit_count; i++) {
		uint64_t us;

		if (trial->file->units[i].is_set_aside)
			continue;
		say(trial, VERDICT_BEGIN, (long)i, 0, "");
		us = unit_cost(trial, i);
		if (us > (uint64_t)CHECK_COST_MS_MAX * 1000)
			say_slow(trial, i, us);
	}
	say(trial, VERDICT_DONE, -1, 0, "");
}
