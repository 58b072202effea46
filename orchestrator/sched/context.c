/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - what an analyser is told about its artefact. */
#include "sched/context.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

/* More than this is not asked of the store in one message either. */
#define CONTEXT_BYTES_MAX ((size_t)60000)

static bool
is_same(const json_t *text, const void *p, size_t len)
{
	return json_string_length(text) == len &&
	       memcmp(json_string_value(text), p, len) == 0;
}

static void
put(json_t *context, const char *name, json_t *value)
{
	(void)json_object_set_new(context, name, value);
}

static json_int_t
depth_left(const struct job *job)
{
	json_int_t left = LIMIT_DEPTH - (json_int_t)job->depth;

	return left > 0 ? left : 0;
}

static json_t *
limits_of(const struct job *job, uint32_t seconds, uint64_t bytes_max)
{
	json_t *limits = json_pack("{s:I, s:I, s:I, s:I, s:I}", "depth_left",
	    depth_left(job), "children", (json_int_t)LIMIT_CHILDREN, "bytes",
	    bytes_max > INT64_MAX ? (json_int_t)INT64_MAX
				  : (json_int_t)bytes_max,
	    "findings", (json_int_t)LIMIT_FINDINGS, "seconds",
	    (json_int_t)seconds);

	if (strcmp(job->kind, "rules") == 0)
		put(limits, "rule_cost_ms",
		    json_integer((json_int_t)job->sched->rule_cost_ms));
	return limits;
}

static json_t *
passwords_of(const struct job *job)
{
	json_t *passwords = json_object_get(job->options, "passwords");

	return json_is_array(passwords) ? json_incref(passwords) : json_array();
}

static void
put_name(json_t *context, const struct job *job)
{
	json_t *name = record_text(job->name, job->name_len);

	put(context, "name", name);
	if (!is_same(name, job->name, job->name_len))
		put(context, "name_hex", record_hex(job->name, job->name_len));
}

/* What is the artefact's own. */
static json_t *
own_context(const struct job *job)
{
	json_t *context = json_object();

	put_name(context, job);
	put(context, "job", json_string(job->id));
	put(context, "mime", record_text(job->mime, strlen(job->mime)));
	put(context, "magic", record_text(job->magic, strlen(job->magic)));
	put(context, "sha256", json_string(job->sha256));
	put(context, "size", json_integer((json_int_t)job->size));
	put(context, "depth", json_integer((json_int_t)job->depth));
	put(context, "relation", json_string(job->relation));
	return context;
}

/* What artefacts of one submission mostly have alike. */
static void
put_alike(json_t *context, const struct job *job, uint32_t seconds,
    uint64_t bytes_max)
{
	put(context, "case", json_string(job->case_id));
	put(context, "limits", limits_of(job, seconds, bytes_max));
	put(context, "passwords", passwords_of(job));
	put(context, "options", json_incref(job->options));
}

char *
context_of(const struct job *job, uint32_t seconds, uint64_t bytes_max)
{
	auto_json json_t *context = own_context(job);
	char *text;

	put_alike(context, job, seconds, bytes_max);
	text = json_canonical(context);
	if (strlen(text) > CONTEXT_BYTES_MAX) {
		free(text);
		put(context, "options", json_object());
		put(context, "passwords", json_array());
		text = json_canonical(context);
	}
	return text;
}

json_t *
context_common(const struct job *job)
{
	json_t *common = json_object();

	/* An item has the time that it would have alone, though its child may
	 * end before; and no children: 0 bytes of them. */
	put_alike(common, job, job->sched->job_seconds, 0);
	return common;
}

char *
context_of_item(const struct job *job, const json_t *common)
{
	const json_t *limits = json_object_get(common, "limits");
	auto_json json_t *context = json_object();

	/* Who reads but one artefact, and that in company, asks no more: the
	 * list of a pack has room for as many items as it is short. */
	put_name(context, job);
	if (json_member_int(limits, "depth_left", -1) != depth_left(job))
		put(context, "limits",
		    limits_of(job, job->sched->job_seconds, 0));
	if (strcmp(json_member_text(common, "case", ""), job->case_id) != 0)
		put(context, "case", json_string(job->case_id));
	if (!json_equal(json_object_get(common, "options"), job->options)) {
		put(context, "passwords", passwords_of(job));
		put(context, "options", json_incref(job->options));
	}
	return json_canonical(context);
}
