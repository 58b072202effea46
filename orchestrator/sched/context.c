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

static json_t *
limits_of(const struct job *job, uint32_t seconds, uint64_t bytes_max)
{
	json_int_t left = LIMIT_DEPTH - (json_int_t)job->depth;

	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "depth_left",
	    left > 0 ? left : 0, "children", (json_int_t)LIMIT_CHILDREN,
	    "bytes",
	    bytes_max > INT64_MAX ? (json_int_t)INT64_MAX
				  : (json_int_t)bytes_max,
	    "findings", (json_int_t)LIMIT_FINDINGS, "seconds",
	    (json_int_t)seconds);
}

static void
put(json_t *context, const char *name, json_t *value)
{
	(void)json_object_set_new(context, name, value);
}

char *
context_of(const struct job *job, uint32_t seconds, uint64_t bytes_max)
{
	auto_json json_t *context = json_object();
	json_t *name = record_text(job->name, job->name_len);
	char *text;

	put(context, "name", name);
	if (!is_same(name, job->name, job->name_len))
		put(context, "name_hex", record_hex(job->name, job->name_len));
	put(context, "job", json_string(job->id));
	put(context, "case", json_string(job->case_id));
	put(context, "mime", record_text(job->mime, strlen(job->mime)));
	put(context, "magic", record_text(job->magic, strlen(job->magic)));
	put(context, "sha256", json_string(job->sha256));
	put(context, "size", json_integer((json_int_t)job->size));
	put(context, "depth", json_integer((json_int_t)job->depth));
	put(context, "relation", json_string(job->relation));
	put(context, "limits", limits_of(job, seconds, bytes_max));
	if (json_is_array(json_object_get(job->options, "passwords")))
		(void)json_object_set(context, "passwords",
		    json_object_get(job->options, "passwords"));
	else
		put(context, "passwords", json_array());
	put(context, "options", json_incref(job->options));
	text = json_canonical(context);
	if (strlen(text) > CONTEXT_BYTES_MAX) {
		free(text);
		put(context, "options", json_object());
		put(context, "passwords", json_array());
		text = json_canonical(context);
	}
	return text;
}
