/* SPDX-License-Identifier: Apache-2.0 */
/* sift_rule.c - rules on their way to the store. */
#include "sched/sift_rule.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#include "sched/sift_child.h"

/* The store writes about this much in one go, a few tens of milliseconds. */
#define BATCH_BYTES_USUAL MIB

void
sift_rules_release(struct sift_rules *rules)
{
	if (rules == NULL)
		return;
	wire_out_release(&rules->batch);
	wire_out_release(&rules->data);
	free(rules->body);
	free(rules);
}

static struct sift_rules *
rules_of(struct sift *sift)
{
	if (sift->rules == NULL) {
		sift->rules = xcalloc(1, sizeof(*sift->rules));
		wire_out_init(&sift->rules->batch, LIMIT_RULE_BATCH_BYTES);
		wire_out_init(&sift->rules->data, UNIT_TEXT_BYTES_MAX);
	}
	return sift->rules;
}

bool
sift_rule_is_open(const struct sift *sift)
{
	return sift->rules != NULL && sift->rules->body != NULL;
}

/*
 * What the store refuses is missed when the job is done: it compares how many
 * rules came with how many were sent.
 */
static void
on_taken(void *arg, enum err err, const char *why, int fd)
{
	struct job *job = arg;

	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(LOG_WARN,
		    "msg=\"the store refused rules\" job=%s attempt=%lld "
		    "error=%s reason=\"%s\"",
		    job->id, (long long)job->attempt, err_name(err), why);
	job->records_open--;
	if (job->ops != NULL && job->ops->ready != NULL)
		job->ops->ready(job);
}

void
sift_rules_flush(struct sift *sift)
{
	struct sift_rules *rules = sift->rules;
	struct values params;
	int fd;

	if (rules == NULL || rules->batch.len == 0)
		return;
	if (sealed_make("rules", rules->batch.buf, rules->batch.len, &fd) !=
	    ERR_OK) {
		(void)sift_stop(
		    sift, "memory", "there was no memory to pass the rules on");
		return;
	}
	job_params(sift->job, &params);
	sift->job->records_open++;
	job_call_fd(sift->job, CALL_JOB_RULES, &params, fd,
	    &(struct job_answer){
		.end = on_taken,
	    });
	wire_out_reset(&rules->batch);
}

/* The rule that is open goes into the batch; data NULL = it has none. */
static int
add(struct sift *sift, const char *body, size_t body_len,
    const struct wire_out *data)
{
	struct sift_rules *rules = sift->rules;
	size_t needed =
	    body_len + (data == NULL ? 0 : data->len) + 2 * RECORD_HEADER_BYTES;

	if (++rules->count > LIMIT_RULES)
		return sift_stop(sift, "rules",
		    "stopped: a rule set has at most 200000 rules");
	if (rules->batch.len > 0 &&
	    needed > BATCH_BYTES_USUAL - rules->batch.len)
		sift_rules_flush(sift);
	wire_put_u8(&rules->batch, RECORD_RULE);
	wire_put_bytes(&rules->batch, body, body_len);
	if (data != NULL) {
		wire_put_u8(&rules->batch, RECORD_DATA);
		wire_put_bytes(&rules->batch, data->buf, data->len);
	}
	/* Only a unit of the largest kind is as long as that. */
	if (rules->batch.len >= BATCH_BYTES_USUAL)
		sift_rules_flush(sift);
	return sift->verdict == SIFT_GOOD ? ERR_OK : ERR_LIMIT;
}

int
sift_rule_begin(struct sift *sift, const struct record *record)
{
	const char *state = json_member_text(record->body, "state", "");
	struct sift_rules *rules = rules_of(sift);
	const char *body = (const char *)record->data;

	if (strcmp(sift->job->kind, "rules") != 0)
		return sift_malformed(
		    sift, "a RULE of an analyser that reads no rules");
	if (rules->body != NULL || sift->child != NULL)
		return sift_malformed(sift, "a RULE inside of another record");
	if (strcmp(state, "ok") != 0)
		return add(sift, body, record->len, NULL);
	rules->body = xstrndup(body, record->len);
	wire_out_reset(&rules->data);
	return ERR_OK;
}

int
sift_rule_data(struct sift *sift, const void *p, size_t len)
{
	struct sift_rules *rules = sift->rules;

	wire_put_raw(&rules->data, p, len);
	if (rules->data.is_failed)
		return sift_malformed(sift, "a compile unit that is too long");
	rules->bytes += len;
	if (rules->bytes > LIMIT_RULE_TEXT_BYTES)
		return sift_stop(sift, "rule_text_bytes",
		    "stopped: the rules of a set are longer than 512 MiB");
	return ERR_OK;
}

int
sift_rule_end(struct sift *sift, const json_t *body)
{
	struct sift_rules *rules = sift->rules;
	auto_free char *text = take_ptr(rules->body);

	if ((uint64_t)json_member_int(body, "size", -1) != rules->data.len)
		return sift_malformed(sift,
		    "CHILD_END of a rule claims another size than was sent");
	return add(sift, text, strlen(text), &rules->data);
}
