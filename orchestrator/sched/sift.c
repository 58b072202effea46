/* SPDX-License-Identifier: Apache-2.0 */
/* sift.c - an analyser's records, checked and bounded. */
#include "sched/sift.h"

#include "lib/log.h"
#include "lib/own.h"

#include "sched/sift_child.h"
#include "sched/sift_rule.h"

#include <stdarg.h>

static int on_record(void *arg, const struct record *record);

uint64_t
sift_bytes_max(const struct job *job)
{
	uint64_t used = tally_bytes(&job->sched->tally, job->submission, 0);
	uint64_t left =
	    used < LIMIT_SUBMISSION_BYTES ? LIMIT_SUBMISSION_BYTES - used : 0;
	uint64_t max;

	/* A report is as long as its case: there is no container. */
	if (strcmp(job->kind, "report") == 0)
		return GIB;
	if (job->size < 0 || __builtin_mul_overflow((uint64_t)job->size,
				 (uint64_t)LIMIT_EXPANSION_RATIO, &max))
		max = UINT64_MAX;
	if (max < LIMIT_EXPANSION_FLOOR_BYTES)
		max = LIMIT_EXPANSION_FLOOR_BYTES;
	return max < left ? max : left;
}

void
sift_init(
    struct sift *sift, struct job *job, void (*changed)(void *arg), void *arg)
{
	*sift = (struct sift){
	    .job = job,
	    .bytes_max = sift_bytes_max(job),
	};
	sift->in = record_in_new(on_record, sift);
	record_in_spare_trees(sift->in);
	batch_init(&sift->batch, job);
	outputs_init(&sift->outputs, job, changed, arg);
}

void
sift_release(struct sift *sift)
{
	outputs_release(&sift->outputs);
	sift_rules_release(sift->rules);
	sift->rules = NULL;
	batch_release(&sift->batch);
	record_in_free(sift->in);
	sift->in = NULL;
}

bool
sift_restart(struct sift *sift)
{
	struct job *job = sift->job;
	void (*changed)(void *arg) = sift->outputs.changed;
	void *arg = sift->outputs.arg;

	if (sift->batch.is_sent || sift->outputs.committed > 0 ||
	    !outputs_are_settled(&sift->outputs))
		return false;
	sift_release(sift);
	sift_init(sift, job, changed, arg);
	return true;
}

int
sift_malformed(struct sift *sift, const char *fmt, ...)
{
	va_list ap;

	if (sift->verdict != SIFT_GOOD)
		return ERR_FORMAT;
	sift->verdict = SIFT_MALFORMED;
	va_start(ap, fmt);
	(void)vsnprintf(sift->why, sizeof(sift->why), fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

/* The one place where records of our own are made. */
__attribute__((format(printf, 4, 0))) static void
add_own(struct sift *sift, enum record_type type, const char *what,
    const char *fmt, va_list ap)
{
	char text[512];
	json_t *body = json_object();

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	(void)json_object_set_new(
	    body, type == RECORD_LIMIT ? "limit" : "what", json_string(what));
	(void)json_object_set_new(
	    body, "text", record_text(text, strlen(text)));
	(void)json_object_set_new(body, "by", json_string("scheduler"));
	batch_add_json(&sift->batch, type, body);
}

void
sift_limit(struct sift *sift, const char *limit, const char *fmt, ...)
{
	va_list ap;

	sift->limits++;
	va_start(ap, fmt);
	add_own(sift, RECORD_LIMIT, limit, fmt, ap);
	va_end(ap);
}

static void add_error(struct sift *sift, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
add_error(struct sift *sift, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_own(sift, RECORD_ERROR, what, fmt, ap);
	va_end(ap);
}

int
sift_stop(struct sift *sift, const char *limit, const char *text)
{
	if (sift->verdict != SIFT_GOOD)
		return ERR_LIMIT;
	sift->verdict = SIFT_STOPPED;
	(void)snprintf(sift->why, sizeof(sift->why), "%s", text);
	sift_limit(sift, limit, "%s", text);
	return ERR_LIMIT;
}

void
sift_note_limit(struct sift *sift)
{
	if (sift->outputs.is_limited)
		(void)sift_stop(sift, "submission", sift->outputs.why);
}

int
sift_take_bytes(struct sift *sift, size_t len)
{
	const char *limit = "expansion_ratio";
	char text[160];

	if (len <= sift->bytes_max - sift->bytes) {
		sift->bytes += len;
		return ERR_OK;
	}
	if (tally_bytes(&sift->job->sched->tally, sift->job->submission, 0) >=
	    LIMIT_SUBMISSION_BYTES)
		limit = "submission_bytes";
	(void)snprintf(text, sizeof(text),
	    "stopped after %llu bytes: more "
	    "would exceed what may be unpacked from %lld bytes",
	    (unsigned long long)sift->bytes, (long long)sift->job->size);
	return sift_stop(sift, limit, text);
}

/* What the next jobs hang on. */
static void
note_fact(struct sift *sift, const struct record *record)
{
	auto_json json_t *own = NULL;
	const json_t *body = record->body;
	const char *key, *value;

	if (body == NULL && !json_scan_is(&record->name, "mime") &&
	    !json_scan_is(&record->name, "magic"))
		return;
	if (body == NULL && record_parse(record->type, record->data,
				record->len, &own) == ERR_OK)
		body = own;
	key = json_member_text(body, "key", "");
	value = json_member_text(body, "value", "");
	if (strcmp(key, "mime") == 0)
		(void)snprintf(sift->mime, sizeof(sift->mime), "%s", value);
	else if (strcmp(key, "magic") == 0)
		(void)snprintf(sift->magic, sizeof(sift->magic), "%s", value);
}

static int
take_finding(struct sift *sift, const struct record *record)
{
	if (record->type == RECORD_FACT)
		note_fact(sift, record);
	if (record->type == RECORD_LIMIT)
		sift->limits++;
	if (sift->findings++ < LIMIT_FINDINGS)
		batch_add(
		    &sift->batch, record->type, record->data, record->len);
	return ERR_OK;
}

static int
on_record(void *arg, const struct record *record)
{
	struct sift *sift = arg;

	if (sift->job->is_sealed &&
	    (record->type == RECORD_EVENT || record->type == RECORD_RULE))
		return sift_malformed(
		    sift, "a record that says more than may be kept");
	switch (record->type) {
	case RECORD_CHILD:
		return sift_child_begin(sift, record->body);
	case RECORD_DATA:
		if (sift_rule_is_open(sift))
			return sift_rule_data(sift, record->data, record->len);
		return sift_child_data(sift, record->data, record->len);
	case RECORD_CHILD_END:
		if (sift_rule_is_open(sift))
			return sift_rule_end(sift, record->body);
		return sift_child_end(sift, record->body);
	case RECORD_EVENT:
		return sift_event(sift, record);
	case RECORD_DONE:
		if (sift->child != NULL)
			return sift_malformed(
			    sift, "DONE inside the child %s", sift->child_name);
		if (sift_rule_is_open(sift))
			return sift_malformed(sift, "DONE inside a rule");
		sift->is_done = true;
		return ERR_OK;
	case RECORD_FACT:
	case RECORD_MATCH:
	case RECORD_FINDING:
	case RECORD_LIMIT:
	case RECORD_ERROR:
		return take_finding(sift, record);
	case RECORD_RULE:
		return sift_rule_begin(sift, record);
	case RECORD_TYPE_COUNT:
	default:
		return sift_malformed(sift, "a record of unknown type");
	}
}

void
sift_feed(struct sift *sift, const void *p, size_t len)
{
	if (sift->verdict != SIFT_GOOD)
		return;
	if (record_feed(sift->in, p, len) == ERR_FORMAT)
		(void)sift_malformed(sift, "a malformed record");
}

void
sift_end(struct sift *sift)
{
	if (sift->child != NULL) {
		sift->children_lost++;
		output_abort(sift->child);
		sift->child = NULL;
	}
	if (sift->events != NULL)
		output_finish(sift->events);
	sift->events = NULL;
	if (sift->children_lost > 0)
		add_error(sift, "child",
		    "%zu of %zu children were not "
		    "complete and are left out, the last of them %s",
		    sift->children_lost, sift->children, sift->child_name);
	if (sift->findings > LIMIT_FINDINGS)
		sift_limit(sift, "findings",
		    "%zu findings more than the %zu "
		    "that are kept",
		    sift->findings - LIMIT_FINDINGS, LIMIT_FINDINGS);
	if (sift->verdict != SIFT_MALFORMED)
		sift_rules_flush(sift);
	(void)tally_bytes(
	    &sift->job->sched->tally, sift->job->submission, sift->bytes);
}

bool
sift_is_full(const struct sift *sift)
{
	return batch_is_full(&sift->batch) || outputs_are_full(&sift->outputs);
}

json_t *
sift_result(const struct sift *sift)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rules",
	    (json_int_t)(sift->rules == NULL ? 0 : sift->rules->count),
	    "findings", (json_int_t)sift->findings, "children",
	    (json_int_t)sift->outputs.committed, "events",
	    (json_int_t)sift->events_count, "limits", (json_int_t)sift->limits,
	    "bytes", (json_int_t)sift->bytes);
}
