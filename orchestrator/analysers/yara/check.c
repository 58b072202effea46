/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the caged helper that tries rule files, and what it says. */
#include "analysers/yara/check.h"

#include "analysers/yara/cost.h"
#include "analysers/yara/trial.h"
#include "lib/cage.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* Helpers that may die or hang before what is left is set aside. */
#define HELPERS_MAX 100
/* How often a silent helper's CPU time is looked at. */
#define POLL_MS 200
/* Where the helper's end of the pipe lies. */
#define HELPER_OUT_FD 3

static const struct cage helper_cage = {
    .name = "yara-check",
    .memory_bytes_max = 3 * GIB,
    .cpu_seconds_max = 2 * CHECK_TOTAL_SECONDS_MAX,
};

/*
 * Most sets are fine as they are, and one look at all files is much faster
 * than one at each.
 */
enum phase {
	PHASE_ALL,     /* all together: compile and time */
	PHASE_COMPILE, /* each: does it compile? */
	PHASE_AGAIN,   /* what is left, together */
	PHASE_TIME,    /* each: compile and time */
	PHASE_COUNT
};

struct check {
	enum phase phase;
	struct ruleset *ruleset;
	uint8_t (*buffers)[COST_BUFFER_BYTES];
	size_t file; /* the next one to try */
	long unit;   /* -1 as a whole, else rule by rule from here */
	uint64_t end_ms;
	pid_t helper;
	/* What the helper was at when it last spoke, and its CPU time then. */
	long unit_begun;
	uint64_t cpu_ms;
	bool is_tried_by_unit; /* and the whole file is tried again */
	bool is_fine;	       /* what is left compiles, and is fast */
	int helpers;
};

static bool
is_together(const struct check *check)
{
	return check->phase == PHASE_ALL || check->phase == PHASE_AGAIN;
}

static void
try_files(struct check *check)
{
	struct ruleset *ruleset = check->ruleset;

	for (size_t i = check->file; i < ruleset->file_count; i++) {
		struct trial trial = {
		    .file = ruleset->files[i],
		    .index = (uint32_t)i,
		    .out = HELPER_OUT_FD,
		    .buffers =
			(const uint8_t(*)[COST_BUFFER_BYTES])check->buffers,
		};

		if (is_together(check)) {
			trial_together(
			    &trial, ruleset->files, ruleset->file_count);
			return;
		}
		if (check->unit != -1 && i == check->file) {
			trial_units(&trial, (size_t)check->unit);
			/* What it said counts in the parent as well: the
			 * next helper tries the file again. */
			return;
		}
		trial_file(&trial, check->phase == PHASE_TIME);
	}
}

__attribute__((noreturn)) static void
help(struct check *check, int out)
{
	struct cage_report report;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A compiler takes megabytes and gives them back, once a file: the
	 * kernel would clear them each time. */
	(void)mallopt(M_MMAP_THRESHOLD, (int)(32 * MIB));
	(void)mallopt(M_TRIM_THRESHOLD, (int)GIB);
	if ((out != HELPER_OUT_FD && dup2(out, HELPER_OUT_FD) == -1) ||
	    syscall(SYS_close_range, HELPER_OUT_FD + 1, ~0u, 0) == -1 ||
	    cage_enter(&helper_cage, &report) != ERR_OK)
		_exit(71);
	try_files(check);
	_exit(0);
}

/* What the helper has used; a busy machine is not the rules' fault. */
static uint64_t
helper_cpu_ms(const struct check *check)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(check->helper, &clock) != 0 ||
	    clock_gettime(clock, &used) == -1)
		return UINT64_MAX;
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* Waits for the next verdict; false = the helper has had its time. */
static bool
wait_for(struct check *check, int in)
{
	struct pollfd wait = {.fd = in, .events = POLLIN};

	while (loop_now_ms() < check->end_ms) {
		if (poll(&wait, 1, POLL_MS) != 0)
			return true;
		if (helper_cpu_ms(check) - check->cpu_ms >
		    CHECK_SECONDS_MAX * 1000)
			return false;
	}
	return false;
}

/* Believes only what makes sense: the helper has read foreign rules. */
static bool
take(struct check *check, struct verdict *verdict)
{
	struct ruleset *ruleset = check->ruleset;

	verdict->why[sizeof(verdict->why) - 1] = '\0';
	if (verdict->file != check->file || verdict->unit < -1 ||
	    (verdict->unit != -1 &&
		(size_t)verdict->unit >=
		    ruleset->files[verdict->file]->unit_count))
		return false;
	switch (verdict->kind) {
	case VERDICT_BEGIN:
		check->unit_begun = verdict->unit;
		return true;
	case VERDICT_ASIDE:
		ruleset_set_aside(ruleset, verdict->file, verdict->unit,
		    verdict->line, verdict->why);
		return true;
	case VERDICT_FINE:
		check->is_fine = true;
		return is_together(check);
	case VERDICT_DONE:
		/* Rules that are fine one by one need not be together. */
		check->is_tried_by_unit = check->unit != -1;
		check->file += !check->is_tried_by_unit;
		check->unit = check->unit_begun = -1;
		return true;
	default:
		return false;
	}
}

/* Listens until the helper ends, lies, or is silent for too long. */
static const char *
listen_to(struct check *check, int in)
{
	struct verdict verdict;
	ssize_t n;

	while (check->file < check->ruleset->file_count) {
		if (!wait_for(check, in))
			return "takes too long to compile or to scan with";
		n = read(in, &verdict, sizeof(verdict));
		if (n == -1 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(verdict))
			return "ends libyara's compiler or scanner";
		if (!take(check, &verdict))
			return "confuses libyara";
		check->cpu_ms = helper_cpu_ms(check);
		/* After these the helper ends. */
		if (verdict.kind == VERDICT_FINE ||
		    (verdict.kind == VERDICT_DONE && check->is_tried_by_unit))
			return NULL;
	}
	return NULL;
}

/* The helper did not come to an end: who is to blame? */
static void
blame(struct check *check, const char *why)
{
	struct rule_file *file = check->ruleset->files[check->file];

	if (check->unit_begun != -1) {
		ruleset_set_aside(check->ruleset, check->file,
		    check->unit_begun,
		    file->units[check->unit_begun].line_first, why);
		check->unit = -1;
	} else if (!check->is_tried_by_unit && file->unit_count > 1) {
		check->unit = 0;
	} else {
		ruleset_set_aside(check->ruleset, check->file, -1, 0, why);
		check->file++;
		check->unit = -1;
		check->is_tried_by_unit = false;
	}
	check->unit_begun = -1;
}

static void
run_helper(struct check *check)
{
	auto_close int in = -1;
	auto_close int out = -1;
	const char *why;
	int status = 0;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		log_line(LOG_ERROR, "msg=\"cannot try rules\" error=\"%s\"",
		    strerror(errno));
		exit(1);
	}
	in = fds[0];
	out = fds[1];
	if (pid == 0)
		help(check, out);
	(void)close(take_fd(out));
	check->helper = pid;
	check->cpu_ms = 0;
	why = listen_to(check, in);
	if (why != NULL)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 71) {
		log_line(LOG_ERROR,
		    "msg=\"the helper that tries rules has no cage\"");
		exit(1);
	}
	/* All together, nobody is to blame: each is tried next. */
	if (why != NULL && !is_together(check))
		blame(check, why);
}

static void
run_phase(struct check *check, enum phase phase)
{
	struct ruleset *ruleset = check->ruleset;

	check->phase = phase;
	check->file = 0;
	check->unit = check->unit_begun = -1;
	check->is_tried_by_unit = false;
	if (is_together(check)) {
		run_helper(check);
		return;
	}
	while (check->helpers++ < HELPERS_MAX &&
	       check->file < ruleset->file_count &&
	       loop_now_ms() < check->end_ms)
		run_helper(check);
	for (; check->file < ruleset->file_count; check->file++)
		ruleset_set_aside(ruleset, check->file, -1, 0,
		    "not tried: the time for trying rules was up");
}

void
check_all(struct ruleset *ruleset)
{
	struct check check = {
	    .ruleset = ruleset,
	    .end_ms = loop_now_ms() + CHECK_TOTAL_SECONDS_MAX * 1000,
	};

	if (ruleset->file_count == 0)
		return;
	check.buffers = xcalloc(COST_BUFFERS, COST_BUFFER_BYTES);
	cost_fill(check.buffers);
	for (unsigned int phase = 0; phase < PHASE_COUNT && !check.is_fine;
	     phase++)
		run_phase(&check, phase);
	free(check.buffers);
}
