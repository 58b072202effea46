/* SPDX-License-Identifier: Apache-2.0 */
/* triage_end.c - the verdict about an attempt. */
#include "sched/triage_end.h"

#include "lib/analyser_exit.h"
#include "lib/json.h"

#include "sched/next.h"

/* After an analyser that takes no work. */
#define BACK_OFF_MS ((uint64_t)2000)

/* partial where there is something to show, else failed. */
static const char *
partial_or_failed(const struct triage *t)
{
	return t->sift.batch.count > 0 || t->sift.outputs.committed > 0
		   ? "partial"
		   : "failed";
}

static void
judge_crash(struct triage *t, struct job_end *end, char *why, size_t why_size)
{
	if (t->end.code == ANALYSER_EXIT_PARTIAL) {
		/* It says itself, in its records, where it stopped. */
		(void)snprintf(why, why_size, "%s",
		    t->sift.limits > 0
			? "stopped at a limit, which a finding names"
			: "could not be read completely");
		end->is_final = true;
	} else {
		(void)snprintf(why, why_size, "the analyser crashed (%s %u)",
		    t->end.code < 65 ? "signal" : "status", t->end.code);
		end->is_final = false;
	}
	end->outcome = partial_or_failed(t);
}

static void
judge_done(struct triage *t, struct job_end *end, char *why, size_t why_size)
{
	if (!t->sift.is_done || !record_in_is_complete(t->sift.in)) {
		(void)snprintf(why, why_size,
		    "the analyser ended without saying that it was done");
		end->outcome = partial_or_failed(t);
	} else if (t->sift.children_lost > 0) {
		(void)snprintf(why, why_size, "%zu children are incomplete",
		    t->sift.children_lost);
		end->outcome = "partial";
	} else {
		end->outcome = "done";
	}
}

/* The outcome by how the child ended. */
static void
judge_end(struct triage *t, struct job_end *end, char *why, size_t why_size)
{
	switch (t->end.end) {
	case ANALYSE_DONE:
		judge_done(t, end, why, why_size);
		return;
	case ANALYSE_TIMEOUT:
		(void)snprintf(why, why_size, "the analyser's time was up");
		sift_limit(&t->sift, "analyser_seconds",
		    "stopped: the time "
		    "of an analyser for one artefact was up");
		end->outcome = partial_or_failed(t);
		return;
	case ANALYSE_MEMORY:
		(void)snprintf(why, why_size,
		    "the analyser needed more "
		    "memory than it may have");
		sift_limit(&t->sift, "analyser_memory",
		    "stopped: more memory "
		    "was needed than an analyser may have");
		end->outcome = partial_or_failed(t);
		return;
	case ANALYSE_CRASHED:
	case ANALYSE_CANCELLED:
	case ANALYSE_REFUSED:
	default:
		judge_crash(t, end, why, why_size);
	}
}

static json_t *
result_of(const struct triage *t)
{
	json_t *result = sift_result(&t->sift);

	(void)json_object_set_new(
	    result, "cpu_us", json_integer((json_int_t)t->end.cpu_us));
	(void)json_object_set_new(
	    result, "peak_kib", json_integer((json_int_t)t->end.peak_kib));
	return result;
}

void
triage_end(struct triage *t)
{
	auto_json json_t *result = NULL;
	auto_json json_t *next = NULL;
	struct job_end end = {.is_final = true, .engine = t->engine};
	char why[320] = "";

	if (!t->is_cancelled && t->sift.outputs.err != ERR_OK) {
		job_trouble(t->job, t->sift.outputs.err, t->sift.outputs.why);
		return;
	}
	if (!t->is_cancelled && t->end.end == ANALYSE_REFUSED) {
		lease_back_off(t->job->sched, BACK_OFF_MS);
		job_release_or_fail(t->job, "the analyser took no work");
		return;
	}
	if (t->is_cancelled) {
		end.outcome = "cancelled";
		(void)snprintf(why, sizeof(why), "cancelled");
	} else if (t->sift.verdict == SIFT_MALFORMED) {
		end.outcome = "failed";
		(void)snprintf(why, sizeof(why),
		    "the analyser broke its contract: %s", t->sift.why);
	} else if (t->sift.verdict == SIFT_STOPPED) {
		end.outcome = "partial";
		(void)snprintf(why, sizeof(why), "%s", t->sift.why);
	} else {
		judge_end(t, &end, why, sizeof(why));
	}
	if (strcmp(end.outcome, "done") == 0 ||
	    strcmp(end.outcome, "partial") == 0)
		next = next_jobs(t->job, &t->sift);
	result = result_of(t);
	end.reason = why;
	end.result = result;
	end.next = next;
	if (t->is_packed)
		end.batch = &t->sift.batch;
	else
		batch_flush(&t->sift.batch);
	job_end(t->job, &end);
}

void
triage_no_input(struct triage *t, enum err err, const char *why)
{
	char text[320];

	(void)snprintf(text, sizeof(text), "its bytes cannot be read: %s", why);
	job_trouble(t->job, err == ERR_OK ? ERR_PEER : err, text);
}
