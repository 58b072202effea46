/* SPDX-License-Identifier: Apache-2.0 */
/* ends.c - the ends of many jobs in one call. */
#include "sched/ends.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/job.h"

/* As much as fits in one message beside the call's own fields. */
#define ENDS_BYTES (62 * KIB)
#define ENDS_JOBS  ((size_t)512)

/* One call that is under way. */
struct ends_call {
	struct sched *sched;
	struct wire_out list;
	size_t count;
	struct job *jobs[ENDS_JOBS];
};

static void
on_flush(void *arg)
{
	struct sched *sched = arg;

	sched->ends.timer = NULL;
	ends_flush(sched);
}

void
ends_init(struct sched *sched)
{
	sched->ends = (struct ends){.jobs = NULL};
	wire_out_init(&sched->ends.list, ENDS_BYTES);
	sched->ends.jobs = xcalloc(ENDS_JOBS, sizeof(*sched->ends.jobs));
}

static void
on_single(void *arg, enum err err, const char *why, int fd)
{
	job_left(arg, err, why, fd);
}

static void
on_single_records(void *arg, enum err err, const char *why, int fd)
{
	const struct job *job = arg;

	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(LOG_WARN,
		    "msg=\"the store refused findings\" job=%s error=%s "
		    "reason=\"%s\"",
		    job->id, err_name(err), why);
}

static void
add_text(struct values *params, struct wire_in *in)
{
	size_t len;
	const uint8_t *p = wire_get_bytes(in, &len);

	values_add_text_len(params, (const char *)p, len);
}

/* One of the list by itself, as if there had been no list. */
static void
send_single(struct job *job, struct wire_in *in)
{
	struct values done, records;
	const uint8_t *p;
	size_t len;

	job_params(job, &done);
	(void)wire_get_bytes(in, &len);
	(void)wire_get_i64(in);
	add_text(&done, in);
	values_add_int(&done, wire_get_u8(in));
	for (int i = 0; i < 4; i++)
		add_text(&done, in);
	p = wire_get_bytes(in, &len);
	if (len > 0) {
		job_params(job, &records);
		values_add_bytes(&records, p, len);
		job_call(
		    job, CALL_JOB_RECORDS, &records, NULL, on_single_records);
	}
	job_call(job, CALL_JOB_DONE, &done, NULL, on_single);
}

/*
 * All of them are in, or none: then each is told by itself, so that the one
 * that the store does not take (its lease had run out, say) costs no other.
 */
static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct ends_call *call = arg;
	bool is_again = err != ERR_OK && err != ERR_UNAVAILABLE;
	struct wire_in in;

	if (fd != -1)
		(void)close(fd);
	if (is_again)
		log_line(LOG_INFO,
		    "msg=\"the store refused results together\" jobs=%zu "
		    "error=%s reason=\"%s\"",
		    call->count, err_name(err), why);
	wire_in_init(&in, call->list.buf, call->list.len);
	for (size_t i = 0; i < call->count; i++) {
		if (is_again)
			send_single(call->jobs[i], &in);
		else
			job_left(call->jobs[i], err, why, -1);
		job_unref(call->jobs[i]);
	}
	wire_out_release(&call->list);
}

void
ends_flush(struct sched *sched)
{
	struct ends *ends = &sched->ends;
	struct ends_call *call;
	struct values params;

	loop_timer_cancel(ends->timer);
	ends->timer = NULL;
	if (ends->count == 0)
		return;
	call = xmalloc(sizeof(*call));
	call->sched = sched;
	call->count = ends->count;
	memcpy(call->jobs, ends->jobs, ends->count * sizeof(struct job *));
	call->list = ends->list;
	wire_out_init(&ends->list, ENDS_BYTES);
	ends->count = 0;
	values_init(&params);
	values_add_bytes(&params, call->list.buf, call->list.len);
	(void)calls_start(
	    sched->calls, CALL_JOBS_DONE, 0, &params, -1, NULL, on_end, call);
}

static size_t
bytes_of(const struct job *job, const struct ends_words *w)
{
	/* Eight lengths, the attempt and is_final. */
	return 8 * 4 + 8 + 1 + strlen(job->id) + strlen(w->outcome) +
	       strlen(w->reason) + strlen(w->engine) + strlen(w->result) +
	       strlen(w->next) + w->records->len;
}

bool
ends_add(struct job *job, const struct ends_words *w)
{
	struct sched *sched = job->sched;
	struct ends *ends = &sched->ends;
	size_t bytes = bytes_of(job, w);

	if (bytes > ENDS_BYTES)
		return false;
	if (bytes > ENDS_BYTES - ends->list.len || ends->count == ENDS_JOBS)
		ends_flush(sched);
	wire_put_str(&ends->list, job->id);
	wire_put_i64(&ends->list, job->attempt);
	wire_put_str(&ends->list, w->outcome);
	wire_put_u8(&ends->list, w->is_final);
	wire_put_str(&ends->list, w->reason);
	wire_put_str(&ends->list, w->engine);
	wire_put_str(&ends->list, w->result);
	wire_put_str(&ends->list, w->next);
	wire_put_bytes(&ends->list, w->records->buf, w->records->len);
	job_ref(job);
	ends->jobs[ends->count++] = job;
	if (ends->timer == NULL)
		ends->timer =
		    loop_timer(sched->program.loop, 0, on_flush, sched);
	return true;
}
