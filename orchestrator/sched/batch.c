/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - findings on their way to the store. */
#include "sched/batch.h"

#include "lib/log.h"
#include "lib/own.h"

void
batch_init(struct batch *batch, struct job *job)
{
	batch->job = job;
	batch->count = 0;
	batch->is_sent = false;
	wire_out_init(&batch->out, BATCH_BYTES);
}

void
batch_release(struct batch *batch)
{
	wire_out_release(&batch->out);
}

/* arg is the job: the batch may be gone when the answer comes. */
static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct job *job = arg;

	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(LOG_WARN,
		    "msg=\"the store refused findings\" job=%s "
		    "attempt=%lld error=%s reason=\"%s\"",
		    job->id, (long long)job->attempt, err_name(err), why);
	job->records_open--;
	if (job->ops != NULL && job->ops->ready != NULL)
		job->ops->ready(job);
}

bool
batch_is_full(const struct batch *batch)
{
	return batch->job->records_open >= BATCH_OPEN_MAX;
}

void
batch_flush(struct batch *batch)
{
	struct values params;

	if (batch->out.len == 0)
		return;
	job_params(batch->job, &params);
	values_add_bytes(&params, batch->out.buf, batch->out.len);
	batch->is_sent = true;
	batch->job->records_open++;
	job_call(batch->job, CALL_JOB_RECORDS, &params, NULL, on_end);
	wire_out_reset(&batch->out);
}

void
batch_add(
    struct batch *batch, enum record_type type, const void *body, size_t len)
{
	if (len + RECORD_HEADER_BYTES > BATCH_BYTES - batch->out.len)
		batch_flush(batch);
	wire_put_u8(&batch->out, (uint8_t)type);
	wire_put_bytes(&batch->out, body, len);
	batch->count++;
}

void
batch_add_json(struct batch *batch, enum record_type type, json_t *body)
{
	auto_json json_t *owned = body;
	auto_free char *text = json_canonical(owned);

	batch_add(batch, type, text, strlen(text));
}
