/* SPDX-License-Identifier: Apache-2.0 */
/* next.c - what a type deserves next. */
#include "sched/next.h"

struct next_analyser {
	const char *mime;
	const char *analyser;
};

struct next_run {
	const char *mime;
	const char *magic;
	const char *profile;
};

#define NEXT_ANALYSER(mime, analyser) {mime, analyser},
#define NEXT_RUN(mime, magic, profile)
#define NEXT_RUN_FROM(relation)
static const struct next_analyser analysers[] = {
#include "sched/next.def"
};
#undef NEXT_ANALYSER
#undef NEXT_RUN
#define NEXT_ANALYSER(mime, analyser)
#define NEXT_RUN(mime, magic, profile) {mime, magic, profile},
static const struct next_run runs[] = {
#include "sched/next.def"
};
#undef NEXT_RUN
#undef NEXT_RUN_FROM
#define NEXT_RUN(mime, magic, profile)
#define NEXT_RUN_FROM(relation) relation,
static const char *const run_from[] = {
#include "sched/next.def"
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
is_match(const char *pattern, const char *mime)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, mime, len - 1) == 0;
	return strcmp(pattern, mime) == 0;
}

static bool
is_identify(const struct job *job)
{
	return strcmp(job->kind, "identify") == 0;
}

/* The line that says where this runs; NULL where nobody would run it. */
static const struct next_run *
run_for(const struct job *job, const struct sift *sift)
{
	bool is_wanted = false;

	for (size_t i = 0; i < COUNT(run_from); i++)
		is_wanted |= strcmp(run_from[i], job->relation) == 0;
	if (!is_wanted || !is_identify(job))
		return NULL;
	for (size_t i = 0; i < COUNT(runs); i++) {
		if (is_match(runs[i].mime, sift->mime) &&
		    strstr(sift->magic, runs[i].magic) != NULL)
			return &runs[i];
	}
	return NULL;
}

/* The submitter's choice, else the table's. */
static const char *
profile_for(const struct job *job, const struct next_run *run)
{
	const char *asked = json_member_text(job->options, "profile", "");

	return asked[0] != '\0' ? asked : run->profile;
}

static void
add(json_t *jobs, const char *kind, json_t *options)
{
	(void)json_array_append_new(
	    jobs, json_pack("{s:s, s:s, s:o}", "artefact", "", "kind", kind,
		      "options", options));
}

static void
add_analysers(json_t *jobs, struct job *job, struct sift *sift)
{
	for (size_t i = 0; i < COUNT(analysers); i++) {
		if (!is_match(analysers[i].mime, sift->mime))
			continue;
		if (job->depth >= LIMIT_DEPTH)
			sift_limit(sift, "depth",
			    "not unpacked: this is "
			    "level %d of artefacts inside artefacts",
			    LIMIT_DEPTH);
		else
			add(jobs, analysers[i].analyser, json_object());
	}
}

static json_t *
run_options(const struct job *job, const char *profile)
{
	json_int_t seconds = json_member_int(job->options, "seconds", 0);
	json_t *options = json_pack("{s:s}", "profile", profile);

	if (seconds > 0)
		(void)json_object_set_new(
		    options, "seconds", json_integer(seconds));
	return options;
}

static void
add_run(json_t *jobs, struct job *job, struct sift *sift)
{
	const struct next_run *run = run_for(job, sift);
	struct tally *tally = &job->sched->tally;
	const char *profile;

	if (run == NULL)
		return;
	profile = profile_for(job, run);
	if (strcmp(profile, "none") == 0) {
		sift_limit(sift, "detonation",
		    "not detonated: the submitter "
		    "asked for no run");
	} else if (profile[0] == '\0') {
		sift_limit(sift, "detonation",
		    "not detonated: no VM profile "
		    "runs %s",
		    sift->mime);
	} else if (!pool_has_profile(&job->sched->pool, profile)) {
		sift_limit(sift, "detonation",
		    "not detonated: no VM profile "
		    "'%s' is there",
		    profile);
	} else if (tally_runs(tally, job->submission, 0) >= LIMIT_DETONATIONS) {
		sift_limit(sift, "detonation",
		    "not detonated: %llu files of "
		    "this submission are run already",
		    (unsigned long long)LIMIT_DETONATIONS);
	} else {
		(void)tally_runs(tally, job->submission, 1);
		add(jobs, "detonate", run_options(job, profile));
	}
}

bool
next_must_wait(const struct job *job, const struct sift *sift)
{
	const struct next_run *run = run_for(job, sift);
	const struct pool *pool = &job->sched->pool;
	const char *profile;

	if (run == NULL)
		return false;
	profile = profile_for(job, run);
	return profile[0] != '\0' && strcmp(profile, "none") != 0 &&
	       !pool_has_profile(pool, profile) && pool_is_settling(pool);
}

/* What is in a container that was sealed, and nothing else: it is not run. */
static void
add_opened(json_t *jobs, struct job *job, struct sift *sift)
{
	for (size_t i = 0; i < COUNT(analysers); i++) {
		if (strcmp(analysers[i].analyser, "archive") == 0 &&
		    is_match(analysers[i].mime, sift->mime) &&
		    job->depth < LIMIT_DEPTH) {
			add(jobs, "unseal_archive", json_object());
			return;
		}
	}
}

json_t *
next_jobs(struct job *job, struct sift *sift)
{
	json_t *jobs = json_array();

	if (strcmp(job->kind, "unseal_identify") == 0)
		add_opened(jobs, job, sift);
	if (!is_identify(job))
		return jobs;
	add_analysers(jobs, job, sift);
	add_run(jobs, job, sift);
	return jobs;
}
