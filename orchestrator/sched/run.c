/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - one detonation. */
#include "sched/run.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/output.h"
#include "sched/run_options.h"

#define ENVIRONMENT_DEPTH ((size_t)16)
/* The store keeps 32 KiB of a result. */
#define RESULT_BYTES (31 * KIB)
/* What a run may take beside its sample's own time, without a sign of life. */
#define SILENCE_MS ((uint64_t)600000)
/* Between two heartbeats that only say a percentage. */
#define PROGRESS_MS ((uint64_t)1000)
/* After trouble of the pool's own. */
#define BACK_OFF_MS ((uint64_t)3000)

struct run_kind {
	const char *output; /* RUN_OUTPUT's name, and in "outputs" */
	const char *name;
	const char *relation;
	const char *kind;
};

static const struct run_kind kinds[] = {
    {"trace", "run.trace", "run_trace", "other"},
    {"pcap", "run.pcap", "pcap", "pcap"},
    {"console", "console.txt", "console", "log"},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct run {
	struct job *job;
	struct run_options options;
	struct outputs outputs;
	struct output *output[KINDS];
	int sample_fd;
	uint32_t request; /* 0 until loep-vm has it */
	bool is_ended;	  /* RUN_END came */
	bool is_cancelled;
	enum run_outcome outcome;
	char *reason;
	json_t *environment;
	struct loop_timer *silence;
	uint64_t told_ms;
};

static void settle(void *arg);

static void
run_free(struct job *job)
{
	struct run *run = job->work;
	struct pool *pool = &job->sched->pool;

	job->work = NULL;
	if (run->request != 0 && !run->is_ended && pool->vm != NULL)
		(void)chan_send(
		    pool->vm, MSG_RUN_CANCEL, run->request, NULL, -1);
	pool->runs--;
	loop_timer_cancel(run->silence);
	outputs_release(&run->outputs);
	run_options_release(&run->options);
	if (run->sample_fd != -1)
		(void)close(run->sample_fd);
	json_decref(run->environment);
	free(run->reason);
	free(run);
	lease_soon(job->sched);
}

static void
on_silence(void *arg)
{
	struct run *run = arg;
	struct sched *sched = run->job->sched;

	run->silence = NULL;
	log_line(LOG_WARN, "msg=\"a run fell silent\" job=%s", run->job->id);
	if (sched->pool.vm != NULL)
		program_blame(
		    &sched->program, sched->pool.vm, "did not end a run");
	job_release_or_fail(run->job, "the VM pool did not end the run");
}

static void
watch_silence(struct run *run)
{
	loop_timer_cancel(run->silence);
	run->silence = loop_timer(run->job->sched->program.loop,
	    (uint64_t)run->options.seconds * 1000 + SILENCE_MS, on_silence,
	    run);
}

/* --- the order --- */

static int
send_output(struct run *run, struct chan *vm, size_t i)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, kinds[i].output);
	err = chan_send(vm, MSG_RUN_OUTPUT, run->request, &body,
	    output_take_fd(run->output[i]));
	wire_out_release(&body);
	return err;
}

static int
send_order(struct run *run, struct chan *vm)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, run->options.profile);
	wire_put_bytes(&body, run->job->name, run->job->name_len);
	wire_put_str(&body, run->options.json);
	run->request = chan_next_request(vm);
	err = chan_send(
	    vm, MSG_RUN_START, run->request, &body, take_fd(run->sample_fd));
	wire_out_release(&body);
	for (size_t i = 0; i < KINDS && err == ERR_OK; i++)
		err = send_output(run, vm, i);
	if (err == ERR_OK)
		err = chan_send(vm, MSG_RUN_GO, run->request, NULL, -1);
	return err;
}

static bool
is_ready(const struct run *run)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (!output_is_open(run->output[i]))
			return false;
	}
	return run->sample_fd != -1;
}

static void
on_sample(void *arg, enum err err, const char *why, int fd)
{
	struct job *job = arg;
	struct run *run = job->work;

	if (run == NULL || job->state != JOB_HELD) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	if (err != ERR_OK || fd == -1) {
		job_trouble(job, err == ERR_OK ? ERR_PEER : err, why);
	} else {
		run->sample_fd = fd;
		settle(run);
	}
}

static void
ask_sample(struct run *run)
{
	struct values params;

	job_params(run->job, &params);
	values_add_int(&params, run->job->size <= (int64_t)LIMIT_MEMFD_BYTES
				    ? BLOB_MEMFD
				    : BLOB_STREAM);
	job_call(run->job, CALL_JOB_INPUT, &params, NULL, on_sample);
}

static void
make_outputs(struct run *run)
{
	outputs_init(&run->outputs, run->job, settle, run);
	for (size_t i = 0; i < KINDS; i++)
		run->output[i] = output_new(
		    &run->outputs, &(struct output_spec){
				       .name = kinds[i].name,
				       .name_len = strlen(kinds[i].name),
				       .relation = kinds[i].relation,
				       .kind = kinds[i].kind,
				       .detail = "{}",
				   });
}

/* --- the end --- */

static json_int_t
output_bytes(const struct run *run, const char *name)
{
	return json_member_int(
	    json_object_get(run->environment, "outputs"), name, 0);
}

/* Keeps what came; an output without a byte is no evidence of anything. */
static void
close_outputs(struct run *run)
{
	for (size_t i = 0; i < KINDS; i++) {
		json_int_t bytes = output_bytes(run, kinds[i].output);
		struct output *output = run->output[i];

		run->output[i] = NULL;
		if (output == NULL)
			continue;
		if (bytes > 0)
			output_finish_foreign(output, (uint64_t)bytes);
		else
			output_abort(output);
	}
}

/* The job's outcome by the run's; false = the pool's fault, to be retried. */
static bool
judge(const struct run *run, const char **ret_outcome)
{
	switch (run->outcome) {
	case RUN_DONE:
	case RUN_TIMEOUT:
	case RUN_GUEST_OFF:
		*ret_outcome = "done";
		return true;
	case RUN_VM_FAILED:
	case RUN_NO_PROOF:
		*ret_outcome = "failed";
		return false;
	case RUN_CANCELLED:
		*ret_outcome = "cancelled";
		return true;
	case RUN_NOT_EXECUTED:
	case RUN_AGENT_LOST:
	case RUN_GUEST_CRASHED:
	case RUN_FLOODED:
	case RUN_OUTCOME_COUNT:
	default:
		*ret_outcome = "partial";
		return true;
	}
}

/* What the run was, as far as the store has room for it; new reference. */
static json_t *
result_of(const struct run *run)
{
	const char *name = proto_outcome_name(run->outcome);
	json_t *result = json_pack("{s:s, s:s, s:O}", "outcome", name,
	    "profile", run->options.profile, "environment", run->environment);
	auto_free char *text = json_canonical(result);

	if (strlen(text) > RESULT_BYTES)
		(void)json_object_set_new(result, "environment",
		    json_pack("{s:b, s:O?}", "is_cut", 1, "outputs",
			json_object_get(run->environment, "outputs")));
	return result;
}

static void
finish(struct run *run)
{
	const char *name = proto_outcome_name(run->outcome);
	struct job *job = run->job;
	auto_json json_t *result = NULL;
	auto_free char *reason = NULL;
	struct job_end end = {.engine = "loep-vm " LOEP_VERSION};

	if (run->outcome == RUN_CANCELLED && !run->is_cancelled) {
		/* The pool's own doing: it is being stopped. */
		job_release_or_fail(job, "the VM pool cancelled the run");
		return;
	}
	end.is_final = judge(run, &end.outcome);
	if (!end.is_final)
		lease_back_off(job->sched, BACK_OFF_MS);
	result = result_of(run);
	if (strcmp(end.outcome, "done") != 0)
		reason = xasprintf("%s: %s", name, run->reason);
	end.reason = reason != NULL ? reason : run->reason;
	end.result = result;
	job_end(job, &end);
}

/* Something has come: the order can go out, or the end be told. */
static void
settle(void *arg)
{
	struct run *run = arg;
	struct job *job = run->job;
	struct chan *vm = job->sched->pool.vm;

	if (run->outputs.err != ERR_OK) {
		job_trouble(job, run->outputs.err, run->outputs.why);
	} else if (run->is_ended) {
		if (outputs_are_settled(&run->outputs))
			finish(run);
	} else if (run->request == 0 && is_ready(run)) {
		if (vm == NULL || send_order(run, vm) != ERR_OK)
			job_release_or_fail(job, "the VM pool is gone");
		else
			watch_silence(run);
	}
}

static void
on_cancel(struct job *job)
{
	struct run *run = job->work;
	struct chan *vm = job->sched->pool.vm;
	struct job_end end = {
	    .outcome = "cancelled",
	    .is_final = true,
	    .reason = "cancelled before it started",
	};

	run->is_cancelled = true;
	if (run->request == 0)
		job_end(job, &end);
	else if (!run->is_ended && vm != NULL)
		(void)chan_send(vm, MSG_RUN_CANCEL, run->request, NULL, -1);
}

static const struct job_ops run_ops = {
    .cancel = on_cancel,
    .free = run_free,
};

void
run_begin(struct job *job)
{
	struct sched *sched = job->sched;
	struct run *run = xcalloc(1, sizeof(*run));
	char why[128];
	struct job_end end = {
	    .outcome = "failed",
	    .is_final = true,
	    .reason = why,
	};
	bool has_place;
	int err;

	run->job = job;
	run->sample_fd = -1;
	outputs_init(&run->outputs, job, settle, run);
	job->ops = &run_ops;
	job->work = run;
	err = run_options_take(job->options, why, sizeof(why), &run->options);
	if (err == ERR_OK &&
	    !pool_has_profile(&sched->pool, run->options.profile)) {
		(void)snprintf(why, sizeof(why), "no VM profile '%s' is there",
		    run->options.profile);
		err = ERR_NOT_FOUND;
	}
	has_place = pool_places(&sched->pool) > 0;
	sched->pool.runs++; /* run_free() takes it back */
	if (err != ERR_OK) {
		job_end(job, &end);
	} else if (!has_place) {
		lease_back_off(sched, BACK_OFF_MS);
		job_release(job);
	} else {
		make_outputs(run);
		ask_sample(run);
	}
}

size_t
run_places(const struct sched *sched)
{
	const struct pool *pool = &sched->pool;

	/* Runs that people ask for where there is no pool must hear so. */
	if (pool->vm == NULL && pool->profile_count == 0 &&
	    !pool_is_settling(pool))
		return 1;
	return pool_places(pool);
}

/* --- what loep-vm says --- */

static struct run *
find(struct sched *sched, uint32_t request)
{
	struct job *job;

	TAILQ_FOREACH (job, &sched->jobs, entry) {
		struct run *run = job->work;

		if (job->state == JOB_HELD && job->ops == &run_ops &&
		    run->request == request)
			return run;
	}
	return NULL;
}

void
run_progress(
    struct sched *sched, uint32_t request, const char *phase, uint8_t percent)
{
	struct run *run = find(sched, request);
	uint64_t now_ms = loop_now_ms();

	if (run == NULL)
		return; /* it was given up meanwhile */
	watch_silence(run);
	if (strcmp(run->job->phase, phase) == 0 &&
	    now_ms - run->told_ms < PROGRESS_MS)
		return;
	run->told_ms = now_ms;
	job_beat(run->job, phase, percent);
}

void
run_ended(struct sched *sched, uint32_t request, enum run_outcome outcome,
    const char *reason, const char *environment)
{
	struct run *run = find(sched, request);

	if (run == NULL || run->is_ended)
		return;
	run->is_ended = true;
	run->outcome = outcome;
	run->reason = xstrdup(reason);
	loop_timer_cancel(run->silence);
	run->silence = NULL;
	if (json_parse(environment, strlen(environment), LIMIT_MSG_BYTES,
		ENVIRONMENT_DEPTH, &run->environment) != ERR_OK ||
	    !json_is_object(run->environment)) {
		json_decref(run->environment);
		run->environment = json_object();
	}
	close_outputs(run);
	settle(run);
}

void
run_lose_all(struct sched *sched)
{
	struct job *job;

	TAILQ_FOREACH (job, &sched->jobs, entry) {
		const struct run *run = job->work;

		if (job->state == JOB_HELD && job->ops == &run_ops &&
		    run->request != 0 && !run->is_ended)
			job_release_or_fail(
			    job, "the VM pool died during the run");
	}
}
