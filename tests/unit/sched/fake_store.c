/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.c - the store of a scheduler under test: it only remembers. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <sys/mman.h>

struct chan *fake_peer(struct fake *f, enum role role, const char *instance);

static void
answer(struct fake *f, uint32_t request, enum err err, const char *why, int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, why);
	(void)chan_send(f->store, MSG_CALL_END, request, &body, fd);
	wire_out_release(&body);
}

static void
answer_row(struct fake *f, uint32_t request, const struct values *row)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	values_put(row, &body);
	(void)chan_send(f->store, MSG_CALL_ROWS, request, &body, -1);
	wire_out_release(&body);
}

void
fake_answer(struct fake *f, uint32_t request, enum err err, int fd)
{
	answer(f, request, err, "", fd);
}

void
fake_answer_row(struct fake *f, uint32_t request, const struct values *row)
{
	answer_row(f, request, row);
}

static struct fake_job *
job_of(struct fake *f, const struct values *params)
{
	char id[64];

	(void)values_text(params, 0, id, sizeof(id));
	for (size_t i = 0; i < f->job_count; i++) {
		struct fake_job *job = f->jobs[i];

		if (strcmp(job->id, id) == 0)
			return !job->is_queued && !job->is_over &&
				       values_int(params, 1) == job->attempt
				   ? job
				   : NULL;
	}
	return NULL;
}

/* What an attempt left is swept away when the next begins. */
static void
sweep(struct fake_job *job)
{
	free(job->records);
	job->records = xstrdup("");
	for (size_t i = 0; i < job->child_count; i++) {
		if (job->children[i].read_fd != -1)
			(void)close(job->children[i].read_fd);
		free(job->children[i].bytes);
	}
	job->child_count = 0;
}

static bool
is_kind_wanted(const char *kinds, const char *kind)
{
	size_t len = strlen(kind);
	const char *at = kinds;

	while ((at = strstr(at, kind)) != NULL) {
		if ((at == kinds || at[-1] == ',') &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

static int64_t
size_of(const struct fake_job *job)
{
	return job->size != 0 ? job->size : (int64_t)strlen(job->bytes);
}

static void
lease_one(struct fake *f, uint32_t request, struct fake_job *job)
{
	const char *name = job->name == NULL ? "sample" : job->name;
	static const uint8_t digest[32];
	struct values row;

	job->is_queued = false;
	job->attempt++;
	sweep(job);
	values_init(&row);
	values_add_text(&row, job->id);
	values_add_int(&row, job->attempt);
	values_add_text(&row, job->kind);
	values_add_text(&row, "case-1");
	values_add_text(&row, "org-1");
	values_add_text(&row, job->submission ? job->submission : "sub-1");
	values_add_text(&row, job->id); /* as its artefact, too */
	values_add_bytes(&row, digest, sizeof(digest));
	values_add_int(&row, size_of(job));
	values_add_bytes(&row, name, strlen(name));
	values_add_text(&row, "");
	values_add_text(&row, "");
	values_add_int(&row, job->depth);
	values_add_text(&row, job->relation ? job->relation : "");
	values_add_text(&row, job->options ? job->options : "{}");
	values_add_int(&row, 0); /* no version of the rules is active */
	answer_row(f, request, &row);
}

static void
do_lease(struct fake *f, uint32_t request, const struct values *params)
{
	int64_t left = values_int(params, 2);
	char kinds[512];

	(void)values_text(params, 1, kinds, sizeof(kinds));
	for (size_t i = 0; i < f->job_count && left > 0; i++) {
		struct fake_job *job = f->jobs[i];

		if (!job->is_queued || !is_kind_wanted(kinds, job->kind))
			continue;
		lease_one(f, request, job);
		left--;
	}
	answer(f, request, ERR_OK, "", -1);
}

static void
do_input(struct fake *f, uint32_t request, struct fake_job *job, bool has_how)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	struct values row;

	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, job->bytes, strlen(job->bytes)), strlen(job->bytes));
	values_init(&row);
	values_add_int(&row, size_of(job));
	if (has_how)
		values_add_int(&row, BLOB_MEMFD);
	answer_row(f, request, &row);
	answer(f, request, ERR_OK, "", fd);
}

static struct fake_job *
job_named(struct fake *f, const char *id)
{
	for (size_t i = 0; i < f->job_count; i++) {
		if (strcmp(f->jobs[i]->id, id) == 0)
			return f->jobs[i];
	}
	fail_msg("there is no job %s", id);
	return NULL;
}

/* What begins with "missing" cannot be read. */
static void
do_pack(struct fake *f, uint32_t request, const struct values *params)
{
	uint64_t sizes[PACK_ITEMS_MAX], offsets[PACK_ITEMS_MAX], size;
	const char *bytes[PACK_ITEMS_MAX];
	static uint8_t memory[1 << 16];
	int fd = memfd_create("pack", MFD_CLOEXEC);
	struct values row;
	struct wire_in in;
	const uint8_t *p;
	size_t count = 0;
	size_t len;
	char id[64];

	f->packs++;
	p = values_bytes(params, 0, &len);
	wire_in_init(&in, p, len);
	while (in.pos < in.len) {
		wire_get_str(&in, id, sizeof(id));
		(void)wire_get_i64(&in);
		bytes[count] = job_named(f, id)->bytes;
		sizes[count] = strncmp(bytes[count], "missing", 7) == 0
				   ? UINT64_MAX
				   : strlen(bytes[count]);
		count++;
	}
	size = pack_plan(sizes, count, offsets, memory);
	for (size_t i = 0; i < count; i++) {
		values_init(&row);
		values_add_int(&row, (int64_t)i);
		values_add_int(&row, 0);
		values_add_int(&row, ERR_FORMAT);
		values_add_text(&row, "damaged");
		if (sizes[i] == UINT64_MAX)
			answer_row(f, request, &row);
		else
			memcpy(memory + offsets[i], bytes[i], sizes[i]);
	}
	values_init(&row);
	values_add_int(&row, -1);
	values_add_int(&row, (int64_t)size);
	values_add_int(&row, 0);
	values_add_text(&row, "");
	answer_row(f, request, &row);
	assert_int_equal(write(fd, memory, size), size);
	answer(f, request, ERR_OK, "", fd);
}

static void take_records(struct fake_job *job, const uint8_t *p, size_t len);

/* The same words as those of JOB_DONE, many times. */
static void
do_ends(struct fake *f, uint32_t request, const struct values *params)
{
	struct wire_in in;
	const uint8_t *p;
	size_t len;
	char id[64];

	f->ends++;
	if (f->refuses_ends) {
		answer(f, request, ERR_CONFLICT, "one of them is over", -1);
		return;
	}
	p = values_bytes(params, 0, &len);
	wire_in_init(&in, p, len);
	while (in.pos < in.len) {
		struct fake_job *job;

		wire_get_str(&in, id, sizeof(id));
		job = job_named(f, id);
		assert_int_equal(wire_get_i64(&in), job->attempt);
		wire_get_str(&in, job->outcome, sizeof(job->outcome));
		job->is_final = wire_get_u8(&in) != 0;
		wire_get_str(&in, job->reason, sizeof(job->reason));
		wire_get_str(&in, job->engine, sizeof(job->engine));
		p = wire_get_bytes(&in, &len);
		free(job->result);
		job->result = xstrndup((const char *)p, len);
		p = wire_get_bytes(&in, &len);
		free(job->next);
		job->next = xstrndup((const char *)p, len);
		p = wire_get_bytes(&in, &len);
		take_records(job, p, len);
		assert_false(in.is_failed);
		job->is_over = true;
	}
	answer(f, request, ERR_OK, "", -1);
}

static void
do_records(struct fake *f, uint32_t request, struct fake_job *job,
    const struct values *params)
{
	const uint8_t *p;
	size_t len;

	p = values_bytes(params, 2, &len);
	take_records(job, p, len);
	answer(f, request, ERR_OK, "", -1);
}

static void
take_records(struct fake_job *job, const uint8_t *p, size_t len)
{
	struct wire_in in;

	wire_in_init(&in, p, len);
	while (in.pos < in.len) {
		uint8_t type = wire_get_u8(&in);
		const uint8_t *body = wire_get_bytes(&in, &len);
		char *more;

		assert_false(in.is_failed);
		more = xasprintf("%s%s %.*s\n", job->records,
		    record_type_name(type), (int)len, (const char *)body);
		free(job->records);
		job->records = more;
	}
}

/* Sealed memory of rules: counted, the first of each batch kept. */
static void
do_rules(struct fake *f, uint32_t request, struct fake_job *job, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	auto_free uint8_t *bytes = NULL;
	struct wire_in in;
	size_t len;

	assert_int_equal(fcntl(fd, F_GET_SEALS),
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	assert_in_range(size, 1, LIMIT_RULE_BATCH_BYTES);
	bytes = xmalloc((size_t)size);
	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	job->rule_batches++;
	wire_in_init(&in, bytes, (size_t)size);
	while (in.pos < in.len) {
		uint8_t type = wire_get_u8(&in);
		const uint8_t *body = wire_get_bytes(&in, &len);

		assert_false(in.is_failed);
		job->rules += type == RECORD_RULE;
		if (type == RECORD_DATA)
			job->rule_bytes += len;
		if (type == RECORD_RULE)
			(void)snprintf(job->rule_last, sizeof(job->rule_last),
			    "%.*s", (int)len, (const char *)body);
	}
	answer(f, request, ERR_OK, "", -1);
}

static void
do_child_create(struct fake *f, uint32_t request, struct fake_job *job)
{
	struct fake_child *child = &job->children[job->child_count];
	struct values row;
	int fds[2];

	assert_true(job->child_count < FAKE_CHILDREN);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*child = (struct fake_child){.read_fd = fds[0], .state = 'o'};
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	values_init(&row);
	values_add_int(&row, (int64_t)job->child_count++);
	answer_row(f, request, &row);
	answer(f, request, ERR_OK, "", fds[1]);
}

static void
drain(struct fake_child *child)
{
	ssize_t n;

	for (;;) {
		if (child->bytes_size < child->len + 65536) {
			child->bytes_size = 2 * (child->len + 65536);
			child->bytes =
			    xrealloc(child->bytes, child->bytes_size);
		}
		n = read(child->read_fd, child->bytes + child->len, 65536);
		if (n <= 0)
			return;
		child->len += (size_t)n;
	}
}

static void
do_child_commit(struct fake *f, uint32_t request, struct fake_job *job,
    const struct values *params)
{
	struct fake_child *child = &job->children[values_int(params, 2)];
	static const uint8_t digest[32];
	struct values row;
	const uint8_t *name;
	size_t len;

	drain(child);
	child->size = values_int(params, 3);
	name = values_bytes(params, 4, &len);
	memcpy(child->name, name, len < 255 ? len : 255);
	(void)values_text(params, 5, child->relation, 32);
	(void)values_text(params, 6, child->kind, 32);
	(void)values_text(params, 7, child->detail, 1024);
	if (child->size != (int64_t)child->len) {
		answer(f, request, ERR_FORMAT, "size differs", -1);
		return;
	}
	child->state = 'c';
	values_init(&row);
	values_add_text(&row, "artefact-2");
	values_add_bytes(&row, digest, sizeof(digest));
	values_add_int(&row, child->size);
	answer_row(f, request, &row);
	answer(f, request, ERR_OK, "", -1);
}

static void
do_done(struct fake *f, uint32_t request, struct fake_job *job,
    const struct values *params)
{
	struct values row;

	(void)values_text(params, 2, job->outcome, sizeof(job->outcome));
	job->is_final = values_int(params, 3) != 0;
	(void)values_text(params, 4, job->reason, sizeof(job->reason));
	(void)values_text(params, 5, job->engine, sizeof(job->engine));
	free(job->result);
	free(job->next);
	job->result = values_text_dup(params, 6);
	job->next = values_text_dup(params, 7);
	job->failures += !job->is_final;
	job->is_over = job->is_final || job->failures >= LIMIT_ATTEMPTS ||
		       strcmp(job->outcome, "done") == 0;
	job->is_queued = !job->is_over;
	values_init(&row);
	values_add_text(&row, job->is_over ? job->outcome : "queued");
	answer_row(f, request, &row);
	answer(f, request, ERR_OK, "", -1);
}

static void
do_beat(struct fake *f, uint32_t request, struct fake_job *job,
    const struct values *params)
{
	struct values row;

	job->beats++;
	(void)values_text(params, 2, job->phase, sizeof(job->phase));
	values_init(&row);
	values_add_int(&row, job->is_cancelled);
	answer_row(f, request, &row);
	answer(f, request, ERR_OK, "", -1);
}

static void
note(char *list, size_t size, const struct values *params, size_t at)
{
	char name[64];
	char text[256];
	size_t len = strlen(list);

	(void)snprintf(list + len, size - len, "%s=%s ",
	    values_text(params, 0, name, sizeof(name)),
	    values_text(params, at, text, sizeof(text)));
}

/* Calls that are not about one job; false when op is none of them. */
static bool
do_other(struct fake *f, uint32_t request, unsigned int op,
    const struct values *params)
{
	struct values row;

	switch (op) {
	case CALL_JOB_LEASE:
		do_lease(f, request, params);
		return true;
	case CALL_JOB_PACK:
		if (!f->has_packs) {
			answer(f, request, ERR_FORMAT, "no packs here", -1);
			return true;
		}
		do_pack(f, request, params);
		return true;
	case CALL_JOBS_DONE:
		do_ends(f, request, params);
		return true;
	case CALL_RULESET_GET:
	case CALL_RESCAN_LEASE:
	case CALL_RESCAN_CONDITIONS:
		break;
	case CALL_SLOT_REPORT:
		note(f->slots, sizeof(f->slots), params, 2);
		break;
	case CALL_PROFILE_REPORT:
		note(f->profiles, sizeof(f->profiles), params, 2);
		break;
	case CALL_ANALYSER_REPORT:
		note(f->reported, sizeof(f->reported), params, 1);
		break;
	case CALL_POOL_ORDERS:
		values_init(&row);
		values_add_int(&row, 1);
		values_add_text(&row, "check");
		values_add_text(&row, "slot0");
		answer_row(f, request, &row);
		break;
	default:
		return false;
	}
	answer(f, request, ERR_OK, "", -1);
	return true;
}

static void
do_job(struct fake *f, uint32_t request, unsigned int op,
    const struct values *params)
{
	struct fake_job *job = job_of(f, params);

	if (job == NULL) {
		answer(f, request, ERR_CONFLICT, "not your attempt", -1);
		return;
	}
	switch (op) {
	case CALL_JOB_INPUT:
	case CALL_CASE_DUMP:
		do_input(f, request, job, op == CALL_JOB_INPUT);
		return;
	case CALL_JOB_RECORDS:
		do_records(f, request, job, params);
		return;
	case CALL_JOB_RULES:
		do_rules(f, request, job, f->call_fd);
		return;
	case CALL_CHILD_CREATE:
		do_child_create(f, request, job);
		return;
	case CALL_CHILD_COMMIT:
		do_child_commit(f, request, job, params);
		return;
	case CALL_CHILD_ABORT:
		job->children[values_int(params, 2)].state = 'a';
		break;
	case CALL_JOB_HEARTBEAT:
		do_beat(f, request, job, params);
		return;
	case CALL_JOB_DONE:
		do_done(f, request, job, params);
		return;
	case CALL_JOB_RELEASE:
		job->releases++;
		job->is_queued = true;
		break;
	default:
		fail_msg("unexpected call %u", op);
	}
	answer(f, request, ERR_OK, "", -1);
}

void
fake_drain(struct fake *f)
{
	for (size_t i = 0; i < f->job_count; i++) {
		struct fake_job *job = f->jobs[i];

		for (size_t j = 0; j < job->child_count; j++) {
			if (job->children[j].state == 'o')
				drain(&job->children[j]);
		}
	}
}

static int
on_call(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	struct values params;
	uint16_t op;

	(void)chan;
	(void)wire_get_u64(&msg->in);
	op = wire_get_u16(&msg->in);
	assert_int_equal(values_get(&params, &msg->in), ERR_OK);
	assert_int_equal(call_check(op, &params, false), ERR_OK);
	if (f->is_store_slow)
		return ERR_OK;
	f->call_fd = msg->fd;
	if (!do_other(f, msg->request, op, &params) &&
	    !fake_units_call(f, msg->request, op, &params))
		do_job(f, msg->request, op, &params);
	return ERR_OK;
}

static int
on_call_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	(void)msg;
	return ERR_OK;
}

static void
on_store_gone(void *arg, struct chan *chan, int err)
{
	struct fake *f = arg;

	(void)err;
	chan_free(chan);
	f->store = NULL;
}

void
fake_store_attach(struct fake *f)
{
	static const struct chan_handler handlers[] = {
	    {MSG_CALL, on_call},
	    {MSG_CALL_CANCEL, on_call_cancel},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_store_gone,
	};

	f->store = fake_peer(f, ROLE_STORE, "");
	chan_set_ops(f->store, &ops, f);
}

void
fake_store_detach(struct fake *f)
{
	chan_free(f->store);
	f->store = NULL;
	for (size_t i = 0; i < f->job_count; i++)
		f->jobs[i]->is_queued = !f->jobs[i]->is_over;
}

void
fake_queue(struct fake *f, struct fake_job *job)
{
	struct wire_out body;

	assert_true(f->job_count < FAKE_JOBS);
	f->jobs[f->job_count++] = job;
	job->is_queued = true;
	job->records = xstrdup("");
	if (f->store == NULL)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, "jobs");
	wire_put_str(&body, "");
	(void)chan_send(f->store, MSG_CHANGED, 0, &body, -1);
	wire_out_release(&body);
}

void
fake_job_release(struct fake_job *job)
{
	sweep(job);
	free(job->records);
	free(job->result);
	free(job->next);
	job->records = job->result = job->next = NULL;
}
