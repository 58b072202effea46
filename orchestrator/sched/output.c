/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - children on their way into the vault. */
#include "sched/output.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/unseal.h"

#include <errno.h>
#include <fcntl.h>

enum output_state {
	OUTPUT_QUEUED,	 /* waits until fewer are open */
	OUTPUT_ASKED,	 /* CHILD_CREATE is under way */
	OUTPUT_OPEN,	 /* has its pipe */
	OUTPUT_SEALING,	 /* all is written; loep-pgp is not through with it */
	OUTPUT_SETTLING, /* CHILD_COMMIT or CHILD_ABORT is under way */
};

struct output {
	TAILQ_ENTRY(output) entry;
	struct outputs *outputs; /* NULL when its job has let go of it */
	enum output_state state;
	bool is_finished;
	bool is_aborted;
	int64_t child;
	int fd;
	uint32_t question;	  /* to loep-pgp, which encrypts it; or 0 */
	struct loop_watch *watch; /* while the pipe is full */
	uint64_t size;
	uint8_t *pending;
	size_t pending_at; /* of it, what is written already */
	size_t pending_len;
	size_t pending_size;
	uint8_t *name;
	size_t name_len;
	char *relation;
	char *kind;
	char *detail;
};

static void push(struct output *output);
static void ask_for_queued(struct outputs *outputs);

void
outputs_init(struct outputs *outputs, struct job *job,
    void (*changed)(void *arg), void *arg)
{
	*outputs = (struct outputs){
	    .job = job,
	    .changed = changed,
	    .arg = arg,
	};
	TAILQ_INIT(&outputs->list);
}

static void
close_pipe(struct output *output)
{
	loop_unwatch(output->watch);
	output->watch = NULL;
	if (output->fd != -1)
		(void)close(output->fd);
	output->fd = -1;
}

static void
drop_pending(struct output *output)
{
	if (output->outputs != NULL)
		output->outputs->pending -=
		    output->pending_len - output->pending_at;
	free(output->pending);
	output->pending = NULL;
	output->pending_at = output->pending_len = output->pending_size = 0;
}

/* The memory that an output takes beside its contents. */
static size_t
held_by(const struct output *output)
{
	return sizeof(*output) + output->name_len + strlen(output->relation) +
	       strlen(output->kind) + strlen(output->detail);
}

/* Places came free: those that waited for one ask, each in its turn. */
static void
on_place(void *arg)
{
	struct sched *sched = arg;
	struct outputs *outputs;

	sched->outputs_timer = NULL;
	while (sched->outputs_open < OUTPUTS_ALL_MAX &&
	       (outputs = TAILQ_FIRST(&sched->outputs_waiting)) != NULL) {
		TAILQ_REMOVE(&sched->outputs_waiting, outputs, entry);
		outputs->is_waiting = false;
		ask_for_queued(outputs);
	}
}

static void
give_back(struct outputs *outputs)
{
	struct sched *sched = outputs->job->sched;

	outputs->open--;
	sched->outputs_open--;
	/* Later: what calls this may be in the middle of its own list. */
	if (!TAILQ_EMPTY(&sched->outputs_waiting) &&
	    sched->outputs_timer == NULL)
		sched->outputs_timer =
		    loop_timer(sched->program.loop, 0, on_place, sched);
}

/* Takes the output off its job. */
static void
let_go(struct output *output)
{
	struct outputs *outputs = output->outputs;

	if (outputs == NULL)
		return;
	close_pipe(output);
	drop_pending(output);
	if (output->question != 0)
		pgp_asks_cancel(outputs->job->sched->pgp, output->question);
	output->question = 0;
	TAILQ_REMOVE(&outputs->list, output, entry);
	if (output->state == OUTPUT_QUEUED)
		outputs->queued--;
	else
		give_back(outputs);
	outputs->held -= held_by(output);
	output->outputs = NULL;
}

static void
output_free(struct output *output)
{
	let_go(output);
	close_pipe(output);
	free(output->name);
	free(output->relation);
	free(output->kind);
	free(output->detail);
	free(output);
}

void
outputs_release(struct outputs *outputs)
{
	struct output *output;

	if (outputs->is_waiting)
		TAILQ_REMOVE(
		    &outputs->job->sched->outputs_waiting, outputs, entry);
	outputs->is_waiting = false;
	while ((output = TAILQ_FIRST(&outputs->list)) != NULL) {
		bool is_answered = output->state == OUTPUT_QUEUED ||
				   output->state == OUTPUT_OPEN ||
				   output->state == OUTPUT_SEALING;

		/* An answer that is under way frees the others. */
		let_go(output);
		if (is_answered)
			output_free(output);
	}
}

bool
outputs_are_full(const struct outputs *outputs)
{
	return outputs->pending >= OUTPUTS_PENDING_MAX ||
	       outputs->held >= OUTPUTS_HELD_MAX;
}

bool
outputs_are_settled(const struct outputs *outputs)
{
	return TAILQ_EMPTY(&outputs->list);
}

static void
fail(struct outputs *outputs, enum err err, const char *why)
{
	if (outputs->err != ERR_OK || outputs->is_limited)
		return;
	if (err == ERR_LIMIT)
		outputs->is_limited = true;
	else
		outputs->err = err;
	(void)snprintf(outputs->why, sizeof(outputs->why), "%s", why);
}

/* --- calls; their argument is the output, which outlives them --- */

struct output_call {
	struct job *job;
	struct output *output;
};

static void
call(struct output *output, enum call_op op, const struct values *params,
    call_row_fn *row, call_end_fn *end)
{
	struct output_call *c = xcalloc(1, sizeof(*c));

	c->job = output->outputs->job;
	c->output = output;
	job_ref(c->job);
	(void)calls_start(c->job->sched->calls, op, 0, params, -1, row, end, c);
}

static void
child_params(const struct output *output, struct values *params)
{
	job_params(output->outputs->job, params);
	values_add_int(params, output->child);
}

/* The store has answered COMMIT or ABORT. */
static void
on_settled(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct output_call *c = arg;
	struct output *output = c->output;
	struct outputs *outputs = output->outputs;

	if (fd != -1)
		(void)close(fd);
	if (outputs != NULL && !output->is_aborted) {
		if (err == ERR_OK)
			outputs->committed++;
		else
			fail(outputs, err, why);
	}
	output_free(output);
	if (outputs != NULL) {
		ask_for_queued(outputs);
		outputs->changed(outputs->arg);
	}
	job_unref(c->job);
}

static void
commit(struct output *output)
{
	struct values params;

	close_pipe(output);
	output->state = OUTPUT_SETTLING;
	child_params(output, &params);
	values_add_int(&params, (int64_t)output->size);
	values_add_bytes(&params, output->name, output->name_len);
	values_add_text(&params, output->relation);
	values_add_text(&params, output->kind);
	values_add_text(&params, output->detail);
	call(output, CALL_CHILD_COMMIT, &params, NULL, on_settled);
}

static void
give_up(struct output *output)
{
	struct values params;

	if (output->question != 0)
		pgp_asks_cancel(
		    output->outputs->job->sched->pgp, output->question);
	output->question = 0;
	close_pipe(output);
	drop_pending(output);
	output->is_aborted = true;
	output->state = OUTPUT_SETTLING;
	child_params(output, &params);
	call(output, CALL_CHILD_ABORT, &params, NULL, on_settled);
}

/* What the vault has is encrypted, or nothing of it is kept. */
static void
on_sealed(void *arg, struct pgp_answer *answer)
{
	struct output *output = arg;
	struct outputs *outputs = output->outputs;
	json_int_t bytes = json_member_int(answer->detail, "bytes", -1);

	output->question = 0;
	if (answer->err == ERR_OK && bytes >= 0 &&
	    output->state == OUTPUT_SEALING) {
		output->size = (uint64_t)bytes;
		commit(output);
		return;
	}
	fail(outputs,
	    answer->err == ERR_UNAVAILABLE ? ERR_UNAVAILABLE : ERR_SYS,
	    "what came out of it could not be encrypted");
	drop_pending(output);
	output->is_aborted = true;
	if (output->state == OUTPUT_SEALING)
		give_up(output);
	else
		close_pipe(output);
	outputs->changed(outputs->arg);
}

/* Its pipe goes to the vault, of what was sealed by way of loep-pgp. */
static int
take_pipe(struct output *output, int fd)
{
	struct sched *sched = output->outputs->job->sched;

	if (output->outputs->job->is_sealed)
		return unseal_seal(sched, fd, on_sealed, output, &output->fd,
		    &output->question);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	output->fd = fd;
	return ERR_OK;
}

static void
on_created_row(void *arg, const struct values *row)
{
	struct output_call *c = arg;

	c->output->child = values_int(row, 0);
}

static void
on_created(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct output_call *c = arg;
	struct output *output = c->output;
	struct outputs *outputs = output->outputs;
	auto_close int owned_fd = fd;

	if (outputs == NULL) {
		output_free(output);
	} else if (err != ERR_OK || fd == -1 ||
		   take_pipe(output, take_fd(owned_fd)) != ERR_OK) {
		fail(outputs, err == ERR_OK ? ERR_PEER : err, why);
		/* Its writer may still hold it: it swallows what comes. */
		drop_pending(output);
		output->is_aborted = true;
		if (output->is_finished)
			output_free(output);
		outputs->changed(outputs->arg);
	} else {
		output->state = OUTPUT_OPEN;
		push(output);
		outputs->changed(outputs->arg);
	}
	job_unref(c->job);
}

static void
ask_for_queued(struct outputs *outputs)
{
	struct sched *sched = outputs->job->sched;
	struct output *output;
	struct values params;

	if (outputs->queued == 0 || outputs->is_waiting)
		return;
	TAILQ_FOREACH (output, &outputs->list, entry) {
		if (outputs->open >= OUTPUTS_OPEN_MAX)
			return;
		if (output->state != OUTPUT_QUEUED)
			continue;
		if (sched->outputs_open >= OUTPUTS_ALL_MAX) {
			TAILQ_INSERT_TAIL(
			    &sched->outputs_waiting, outputs, entry);
			outputs->is_waiting = true;
			return;
		}
		output->state = OUTPUT_ASKED;
		outputs->queued--;
		outputs->open++;
		sched->outputs_open++;
		job_params(outputs->job, &params);
		call(output, CALL_CHILD_CREATE, &params, on_created_row,
		    on_created);
	}
}

struct output *
output_new(struct outputs *outputs, const struct output_spec *spec)
{
	struct output *output = xcalloc(1, sizeof(*output));

	output->outputs = outputs;
	output->fd = -1;
	output->name = xmemdup(spec->name, spec->name_len);
	output->name_len = spec->name_len;
	output->relation = xstrdup(spec->relation);
	output->kind = xstrdup(spec->kind);
	output->detail = xstrdup(spec->detail);
	TAILQ_INSERT_TAIL(&outputs->list, output, entry);
	outputs->queued++;
	outputs->held += held_by(output);
	ask_for_queued(outputs);
	return output;
}

/* --- bytes --- */

/* Writes what the pipe takes; ERR_AGAIN when it is full. */
static int
write_some(struct output *output, const uint8_t *p, size_t len, size_t *ret_len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(output->fd, p + done, len - done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == -1)
			return ERR_EOF;
		done += (size_t)n;
	}
	*ret_len = done;
	return done < len ? ERR_AGAIN : ERR_OK;
}

static void
on_writable(void *arg, int fd, unsigned int events)
{
	struct output *output = arg;
	struct outputs *outputs = output->outputs;

	(void)fd;
	(void)events;
	push(output);
	outputs->changed(outputs->arg);
}

static void
watch(struct output *output, bool is_on)
{
	struct loop *loop = output->outputs->job->sched->program.loop;

	if (is_on && output->watch == NULL) {
		output->watch = loop_watch(
		    loop, output->fd, LOOP_WRITE, on_writable, output);
	} else if (!is_on) {
		loop_unwatch(output->watch);
		output->watch = NULL;
	}
}

/* The vault closed its end: what it has is not what was sent. */
static void
lose(struct output *output)
{
	fail(
	    output->outputs, ERR_UNAVAILABLE, "the vault stopped taking bytes");
	close_pipe(output);
	drop_pending(output);
	output->is_aborted = true;
}

/* Moves on what can be: pending bytes, then the commit. */
static void
push(struct output *output)
{
	size_t len = output->pending_len - output->pending_at;
	size_t n = 0;
	int err = ERR_OK;

	if (output->state != OUTPUT_OPEN)
		return;
	if (len > 0 && output->fd != -1) {
		err = write_some(
		    output, output->pending + output->pending_at, len, &n);
		output->pending_at += n;
		output->outputs->pending -= n;
	}
	if (err == ERR_EOF)
		lose(output);
	else if (err == ERR_OK)
		drop_pending(output);
	if (output->fd != -1)
		watch(output, err == ERR_AGAIN);
	if (!output->is_finished || err == ERR_AGAIN)
		return;
	if (output->is_aborted) {
		give_up(output);
	} else if (output->question != 0) {
		/* The end of what is to be encrypted. */
		close_pipe(output);
		output->state = OUTPUT_SEALING;
	} else {
		commit(output);
	}
}

static void
keep(struct output *output, const uint8_t *p, size_t len)
{
	size_t left = output->pending_len - output->pending_at;
	size_t need = left + len;

	/* What is written already makes room first. */
	if (output->pending_at > 0)
		memmove(output->pending, output->pending + output->pending_at,
		    left);
	output->pending_at = 0;
	output->pending_len = left;
	if (need > output->pending_size) {
		/* The first bytes are often the only ones. */
		output->pending_size =
		    output->pending_size == 0 ? need : 2 * need;
		output->pending =
		    xrealloc(output->pending, output->pending_size);
	}
	memcpy(output->pending + output->pending_len, p, len);
	output->pending_len += len;
	output->outputs->pending += len;
}

void
output_write(struct output *output, const void *p, size_t len)
{
	size_t n = 0;
	int err = ERR_AGAIN;

	output->size += len;
	if (output->is_aborted)
		return;
	if (output->state == OUTPUT_OPEN &&
	    output->pending_len == output->pending_at)
		err = write_some(output, p, len, &n);
	if (err == ERR_EOF) {
		lose(output);
	} else if (err == ERR_AGAIN) {
		keep(output, (const uint8_t *)p + n, len - n);
		if (output->state == OUTPUT_OPEN)
			watch(output, true);
	}
}

uint64_t
output_size(const struct output *output)
{
	return output->size;
}

void
output_finish(struct output *output)
{
	output->is_finished = true;
	if (output->state == OUTPUT_ASKED && output->is_aborted)
		output_free(output); /* it could not be created */
	else
		push(output);
}

void
output_abort(struct output *output)
{
	bool is_created = output->state != OUTPUT_ASKED || !output->is_aborted;

	if (output->state == OUTPUT_QUEUED || !is_created) {
		output_free(output);
		return;
	}
	output->is_aborted = true;
	output->is_finished = true;
	drop_pending(output);
	push(output);
}

bool
output_is_open(const struct output *output)
{
	return output->state == OUTPUT_OPEN;
}

int
output_take_fd(struct output *output)
{
	/* Its new owner may wait in write(). */
	if (output->fd != -1)
		(void)fcntl(output->fd, F_SETFL, 0);
	return take_fd(output->fd);
}

void
output_finish_foreign(struct output *output, uint64_t size)
{
	output->size = size;
	output_finish(output);
}
